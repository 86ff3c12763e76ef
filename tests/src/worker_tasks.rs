//! The worker's tasks of a restore, as ECS still shows them.

use aws_sdk_ecs::types::{DesiredStatus, Task};

use crate::cloud::Cloud;
use crate::error::{Context, Result};

/// ECS describes at most so many at once (ECS API reference, DescribeTasks).
const MOST_DESCRIBED: usize = 100;

/// Running and stopped ones, in no order.
///
/// # Errors
/// What ECS answers.
pub async fn of(cloud: &Cloud, restore_id: &str) -> Result<Vec<Task>> {
    let doing = || format!("list the tasks of {restore_id}");
    let mut found = Vec::new();
    for status in [DesiredStatus::Running, DesiredStatus::Stopped] {
        let list = cloud.ecs.list_tasks().cluster(&cloud.deployment);
        let pages = list.desired_status(status).into_paginator().items().send();
        let arns = pages.collect::<Result<Vec<_>, _>>().await;
        for some in arns.context(doing())?.chunks(MOST_DESCRIBED) {
            let describe = cloud.ecs.describe_tasks().cluster(&cloud.deployment);
            let described = describe.set_tasks(Some(some.to_vec())).send().await;
            let tasks = described.context(doing())?.tasks.unwrap_or_default();
            let its = |task: &Task| task.started_by().is_some_and(|by| by.contains(restore_id));
            found.extend(tasks.into_iter().filter(its));
        }
    }
    Ok(found)
}
