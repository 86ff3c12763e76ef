//! Worker tasks, as the record knows them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Restore;

/// The job that tries the credentials, extracts the DDL and applies its first part.
pub const DDL: &str = "ddl";
/// The same without credentials to try, once the temporary database has a new password.
pub const DDL_AFTER_RESET: &str = "ddl-reset";

/// A worker task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Task {
    /// The job's name within the restore: `preflight`, `ddl`, `ddl-reset`, `copy`, `finalize` or `drop`.
    pub job: String,
    /// Who started it.
    pub started_by: String,
    /// S3 key of its result.
    pub result_key: String,
    /// Its ARN, once RunTask has answered.
    pub arn: Option<String>,
    /// Where it is.
    pub state: TaskState,
    /// How often it was started over, since it had ended without a result.
    #[serde(default)]
    pub again: u32,
    /// Since when ECS has not shown it, although it was started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unseen_since: Option<Timestamp>,
}

/// Where a worker task is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum TaskState {
    /// Started, or about to be.
    Running,
    /// Over, all modes succeeded.
    Succeeded,
    /// Over, without success.
    Failed,
}

impl Restore {
    /// The task of that job.
    pub fn task(&self, job: &str) -> Option<&Task> {
        self.tasks.iter().find(|task| task.job == job)
    }

    /// The task that extracts the DDL and applies its first part; the last of them, if a password was reset in between.
    pub fn extraction(&self) -> Option<&Task> {
        self.task(DDL_AFTER_RESET).or_else(|| self.task(DDL))
    }
}
