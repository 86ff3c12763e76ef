//! The configuration of the service.

use serde::Deserialize;

use crate::quotas::Quotas;

/// How long AWS's part of things takes here, in milliseconds.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct Config {
    /// A replication instance in `creating`.
    pub instance_creating_ms: u64,
    /// A replication instance in `deleting`.
    pub instance_deleting_ms: u64,
    /// An endpoint in `deleting`.
    pub endpoint_deleting_ms: u64,
    /// A task in `creating`.
    pub task_creating_ms: u64,
    /// A task in `starting`.
    pub task_starting_ms: u64,
    /// A task in `deleting`.
    pub task_deleting_ms: u64,
    /// The quotas of the account.
    pub quotas: Quotas,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            instance_creating_ms: 500,
            instance_deleting_ms: 200,
            endpoint_deleting_ms: 50,
            task_creating_ms: 100,
            task_starting_ms: 100,
            task_deleting_ms: 100,
            quotas: Quotas::default(),
        }
    }
}
