//! Amazon ECS of the local cloud: a task is a process on this machine.
//!
//! A container's image stands for a binary named in [`Config`]. The process gets the environment that its task
//! definition and overrides give it, and the credentials of its task role; nothing else of ours.
//!
//! Sources: ECS API reference, ECS developer guide ("Task lifecycle", "Task state change events").

mod cluster;
pub mod config;
mod definition;
mod environment;
mod failure;
mod life;
mod logs;
mod process;
mod request;
mod run;
mod service;
mod state;
mod stop;
mod tags;
mod task;
mod token;
mod view;

pub use config::Config;
pub use service::Ecs;

/// The faults of this service alone.
pub const FAULTS: [&str; 6] = [
    fault::RUN_TASK_FAILURE,
    fault::START_FAILURE,
    fault::KILL_TASK,
    fault::GUARDDUTY_SIDECAR,
    fault::DESCRIBE_LAG,
    fault::CLIENT_TOKEN_FORGOTTEN,
];

/// Names of faults. A fault's `match` is compared with `<family> <startedBy>`.
pub(crate) mod fault {
    /// RunTask answers `failures[]` (reason: the fault's `message`) and starts nothing.
    pub(crate) const RUN_TASK_FAILURE: &str = "run-task-failure";
    /// The task fails to start, with the fault's `message` as reason.
    pub(crate) const START_FAILURE: &str = "start-failure";
    /// The container is killed `ms` after its start (exit code 137; `message` becomes the container's reason).
    pub(crate) const KILL_TASK: &str = "kill-task";
    /// A GuardDuty agent stands first among the task's containers.
    pub(crate) const GUARDDUTY_SIDECAR: &str = "guardduty-sidecar";
    /// DescribeTasks doesn't know a task until it is `ms` old.
    pub(crate) const DESCRIBE_LAG: &str = "describe-lag";
    /// RunTask doesn't remember the client token.
    pub(crate) const CLIENT_TOKEN_FORGOTTEN: &str = "client-token-forgotten";
}
