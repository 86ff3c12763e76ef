//! The statuses of an instance and which may follow which (RDS user guide, viewing DB instance status).

use std::fmt;

use serde::{Deserialize, Serialize};

/// `DBInstanceStatus`, as far as this RDS has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Being made or restored.
    Creating,
    /// Taking its first backup.
    BackingUp,
    /// Ready.
    Available,
    /// The master's password is being changed.
    ResettingMasterCredentials,
    /// Being deleted.
    Deleting,
    /// Can't be recovered.
    Failed,
    /// A restore failed.
    RestoreError,
    /// A restore failed because source and parameters don't fit.
    IncompatibleRestore,
    /// No place in its subnets.
    IncompatibleNetwork,
    /// Its parameters don't fit.
    IncompatibleParameters,
    /// Its storage is full.
    StorageFull,
    /// AWS has no such instance to give.
    InsufficientCapacity,
    /// Its options don't fit.
    IncompatibleOptionGroup,
    /// It can't be created as it was asked for.
    IncompatibleCreate,
    /// Its key can't be used.
    InaccessibleEncryptionCredentials,
}

impl Status {
    /// The status of that name.
    pub fn parse(name: &str) -> Option<Self> {
        serde_json::from_value(name.into()).ok()
    }

    /// Whether the instance stays in this status until it is deleted.
    pub fn is_failure(self) -> bool {
        use Status::{Available, BackingUp, Creating, Deleting, ResettingMasterCredentials};
        !matches!(
            self,
            Creating | BackingUp | Available | ResettingMasterCredentials | Deleting
        )
    }

    /// Whether the server behind the instance runs in this status.
    pub fn is_running(self) -> bool {
        matches!(
            self,
            Self::BackingUp | Self::Available | Self::ResettingMasterCredentials
        )
    }

    /// Whether the next status may follow this one.
    pub fn may_become(self, next: Self) -> bool {
        use Status::{Available, BackingUp, Creating, Deleting, ResettingMasterCredentials};
        match (self, next) {
            (Deleting, _) => false,
            (_, Deleting) => true,
            (Creating, BackingUp | Available)
            | (BackingUp, Available)
            | (Available, ResettingMasterCredentials)
            | (ResettingMasterCredentials, Available) => true,
            (from, to) => !from.is_failure() && to.is_failure(),
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Status::*;

    #[test]
    fn a_status_is_written_and_read_as_aws_writes_it() {
        assert_eq!(
            ResettingMasterCredentials.to_string(),
            "resetting-master-credentials"
        );
        assert_eq!(
            Status::parse("incompatible-restore"),
            Some(IncompatibleRestore)
        );
        assert_eq!(Status::parse("Available"), None);
    }

    #[test]
    fn an_instance_is_backed_up_at_most_once_before_it_is_available() {
        assert!(Creating.may_become(BackingUp) && Creating.may_become(Available));
        assert!(BackingUp.may_become(Available) && !Available.may_become(Creating));
    }

    #[test]
    fn every_status_may_become_deleting_and_deleting_becomes_nothing() {
        for status in [Creating, Available, RestoreError, StorageFull] {
            assert!(status.may_become(Deleting) && !Deleting.may_become(status));
        }
        assert!(!Deleting.may_become(Deleting));
    }

    #[test]
    fn a_failed_instance_never_recovers() {
        for failure in [Failed, RestoreError, IncompatibleRestore, StorageFull] {
            assert!(
                Creating.may_become(failure)
                    && !failure.may_become(Available)
                    && !failure.may_become(Failed)
            );
        }
    }
}
