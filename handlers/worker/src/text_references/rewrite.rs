//! The text with every sure mention of a renamed schema under its new name; everything else stays byte for byte.

use std::ops::Range;

use super::context::Reading;
use super::lexer::{Kind, Token, tokens};
use super::{Certainty, is_text, place};
use crate::names::quote_literal;

/// A renamed schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Renamed {
    /// The name that texts still have.
    pub from: String,
    /// The name that it has now.
    pub to: String,
    /// The new name as an identifier in SQL, quoted where that is needed.
    pub identifier: String,
}

/// A text in which something was rewritten.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rewritten {
    /// The new text.
    pub text: String,
    /// Every rewritten name, in order.
    pub places: Vec<Place>,
}

/// A name that was rewritten.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Line, from 1, in the new text.
    pub line: usize,
    /// Column in characters, from 1, in the new text.
    pub column: usize,
    /// What stood there.
    pub old: String,
    /// What stands there now.
    pub new: String,
    /// The schema that both name.
    pub schema: Renamed,
}

struct Change<'a> {
    range: Range<usize>,
    new: String,
    renamed: &'a Renamed,
}

/// Rewrites SQL or PL/pgSQL text; none if nothing in it surely names one of the schemas.
///
/// `bound_outside`: names of the routine itself and of its parameters, which a schema's name may stand for.
pub fn rewrite(text: &str, renamed: &[Renamed], bound_outside: &[String]) -> Option<Rewritten> {
    rewrite_tokens(text, renamed, bound_outside, |_| true)
}

/// The same for an expression or definition that PostgreSQL has written out after the rename: a name in it that is no literal
/// stands for something else, such as an alias.
pub fn rewrite_literals(text: &str, renamed: &[Renamed]) -> Option<Rewritten> {
    rewrite_tokens(text, renamed, &[], |token| {
        matches!(token.kind, Kind::Literal(_))
    })
}

fn rewrite_tokens(
    text: &str,
    renamed: &[Renamed],
    bound_outside: &[String],
    counts: impl Fn(&Token<'_>) -> bool,
) -> Option<Rewritten> {
    let found = tokens(text);
    let mut changes = Vec::new();
    for schema in renamed {
        let reading = Reading::new(&found, &schema.from, bound_outside.contains(&schema.from));
        let sure =
            |at: &usize| counts(&found[*at]) && reading.certainty(*at) == Some(Certainty::Named);
        changes.extend(
            (0..found.len())
                .filter(sure)
                .flat_map(|at| replacements(text, &found[at], schema)),
        );
    }
    changes.sort_by_key(|change| change.range.start);
    (!changes.is_empty()).then(|| apply(text, changes))
}

/// A setting that was rewritten.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RewrittenSetting {
    /// Its name.
    pub name: String,
    /// Its new value, as SQL writes it after `SET … TO`.
    pub value: String,
    /// As in [`Rewritten`], in the value as the catalog keeps it.
    pub places: Vec<Place>,
}

/// Rewrites a setting like `search_path=acme, "$user"`, an item of `pg_proc.proconfig`.
pub fn rewrite_setting(setting: &str, renamed: &[Renamed]) -> Option<RewrittenSetting> {
    let (name, value) = setting.split_once('=')?;
    let (value, new) = if name == "search_path" {
        (path_as_sql(value, renamed), rewrite_path(value, renamed)?)
    } else {
        let new = rewrite(value, renamed, &[])?;
        (quote_literal(&new.text), new)
    };
    Some(RewrittenSetting {
        name: name.to_owned(),
        value,
        places: new.places,
    })
}

/// A search path as the catalog keeps it: identifiers, quoted where that is needed.
fn rewrite_path(path: &str, renamed: &[Renamed]) -> Option<Rewritten> {
    let found = tokens(path);
    let changes: Vec<Change<'_>> = found
        .iter()
        .filter_map(|token| {
            let schema = renamed.iter().find(|schema| is_text(token, &schema.from))?;
            Some(Change {
                range: token.start..token.end,
                new: schema.identifier.clone(),
                renamed: schema,
            })
        })
        .collect();
    (!changes.is_empty()).then(|| apply(path, changes))
}

/// The rewritten path, each item a literal of its own.
fn path_as_sql(path: &str, renamed: &[Renamed]) -> String {
    let found = tokens(path);
    let items = found.iter().filter_map(|token| {
        let schema = renamed.iter().find(|schema| is_text(token, &schema.from));
        match (&token.kind, schema) {
            (_, Some(schema)) => Some(quote_literal(&schema.to)),
            (Kind::Name(item), None) => Some(quote_literal(item)),
            (Kind::Literal(item), None) => Some(quote_literal(item)),
            _ => None,
        }
    });
    items.collect::<Vec<_>>().join(", ")
}

fn replacements<'a>(text: &str, token: &Token<'_>, schema: &'a Renamed) -> Vec<Change<'a>> {
    let change = |range, new| Change {
        range,
        new,
        renamed: schema,
    };
    match &token.kind {
        Kind::Literal(content) if *content == schema.from => {
            vec![change(token.start..token.end, quote_literal(&schema.to))]
        }
        Kind::Literal(content) => {
            // The content begins behind the opening quote. Inside a literal, a quote is written twice.
            let begin = token.start + 1;
            debug_assert!(text[begin..].starts_with(content));
            let new = schema.identifier.replace('\'', "''");
            let inner = tokens(content);
            let names = inner.iter().enumerate().filter(|(at, name)| {
                let behind_dot = *at > 0 && inner[at - 1].kind == Kind::Sign('.');
                is_text(name, &schema.from) && !behind_dot
            });
            names
                .map(|(_, name)| change(begin + name.start..begin + name.end, new.clone()))
                .collect()
        }
        _ => vec![change(token.start..token.end, schema.identifier.clone())],
    }
}

fn apply(text: &str, changes: Vec<Change<'_>>) -> Rewritten {
    let mut new = String::with_capacity(text.len() + 16 * changes.len());
    let mut copied = 0;
    let mut starts = Vec::new();
    for change in &changes {
        new.push_str(&text[copied..change.range.start]);
        starts.push(new.len());
        new.push_str(&change.new);
        copied = change.range.end;
    }
    new.push_str(&text[copied..]);
    let places = starts.iter().zip(&changes).map(|(start, change)| {
        let (line, column) = place(&new, *start);
        Place {
            line,
            column,
            old: text[change.range.clone()].to_owned(),
            new: change.new.clone(),
            schema: change.renamed.clone(),
        }
    });
    Rewritten {
        places: places.collect(),
        text: new,
    }
}

#[cfg(test)]
mod tests;
