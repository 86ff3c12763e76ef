//! The fields of a request, one by one; what is wrong with each is gathered.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Map, Value};

use super::Arrival;
use crate::error::{Cause, ErrorKind};
use crate::job::SchemaName;
use crate::naming::{MAX_IDENTIFIER_BYTES, restored_name};
use crate::restore_point::{RestorePoint, Snapshot, SnapshotName, SnapshotSight};

/// So many schemas one request may name.
pub(crate) const MAX_SCHEMAS: usize = 90;

const FIELDS: [&str; 15] = [
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
    "accept",
    "requestedBy",
];

pub(super) fn invalid(field: &str, message: impl Into<String>) -> Cause {
    Cause::new(ErrorKind::InvalidRequest, message).at(field)
}

pub(super) struct Fields<'a> {
    pub(super) map: &'a Map<String, Value>,
    pub(super) causes: Vec<Cause>,
}

impl Fields<'_> {
    fn refuse(&mut self, field: &str, message: impl Into<String>) {
        self.causes.push(invalid(field, message));
    }

    pub(super) fn refuse_unknown(&mut self) {
        let unknown = |name: &&String| !FIELDS.contains(&name.as_str());
        for name in self.map.keys().filter(unknown).cloned().collect::<Vec<_>>() {
            self.refuse(&name, format!("`{name}` is no field of RestoreRequested"));
        }
    }

    pub(super) fn refuse_stale(&mut self, arrival: &Arrival<'_>) {
        self.causes.extend(arrival.stale());
    }

    pub(super) fn optional(&mut self, field: &str, max: usize) -> Option<String> {
        match self.map.get(field)? {
            Value::String(text) if text.is_empty() => {
                self.refuse(field, format!("`{field}` is empty"))
            }
            Value::String(text) if text.contains('\0') => {
                self.refuse(field, format!("`{field}` holds a NUL character"));
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

    pub(super) fn required_name(&mut self, field: &str) -> Option<String> {
        if !self.map.contains_key(field) {
            self.refuse(field, format!("`{field}` is missing"));
            return None;
        }
        self.optional(field, MAX_IDENTIFIER_BYTES)
    }

    pub(super) fn schemas(&mut self) -> Vec<String> {
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
        // Each name is compared with all before it: those beyond are too many anyway.
        for (position, value) in list.iter().take(MAX_SCHEMAS).enumerate() {
            let field = format!("schemas[{position}]");
            match schema_name(value, &names) {
                Ok(name) => names.push(name),
                Err(problem) => self.refuse(&field, format!("`{field}`: {problem}")),
            }
        }
        names
    }

    pub(super) fn restore_point(&mut self, arrival: &Arrival<'_>) -> Option<RestorePoint> {
        match (self.map.get("restoreTime"), self.map.get("snapshotId")) {
            (Some(_), Some(_)) => self.refuse(
                "restoreTime",
                "give `restoreTime` or `snapshotId`, not both",
            ),
            (None, None) => self.refuse("restoreTime", "`restoreTime` or `snapshotId` is missing"),
            (None, Some(value)) => match snapshot(value, arrival.snapshot) {
                Ok(snapshot) => return Some(RestorePoint::Snapshot(snapshot)),
                Err(cause) => self.causes.push(cause.at("snapshotId")),
            },
            (Some(value), None) => match instant(value, arrival.now) {
                Ok(instant) => return Some(RestorePoint::RestoreTime(instant)),
                Err(problem) => self.refuse("restoreTime", format!("`restoreTime`: {problem}")),
            },
        }
        None
    }

    pub(super) fn choice<T: Copy>(&mut self, field: &str, choices: &[(&str, T)]) -> T {
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

    /// A list of choices, each at most once.
    pub(super) fn choices<T: Copy>(&mut self, field: &str, choices: &[(&str, T)]) -> Vec<T> {
        let list = match self.map.get(field) {
            None => return Vec::new(),
            Some(Value::Array(list)) => list.clone(),
            Some(other) => {
                self.refuse(field, format!("`{field}` must be a list, not {other}"));
                return Vec::new();
            }
        };
        let names: Vec<_> = choices
            .iter()
            .map(|(name, _)| format!("{name:?}"))
            .collect();
        let mut chosen = Vec::new();
        for (position, value) in list.iter().enumerate() {
            let place = format!("{field}[{position}]");
            let choice = choices
                .iter()
                .find(|(name, _)| value.as_str() == Some(name));
            match choice {
                None => {
                    let message =
                        format!("`{place}` must be one of {}, not {value}", names.join(", "));
                    self.refuse(&place, message);
                }
                Some(_) if list[..position].contains(value) => {
                    self.refuse(&place, format!("`{place}`: {value} is named twice"));
                }
                Some((_, choice)) => chosen.push(*choice),
            }
        }
        chosen
    }

    pub(super) fn restored_names(
        &mut self,
        schemas: &[String],
        restore_point: Option<&RestorePoint>,
    ) -> Vec<SchemaName> {
        let given = self.optional("suffix", MAX_IDENTIFIER_BYTES - 9);
        let suffix = match (given, restore_point) {
            (Some(suffix), _) => suffix,
            (None, Some(point)) => point
                .instant()
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

fn snapshot(value: &Value, sight: Option<&SnapshotSight>) -> Result<Snapshot, Cause> {
    let invalid = |problem: String| {
        Cause::new(
            ErrorKind::InvalidRequest,
            format!("`snapshotId`: {problem}"),
        )
    };
    let Value::String(text) = value else {
        return Err(invalid(format!("must be a string, not {value}")));
    };
    let name = SnapshotName::parse(text).map_err(invalid)?;
    let found = match sight {
        None => return Err(crate::restore::internal("the snapshot was not looked at")),
        Some(SnapshotSight::Unknown) => {
            return Err(Cause::new(
                ErrorKind::SnapshotUnknown,
                format!("no snapshot of an instance or a cluster is called {text:?}"),
            ));
        }
        Some(SnapshotSight::Ambiguous) => {
            return Err(invalid(format!(
                "an instance snapshot and a cluster snapshot are called {text:?}; give the ARN"
            )));
        }
        Some(SnapshotSight::Found(found)) => found,
    };
    let taken_at = found.taken_at.ok_or_else(|| {
        let status = &found.status;
        Cause::new(
            ErrorKind::SnapshotNotReady,
            format!("the snapshot {text:?} is in status {status:?}"),
        )
    })?;
    Ok(Snapshot {
        id: name.id,
        kind: found.kind,
        taken_at,
    })
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
