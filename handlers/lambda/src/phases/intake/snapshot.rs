//! Snapshots of instances and clusters, by name or ARN.

use tenant_restore_core::restore_point::{
    FoundSnapshot, SnapshotKind, SnapshotName, SnapshotSight,
};
use tenant_restore_core::source_kind::Storage;

use super::{gigabytes, text, timestamp};
use crate::engine::Engine;
use crate::fault::{Fault, fault};

impl Engine {
    /// Looks at a snapshot. A name may be that of an instance's or a cluster's snapshot.
    pub async fn snapshot(&self, name: &SnapshotName) -> Result<SnapshotSight, Fault> {
        let found = match name.kind {
            Some(SnapshotKind::Instance) => self.instance_snapshot(name).await?,
            Some(SnapshotKind::Cluster) => self.cluster_snapshot(name).await?,
            None => {
                let instance = self.instance_snapshot(name).await?;
                match (instance, self.cluster_snapshot(name).await?) {
                    (Some(_), Some(_)) => return Ok(SnapshotSight::Ambiguous),
                    (instance, cluster) => instance.or(cluster),
                }
            }
        };
        Ok(found.map_or(SnapshotSight::Unknown, |found| {
            SnapshotSight::Found(Box::new(found))
        }))
    }

    /// An automated snapshot is found by its type only, a shared one by its ARN, if shared ones are asked for (RDS API
    /// reference, DescribeDBSnapshots).
    async fn instance_snapshot(&self, name: &SnapshotName) -> Result<Option<FoundSnapshot>, Fault> {
        let request = self.clients.rds.describe_db_snapshots();
        let request = request.db_snapshot_identifier(&name.id);
        let request = match name.is_automated() {
            true => request.snapshot_type("automated"),
            false => request.include_shared(true),
        };
        let doing = format!("describe the snapshot {}", name.id);
        let answer = match request.send().await.map_err(fault(&doing)) {
            Err(fault) if fault.is(&["DBSnapshotNotFound"]) => return Ok(None),
            answer => answer?,
        };
        let snapshot = answer.db_snapshots.unwrap_or_default().into_iter().next();
        let Some(snapshot) = snapshot else {
            return Ok(None);
        };
        let source = text(snapshot.db_instance_identifier());
        let tags = snapshot.tag_list();
        Ok(Some(FoundSnapshot {
            secret: self.secret_of_snapshot(&source, &name.id, tags).await?,
            master_username: text(snapshot.master_username()),
            storage: Storage {
                storage_type: text(snapshot.storage_type()),
                iops: snapshot.iops(),
            },
            gigabytes: snapshot.allocated_storage().and_then(gigabytes),
            source,
            kind: SnapshotKind::Instance,
            status: text(snapshot.status()).to_ascii_lowercase(),
            // A copy keeps the time at which its original was taken.
            taken_at: snapshot
                .original_snapshot_create_time()
                .or(snapshot.snapshot_create_time())
                .and_then(timestamp),
            resource_id: snapshot.dbi_resource_id().map(str::to_owned),
            engine: text(snapshot.engine()),
            engine_version: text(snapshot.engine_version()),
            shared: snapshot.snapshot_type() == Some("shared"),
            encrypted: snapshot.encrypted() == Some(true),
        }))
    }

    async fn cluster_snapshot(&self, name: &SnapshotName) -> Result<Option<FoundSnapshot>, Fault> {
        let request = self.clients.rds.describe_db_cluster_snapshots();
        let request = request.db_cluster_snapshot_identifier(&name.id);
        let request = match name.is_automated() {
            true => request.snapshot_type("automated"),
            false => request.include_shared(true),
        };
        let doing = format!("describe the cluster snapshot {}", name.id);
        let answer = match request.send().await.map_err(fault(&doing)) {
            Err(fault) if fault.is(&["DBClusterSnapshotNotFound"]) => return Ok(None),
            answer => answer?,
        };
        let snapshots = answer.db_cluster_snapshots.unwrap_or_default();
        let Some(snapshot) = snapshots.into_iter().next() else {
            return Ok(None);
        };
        let source = text(snapshot.db_cluster_identifier());
        let tags = snapshot.tag_list();
        Ok(Some(FoundSnapshot {
            secret: self.secret_of_snapshot(&source, &name.id, tags).await?,
            master_username: text(snapshot.master_username()),
            storage: Storage {
                storage_type: text(snapshot.storage_type()),
                iops: None,
            },
            gigabytes: None,
            source,
            kind: SnapshotKind::Cluster,
            status: text(snapshot.status()).to_ascii_lowercase(),
            taken_at: snapshot.snapshot_create_time().and_then(timestamp),
            resource_id: snapshot.db_cluster_resource_id().map(str::to_owned),
            engine: text(snapshot.engine()),
            engine_version: text(snapshot.engine_version()),
            shared: snapshot.snapshot_type() == Some("shared"),
            encrypted: snapshot.storage_encrypted() == Some(true),
        }))
    }
}
