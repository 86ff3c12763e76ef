//! Reading a `RestoreRequested` event: every problem at once, or a request that needs no second look.

mod fields;
#[cfg(test)]
mod tests;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::{Cause, ErrorKind};
use crate::hold::OnFailure;
use crate::job::{
    Acceptance, ExternalForeignKeys, MoverChoice, OnMismatch, SchemaName, ValidateChoice,
};
use crate::naming::{RestoreId, digest_text, plan_id, restore_id};
use crate::restore::Restore;
use crate::restore_point::{
    FoundSnapshot, RestorePoint, SnapshotKind, SnapshotName, SnapshotSight,
};
use crate::source_kind::Storage;
pub(crate) use fields::MAX_SCHEMAS;
use fields::{Fields, invalid};

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask {
    /// A restore.
    Restore,
    /// A plan of one.
    Plan,
}

impl Ask {
    /// By the event's detail-type.
    pub fn of(detail_type: &str) -> Option<Self> {
        match detail_type {
            "RestoreRequested" => Some(Self::Restore),
            "RestorePlanRequested" => Some(Self::Plan),
            _ => None,
        }
    }

    /// The event's detail-type.
    pub fn detail_type(self) -> &'static str {
        match self {
            Self::Restore => "RestoreRequested",
            Self::Plan => "RestorePlanRequested",
        }
    }

    /// The id of what a request of this id opens.
    pub fn id(self, deployment: &str, request_id: &str) -> RestoreId {
        match self {
            Self::Restore => restore_id(deployment, request_id),
            Self::Plan => plan_id(deployment, request_id),
        }
    }

    /// What a request opens.
    pub fn open(self, deployment: &str, request: Request, now: Timestamp) -> Restore {
        let id = self.id(deployment, &request.request_id);
        match self {
            Self::Restore => Restore::open(id, request, now),
            Self::Plan => Restore::plan(id, request, now),
        }
    }
}

/// A valid request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Request {
    /// Idempotency key.
    pub request_id: String,
    /// The database.
    pub database: String,
    /// The schemas and their new names.
    pub schemas: Vec<SchemaName>,
    /// What to bring back.
    #[serde(flatten)]
    pub restore_point: RestorePoint,
    /// Identifier of the DB instance or cluster.
    pub source: String,
    /// Identifier of the one that the schemas go into, if it isn't the source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// The cluster of which the source is a member, if it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_cluster: Option<String>,
    /// The cluster of which the target is a member, if it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_cluster: Option<String>,
    /// How rows are moved.
    pub mover: MoverChoice,
    /// How much is compared.
    pub validate: ValidateChoice,
    /// What happens to schemas that differ.
    pub on_mismatch: OnMismatch,
    /// What happens to foreign keys to tables outside.
    pub external_foreign_keys: ExternalForeignKeys,
    /// What happens to the temporary resources after a failure.
    #[serde(default)]
    pub on_failure: OnFailure,
    /// Findings of the preflight that don't forbid this restore.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accept: Vec<Acceptance>,
    /// Free text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requested_by: Option<String>,
    /// Digest of the event's detail, to tell a repetition from another request of the same id.
    pub fingerprint: String,
}

impl Request {
    /// Identifier of the DB instance or cluster that the schemas go into.
    pub fn destination(&self) -> &str {
        self.target.as_deref().unwrap_or(&self.source)
    }

    /// Whether an instance or cluster of this name is asked about: never ours to delete.
    pub fn is_about(&self, name: &str) -> bool {
        name == self.source || name == self.destination()
    }

    /// The source by the one name that it has however it is called: a cluster's databases are its members'.
    pub fn source_identity(&self) -> &str {
        self.source_cluster.as_deref().unwrap_or(&self.source)
    }

    /// The target by that name.
    pub fn target_identity(&self) -> Option<&str> {
        self.target_cluster.as_deref().or(self.target.as_deref())
    }

    /// What the schemas go into by that name.
    pub fn destination_identity(&self) -> &str {
        self.target_identity().unwrap_or(self.source_identity())
    }
}

/// What arrives with the detail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival<'a> {
    /// The event's id.
    pub event_id: &'a str,
    /// When it was published.
    pub time: Timestamp,
    /// Whether an archive replays it.
    pub replayed: bool,
    /// Now.
    pub now: Timestamp,
    /// The deployment's source.
    pub default_source: &'a str,
    /// What RDS shows of the snapshot that [`snapshot_name`] finds in the detail.
    pub snapshot: Option<&'a SnapshotSight>,
}

const MAX_AGE: SignedDuration = SignedDuration::from_hours(24);

impl Arrival<'_> {
    /// Why it comes too late to open anything: an archive replays it, or it is older than 24 hours.
    pub fn stale(&self) -> Option<Cause> {
        let message = if self.replayed {
            "the event is a replay from an archive".to_owned()
        } else if self.now.duration_since(self.time) > MAX_AGE {
            let time = self.time;
            format!("the event was published at {time}, more than 24 hours ago")
        } else {
            return None;
        };
        Some(Cause::new(ErrorKind::StaleEvent, message))
    }
}

/// The snapshot that a detail names, if it names one at all: RDS knows the rest of it.
pub fn snapshot_name(detail: &Value) -> Option<SnapshotName> {
    SnapshotName::parse(detail.get("snapshotId")?.as_str()?).ok()
}

