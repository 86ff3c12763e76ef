//! A cluster: what holds the data that its instances serve.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Backup, Engine, Holder, ManagedSecret, NewPassword, Origin, Portrait, Tag};
use crate::cluster_status::ClusterStatus;
use crate::window::Window;

/// What a customer chooses for a cluster and may change later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClusterChoices {
    /// `DBSubnetGroupName`.
    pub subnet_group: String,
    /// `VpcSecurityGroupIds`.
    pub security_groups: Vec<String>,
    /// `DBClusterParameterGroupName`.
    pub parameter_group: String,
    /// `StorageType`.
    pub storage_type: String,
    /// `StorageEncrypted`.
    pub storage_encrypted: bool,
    /// `KmsKeyId`.
    pub kms_key: Option<String>,
    /// `BackupRetentionPeriod`, in days; never 0.
    pub backup_retention: u32,
    /// `DeletionProtection`.
    pub deletion_protection: bool,
    /// `EnableIAMDatabaseAuthentication`.
    pub iam_authentication: bool,
    /// `CopyTagsToSnapshot`.
    pub copy_tags_to_snapshot: bool,
    /// `ServerlessV2ScalingConfiguration`.
    pub scaling: Option<Scaling>,
    /// What only a Multi-AZ DB cluster has.
    pub multi_az: Option<MultiAz>,
}

/// `ServerlessV2ScalingConfiguration`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scaling {
    /// `MinCapacity`.
    pub least: Capacity,
    /// `MaxCapacity`.
    pub most: Capacity,
    /// `SecondsUntilAutoPause`, for a least capacity of 0.
    pub pause_after: Option<u32>,
}

/// Aurora capacity units, in halves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Capacity(pub u32);

impl fmt::Display for Capacity {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}.{}", self.0 / 2, self.0 % 2 * 5)
    }
}

/// The instances that a Multi-AZ DB cluster makes by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MultiAz {
    /// `DBClusterInstanceClass`.
    pub class: String,
    /// `AllocatedStorage`, in GiB.
    pub allocated_storage: u32,
}

/// A cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DbCluster {
    /// `DBClusterIdentifier`.
    pub identifier: String,
    /// `DbClusterResourceId`.
    pub resource_id: String,
    /// `Engine`.
    pub engine: Engine,
    /// `EngineVersion`, that of the real server.
    pub engine_version: String,
    /// `CloneGroupId`: shared by a cluster and its clones, and kept when they are gone (RDS API reference, DBCluster).
    #[serde(default)]
    pub clone_group: Option<String>,
    /// `MasterUsername`.
    pub master: String,
    /// `DatabaseName`.
    pub database: Option<String>,
    /// `Port`, that of its instances too.
    pub port: u16,
    /// `Status`.
    pub status: ClusterStatus,
    /// When it was asked for; not an answer's field.
    pub asked_at: Timestamp,
    /// `ClusterCreateTime`, once it is created.
    pub created_at: Option<Timestamp>,
    /// What the customer chose.
    pub choices: ClusterChoices,
    /// `TagList`.
    pub tags: Vec<Tag>,
    /// Its base backups.
    pub backups: Vec<Backup>,
    /// The latest restorable time when its server last ended.
    pub latest: Option<Timestamp>,
    /// How it comes into being.
    pub origin: Origin,
    /// A password that doesn't work yet.
    pub new_password: Option<NewPassword>,
    /// The secret in which RDS keeps the master's password.
    #[serde(default)]
    pub managed_secret: Option<ManagedSecret>,
    /// The identifier of the instance that writes.
    pub writer: Option<String>,
}

impl DbCluster {
    /// Whose server and data it has: its own.
    pub fn holder(&self) -> Holder {
        Holder::Cluster(self.identifier.clone())
    }

    /// The restore window, given the latest time that the archive reaches while a server runs.
    pub fn window(&self, latest: Option<Timestamp>) -> Option<Window> {
        super::window(&self.backups, latest.max(self.latest))
    }

    /// The cluster as its backups and snapshots will show it.
    pub fn portrait(&self) -> Portrait<ClusterChoices> {
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
