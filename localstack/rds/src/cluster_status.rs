//! The statuses of a cluster and which may follow which (Aurora user guide, viewing DB cluster status).

use std::fmt;

use serde::{Deserialize, Serialize};

/// `Status` of a cluster, as far as this RDS has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClusterStatus {
    /// Being made or restored.
    Creating,
    /// Being restored from a snapshot.
    Migrating,
    /// Its snapshot is being taken.
    BackingUp,
    /// Ready, with or without instances.
    Available,
    /// The master's password is being changed.
    ResettingMasterCredentials,
    /// Being deleted.
    Deleting,
    /// A clone couldn't be made.
    CloningFailed,
    /// A restore failed.
    MigrationFailed,
    /// Its key can't be used.
    InaccessibleEncryptionCredentials,
}

impl ClusterStatus {
    /// The status of that name.
    pub fn parse(name: &str) -> Option<Self> {
        serde_json::from_value(name.into()).ok()
    }

    /// Whether the cluster is still coming into being.
    pub fn is_beginning(self) -> bool {
        matches!(self, Self::Creating | Self::Migrating)
    }

    /// Whether the cluster stays in this status until it is deleted.
    pub fn is_failure(self) -> bool {
        matches!(
            self,
            Self::CloningFailed | Self::MigrationFailed | Self::InaccessibleEncryptionCredentials
        )
    }

    /// Whether the next status may follow this one.
    pub fn may_become(self, next: Self) -> bool {
        use ClusterStatus::{
            Available, BackingUp, Creating, Deleting, Migrating, ResettingMasterCredentials,
        };
        match (self, next) {
            (Deleting, _) => false,
            (_, Deleting) => true,
            (Creating | Migrating | BackingUp | ResettingMasterCredentials, Available)
            | (Available, BackingUp | ResettingMasterCredentials) => true,
            (from, to) => !from.is_failure() && to.is_failure(),
        }
    }
}

impl fmt::Display for ClusterStatus {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(out)
    }
}

#[cfg(test)]
mod tests {
    use super::ClusterStatus::*;
    use super::*;

    #[test]
    fn a_status_is_written_and_read_as_aws_writes_it() {
        assert_eq!(CloningFailed.to_string(), "cloning-failed");
        let parsed = ClusterStatus::parse("migration-failed");
        assert_eq!(parsed, Some(MigrationFailed));
        assert_eq!(ClusterStatus::parse("restore-error"), None);
    }

    #[test]
    fn a_failed_cluster_can_only_be_deleted() {
        for failure in [CloningFailed, MigrationFailed] {
            assert!(Creating.may_become(failure) && failure.may_become(Deleting));
            assert!(!failure.may_become(Available));
        }
        assert!(!Deleting.may_become(Available));
    }
}
