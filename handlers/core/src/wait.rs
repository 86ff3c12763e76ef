//! Waiting: for what, until when, and how often to look although no event came.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use tenant_restore_events::Phase;

/// What a phase waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum WaitFor {
    /// A worker task to stop; ECS sends an event.
    Task,
    /// A place among the restores that run; the end of another sends a command.
    Admission,
    /// The temporary database to be made; RDS sends an event.
    TemporaryDatabase,
    /// The temporary database to become available; RDS sends no event for it.
    TemporaryDatabaseAvailable,
    /// The temporary cluster to be made; RDS sends an event.
    TemporaryCluster,
    /// The temporary cluster to become available; RDS sends no event for it.
    TemporaryClusterAvailable,
    /// The new master password to be set; RDS sends an event.
    Password,
    /// The new master password to be shown as set, after its event.
    PasswordUsable,
    /// The replication instance to be made; DMS sends an event.
    ReplicationInstance,
    /// The replication instance to become available after its event.
    ReplicationInstanceAvailable,
    /// Connection tests to end; DMS sends no event.
    ConnectionTest,
    /// DMS tasks to become ready; the event may come before they are.
    ReplicationTaskReady,
    /// DMS tasks to stop; DMS sends an event.
    ReplicationTask,
    /// Deletions; RDS and DMS send events for some.
    Deletion,
    /// A deletion without an event, or whose event has come: an endpoint, an instance that Describe still shows.
    DeletionShown,
    /// The end of a hold, or a replay before it.
    Hold,
    /// A refused call to be repeated: throttled, busy, no capacity.
    Retry,
}

impl WaitFor {
    /// Whether AWS sends no final event, or has sent it: only a tick can end the wait.
    pub fn is_gap(self) -> bool {
        matches!(
            self,
            Self::TemporaryDatabaseAvailable
                | Self::TemporaryClusterAvailable
                | Self::PasswordUsable
                | Self::ReplicationInstanceAvailable
                | Self::ConnectionTest
                | Self::ReplicationTaskReady
                | Self::DeletionShown
                | Self::Hold
                | Self::Retry
        )
    }
}

/// A wait of one phase, with its chain of `Reconcile` ticks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Wait {
    /// For what.
    pub what: WaitFor,
    /// Since when.
    pub since: Timestamp,
    /// When it fails.
    pub deadline: Timestamp,
    /// The generation of the tick that is under way.
    pub generation: u32,
    /// Ticks that came in this wait.
    pub ticks: u32,
    /// What was last seen of the resource, for the deadline's message.
    pub last_seen: String,
}

/// How often ticks come and when waits end; seconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Pace {
    /// First tick while an event is expected.
    pub slow_first: i64,
    /// Longest interval while an event is expected.
    pub slow_most: i64,
    /// First tick in a gap.
    pub quick_first: i64,
    /// Longest interval in a gap.
    pub quick_most: i64,
    /// Longest wait for a temporary database. Log replay takes as long as the distance to the last backup asks.
    pub database_deadline: i64,
    /// Longest run of a worker task or DMS task.
    pub work_deadline: i64,
    /// Longest wait for a place among the restores that run.
    pub admission_deadline: i64,
    /// Longest wait of any other kind.
    pub other_deadline: i64,
    /// Longest cleanup.
    pub cleanup_deadline: i64,
    /// How long a failed restore is held that asked for it; a day at most.
    pub hold: i64,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            slow_first: 60,
            slow_most: 300,
            quick_first: 2,
            quick_most: 30,
            database_deadline: 4 * 3600,
            work_deadline: 12 * 3600,
            admission_deadline: 24 * 3600,
            other_deadline: 1800,
            // What RDS still makes may not be deletable before it is made.
            cleanup_deadline: 6 * 3600,
            hold: 4 * 3600,
        }
    }
}

impl Pace {
    /// The longest hold in seconds: a temporary database costs money while it is kept.
    pub const LONGEST_HOLD: i64 = 24 * 3600;

    /// Seconds until the next tick, after so many in this wait. Intervals grow by half.
    pub fn interval(&self, what: WaitFor, ticks: u32) -> i64 {
        let (first, most) = if what.is_gap() && what != WaitFor::Hold {
            (self.quick_first, self.quick_most)
        } else {
            (self.slow_first, self.slow_most)
        };
        let mut seconds = first.max(1);
        for _ in 0..ticks.min(64) {
            seconds = (seconds + (seconds + 1) / 2).min(most.max(first));
        }
        seconds
    }

    /// When a wait fails that began then.
    pub fn deadline(&self, what: WaitFor, phase: Phase, began: Timestamp) -> Timestamp {
        let seconds = match (phase, what) {
            (_, WaitFor::Hold) => Self::LONGEST_HOLD + self.slow_most,
            (Phase::Cleanup, _) => self.cleanup_deadline,
            (
                _,
                WaitFor::TemporaryDatabase
                | WaitFor::TemporaryDatabaseAvailable
                | WaitFor::TemporaryCluster
                | WaitFor::TemporaryClusterAvailable,
            ) => self.database_deadline,
            (_, WaitFor::Task | WaitFor::ReplicationTask) => self.work_deadline,
            (_, WaitFor::Admission) => self.admission_deadline,
            _ => self.other_deadline,
        };
        began
            .saturating_add(SignedDuration::from_secs(seconds))
            .unwrap_or(Timestamp::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_grow_to_five_minutes_while_an_event_is_expected_and_start_within_seconds_in_a_gap()
    {
        let pace = Pace::default();
        let slow: Vec<_> = (0..6)
            .map(|ticks| pace.interval(WaitFor::TemporaryDatabase, ticks))
            .collect();
        assert_eq!(slow, [60, 90, 135, 203, 300, 300]);
        let quick: Vec<_> = (0..4)
            .map(|ticks| pace.interval(WaitFor::TemporaryDatabaseAvailable, ticks))
            .collect();
        assert_eq!(quick, [2, 3, 5, 8]);
        assert_eq!(pace.interval(WaitFor::ConnectionTest, 1000), 30);
    }

    #[test]
    fn no_interval_is_zero() {
        let pace = Pace {
            quick_first: 0,
            ..Pace::default()
        };
        assert_eq!(pace.interval(WaitFor::ConnectionTest, 0), 1);
    }
}
