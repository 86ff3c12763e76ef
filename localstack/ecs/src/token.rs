//! Client tokens: the memory that makes RunTask idempotent (ECS API reference, "Ensuring idempotency").

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use local_cloud_wire::AwsError;
use serde::{Deserialize, Serialize};

use crate::failure::invalid;
use crate::request::RunTask;
use crate::task::Task;

const LONGEST_LIFE: SignedDuration = SignedDuration::from_hours(24);
const LIFE_AFTER_STOP: SignedDuration = SignedDuration::from_hours(1);

/// A token with the tasks that were started under it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Token {
    pub(crate) cluster_arn: String,
    pub(crate) token: String,
    pub(crate) input: RunTask,
    pub(crate) task_ids: Vec<String>,
    pub(crate) used_at: Timestamp,
}

impl Token {
    /// A token lives for 24 hours, or until an hour after its last task stopped if that is earlier.
    pub(crate) fn lives(&self, tasks: &BTreeMap<String, Task>, now: Timestamp) -> bool {
        let recent = |id: &String| match tasks.get(id) {
            None => false,
            Some(task) => task
                .stopped_at
                .is_none_or(|stopped| now.duration_since(stopped) < LIFE_AFTER_STOP),
        };
        now.duration_since(self.used_at) < LONGEST_LIFE && self.task_ids.iter().any(recent)
    }

    /// The tasks of an earlier call with the same token.
    ///
    /// # Errors
    /// `ConflictException` if that call had other parameters.
    pub(crate) fn replay(&self, input: &RunTask, arns: &[String]) -> Result<&[String], AwsError> {
        if self.input == *input {
            return Ok(&self.task_ids);
        }
        let message = "The clientToken was already used with other parameters.";
        Err(AwsError::new("ConflictException", message).with_member("resourceIds", arns.into()))
    }
}

/// Checks a token's form: 1 to 64 ASCII characters from `!` to `~`.
pub(crate) fn check(token: &str) -> Result<(), AwsError> {
    if (1..=64).contains(&token.len()) && token.bytes().all(|byte| (33..=126).contains(&byte)) {
        return Ok(());
    }
    Err(invalid(
        "clientToken must be 1 to 64 characters of the ASCII range 33-126.",
    ))
}
