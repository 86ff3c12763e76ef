//! Whether a body finds objects by its caller's search path, so that it works on whatever schema that names first.

use std::collections::BTreeSet;

use super::lexer::{Kind, Token, tokens};

/// The objects of the restored schemas that a name alone may mean.
#[derive(Debug, Default)]
pub struct Objects {
    /// Tables, views and sequences.
    pub relations: BTreeSet<String>,
    /// Functions and procedures that PostgreSQL itself has none of the name of.
    pub routines: BTreeSet<String>,
}

/// Words that the name of a relation follows.
const BEFORE_RELATIONS: [&str; 8] = [
    "from", "join", "into", "update", "only", "table", "truncate", "setof",
];

/// Functions whose argument, a literal, is the name of a relation.
const RELATION_TAKERS: [&str; 4] = ["nextval", "currval", "setval", "to_regclass"];

/// The first of the objects that SQL or PL/pgSQL text names without a schema; none if it sets the search path itself.
pub fn first_unqualified<'a>(text: &str, objects: &'a Objects) -> Option<&'a str> {
    let found = tokens(text);
    let body = Body(&found);
    if (0..found.len()).any(|at| body.is_search_path(at)) {
        return None;
    }
    (0..found.len()).find_map(|at| body.unqualified(at, objects))
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
        let named = at > 0
            && !self.is_sign(at + 1, '.')
            && BEFORE_RELATIONS
                .iter()
                .any(|word| self.is_word(at - 1, word));
        row_type || column_type || (named && !self.is_common_table(name))
    }

    /// `with t as (…)`: the name then stands for that.
    fn is_common_table(&self, name: &str) -> bool {
        (0..self.0.len()).any(|at| {
            self.is_word(at, name) && self.is_word(at + 1, "as") && self.is_sign(at + 2, '(')
        })
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

    fn is_search_path(&self, at: usize) -> bool {
        match &self.0[at].kind {
            Kind::Name(name) => name == "search_path",
            Kind::Literal(content) => *content == "search_path",
            _ => false,
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

    fn relies(text: &str) -> bool {
        let objects = Objects {
            relations: ["t", "log", "s"].map(str::to_owned).into(),
            routines: ["f"].map(str::to_owned).into(),
        };
        first_unqualified(text, &objects).is_some()
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
            "begin set local search_path = acme; insert into t values (1); end",
            "begin perform set_config('search_path', 'acme', true); delete from t; end",
            "select 'delete from t', nextval('acme.s')",
            "select 1 as s -- from t",
        ] {
            assert!(!relies(text), "{text}");
        }
    }
}
