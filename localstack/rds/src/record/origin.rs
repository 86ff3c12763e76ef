//! Where an instance's or cluster's first data come from.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// How an instance or cluster comes into being; enough to do it again if the server stops in between.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// New and empty.
    New {
        /// The SCRAM verifier of the master's password.
        verifier: String,
    },
    /// Restored from automated backups.
    PointInTime {
        /// The source's identifier.
        source: String,
        /// The source's resource id, under which its backups are.
        resource_id: String,
        /// The base backup that recovery starts from.
        backup: String,
        /// The time.
        at: Timestamp,
    },
    /// Restored from a snapshot.
    Snapshot {
        /// The snapshot's identifier.
        snapshot: String,
        /// Its files.
        files: Files,
    },
    /// A clone of what a cluster holds now.
    Clone {
        /// The source's identifier.
        source: String,
    },
}

/// Where a snapshot's files are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Files {
    /// A folder of its own.
    Own(String),
    /// A base backup of its source: an automated snapshot.
    Backup {
        /// The source's resource id.
        resource_id: String,
        /// The backup's name.
        name: String,
    },
}

impl Origin {
    /// Whether the data are copied from the automated backups under that resource id.
    pub fn reads_backups_of(&self, wanted: &str) -> bool {
        match self {
            Self::PointInTime { resource_id, .. } => resource_id == wanted,
            Self::Snapshot { files, .. } => files.are_backups_of(wanted),
            Self::New { .. } | Self::Clone { .. } => false,
        }
    }
}

impl Files {
    /// Whether these are automated backups under that resource id.
    pub fn are_backups_of(&self, wanted: &str) -> bool {
        matches!(self, Self::Backup { resource_id, .. } if resource_id == wanted)
    }
}
