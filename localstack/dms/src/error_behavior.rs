//! What a task does about errors (DMS user guide, "Error handling task settings").

use local_cloud_wire::AwsError;
use serde::Deserialize;

use crate::failure::invalid;

/// What is done about an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum Policy {
    /// EventErrorPolicy only.
    Ignore,
    IgnoreRecord,
    LogError,
    SuspendTable,
    StopTask,
}

/// `ErrorBehavior`, as far as it bears on a full load.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct ErrorBehavior {
    pub(crate) data_error_policy: Policy,
    pub(crate) data_truncation_error_policy: Policy,
    pub(crate) data_error_escalation_policy: Policy,
    pub(crate) event_error_policy: Option<Policy>,
    pub(crate) table_error_policy: Policy,
    pub(crate) table_error_escalation_policy: Policy,
    pub(crate) recoverable_error_count: i64,
    pub(crate) fail_on_no_tables_captured: bool,
}

impl ErrorBehavior {
    /// Each policy knows some of the words only ("Error handling task settings").
    pub(crate) fn check(&self) -> Result<(), AwsError> {
        use Policy::{Ignore, StopTask, SuspendTable};
        let stops_or_suspends = |policy| matches!(policy, StopTask | SuspendTable);
        for (name, is_known) in [
            ("DataErrorPolicy", self.data_error_policy != Ignore),
            (
                "DataTruncationErrorPolicy",
                self.data_truncation_error_policy != Ignore,
            ),
            (
                "DataErrorEscalationPolicy",
                stops_or_suspends(self.data_error_escalation_policy),
            ),
            (
                "EventErrorPolicy",
                matches!(self.event_error_policy, None | Some(Ignore | StopTask)),
            ),
            (
                "TableErrorPolicy",
                stops_or_suspends(self.table_error_policy),
            ),
            (
                "TableErrorEscalationPolicy",
                self.table_error_escalation_policy == StopTask,
            ),
        ] {
            if !is_known {
                let message = format!("Invalid task settings: {name} has an unknown value");
                return Err(invalid(message));
            }
        }
        Ok(())
    }
}

impl Default for ErrorBehavior {
    fn default() -> Self {
        Self {
            data_error_policy: Policy::LogError,
            data_truncation_error_policy: Policy::LogError,
            data_error_escalation_policy: Policy::SuspendTable,
            event_error_policy: None,
            table_error_policy: Policy::SuspendTable,
            table_error_escalation_policy: Policy::StopTask,
            recoverable_error_count: -1,
            fail_on_no_tables_captured: true,
        }
    }
}
