//! The worker's tasks, as a sweep lists them.

use std::collections::BTreeSet;

use aws_sdk_ecs::types::{DesiredStatus, Task, TaskField};
use tenant_restore_core::status::unfinished_worker_task;
use tenant_restore_core::sweep::Kind;

use super::listing::{Listed, pairs};
use crate::engine::Engine;
use crate::fault::{Fault, fault};
use crate::price;

/// ECS describes at most so many tasks at once (ECS API reference, DescribeTasks).
const MOST_TASKS: usize = 100;

impl Engine {
    /// Tasks of our cluster that aren't over; ECS keeps the others for an hour, at no cost.
    pub(super) async fn list_worker_tasks(&self) -> Result<Vec<Listed>, Fault> {
        let (ecs, cluster) = (&self.clients.ecs, &self.config.tasks.cluster);
        let arns = self.worker_task_arns().await?;
        let mut listed = Vec::new();
        for some in arns.chunks(MOST_TASKS) {
            let request = ecs.describe_tasks().cluster(cluster);
            let request = request.set_tasks(Some(some.to_vec()));
            let answer = request.include(TaskField::Tags).send().await;
            let answer = answer.map_err(fault("describe the worker tasks"))?;
            let tasks = answer.tasks.unwrap_or_default().into_iter();
            listed.extend(tasks.filter_map(|task| self.listed_task(task)));
        }
        Ok(listed)
    }

    /// One that is to stop is listed as STOPPED long before it has (ECS API reference, ListTasks: by desired status). A task
    /// that is asked to stop between the two lists is in both.
    async fn worker_task_arns(&self) -> Result<Vec<String>, Fault> {
        let mut arns = BTreeSet::new();
        for status in [DesiredStatus::Running, DesiredStatus::Stopped] {
            let request = self.clients.ecs.list_tasks();
            let request = request.cluster(&self.config.tasks.cluster);
            let pages = request.desired_status(status).into_paginator();
            let listed = pages.items().send().collect::<Result<Vec<_>, _>>().await;
            arns.extend(listed.map_err(fault("list the worker tasks"))?);
        }
        Ok(arns.into_iter().collect())
    }

    fn listed_task(&self, task: Task) -> Option<Listed> {
        let size = price::task(task.cpu.as_deref(), task.memory.as_deref());
        let desired = task.desired_status.unwrap_or_default();
        let last = task.last_status.unwrap_or_default();
        let status = unfinished_worker_task(&desired, &last)?.to_owned();
        let tags = task.tags.unwrap_or_default();
        let deployment = &self.config.setting.deployment;
        let started_by = deployment.started_by(task.started_by.as_deref()?)?;
        Some(Listed {
            kind: Kind::WorkerTask,
            name: task.task_arn?,
            arn: String::new(),
            status,
            id: Some(started_by.id),
            label: started_by.job,
            tags: Some(pairs(tags, |tag| (tag.key, tag.value))),
            size,
        })
    }
}
