//! The inputs of the operations.

use local_cloud_wire::AwsError;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::failure::invalid;

/// Reads an operation's input.
pub(crate) fn read<T: DeserializeOwned>(body: Value) -> Result<T, AwsError> {
    serde_json::from_value(body).map_err(|error| invalid(error.to_string()))
}

/// A name or ARN whose last part is the name.
pub(crate) fn last_part(name_or_arn: &str) -> &str {
    name_or_arn.rsplit('/').next().unwrap_or(name_or_arn)
}

/// A tag.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Tag {
    pub(crate) key: String,
    #[serde(default)]
    pub(crate) value: String,
}

/// A name with a value: a variable of the environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Variable {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) value: String,
}

/// Changes to the containers of a task definition for one task.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Overrides {
    pub(crate) container_overrides: Vec<ContainerOverride>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cpu: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) memory: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) task_role_arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) execution_role_arn: Option<String>,
}

/// Changes to one container.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct ContainerOverride {
    pub(crate) name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) command: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) environment: Vec<Variable>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cpu: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) memory: Option<i64>,
}

/// The input of RunTask.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RunTask {
    pub(crate) cluster: Option<String>,
    pub(crate) task_definition: String,
    pub(crate) count: Option<usize>,
    pub(crate) launch_type: Option<String>,
    pub(crate) capacity_provider_strategy: Option<Value>,
    pub(crate) network_configuration: Option<Value>,
    #[serde(default)]
    pub(crate) overrides: Overrides,
    pub(crate) started_by: Option<String>,
    pub(crate) group: Option<String>,
    pub(crate) client_token: Option<String>,
    pub(crate) propagate_tags: Option<String>,
    #[serde(default)]
    pub(crate) tags: Vec<Tag>,
}

/// The input of operations on several tasks.
#[derive(Debug, Deserialize)]
pub(crate) struct DescribeTasks {
    pub(crate) cluster: Option<String>,
    pub(crate) tasks: Vec<String>,
    #[serde(default)]
    pub(crate) include: Vec<String>,
}

/// The input of ListTasks.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ListTasks {
    pub(crate) cluster: Option<String>,
    pub(crate) family: Option<String>,
    pub(crate) started_by: Option<String>,
    pub(crate) desired_status: Option<String>,
    pub(crate) max_results: Option<usize>,
    pub(crate) next_token: Option<String>,
}

/// The input of StopTask.
#[derive(Debug, Deserialize)]
pub(crate) struct StopTask {
    pub(crate) cluster: Option<String>,
    pub(crate) task: String,
    pub(crate) reason: Option<String>,
}
