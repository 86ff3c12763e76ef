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
    /// Line and column, from 1, in the new text, and the schema's old and new name.
    pub places: Vec<(usize, usize, Renamed)>,
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
    let found = tokens(text);
    let mut changes = Vec::new();
    for schema in renamed {
        let reading = Reading::new(&found, &schema.from, bound_outside.contains(&schema.from));
        let sure = |at: &usize| reading.certainty(*at) == Some(Certainty::Named);
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
    /// As in [`Rewritten`], in `value`.
    pub places: Vec<(usize, usize, Renamed)>,
}

/// Rewrites a setting like `search_path=acme, "$user"`, an item of `pg_proc.proconfig`.
pub fn rewrite_setting(setting: &str, renamed: &[Renamed]) -> Option<RewrittenSetting> {
    let (name, value) = setting.split_once('=')?;
    let (value, places) = if name == "search_path" {
        rewrite_path(value, renamed)
    } else {
        let new = rewrite(value, renamed, &[])?;
        (quote_literal(&new.text), new.places)
    };
    (!places.is_empty()).then(|| RewrittenSetting {
        name: name.to_owned(),
        value,
        places,
    })
}

/// A search path, item by item.
fn rewrite_path(path: &str, renamed: &[Renamed]) -> (String, Vec<(usize, usize, Renamed)>) {
    let mut value = String::new();
    let mut places = Vec::new();
    for token in tokens(path) {
        let schema = renamed.iter().find(|schema| is_text(&token, &schema.from));
        let item = match (&token.kind, schema) {
            (_, Some(schema)) => schema.to.as_str(),
            (Kind::Name(item), None) => item,
            (Kind::Literal(item), None) => item,
            _ => continue,
        };
        if !value.is_empty() {
            value.push_str(", ");
        }
        if let Some(schema) = schema {
            let (line, column) = place(&value, value.len());
            places.push((line, column, schema.clone()));
        }
        value.push_str(&quote_literal(item));
    }
    (value, places)
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
    for change in changes {
        new.push_str(&text[copied..change.range.start]);
        starts.push((new.len(), change.renamed.clone()));
        new.push_str(&change.new);
        copied = change.range.end;
    }
    new.push_str(&text[copied..]);
    let places = starts.into_iter().map(|(start, renamed)| {
        let (line, column) = place(&new, start);
        (line, column, renamed)
    });
    Rewritten {
        places: places.collect(),
        text: new,
    }
}

#[cfg(test)]
mod tests;
