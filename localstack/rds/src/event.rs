//! The events of instances and snapshots (RDS user guide, Amazon RDS event categories and event messages).

use jiff::Timestamp;
use local_cloud_wire::arn::arn;
use local_cloud_wire::events::Event;
use local_cloud_wire::faults::Service;
use local_cloud_wire::time::iso_milliseconds;
use serde_json::json;

use crate::record::{PastEvent, SnapshotKind};
use crate::status::Status;

/// Something that RDS tells about an instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// Made.
    Created,
    /// Restored to a time.
    Restored {
        /// The source.
        source: String,
        /// The time.
        at: Timestamp,
    },
    /// Restored from a snapshot.
    RestoredFromSnapshot {
        /// The snapshot's identifier.
        snapshot: String,
        /// Whether to tell it by the older id of such events on an instance, `RDS-EVENT-0008`.
        older_id: bool,
    },
    /// The instances of its cluster have changed.
    TopologyUpdated,
    /// The first backup has begun.
    BackupStarted,
    /// It has ended.
    BackupFinished,
    /// The master's password was changed.
    PasswordReset,
    /// Deleted.
    Deleted,
    /// In a status from which it doesn't come back.
    Broken(Status),
}

/// Something that RDS tells about a cluster (Aurora user guide, DB cluster events).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClusterNews {
    /// Made or restored: RDS tells both alike.
    Created,
    /// The master's password was changed.
    PasswordReset,
    /// Another instance writes now.
    FailedOver,
    /// Deleted.
    Deleted,
}

impl ClusterNews {
    /// How RDS tells it.
    pub fn telling(self) -> Telling {
        let (id, category, message) = match self {
            Self::Created => ("RDS-EVENT-0170", "creation", "DB cluster created"),
            Self::PasswordReset => (
                "RDS-EVENT-0016",
                "configuration change",
                "Reset master credentials",
            ),
            Self::FailedOver => (
                "RDS-EVENT-0071",
                "failover",
                "Completed failover to DB instance",
            ),
            Self::Deleted => ("RDS-EVENT-0171", "deletion", "DB cluster deleted"),
        };
        (id, category, message.to_owned())
    }
}

/// Event id, category and message.
pub type Telling = (&'static str, &'static str, String);

impl News {
    /// How RDS tells it, or nothing where RDS has no event for it.
    pub fn telling(&self) -> Option<Telling> {
        let (id, category, message): (_, _, String) = match self {
            Self::Created => ("RDS-EVENT-0005", "creation", "DB instance created".into()),
            Self::Restored { source, at } => {
                let at = at.strftime("%Y-%m-%d %H:%M:%S");
                (
                    "RDS-EVENT-0019",
                    "restoration",
                    format!("Restored from DB instance {source} to {at}"),
                )
            }
            Self::RestoredFromSnapshot { snapshot, older_id } => {
                let id = if *older_id {
                    "RDS-EVENT-0008"
                } else {
                    "RDS-EVENT-0043"
                };
                (
                    id,
                    "restoration",
                    format!("Restored from snapshot {snapshot}"),
                )
            }
            Self::TopologyUpdated => (
                "RDS-EVENT-0385",
                "notification",
                "Cluster topology is updated".into(),
            ),
            Self::BackupStarted => ("RDS-EVENT-0001", "backup", "Backing up DB instance".into()),
            Self::BackupFinished => (
                "RDS-EVENT-0002",
                "backup",
                "Finished DB instance backup".into(),
            ),
            Self::PasswordReset => (
                "RDS-EVENT-0016",
                "configuration change",
                "Reset master credentials".into(),
            ),
            Self::Deleted => ("RDS-EVENT-0003", "deletion", "DB instance deleted".into()),
            Self::Broken(status) => return broken(*status),
        };
        Some((id, category, message))
    }
}

fn broken(status: Status) -> Option<Telling> {
    let (id, category, message) = match status {
        Status::Failed => ("RDS-EVENT-0278", "failure", "The DB instance creation failed".to_owned()),
        Status::IncompatibleRestore => (
            "RDS-EVENT-0031",
            "failure",
            "The DB instance has been put into incompatible-restore. RDS recommends that you begin a point-in-time-restore.".to_owned(),
        ),
        Status::IncompatibleNetwork => {
            ("RDS-EVENT-0036", "failure", "The DB instance has been put into incompatible-network.".to_owned())
        }
        Status::IncompatibleParameters => {
            ("RDS-EVENT-0035", "failure", "The DB instance has been put into incompatible-parameters.".to_owned())
        }
        Status::StorageFull => {
            ("RDS-EVENT-0007", "low storage", "Allocated storage has been exhausted".to_owned())
        }
        _ => return None,
    };
    Some((id, category, message))
}

/// What an event is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// The detail type, `SourceType` of events and `SourceType` of `DescribeEvents`.
    kind: [&'static str; 3],
    identifier: String,
    /// The last part of the ARN, with the type in front.
    resource: String,
}

impl Subject {
    /// An instance.
    pub fn instance(identifier: &str) -> Self {
        Self {
            kind: ["RDS DB Instance Event", "DB_INSTANCE", "db-instance"],
            identifier: identifier.to_owned(),
            resource: format!("db:{identifier}"),
        }
    }

    /// A snapshot of an instance.
    pub fn snapshot(identifier: &str) -> Self {
        Self {
            kind: ["RDS DB Snapshot Event", "SNAPSHOT", "db-snapshot"],
            identifier: identifier.to_owned(),
            resource: format!("snapshot:{identifier}"),
        }
    }

