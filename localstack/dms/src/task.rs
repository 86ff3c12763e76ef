//! Replication tasks.

use jiff::Timestamp;
use local_cloud_wire::time::epoch_seconds;
use local_cloud_wire::{AwsError, Call};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::answer::{Field, page, select};
use crate::connection::Tested;
use crate::endpoint::Side;
use crate::failure::{combination, exists, invalid, wrong_state};
use crate::identifier::{checked, new_arn};
use crate::instance::Status as InstanceStatus;
use crate::mapping::Mappings;
use crate::request::{Describe, Tag, read};
use crate::settings::Settings;
use crate::state::State;
use crate::statistics::{TableState, TableStatistics};

/// `Status` of a task, as far as tasks here get.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Status {
    Creating,
    Ready,
    Starting,
    Running,
    Stopping,
    Stopped,
    Failed,
    Deleting,
}

impl Status {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Creating => "creating",
            Self::Ready => "ready",
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Stopping => "stopping",
            Self::Stopped => "stopped",
            Self::Failed => "failed",
            Self::Deleting => "deleting",
        }
    }

    /// Whether a task in this status can be started: anew, or again with its tables reloaded.
    pub(crate) fn may_start(self, how: Start) -> bool {
        match how {
            Start::StartReplication => self == Self::Ready,
            Start::ReloadTarget => matches!(self, Self::Stopped | Self::Failed),
        }
    }

    pub(crate) fn may_stop(self) -> bool {
        self == Self::Running
    }

    pub(crate) fn may_be_deleted(self) -> bool {
        matches!(self, Self::Ready | Self::Stopped | Self::Failed)
    }
}

/// `StartReplicationTaskType`, without resuming.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Start {
    StartReplication,
    ReloadTarget,
}

impl Start {
    pub(crate) fn parse(text: &str) -> Result<Self, AwsError> {
        match text {
            "start-replication" => Ok(Self::StartReplication),
            "reload-target" => Ok(Self::ReloadTarget),
            "resume-processing" => Err(combination(
                "The local cloud's DMS can't resume a full load; reload the target",
            )),
            other => Err(invalid(format!("{other} is no way to start a task"))),
        }
    }
}

/// A task.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Task {
    pub(crate) identifier: String,
    pub(crate) arn: String,
    pub(crate) instance_arn: String,
    pub(crate) source_arn: String,
    pub(crate) target_arn: String,
    pub(crate) status: Status,
    pub(crate) mappings: String,
    pub(crate) settings: Option<String>,
    pub(crate) stop_reason: Option<String>,
    pub(crate) failure: Option<String>,
    pub(crate) tables: Vec<TableStatistics>,
    pub(crate) created_at: Timestamp,
    pub(crate) fresh_start_at: Option<Timestamp>,
    pub(crate) started_at: Option<Timestamp>,
    pub(crate) stopped_at: Option<Timestamp>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Create {
    replication_task_identifier: String,
    source_endpoint_arn: String,
    target_endpoint_arn: String,
    replication_instance_arn: String,
    migration_type: String,
    table_mappings: String,
    replication_task_settings: Option<String>,
    resource_identifier: Option<String>,
    #[serde(default)]
    tags: Vec<Tag>,
}

const FILTERS: [Field<Task>; 4] = [
    ("replication-task-arn", |one| &one.arn),
    ("replication-task-id", |one| &one.identifier),
    ("replication-instance-arn", |one| &one.instance_arn),
    ("migration-type", |_| MIGRATION_TYPE),
];

const MIGRATION_TYPE: &str = "full-load";

impl State {
    /// A new task in `creating`, checked and remembered.
    pub(crate) fn new_task(&mut self, call: &Call, body: Value) -> Result<Task, AwsError> {
        let input: Create = read(body)?;
        let identifier = checked(
            &input.replication_task_identifier,
            255,
            "ReplicationTaskIdentifier",
        )?
        .to_lowercase();
        let arn = new_arn(&call.region, "task", input.resource_identifier.as_deref())?;
        if self
            .tasks
            .iter()
            .any(|one| one.identifier == identifier || one.arn == arn)
        {
            return Err(exists("Replication task", &identifier));
        }
        if input.migration_type != MIGRATION_TYPE {
            return Err(invalid(format!(
                "The local cloud's DMS has no {} tasks, only {MIGRATION_TYPE}",
                input.migration_type
            )));
        }
        Mappings::parse(&input.table_mappings)?;
        Settings::parse(input.replication_task_settings.as_deref())?;
        let instance = self.instance(&input.replication_instance_arn)?;
        if instance.status != InstanceStatus::Available {
            return Err(wrong_state(format!(
                "The replication instance {} is {}, not available",
                instance.arn,
                instance.status.name()
            )));
        }
        for (arn, side) in [
            (&input.source_endpoint_arn, Side::Source),
            (&input.target_endpoint_arn, Side::Target),
        ] {
            let endpoint = self.endpoint(arn)?;
            if endpoint.is_deleting() {
                return Err(wrong_state(format!("The endpoint {arn} is being deleted")));
            }
            if endpoint.side != side {
                return Err(combination(format!(
                    "The endpoint {arn} is no {side:?} endpoint"
                )));
            }
        }
        let task = Task {
            identifier,
            arn,
            instance_arn: input.replication_instance_arn,
            source_arn: input.source_endpoint_arn,
            target_arn: input.target_endpoint_arn,
            status: Status::Creating,
            mappings: input.table_mappings,
            settings: input.replication_task_settings,
            stop_reason: None,
            failure: None,
            tables: Vec::new(),
            created_at: Timestamp::now(),
            fresh_start_at: None,
            started_at: None,
            stopped_at: None,
        };
        self.tags.insert(task.arn.clone(), input.tags);
        self.tasks.push(task.clone());
        Ok(task)
    }

