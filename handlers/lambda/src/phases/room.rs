//! The room for a restore: production's storage, what would be made beside it, and the quotas that this takes.

use aws_sdk_rds::types::DbInstance;
use tenant_restore_core::price::Size;
use tenant_restore_core::restore::ResourceKind;
use tenant_restore_core::sight::{Made, Remains, RoomSight, StorageSight};

use super::clusters::cluster_sight;
use super::copied::Copied;
use crate::engine::Engine;
use crate::fault::{Fault, fault};

impl Engine {
    /// Looks at the storage of the target, at the source, of which a copy is made, and at the account's quotas.
    pub async fn room(
        &self,
        source: &str,
        remains: Option<&Remains>,
        target: &str,
    ) -> Result<RoomSight, Fault> {
        let original = self.describe_database(source).await?;
        let copy = match (remains, &original) {
            (Some(remains), _) => Copied::of_remains(remains),
            (None, Some(instance)) => Copied::like(instance, self.size_of(instance).await?),
            (None, None) => Copied::Cluster {
                writer: self.size_of_writer(source).await?,
            },
        };
        let quotas = self.quotas(&copy).await?;
        let instance = if source == target {
            original
        } else {
            self.describe_database(target).await?
        };
        Ok(RoomSight {
            makes: self.makes(&copy),
            storage: self.storage(target, instance).await?,
            quotas,
        })
    }

    /// Of the writer of a cluster; none if there is no such cluster, or it has none.
    async fn size_of_writer(&self, cluster: &str) -> Result<Option<Size>, Fault> {
        let Some(cluster) = self.describe_cluster(cluster).await? else {
            return Ok(None);
        };
        let Some(writer) = cluster_sight(&cluster).writer else {
            return Ok(None);
        };
        match self.describe_database(&writer).await? {
            Some(writer) => self.size_of(&writer).await,
            None => Ok(None),
        }
    }

    /// A temporary database is made as its source is, unless the configuration wishes otherwise.
    fn makes(&self, copy: &Copied) -> Vec<Made> {
        let cost = |size: &Size| self.config.prices.cost(size);
        let class = self.config.replication.instance_class.clone();
        let made = |kind, what: &str, cost| Made {
            kind,
            what: what.to_owned(),
            cost,
        };
        let database = copy.size(&self.config.databases.wishes);
        let database = database.as_ref().map(cost);
        let replication = cost(&Size::ReplicationInstance { class });
        let secret = || Some(cost(&Size::Secret));
        vec![
            made(ResourceKind::Database, "temporary database", database),
            made(
                ResourceKind::ReplicationInstance,
                "replication instance",
                Some(replication),
            ),
            made(
                ResourceKind::Secret,
                "secret of the temporary database",
                secret(),
            ),
            made(ResourceKind::Secret, "secret of the login role", secret()),
        ]
    }

    async fn storage(
        &self,
        production: &str,
        instance: Option<DbInstance>,
    ) -> Result<Option<StorageSight>, Fault> {
        let Some(database) = instance else {
            return self.storage_of_cluster(production).await;
        };
        if database
            .engine()
            .is_some_and(|engine| engine.starts_with("aurora"))
        {
            return Ok(Some(StorageSight::Grows));
        }
        Ok(allocated(
            database.allocated_storage(),
            database.max_allocated_storage(),
        ))
    }

    async fn storage_of_cluster(&self, name: &str) -> Result<Option<StorageSight>, Fault> {
        let request = self
            .clients
            .rds
            .describe_db_clusters()
            .db_cluster_identifier(name);
        let clusters = match request.send().await.map_err(fault("describe the storage")) {
            Ok(answer) => answer.db_clusters.unwrap_or_default(),
            Err(fault) if fault.is(&["DBClusterNotFound", "DBClusterNotFoundFault"]) => Vec::new(),
            Err(fault) => return Err(fault),
        };
        Ok(clusters.first().and_then(|cluster| {
            let aurora = cluster
                .engine()
                .is_some_and(|engine| engine.starts_with("aurora"));
            if aurora {
                return Some(StorageSight::Grows);
            }
            allocated(cluster.allocated_storage(), None)
        }))
    }
}

fn allocated(gib: Option<i32>, most: Option<i32>) -> Option<StorageSight> {
    Some(StorageSight::Allocated {
        gib: u64::from(gib?.unsigned_abs()),
        most: most.map(|most| u64::from(most.unsigned_abs())),
    })
}
