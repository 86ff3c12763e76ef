//! Phase 2 in AWS: the temporary DB instance.

use aws_sdk_rds::primitives::DateTime;
use aws_sdk_rds::types::{DbClusterMember, DbInstance, Tag};
use jiff::Timestamp;
use tenant_restore_core::effect::Learned;
use tenant_restore_core::error::ErrorKind;
use tenant_restore_core::origin::{Backups, DatabaseOrigin};
use tenant_restore_core::restore::Restore;
use tenant_restore_core::sight::DatabaseSight;
use tenant_restore_core::source_kind::Storage;
use tenant_restore_core::status::is_deleting;

use super::clusters::cluster_sight;
use crate::engine::Engine;
use crate::fault::{Fault, fault};
use crate::placement::Place;

/// What a decision sees of a DB instance.
pub fn sight(database: &DbInstance) -> DatabaseSight {
    let endpoint = database.endpoint().and_then(|endpoint| {
        let port = endpoint.port().and_then(|port| u16::try_from(port).ok())?;
        Some((endpoint.address()?.to_owned(), port))
    });
    let pending = database.pending_modified_values();
    DatabaseSight {
        status: database
            .db_instance_status()
            .unwrap_or_default()
            .to_ascii_lowercase(),
        endpoint,
        unapplied: database
            .db_parameter_groups()
            .iter()
            .find_map(|group| unapplied(group.parameter_apply_status())),
        password_pending: pending.is_some_and(|values| values.master_user_password().is_some()),
    }
}

/// A status of parameters (RDS API reference, DBParameterGroupStatus), unless they are in force.
fn unapplied(status: Option<&str>) -> Option<String> {
    status
        .filter(|status| *status != "in-sync")
        .map(str::to_owned)
}

/// An instance to restore.
pub struct Wanted<'a> {
    /// Its name.
    pub name: &'a str,
    /// From what.
    pub origin: &'a DatabaseOrigin,
    /// Its parameter group.
    pub parameter_group: Option<&'a str>,
    /// Its storage, where it must be asked for.
    pub storage: Option<&'a Storage>,
    /// The first place to try.
    pub first_place: u32,
}

