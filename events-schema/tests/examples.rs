//! Every valid example is accepted and survives its type; every invalid one is refused for the reason in its name.

#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]

use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tenant_restore_events::Command;
use tenant_restore_events::outgoing::{Accepted, Ended, Held, Planned, Progressed};
use tenant_restore_events::request::{RestoreReference, RestoreRequested};
use tenant_restore_events::schema::{Document, documents};

/// Reason in the file's name, the schema's keyword that must refuse it, and the place it must point to.
const REFUSALS: &[(&str, &str, &str)] = &[
    ("missing-database", "required", ""),
    ("empty-database", "minLength", "/database"),
    ("missing-schemas", "required", ""),
    ("no-schema", "minItems", "/schemas"),
    ("schemas-not-a-list", "type", "/schemas"),
    ("duplicate-schema", "uniqueItems", "/schemas"),
    ("too-many-schemas", "maxItems", "/schemas"),
    ("schema-name-too-long", "maxLength", "/schemas/0"),
    ("no-restore-point", "oneOf", ""),
    ("two-restore-points", "oneOf", ""),
    ("time-without-offset", "pattern", "/restoreTime"),
    ("time-with-fraction", "pattern", "/restoreTime"),
    ("no-such-day", "format", "/restoreTime"),
    ("unknown-mover", "oneOf", "/mover"),
    ("unknown-validate", "oneOf", "/validate"),
    ("unknown-on-mismatch", "oneOf", "/onMismatch"),
    ("unknown-on-failure", "oneOf", "/onFailure"),
    (
        "unknown-external-foreign-keys",
        "oneOf",
        "/externalForeignKeys",
    ),
    ("unknown-acceptance", "oneOf", "/accept/0"),
    ("acceptance-twice", "uniqueItems", "/accept"),
    ("acceptance-not-a-list", "type", "/accept"),
    ("unknown-field", "additionalProperties", ""),
    ("null-source", "type", "/source"),
    ("empty-request-id", "minLength", "/requestId"),
    ("empty-suffix", "minLength", "/suffix"),
    ("long-requested-by", "maxLength", "/requestedBy"),
    ("no-restore", "oneOf", ""),
    ("restore-named-twice", "oneOf", ""),
    ("restore-id-spelled-wrong", "pattern", "/restoreId"),
    ("missing-request-id", "required", ""),
    ("schemas-without-names", "required", "/schemas/0"),
    ("attempt-zero", "minimum", "/attempt"),
    ("missing-restore-point", "required", ""),
    ("possible-not-a-boolean", "type", "/possible"),
    ("missing-verdict", "required", ""),
    ("table-without-reason", "required", "/tables/0"),
    ("unknown-phase", "oneOf", "/phase"),
    ("missing-phase", "required", ""),
    ("missing-until", "required", ""),
    ("negative-price", "minimum", "/upkeep/usdPerHour"),
    ("charged-without-name", "required", "/upkeep/resources/2"),
    ("cause-without-remedy", "required", "/causes/0"),
    ("missing-outcome-id", "required", ""),
    ("missing-end", "required", ""),
    ("other-outcome", "const", "/outcome"),
    ("completed-with-cause", "maxItems", "/causes"),
    ("no-cause", "minItems", "/causes"),
    ("unknown-command", "oneOf", ""),
    ("missing-command", "oneOf", ""),
    ("tick-without-generation", "oneOf", ""),
    ("later-version", "const", "/version"),
];

fn folder(document: &Document) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("examples")
        .join(document.name)
}

fn examples(document: &Document, kind: &str) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder(document)).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        if name == kind || name.starts_with(&format!("{kind}-")) {
            found.push((
                name,
                serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap(),
            ));
        }
    }
    found
}

fn validator(document: &Document) -> jsonschema::Validator {
    jsonschema::options()
        .should_validate_formats(true)
        .build(&document.schema)
        .unwrap()
}

/// Reads the example as the document's type and writes it again.
fn through_the_type(document: &Document, example: &Value) -> serde_json::Result<Value> {
    fn through<T: DeserializeOwned + Serialize>(example: &Value) -> serde_json::Result<Value> {
        serde_json::to_value(T::deserialize(example)?)
    }
    match document.name {
        "RestoreRequested" | "RestorePlanRequested" => through::<RestoreRequested>(example),
        "RestoreCancelRequested" | "RestoreReplayRequested" => through::<RestoreReference>(example),
        "RestorePlanned" => through::<Planned>(example),
        "RestoreAccepted" => through::<Accepted>(example),
        "RestoreProgressed" => through::<Progressed>(example),
        "RestoreHeld" => through::<Held>(example),
        "RestoreRejected" | "RestoreCompleted" | "RestoreFailed" => through::<Ended>(example),
        "Command" => through::<Command>(example),
        other => panic!("{other} has no type in this test"),
    }
}

#[test]
fn every_document_has_one_valid_and_several_invalid_examples() {
    for document in documents() {
        assert!(
            folder(&document).join("valid.json").is_file(),
            "{}",
            document.name
        );
        assert!(
            examples(&document, "invalid").len() >= 3,
            "{}",
            document.name
        );
    }
}

#[test]
fn every_valid_example_is_accepted_by_its_schema() {
    for document in documents() {
        for (name, example) in examples(&document, "valid") {
            let problems: Vec<String> = validator(&document)
                .iter_errors(&example)
                .map(|error| error.to_string())
                .collect();
            assert!(
                problems.is_empty(),
                "{}/{name}: {problems:?}",
                document.name
            );
        }
    }
}

#[test]
fn every_valid_example_survives_its_type() {
    for document in documents() {
        for (name, example) in examples(&document, "valid") {
            assert_eq!(
                through_the_type(&document, &example).unwrap(),
                example,
                "{}/{name}",
                document.name
            );
        }
    }
}

#[test]
fn every_invalid_example_is_refused_for_the_reason_in_its_name() {
    for document in documents() {
        for (name, example) in examples(&document, "invalid") {
            let reason = name.trim_start_matches("invalid-");
            let (_, keyword, place) = REFUSALS
                .iter()
                .find(|(known, ..)| *known == reason)
                .unwrap_or_else(|| {
                    panic!(
                        "{}/{name}: say in REFUSALS what must refuse it",
                        document.name
                    )
                });
            let validator = validator(&document);
            let problems: Vec<_> = validator.iter_errors(&example).collect();
            let told: Vec<String> = problems
                .iter()
                .map(|problem| {
                    format!(
                        "{} at {}",
                        problem.kind().keyword(),
                        problem.instance_path()
                    )
                })
                .collect();
            assert!(
                problems
                    .iter()
                    .any(|problem| problem.kind().keyword() == *keyword),
                "{}/{name}: {told:?}",
                document.name
            );
            assert!(
                problems
                    .iter()
                    .all(|problem| problem.instance_path().as_str() == *place),
                "{}/{name} has something else wrong too: {told:?}",
                document.name
            );
        }
    }
}

#[test]
fn no_reason_is_listed_without_an_example() {
    let names: Vec<String> = documents()
        .iter()
        .flat_map(|document| examples(document, "invalid"))
        .map(|(name, _)| name)
        .collect();
    for (reason, ..) in REFUSALS {
        assert!(names.contains(&format!("invalid-{reason}")), "{reason}");
    }
}
