//! What a temporary database is made from.

use jiff::Timestamp;

/// Whose automated backups are restored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Backups {
    /// Those of an instance or cluster that is there, by its identifier.
    Of(String),
    /// Retained ones of one that was deleted, by its resource id.
    RetainedOf(String),
}

impl std::fmt::Display for Backups {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Of(name) => f.write_str(name),
            Self::RetainedOf(id) => write!(f, "the retained backups of {id}"),
        }
    }
}

/// What an instance is made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DatabaseOrigin {
    /// `RestoreDBInstanceToPointInTime`.
    PointInTime {
        /// Whose backups.
        backups: Backups,
        /// The instant.
        at: Timestamp,
    },
    /// `RestoreDBInstanceFromDBSnapshot`.
    Snapshot {
        /// Its name or ARN.
        id: String,
    },
}

impl std::fmt::Display for DatabaseOrigin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::PointInTime { backups, at } => write!(f, "{backups} to {at}"),
            Self::Snapshot { id } => write!(f, "snapshot {id}"),
        }
    }
}

/// What a cluster is made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClusterOrigin {
    /// `RestoreDBClusterToPointInTime`, a full copy.
    PointInTime {
        /// Whose backups.
        backups: Backups,
        /// The instant.
        at: Timestamp,
    },
    /// `RestoreDBClusterToPointInTime`, copy-on-write: it takes no instant but now, and no deleted source (RDS API
    /// reference).
    Clone {
        /// The cluster.
        source: String,
    },
    /// `RestoreDBClusterFromSnapshot`.
    Snapshot {
        /// Its name or ARN.
        id: String,
    },
}

impl std::fmt::Display for ClusterOrigin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::PointInTime { backups, at } => write!(f, "{backups} to {at}"),
            Self::Clone { source } => write!(f, "{source} as it is now, a clone,"),
            Self::Snapshot { id } => write!(f, "snapshot {id}"),
        }
    }
}
