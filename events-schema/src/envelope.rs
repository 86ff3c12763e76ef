//! The envelope in which EventBridge delivers an event to a queue (EventBridge user guide, "Events").

use serde::{Deserialize, Serialize};

/// An event as it arrives; unknown fields are ignored, since AWS may add some at any time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Envelope<T> {
    /// Unique per event, the same when EventBridge delivers it twice.
    pub id: String,
    /// What kind of event.
    pub detail_type: String,
    /// Who sent it.
    pub source: String,
    /// The account it came from.
    #[serde(default)]
    pub account: String,
    /// When it happened, RFC 3339, whole seconds.
    pub time: String,
    /// The region it came from.
    #[serde(default)]
    pub region: String,
    /// ARNs of what it is about.
    #[serde(default)]
    pub resources: Vec<String>,
    /// Present when an archive replays the event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replay_name: Option<String>,
    /// The content.
    pub detail: T,
}
