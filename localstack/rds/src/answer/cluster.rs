//! The XML of clusters, their snapshots and their automated backups.

use jiff::Timestamp;
use local_cloud_wire::arn::arn;
use local_cloud_wire::query::Xml;
use local_cloud_wire::time::iso_milliseconds;

use super::{AutomatedBackup, VPC, master_secret, restore_window, tag_list};
use crate::record::{ClusterChoices, DbCluster, Instance, Scaling, Snapshot, State};

/// The host of all servers here.
const HOST: &str = "localhost";

/// The context in which a cluster is described.
pub struct ClusterScene<'a> {
    /// The region.
    pub region: &'a str,
    /// Everything.
    pub state: &'a State,
    /// The latest restorable time while its server runs.
    pub latest: Option<Timestamp>,
}

/// `DBCluster`. The endpoints have their names from the beginning; they lead somewhere once the writer is available.
pub fn cluster(scene: &ClusterScene<'_>, one: &DbCluster) -> Xml {
    let choices = &one.choices;
    let name = format!("cluster:{}", one.identifier);
    let multi_az = choices.multi_az.as_ref();
    let xml = Xml::parent("DBCluster")
        .child(Xml::text("DBClusterIdentifier", &one.identifier))
        .child(Xml::text("DBClusterArn", arn("rds", scene.region, &name)))
        .child(Xml::text("DbClusterResourceId", &one.resource_id))
        .child(Xml::text("Engine", one.engine.name()))
        .child(Xml::text("EngineVersion", &one.engine_version))
        .child(Xml::text("EngineMode", "provisioned"))
        .optional("CloneGroupId", one.clone_group.as_deref())
        .child(Xml::text("Status", one.status))
        .child(Xml::text("Endpoint", HOST))
        .child(Xml::text("ReaderEndpoint", HOST))
        .child(Xml::text("Port", one.port))
        .child(Xml::text("HostedZoneId", "Z0LOCALCLOUD"))
        .child(Xml::text("MasterUsername", &one.master))
        .optional("DatabaseName", one.database.as_deref())
        .child(Xml::text("MultiAZ", is_multi_az(scene, one)))
        .child(zones(scene.region))
        .child(Xml::text(
            "AllocatedStorage",
            multi_az.map_or(1, |one| one.allocated_storage),
        ))
        .optional("DBClusterInstanceClass", multi_az.map(|one| &one.class))
        .child(Xml::text("StorageType", &choices.storage_type))
        .child(Xml::text("StorageEncrypted", choices.storage_encrypted))
        .optional("KmsKeyId", choices.kms_key.as_deref())
        .child(Xml::text("DeletionProtection", choices.deletion_protection))
        .child(Xml::text(
            "CopyTagsToSnapshot",
            choices.copy_tags_to_snapshot,
        ))
        .child(Xml::text(
            "IAMDatabaseAuthenticationEnabled",
            choices.iam_authentication,
        ))
        .child(Xml::text("BackupRetentionPeriod", choices.backup_retention))
        .child(Xml::text("PreferredBackupWindow", "03:00-03:30"))
        .child(Xml::text("DBSubnetGroup", &choices.subnet_group))
        .child(Xml::text(
            "DBClusterParameterGroup",
            &choices.parameter_group,
        ));
    attachments(scene, one, with_times(scene, one, xml))
}

fn with_times(scene: &ClusterScene<'_>, one: &DbCluster, xml: Xml) -> Xml {
    let window = one.window(scene.latest);
    xml.optional("ClusterCreateTime", one.created_at.map(iso_milliseconds))
        .optional(
            "EarliestRestorableTime",
            window.map(|window| iso_milliseconds(window.earliest)),
        )
        .optional(
            "LatestRestorableTime",
            window.map(|window| iso_milliseconds(window.latest)),
        )
}

fn attachments(scene: &ClusterScene<'_>, one: &DbCluster, xml: Xml) -> Xml {
    let choices = &one.choices;
    let security_groups = choices.security_groups.iter().map(|id| {
        Xml::parent("VpcSecurityGroupMembership")
            .child(Xml::text("VpcSecurityGroupId", id))
            .child(Xml::text("Status", "active"))
    });
    let members = scene.state.members(&one.identifier);
    let members = members.map(|instance| member(one, instance));
    let xml = xml
        .child(Xml::list("VpcSecurityGroups", security_groups))
        .child(Xml::list("DBClusterMembers", members))
        .child(tag_list(&one.tags));
    let xml = match &one.new_password {
        Some(password) if password.shown => xml.child(
            Xml::parent("PendingModifiedValues").child(Xml::text("MasterUserPassword", "****")),
        ),
        _ => xml,
    };
    let xml = match &one.managed_secret {
        Some(secret) => xml.child(master_secret(secret)),
        None => xml,
    };
    match &choices.scaling {
        Some(one) => xml.child(scaling(one)),
        None => xml,
    }
}

