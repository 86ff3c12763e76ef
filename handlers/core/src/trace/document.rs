//! Segment documents, as X-Ray reads them (X-Ray developer guide, segment documents).

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use super::Trace;
use crate::error::{Class, ErrorKind};

/// What precedes a document on its way to the daemon (X-Ray developer guide, sending segment documents to the daemon).
const DAEMON_HEADER: &str = "{\"format\": \"json\", \"version\": 1}\n";

/// A document holds 64 kB; together with the header it must fit into one UDP datagram (65,507 bytes).
pub const MOST_BYTES: usize = 60_000;

/// The longest name.
const LONGEST_NAME: usize = 200;

/// Values that X-Ray finds traces by. It indexes 50 in a trace, so that only the attempt as a whole and its phases have some.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Annotations {
    /// The restore's id.
    pub restore: String,
    /// The attempt.
    pub attempt: u32,
    /// The phase.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phase: Option<&'static str>,
    /// How it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<&'static str>,
}

/// A segment, or a part of one that is sent by itself.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Document {
    name: String,
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent_id: Option<String>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<&'static str>,
    start_time: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_time: Option<f64>,
    #[serde(skip_serializing_if = "is_false")]
    in_progress: bool,
    #[serde(skip_serializing_if = "is_false")]
    error: bool,
    #[serde(skip_serializing_if = "is_false")]
    throttle: bool,
    #[serde(skip_serializing_if = "is_false")]
    fault: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<Blame>,
    #[serde(skip_serializing_if = "Option::is_none")]
    annotations: Option<Annotations>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    metadata: BTreeMap<&'static str, BTreeMap<&'static str, String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    aws: Option<Request>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    subsegments: Vec<Document>,
}

/// What went wrong: the kind alone, since messages may quote names of the tenant's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Blame {
    exceptions: [Exception; 1],
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Exception {
    id: String,
    #[serde(rename = "type")]
    kind: String,
}

/// A call of an AWS service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Request {
    operation: &'static str,
    resource_names: [String; 1],
}

impl Document {
    /// A segment of a trace: the attempt as a whole, or one of its phases.
    pub(super) fn segment(trace: &Trace, name: &str, id: String, began: Timestamp) -> Self {
        Self {
            trace_id: Some(trace.id.clone()),
            in_progress: true,
            ..Self::part(name, id, began)
        }
    }

    /// A part of a segment that is sent already, or will be.
    pub(super) fn subsegment(
        trace: &Trace,
        name: &str,
        what: &str,
        parent: String,
        times: (Timestamp, Timestamp),
    ) -> Self {
        Self {
            trace_id: Some(trace.id.clone()),
            parent_id: Some(parent),
            kind: Some("subsegment"),
            ..Self::part(name, trace.segment_of(what), times.0).ended(times.1)
        }
    }

    /// A part that is sent inside its parent.
    pub(super) fn part(name: &str, id: String, began: Timestamp) -> Self {
        Self {
            name: allowed_name(name),
            id,
            trace_id: None,
            parent_id: None,
            kind: None,
            namespace: None,
            start_time: seconds(began),
            end_time: None,
            in_progress: false,
            error: false,
            throttle: false,
            fault: false,
            cause: None,
            annotations: None,
            metadata: BTreeMap::new(),
            aws: None,
            subsegments: Vec::new(),
        }
    }

    /// Over.
    pub(super) fn ended(mut self, at: Timestamp) -> Self {
        // Times of two machines: a segment that ends before it begins is refused.
        self.end_time = Some(seconds(at).max(self.start_time));
        self.in_progress = false;
        self
    }

    pub(super) fn below(mut self, parent: Option<String>) -> Self {
        self.parent_id = parent;
        self
    }

    pub(super) fn annotated(mut self, annotations: Annotations) -> Self {
        self.annotations = Some(annotations);
        self
    }

    /// Something to read that nobody searches by.
    pub(super) fn noted(mut self, name: &'static str, value: impl Into<String>) -> Self {
        let notes = self.metadata.entry("step").or_default();
        notes.insert(name, value.into());
        self
    }

    pub(super) fn holding(mut self, parts: Vec<Self>) -> Self {
        self.subsegments = parts;
        self
    }

    pub(super) fn of_service(mut self, operation: &'static str, resource: &str) -> Self {
        self.namespace = Some("aws");
        self.aws = Some(Request {
            operation,
            resource_names: [resource.to_owned()],
        });
        self
    }

    /// Went wrong: what passes is an error, what doesn't a fault.
    pub(super) fn blamed(mut self, kind: ErrorKind) -> Self {
        self.throttle = kind == ErrorKind::Throttled;
        self.fault = kind.class() == Class::Terminal;
        self.error = !self.fault;
        self.cause = Some(Blame {
            exceptions: [Exception {
                id: self.id.clone(),
                kind: kind.to_string(),
            }],
        });
        self
    }

    /// The request's own fault, as a service answers 4xx.
    pub(super) fn refused(mut self) -> Self {
        self.error = true;
        self
    }

    /// Failed as a whole.
    pub(super) fn failed(mut self) -> Self {
        self.fault = true;
        self
    }
}

/// The datagram for the daemon. A document that is too large goes without its parts; none if that doesn't help.
pub fn daemon_line(document: &Document) -> Option<String> {
    let written = |document: &Document| {
        let text = serde_json::to_string(document).ok()?;
        let line = format!("{DAEMON_HEADER}{text}");
        (line.len() <= MOST_BYTES).then_some(line)
    };
    written(document).or_else(|| {
        written(&Document {
            subsegments: Vec::new(),
            ..document.clone()
        })
    })
}

/// Names have letters, digits, whitespace and a few other characters.
fn allowed_name(name: &str) -> String {
    let allowed = |c: char| c.is_alphanumeric() || c == ' ' || "_.:/%&#=+\\-@".contains(c);
    let name: String = name
        .chars()
        .map(|c| if allowed(c) { c } else { '_' })
        .take(LONGEST_NAME)
        .collect();
    if name.is_empty() {
        "unnamed".to_owned()
    } else {
        name
    }
}

/// Seconds since 1970. Microseconds of this century are below what a float holds exactly.
#[expect(clippy::cast_precision_loss)]
fn seconds(time: Timestamp) -> f64 {
    time.as_microsecond() as f64 / 1e6
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
fn is_false(value: &bool) -> bool {
    !value
}
