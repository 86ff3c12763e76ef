//! What the tokens around a name or a literal say of it: surely the schema, possibly, or something else.

use std::collections::BTreeSet;

use super::lexer::{Kind, Token};
use super::lists::{is_from_of_relations, list_begin};
use super::{Certainty, behind_schema_word, literal};

/// Functions whose first argument, a literal, is the name of an object.
const NAME_TAKERS: [&str; 21] = [
    "nextval",
    "currval",
    "setval",
    "to_regclass",
    "to_regtype",
    "to_regproc",
    "to_regprocedure",
    "pg_get_serial_sequence",
    "pg_relation_size",
    "pg_table_size",
    "pg_total_relation_size",
    "pg_indexes_size",
    "has_table_privilege",
    "has_column_privilege",
    "has_any_column_privilege",
    "has_sequence_privilege",
    "has_function_privilege",
    "has_type_privilege",
    "to_regcollation",
    "to_regnamespace",
    "ts_lexize",
];

/// Functions whose first argument is the name of a text search configuration if there is a second one.
const CONFIGURATION_TAKERS: [&str; 5] = [
    "to_tsvector",
    "to_tsquery",
    "plainto_tsquery",
    "phraseto_tsquery",
    "websearch_to_tsquery",
];

/// Functions whose first argument is the name of a setting.
const SETTING_TAKERS: [&str; 2] = ["current_setting", "set_config"];

/// Types whose text form is the name of an object (PostgreSQL manual, "Object Identifier Types").
const NAME_TYPES: [&str; 8] = [
    "regclass",
    "regtype",
    "regproc",
    "regprocedure",
    "regcollation",
    "regconfig",
    "regdictionary",
    "regnamespace",
];

/// Words that only a name of a relation or type follows, so that a qualified name behind them begins with a schema.
const BEFORE_RELATIONS: [&str; 10] = [
    "exists",
    "join",
    "only",
    "table",
    "truncate",
    "references",
    "update",
    "as",
    "setof",
    "returns",
];

/// Words that the name of a setting follows.
const BEFORE_SETTINGS: [&str; 5] = ["set", "local", "session", "reset", "show"];

/// Words that an expression follows.
const BEFORE_EXPRESSIONS: [&str; 26] = [
    "where",
    "and",
    "or",
    "not",
    "on",
    "when",
    "then",
    "else",
    "case",
    "select",
    "distinct",
    "by",
    "between",
    "like",
    "ilike",
    "in",
    "is",
    "having",
    "set",
    "if",
    "elsif",
    "while",
    "return",
    "returning",
    "values",
    "limit",
];

/// Words that begin a list of expressions.
const LISTS_OF_EXPRESSIONS: [&str; 4] = ["select", "by", "set", "returning"];

/// The tokens of one text, read for one schema.
pub(super) struct Reading<'a> {
    found: &'a [Token<'a>],
    schema: &'a str,
    /// Items of search paths.
    paths: BTreeSet<usize>,
    /// Whether the name may also stand for an alias, a variable, a label or a parameter of this text.
    bound: bool,
}

