//! A change that breaks who publishes or subscribes today fails here.
//!
//! Two things are frozen in `published/`: whole requests as systems send them, and the promises of every document
//! in `promises.json`. Both are only ever added to.

#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tenant_restore_events::request::{RestoreReference, RestoreRequested};
use tenant_restore_events::schema::{Direction, documents};

/// What writers and readers of a document may rely on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Promise {
    /// Fields that are always there.
    required: BTreeSet<String>,
    /// Every field, with the values it may have where they are enumerated.
    fields: BTreeMap<String, BTreeSet<String>>,
}

impl Promise {
    fn of(schema: &Value) -> Self {
        let mut promise = Self::default();
        promise.collect("", schema);
        promise
    }

    /// Adds the fields of an object; those of an object in a list are called `list[].field`.
    fn collect(&mut self, prefix: &str, object: &Value) {
        let required = object["required"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str);
        self.required
            .extend(required.map(|field| format!("{prefix}{field}")));
        // A command's variants carry fields too; none is always there but the one that tells them apart.
        let variants = object["oneOf"].as_array().into_iter().flatten();
        for object in std::iter::once(object).chain(variants) {
            for (field, kind) in object["properties"].as_object().into_iter().flatten() {
                self.fields
                    .entry(format!("{prefix}{field}"))
                    .or_default()
                    .extend(constants(kind));
                self.collect(&format!("{prefix}{field}[]."), &kind["items"]);
            }
        }
    }

    /// What someone who relies on `self` loses when `now` takes its place.
    fn broken_by(&self, now: &Self, direction: Direction) -> Vec<String> {
        let mut losses = Vec::new();
        let (kept, demanded) = match direction {
            Direction::In => (&now.required, &self.required),
            Direction::Out => (&self.required, &now.required),
            // Both sides are ours, of two deployments: neither may ask for more nor give less.
            Direction::Within => {
                losses.extend(
                    self.required
                        .difference(&now.required)
                        .map(|field| format!("{field} may be absent now")),
                );
                (&now.required, &self.required)
            }
        };
        losses.extend(kept.difference(demanded).map(|field| match direction {
            Direction::Out => format!("{field} may be absent now"),
            Direction::In | Direction::Within => format!("{field} is required now"),
        }));
        for (field, values) in &self.fields {
            let Some(now) = now.fields.get(field) else {
                losses.push(format!("{field} is gone"));
                continue;
            };
            losses.extend(
                values
                    .difference(now)
                    .map(|value| format!("{field} can't be {value} any more")),
            );
            if values.is_empty() && !now.is_empty() {
                losses.push(format!("{field} is limited to {now:?} now"));
            }
        }
        losses
    }
}

/// The values that a schema enumerates, if it does.
fn constants(kind: &Value) -> BTreeSet<String> {
    let alternatives = kind["oneOf"]
        .as_array()
        .map_or(std::slice::from_ref(kind), Vec::as_slice);
    alternatives
        .iter()
        .filter_map(|kind| kind.get("const"))
        .map(ToString::to_string)
        .collect()
}

fn published() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("published")
}

fn promises() -> BTreeMap<String, Promise> {
    serde_json::from_str(&fs::read_to_string(published().join("promises.json")).unwrap()).unwrap()
}

#[test]
fn every_published_promise_is_kept() {
    let promises = promises();
    for document in documents() {
        let promise = promises
            .get(document.name)
            .unwrap_or_else(|| panic!("{} isn't in promises.json", document.name));
        let losses = promise.broken_by(&Promise::of(&document.schema), document.direction);
        assert!(
            losses.is_empty(),
            "{} breaks who relies on it: {losses:?}",
            document.name
        );
    }
}

#[test]
fn every_field_and_value_is_promised_once_it_is_published() {
    let current: BTreeMap<String, Promise> = documents()
        .iter()
        .map(|document| (document.name.to_owned(), Promise::of(&document.schema)))
        .collect();
    assert_eq!(
        promises(),
        current,
        "add what is new to published/promises.json, so that it is kept from now on:\n{}",
        serde_json::to_string_pretty(&current).unwrap()
    );
}

#[test]
fn every_request_that_was_ever_valid_still_is() {
    let mut requests = 0;
    for document in documents()
        .into_iter()
        .filter(|document| document.direction == Direction::In)
    {
        let validator = jsonschema::options()
            .should_validate_formats(true)
            .build(&document.schema)
            .unwrap();
        for entry in fs::read_dir(published().join(document.name)).unwrap() {
            let path = entry.unwrap().path();
            let request: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
            if let Err(error) = validator.validate(&request) {
                panic!("{} is refused now: {error}", path.display());
            }
            match document.name {
                "RestoreRequested" | "RestorePlanRequested" => {
                    RestoreRequested::deserialize(&request).map(drop).unwrap();
                }
                _ => RestoreReference::deserialize(&request).map(drop).unwrap(),
            }
            requests += 1;
        }
    }
    assert!(
        requests >= 8,
        "published requests are only ever added to; {requests} are left"
    );
}

fn promise(required: &[&str], fields: &[(&str, &[&str])]) -> Promise {
    let set = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect();
    Promise {
        required: set(required),
        fields: fields
            .iter()
            .map(|(name, values)| ((*name).to_owned(), set(values)))
            .collect(),
    }
}

#[test]
fn asking_publishers_for_more_is_a_break_and_asking_for_less_is_none() {
    let old = promise(&["database"], &[("database", &[]), ("source", &[])]);
    let more = promise(
        &["database", "source"],
        &[("database", &[]), ("source", &[])],
    );
    assert_eq!(
        old.broken_by(&more, Direction::In),
        ["source is required now"]
    );
    assert!(more.broken_by(&old, Direction::In).is_empty());
}

#[test]
fn giving_subscribers_less_is_a_break_and_giving_more_is_none() {
    let old = promise(&["report"], &[("report", &[])]);
    let less = promise(&[], &[("report", &[])]);
    assert_eq!(
        old.broken_by(&less, Direction::Out),
        ["report may be absent now"]
    );
    assert!(less.broken_by(&old, Direction::Out).is_empty());
}

#[test]
fn a_field_or_value_that_goes_is_a_break() {
    let old = promise(&[], &[("mover", &["\"auto\"", "\"dms\""]), ("suffix", &[])]);
    let new = promise(&[], &[("mover", &["\"auto\""])]);
    assert_eq!(
        old.broken_by(&new, Direction::In),
        ["mover can't be \"dms\" any more", "suffix is gone"]
    );
}

#[test]
fn free_text_that_becomes_a_list_of_values_is_a_break() {
    let old = promise(&[], &[("requestedBy", &[])]);
    let new = promise(&[], &[("requestedBy", &["\"Ada\""])]);
    assert_eq!(
        old.broken_by(&new, Direction::In),
        ["requestedBy is limited to {\"\\\"Ada\\\"\"} now"]
    );
}
