//! Text that names a schema and so doesn't follow its rename: function bodies, `SET search_path`, literals.
//!
//! Left alone, a function of the restored copy would read and write the live schema of that name. What surely means
//! the schema is rewritten; what may mean it is reported, never guessed.

mod context;
pub mod lexer;
mod rewrite;

use context::{Reading, search_path_items};
use lexer::{Kind, Token, tokens};

pub use rewrite::{Renamed, Rewritten, RewrittenSetting, rewrite, rewrite_setting};

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

/// The places at which text of another language holds the schema's name as a word before a dot or in quotes.
pub fn in_other_language(text: &str, schema: &str) -> Vec<Mention> {
    let part_of_word = |c: char| c.is_alphanumeric() || c == '_';
    let places = text.match_indices(schema).filter(|(start, found)| {
        let before = text[..*start].chars().next_back();
        let after = text[start + found.len()..].chars().next();
        !before.is_some_and(part_of_word) && after.is_some_and(|c| matches!(c, '.' | '"' | '\''))
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

/// Whether a literal's content is the schema's name, or holds it before a dot or in a search path.
fn literal_mentions(content: &str, schema: &str) -> bool {
    if content == schema {
        return true;
    }
    let found = tokens(content);
    let paths = search_path_items(&found);
    found
        .iter()
        .enumerate()
        .any(|(index, token)| match &token.kind {
            Kind::Name(name) if name == schema => {
                let before_dot = found
                    .get(index + 1)
                    .is_some_and(|next| next.kind == Kind::Sign('.'));
                before_dot || paths.contains(&index) || is_list_of_names(&found)
            }
            Kind::Literal(inner) => literal_mentions(inner, schema),
            _ => false,
        })
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
