//! Reading a `RestoreRequested` event: every problem at once, or a request that needs no second look.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::error::{Cause, ErrorKind};
use crate::job::{ExternalForeignKeys, MoverChoice, OnMismatch, SchemaName, ValidateChoice};
use crate::naming::{MAX_IDENTIFIER_BYTES, digest_text, restored_name};

const MAX_SCHEMAS: usize = 90;
const MAX_AGE: SignedDuration = SignedDuration::from_hours(24);

const FIELDS: [&str; 14] = [
    "database",
    "schemas",
    "restoreTime",
    "snapshotId",
    "source",
    "target",
    "requestId",
    "suffix",
    "mover",
    "validate",
    "onMismatch",
    "onFailure",
    "externalForeignKeys",
    "requestedBy",
];

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
    /// The instant to bring back, whole seconds.
    pub restore_time: Timestamp,
    /// Identifier of the DB instance or cluster.
    pub source: String,
    /// How rows are moved.
    pub mover: MoverChoice,
    /// How much is compared.
    pub validate: ValidateChoice,
    /// What happens to schemas that differ.
    pub on_mismatch: OnMismatch,
    /// What happens to foreign keys to tables outside.
    pub external_foreign_keys: ExternalForeignKeys,
    /// Free text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requested_by: Option<String>,
    /// Digest of the event's detail, to tell a repetition from another request of the same id.
    pub fingerprint: String,
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
    let restore_time = fields.restore_point(arrival.now);
    let source = fields.optional("source", 1024).map_or_else(
        || arrival.default_source.to_owned(),
        |text| identifier(&text),
    );
    fields.refuse_unsupported();
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
    let external_foreign_keys = fields.choice(
        "externalForeignKeys",
        &[
            ("validate", ExternalForeignKeys::Validate),
            ("notValid", ExternalForeignKeys::NotValid),
            ("skip", ExternalForeignKeys::Skip),
        ],
    );
    let schemas = fields.restored_names(&schemas, restore_time);
    if !fields.causes.is_empty() {
        return Err(fields.causes);
    }
    let (Some(database), Some(restore_time)) = (database, restore_time) else {
        return Err(vec![Cause::new(
            ErrorKind::Internal,
            "a missing field was not reported",
        )]);
    };
    Ok(Request {
        request_id: request_id(detail, arrival.event_id),
        database,
        schemas,
        restore_time,
        source,
        mover,
        validate,
        on_mismatch,
        external_foreign_keys,
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

fn invalid(field: &str, message: impl Into<String>) -> Cause {
    Cause::new(ErrorKind::InvalidRequest, message).at(field)
}

struct Fields<'a> {
    map: &'a Map<String, Value>,
    causes: Vec<Cause>,
}

impl Fields<'_> {
    fn refuse(&mut self, field: &str, message: impl Into<String>) {
        self.causes.push(invalid(field, message));
    }

    fn refuse_unknown(&mut self) {
        let unknown = |name: &&String| !FIELDS.contains(&name.as_str());
        for name in self.map.keys().filter(unknown).cloned().collect::<Vec<_>>() {
            self.refuse(&name, format!("`{name}` is no field of RestoreRequested"));
        }
    }

    fn refuse_stale(&mut self, arrival: &Arrival<'_>) {
        if arrival.replayed {
            self.causes.push(Cause::new(
                ErrorKind::StaleEvent,
                "the event is a replay from an archive",
            ));
        } else if arrival.now.duration_since(arrival.time) > MAX_AGE {
            let message = format!(
                "the event was published at {}, more than 24 hours ago",
                arrival.time
            );
            self.causes.push(Cause::new(ErrorKind::StaleEvent, message));
        }
    }

    fn refuse_unsupported(&mut self) {
        if self.map.contains_key("target") {
            let message =
                "`target`: restoring into another database than the source is not supported yet";
            self.causes
                .push(Cause::new(ErrorKind::NotSupported, message).at("target"));
        }
        let on_failure = self.choice("onFailure", &[("cleanup", false), ("hold", true)]);
        if on_failure {
            let message = "`onFailure`: \"hold\" is not supported yet";
            self.causes
                .push(Cause::new(ErrorKind::NotSupported, message).at("onFailure"));
        }
    }

    fn optional(&mut self, field: &str, max: usize) -> Option<String> {
        match self.map.get(field)? {
            Value::String(text) if text.is_empty() => {
                self.refuse(field, format!("`{field}` is empty"))
            }
            Value::String(text) if text.len() > max => {
                self.refuse(
                    field,
                    format!(
                        "`{field}` has {} bytes; at most {max} are allowed",
                        text.len()
                    ),
                );
            }
            Value::String(text) => return Some(text.clone()),
            other => self.refuse(field, format!("`{field}` must be a string, not {other}")),
        }
        None
    }

    fn required_name(&mut self, field: &str) -> Option<String> {
        if !self.map.contains_key(field) {
            self.refuse(field, format!("`{field}` is missing"));
            return None;
        }
        self.optional(field, MAX_IDENTIFIER_BYTES)
    }

    fn schemas(&mut self) -> Vec<String> {
        let list = match self.map.get("schemas") {
            Some(Value::Array(list)) => list.clone(),
            Some(other) => {
                self.refuse(
                    "schemas",
                    format!("`schemas` must be a list of names, not {other}"),
                );
                return Vec::new();
            }
            None => {
                self.refuse("schemas", "`schemas` is missing");
                return Vec::new();
            }
        };
        if list.is_empty() || list.len() > MAX_SCHEMAS {
            self.refuse(
                "schemas",
                format!(
                    "`schemas` has {} names; 1 to {MAX_SCHEMAS} are allowed",
                    list.len()
                ),
            );
        }
        let mut names: Vec<String> = Vec::new();
        for (position, value) in list.iter().enumerate() {
            let field = format!("schemas[{position}]");
            match schema_name(value, &names) {
                Ok(name) => names.push(name),
                Err(problem) => self.refuse(&field, format!("`{field}`: {problem}")),
            }
        }
        names
    }

    fn restore_point(&mut self, now: Timestamp) -> Option<Timestamp> {
        let (time, snapshot) = (
            self.map.get("restoreTime").cloned(),
            self.map.get("snapshotId"),
        );
        match (time, snapshot) {
            (Some(_), Some(_)) => self.refuse(
                "restoreTime",
                "give `restoreTime` or `snapshotId`, not both",
            ),
            (None, None) => self.refuse("restoreTime", "`restoreTime` or `snapshotId` is missing"),
            (None, Some(_)) => {
                let message = "`snapshotId`: restoring from a snapshot is not supported yet; use `restoreTime`";
                self.causes
                    .push(Cause::new(ErrorKind::NotSupported, message).at("snapshotId"));
            }
            (Some(value), None) => match instant(&value, now) {
                Ok(instant) => return Some(instant),
                Err(problem) => self.refuse("restoreTime", format!("`restoreTime`: {problem}")),
            },
        }
        None
    }

    fn choice<T: Copy>(&mut self, field: &str, choices: &[(&str, T)]) -> T {
        let default = choices[0].1;
        let Some(value) = self.map.get(field) else {
            return default;
        };
        if let Some((_, choice)) = choices
            .iter()
            .find(|(name, _)| value.as_str() == Some(name))
        {
            return *choice;
        }
        let names: Vec<_> = choices
            .iter()
            .map(|(name, _)| format!("{name:?}"))
            .collect();
        self.refuse(
            field,
            format!("`{field}` must be one of {}, not {value}", names.join(", ")),
        );
        default
    }

    fn restored_names(
        &mut self,
        schemas: &[String],
        restore_time: Option<Timestamp>,
    ) -> Vec<SchemaName> {
        let given = self.optional("suffix", MAX_IDENTIFIER_BYTES - 9);
        let suffix = match (given, restore_time) {
            (Some(suffix), _) => suffix,
            (None, Some(instant)) => instant
                .to_zoned(TimeZone::UTC)
                .strftime("%Y%m%d%H%M%S")
                .to_string(),
            (None, None) => return Vec::new(),
        };
        let pairs: Vec<_> = schemas
            .iter()
            .map(|schema| SchemaName {
                schema: schema.clone(),
                restored_as: restored_name(schema, &suffix),
            })
            .collect();
        for pair in &pairs {
            if schemas.contains(&pair.restored_as) {
                let message = format!(
                    "`suffix`: {:?} would be restored under the name of another requested schema",
                    pair.schema
                );
                self.refuse("suffix", message);
            }
        }
        pairs
    }
}

