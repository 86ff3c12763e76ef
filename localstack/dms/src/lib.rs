//! AWS DMS of the local cloud: full loads between real PostgreSQL databases, as faithful and as damaging as documented.
//!
//! Sources: DMS API reference; DMS user guide ("Using a PostgreSQL database as a source", "… as a target", "Table
//! mapping", "Task settings", "Amazon EventBridge events").

pub mod alone;
mod answer;
mod carry;
mod catalog;
mod certificate;
pub mod config;
mod connection;
mod endpoint;
mod error_behavior;
mod event;
mod failure;
mod identifier;
mod instance;
mod load;
mod login;
mod mapping;
pub mod quotas;
mod request;
mod run;
mod service;
mod setting_names;
mod settings;
mod state;
mod statistics;
mod subnet_group;
mod tag;
mod task;
mod tls;
mod transfer;

#[cfg(test)]
mod cluster;
#[cfg(test)]
mod stage;

pub use config::Config;
pub use service::Dms;

/// The faults of this service alone.
pub const FAULTS: [&str; 9] = [
    fault::INSTANCE_FAILS,
    fault::SLOW_INSTANCE,
    fault::CONNECTION_TEST_FAILS,
    fault::TASK_FAILS,
    fault::TASK_FAILS_RECOVERABLY,
    fault::SLOW_TASK,
    fault::TABLE_ERROR,
    fault::VALUE_CHANGED,
    fault::DESCRIBE_LAG,
];

/// Names of faults. A fault's `match` is compared with the resource's identifier; see each.
pub(crate) mod fault {
    /// A new instance ends in the status named by the fault's `code` (`failed`, `incompatible-network`).
    pub(crate) const INSTANCE_FAILS: &str = "instance-fails";
    /// A new instance takes `ms` longer.
    pub(crate) const SLOW_INSTANCE: &str = "slow-instance";
    /// A connection test fails with `message`; compared with the endpoint's identifier.
    pub(crate) const CONNECTION_TEST_FAILS: &str = "connection-test-fails";
    /// A running task fails with `message` before its first row.
    pub(crate) const TASK_FAILS: &str = "task-fails";
    /// A running task reports a recoverable failure, starts again and goes on.
    pub(crate) const TASK_FAILS_RECOVERABLY: &str = "task-fails-recoverably";
    /// A task takes `ms` longer before its first row.
    pub(crate) const SLOW_TASK: &str = "slow-task";
    /// A table can't be loaded; compared with `<task> <schema>.<table>`.
    pub(crate) const TABLE_ERROR: &str = "table-error";
    /// The values of a table's last number outside of its key arrive greater by one, and DMS says nothing of it; compared
    /// with `<task> <schema>.<table>`.
    pub(crate) const VALUE_CHANGED: &str = "value-changed";
    /// Describe operations don't know an instance or task until it is `ms` old.
    pub(crate) const DESCRIBE_LAG: &str = "describe-lag";
}
