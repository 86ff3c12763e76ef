//! Amazon RDS events (RDS user guide, "Amazon RDS event categories and event messages").

use serde::{Deserialize, Serialize};

/// The detail of an RDS event. Messages and identifiers vary; the ARN is what to go by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RdsDetail {
    /// ARN of the resource, as in the envelope's `resources`.
    #[serde(default)]
    pub source_arn: String,
    /// `RDS-EVENT-NNNN`.
    #[serde(default, rename = "EventID", skip_serializing_if = "Option::is_none")]
    pub event_id: Option<String>,
    /// Text for people, not stable.
    #[serde(default)]
    pub message: String,
}

impl RdsDetail {
    /// The identifier at the end of the ARN: the part after `:db:` or `:cluster:`.
    pub fn identifier(&self) -> Option<&str> {
        let mut parts = self.source_arn.splitn(7, ':').skip(5);
        match (parts.next(), parts.next()) {
            (Some("db" | "cluster"), Some(identifier)) => Some(identifier),
            _ => None,
        }
    }
}
