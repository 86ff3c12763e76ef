//! The room for a restore: production's storage.

use tenant_restore_core::sight::{RoomSight, StorageSight};

use crate::engine::Engine;
use crate::fault::{Fault, fault};

impl Engine {
    /// Looks at the storage of an instance or cluster.
    pub async fn room(&self, production: &str) -> Result<RoomSight, Fault> {
        Ok(RoomSight {
            storage: self.storage(production).await?,
            quotas: Vec::new(),
        })
    }

    async fn storage(&self, production: &str) -> Result<Option<StorageSight>, Fault> {
        let Some(database) = self.describe_database(production).await? else {
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