impl<'a> Reading<'a> {
    /// `bound_outside`: whether a parameter or the routine itself has the schema's name.
    pub(super) fn new(found: &'a [Token<'a>], schema: &'a str, bound_outside: bool) -> Self {
        let mut reading = Self {
            found,
            schema,
            paths: search_path_items(found),
            bound: bound_outside,
        };
        // Whatever an alias or a variable is declared by, its name stands there without a dot behind it.
        reading.bound |= (0..found.len()).any(|at| {
            reading.is_schema_name(at)
                && !reading.is_sign(at + 1, '.')
                && reading.bare(at).is_none()
        });
        reading
    }

    /// How sure it is that this token means the schema; none if it doesn't.
    pub(super) fn certainty(&self, at: usize) -> Option<Certainty> {
        match &self.found[at].kind {
            Kind::Name(_) if self.is_schema_name(at) => {
                self.bare(at).or_else(|| self.before_dot(at))
            }
            Kind::Literal(content) if self.is_bare_literal(at, content) => Some(Certainty::Named),
            Kind::Literal(content) if !literal::mentions(content, self.schema) => None,
            Kind::Literal(content) if self.is_setting(at, content) => None,
            Kind::Literal(content) if self.is_name_as_text(at, content) => Some(Certainty::Named),
            Kind::Literal(_) => Some(Certainty::Possible),
            _ => None,
        }
    }

    /// A name that needs no dot: an item of a search path, or behind the word SCHEMA.
    fn bare(&self, at: usize) -> Option<Certainty> {
        let named = self.paths.contains(&at) || behind_schema_word(self.found, at);
        named.then_some(Certainty::Named)
    }

    fn before_dot(&self, at: usize) -> Option<Certainty> {
        if !self.is_sign(at + 1, '.') {
            return None;
        }
        if at > 0 && self.is_sign(at - 1, '.') {
            return Some(Certainty::Possible);
        }
        // `set acme.tenant = …`: a setting of the application.
        if at > 0 && self.is_word(at - 1, &BEFORE_SETTINGS) {
            return None;
        }
        let in_operator = at > 1 && self.is_word(at - 2, &["operator"]);
        match &self.found.get(at + 2)?.kind {
            Kind::Sign(_) if in_operator => Some(Certainty::Named),
            Kind::Name(_) if !self.bound || self.can_only_be_qualified(at) => {
                Some(Certainty::Named)
            }
            Kind::Name(_) if at > 0 => self.by_what_stands_before(at),
            Kind::Name(_) => Some(Certainty::Possible),
            // `acme.*`: most likely a table or alias of that name.
            Kind::Sign('*') => Some(Certainty::Possible),
            _ => None,
        }
    }

    /// Whether neither an alias nor a variable may stand here.
    fn can_only_be_qualified(&self, at: usize) -> bool {
        let called = self.is_sign(at + 3, '(');
        let row_type = self.is_sign(at + 3, '%') && self.is_word(at + 4, &["rowtype"]);
        let cast_to = at > 1 && self.is_sign(at - 1, ':') && self.is_sign(at - 2, ':');
        called || row_type || cast_to || (at > 0 && self.begins_relation(at))
    }

    fn begins_relation(&self, at: usize) -> bool {
        let before = |words: &[&str]| at > 1 && self.is_word(at - 2, words);
        if self.is_word(at - 1, &["from"]) {
            return is_from_of_relations(self.found, at - 1);
        }
        if self.is_word(at - 1, &["into"]) {
            return before(&["insert", "merge"]);
        }
        self.is_word(at - 1, &BEFORE_RELATIONS)
    }

    /// In an expression, `acme.x` is a column or field of what has the name here; in a list of relations it is one.
    fn by_what_stands_before(&self, at: usize) -> Option<Certainty> {
        let assigned = self.is_sign(at + 3, ':') && self.is_sign(at + 4, '=');
        if assigned || (self.is_word(at - 1, &["on"]) && self.is_compared(at + 3)) {
            return None;
        }
        match &self.found[at - 1].kind {
            Kind::Sign(',') => self.by_list(at - 1),
            Kind::Sign('(') => self.by_bracket(at - 1),
            Kind::Sign(':' | ';' | ')' | '.') => Some(Certainty::Possible),
            Kind::Sign(_) => None,
            Kind::Name(word) if BEFORE_EXPRESSIONS.contains(&word.as_str()) => None,
            _ => Some(Certainty::Possible),
        }
    }

    /// A condition follows ON in a join, while in `grant … on acme.t to …` none does.
    fn is_compared(&self, next: usize) -> bool {
        let sign =
            |token: &Token<'_>| matches!(token.kind, Kind::Sign('=' | '<' | '>' | '!' | '~'));
        self.found.get(next).is_some_and(sign) || self.is_word(next, &["is", "in", "between"])
    }

    /// What a comma divides: no expression holds one at its own depth.
    fn by_list(&self, comma: usize) -> Option<Certainty> {
        let begin = list_begin(self.found, comma);
        match &self.found[begin].kind {
            Kind::Sign('(') => self.by_bracket(begin),
            Kind::Name(word) if word == "from" && is_from_of_relations(self.found, begin) => {
                Some(Certainty::Named)
            }
            Kind::Name(word) if LISTS_OF_EXPRESSIONS.contains(&word.as_str()) => None,
            _ => Some(Certainty::Possible),
        }
    }

    /// Behind an open bracket: arguments and conditions are expressions, but relations may be bracketed too.
    fn by_bracket(&self, open: usize) -> Option<Certainty> {
        let relations = open == 0 || self.is_word(open - 1, &["from", "join", "using"]);
        let nested = open > 0 && matches!(self.found[open - 1].kind, Kind::Sign('(' | ','));
        (relations || nested).then_some(Certainty::Possible)
    }

    /// The schema's name as the whole literal, where only a schema's name can stand.
    fn is_bare_literal(&self, at: usize, content: &str) -> bool {
        let set_schema = at > 1
            && self.is_word(at - 1, &["schema"])
            && self.is_word(at - 2, &["set", "local", "session"]);
        let as_schema = self.is_first_argument(at, &["to_regnamespace"])
            || self.is_cast_to(at, &["regnamespace"]);
        content == self.schema && (self.paths.contains(&at) || set_schema || as_schema)
    }

    /// `current_setting('acme.tenant')`: a setting of the application, which has two parts.
    fn is_setting(&self, at: usize, content: &str) -> bool {
        content.contains('.') && self.is_first_argument(at, &SETTING_TAKERS)
    }

    /// Whether the literal's text is taken for the name of an object, or for a search path.
    fn is_name_as_text(&self, at: usize, content: &str) -> bool {
        // With escapes, what the literal says isn't what it spells.
        if content.contains(['\'', '\\']) || self.found[at].prefixed {
            return false;
        }
        let inner = super::lexer::tokens(content);
        if self.sets_search_path(at) {
            return super::is_list_of_names(&inner);
        }
        let qualified = matches!(
            inner.as_slice(),
            [Token { kind: Kind::Name(schema), .. }, Token { kind: Kind::Sign('.'), .. },
             Token { kind: Kind::Name(_), .. }, rest @ ..]
            if schema == self.schema
                && rest.first().is_none_or(|next| matches!(next.kind, Kind::Sign('(' | '[')))
        );
        let configures = self.is_sign(self.behind_text_cast(at), ',')
            && self.is_first_argument(at, &CONFIGURATION_TAKERS);
        let named = configures
            || self.is_first_argument(at, &NAME_TAKERS)
            || self.is_cast_to(at, &NAME_TYPES);
        qualified && named
    }

    /// `set_config('search_path', 'acme, public', …)`.
    fn sets_search_path(&self, at: usize) -> bool {
        at > 3
            && self.is_sign(at - 1, ',')
            && matches!(self.found[at - 2].kind, Kind::Literal("search_path"))
            && self.is_sign(at - 3, '(')
            && self.is_builtin(at - 4, &["set_config"])
    }

    /// `nextval('acme.s')`.
    fn is_first_argument(&self, at: usize, functions: &[&str]) -> bool {
        let mut open = at;
        while open > 0 && self.is_sign(open - 1, '(') {
            open -= 1;
        }
        open < at && open > 0 && self.is_builtin(open - 1, functions)
    }

    /// The place behind the literal and its `::text`, if it has one.
    fn behind_text_cast(&self, at: usize) -> usize {
        let cast = self.is_sign(at + 1, ':') && self.is_sign(at + 2, ':');
        if cast && self.is_word(at + 3, &["text"]) {
            at + 4
        } else {
            at + 1
        }
    }

    /// `'acme.t'::regclass`, `('acme.t'::text)::regclass`, `regclass 'acme.t'`, `cast('acme.t' as regclass)`.
    fn is_cast_to(&self, at: usize, types: &[&str]) -> bool {
        if at > 0 && self.is_builtin(at - 1, types) {
            return true;
        }
        let mut next = at + 1;
        loop {
            if self.is_sign(next, ')') {
                next += 1;
            } else if self.is_word(next, &["as"]) {
                return self.is_word(next + 1, types);
            } else if self.is_sign(next, ':') && self.is_sign(next + 1, ':') {
                if self.is_word(next + 2, types) {
                    return true;
                }
                if !self.is_word(next + 2, &["text", "varchar"]) {
                    return false;
                }
                next += 3;
            } else {
                return false;
            }
        }
    }

    /// One of PostgreSQL's own functions or types, not one of the same name in another schema.
    fn is_builtin(&self, at: usize, names: &[&str]) -> bool {
        let unqualified = at == 0 || !self.is_sign(at - 1, '.');
        let qualified = at > 1 && self.is_word(at - 2, &["pg_catalog"]);
        self.is_word(at, names) && (unqualified || qualified)
    }

    fn is_schema_name(&self, at: usize) -> bool {
        self.is_word(at, &[self.schema])
    }

    fn is_word(&self, at: usize, words: &[&str]) -> bool {
        matches!(self.found.get(at).map(|token| &token.kind), Some(Kind::Name(name)) if words.contains(&name.as_str()))
    }

    fn is_sign(&self, at: usize, sign: char) -> bool {
        self.found
            .get(at)
            .is_some_and(|token| token.kind == Kind::Sign(sign))
    }
}

/// The tokens that are items of `SET search_path TO …` or `= …`, up to the statement's end.
pub(super) fn search_path_items(found: &[Token<'_>]) -> BTreeSet<usize> {
    let is =
        |token: &Token<'_>, word: &str| matches!(&token.kind, Kind::Name(name) if name == word);
    let mut items = BTreeSet::new();
    for (index, _) in found
        .iter()
        .enumerate()
        .filter(|(_, token)| is(token, "search_path"))
    {
        let assigns = found
            .get(index + 1)
            .is_some_and(|next| next.kind == Kind::Sign('=') || is(next, "to"));
        if !assigns {
            continue;
        }
        let list = found.iter().enumerate().skip(index + 2);
        items.extend(
            list.take_while(|(_, token)| token.kind != Kind::Sign(';'))
                .map(|(at, _)| at),
        );
    }
    items
}
