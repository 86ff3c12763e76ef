//! What resources are made of, as AWS describes them, for their price.

use aws_sdk_rds::types::{DbCluster, DbInstance};
use tenant_restore_core::price::Size;
use tenant_restore_core::source_kind::Scaling;

use crate::engine::Engine;
use crate::fault::Fault;

impl Engine {
    /// Of a DB instance; none if Describe lacks what its price depends on. The bounds of Serverless v2 are its cluster's.
    ///
    /// # Errors
    /// When its cluster can't be described.
    pub async fn size_of(&self, instance: &DbInstance) -> Result<Option<Size>, Fault> {
        let size = database(instance);
        let (Some(Size::Serverless { .. }), Some(cluster)) =
            (&size, instance.db_cluster_identifier())
        else {
            return Ok(size);
        };
        let cluster = self.describe_cluster(cluster).await?;
        let scaling = cluster.as_ref().and_then(scaling);
        Ok(Some(Size::Serverless { scaling }))
    }
}

/// A copy never pauses, whatever its source does.
fn scaling(cluster: &DbCluster) -> Option<Scaling> {
    let bounds = cluster.serverless_v2_scaling_configuration()?;
    Some(Scaling::awake(
        bounds.min_capacity()?,
        bounds.max_capacity()?,
    ))
}

fn database(instance: &DbInstance) -> Option<Size> {
    let class = instance.db_instance_class()?.to_owned();
    let is_aurora = instance
        .engine()
        .is_some_and(|engine| engine.starts_with("aurora"));
    if !is_aurora {
        return Some(Size::Database {
            class,
            storage: instance.storage_type()?.to_owned(),
            gigabytes: u32::try_from(instance.allocated_storage()?).ok()?,
        });
    }
    // The class of Serverless v2 (Aurora user guide, DB instance classes).
    Some(match class.as_str() {
        "db.serverless" => Size::Serverless { scaling: None },
        _ => Size::Aurora { class },
    })
}

/// Of a Fargate task, from `cpu` and `memory` of DescribeTasks.
pub fn task(cpu: Option<&str>, memory: Option<&str>) -> Option<Size> {
    Some(Size::Task {
        cpu: cpu?.parse().ok()?,
        memory: memory?.parse().ok()?,
    })
}
