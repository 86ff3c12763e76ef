//! Whether a body finds objects by its caller's search path, so that it works on whatever schema that names first.

use std::collections::BTreeSet;

use super::lexer::{Kind, Token, tokens};
use super::lists::{is_from_of_relations, list_begin};

/// The objects of the restored schemas that a name alone may mean.
#[derive(Debug, Default)]
pub struct Objects {
    /// Tables, views and sequences.
    pub relations: BTreeSet<String>,
    /// Functions and procedures that PostgreSQL itself has none of the name of.
    pub routines: BTreeSet<String>,
}

/// Words that the name of a relation follows.
const BEFORE_RELATIONS: [&str; 14] = [
    "join",
    "into",
    "update",
    "only",
    "table",
    "truncate",
    "setof",
    "lock",
    "view",
    "sequence",
    "concurrently",
    "copy",
    "analyze",
    "references",
];

/// Words that a list of relations follows; `from` and `using` do in some statements only.
const LISTS_OF_RELATIONS: [&str; 3] = ["table", "truncate", "lock"];

/// Functions whose argument, a literal, is the name of a relation.
const RELATION_TAKERS: [&str; 4] = ["nextval", "currval", "setval", "to_regclass"];

/// The first of the objects that SQL or PL/pgSQL text names without a schema, before or without setting the search path itself.
///
/// A body in SQL is parsed as a whole before any of it runs (PostgreSQL's `init_sql_fcache`), so what it sets comes too late.
pub fn first_unqualified<'a>(text: &str, language: &str, objects: &'a Objects) -> Option<&'a str> {
    let found = tokens(text);
    let body = Body(&found);
    let mut own_path = false;
    for at in 0..found.len() {
        own_path = body.path_after(at).unwrap_or(own_path);
        if own_path && language != "sql" {
            continue;
        }
        if let Some(name) = body.unqualified(at, objects) {
            return Some(name);
        }
    }
    None
}

