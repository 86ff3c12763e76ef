//! RunTask.

use jiff::Timestamp;
use local_cloud_wire::arn::arn;
use local_cloud_wire::faults::Service;
use local_cloud_wire::{AwsError, Call, ids};
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::definition::Definition;
use crate::failure::{client, invalid};
use crate::fault;
use crate::life::{Life, Plan};
use crate::request::{RunTask, read};
use crate::service::{Ask, Ecs, Running};
use crate::state::State;
use crate::task::{NetworkInterface, Status, Task, TaskContainer, subject};
use crate::token::{self, Token};

/// The reason that AWS gives when Fargate has no room (ECS developer guide, "API failure reasons").
const NO_CAPACITY: &str = "Capacity is unavailable at this time. Please try again later or in a different availability zone";

/// The longest overrides of a task, in characters (ECS API reference, RunTask).
const MAX_OVERRIDES: usize = 8192;

impl Ecs {
    /// RunTask: an earlier call with the same token and parameters is answered by its tasks.
    pub(crate) fn run_task(&self, call: &Call, body: Value) -> Result<Value, AwsError> {
        let input: RunTask = read(body)?;
        let mut state = self.state();
        let cluster_arn = state.cluster(input.cluster.as_deref())?.arn.clone();
        let definition = find(&state, &input.task_definition)?.clone();
        check(&input, &definition)?;
        let subject = subject(&definition.content.family, input.started_by.as_deref());
        if let Some(answer) = self.replay(&state, &input, &cluster_arn, &subject)? {
            return Ok(answer);
        }
        if let Some(fault) =
            self.world
                .faults
                .strikes(Service::Ecs, fault::RUN_TASK_FAILURE, &subject)
        {
            let reason = fault.message.unwrap_or_else(|| NO_CAPACITY.into());
            return Ok(json!({"tasks": [], "failures": [{"arn": cluster_arn, "reason": reason}]}));
        }
        let tasks: Vec<Task> = (0..input.count.unwrap_or(1))
            .map(|_| self.new_task(call, &input, &definition, &cluster_arn))
            .collect();
        let view: Vec<Value> = tasks.iter().map(|task| task.view(true)).collect();
        if let Some(client_token) = &input.client_token {
            state.tokens.push(Token {
                cluster_arn,
                token: client_token.clone(),
                input: input.clone(),
                task_ids: tasks.iter().map(|task| task.id.clone()).collect(),
                used_at: Timestamp::now(),
            });
        }
        let plan = Plan::new(call, &input, definition)?;
        for task in tasks {
            self.world.events.publish(task.event(task.created_at));
            self.begin(task.id.clone(), plan.clone());
            state.tasks.insert(task.id.clone(), task);
        }
        self.save(&state)?;
        Ok(json!({"tasks": view, "failures": []}))
    }

    fn replay(
        &self,
        state: &State,
        input: &RunTask,
        cluster_arn: &str,
        subject: &str,
    ) -> Result<Option<Value>, AwsError> {
        let Some(client_token) = &input.client_token else {
            return Ok(None);
        };
        let known = state
            .tokens
            .iter()
            .rfind(|one| one.cluster_arn == cluster_arn && one.token == *client_token);
        let Some(known) = known else { return Ok(None) };
        if self
            .world
            .faults
            .strikes(Service::Ecs, fault::CLIENT_TOKEN_FORGOTTEN, subject)
            .is_some()
        {
            return Ok(None);
        }
        let tasks: Vec<&Task> = known
            .task_ids
            .iter()
            .filter_map(|id| state.tasks.get(id))
            .collect();
        let arns: Vec<String> = tasks.iter().map(|task| task.arn.clone()).collect();
        known.replay(input, &arns)?;
        let view: Vec<Value> = tasks.iter().map(|task| task.view(true)).collect();
        Ok(Some(json!({"tasks": view, "failures": []})))
    }

    fn begin(&self, id: String, plan: Plan) {
        let (ask, asked) = watch::channel(Ask::Live);
        let mut running = self.running();
        let life = tokio::spawn(
            Life {
                ecs: self.clone(),
                id: id.clone(),
                plan,
                asked,
            }
            .live(),
        );
        running.insert(id, Running { ask, life });
    }

