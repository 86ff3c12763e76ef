//! How a restore ended, as an outside subscriber learns it.

use std::time::Duration;

use serde::Deserialize;
use tokio::time::Instant;

use crate::error::{Context, Result};
use crate::subscriber::{Notice, Subscriber};

/// A requested schema and the name of its copy.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RestoredSchema {
    /// The live schema.
    pub schema: String,
    /// Its copy; none where a request was rejected before it had one.
    pub restored_as: Option<String>,
}

/// One cause of a rejection or a failure.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Cause {
    /// A stable code.
    pub kind: String,
    /// What happened.
    pub message: String,
    /// What a person can do.
    pub remedy: String,
    /// The request's field that is to blame.
    pub field: Option<String>,
}

/// The detail of an outcome: `RestoreRejected`, `RestoreCompleted` or `RestoreFailed`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Outcome {
    /// `REJECTED`, `COMPLETED` or `FAILED`.
    pub outcome: String,
    /// The same for every delivery of this outcome.
    pub outcome_id: String,
    /// The request it answers.
    pub request_id: String,
    /// The restore, if one was opened.
    pub restore_id: Option<String>,
    /// The attempt, from 1.
    pub attempt: u32,
    /// The snapshot, if that is what was asked for.
    pub snapshot_id: Option<String>,
    /// The schemas.
    pub schemas: Vec<RestoredSchema>,
    /// Why it did not complete.
    #[serde(default)]
    pub causes: Vec<Cause>,
    /// S3 URI of the JSON report.
    pub report: Option<String>,
    /// S3 URI of the same as an HTML page.
    pub report_page: Option<String>,
}

impl Outcome {
    /// All causes, one per line.
    pub fn why(&self) -> String {
        let line = |cause: &Cause| format!("{}: {} ({})", cause.kind, cause.message, cause.remedy);
        self.causes.iter().map(line).collect::<Vec<_>>().join("\n")
    }
}

/// Whether an event of that type ends a request.
pub fn is_end(detail_type: &str) -> bool {
    matches!(
        detail_type,
        "RestoreRejected" | "RestoreCompleted" | "RestoreFailed"
    )
}

impl Subscriber {
    /// Waits for the notice that answers a request; notices of other requests are passed over.
    ///
    /// # Errors
    /// When it does not come within `limit`.
    pub async fn wait_for_notice(
        &mut self,
        request_id: &str,
        limit: Duration,
    ) -> Result<(Notice, Outcome)> {
        let deadline = Instant::now() + limit;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let notice = self
                .next_notice(left)
                .await
                .context(format!("wait for the notice of {request_id}"))?;
            let outcome: Outcome =
                serde_json::from_value(notice.detail.clone()).context("read an outcome")?;
            if outcome.request_id == request_id {
                return Ok((notice, outcome));
            }
        }
    }

    /// Waits for the event on the bus that ends a request; every other event of that request goes to `seen`.
    ///
    /// # Errors
    /// When it does not come within `limit`.
    pub async fn wait_for_end(
        &mut self,
        request_id: &str,
        limit: Duration,
        mut seen: impl FnMut(&crate::subscriber::Event),
    ) -> Result<Outcome> {
        let deadline = Instant::now() + limit;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let event = self
                .next_event(left)
                .await
                .context(format!("wait for the end of {request_id}"))?;
            if event.detail["requestId"] != request_id {
                continue;
            }
            match event.detail_type.as_str() {
                detail_type if is_end(detail_type) => {
                    return serde_json::from_value(event.detail).context("read an outcome");
                }
                _ => seen(&event),
            }
        }
    }
}