    /// A cluster.
    pub fn cluster(identifier: &str) -> Self {
        Self {
            kind: ["RDS DB Cluster Event", "CLUSTER", "db-cluster"],
            identifier: identifier.to_owned(),
            resource: format!("cluster:{identifier}"),
        }
    }

    /// A snapshot of a cluster.
    pub fn cluster_snapshot(identifier: &str) -> Self {
        Self {
            kind: [
                "RDS DB Cluster Snapshot Event",
                "CLUSTER_SNAPSHOT",
                "db-cluster-snapshot",
            ],
            identifier: identifier.to_owned(),
            resource: format!("cluster-snapshot:{identifier}"),
        }
    }

    /// A snapshot in an event that names what was restored from it instead, as `RDS-EVENT-0043` has been seen to do.
    #[must_use]
    pub fn named(self, identifier: &str) -> Self {
        Self {
            identifier: identifier.to_owned(),
            ..self
        }
    }
}

/// The event of a telling, for the bus and for `DescribeEvents`.
pub fn event(
    region: &str,
    subject: &Subject,
    (id, category, message): Telling,
    at: Timestamp,
) -> (Event, PastEvent) {
    let arn = arn("rds", region, &subject.resource);
    let [detail_type, source_type, kind] = subject.kind;
    let detail = json!({
        "EventCategories": [category],
        "SourceType": source_type,
        "SourceArn": arn,
        "Date": iso_milliseconds(at),
        "Message": message,
        "SourceIdentifier": subject.identifier,
        "EventID": id,
    });
    let event = Event {
        id: None,
        service: Service::Rds,
        detail_type: detail_type.into(),
        resources: vec![arn.clone()],
        time: at,
        detail,
    };
    let past = PastEvent {
        kind: kind.into(),
        identifier: subject.identifier.clone(),
        arn,
        categories: vec![category.into()],
        message,
        at,
    };
    (event, past)
}

/// What is told about a snapshot when it is begun, whole, deleted: the ids of manual and of automated ones
/// (RDS user guide, DB snapshot events; Aurora user guide, DB cluster snapshot events).
pub fn snapshot_telling(of: SnapshotOf, kind: SnapshotKind, step: SnapshotStep) -> Option<Telling> {
    use SnapshotKind::{Automated, Manual};
    use SnapshotOf::{Cluster, Instance};
    use SnapshotStep::{Begun, Deleted, Whole};
    let (id, category, message) = match (of, step, kind) {
        (Instance, Begun, Manual) => ("RDS-EVENT-0040", "creation", "Creating manual snapshot"),
        (Instance, Whole, Manual) => ("RDS-EVENT-0042", "creation", "Manual snapshot created"),
        (Instance, Deleted, Manual) => ("RDS-EVENT-0041", "deletion", "Deleted manual snapshot"),
        (Instance, Begun, Automated) => {
            ("RDS-EVENT-0090", "creation", "Creating automated snapshot")
        }
        (Instance, Whole, Automated) => {
            ("RDS-EVENT-0091", "creation", "Automated snapshot created")
        }
        (Cluster, Begun, Manual) => (
            "RDS-EVENT-0074",
            "backup",
            "Creating manual cluster snapshot",
        ),
        (Cluster, Whole, Manual) => (
            "RDS-EVENT-0075",
            "backup",
            "Manual cluster snapshot created",
        ),
        (Cluster, Begun, Automated) => (
            "RDS-EVENT-0168",
            "backup",
            "Creating automated cluster snapshot",
        ),
        (Cluster, Whole, Automated) => (
            "RDS-EVENT-0169",
            "backup",
            "Automated cluster snapshot created",
        ),
        (Instance, Deleted, Automated) | (Cluster, Deleted, _) => return None,
    };
    Some((id, category, message.to_owned()))
}

/// What a snapshot is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SnapshotOf {
    /// An instance.
    Instance,
    /// A cluster.
    Cluster,
}

/// A step in the life of a snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SnapshotStep {
    /// It is being taken.
    Begun,
    /// It can be restored.
    Whole,
    /// It is gone.
    Deleted,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_restore_is_told_as_in_the_user_guide() {
        let at = "2026-03-04T09:00:00Z".parse().unwrap();
        let telling = News::Restored {
            source: "src-db".into(),
            at,
        }
        .telling()
        .unwrap();
        let (event, past) = event(
            "eu-west-3",
            &Subject::instance("tmp-restore-42"),
            telling,
            "2026-03-04T10:11:12.345Z".parse().unwrap(),
        );
        assert_eq!(event.detail_type, "RDS DB Instance Event");
        let expected = json!({
            "EventCategories": ["restoration"], "SourceType": "DB_INSTANCE",
            "SourceArn": "arn:aws:rds:eu-west-3:000000000000:db:tmp-restore-42",
            "Date": "2026-03-04T10:11:12.345Z",
            "Message": "Restored from DB instance src-db to 2026-03-04 09:00:00",
            "SourceIdentifier": "tmp-restore-42", "EventID": "RDS-EVENT-0019",
        });
        assert_eq!(event.detail, expected);
        assert_eq!(event.resources, [past.arn]);
    }

    #[test]
    fn a_failed_restore_and_missing_capacity_have_no_event() {
        assert_eq!(News::Broken(Status::RestoreError).telling(), None);
        assert_eq!(News::Broken(Status::InsufficientCapacity).telling(), None);
        assert_eq!(
            News::Broken(Status::IncompatibleRestore)
                .telling()
                .unwrap()
                .0,
            "RDS-EVENT-0031"
        );
    }
}
