//! A task and the steps of its life.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::request::{Overrides, Tag};

/// `lastStatus` of a task without load balancers (ECS developer guide, "Task lifecycle").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum Status {
    Provisioning,
    Pending,
    Running,
    Deprovisioning,
    Stopped,
}

/// `stopCode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum StopCode {
    TaskFailedToStart,
    EssentialContainerExited,
    UserInitiated,
    TerminationNotice,
}

/// Why a task stops.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stop {
    pub(crate) code: StopCode,
    pub(crate) reason: String,
}

impl Stop {
    pub(crate) fn new(code: StopCode, reason: impl Into<String>) -> Self {
        Self {
            code,
            reason: reason.into(),
        }
    }
}

/// A container of a task.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct TaskContainer {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) image: String,
    pub(crate) exit_code: Option<i32>,
    pub(crate) reason: Option<String>,
    pub(crate) runtime_id: Option<String>,
}

/// What stands for the network interface that AWS gives a task.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct NetworkInterface {
    pub(crate) id: String,
    pub(crate) subnet: String,
}

/// A task.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Task {
    pub(crate) id: String,
    pub(crate) arn: String,
    pub(crate) cluster_arn: String,
    pub(crate) definition_arn: String,
    pub(crate) family: String,
    pub(crate) group: String,
    pub(crate) launch_type: String,
    pub(crate) cpu: String,
    pub(crate) memory: String,
    pub(crate) overrides: Overrides,
    pub(crate) network_interface: Option<NetworkInterface>,
    pub(crate) started_by: Option<String>,
    pub(crate) tags: Vec<Tag>,
    pub(crate) containers: Vec<TaskContainer>,
    pub(crate) status: Status,
    pub(crate) stop: Option<Stop>,
    pub(crate) version: u64,
    pub(crate) created_at: Timestamp,
    pub(crate) pulled_at: Option<Timestamp>,
    pub(crate) started_at: Option<Timestamp>,
    pub(crate) stopping_at: Option<Timestamp>,
    pub(crate) execution_stopped_at: Option<Timestamp>,
    pub(crate) stopped_at: Option<Timestamp>,
}

impl Task {
    /// What a fault's `match` is compared with.
    pub(crate) fn subject(&self) -> String {
        subject(&self.family, self.started_by.as_deref())
    }

    pub(crate) fn is_running(&self) -> bool {
        self.status == Status::Running
    }

    pub(crate) fn is_pending(&self) -> bool {
        matches!(self.status, Status::Provisioning | Status::Pending)
    }

    /// The image is being fetched.
    pub(crate) fn pend(&mut self, now: Timestamp) {
        self.pulled_at = Some(now);
        self.step(Status::Pending);
    }

    /// The process runs.
    pub(crate) fn run(&mut self, now: Timestamp, runtime_id: &str) {
        self.started_at = Some(now);
        for container in &mut self.containers {
            container.runtime_id = Some(runtime_id.to_owned());
        }
        self.step(Status::Running);
    }

    /// The task is to stop, by whoever says so first.
    pub(crate) fn ask_to_stop(&mut self, now: Timestamp, stop: Stop) {
        if self.stop.is_none() {
            self.stopping_at = Some(now);
            self.stop = Some(stop);
            self.version += 1;
        }
    }

    /// Nothing of the task runs any longer.
    pub(crate) fn deprovision(&mut self, now: Timestamp, stop: Stop) {
        self.stop.get_or_insert(stop);
        self.stopping_at.get_or_insert(now);
        self.execution_stopped_at = Some(now);
        self.step(Status::Deprovisioning);
    }

    /// How the named container ended. No code: it never started, nor did those beside it.
    pub(crate) fn report(&mut self, name: &str, code: Option<i32>, reason: Option<String>) {
        for container in self.containers.iter_mut().filter(|one| one.name != name) {
            container.exit_code = code.and(Some(0));
        }
        if let Some(container) = self.containers.iter_mut().find(|one| one.name == name) {
            container.exit_code = code;
            container.reason = reason;
        }
    }

    /// The task has ended.
    pub(crate) fn end(&mut self, now: Timestamp) {
        self.stopped_at = Some(now);
        self.step(Status::Stopped);
    }

    fn step(&mut self, status: Status) {
        self.status = status;
        self.version += 1;
    }
}

/// What a fault's `match` is compared with.
pub(crate) fn subject(family: &str, started_by: Option<&str>) -> String {
    format!("{family} {}", started_by.unwrap_or_default())
}
