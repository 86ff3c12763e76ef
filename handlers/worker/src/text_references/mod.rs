//! Text that names a schema and so doesn't follow its rename: function bodies, `SET search_path`, literals.
//!
//! Left alone, a function of the restored copy would read and write the live schema of that name. What surely means
//! the schema is rewritten; what may mean it is reported, never guessed.

mod context;
pub mod lexer;
mod lists;
mod literal;
mod rewrite;
pub mod unqualified;

use context::{Reading, search_path_items};
use lexer::{Kind, Token, tokens};

pub use rewrite::{
    Place, Renamed, Rewritten, RewrittenSetting, rewrite, rewrite_literals, rewrite_setting,
};

/// One place in a text that names the schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mention {
    /// How sure it is that the schema is meant.
    pub certainty: Certainty,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

/// How sure it is that the schema is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Certainty {
    /// A qualified name or an item of a search path.
    Named,
    /// A literal that may become part of a statement, or a name that may stand for something else.
    Possible,
}

/// The places at which SQL or PL/pgSQL text names the schema.
///
/// `bound_outside`: whether a parameter or the routine itself has the schema's name, so that it may stand for that.
pub fn in_sql(text: &str, schema: &str, bound_outside: bool) -> Vec<Mention> {
    let found = tokens(text);
    let reading = Reading::new(&found, schema, bound_outside);
    let mentions = found.iter().enumerate().filter_map(|(at, token)| {
        let certainty = reading.certainty(at)?;
        Some(mention(text, token.start, certainty))
    });
    mentions.collect()
}

/// The places at which text of another language holds the schema's name as a word at a dot, a quote or in a list, or
/// behind a word that a schema's name follows.
pub fn in_other_language(text: &str, schema: &str) -> Vec<Mention> {
    let part_of_word = |c: char| c.is_alphanumeric() || c == '_';
    let places = text.match_indices(schema).filter(|(start, found)| {
        let (head, tail) = (&text[..*start], &text[start + found.len()..]);
        let (before, after) = (head.chars().next_back(), tail.chars().next());
        let word = !before.is_some_and(part_of_word) && !after.is_some_and(part_of_word);
        let at_sign = before.is_some_and(|c| matches!(c, '"' | '\'' | '='))
            || after.is_some_and(|c| matches!(c, '.' | '"' | '\'' | ','));
        let last = head.split_whitespace().next_back().unwrap_or_default();
        let behind_word = ["schema", "to", "="]
            .iter()
            .any(|word| last.eq_ignore_ascii_case(word));
        word && (at_sign || behind_word)
    });
    places
        .map(|(start, _)| mention(text, start, Certainty::Possible))
        .collect()
}

/// Whether a setting like `search_path=acme, "$user"` (an item of `pg_proc.proconfig`) names the schema.
pub fn in_setting(setting: &str, schema: &str) -> bool {
    let Some((name, value)) = setting.split_once('=') else {
        return false;
    };
    name == "search_path" && tokens(value).iter().any(|token| is_text(token, schema))
        || !in_sql(value, schema, false).is_empty()
}

fn is_text(token: &Token<'_>, expected: &str) -> bool {
    match &token.kind {
        Kind::Name(name) => name == expected,
        Kind::Literal(content) => *content == expected,
        _ => false,
    }
}

/// Whether a name follows the word SCHEMA, alone or in a list: `in schema public, acme`, `schema if not exists acme`.
fn behind_schema_word(found: &[Token<'_>], at: usize) -> bool {
    let is_word = |at: usize, words: &[&str]| matches!(found.get(at).map(|token| &token.kind), Some(Kind::Name(name)) if words.contains(&name.as_str()));
    let is_sign = |at: usize, sign: char| {
        found
            .get(at)
            .is_some_and(|token| token.kind == Kind::Sign(sign))
    };
    let mut first = at;
    while first > 1 && is_sign(first - 1, ',') && matches!(found[first - 2].kind, Kind::Name(_)) {
        first -= 2;
    }
    while first > 0 && is_word(first - 1, &["if", "not", "exists"]) {
        first -= 1;
    }
    first > 0 && is_word(first - 1, &["schema"]) && !(first > 1 && is_sign(first - 2, '.'))
}

/// `acme, public`: what `set_config('search_path', …)` gets.
fn is_list_of_names(found: &[Token<'_>]) -> bool {
    let separated = |(index, token): (usize, &Token<'_>)| match &token.kind {
        Kind::Name(_) => index % 2 == 0,
        Kind::Sign(',') => index % 2 == 1,
        _ => false,
    };
    found.iter().enumerate().all(separated)
}

fn mention(text: &str, start: usize, certainty: Certainty) -> Mention {
    let (line, column) = place(text, start);
    Mention {
        certainty,
        line,
        column,
    }
}

/// Line and column, from 1, of a byte.
fn place(text: &str, start: usize) -> (usize, usize) {
    let before = &text[..start];
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let line = before.matches('\n').count() + 1;
    (line, before[line_start..].chars().count() + 1)
}

#[cfg(test)]
mod tests;
