//! Temporary Aurora clusters in AWS: restored without an instance, then given their writer.

use aws_sdk_rds::primitives::DateTime;
use aws_sdk_rds::types::{DbCluster, ServerlessV2ScalingConfiguration};
use tenant_restore_core::effect::Learned;
use tenant_restore_core::error::ErrorKind;
use tenant_restore_core::naming::RestoreId;
use tenant_restore_core::origin::{Backups, ClusterOrigin};
use tenant_restore_core::restore::Restore;
use tenant_restore_core::sight::ClusterSight;
use tenant_restore_core::source_kind::Scaling;
use tenant_restore_core::status::is_deleting;

use super::cleanup::{done, foreign};
use crate::engine::Engine;
use crate::fault::{Fault, fault};

const ENGINE: &str = "aurora-postgresql";

/// A cluster to restore.
pub struct WantedCluster<'a> {
    /// Its name.
    pub name: &'a str,
    /// From what.
    pub origin: &'a ClusterOrigin,
    /// The engine's version.
    pub engine_version: &'a str,
    /// Its parameter group.
    pub parameter_group: &'a str,
    /// Its storage, if it isn't the default.
    pub storage_type: Option<&'a str>,
    /// Its bounds, if its writer is to be Serverless v2.
    pub scaling: Option<Scaling>,
}

impl WantedCluster<'_> {
    fn scaling(&self) -> Option<ServerlessV2ScalingConfiguration> {
        let bounds = self.scaling?;
        let configuration = ServerlessV2ScalingConfiguration::builder();
        let configuration = configuration.min_capacity(bounds.min);
        Some(configuration.max_capacity(bounds.max).build())
    }
}

/// The writer of a temporary cluster.
pub struct WantedWriter<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its cluster.
    pub cluster: &'a str,
    /// Its class, if the configuration names no other.
    pub class: &'a str,
    /// Its parameter group.
    pub parameter_group: &'a str,
    /// The first place to try.
    pub first_place: u32,
}

/// What a decision sees of a cluster.
pub fn cluster_sight(cluster: &DbCluster) -> ClusterSight {
    let mut members = cluster.db_cluster_members().iter();
    let writer = members
        .find(|member| member.is_cluster_writer() == Some(true))
        .and_then(|member| member.db_instance_identifier());
    let pending = cluster.pending_modified_values();
    ClusterSight {
        status: cluster.status().unwrap_or_default().to_ascii_lowercase(),
        writer: writer.map(str::to_owned),
        password_pending: pending.is_some_and(|values| values.master_user_password().is_some()),
    }
}

