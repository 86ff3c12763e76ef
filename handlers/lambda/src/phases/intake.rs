//! Phase 1 in AWS: what the source is, which secret it may be entered with, how far back its backups reach; what a
//! snapshot is of.

mod retained;
mod secret;
mod snapshot;

use aws_sdk_rds::primitives::DateTime;
use aws_sdk_rds::types::{DbCluster, DbInstance};
use jiff::Timestamp;
use tenant_restore_core::sight::{
    SourceCluster, SourceInstance, SourceSight, SourceWriter, Window,
};
use tenant_restore_core::source_kind::{Scaling, Storage};

use super::provision::sight;
use crate::engine::Engine;
use crate::fault::{Fault, fault};

impl Engine {
    /// Looks at the source: an instance; a cluster, also by a member's name; or retained backups of what was deleted.
    pub async fn source(&self, name: &str) -> Result<SourceSight, Fault> {
        if let Some(database) = self.describe_database(name).await? {
            if let Some(elsewhere) = self.elsewhere(&database) {
                return Ok(elsewhere);
            }
            return match database.db_cluster_identifier() {
                None => self.source_instance(name, &database).await,
                Some(cluster) => self.source_cluster(cluster, name).await,
            };
        }
        match self.source_cluster(name, name).await? {
            SourceSight::Unknown => self.retained_backup(name).await,
            cluster => Ok(cluster),
        }
    }

    /// The cluster whose member has this name, if it is an instance in one.
    ///
    /// # Errors
    /// What RDS answers.
    pub async fn cluster_of_member(&self, name: &str) -> Result<Option<String>, Fault> {
        let instance = self.describe_database(name).await?;
        Ok(instance.and_then(|instance| instance.db_cluster_identifier))
    }

    async fn source_instance(
        &self,
        name: &str,
        database: &DbInstance,
    ) -> Result<SourceSight, Fault> {
        let group = database
            .db_parameter_groups()
            .first()
            .and_then(|group| group.db_parameter_group_name());
        let managed = database.master_user_secret();
        let secret = self
            .source_secret(name, database.tag_list(), managed)
            .await?;
        let storage = Storage {
            storage_type: text(database.storage_type()),
            iops: database.iops(),
        };
        Ok(SourceSight::Instance(Box::new(SourceInstance {
            database: sight(database),
            engine: text(database.engine()),
            engine_version: text(database.engine_version()),
            resource_id: text(database.dbi_resource_id()),
            multi_az: database.multi_az().unwrap_or_default(),
            storage,
            master_username: text(database.master_username()),
            parameter_group: group.map(str::to_owned),
            secret,
            window: Window {
                earliest: self.earliest_restorable_time(name).await?,
                latest: database.latest_restorable_time().and_then(timestamp),
            },
        })))
    }

    /// Every instance has a DB subnet group, and that a VPC (RDS API reference).
    fn elsewhere(&self, database: &DbInstance) -> Option<SourceSight> {
        let vpc = database.db_subnet_group()?.vpc_id()?;
        let home = &self.config.vpc;
        (vpc != home).then(|| SourceSight::Elsewhere {
            vpc: vpc.to_owned(),
            home: home.clone(),
        })
    }

    /// The start of the window isn't on the instance, but on its automated backup (RDS API reference).
    async fn earliest_restorable_time(&self, name: &str) -> Result<Option<Timestamp>, Fault> {
        let request = self
            .clients
            .rds
            .describe_db_instance_automated_backups()
            .db_instance_identifier(name);
        let answer = match request
            .send()
            .await
            .map_err(fault("describe the source's automated backups"))
        {
            Ok(answer) => answer,
            Err(fault) if fault.is(&["DBInstanceAutomatedBackupNotFound"]) => return Ok(None),
            Err(fault) => return Err(fault),
        };
        let backups = answer.db_instance_automated_backups().iter();
        // Those of an earlier instance of this name may be retained.
        let active = backups.filter(|backup| backup.status() != Some("retained"));
        let earliest = active
            .filter_map(|backup| backup.restore_window()?.earliest_time().and_then(timestamp));
        Ok(earliest.min())
    }

    /// Looks at a cluster as the source; the name is what the request calls it.
    async fn source_cluster(&self, cluster: &str, name: &str) -> Result<SourceSight, Fault> {
        let Some(cluster) = self.describe_cluster(cluster).await? else {
            return Ok(SourceSight::Unknown);
        };
        let mut members = cluster.db_cluster_members().iter();
        let writer = members
            .find(|member| member.is_cluster_writer() == Some(true))
            .and_then(|member| member.db_instance_identifier());
        let writer = match writer {
            Some(writer) => self.describe_database(writer).await?,
            None => None,
        };
        // A cluster shows its subnet group's name alone.
        if let Some(elsewhere) = writer.as_ref().and_then(|writer| self.elsewhere(writer)) {
            return Ok(elsewhere);
        }
        let managed = cluster.master_user_secret();
        let secret = self
            .source_secret(name, cluster.tag_list(), managed)
            .await?;
        let scaling = cluster.serverless_v2_scaling_configuration();
        Ok(SourceSight::Cluster(Box::new(SourceCluster {
            name: text(cluster.db_cluster_identifier()),
            status: text(cluster.status()).to_ascii_lowercase(),
            endpoint: endpoint(&cluster),
            engine: text(cluster.engine()),
            engine_version: text(cluster.engine_version()),
            engine_mode: text(cluster.engine_mode()),
            resource_id: text(cluster.db_cluster_resource_id()),
            master_username: text(cluster.master_username()),
            parameter_group: cluster.db_cluster_parameter_group().map(str::to_owned),
            // Aurora's standard storage is shown as none or as `aurora`.
            storage_type: cluster
                .storage_type()
                .filter(|kind| *kind != "aurora")
                .map(str::to_owned),
            scaling: scaling.and_then(|bounds| {
                Some(Scaling {
                    min: bounds.min_capacity()?,
                    max: bounds.max_capacity()?,
                })
            }),
            writer: writer.map(source_writer),
            secret,
            window: Window {
                earliest: cluster.earliest_restorable_time().and_then(timestamp),
                latest: cluster.latest_restorable_time().and_then(timestamp),
            },
        })))
    }
}

fn source_writer(writer: DbInstance) -> SourceWriter {
    let group = writer
        .db_parameter_groups()
        .first()
        .and_then(|group| group.db_parameter_group_name());
    SourceWriter {
        status: text(writer.db_instance_status()).to_ascii_lowercase(),
        class: text(writer.db_instance_class()),
        parameter_group: group.map(str::to_owned),
    }
}

fn endpoint(cluster: &DbCluster) -> Option<(String, u16)> {
    let port = u16::try_from(cluster.port()?).ok()?;
    Some((cluster.endpoint()?.to_owned(), port))
}

fn text(value: Option<&str>) -> String {
    value.unwrap_or_default().to_owned()
}

fn timestamp(time: &DateTime) -> Option<Timestamp> {
    Timestamp::from_second(time.secs()).ok()
}

fn gigabytes(allocated_storage: i32) -> Option<u32> {
    u32::try_from(allocated_storage).ok()
}
