//! The XML of instances, groups, backups and events (RDS API reference).

mod backup;
mod cluster;

use jiff::Timestamp;
use local_cloud_wire::arn::arn;
use local_cloud_wire::query::Xml;
use local_cloud_wire::time::iso_milliseconds;

use crate::actions::parameter_groups::Kind;
use crate::record::{Instance, ManagedSecret, ParameterGroup, PastEvent, State, SubnetGroup, Tag};
use crate::status::Status;

pub use backup::{AutomatedBackup, BackupStatus, automated_backup, restore_window, snapshot};
pub use cluster::{ClusterScene, cluster, cluster_backup, cluster_snapshot};

/// The default VPC of the local cloud, in which instances of no subnet group are.
pub const VPC: &str = "vpc-00000001";

/// The context in which an instance is described.
pub struct Scene<'a> {
    /// The region.
    pub region: &'a str,
    /// Everything.
    pub state: &'a State,
    /// The latest restorable time of this instance.
    pub latest: Option<Timestamp>,
}

/// `DBInstance`.
pub fn instance(scene: &Scene<'_>, one: &Instance) -> Xml {
    let choices = &one.choices;
    let arn = arn("rds", scene.region, &format!("db:{}", one.identifier));
    let xml = Xml::parent("DBInstance")
        .child(Xml::text("DBInstanceIdentifier", &one.identifier))
        .child(Xml::text("DBInstanceArn", arn))
        .child(Xml::text("DbiResourceId", &one.resource_id))
        .child(Xml::text("DBInstanceClass", &choices.class))
        .child(Xml::text("Engine", one.engine.name()))
        .child(Xml::text("EngineVersion", &one.engine_version))
        .child(Xml::text("DBInstanceStatus", one.status))
        .child(Xml::text("MasterUsername", &one.master))
        .optional("DBName", one.database.as_deref())
        .optional(
            "DBClusterIdentifier",
            one.membership.as_ref().map(|of| &of.cluster),
        )
        .optional("PromotionTier", one.membership.as_ref().map(|of| of.tier))
        .child(Xml::text("AllocatedStorage", choices.allocated_storage))
        .child(Xml::text("StorageType", &choices.storage_type))
        .child(Xml::text("StorageEncrypted", choices.storage_encrypted))
        .optional("KmsKeyId", choices.kms_key.as_deref())
        .child(Xml::text("MultiAZ", choices.multi_az))
        .child(Xml::text("AvailabilityZone", &choices.availability_zone))
        .optional(
            "SecondaryAvailabilityZone",
            choices
                .multi_az
                .then(|| secondary_zone(&choices.availability_zone)),
        )
        .child(Xml::text("PubliclyAccessible", choices.publicly_accessible))
        .child(Xml::text(
            "AutoMinorVersionUpgrade",
            choices.auto_minor_version_upgrade,
        ))
        .child(Xml::text(
            "CopyTagsToSnapshot",
            choices.copy_tags_to_snapshot,
        ))
        .child(Xml::text("DeletionProtection", choices.deletion_protection))
        .child(Xml::text(
            "IAMDatabaseAuthenticationEnabled",
            choices.iam_authentication,
        ))
        .child(Xml::text("BackupRetentionPeriod", choices.backup_retention))
        .child(Xml::text("PreferredBackupWindow", "03:00-03:30"))
        .child(Xml::text(
            "PreferredMaintenanceWindow",
            "sun:04:00-sun:04:30",
        ))
        .child(Xml::text("CACertificateIdentifier", "local-cloud-ca"))
        .child(Xml::text("LicenseModel", "postgresql-license"))
        .child(Xml::text("MonitoringInterval", 0))
        .child(Xml::text("DbInstancePort", 0));
    let xml = xml
        .optional("InstanceCreateTime", one.created_at.map(iso_milliseconds))
        .optional(
            "LatestRestorableTime",
            one.window(scene.latest)
                .map(|window| iso_milliseconds(window.latest)),
        );
    attachments(scene, one, xml)
}

/// The zone of a Multi-AZ instance's standby.
fn secondary_zone(primary: &str) -> String {
    let (region, letter) = primary.split_at(primary.len().saturating_sub(1));
    format!("{region}{}", if letter == "a" { "b" } else { "a" })
}

