//! How a restore ends: its causes, and the outcome that is told.

use jiff::Timestamp;
use serde_json::Value;
use tenant_restore_events::Phase;
use tenant_restore_events::outgoing::{self, Ended, Outcome, RestoredSchema, Subject};

use super::Restore;
use crate::error::Cause;
use crate::naming::{RestoreId, digest_text};

/// A notice stays readable; the report has the rest.
pub const MOST_CAUSES: usize = 20;

/// The report, for programs.
pub const REPORT_FILE: &str = "report.json";
/// The report, for people.
pub const REPORT_PAGE_FILE: &str = "report.html";

const MOST_MESSAGE_BYTES: usize = 2000;

impl Restore {
    /// Adds causes of one trouble, as many and as long as record, event and notice can hold (DynamoDB: 400 KB an item;
    /// EventBridge and SNS: 256 KB). The report has all of what a worker found.
    pub fn blame(&mut self, causes: impl IntoIterator<Item = Cause>) {
        let causes: Vec<_> = causes.into_iter().map(shortened).collect();
        let left_out = causes.len().saturating_sub(MOST_CAUSES);
        self.causes.extend(causes.into_iter().take(MOST_CAUSES));
        if left_out > 0
            && let Some(last) = self.causes.last_mut()
        {
            last.message = format!("{} (and {left_out} more, in the report)", last.message);
        }
    }

    /// Decides the outcome, whose report will be in that folder (an S3 URI); a second call changes nothing.
    pub fn decide_outcome(&mut self, report_folder: &str, now: Timestamp) -> &Ended {
        let outcome = match (self.failed_in, self.causes.is_empty()) {
            (Some(Phase::Intake), _) => Outcome::Rejected,
            (_, true) => Outcome::Completed,
            (_, false) => Outcome::Failed,
        };
        let ended = Ended {
            subject: self.subject(),
            outcome,
            outcome_id: outcome_id(&self.id, self.attempt),
            attempt: self.attempt,
            restore_point: Some(self.request.restore_point.instant()),
            started_at: self.opened_at,
            ended_at: now,
            causes: self.causes.iter().map(outgoing_cause).collect(),
            report: Some(format!("{report_folder}/{REPORT_FILE}")),
            report_page: Some(format!("{report_folder}/{REPORT_PAGE_FILE}")),
        };
        self.ended.get_or_insert(ended)
    }
}

/// The id of an attempt's outcome: the same in every delivery.
pub fn outcome_id(id: &RestoreId, attempt: u32) -> String {
    digest_text(&["outcome", id.as_str(), &attempt.to_string()])[..26].to_owned()
}

/// A cause as subscribers read it.
pub fn outgoing_cause(cause: &Cause) -> outgoing::Cause {
    outgoing::Cause {
        kind: cause.kind.to_string(),
        message: cause.message.clone(),
        remedy: cause.remedy.clone(),
        field: cause.field.clone(),
    }
}

/// The outcome of a request that never became a restore.
pub fn rejection(request_id: &str, detail: &Value, causes: &[Cause], now: Timestamp) -> Ended {
    let text = |field: &str| detail.get(field).and_then(Value::as_str).map(str::to_owned);
    let names = detail
        .get("schemas")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    let schemas = names
        .iter()
        .filter_map(Value::as_str)
        .map(|schema| RestoredSchema {
            schema: schema.to_owned(),
            restored_as: None,
        })
        .collect();
    Ended {
        subject: Subject {
            restore_id: None,
            request_id: request_id.to_owned(),
            source: text("source"),
            target: text("target"),
            database: text("database"),
            schemas,
            snapshot_id: text("snapshotId"),
        },
        outcome: Outcome::Rejected,
        outcome_id: digest_text(&["rejection", request_id, &detail.to_string()])[..26].to_owned(),
        attempt: 1,
        restore_point: text("restoreTime").and_then(|text| text.parse().ok()),
        started_at: now,
        ended_at: now,
        causes: causes.iter().map(outgoing_cause).collect(),
        report: None,
        report_page: None,
    }
}

/// The outcome of a request that was given up before it became a restore. Its id is the event's: a letter that somebody
/// redrives is judged anew, and that answer is another outcome, while the same letter's is always the same.
pub fn given_up(
    request_id: &str,
    detail: &Value,
    event_id: &str,
    cause: &Cause,
    now: Timestamp,
) -> Ended {
    let digest = digest_text(&["given up", request_id, event_id]);
    Ended {
        outcome_id: digest[..26].to_owned(),
        ..rejection(request_id, detail, std::slice::from_ref(cause), now)
    }
}

/// A cause whose message isn't longer than a record can bear.
pub fn shortened(mut cause: Cause) -> Cause {
    let end = cause.message.floor_char_boundary(MOST_MESSAGE_BYTES);
    if end < cause.message.len() {
        cause.message.truncate(end);
        cause.message.push('…');
    }
    cause
}
