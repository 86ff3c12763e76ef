//! Amazon RDS events (RDS user guide, "Amazon RDS event categories and event messages").

use serde::{Deserialize, Serialize};

/// The detail of an RDS event. Messages and identifiers vary; the ARN is what to go by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RdsDetail {
    /// ARN of the resource, as in the envelope's `resources`.
    #[serde(default)]
    pub source_arn: String,
    /// Identifier of the resource; some snapshot events name the instance restored from the snapshot here.
    #[serde(default)]
    pub source_identifier: String,
    /// `RDS-EVENT-NNNN`.
    #[serde(default, rename = "EventID", skip_serializing_if = "Option::is_none")]
    pub event_id: Option<String>,
    /// Text for people, not stable.
    #[serde(default)]
    pub message: String,
}

impl RdsDetail {
    /// The instance or cluster that the event is about: the part of the ARN after `:db:` or `:cluster:`.
    ///
    /// "Restored from snapshot" (RDS-EVENT-0043) is sent for the instance and again for the snapshot; the second
    /// has the snapshot's ARN, and its `SourceIdentifier` is either of the two. So that one is only a candidate: a
    /// name that isn't a restore's has to be ignored.
    pub fn identifier(&self) -> Option<&str> {
        let mut parts = self.source_arn.splitn(7, ':').skip(5);
        match (parts.next(), parts.next()) {
            (Some("db" | "cluster"), Some(identifier)) => Some(identifier),
            (Some("snapshot" | "cluster-snapshot"), Some(_)) => {
                Some(self.source_identifier.as_str()).filter(|identifier| !identifier.is_empty())
            }
            _ => None,
        }
    }
}