impl Engine {
    /// Looks at a DB instance.
    pub async fn describe_database(&self, name: &str) -> Result<Option<DbInstance>, Fault> {
        let request = self
            .clients
            .rds
            .describe_db_instances()
            .db_instance_identifier(name);
        match request
            .send()
            .await
            .map_err(fault(&format!("describe the DB instance {name}")))
        {
            Ok(answer) => Ok(answer.db_instances.unwrap_or_default().into_iter().next()),
            Err(fault) if fault.is(&["DBInstanceNotFound"]) => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    /// What a decision sees of a DB instance. The master password of a cluster's member is the cluster's.
    pub async fn database_sight(&self, database: &DbInstance) -> Result<DatabaseSight, Fault> {
        let mut seen = sight(database);
        if let Some(cluster) = database.db_cluster_identifier()
            && let Some(cluster) = self.describe_cluster(cluster).await?
        {
            let mut members = cluster.db_cluster_members().iter();
            let member = members.find(|member| {
                member.db_instance_identifier() == database.db_instance_identifier()
            });
            let of_cluster = member.and_then(DbClusterMember::db_cluster_parameter_group_status);
            seen.unapplied = seen.unapplied.or(unapplied(of_cluster));
            let cluster = cluster_sight(&cluster);
            seen.password_pending |=
                cluster.password_pending || cluster.status == "resetting-master-credentials";
        }
        Ok(seen)
    }

    /// The tags of a temporary RDS resource.
    pub(crate) fn rds_tags(&self, restore: &Restore, name: &str) -> Vec<Tag> {
        let tags = self.tags(&restore.id, name).into_iter();
        tags.map(|(key, value)| Tag::builder().key(key).value(value).build())
            .collect()
    }

    /// Restores an instance, where there is room for it.
    pub async fn restore_database(
        &self,
        restore: &Restore,
        wanted: Wanted<'_>,
    ) -> Result<Vec<Learned>, Fault> {
        let name = wanted.name;
        let wishes = &self.config.databases.wishes;
        let storage = wishes.storage.as_ref().or(wanted.storage);
        let wanted = Wanted { storage, ..wanted };
        let classes = &wishes.instance;
        let placed = self
            .place(
                name,
                classes,
                classes.class.clone(),
                wanted.first_place,
                async |place| match wanted.origin {
                    DatabaseOrigin::PointInTime { backups, at } => {
                        self.restore_to_instant(restore, &wanted, backups, *at, place)
                            .await
                    }
                    DatabaseOrigin::Snapshot { id } => {
                        self.restore_snapshot(restore, &wanted, id, place).await
                    }
                },
            )
            .await;
        match placed {
            Ok(facts) => Ok(facts),
            Err(fault) if fault.is(&["DBInstanceAlreadyExists"]) => {
                self.own_database(restore, name).await
            }
            Err(fault) => Err(fault),
        }
    }

    /// What isn't given here would be the default of RDS: another parameter group and security group, and the source's
    /// tags (RDS user guide, "Restoring a DB instance to a specified time").
    async fn restore_to_instant(
        &self,
        restore: &Restore,
        wanted: &Wanted<'_>,
        backups: &Backups,
        at: Timestamp,
        place: &Place,
    ) -> Result<(), Fault> {
        let name = wanted.name;
        let request = self.clients.rds.restore_db_instance_to_point_in_time();
        let request = match backups {
            Backups::Of(source) => request.source_db_instance_identifier(source),
            Backups::RetainedOf(id) => request.source_dbi_resource_id(id),
        };
        let storage = wanted.storage;
        let request = request
            .target_db_instance_identifier(name)
            .restore_time(DateTime::from_secs(at.as_second()))
            .db_subnet_group_name(&self.config.databases.subnet_group)
            .set_vpc_security_group_ids(Some(self.config.databases.security_groups.clone()))
            .set_db_parameter_group_name(wanted.parameter_group.map(str::to_owned))
            .set_storage_type(storage.map(|storage| storage.storage_type.clone()))
            .set_iops(storage.and_then(|storage| storage.iops))
            .set_availability_zone(place.zone.clone())
            .set_db_instance_class(place.class.clone())
            .publicly_accessible(false)
            .multi_az(false)
            .deletion_protection(false)
            .auto_minor_version_upgrade(false)
            // Without backups it is available sooner, and leaves none behind.
            .backup_retention_period(0)
            .set_tags(Some(self.rds_tags(restore, name)));
        let answer = request.send().await;
        answer.map_err(fault(&format!("restore {} as {name}", wanted.origin)))?;
        Ok(())
    }

    /// As [`Self::restore_to_instant`], from a snapshot.
    async fn restore_snapshot(
        &self,
        restore: &Restore,
        wanted: &Wanted<'_>,
        id: &str,
        place: &Place,
    ) -> Result<(), Fault> {
        let name = wanted.name;
        let request = self.clients.rds.restore_db_instance_from_db_snapshot();
        let storage = wanted.storage;
        let request = request
            .db_snapshot_identifier(id)
            .db_instance_identifier(name)
            .db_subnet_group_name(&self.config.databases.subnet_group)
            .set_vpc_security_group_ids(Some(self.config.databases.security_groups.clone()))
            .set_db_parameter_group_name(wanted.parameter_group.map(str::to_owned))
            .set_storage_type(storage.map(|storage| storage.storage_type.clone()))
            .set_iops(storage.and_then(|storage| storage.iops))
            .set_availability_zone(place.zone.clone())
            .set_db_instance_class(place.class.clone())
            .publicly_accessible(false)
            .multi_az(false)
            .deletion_protection(false)
            .auto_minor_version_upgrade(false)
            .backup_retention_period(0)
            .set_tags(Some(self.rds_tags(restore, name)));
        let answer = request.send().await;
        answer.map_err(fault(&format!("restore {} as {name}", wanted.origin)))?;
        Ok(())
    }

    pub(crate) async fn own_database(
        &self,
        restore: &Restore,
        name: &str,
    ) -> Result<Vec<Learned>, Fault> {
        // An identifier that exists but isn't shown yet: look again later.
        let Some(database) = self.describe_database(name).await? else {
            return Err(Fault::new(
                ErrorKind::Busy,
                format!("{name} exists, but isn't shown yet"),
            ));
        };
        // An earlier attempt's, or anyone's: the name will be free.
        if database.db_instance_status().is_some_and(is_deleting) {
            return Err(Fault::new(
                ErrorKind::Busy,
                format!("{name} is still held by a DB instance that is being deleted"),
            ));
        }
        let tags = database
            .tag_list()
            .iter()
            .filter_map(|tag| Some((tag.key()?, tag.value()?)));
        if self.is_ours(&restore.id, name, tags) {
            return Ok(vec![Learned::Exists {
                name: name.to_owned(),
            }]);
        }
        Err(Fault::new(
            ErrorKind::NameCollision,
            format!("a DB instance {name} exists and isn't this restore's"),
        ))
    }
}
