//! What resources are made of, as AWS describes them, for their price.

use aws_sdk_rds::types::DbInstance;
use tenant_restore_core::price::Size;

/// Of a DB instance; none if Describe lacks what its price depends on.
pub fn database(instance: &DbInstance) -> Option<Size> {
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
        "db.serverless" => Size::Serverless { units: None },
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