fn attachments(scene: &Scene<'_>, one: &Instance, xml: Xml) -> Xml {
    let choices = &one.choices;
    let security_groups = choices.security_groups.iter().map(|id| {
        Xml::parent("VpcSecurityGroupMembership")
            .child(Xml::text("VpcSecurityGroupId", id))
            .child(Xml::text("Status", "active"))
    });
    let parameters = Xml::parent("DBParameterGroup")
        .child(Xml::text("DBParameterGroupName", &choices.parameter_group))
        .child(Xml::text("ParameterApplyStatus", apply_status(scene, one)));
    let known = scene.state.subnet_groups.get(&choices.subnet_group);
    let pending = Xml::parent("PendingModifiedValues");
    let pending = match &one.new_password {
        Some(password) if password.shown => pending.child(Xml::text("MasterUserPassword", "****")),
        _ => pending,
    };
    let xml = xml
        .child(Xml::list("VpcSecurityGroups", security_groups))
        .child(Xml::list("DBParameterGroups", [parameters]))
        .child(subnet_group(scene.region, &choices.subnet_group, known))
        .child(pending)
        .child(tag_list(&one.tags));
    let xml = match &one.managed_secret {
        Some(secret) => xml.child(master_secret(secret)),
        None => xml,
    };
    if !one.endpoint {
        return xml;
    }
    let endpoint = Xml::parent("Endpoint")
        .child(Xml::text("Address", "localhost"))
        .child(Xml::text("Port", one.port))
        .child(Xml::text("HostedZoneId", "Z0LOCALCLOUD"));
    xml.child(endpoint)
}

