//! The names of task settings.

use local_cloud_wire::AwsError;
use serde_json::Value;

use crate::failure::invalid;

/// The documented names of the sections that matter here. AWS isn't known to refuse others; here nobody shall take a misspelt
/// setting for set.
const NAMES: [(&str, &[&str]); 3] = [
    (
        "TargetMetadata",
        &[
            "TargetSchema",
            "SupportLobs",
            "FullLobMode",
            "LobChunkSize",
            "LimitedSizeLobMode",
            "LobMaxSize",
            "InlineLobMaxSize",
            "LoadMaxFileSize",
            "ParallelLoadThreads",
            "ParallelLoadBufferSize",
            "ParallelLoadQueuesPerThread",
            "ParallelApplyThreads",
            "ParallelApplyBufferSize",
            "ParallelApplyQueuesPerThread",
            "BatchApplyEnabled",
            "TaskRecoveryTableEnabled",
        ],
    ),
    (
        "FullLoadSettings",
        &[
            "TargetTablePrepMode",
            "CreatePkAfterFullLoad",
            "StopTaskCachedChangesApplied",
            "StopTaskCachedChangesNotApplied",
            "MaxFullLoadSubTasks",
            "TransactionConsistencyTimeout",
            "CommitRate",
        ],
    ),
    (
        "ErrorBehavior",
        &[
            "DataErrorPolicy",
            "DataTruncationErrorPolicy",
            "DataErrorEscalationPolicy",
            "DataErrorEscalationCount",
            "EventErrorPolicy",
            "TableErrorPolicy",
            "TableErrorEscalationPolicy",
            "TableErrorEscalationCount",
            "RecoverableErrorCount",
            "RecoverableErrorInterval",
            "RecoverableErrorThrottling",
            "RecoverableErrorThrottlingMax",
            "RecoverableErrorStopRetryAfterThrottlingMax",
            "ApplyErrorDeletePolicy",
            "ApplyErrorInsertPolicy",
            "ApplyErrorUpdatePolicy",
            "ApplyErrorEscalationPolicy",
            "ApplyErrorEscalationCount",
            "ApplyErrorFailOnTruncationDdl",
            "FailOnNoTablesCaptured",
            "FailOnTransactionConsistencyBreached",
            "FullLoadIgnoreConflicts",
        ],
    ),
];

/// Whether all names are among them.
pub(crate) fn check(given: &Value) -> Result<(), AwsError> {
    for (section, known) in NAMES {
        let names = given[section].as_object().into_iter().flatten();
        for (name, _) in names {
            if !known.contains(&name.as_str()) {
                let message = format!("Invalid task settings: {section} has no {name}");
                return Err(invalid(message));
            }
        }
    }
    Ok(())
}