/// The id by which a request is known, valid or not.
pub fn request_id(detail: &Value, event_id: &str) -> String {
    let given = detail
        .get("requestId")
        .and_then(Value::as_str)
        .filter(|id| !id.is_empty() && id.len() <= 128);
    given.unwrap_or(event_id).to_owned()
}

/// Digest of a detail, independent of the order of its fields.
pub fn fingerprint(detail: &Value) -> String {
    fn canonical(value: &Value) -> String {
        match value {
            Value::Object(map) => {
                let mut fields: Vec<_> = map.iter().collect();
                fields.sort_by_key(|(name, _)| name.as_str());
                let inner: Vec<_> = fields
                    .iter()
                    .map(|(name, value)| format!("{name:?}:{}", canonical(value)))
                    .collect();
                format!("{{{}}}", inner.join(","))
            }
            Value::Array(items) => format!(
                "[{}]",
                items.iter().map(canonical).collect::<Vec<_>>().join(",")
            ),
            other => other.to_string(),
        }
    }
    digest_text(&[&canonical(detail)])
}

/// Whether a detail is valid as far as it shows by itself, without RDS's word on its snapshot.
///
/// # Errors
/// Every problem of the request, each with its field.
pub fn check(detail: &Value, arrival: &Arrival<'_>) -> Result<(), Vec<Cause>> {
    let assumed = SnapshotSight::Found(Box::new(FoundSnapshot {
        kind: SnapshotKind::Instance,
        status: "available".to_owned(),
        taken_at: Some(arrival.now),
        source: arrival.default_source.to_owned(),
        resource_id: None,
        engine: "postgres".to_owned(),
        engine_version: String::new(),
        shared: false,
        encrypted: false,
        master_username: String::new(),
        storage: Storage::default(),
        gigabytes: None,
        secret: Ok(None),
    }));
    let arrival = Arrival {
        snapshot: Some(&assumed),
        ..arrival.clone()
    };
    read(detail, &arrival).map(drop)
}

/// Reads the detail of a `RestoreRequested`.
///
/// # Errors
/// Every problem of the request, each with its field.
pub fn read(detail: &Value, arrival: &Arrival<'_>) -> Result<Request, Vec<Cause>> {
    let Value::Object(map) = detail else {
        return Err(vec![invalid(
            "detail",
            "the event's detail is not a JSON object",
        )]);
    };
    let mut fields = Fields {
        map,
        causes: Vec::new(),
    };
    fields.refuse_unknown();
    fields.refuse_stale(arrival);
    let database = fields.required_name("database");
    let schemas = fields.schemas();
    let restore_point = fields.restore_point(arrival);
    let source = fields.optional("source", 1024).map_or_else(
        || arrival.default_source.to_owned(),
        |text| identifier(&text),
    );
    let target = fields.optional("target", 1024);
    let target = target.map(|text| identifier(&text));
    fields.optional("requestId", 128);
    let requested_by = fields.optional("requestedBy", 256);
    let mover = fields.choice(
        "mover",
        &[
            ("auto", MoverChoice::Auto),
            ("dms", MoverChoice::Dms),
            ("copy", MoverChoice::Copy),
        ],
    );
    let validate = fields.choice(
        "validate",
        &[
            ("full", ValidateChoice::Full),
            ("counts", ValidateChoice::Counts),
            ("none", ValidateChoice::None),
        ],
    );
    let on_mismatch = fields.choice(
        "onMismatch",
        &[("keep", OnMismatch::Keep), ("drop", OnMismatch::Drop)],
    );
    let on_failure = fields.choice(
        "onFailure",
        &[("cleanup", OnFailure::Cleanup), ("hold", OnFailure::Hold)],
    );
    let external_foreign_keys = fields.choice(
        "externalForeignKeys",
        &[
            ("validate", ExternalForeignKeys::Validate),
            ("notValid", ExternalForeignKeys::NotValid),
            ("skip", ExternalForeignKeys::Skip),
        ],
    );
    let accept = fields.choices(
        "accept",
        &[
            ("eventTriggers", Acceptance::EventTriggers),
            ("publications", Acceptance::Publications),
        ],
    );
    let schemas = fields.restored_names(&schemas, restore_point.as_ref());
    if !fields.causes.is_empty() {
        return Err(fields.causes);
    }
    let (Some(database), Some(restore_point)) = (database, restore_point) else {
        return Err(vec![Cause::new(
            ErrorKind::Internal,
            "a missing field was not reported",
        )]);
    };
    Ok(Request {
        request_id: request_id(detail, arrival.event_id),
        database,
        schemas,
        restore_point,
        // Whoever names the source twice wants what is the default.
        target: target.filter(|target| *target != source),
        source,
        source_cluster: None,
        target_cluster: None,
        mover,
        validate,
        on_mismatch,
        external_foreign_keys,
        on_failure,
        accept,
        requested_by,
        fingerprint: fingerprint(detail),
    })
}

/// The identifier in an ARN of a DB instance or cluster, or the text itself. RDS stores identifiers in lower case.
fn identifier(text: &str) -> String {
    let last = if text.starts_with("arn:") {
        text.rsplit(':').next().unwrap_or(text)
    } else {
        text
    };
    last.to_ascii_lowercase()
}
