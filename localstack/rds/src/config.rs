//! How this RDS behaves: its provisioning times and its limits.

use std::ops::RangeInclusive;
use std::time::Duration;

use serde::Deserialize;

use crate::quotas::Quotas;

/// The settings of the local RDS, with defaults for each. Times are milliseconds.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Config {
    /// In `creating`, on top of the real work.
    pub creating_ms: u64,
    /// In `backing-up`, on top of the real work.
    pub backing_up_ms: u64,
    /// Between the last event of a creation or restore and `available`, for which there is no event.
    pub available_gap_ms: u64,
    /// Between the answer to a password change and `resetting-master-credentials`.
    pub password_pending_ms: u64,
    /// In `resetting-master-credentials`.
    pub resetting_ms: u64,
    /// Between the end of `resetting-master-credentials` and the moment from which the new password works.
    pub password_lag_ms: u64,
    /// In `deleting`, on top of the real work.
    pub deleting_ms: u64,
    /// Whether the event of a deletion comes before or after the instance is gone from the answers.
    pub deletion_event: DeletionEvent,
    /// Between two heartbeats; `LatestRestorableTime` is at most this and the time of archiving behind.
    pub heartbeat_ms: u64,
    /// Between two base backups after the first; a restore replays at most this much log.
    pub backup_every_ms: u64,
    /// A snapshot in `creating`, on top of the real work.
    pub snapshot_ms: u64,
    /// How long a recovery may take.
    pub recovery_ms: u64,
    /// How many automated backups of deleted instances are kept at most, as many of clusters.
    pub retained_backups: usize,
    /// `max_connections` of each server.
    pub max_connections: u32,
    /// The quotas of the account.
    pub quotas: Quotas,
    /// The first port that instances may get; 15432 if nobody says.
    pub first_port: Option<u16>,
    /// The last one; the hundredth if nobody says.
    pub last_port: Option<u16>,
}

/// When `RDS-EVENT-0003` is sent; in AWS either happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeletionEvent {
    /// While the instance is still described.
    Before,
    /// When it is gone.
    After,
    /// One or the other, by chance.
    Either,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            creating_ms: 300,
            backing_up_ms: 0,
            available_gap_ms: 500,
            password_pending_ms: 100,
            resetting_ms: 300,
            password_lag_ms: 200,
            deleting_ms: 200,
            deletion_event: DeletionEvent::Either,
            heartbeat_ms: 1000,
            backup_every_ms: 300_000,
            snapshot_ms: 200,
            recovery_ms: 600_000,
            retained_backups: 40,
            max_connections: 100,
            quotas: Quotas::default(),
            first_port: None,
            last_port: None,
        }
    }
}

impl Config {
    /// The ports that instances may get.
    pub fn ports(&self) -> RangeInclusive<u16> {
        let first = self.first_port.unwrap_or(15432);
        first..=self.last_port.unwrap_or(first.saturating_add(99))
    }

    /// The time between two heartbeats; never zero.
    pub fn heartbeat(&self) -> Duration {
        Duration::from_millis(self.heartbeat_ms.max(50))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_that_does_not_exist_is_refused() {
        assert!(serde_json::from_str::<Config>(r#"{"creatingMs": 1}"#).is_ok());
        assert!(serde_json::from_str::<Config>(r#"{"creating": 1}"#).is_err());
    }
}
