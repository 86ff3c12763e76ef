//! Reading and stopping tasks.

use jiff::Timestamp;
use local_cloud_wire::AwsError;
use local_cloud_wire::faults::Service;
use serde_json::{Value, json};

use crate::failure::invalid;
use crate::fault;
use crate::request::{DescribeTasks, ListTasks, StopTask, read};
use crate::service::{Ask, Ecs};
use crate::state::State;
use crate::task::{Stop, StopCode, Task};

const PAGE: usize = 100;

impl Ecs {
    /// DescribeTasks: unknown ones are failures, not an error.
    pub(crate) fn describe_tasks(&self, body: Value) -> Result<Value, AwsError> {
        let input: DescribeTasks = read(body)?;
        if input.tasks.is_empty() || input.tasks.len() > PAGE {
            return Err(invalid("Tasks must hold 1 to 100 tasks."));
        }
        let state = self.state();
        let cluster = state.cluster(input.cluster.as_deref())?;
        let with_tags = input.include.iter().any(|one| one == "TAGS");
        let mut tasks = Vec::new();
        let mut failures = Vec::new();
        for wanted in &input.tasks {
            match state.task(cluster, wanted).filter(|task| !self.lags(task)) {
                Some(task) => tasks.push(task.view(with_tags)),
                None => failures.push(json!({"arn": wanted, "reason": "MISSING"})),
            }
        }
        Ok(json!({"tasks": tasks, "failures": failures}))
    }

    /// The control plane is eventually consistent (ECS API reference, RunTask): by a fault, visibly so.
    fn lags(&self, task: &Task) -> bool {
        let fault = self
            .world
            .faults
            .strikes(Service::Ecs, fault::DESCRIBE_LAG, &task.subject());
        let Some(lag) = fault.map(|fault| fault.ms.unwrap_or(1000)) else {
            return false;
        };
        let age = Timestamp::now().duration_since(task.created_at).as_millis();
        age < i128::from(lag)
    }

    /// StopTask: SIGTERM, and SIGKILL after the container's `stopTimeout`.
    pub(crate) fn stop_task(&self, body: Value) -> Result<Value, AwsError> {
        let input: StopTask = read(body)?;
        let id = {
            let state = self.state();
            let cluster = state.cluster(input.cluster.as_deref())?;
            let task = state.task(cluster, &input.task);
            let task = task.ok_or_else(|| invalid("The referenced task was not found."))?;
            if task.stop.is_some() {
                return Ok(json!({"task": task.view(false)}));
            }
            task.id.clone()
        };
        let reason = input
            .reason
            .unwrap_or_else(|| "Task stopped by user".into());
        self.change(&id, |task, now| {
            task.ask_to_stop(now, Stop::new(StopCode::UserInitiated, reason));
        });
        if let Some(running) = self.running().get(&id) {
            running.ask.send_replace(Ask::Stop);
        }
        let state = self.state();
        let task = state
            .tasks
            .get(&id)
            .ok_or_else(|| invalid("The referenced task was not found."))?;
        Ok(json!({"task": task.view(false)}))
    }
}

impl State {
    /// ListTasks: running ones unless `desiredStatus` says otherwise. With `startedBy` it is the only filter.
    pub(crate) fn list_tasks(&self, body: Value) -> Result<Value, AwsError> {
        let input: ListTasks = read(body)?;
        if input.started_by.is_some() && input.family.is_some() {
            return Err(invalid("startedBy must be the only filter."));
        }
        let cluster = self.cluster(input.cluster.as_deref())?;
        let stopped = match input.desired_status.as_deref() {
            None | Some("RUNNING" | "PENDING") => false,
            Some("STOPPED") => true,
            Some(other) => {
                return Err(invalid(format!(
                    "desiredStatus {other} is none of RUNNING, PENDING, STOPPED."
                )));
            }
        };
        let wanted = |task: &&Task| {
            task.cluster_arn == cluster.arn
                && task.stop.is_some() == stopped
                && input
                    .family
                    .as_ref()
                    .is_none_or(|family| *family == task.family)
                && input
                    .started_by
                    .as_ref()
                    .is_none_or(|by| task.started_by.as_ref() == Some(by))
        };
        let from = input
            .next_token
            .map_or(Ok(0), |token| token.parse::<usize>())
            .map_err(|_| invalid("Invalid token"))?;
        let size = input.max_results.unwrap_or(PAGE).clamp(1, PAGE);
        let arns: Vec<&str> = self
            .tasks
            .values()
            .filter(wanted)
            .map(|task| task.arn.as_str())
            .collect();
        let page: Vec<&str> = arns.iter().copied().skip(from).take(size).collect();
        let mut answer = json!({"taskArns": page});
        if from + size < arns.len() {
            answer["nextToken"] = json!((from + size).to_string());
        }
        Ok(answer)
    }
}