fn schema_name(value: &Value, before: &[String]) -> Result<String, String> {
    let Value::String(name) = value else {
        return Err(format!("must be a string, not {value}"));
    };
    if name.is_empty() {
        return Err("is empty".to_owned());
    }
    if name.len() > MAX_IDENTIFIER_BYTES {
        return Err(format!(
            "{name:?} has {} bytes; PostgreSQL allows {MAX_IDENTIFIER_BYTES}",
            name.len()
        ));
    }
    if name.contains('\0') {
        return Err("holds a NUL character".to_owned());
    }
    if name.starts_with("pg_") || name == "information_schema" {
        return Err(format!("{name:?} is reserved by PostgreSQL"));
    }
    if before.contains(name) {
        return Err(format!("{name:?} is named twice"));
    }
    Ok(name.clone())
}

fn instant(value: &Value, now: Timestamp) -> Result<Timestamp, String> {
    let Value::String(text) = value else {
        return Err(format!("must be an RFC 3339 instant, not {value}"));
    };
    let rfc3339 = text.len() >= 20 && text.is_ascii() && matches!(text.as_bytes()[10], b'T' | b't');
    let instant = rfc3339.then(|| text.parse::<Timestamp>().ok()).flatten();
    let Some(instant) = instant else {
        return Err(format!(
            "{text:?} is no RFC 3339 instant with offset, for example 2024-01-28T14:30:00Z"
        ));
    };
    if instant.subsec_nanosecond() != 0 {
        return Err(format!(
            "{text:?} has a fraction of a second; RDS restores to whole seconds"
        ));
    }
    if instant > now {
        return Err(format!("{text:?} lies in the future"));
    }
    Ok(instant)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn arrival() -> Arrival<'static> {
        let now = at("2024-02-01T00:00:00Z");
        Arrival {
            event_id: "event-1",
            time: now,
            replayed: false,
            now,
            default_source: "production",
        }
    }

    fn fields(detail: &Value) -> Vec<String> {
        let causes = read(detail, &arrival()).unwrap_err();
        causes
            .into_iter()
            .map(|cause| cause.field.unwrap_or_default())
            .collect()
    }

    #[test]
    fn the_input_of_the_original_solution_works_unchanged() {
        let detail = json!({"database": "tenant_a", "schemas": ["customer_a1"], "restoreTime": "2024-01-28T14:30:00+00:00"});
        let request = read(&detail, &arrival()).unwrap();
        assert_eq!(request.source, "production");
        assert_eq!(request.request_id, "event-1");
        assert_eq!(request.schemas[0].restored_as, "customer_a1_20240128143000");
    }

    #[test]
    fn an_offset_is_taken_into_account_in_the_suffix() {
        let detail =
            json!({"database": "d", "schemas": ["s"], "restoreTime": "2024-01-28T16:30:00+02:00"});
        assert_eq!(
            read(&detail, &arrival()).unwrap().schemas[0].restored_as,
            "s_20240128143000"
        );
    }

    #[test]
    fn every_problem_is_named_at_once() {
        let detail = json!({
            "database": 7, "schemas": ["a", "a", "", "pg_x"], "restoreTime": "yesterday", "mover": "truck",
            "onFailure": 1, "color": "red"
        });
        assert_eq!(
            fields(&detail),
            [
                "color",
                "database",
                "schemas[1]",
                "schemas[2]",
                "schemas[3]",
                "restoreTime",
                "onFailure",
                "mover"
            ]
        );
    }

    #[test]
    fn exactly_one_restore_point_is_asked_for() {
        let both = json!({"database": "d", "schemas": ["s"], "restoreTime": "2024-01-28T14:30:00Z", "snapshotId": "x"});
        let neither = json!({"database": "d", "schemas": ["s"]});
        assert_eq!(fields(&both), ["restoreTime"]);
        assert_eq!(fields(&neither), ["restoreTime"]);
    }

    #[test]
    fn a_restore_time_needs_an_offset_whole_seconds_and_the_past() {
        for text in [
            "2024-01-28T14:30:00",
            "2024-01-28T14:30:00.5Z",
            "2030-01-01T00:00:00Z",
            "2024-01-28",
            "20240128T143000Z",
        ] {
            let detail = json!({"database": "d", "schemas": ["s"], "restoreTime": text});
            assert_eq!(fields(&detail), ["restoreTime"], "{text}");
        }
    }

    #[test]
    fn a_stale_or_replayed_event_is_refused() {
        let detail =
            json!({"database": "d", "schemas": ["s"], "restoreTime": "2024-01-28T14:30:00Z"});
        let old = Arrival {
            time: at("2024-01-30T23:59:59Z"),
            ..arrival()
        };
        let replayed = Arrival {
            replayed: true,
            ..arrival()
        };
        for arrival in [old, replayed] {
            assert_eq!(
                read(&detail, &arrival).unwrap_err()[0].kind,
                ErrorKind::StaleEvent
            );
        }
    }

    #[test]
    fn a_suffix_may_not_lead_into_another_requested_schema() {
        let detail = json!({"database": "d", "schemas": ["s", "s_x"], "restoreTime": "2024-01-28T14:30:00Z", "suffix": "x"});
        assert_eq!(fields(&detail), ["suffix"]);
    }

    #[test]
    fn the_fingerprint_ignores_the_order_of_fields_only() {
        let first = json!({"a": 1, "b": [1, 2]});
        assert_eq!(
            fingerprint(&first),
            fingerprint(&json!({"b": [1, 2], "a": 1}))
        );
        assert_ne!(
            fingerprint(&first),
            fingerprint(&json!({"b": [2, 1], "a": 1}))
        );
    }
}
