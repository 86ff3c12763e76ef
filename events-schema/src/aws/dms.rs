//! AWS DMS events (DMS user guide, "Working with Amazon EventBridge events and notifications").

use serde::{Deserialize, Serialize};

/// The detail of a DMS event; the resource is only in the envelope's `resources`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DmsDetail {
    /// For example `REPLICATION_TASK_STOPPED`.
    #[serde(default)]
    pub event_type: String,
    /// `DMS-EVENT-NNNN`; missing on some events.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_id: Option<String>,
    /// `REPLICATION_TASK` or `ReplicationTask`, both are seen.
    #[serde(default, rename = "type")]
    pub resource_type: String,
    /// Text for people.
    #[serde(default)]
    pub detail_message: String,
}

impl DmsDetail {
    /// Whether it is about a task: `REPLICATION_TASK` in newer events, `ReplicationTask` in older ones.
    pub fn is_about_a_task(&self) -> bool {
        self.resource_type
            .replace('_', "")
            .eq_ignore_ascii_case("replicationtask")
    }
}

/// The resource identifier at the end of a DMS ARN (`arn:aws:dms:region:account:rep:NAME`).
pub fn identifier(arn: &str) -> Option<&str> {
    let mut parts = arn.splitn(7, ':').skip(5);
    match (parts.next(), parts.next()) {
        (Some("rep" | "task" | "endpoint"), Some(identifier)) => Some(identifier),
        _ => None,
    }
}
