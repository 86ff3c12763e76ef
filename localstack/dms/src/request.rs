//! What the inputs of the operations share.

use local_cloud_wire::AwsError;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::failure::invalid;

/// Reads an operation's input.
pub(crate) fn read<T: DeserializeOwned>(body: Value) -> Result<T, AwsError> {
    serde_json::from_value(body).map_err(|error| invalid(error.to_string()))
}

/// A tag.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Tag {
    pub(crate) key: String,
    #[serde(default)]
    pub(crate) value: String,
}

/// A filter of a Describe operation: any of the values.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Filter {
    pub(crate) name: String,
    pub(crate) values: Vec<String>,
}

/// The input of a Describe operation.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct Describe {
    pub(crate) filters: Vec<Filter>,
    pub(crate) max_records: Option<usize>,
    pub(crate) marker: Option<String>,
    pub(crate) without_settings: bool,
    pub(crate) replication_task_arn: Option<String>,
}

/// The input of operations on one resource. DMS names them by their ARN in a field of its own each.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Arns {
    #[serde(default)]
    pub(crate) replication_instance_arn: String,
    #[serde(default)]
    pub(crate) endpoint_arn: String,
    #[serde(default)]
    pub(crate) replication_task_arn: String,
    #[serde(default)]
    pub(crate) certificate_arn: String,
}
