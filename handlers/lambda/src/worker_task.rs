//! Worker tasks on ECS: started once per job, found by their ARN or by who started them.

use aws_sdk_ecs::types::{
    AssignPublicIp, AwsVpcConfiguration, ContainerOverride, DesiredStatus, KeyValuePair,
    LaunchType, NetworkConfiguration, Tag, TaskOverride,
};
use tenant_restore_core::effect::Learned;
use tenant_restore_core::error::ErrorKind;
use tenant_restore_core::job::Job;
use tenant_restore_core::restore::Restore;
use tenant_restore_core::sight::TaskSight;

use crate::engine::Engine;
use crate::fault::{Fault, fault};

/// ECS describes at most so many at once (ECS API reference, DescribeTasks).
const MOST_DESCRIBED: usize = 100;

/// Why a task is stopped, as its `stoppedReason` says.
const STOP_REASON: &str = "stopped by the restore's cleanup";

impl Engine {
    /// Looks at a task, and at its result once it has stopped.
    pub async fn worker_task(
        &self,
        arn: Option<&str>,
        started_by: &str,
        result_key: &str,
    ) -> Result<Option<TaskSight>, Fault> {
        let found = match arn {
            Some(arn) => Some(arn.to_owned()),
            None => self.find_task(started_by).await?,
        };
        let Some(arn) = found else {
            return self.forgotten_task(started_by, result_key).await;
        };
        let request = self
            .clients
            .ecs
            .describe_tasks()
            .cluster(&self.config.tasks.cluster)
            .tasks(&arn);
        let answer = request
            .send()
            .await
            .map_err(fault("describe the worker task"))?;
        let Some(task) = answer.tasks().first() else {
            return self.forgotten_task(&arn, result_key).await;
        };
        // Other containers may be injected, so ours is found by its name (ECS developer guide, task events).
        let container = task
            .containers()
            .iter()
            .find(|it| it.name() == Some(self.config.tasks.container.as_str()));
        let reason = [
            task.stop_code()
                .map(aws_sdk_ecs::types::TaskStopCode::as_str),
            task.stopped_reason(),
            container.and_then(aws_sdk_ecs::types::Container::reason),
        ];
        let mut sight = TaskSight {
            arn,
            status: task.last_status().unwrap_or_default().to_owned(),
            exit_code: container.and_then(aws_sdk_ecs::types::Container::exit_code),
            reason: reason.into_iter().flatten().collect::<Vec<_>>().join("; "),
            result: None,
        };
        if sight.stopped() {
            sight.result = self.job_result(result_key).await?.map(Box::new);
        }
        Ok(Some(sight))
    }

    /// ECS shows a stopped task for an hour (ECS developer guide, task lifecycle), and a new one not at once. If there is a
    /// result, it was the former.
    async fn forgotten_task(
        &self,
        arn: &str,
        result_key: &str,
    ) -> Result<Option<TaskSight>, Fault> {
        let result = self.job_result(result_key).await?;
        Ok(result.map(|result| TaskSight {
            arn: arn.to_owned(),
            status: TaskSight::FORGOTTEN.to_owned(),
            exit_code: None,
            reason: "ECS doesn't show it any more".to_owned(),
            result: Some(Box::new(result)),
        }))
    }

    async fn find_task(&self, started_by: &str) -> Result<Option<String>, Fault> {
        for status in [DesiredStatus::Running, DesiredStatus::Stopped] {
            let request = self
                .clients
                .ecs
                .list_tasks()
                .cluster(&self.config.tasks.cluster);
            let request = request.started_by(started_by).desired_status(status);
            let answer = request.send().await.map_err(fault("list worker tasks"))?;
            if let Some(arn) = answer.task_arns().first() {
                return Ok(Some(arn.clone()));
            }
        }
        Ok(None)
    }

    /// All tasks that aren't over and were started so: ARN and `lastStatus`. One that is to stop is listed as STOPPED long
    /// before it has (ECS API reference, ListTasks: by desired status).
    pub async fn tasks_at_work(
        &self,
        started_by: &[String],
    ) -> Result<Vec<(String, String)>, Fault> {
        let cluster = &self.config.tasks.cluster;
        let mut arns = Vec::new();
        for started_by in started_by {
            for status in [DesiredStatus::Running, DesiredStatus::Stopped] {
                let request = self.clients.ecs.list_tasks().cluster(cluster);
                let request = request.started_by(started_by).desired_status(status);
                let pages = request.into_paginator().items().send();
                let listed = pages.collect::<Result<Vec<_>, _>>().await;
                arns.extend(listed.map_err(fault("list worker tasks"))?);
            }
        }
        let mut tasks = Vec::new();
        for some in arns.chunks(MOST_DESCRIBED) {
            let request = self.clients.ecs.describe_tasks().cluster(cluster);
            let answer = request.set_tasks(Some(some.to_vec())).send().await;
            let answer = answer.map_err(fault("describe worker tasks"))?;
            let shown = answer.tasks().iter();
            tasks.extend(
                shown
                    .filter_map(|task| Some((task.task_arn()?, task.last_status()?)))
                    .filter(|(_, status)| !matches!(*status, "STOPPED" | "DELETED"))
                    .map(|(arn, status)| (arn.to_owned(), status.to_owned())),
            );
        }
        Ok(tasks)
    }

