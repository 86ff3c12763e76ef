//! What is known about instances and groups, and kept over restarts.

use std::collections::{BTreeMap, VecDeque};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::status::Status;
use crate::window::{Window, newest_usable};

/// A tag.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tag {
    /// Its key.
    pub key: String,
    /// Its value, which may be empty.
    pub value: String,
}

/// A base backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backup {
    /// The name of its folder.
    pub name: String,
    /// When it ended: recovery can reach every later time.
    pub ended_at: Timestamp,
}

/// How an instance comes into being; enough to do it again if the server stops in between.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// New and empty.
    New {
        /// The SCRAM verifier of the master's password.
        verifier: String,
    },
    /// Restored.
    PointInTime {
        /// The source's identifier.
        source: String,
        /// The time.
        at: Timestamp,
    },
}

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
}

impl Instance {
    /// The restore window, given the latest time that the archive reaches.
    pub fn window(&self, latest: Option<Timestamp>) -> Option<Window> {
        if self.choices.backup_retention == 0 {
            return None;
        }
        Window::new(
            self.backups.iter().map(|backup| backup.ended_at).min(),
            latest,
        )
    }

    /// The base backup from which recovery to that time starts.
    pub fn backup_for(&self, target: Timestamp) -> Option<&Backup> {
        let end = newest_usable(self.backups.iter().map(|backup| backup.ended_at), target)?;
        self.backups.iter().find(|backup| backup.ended_at == end)
    }
}

/// A subnet group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubnetGroup {
    /// Its description.
    pub description: String,
    /// The ids of its subnets.
    pub subnets: Vec<String>,
    /// Its tags.
    pub tags: Vec<Tag>,
}

/// A parameter group. Its parameters aren't kept: servers run with the local cloud's settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParameterGroup {
    /// For example `postgres15`.
    pub family: String,
    /// Its description.
    pub description: String,
    /// Its tags.
    pub tags: Vec<Tag>,
}

/// An event that was sent, as `DescribeEvents` tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PastEvent {
    /// The instance's identifier.
    pub identifier: String,
    /// The instance's ARN.
    pub arn: String,
    /// Its categories.
    pub categories: Vec<String>,
    /// Its text.
    pub message: String,
    /// When.
    pub at: Timestamp,
}

/// How many events are kept; AWS keeps them for 14 days.
const KEPT_EVENTS: usize = 2000;

/// Everything that is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// The instances by identifier.
    pub instances: BTreeMap<String, Instance>,
    /// The subnet groups by name.
    pub subnet_groups: BTreeMap<String, SubnetGroup>,
    /// The parameter groups by name.
    pub parameter_groups: BTreeMap<String, ParameterGroup>,
    /// The events, oldest first.
    pub events: VecDeque<PastEvent>,
}

impl State {
    /// Keeps an event.
    pub fn remember(&mut self, event: PastEvent) {
        if self.events.len() == KEPT_EVENTS {
            self.events.pop_front();
        }
        self.events.push_back(event);
    }
}