impl Engine {
    /// Looks at a DB cluster.
    pub async fn describe_cluster(&self, name: &str) -> Result<Option<DbCluster>, Fault> {
        let request = self.clients.rds.describe_db_clusters();
        let answer = request.db_cluster_identifier(name).send().await;
        match answer.map_err(fault(&format!("describe the DB cluster {name}"))) {
            Ok(answer) => Ok(answer.db_clusters.unwrap_or_default().into_iter().next()),
            Err(fault) if fault.is(&["DBClusterNotFound"]) => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    /// Restores a cluster, without an instance.
    pub async fn restore_cluster(
        &self,
        restore: &Restore,
        wanted: WantedCluster<'_>,
    ) -> Result<Vec<Learned>, Fault> {
        let answer = match wanted.origin {
            ClusterOrigin::Snapshot { id } => {
                self.restore_cluster_snapshot(restore, &wanted, id).await
            }
            ClusterOrigin::PointInTime { .. } | ClusterOrigin::Clone { .. } => {
                self.restore_cluster_to_instant(restore, &wanted).await
            }
        };
        match answer {
            Ok(()) => Ok(vec![Learned::Made {
                name: wanted.name.to_owned(),
            }]),
            Err(fault) if fault.is(&["DBClusterAlreadyExists"]) => {
                self.own_cluster(restore, wanted.name).await
            }
            Err(fault) => Err(fault),
        }
    }

    /// What isn't given here would be the default of RDS, as for an instance. Backups of a cluster can't be turned off.
    async fn restore_cluster_to_instant(
        &self,
        restore: &Restore,
        wanted: &WantedCluster<'_>,
    ) -> Result<(), Fault> {
        let name = wanted.name;
        let request = self.clients.rds.restore_db_cluster_to_point_in_time();
        let request = match wanted.origin {
            ClusterOrigin::Clone { source } => request
                .source_db_cluster_identifier(source)
                .restore_type("copy-on-write")
                .use_latest_restorable_time(true),
            ClusterOrigin::PointInTime { backups, at } => {
                let request = match backups {
                    Backups::Of(source) => request.source_db_cluster_identifier(source),
                    Backups::RetainedOf(id) => request.source_db_cluster_resource_id(id),
                };
                request
                    .restore_type("full-copy")
                    .restore_to_time(DateTime::from_secs(at.as_second()))
            }
            ClusterOrigin::Snapshot { .. } => request,
        };
        let request = request
            .db_cluster_identifier(name)
            .db_subnet_group_name(&self.config.databases.subnet_group)
            .set_vpc_security_group_ids(Some(self.config.databases.security_groups.clone()))
            .db_cluster_parameter_group_name(wanted.parameter_group)
            .set_storage_type(wanted.storage_type.map(str::to_owned))
            .set_serverless_v2_scaling_configuration(wanted.scaling())
            .backup_retention_period(1)
            .deletion_protection(false)
            .set_tags(Some(self.rds_tags(restore, name)));
        let answer = request.send().await;
        answer.map_err(fault(&format!(
            "restore {} as cluster {name}",
            wanted.origin
        )))?;
        Ok(())
    }

    async fn restore_cluster_snapshot(
        &self,
        restore: &Restore,
        wanted: &WantedCluster<'_>,
        id: &str,
    ) -> Result<(), Fault> {
        let name = wanted.name;
        let request = self.clients.rds.restore_db_cluster_from_snapshot();
        let request = request
            .snapshot_identifier(id)
            .db_cluster_identifier(name)
            .engine(ENGINE)
            .engine_version(wanted.engine_version)
            .db_subnet_group_name(&self.config.databases.subnet_group)
            .set_vpc_security_group_ids(Some(self.config.databases.security_groups.clone()))
            .db_cluster_parameter_group_name(wanted.parameter_group)
            .set_storage_type(wanted.storage_type.map(str::to_owned))
            .set_serverless_v2_scaling_configuration(wanted.scaling())
            .backup_retention_period(1)
            .deletion_protection(false)
            .set_tags(Some(self.rds_tags(restore, name)));
        let answer = request.send().await;
        answer.map_err(fault(&format!(
            "restore {} as cluster {name}",
            wanted.origin
        )))?;
        Ok(())
    }

    async fn own_cluster(&self, restore: &Restore, name: &str) -> Result<Vec<Learned>, Fault> {
        let Some(cluster) = self.describe_cluster(name).await? else {
            return Err(Fault::new(
                ErrorKind::Busy,
                format!("{name} exists, but isn't shown yet"),
            ));
        };
        // An earlier attempt's, or anyone's: the name will be free.
        if is_deleting(&cluster_sight(&cluster).status) {
            return Err(Fault::new(
                ErrorKind::Busy,
                format!("{name} is still held by a DB cluster that is being deleted"),
            ));
        }
        if self.cluster_is_ours(&restore.id, name, &cluster) {
            let name = name.to_owned();
            return Ok(vec![Learned::Exists { name }]);
        }
        Err(Fault::new(
            ErrorKind::NameCollision,
            format!("a DB cluster {name} exists and isn't this restore's"),
        ))
    }

    fn cluster_is_ours(&self, id: &RestoreId, name: &str, cluster: &DbCluster) -> bool {
        let tags = cluster.tag_list().iter();
        self.is_ours(
            id,
            name,
            tags.filter_map(|tag| Some((tag.key()?, tag.value()?))),
        )
    }

    /// Makes the writer of a cluster, where there is room for it. What belongs to the cluster (network, backups,
    /// password) may not be given here (RDS API reference, CreateDBInstance).
    pub async fn create_writer(
        &self,
        restore: &Restore,
        wanted: WantedWriter<'_>,
    ) -> Result<Vec<Learned>, Fault> {
        let name = wanted.name;
        let classes = &self.config.databases.wishes.writer;
        let class = classes.class.as_deref().unwrap_or(wanted.class);
        let placed = self
            .place(
                name,
                classes,
                Some(class.to_owned()),
                wanted.first_place,
                async |place| {
                    let request = self.clients.rds.create_db_instance();
                    let request = request
                        .db_instance_identifier(name)
                        .db_cluster_identifier(wanted.cluster)
                        .engine(ENGINE)
                        .set_db_instance_class(place.class.clone())
                        .set_availability_zone(place.zone.clone())
                        .db_parameter_group_name(wanted.parameter_group)
                        .publicly_accessible(false)
                        .auto_minor_version_upgrade(false)
                        .set_tags(Some(self.rds_tags(restore, name)));
                    let doing = format!("create {name} as the writer of {}", wanted.cluster);
                    request.send().await.map_err(fault(&doing))?;
                    Ok(())
                },
            )
            .await;
        match placed {
            Err(fault) if fault.is(&["DBInstanceAlreadyExists"]) => {
                self.own_database(restore, name).await
            }
            placed => placed,
        }
    }

    /// Deletes the temporary cluster; its instances are gone.
    pub async fn delete_cluster(&self, id: &RestoreId, name: &str) -> Result<(), Fault> {
        self.refuse_foreign(id, name)?;
        let Some(cluster) = self.describe_cluster(name).await? else {
            return Ok(());
        };
        if !self.cluster_is_ours(id, name, &cluster) {
            return Err(foreign(name));
        }
        let request = self.clients.rds.delete_db_cluster();
        let request = request.db_cluster_identifier(name);
        let request = request
            .skip_final_snapshot(true)
            .delete_automated_backups(true);
        done(
            &format!("delete the DB cluster {name}"),
            request.send().await,
        )
    }
}