    /// Writes the job's document and starts the task, of the revision that the restore began with. If somebody has taken that
    /// away, of the deployment's, which the restore keeps to from then on: the cleanup needs a task, too.
    pub async fn run_task(
        &self,
        restore: &Restore,
        name: &str,
        key: &str,
        started_by: &str,
        token: &str,
        job: &Job,
    ) -> Result<Vec<Learned>, Fault> {
        self.write_json(key, job).await?;
        let configured = &self.config.tasks.definition;
        let definition = restore.worker.as_ref().unwrap_or(configured);
        let overrides = container_override(&self.config.tasks.container, key);
        let run = self
            .clients
            .ecs
            .run_task()
            .cluster(&self.config.tasks.cluster)
            .launch_type(LaunchType::Fargate)
            .network_configuration(self.task_network()?)
            .overrides(overrides)
            .started_by(started_by)
            .client_token(token)
            .set_tags(Some(self.ecs_tags(restore, name)));
        let doing = format!("run the worker task {name}");
        let first = run.clone().task_definition(definition).send().await;
        let mut gone = None;
        let answer = match first.map_err(fault(&doing)) {
            Err(refused) if definition != configured && lacks_definition(&refused) => {
                tracing::warn!(restore = %restore.id, definition, "gone; the deployment's is taken from now on");
                gone = Some(definition.clone());
                let again = run.task_definition(configured).send().await;
                again.map_err(fault(&doing))?
            }
            answered => answered?,
        };
        if let Some(arn) = answer.tasks().first().and_then(|task| task.task_arn()) {
            return Ok(vec![
                Learned::Task {
                    started_by: started_by.to_owned(),
                    arn: arn.to_owned(),
                },
                Learned::Worker {
                    definition: gone.as_ref().map_or(definition, |_| configured).clone(),
                    in_place_of: gone,
                },
            ]);
        }
        // A 200 may hold failures instead of tasks (ECS developer guide, API failures).
        let reason = answer
            .failures()
            .iter()
            .filter_map(|failure| failure.reason())
            .collect::<Vec<_>>()
            .join(", ");
        let passing = reason.starts_with("RESOURCE:") || reason.contains("Capacity is unavailable");
        let kind = if passing {
            ErrorKind::NoCapacity
        } else {
            ErrorKind::TaskFailedToStart
        };
        Err(Fault::new(kind, format!("{doing}: {reason}")))
    }

    fn task_network(&self) -> Result<NetworkConfiguration, Fault> {
        let config = &self.config.tasks;
        let network = AwsVpcConfiguration::builder()
            .set_subnets(Some(config.subnets.clone()))
            .set_security_groups(Some(config.security_groups.clone()))
            .assign_public_ip(AssignPublicIp::Disabled)
            .build()
            .map_err(|error| Fault::new(ErrorKind::Internal, error.to_string()))?;
        Ok(NetworkConfiguration::builder()
            .awsvpc_configuration(network)
            .build())
    }

    fn ecs_tags(&self, restore: &Restore, name: &str) -> Vec<Tag> {
        let tags = self.tags(&restore.id, name);
        tags.into_iter()
            .map(|(key, value)| Tag::builder().key(key).value(value).build())
            .collect()
    }

    /// Stops a task; one that is over already counts as stopped.
    pub async fn stop_task(&self, arn: &str) -> Result<(), Fault> {
        let request = self
            .clients
            .ecs
            .stop_task()
            .cluster(&self.config.tasks.cluster)
            .task(arn)
            .reason(STOP_REASON);
        request
            .send()
            .await
            .map_err(fault("stop the worker task"))?;
        Ok(())
    }
}

/// Tells our container where its job is.
fn container_override(container: &str, key: &str) -> TaskOverride {
    let job = KeyValuePair::builder().name("JOB").value(key).build();
    let container = ContainerOverride::builder()
        .name(container)
        .environment(job);
    TaskOverride::builder()
        .container_overrides(container.build())
        .build()
}

/// ECS has no code of its own for a revision that is deregistered or deleted (ECS API reference, RunTask).
fn lacks_definition(refused: &Fault) -> bool {
    let message = &refused.cause.message;
    refused.code == "ClientException"
        && (message.contains("TaskDefinition is inactive")
            || message.contains("TaskDefinition not found"))
}