fn member(cluster: &DbCluster, instance: &Instance) -> Xml {
    let writes = cluster.writer.as_ref() == Some(&instance.identifier);
    let tier = instance.membership.as_ref().map_or(1, |one| one.tier);
    Xml::parent("DBClusterMember")
        .child(Xml::text("DBInstanceIdentifier", &instance.identifier))
        .child(Xml::text("IsClusterWriter", writes))
        .child(Xml::text("DBClusterParameterGroupStatus", "in-sync"))
        .child(Xml::text("PromotionTier", tier))
}

fn scaling(one: &Scaling) -> Xml {
    Xml::parent("ServerlessV2ScalingConfiguration")
        .child(Xml::text("MinCapacity", one.least))
        .child(Xml::text("MaxCapacity", one.most))
        .optional("SecondsUntilAutoPause", one.pause_after)
}

/// Whether the cluster has instances in more than one zone.
fn is_multi_az(scene: &ClusterScene<'_>, one: &DbCluster) -> bool {
    let zone = |instance: &&Instance| instance.choices.availability_zone.clone();
    let mut zones: Vec<String> = scene
        .state
        .members(&one.identifier)
        .map(|instance| zone(&instance))
        .collect();
    zones.sort();
    zones.dedup();
    zones.len() > 1
}

fn zones(region: &str) -> Xml {
    let zones =
        ["a", "b", "c"].map(|zone| Xml::text("AvailabilityZone", format!("{region}{zone}")));
    Xml::list("AvailabilityZones", zones)
}

/// `DBClusterSnapshot`.
pub fn cluster_snapshot(region: &str, one: &Snapshot<ClusterChoices>) -> Xml {
    let of = &one.portrait;
    let name = format!("cluster-snapshot:{}", one.identifier);
    let done = one.taken_at.is_some();
    Xml::parent("DBClusterSnapshot")
        .child(Xml::text("DBClusterSnapshotIdentifier", &one.identifier))
        .child(Xml::text("DBClusterSnapshotArn", arn("rds", region, &name)))
        .child(Xml::text("DBClusterIdentifier", &of.identifier))
        .child(Xml::text("DbClusterResourceId", &of.resource_id))
        .optional("SnapshotCreateTime", one.taken_at.map(iso_milliseconds))
        .optional("ClusterCreateTime", of.created_at.map(iso_milliseconds))
        .child(Xml::text("SnapshotType", one.kind))
        .child(Xml::text("Status", one.status))
        .child(Xml::text("PercentProgress", if done { 100 } else { 0 }))
        .child(Xml::text("Engine", of.engine.name()))
        .child(Xml::text("EngineMode", "provisioned"))
        .child(Xml::text("EngineVersion", &of.engine_version))
        .child(Xml::text("LicenseModel", "postgresql-license"))
        .child(Xml::text("AllocatedStorage", storage(&of.choices)))
        .child(Xml::text("StorageType", &of.choices.storage_type))
        .child(Xml::text("StorageEncrypted", of.choices.storage_encrypted))
        .optional("KmsKeyId", of.choices.kms_key.as_deref())
        .child(zones(region))
        .child(Xml::text("VpcId", VPC))
        .child(Xml::text("Port", of.port))
        .child(Xml::text("MasterUsername", &of.master))
        .child(Xml::text(
            "IAMDatabaseAuthenticationEnabled",
            of.choices.iam_authentication,
        ))
        .child(tag_list(&one.tags))
}

/// `DBClusterAutomatedBackup`.
pub fn cluster_backup(region: &str, one: &AutomatedBackup<ClusterChoices>) -> Xml {
    let of = &one.portrait;
    let backup = format!(
        "cluster-auto-backup:ab-{}",
        of.resource_id.to_ascii_lowercase()
    );
    let name = format!("cluster:{}", of.identifier);
    let xml = Xml::parent("DBClusterAutomatedBackup")
        .child(Xml::text("DBClusterIdentifier", &of.identifier))
        .child(Xml::text("DBClusterArn", arn("rds", region, &name)))
        .child(Xml::text(
            "DBClusterAutomatedBackupsArn",
            arn("rds", region, &backup),
        ))
        .child(Xml::text("DbClusterResourceId", &of.resource_id))
        .child(Xml::text("Region", region))
        .child(Xml::text("Engine", of.engine.name()))
        .child(Xml::text("EngineMode", "provisioned"))
        .child(Xml::text("EngineVersion", &of.engine_version))
        .child(Xml::text("MasterUsername", &of.master))
        .child(Xml::text("AllocatedStorage", storage(&of.choices)))
        .child(Xml::text("Status", one.status.name()))
        .child(Xml::text("Port", of.port))
        .child(Xml::text("VpcId", VPC))
        .child(Xml::text("StorageEncrypted", of.choices.storage_encrypted))
        .optional("KmsKeyId", of.choices.kms_key.as_deref())
        .child(Xml::text(
            "BackupRetentionPeriod",
            of.choices.backup_retention,
        ))
        .optional("ClusterCreateTime", of.created_at.map(iso_milliseconds))
        .child(tag_list(&one.tags));
    match one.window {
        None => xml,
        Some(window) => xml.child(restore_window(window)),
    }
}

fn storage(choices: &ClusterChoices) -> u32 {
    let multi_az = choices.multi_az.as_ref();
    multi_az.map_or(1, |one| one.allocated_storage)
}