/// Whether the server still has to be started anew for what its group says.
fn apply_status(scene: &Scene<'_>, one: &Instance) -> &'static str {
    let group = scene
        .state
        .parameter_groups
        .get(&one.choices.parameter_group);
    let wanted = group
        .map(ParameterGroup::values_at_start)
        .unwrap_or_default();
    if one.status == Status::Creating || wanted == one.started_with {
        "in-sync"
    } else {
        "pending-reboot"
    }
}

/// `MasterUserSecret`.
pub fn master_secret(secret: &ManagedSecret) -> Xml {
    Xml::parent("MasterUserSecret")
        .child(Xml::text("SecretArn", &secret.arn))
        .child(Xml::text("SecretStatus", secret.status))
        .child(Xml::text("KmsKeyId", &secret.key))
}

/// `TagList`.
pub fn tag_list(tags: &[Tag]) -> Xml {
    let one = |tag: &Tag| {
        Xml::parent("Tag")
            .child(Xml::text("Key", &tag.key))
            .child(Xml::text("Value", &tag.value))
    };
    Xml::list("TagList", tags.iter().map(one))
}

/// `DBSubnetGroup`; without a group, the account's default one.
pub fn subnet_group(region: &str, name: &str, group: Option<&SubnetGroup>) -> Xml {
    let subnets = group
        .map(|group| group.subnets.as_slice())
        .unwrap_or_default();
    let zones = ["a", "b", "c"].iter().cycle();
    let subnets = subnets.iter().zip(zones).map(|(id, zone)| {
        Xml::parent("Subnet")
            .child(Xml::text("SubnetIdentifier", id))
            .child(
                Xml::parent("SubnetAvailabilityZone")
                    .child(Xml::text("Name", format!("{region}{zone}"))),
            )
            .child(Xml::text("SubnetStatus", "Active"))
    });
    Xml::parent("DBSubnetGroup")
        .child(Xml::text("DBSubnetGroupName", name))
        .child(Xml::text(
            "DBSubnetGroupDescription",
            group.map_or("default", |group| &group.description),
        ))
        .child(Xml::text(
            "DBSubnetGroupArn",
            arn("rds", region, &format!("subgrp:{name}")),
        ))
        .child(Xml::text("VpcId", group.map_or(VPC, |group| &group.vpc)))
        .child(Xml::text("SubnetGroupStatus", "Complete"))
        .child(Xml::list("Subnets", subnets))
}

/// `DBParameterGroup` or `DBClusterParameterGroup`.
pub fn parameter_group(region: &str, kind: Kind, name: &str, group: &ParameterGroup) -> Xml {
    Xml::parent(kind.element())
        .child(Xml::text(kind.name(), name))
        .child(Xml::text("DBParameterGroupFamily", &group.family))
        .child(Xml::text("Description", &group.description))
        .child(Xml::text(
            &format!("{}Arn", kind.element()),
            arn("rds", region, &format!("{}:{name}", kind.resource())),
        ))
}

/// `Event`.
pub fn past_event(one: &PastEvent) -> Xml {
    let categories = one
        .categories
        .iter()
        .map(|category| Xml::text("EventCategory", category));
    Xml::parent("Event")
        .child(Xml::text("SourceIdentifier", &one.identifier))
        .child(Xml::text("SourceType", &one.kind))
        .child(Xml::text("Message", &one.message))
        .child(Xml::list("EventCategories", categories))
        .child(Xml::text("Date", iso_milliseconds(one.at)))
        .child(Xml::text("SourceArn", &one.arn))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::choices::choices_of_new;
    use crate::record::{Backup, Engine, NewPassword, Origin};
    use local_cloud_wire::query::Form;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn sample() -> Instance {
        let form = Form::decode(b"DBInstanceClass=db.t3.micro&VpcSecurityGroupIds.member.1=sg-1");
        Instance {
            identifier: "a".into(),
            resource_id: "db-A".into(),
            engine: Engine::Postgres,
            engine_version: "15.14".into(),
            master: "master".into(),
            database: None,
            port: 15432,
            status: Status::Creating,
            endpoint: false,
            asked_at: Timestamp::UNIX_EPOCH,
            created_at: None,
            choices: choices_of_new(&form, "eu-west-3", 15).unwrap(),
            tags: vec![Tag {
                key: "k".into(),
                value: "<&>".into(),
            }],
            backups: Vec::new(),
            origin: Origin::New {
                verifier: "SCRAM-SHA-256$secret".into(),
            },
            new_password: None,
            managed_secret: None,
            started_with: std::collections::BTreeMap::new(),
            membership: None,
        }
    }

    fn shown(one: &Instance, latest: Option<Timestamp>) -> String {
        let state = State::default();
        instance(
            &Scene {
                region: "eu-west-3",
                state: &state,
                latest,
            },
            one,
        )
        .to_string()
    }

    #[test]
    fn an_instance_in_creation_has_no_endpoint_no_creation_time_and_no_restorable_time() {
        let xml = shown(&sample(), None);
        assert!(
            xml.contains("<DBInstanceStatus>creating</DBInstanceStatus>"),
            "{xml}"
        );
        for hidden in [
            "<Endpoint>",
            "InstanceCreateTime",
            "LatestRestorableTime",
            "DBName",
        ] {
            assert!(!xml.contains(hidden), "{hidden} in {xml}");
        }
    }

    #[test]
    fn lists_have_the_element_names_of_the_api_and_texts_are_escaped() {
        let xml = shown(&sample(), None);
        assert!(
            xml.contains("<TagList><Tag><Key>k</Key><Value>&lt;&amp;&gt;</Value></Tag></TagList>"),
            "{xml}"
        );
        assert!(
            xml.contains(
                "<VpcSecurityGroups><VpcSecurityGroupMembership><VpcSecurityGroupId>sg-1<"
            ),
            "{xml}"
        );
        assert!(
            xml.contains(
                "<DBParameterGroups><DBParameterGroup><DBParameterGroupName>default.postgres15<"
            ),
            "{xml}"
        );
    }

    #[test]
    fn a_pending_password_is_starred_and_no_verifier_is_ever_shown() {
        let mut one = sample();
        one.new_password = Some(NewPassword {
            verifier: "SCRAM-SHA-256$other".into(),
            shown: true,
        });
        let xml = shown(&one, None);
        assert!(xml.contains("<PendingModifiedValues><MasterUserPassword>****</MasterUserPassword></PendingModifiedValues>"), "{xml}");
        assert!(!xml.contains("SCRAM"), "{xml}");
    }

    #[test]
    fn the_window_is_shown_once_it_exists() {
        let mut one = sample();
        one.endpoint = true;
        one.backups.push(Backup {
            name: "first".into(),
            ended_at: at("2026-03-04T10:00:00Z"),
        });
        let latest = Some(at("2026-03-04T11:00:00Z"));
        let xml = shown(&one, latest);
        assert!(
            xml.contains("<LatestRestorableTime>2026-03-04T11:00:00.000Z</LatestRestorableTime>"),
            "{xml}"
        );
        assert!(
            xml.contains("<Endpoint><Address>localhost</Address><Port>15432</Port>"),
            "{xml}"
        );
        let backup = AutomatedBackup {
            portrait: one.portrait(),
            window: one.window(latest),
            status: BackupStatus::Active,
            tags: Vec::new(),
        };
        let backup = automated_backup("eu-west-3", &backup).to_string();
        let window = "<RestoreWindow><EarliestTime>2026-03-04T10:00:00.000Z</EarliestTime><LatestTime>2026-03-04T11:00:00.000Z</LatestTime></RestoreWindow>";
        assert!(backup.contains(window), "{backup}");
        one.choices.backup_retention = 0;
        assert!(!shown(&one, latest).contains("LatestRestorableTime"));
    }
}
