//! Table mappings: which tables a task takes, and how schemas are called at the target.
//!
//! DMS user guide, "Wildcards in table mapping": `%` stands for any text, `_` for any character, `[ab]` for one of these
//! characters, `[a-d]` for one of a range; so `[_]` stands for itself.

use std::ops::RangeInclusive;

use local_cloud_wire::AwsError;
use serde::Deserialize;
use serde_json::Value;

use crate::failure::invalid;

/// The rules of a task.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Mappings {
    includes: Vec<Selection>,
    excludes: Vec<Locator>,
    renames: Vec<(Pattern, String)>,
    removed_columns: Vec<(Locator, Pattern)>,
}

#[derive(Debug, Clone, PartialEq)]
struct Selection {
    tables: Locator,
    load_order: i64,
}

#[derive(Debug, Clone, PartialEq)]
struct Locator {
    schema: Pattern,
    table: Pattern,
}

impl Locator {
    fn fits(&self, schema: &str, table: &str) -> bool {
        self.schema.fits(schema) && self.table.fits(table)
    }
}

/// A name with wildcards.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Pattern(Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Exactly(char),
    Of(Vec<RangeInclusive<char>>),
    One,
    Run,
}

impl Pattern {
    fn wild(text: &str) -> Self {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let set = rest
                .strip_prefix('[')
                .and_then(|rest| rest.split_once(']'))
                .filter(|(set, _)| !set.is_empty());
            let (piece, length) = match (set, first) {
                (Some((set, _)), _) => (Piece::Of(ranges(set)), set.len() + 2),
                (None, '%') => (Piece::Run, 1),
                (None, '_') => (Piece::One, 1),
                (None, other) => (Piece::Exactly(other), other.len_utf8()),
            };
            pieces.push(piece);
            rest = &rest[length..];
        }
        Self(pieces)
    }

    fn literal(text: &str) -> Self {
        Self(text.chars().map(Piece::Exactly).collect())
    }

    fn fits(&self, name: &str) -> bool {
        let name: Vec<char> = name.chars().collect();
        fits(&self.0, &name)
    }
}

/// `a-dxy`: from a to d, and x and y.
fn ranges(set: &str) -> Vec<RangeInclusive<char>> {
    let set: Vec<char> = set.chars().collect();
    let mut ranges = Vec::new();
    let mut rest = set.as_slice();
    loop {
        rest = match rest {
            [first, '-', last, rest @ ..] => {
                ranges.push(*first..=*last);
                rest
            }
            [one, rest @ ..] => {
                ranges.push(*one..=*one);
                rest
            }
            [] => return ranges,
        };
    }
}

fn fits(pattern: &[Piece], name: &[char]) -> bool {
    match (pattern.split_first(), name.split_first()) {
        (None, rest) => rest.is_none(),
        (Some((Piece::Run, after)), _) => (0..=name.len()).any(|taken| fits(after, &name[taken..])),
        (Some((Piece::One, after)), Some((_, rest))) => fits(after, rest),
        (Some((Piece::Of(ranges), after)), Some((first, rest))) => {
            ranges.iter().any(|range| range.contains(first)) && fits(after, rest)
        }
        (Some((Piece::Exactly(wanted), after)), Some((first, rest))) => {
            wanted == first && fits(after, rest)
        }
        (Some(_), None) => false,
    }
}

impl Mappings {
    /// Reads the JSON of `TableMappings`.
    ///
    /// # Errors
    /// What DMS refuses, and what the local cloud doesn't do: filters, and transformations other than renaming a schema
    /// and removing a column.
    pub(crate) fn parse(text: &str) -> Result<Self, AwsError> {
        let document: Document =
            serde_json::from_str(text).map_err(|error| wrong(error.to_string()))?;
        check_unique(&document.rules, |rule| rule.id.to_string(), "rule-id")?;
        check_unique(&document.rules, |rule| rule.name.clone(), "rule-name")?;
        let mut mappings = Self {
            includes: vec![],
            excludes: vec![],
            renames: vec![],
            removed_columns: vec![],
        };
        for rule in &document.rules {
            match rule.kind.as_str() {
                "selection" => mappings.select(rule)?,
                "transformation" => mappings.transform(rule)?,
                other => {
                    return Err(wrong(format!(
                        "the local cloud has no rules of the type {other}"
                    )));
                }
            }
        }
        if mappings.includes.is_empty() {
            return Err(wrong("at least one selection rule must include tables"));
        }
        Ok(mappings)
    }

    /// Whether a table is taken: included and not excluded.
    pub(crate) fn takes(&self, schema: &str, table: &str) -> bool {
        let included = self
            .includes
            .iter()
            .any(|one| one.tables.fits(schema, table));
        included && !self.excludes.iter().any(|one| one.fits(schema, table))
    }

