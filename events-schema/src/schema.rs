//! The JSON Schemas of every event and command, generated from the types.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};
use serde_json::{Value, json};

use crate::Command;
use crate::outgoing::{Accepted, Ended, Held, Outcome, Planned, Progressed};
use crate::request::{RestoreReference, RestoreRequested};

/// Who writes a document, seen from the pipeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Upstream systems publish it; what they publish today must stay valid.
    In,
    /// The pipeline publishes it; what subscribers read today must stay there.
    Out,
    /// The pipeline sends it to itself; messages of the previous deployment must stay readable.
    Within,
}

/// The schema of an event's detail or of a command.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// The event's detail-type, or `Command`; also the name of the schema's file.
    pub name: &'static str,
    /// Who writes it.
    pub direction: Direction,
    /// The JSON Schema, draft 2020-12.
    pub schema: Value,
}

/// Every document, in the order of a restore.
pub fn documents() -> Vec<Document> {
    vec![
        incoming::<RestoreRequested>("RestoreRequested"),
        incoming::<RestoreRequested>("RestorePlanRequested"),
        incoming::<RestoreReference>("RestoreCancelRequested"),
        incoming::<RestoreReference>("RestoreReplayRequested"),
        outgoing::<Planned>("RestorePlanned"),
        outgoing::<Accepted>("RestoreAccepted"),
        outgoing::<Progressed>("RestoreProgressed"),
        outgoing::<Held>("RestoreHeld"),
        outcome(Outcome::Rejected),
        outcome(Outcome::Completed),
        outcome(Outcome::Failed),
        command(),
    ]
}

fn incoming<T: JsonSchema>(name: &'static str) -> Document {
    let settings = settings().for_deserialize();
    Document {
        name,
        direction: Direction::In,
        schema: named(name, settings.into_generator().into_root_schema_for::<T>()),
    }
}

fn outgoing<T: JsonSchema>(name: &'static str) -> Document {
    let settings = settings().for_serialize();
    Document {
        name,
        direction: Direction::Out,
        schema: named(name, settings.into_generator().into_root_schema_for::<T>()),
    }
}

/// The three outcomes share a type; each event allows its own outcome alone, and only a completed one has no cause.
fn outcome(outcome: Outcome) -> Document {
    let mut document = outgoing::<Ended>(outcome.detail_type());
    let properties = &mut document.schema["properties"];
    properties["outcome"] =
        json!({ "type": "string", "description": "How it ended.", "const": outcome.as_str() });
    match outcome {
        Outcome::Completed => properties["causes"]["maxItems"] = json!(0),
        Outcome::Rejected | Outcome::Failed => properties["causes"]["minItems"] = json!(1),
    }
    document
}

fn command() -> Document {
    let mut document = incoming::<Command>("Command");
    document.direction = Direction::Within;
    document.schema["properties"]["version"] = json!({ "type": "integer", "description": "Version of the document.", "const": crate::command::VERSION });
    document
}

/// One self-contained file per document: readers need not follow references.
fn settings() -> SchemaSettings {
    SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true)
}

/// Titles the schema after the event: two events may share a type.
fn named(name: &str, schema: Schema) -> Value {
    let mut schema = schema.to_value();
    schema["title"] = json!(name);
    schema
}

/// The file in which a document's schema is published, below `schemas/`.
pub fn file_name(document: &Document) -> String {
    format!("{}.json", document.name)
}

/// The schema as it is written to its file.
pub fn rendered(document: &Document) -> String {
    format!("{:#}\n", document.schema)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Phase;

    fn schema(name: &str) -> Value {
        documents()
            .into_iter()
            .find(|document| document.name == name)
            .unwrap()
            .schema
    }

    #[test]
    fn unknown_fields_are_refused_on_the_way_in_and_expected_on_the_way_out() {
        for document in documents() {
            let closed = document.schema["additionalProperties"] == json!(false);
            assert_eq!(
                closed,
                document.direction == Direction::In,
                "{}",
                document.name
            );
        }
    }

    #[test]
    fn an_outcome_event_allows_its_own_outcome_alone() {
        assert_eq!(
            schema("RestoreRejected")["properties"]["outcome"]["const"],
            "REJECTED"
        );
        assert_eq!(
            schema("RestoreCompleted")["properties"]["outcome"]["const"],
            "COMPLETED"
        );
        assert_eq!(
            schema("RestoreFailed")["properties"]["outcome"]["const"],
            "FAILED"
        );
    }

    #[test]
    fn a_progress_names_every_phase_there_is() {
        let phases = &schema("RestoreProgressed")["properties"]["phase"];
        let text = phases.to_string();
        for phase in Phase::ALL {
            assert!(
                text.contains(&format!("\"{phase}\"")),
                "{phase} is missing in {text}"
            );
        }
    }
}
