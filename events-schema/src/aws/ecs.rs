//! Amazon ECS task state changes (ECS developer guide, "Amazon ECS task state change events").

use serde::{Deserialize, Serialize};

/// The detail of an `ECS Task State Change`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EcsDetail {
    /// The task.
    pub task_arn: String,
    /// Its cluster.
    pub cluster_arn: String,
    /// Who started it; ours name the restore.
    #[serde(default)]
    pub started_by: String,
    /// For example `STOPPED`.
    pub last_status: String,
    /// Counts the changes of this task; grows.
    #[serde(default)]
    pub version: u64,
}