struct Body<'a>(&'a [Token<'a>]);

impl Body<'_> {
    fn unqualified<'o>(&self, at: usize, objects: &'o Objects) -> Option<&'o str> {
        if at > 0 && self.is_sign(at - 1, '.') {
            return None;
        }
        match &self.0[at].kind {
            Kind::Name(name) => {
                let relation = objects
                    .relations
                    .get(name)
                    .filter(|_| self.is_relation(at, name));
                let routine = objects
                    .routines
                    .get(name)
                    .filter(|_| self.is_sign(at + 1, '('));
                relation.or(routine).map(String::as_str)
            }
            Kind::Literal(content) if self.is_relation_argument(at) => {
                match tokens(content).as_slice() {
                    [
                        Token {
                            kind: Kind::Name(name),
                            ..
                        },
                    ] => objects.relations.get(name).map(String::as_str),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    fn is_relation(&self, at: usize, name: &str) -> bool {
        let row_type = self.is_sign(at + 1, '%') && self.is_word(at + 2, "rowtype");
        let column_type =
            self.is_sign(at + 1, '.') && self.is_sign(at + 3, '%') && self.is_word(at + 4, "type");
        let named = at > 0 && !self.is_sign(at + 1, '.') && self.follows_as_relation(at - 1);
        row_type || column_type || (named && !self.is_common_table(at, name))
    }

    /// Whether a relation's name stands behind this token, if any name does.
    fn follows_as_relation(&self, before: usize) -> bool {
        match &self.0[before].kind {
            Kind::Name(word) if word == "exists" => before > 0 && self.is_word(before - 1, "if"),
            Kind::Name(word) => {
                self.begins_relations(before) || BEFORE_RELATIONS.contains(&word.as_str())
            }
            Kind::Sign(',') => self.begins_relations(list_begin(self.0, before)),
            // `from (a cross join b)`
            Kind::Sign('(') => {
                before > 0
                    && (self.is_word(before - 1, "join")
                        || self.is_word(before - 1, "from") && self.begins_relations(before - 1))
            }
            _ => false,
        }
    }

    /// Whether this word begins a list of relations.
    fn begins_relations(&self, at: usize) -> bool {
        match &self.0[at].kind {
            Kind::Name(word) if word == "from" => is_from_of_relations(self.0, at),
            // `delete from a using b`, but not `execute '…' using b`.
            Kind::Name(word) if word == "using" => !self.has_values_to_use(at),
            Kind::Name(word) => LISTS_OF_RELATIONS.contains(&word.as_str()),
            _ => false,
        }
    }

    /// Whether the statement with this USING is one of PL/pgSQL that takes values there.
    fn has_values_to_use(&self, using: usize) -> bool {
        let is_one_of = |at: usize, words: &[&str]| words.iter().any(|word| self.is_word(at, word));
        let begins =
            |at: usize| self.is_sign(at, ';') || is_one_of(at, &["begin", "loop", "then", "else"]);
        (0..using)
            .rev()
            .take_while(|at| !begins(*at))
            .any(|at| is_one_of(at, &["execute", "raise"]))
    }

    /// `with t as (…)`: the name then stands for that, in the same statement.
    fn is_common_table(&self, at: usize, name: &str) -> bool {
        let begin = (0..at).rev().find(|before| self.is_sign(*before, ';'));
        let end = (at..self.0.len()).find(|behind| self.is_sign(*behind, ';'));
        (begin.unwrap_or(0)..end.unwrap_or(self.0.len()))
            .any(|at| self.is_word(at, name) && self.is_query_named(at + 1))
    }

    /// `as (`, `as materialized (`, `(a, b) as (`.
    fn is_query_named(&self, mut at: usize) -> bool {
        if self.is_sign(at, '(') {
            let end = (at..self.0.len()).find(|behind| self.is_sign(*behind, ')'));
            at = end.map_or(self.0.len(), |end| end + 1);
        }
        let materialized = ["not", "materialized"];
        self.is_word(at, "as")
            && (at + 1..self.0.len())
                .find(|at| !materialized.iter().any(|word| self.is_word(*at, word)))
                .is_some_and(|at| self.is_sign(at, '('))
    }

    fn is_relation_argument(&self, at: usize) -> bool {
        let taken = at > 1
            && self.is_sign(at - 1, '(')
            && RELATION_TAKERS
                .iter()
                .any(|taker| self.is_word(at - 2, taker));
        let cast = self.is_sign(at + 1, ':')
            && self.is_sign(at + 2, ':')
            && self.is_word(at + 3, "regclass");
        taken || cast
    }

    /// Whether from this token on the search path is the body's own (`true`) or its caller's; none if it stays what it is.
    fn path_after(&self, at: usize) -> Option<bool> {
        let setting = |at: usize| {
            at > 0
                && ["set", "local", "session"]
                    .iter()
                    .any(|word| self.is_word(at - 1, word))
        };
        match &self.0[at].kind {
            Kind::Name(name) if name == "search_path" && setting(at) => {
                Some(!self.is_word(at + 2, "default"))
            }
            Kind::Name(name)
                if name == "search_path" && at > 0 && self.is_word(at - 1, "reset") =>
            {
                Some(false)
            }
            // `set schema 'acme'` sets the path.
            Kind::Name(name) if name == "schema" && setting(at) => Some(true),
            Kind::Literal("search_path") => {
                (at > 1 && self.is_word(at - 2, "set_config")).then_some(true)
            }
            _ => None,
        }
    }

    fn is_word(&self, at: usize, word: &str) -> bool {
        matches!(self.0.get(at).map(|token| &token.kind), Some(Kind::Name(name)) if name == word)
    }

    fn is_sign(&self, at: usize, sign: char) -> bool {
        self.0
            .get(at)
            .is_some_and(|token| token.kind == Kind::Sign(sign))
    }
}

#[cfg(test)]
mod tests {
    use super::{Objects, first_unqualified};

    fn relies_in(language: &str, text: &str) -> bool {
        let objects = Objects {
            relations: ["t", "log", "s"].map(str::to_owned).into(),
            routines: ["f"].map(str::to_owned).into(),
        };
        first_unqualified(text, language, &objects).is_some()
    }

    fn relies(text: &str) -> bool {
        relies_in("plpgsql", text)
    }

    #[test]
    fn a_bare_name_where_an_object_stands_relies_on_the_path() {
        for text in [
            "select * from t",
            "select * from x join \"t\" using (id)",
            "begin insert into log values (1); end",
            "update only t set x = 1",
            "declare r t%rowtype; begin end",
            "declare r t.id%type; begin end",
            "select f(1)",
            "select nextval('s')",
            "select 's'::regclass",
            "select * from acme.x, t",
            "select * from acme.x a join acme.y b on a.id is distinct from b.id, log l",
            "select * from acme.f(1, 2) x, t",
            "select * from acme.x, lateral (select * from t) y",
            "select * from (t cross join acme.x)",
            "delete from acme.x using t where x.id = t.id",
            "delete from acme.x using acme.y, t where true",
            "begin execute 'x' using y; delete from acme.x using t; end",
            "begin for r in execute 'x' using y loop delete from acme.x using t; end loop; end",
            "begin lock t in share mode; end",
            "begin lock table acme.x, t; end",
            "begin truncate acme.x, log; end",
            "begin drop table if exists t; end",
            "begin drop table acme.x, t; end",
            "begin refresh materialized view t; end",
            "begin alter sequence s restart; end",
            "begin with t as (select 1) select * from t; delete from t; end",
        ] {
            assert!(relies(text), "{text}");
        }
    }

    #[test]
    fn qualified_names_columns_and_a_path_of_its_own_do_not() {
        for text in [
            "select t.id from acme.t",
            "select acme.f(1), f from acme.u",
            "with t as (select 1) select * from t",
            "with t (a, b) as materialized (select 1, 2), log as not materialized (select 1) select * from t, log",
            "begin set local search_path = acme; insert into t values (1); end",
            "begin perform set_config('search_path', 'acme', true); delete from t; end",
            "begin set schema 'acme'; delete from t; end",
            "select 'delete from t', nextval('acme.s')",
            "select 1 as s -- from t",
            "select acme.g(a, t), t from acme.x",
            "select a is distinct from b, t from acme.x",
            "select extract(year from t), t from acme.x",
            "select * from acme.x order by a, t",
            "update acme.x set a = 1, t = 2 returning a, t",
            "begin execute 'x' using a, t; raise exception using message = t; end",
            "begin if exists (select 1 from acme.x) then return t; end if; end",
            "select * from acme.x join acme.y using (t)",
            "select * from acme.x for update of a, t",
        ] {
            assert!(!relies(text), "{text}");
        }
    }

    #[test]
    fn only_a_path_that_is_set_before_counts_and_only_until_it_is_taken_back() {
        for text in [
            "begin show search_path; delete from t; end",
            "begin raise notice '%', current_setting('search_path'); delete from t; end",
            "begin delete from t; set local search_path = acme; end",
            "begin set search_path = acme; reset search_path; delete from t; end",
            "begin set search_path = acme; set search_path to default; delete from t; end",
        ] {
            assert!(relies(text), "{text}");
        }
        let sets = "select set_config('search_path', 'acme', true); select * from t";
        assert!(relies_in("sql", sets) && !relies(sets));
    }
}