    fn new_task(
        &self,
        call: &Call,
        input: &RunTask,
        definition: &Definition,
        cluster_arn: &str,
    ) -> Task {
        let id = ids::hex(16);
        let cluster = crate::request::last_part(cluster_arn);
        let content = &definition.content;
        let container = |name: &str, image: &str| TaskContainer {
            id: ids::uuid(),
            name: name.to_owned(),
            image: image.to_owned(),
            exit_code: None,
            reason: None,
            runtime_id: None,
        };
        let mut containers: Vec<TaskContainer> = content
            .container_definitions
            .iter()
            .map(|one| container(&one.name, &one.image))
            .collect();
        let subject = subject(&content.family, input.started_by.as_deref());
        if self
            .world
            .faults
            .strikes(Service::Ecs, fault::GUARDDUTY_SIDECAR, &subject)
            .is_some()
        {
            containers.insert(
                0,
                container(
                    "aws-guardduty-agent-k2Vd",
                    "aws-guardduty-agent-fargate:latest",
                ),
            );
        }
        let mut tags = input.tags.clone();
        if input.propagate_tags.as_deref() == Some("TASK_DEFINITION") {
            let own: Vec<String> = tags.iter().map(|tag| tag.key.clone()).collect();
            tags.extend(
                definition
                    .tags
                    .iter()
                    .filter(|tag| !own.contains(&tag.key))
                    .cloned(),
            );
        }
        Task {
            arn: arn("ecs", &call.region, &format!("task/{cluster}/{id}")),
            id,
            cluster_arn: cluster_arn.to_owned(),
            definition_arn: definition.arn.clone(),
            family: content.family.clone(),
            group: input
                .group
                .clone()
                .unwrap_or_else(|| format!("family:{}", content.family)),
            launch_type: input
                .launch_type
                .clone()
                .unwrap_or_else(|| "FARGATE".into()),
            cpu: input
                .overrides
                .cpu
                .clone()
                .or_else(|| content.cpu.clone())
                .unwrap_or_else(|| "256".into()),
            memory: input
                .overrides
                .memory
                .clone()
                .or_else(|| content.memory.clone())
                .unwrap_or_else(|| "512".into()),
            overrides: input.overrides.clone(),
            network_interface: subnets(input).first().map(|subnet| NetworkInterface {
                id: ids::uuid(),
                subnet: subnet.clone(),
            }),
            started_by: input.started_by.clone(),
            tags,
            containers,
            status: Status::Provisioning,
            stop: None,
            version: 1,
            created_at: Timestamp::now(),
            pulled_at: None,
            started_at: None,
            stopping_at: None,
            execution_stopped_at: None,
            stopped_at: None,
        }
    }
}

fn find<'a>(state: &'a State, name: &str) -> Result<&'a Definition, AwsError> {
    let found = state
        .definition(name)
        .ok_or_else(|| client("TaskDefinition not found."))?;
    if found.active {
        Ok(found)
    } else {
        Err(client("TaskDefinition is inactive"))
    }
}

fn check(input: &RunTask, definition: &Definition) -> Result<(), AwsError> {
    if !(1..=10).contains(&input.count.unwrap_or(1)) {
        return Err(invalid("Count must be between 1 and 10."));
    }
    if let Some(by) = &input.started_by
        && (by.len() > 128
            || !by
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "-/_".contains(c)))
    {
        return Err(invalid(
            "startedBy must be up to 128 letters, digits, hyphens, forward slashes and underscores.",
        ));
    }
    input.client_token.as_deref().map_or(Ok(()), token::check)?;
    let awsvpc = definition.content.network_mode.as_deref() == Some("awsvpc");
    if awsvpc && subnets(input).is_empty() {
        return Err(invalid(
            "Network Configuration must be provided when networkMode 'awsvpc' is specified.",
        ));
    }
    check_overrides(input, definition)
}

fn subnets(input: &RunTask) -> Vec<String> {
    let listed = input
        .network_configuration
        .as_ref()
        .and_then(|one| one["awsvpcConfiguration"]["subnets"].as_array());
    listed
        .into_iter()
        .flatten()
        .filter_map(|subnet| subnet.as_str().map(str::to_owned))
        .collect()
}

fn check_overrides(input: &RunTask, definition: &Definition) -> Result<(), AwsError> {
    if json!(input.overrides).to_string().chars().count() > MAX_OVERRIDES {
        return Err(invalid(format!(
            "Container Overrides length must be at most {MAX_OVERRIDES}"
        )));
    }
    let known = |name: &str| {
        definition
            .content
            .container_definitions
            .iter()
            .any(|one| one.name == name)
    };
    match input
        .overrides
        .container_overrides
        .iter()
        .find(|one| !known(&one.name))
    {
        None => Ok(()),
        Some(one) => Err(invalid(format!(
            "Override for container named {} is not a container in the TaskDefinition.",
            one.name
        ))),
    }
}

#[cfg(test)]
#[path = "run_tests.rs"]
mod tests;
