//! An instance.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Backup, Engine, Holder, ManagedSecret, Origin, Portrait, Tag};
use crate::status::Status;
use crate::window::Window;

/// A password of the master user that doesn't work yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewPassword {
    /// Its SCRAM verifier.
    pub verifier: String,
    /// Whether `PendingModifiedValues` still shows it.
    pub shown: bool,
}

/// What a customer chooses for an instance and may change later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choices {
    /// `DBInstanceClass`.
    pub class: String,
    /// `AllocatedStorage`, in GiB.
    pub allocated_storage: u32,
    /// `StorageType`.
    pub storage_type: String,
    /// `DBSubnetGroupName`.
    pub subnet_group: String,
    /// `VpcSecurityGroupIds`.
    pub security_groups: Vec<String>,
    /// `DBParameterGroupName`.
    pub parameter_group: String,
    /// `AvailabilityZone`.
    pub availability_zone: String,
    /// `MultiAZ`.
    pub multi_az: bool,
    /// `PubliclyAccessible`.
    pub publicly_accessible: bool,
    /// `StorageEncrypted`.
    pub storage_encrypted: bool,
    /// `KmsKeyId`.
    pub kms_key: Option<String>,
    /// `BackupRetentionPeriod`, in days; 0 turns automated backups off.
    pub backup_retention: u32,
    /// `DeletionProtection`.
    pub deletion_protection: bool,
    /// `EnableIAMDatabaseAuthentication`.
    pub iam_authentication: bool,
    /// `AutoMinorVersionUpgrade`.
    pub auto_minor_version_upgrade: bool,
    /// `CopyTagsToSnapshot`.
    pub copy_tags_to_snapshot: bool,
}

/// An instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instance {
    /// `DBInstanceIdentifier`.
    pub identifier: String,
    /// `DbiResourceId`.
    pub resource_id: String,
    /// `Engine`.
    #[serde(default)]
    pub engine: Engine,
    /// `EngineVersion`, that of the real server.
    pub engine_version: String,
    /// `MasterUsername`.
    pub master: String,
    /// `DBName`.
    pub database: Option<String>,
    /// The server's port.
    pub port: u16,
    /// `DBInstanceStatus`.
    pub status: Status,
    /// Whether `Endpoint` is shown.
    pub endpoint: bool,
    /// When it was asked for; not an answer's field.
    pub asked_at: Timestamp,
    /// `InstanceCreateTime`, once it is created.
    pub created_at: Option<Timestamp>,
    /// What the customer chose.
    pub choices: Choices,
    /// `TagList`.
    pub tags: Vec<Tag>,
    /// Its base backups.
    pub backups: Vec<Backup>,
    /// How it comes into being.
    pub origin: Origin,
    /// A password that doesn't work yet.
    pub new_password: Option<NewPassword>,
    /// The secret in which RDS keeps the master's password.
    #[serde(default)]
    pub managed_secret: Option<ManagedSecret>,
    /// What of its parameter group its server was started with and can't take later.
    #[serde(default)]
    pub started_with: BTreeMap<String, String>,
    /// The cluster that it is an instance of.
    #[serde(default)]
    pub membership: Option<Membership>,
}

/// What an instance of a cluster has more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Membership {
    /// `DBClusterIdentifier`.
    pub cluster: String,
    /// `PromotionTier`.
    pub tier: u32,
}

impl Instance {
    /// The restore window, given the latest time that the archive reaches.
    pub fn window(&self, latest: Option<Timestamp>) -> Option<Window> {
        if self.choices.backup_retention == 0 || self.membership.is_some() {
            return None;
        }
        super::window(&self.backups, latest)
    }

    /// Whose life it has; unless it is a cluster's, its server and data too.
    pub fn holder(&self) -> Holder {
        match self.membership {
            None => Holder::Instance(self.identifier.clone()),
            Some(_) => Holder::Member(self.identifier.clone()),
        }
    }

    /// The instance as its backups and snapshots will show it.
    pub fn portrait(&self) -> Portrait<Choices> {
        Portrait {
            identifier: self.identifier.clone(),
            resource_id: self.resource_id.clone(),
            engine: self.engine,
            engine_version: self.engine_version.clone(),
            master: self.master.clone(),
            database: self.database.clone(),
            port: self.port,
            created_at: self.created_at,
            choices: self.choices.clone(),
            tags: self.tags.clone(),
        }
    }
}
