//! The XML of snapshots and automated backups.

use local_cloud_wire::arn::arn;
use local_cloud_wire::query::Xml;
use local_cloud_wire::time::iso_milliseconds;

use super::{VPC, tag_list};
use crate::record::{Choices, Portrait, Snapshot, Tag};
use crate::window::Window;

/// Automated backups, as they are described.
pub struct AutomatedBackup<C> {
    /// What they are of.
    pub portrait: Portrait<C>,
    /// The restore window, once there is one.
    pub window: Option<Window>,
    /// `Status`.
    pub status: BackupStatus,
    /// `TagList`.
    pub tags: Vec<Tag>,
}

/// `Status` of automated backups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BackupStatus {
    /// Nothing can be restored yet.
    Creating,
    /// Of a present instance.
    Active,
    /// Of a deleted one.
    Retained,
}

impl BackupStatus {
    /// Of something present that can be restored within that window.
    pub fn of(window: Option<Window>) -> Self {
        match window {
            Some(_) => Self::Active,
            None => Self::Creating,
        }
    }

    /// The name in answers and filters.
    pub fn name(self) -> &'static str {
        match self {
            Self::Creating => "creating",
            Self::Active => "active",
            Self::Retained => "retained",
        }
    }
}

/// `DBInstanceAutomatedBackup`.
pub fn automated_backup(region: &str, one: &AutomatedBackup<Choices>) -> Xml {
    let portrait = &one.portrait;
    let choices = &portrait.choices;
    let name = format!(
        "auto-backup:ab-{}",
        portrait.resource_id.to_ascii_lowercase()
    );
    let xml = Xml::parent("DBInstanceAutomatedBackup")
        .child(Xml::text("DBInstanceIdentifier", &portrait.identifier))
        .child(Xml::text(
            "DBInstanceArn",
            arn("rds", region, &format!("db:{}", portrait.identifier)),
        ))
        .child(Xml::text(
            "DBInstanceAutomatedBackupsArn",
            arn("rds", region, &name),
        ))
        .child(Xml::text("DbiResourceId", &portrait.resource_id))
        .child(Xml::text("Region", region))
        .child(Xml::text("Engine", portrait.engine.name()))
        .child(Xml::text("EngineVersion", &portrait.engine_version))
        .child(Xml::text("MasterUsername", &portrait.master))
        .child(Xml::text("AllocatedStorage", choices.allocated_storage))
        .child(Xml::text("StorageType", &choices.storage_type))
        .child(Xml::text("Status", one.status.name()))
        .child(Xml::text("Port", portrait.port))
        .child(Xml::text("AvailabilityZone", &choices.availability_zone))
        .child(Xml::text("VpcId", VPC))
        .child(Xml::text("Encrypted", choices.storage_encrypted))
        .optional("KmsKeyId", choices.kms_key.as_deref())
        .child(Xml::text("BackupRetentionPeriod", choices.backup_retention))
        .optional(
            "InstanceCreateTime",
            portrait.created_at.map(iso_milliseconds),
        )
        .child(tag_list(&one.tags));
    match one.window {
        None => xml,
        Some(window) => xml.child(restore_window(window)),
    }
}

/// `RestoreWindow`.
pub fn restore_window(window: Window) -> Xml {
    Xml::parent("RestoreWindow")
        .child(Xml::text("EarliestTime", iso_milliseconds(window.earliest)))
        .child(Xml::text("LatestTime", iso_milliseconds(window.latest)))
}

/// `DBSnapshot`.
pub fn snapshot(region: &str, one: &Snapshot<Choices>) -> Xml {
    let portrait = &one.portrait;
    let choices = &portrait.choices;
    let taken = one.taken_at.map(iso_milliseconds);
    Xml::parent("DBSnapshot")
        .child(Xml::text("DBSnapshotIdentifier", &one.identifier))
        .child(Xml::text(
            "DBSnapshotArn",
            arn("rds", region, &format!("snapshot:{}", one.identifier)),
        ))
        .child(Xml::text("DBInstanceIdentifier", &portrait.identifier))
        .child(Xml::text("DbiResourceId", &portrait.resource_id))
        .optional("SnapshotCreateTime", taken.as_deref())
        .optional("OriginalSnapshotCreateTime", taken.as_deref())
        .child(Xml::text("SnapshotType", one.kind))
        .child(Xml::text("Status", one.status))
        .child(Xml::text(
            "PercentProgress",
            if taken.is_some() { 100 } else { 0 },
        ))
        .child(Xml::text("Engine", portrait.engine.name()))
        .child(Xml::text("EngineVersion", &portrait.engine_version))
        .child(Xml::text("LicenseModel", "postgresql-license"))
        .child(Xml::text("AllocatedStorage", choices.allocated_storage))
        .child(Xml::text("StorageType", &choices.storage_type))
        .child(Xml::text("AvailabilityZone", &choices.availability_zone))
        .child(Xml::text("VpcId", VPC))
        .child(Xml::text("Port", portrait.port))
        .child(Xml::text("MasterUsername", &portrait.master))
        .child(Xml::text("Encrypted", choices.storage_encrypted))
        .optional("KmsKeyId", choices.kms_key.as_deref())
        .child(Xml::text(
            "IAMDatabaseAuthenticationEnabled",
            choices.iam_authentication,
        ))
        .optional(
            "InstanceCreateTime",
            portrait.created_at.map(iso_milliseconds),
        )
        .child(tag_list(&one.tags))
}