    /// Whether both endpoints have been reached from the task's instance, as a start demands.
    pub(crate) fn check_tested(&mut self, task: &Task) -> Result<(), AwsError> {
        for endpoint in [&task.source_arn, &task.target_arn] {
            let tested = self
                .connection(&task.instance_arn, endpoint)
                .map(|one| one.tested.clone());
            if tested != Some(Tested::Successful) {
                return Err(wrong_state(format!(
                    "Test connection for replication instance and endpoint should be successful for starting the replication task; it isn't for {endpoint}"
                )));
            }
        }
        Ok(())
    }

    /// DescribeReplicationTasks.
    pub(crate) fn describe_tasks(
        &self,
        body: Value,
        shows: impl Fn(&Task) -> bool,
    ) -> Result<Value, AwsError> {
        let input: Describe = read(body)?;
        let (by_endpoint, other): (Vec<_>, Vec<_>) = input
            .filters
            .iter()
            .cloned()
            .partition(|one| one.name == "endpoint-arn");
        let uses = |task: &&&Task| {
            by_endpoint.iter().all(|one| {
                one.values.contains(&task.source_arn) || one.values.contains(&task.target_arn)
            })
        };
        let known: Vec<Task> = self
            .tasks
            .iter()
            .filter(|one| shows(one))
            .cloned()
            .collect();
        let selected = select(&known, &other, &FILTERS)?;
        let selected: Vec<&Task> = selected.iter().filter(uses).copied().collect();
        if selected.is_empty() && !by_endpoint.is_empty() {
            return Err(crate::failure::not_found(
                "Nothing found matching the filters",
            ));
        }
        let view = |task: &Task| task.view(!input.without_settings);
        page(
            "ReplicationTasks",
            selected.into_iter().map(view).collect(),
            &input,
        )
    }
}

impl Task {
    /// The statistics of a table.
    pub(crate) fn table(&mut self, schema: &str, table: &str) -> Option<&mut TableStatistics> {
        self.tables
            .iter_mut()
            .find(|one| one.schema == schema && one.table == table)
    }

    pub(crate) fn view(&self, with_settings: bool) -> Value {
        let mut view = json!({
            "ReplicationTaskIdentifier": self.identifier,
            "ReplicationTaskArn": self.arn,
            "ReplicationInstanceArn": self.instance_arn,
            "SourceEndpointArn": self.source_arn,
            "TargetEndpointArn": self.target_arn,
            "MigrationType": MIGRATION_TYPE,
            "Status": self.status,
            "ReplicationTaskCreationDate": epoch_seconds(self.created_at),
        });
        if with_settings {
            view["TableMappings"] = json!(self.mappings);
            view["ReplicationTaskSettings"] = json!(self.settings.as_deref().unwrap_or("{}"));
        }
        if let Some(at) = self.started_at {
            view["ReplicationTaskStartDate"] = epoch_seconds(at);
            view["ReplicationTaskStats"] = self.statistics(at);
        }
        if let Some(reason) = &self.stop_reason {
            view["StopReason"] = json!(reason);
        }
        if let Some(failure) = &self.failure {
            view["LastFailureMessage"] = json!(failure);
        }
        view
    }

    fn statistics(&self, started_at: Timestamp) -> Value {
        let count = |state| self.tables.iter().filter(|one| one.state == state).count();
        let done = count(TableState::Completed) + count(TableState::Error);
        let progress = (done * 100)
            .checked_div(self.tables.len())
            .unwrap_or(if self.stopped_at.is_some() { 100 } else { 0 });
        let until = self.stopped_at.unwrap_or_else(Timestamp::now);
        let mut view = json!({
            "FullLoadProgressPercent": progress,
            "ElapsedTimeMillis": i64::try_from(until.duration_since(started_at).as_millis()).unwrap_or(i64::MAX),
            "TablesLoaded": count(TableState::Completed),
            "TablesLoading": count(TableState::FullLoad),
            "TablesQueued": count(TableState::BeforeLoad),
            "TablesErrored": count(TableState::Error),
            "StartDate": epoch_seconds(started_at),
            "FullLoadStartDate": epoch_seconds(started_at),
        });
        let dates = [
            ("FreshStartDate", self.fresh_start_at),
            ("StopDate", self.stopped_at),
            ("FullLoadFinishDate", self.stopped_at),
        ];
        for (name, at) in dates {
            if let Some(at) = at {
                view[name] = epoch_seconds(at);
            }
        }
        view
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_starts_once_and_is_reloaded_afterwards() {
        assert!(Status::Ready.may_start(Start::StartReplication));
        assert!(!Status::Creating.may_start(Start::StartReplication));
        assert!(!Status::Stopped.may_start(Start::StartReplication));
        assert!(
            Status::Stopped.may_start(Start::ReloadTarget)
                && Status::Failed.may_start(Start::ReloadTarget)
        );
        assert!(!Status::Ready.may_start(Start::ReloadTarget));
    }

    #[test]
    fn a_running_task_can_be_stopped_but_not_deleted() {
        assert!(Status::Running.may_stop() && !Status::Running.may_be_deleted());
        assert!(!Status::Stopped.may_stop() && Status::Stopped.may_be_deleted());
        assert!(!Status::Deleting.may_be_deleted());
    }
}