    /// The highest `load-order` of the rules that take a table.
    pub(crate) fn load_order(&self, schema: &str, table: &str) -> i64 {
        let taking = self
            .includes
            .iter()
            .filter(|one| one.tables.fits(schema, table));
        taking.map(|one| one.load_order).max().unwrap_or_default()
    }

    /// What a schema is called at the target.
    pub(crate) fn target_schema<'a>(&'a self, schema: &'a str) -> &'a str {
        self.renames
            .iter()
            .find(|(from, _)| from.fits(schema))
            .map_or(schema, |(_, to)| to)
    }

    /// Whether a rule leaves a column out.
    pub(crate) fn removes(&self, schema: &str, table: &str, column: &str) -> bool {
        self.removed_columns
            .iter()
            .any(|(tables, name)| tables.fits(schema, table) && name.fits(column))
    }

    fn select(&mut self, rule: &Rule) -> Result<(), AwsError> {
        if rule
            .filters
            .as_ref()
            .and_then(Value::as_array)
            .is_some_and(|filters| !filters.is_empty())
        {
            return Err(wrong("the local cloud has no source filters"));
        }
        if rule
            .locator
            .table_type
            .as_deref()
            .is_some_and(|kind| kind != "table")
        {
            return Err(wrong("the local cloud loads tables only, no views"));
        }
        let table = rule
            .locator
            .table_name
            .as_deref()
            .ok_or_else(|| wrong("a selection rule needs a table-name"))?;
        let schema = &rule.locator.schema_name;
        let load_order = rule.load_order.as_ref().map_or(Ok(0), number)?;
        let wild = Locator {
            schema: Pattern::wild(schema),
            table: Pattern::wild(table),
        };
        match rule.action.as_str() {
            "include" => self.includes.push(Selection {
                tables: wild,
                load_order,
            }),
            "exclude" => self.excludes.push(wild),
            "explicit" => {
                let tables = Locator {
                    schema: Pattern::literal(schema),
                    table: Pattern::literal(table),
                };
                self.includes.push(Selection { tables, load_order });
            }
            other => return Err(wrong(format!("{other} is no action of a selection rule"))),
        }
        Ok(())
    }

    fn transform(&mut self, rule: &Rule) -> Result<(), AwsError> {
        let schema = Pattern::wild(&rule.locator.schema_name);
        match (rule.target.as_deref(), rule.action.as_str()) {
            (Some("schema"), "rename") => {
                let to = rule.value.clone().filter(|value| !value.is_empty());
                self.renames
                    .push((schema, to.ok_or_else(|| wrong("a rename needs a value"))?));
                Ok(())
            }
            (Some("column"), "remove-column") => {
                let table = rule
                    .locator
                    .table_name
                    .as_deref()
                    .ok_or_else(|| wrong("remove-column needs a table-name"))?;
                let column = rule
                    .locator
                    .column_name
                    .as_deref()
                    .ok_or_else(|| wrong("remove-column needs a column-name"))?;
                self.removed_columns.push((
                    Locator {
                        schema,
                        table: Pattern::wild(table),
                    },
                    Pattern::wild(column),
                ));
                Ok(())
            }
            (target, action) => Err(wrong(format!(
                "the local cloud has no transformation {action} of {target:?}"
            ))),
        }
    }
}

fn check_unique(rules: &[Rule], key: impl Fn(&Rule) -> String, what: &str) -> Result<(), AwsError> {
    let mut seen = std::collections::BTreeSet::new();
    match rules.iter().map(key).find(|key| !seen.insert(key.clone())) {
        None => Ok(()),
        Some(twice) => Err(wrong(format!("the {what} {twice} is there twice"))),
    }
}

fn number(value: &Value) -> Result<i64, AwsError> {
    let from_text = || value.as_str().and_then(|text| text.parse().ok());
    value
        .as_i64()
        .or_else(from_text)
        .ok_or_else(|| wrong("load-order must be a number"))
}

fn wrong(message: impl std::fmt::Display) -> AwsError {
    invalid(format!("Invalid table mappings: {message}"))
}

#[derive(Deserialize)]
struct Document {
    rules: Vec<Rule>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Rule {
    #[serde(rename = "rule-type")]
    kind: String,
    #[serde(rename = "rule-id")]
    id: Value,
    #[serde(rename = "rule-name")]
    name: String,
    #[serde(rename = "rule-action")]
    action: String,
    #[serde(rename = "rule-target")]
    target: Option<String>,
    #[serde(rename = "object-locator")]
    locator: RuleLocator,
    filters: Option<Value>,
    load_order: Option<Value>,
    value: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct RuleLocator {
    schema_name: String,
    table_name: Option<String>,
    column_name: Option<String>,
    table_type: Option<String>,
}

#[cfg(test)]
#[path = "mapping_tests.rs"]
mod tests;
