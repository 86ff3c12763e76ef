//! How a restore ends: its causes, and the outcome that is told.

use jiff::Timestamp;
use tenant_restore_events::Phase;
use tenant_restore_events::outgoing::{self, Ended, Outcome};

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

/// A cause whose message isn't longer than a record can bear.
pub fn shortened(mut cause: Cause) -> Cause {
    cause.message = clipped(&cause.message, MOST_MESSAGE_BYTES);
    cause
}

/// The beginning of a text, if it is longer than that.
pub(super) fn clipped(text: &str, most_bytes: usize) -> String {
    let end = text.floor_char_boundary(most_bytes);
    if end == text.len() {
        return text.to_owned();
    }
    format!("{}…", &text[..end])
}
