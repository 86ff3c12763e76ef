//! The life of a task: creating, starting, loading, stopping, deleting.

use std::time::Duration;

use jiff::Timestamp;
use local_cloud_wire::faults::Service;
use local_cloud_wire::{AwsError, Call};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::sleep;

use crate::carry::Rules;
use crate::catalog::Table;
use crate::event;
use crate::failure::{combination, wrong_state};
use crate::fault;
use crate::load::{Failure, Job, Observer};
use crate::login::Login;
use crate::mapping::Mappings;
use crate::request::{Arns, read};
use crate::service::Dms;
use crate::settings::Settings;
use crate::statistics::{TableState, TableStatistics};
use crate::task::{Start, Status, Task};

/// `unboundedVarcharMaxSize`, in the default of the user guide.
pub(crate) const UNBOUNDED_VARCHAR_BYTES: u64 = 8000;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct StartInput {
    replication_task_arn: String,
    start_replication_task_type: String,
}

/// How a load ended.
enum Outcome {
    Finished,
    Stopped,
    Failed(Failure),
}

impl Dms {
    /// CreateReplicationTask.
    pub(crate) fn create_task(&self, call: &Call, body: Value) -> Result<Value, AwsError> {
        let mut state = self.state();
        let task = state.new_task(call, body)?;
        self.save(&state)?;
        let (dms, arn) = (self.clone(), task.arn.clone());
        tokio::spawn(async move { dms.make_ready(&arn).await });
        Ok(json!({"ReplicationTask": task.view(true)}))
    }

    /// Brings a new task to the end of `creating`.
    pub(crate) async fn make_ready(&self, arn: &str) {
        sleep(Duration::from_millis(self.config.task_creating_ms)).await;
        self.change(|state| {
            let task = state
                .task(arn)
                .ok()
                .filter(|task| task.status == Status::Creating)?;
            task.status = Status::Ready;
            let identifier = task.identifier.clone();
            Some(state.happen(
                event::TASK_CREATED,
                arn,
                &identifier,
                "Replication task has been created",
            ))
        });
    }

    /// StartReplicationTask.
    pub(crate) fn start_task(&self, call: &Call, body: Value) -> Result<Value, AwsError> {
        let input: StartInput = read(body)?;
        let how = Start::parse(&input.start_replication_task_type)?;
        let mut state = self.state();
        let task = state.task(&input.replication_task_arn)?.clone();
        check_start(&task, how)?;
        state.check_tested(&task)?;
        let task = state.task(&input.replication_task_arn)?;
        task.status = Status::Starting;
        task.stop_reason = None;
        task.failure = None;
        task.stopped_at = None;
        task.tables.clear();
        let task = task.clone();
        self.save(&state)?;
        let (stop, stopped) = watch::channel(false);
        self.stops().insert(task.arn.clone(), stop);
        let (dms, region, view) = (self.clone(), call.region.clone(), task.view(true));
        tokio::spawn(async move { dms.live(task, region, stopped).await });
        Ok(json!({"ReplicationTask": view}))
    }

    /// StopReplicationTask: only a running one.
    pub(crate) fn stop_task(&self, body: Value) -> Result<Value, AwsError> {
        let Arns {
            replication_task_arn: arn,
            ..
        } = read(body)?;
        let mut state = self.state();
        let task = state.task(&arn)?;
        if !task.status.may_stop() {
            return Err(wrong_state(format!(
                "The replication task {arn} is {}, not running",
                task.status.name()
            )));
        }
        task.status = Status::Stopping;
        let view = task.view(true);
        self.save(&state)?;
        if let Some(stop) = self.stops().get(&arn) {
            stop.send_replace(true);
        }
        Ok(json!({"ReplicationTask": view}))
    }

    /// DeleteReplicationTask: not while it works.
    pub(crate) fn delete_task(&self, body: Value) -> Result<Value, AwsError> {
        let Arns {
            replication_task_arn: arn,
            ..
        } = read(body)?;
        let mut state = self.state();
        let task = state.task(&arn)?;
        if !task.status.may_be_deleted() {
            return Err(wrong_state(format!(
                "The replication task {arn} is {} and can't be deleted now",
                task.status.name()
            )));
        }
        task.status = Status::Deleting;
        let view = task.view(true);
        self.save(&state)?;
        let dms = self.clone();
        tokio::spawn(async move { dms.remove_task(&arn).await });
        Ok(json!({"ReplicationTask": view}))
    }

    /// Brings a task to the end of `deleting`.
    pub(crate) async fn remove_task(&self, arn: &str) {
        sleep(Duration::from_millis(self.config.task_deleting_ms)).await;
        self.change(|state| {
            let identifier = state.task(arn).ok()?.identifier.clone();
            state.tasks.retain(|one| one.arn != arn);
            state.tags.remove(arn);
            Some(state.happen(
                event::TASK_DELETED,
                arn,
                &identifier,
                "Replication task has been deleted",
            ))
        });
    }

    /// Runs a task that has been started to its end.
    async fn live(self, task: Task, region: String, mut stopped: watch::Receiver<bool>) {
        sleep(Duration::from_millis(self.config.task_starting_ms)).await;
        self.run_begins(&task);
        let outcome = tokio::select! {
            loaded = Box::pin(self.load(&task, &region)) => loaded.map_or_else(Outcome::Failed, |()| Outcome::Finished),
            _ = stopped.wait_for(|stop| *stop) => Outcome::Stopped,
        };
        self.stops().remove(&task.arn);
        self.run_ends(&task, &outcome);
    }

    fn run_begins(&self, task: &Task) {
        self.change(|state| {
            let task = state.task(&task.arn).ok()?;
            let now = Timestamp::now();
            task.status = Status::Running;
            task.started_at = Some(now);
            task.fresh_start_at.get_or_insert(now);
            let (arn, identifier) = (task.arn.clone(), task.identifier.clone());
            Some(state.happen(
                event::TASK_STARTED,
                &arn,
                &identifier,
                "Replication task started, with flag = fresh start",
            ))
        });
    }

    fn run_ends(&self, task: &Task, outcome: &Outcome) {
        let (status, kind, message) = match outcome {
            Outcome::Finished => (
                Status::Stopped,
                event::TASK_STOPPED,
                "Stop Reason FULL_LOAD_ONLY_FINISHED".to_owned(),
            ),
            Outcome::Stopped => (
                Status::Stopped,
                event::TASK_STOPPED,
                "Stop Reason NORMAL".to_owned(),
            ),
            Outcome::Failed(failure) => (Status::Failed, event::TASK_FAILED, failure.message()),
        };
        self.change(|state| {
            let task = state.task(&task.arn).ok()?;
            task.status = status;
            task.stopped_at = Some(Timestamp::now());
            task.stop_reason = Some(message.clone());
            task.failure = (status == Status::Failed).then(|| message.clone());
            for table in task
                .tables
                .iter_mut()
                .filter(|table| table.state == TableState::FullLoad)
            {
                table.step(TableState::Cancelled);
            }
            let (arn, identifier) = (task.arn.clone(), task.identifier.clone());
            Some(state.happen(kind, &arn, &identifier, &message))
        });
    }

    /// A task that was running when the local cloud ended.
    pub(crate) fn interrupted(&self, task: &Task) {
        self.run_ends(
            task,
            &Outcome::Failed(Failure::fatal("The local cloud was stopped.")),
        );
    }

    async fn load(&self, task: &Task, region: &str) -> Result<(), Failure> {
        let strikes = |name| {
            self.world
                .faults
                .strikes(Service::Dms, name, &task.identifier)
        };
        if let Some(slow) = strikes(fault::SLOW_TASK) {
            sleep(Duration::from_millis(slow.ms.unwrap_or(1000))).await;
        }
        if strikes(fault::TASK_FAILS_RECOVERABLY).is_some() {
            self.stumble(task)?;
        }
        if let Some(fault) = strikes(fault::TASK_FAILS) {
            return Err(Failure::fatal(
                fault
                    .message
                    .unwrap_or_else(|| "ODBC general error.".into()),
            ));
        }
        let job = self.job(task, region).await?;
        job.run(&Reporter {
            dms: self,
            arn: &task.arn,
            identifier: &task.identifier,
        })
        .await
    }

    /// A failure that isn't the end (DMS user guide: recoverable errors restart the task) unless `RecoverableErrorCount` is 0.
    fn stumble(&self, task: &Task) -> Result<(), Failure> {
        let failure = Failure {
            problem: "ODBC general error.".into(),
            recoverable: true,
        };
        let settings = Settings::parse(task.settings.as_deref());
        if settings.is_ok_and(|settings| settings.recoverable_error_count == 0) {
            return Err(failure);
        }
        self.change(|state| {
            Some(state.happen(
                event::TASK_FAILED,
                &task.arn,
                &task.identifier,
                &failure.message(),
            ))
        });
        self.change(|state| {
            Some(state.happen(
                event::TASK_STARTED,
                &task.arn,
                &task.identifier,
                "Replication task started, with flag = resume",
            ))
        });
        Ok(())
    }

    async fn job(&self, task: &Task, region: &str) -> Result<Job, Failure> {
        let fatal = |error: AwsError| Failure::fatal(error.message);
        let (source, target, source_authority, target_authority) = {
            let mut state = self.state();
            let source = state.endpoint(&task.source_arn).map_err(fatal)?.clone();
            let target = state.endpoint(&task.target_arn).map_err(fatal)?.clone();
            let authorities = (state.authority(&source), state.authority(&target));
            (source, target, authorities.0, authorities.1)
        };
        let settings = Settings::parse(task.settings.as_deref()).map_err(fatal)?;
        let attributes = (source.attributes(), target.attributes());
        let numeric = |attributes: &std::collections::BTreeMap<String, String>| {
            attributes
                .get("mapunboundednumericasstring")
                .is_some_and(|value| value == "true")
        };
        let bytes = attributes
            .0
            .get("unboundedvarcharmaxsize")
            .and_then(|value| value.parse().ok());
        let set = |value: Option<bool>| value == Some(true);
        Ok(Job {
            rules: Rules {
                lobs: settings.lobs,
                trim_char: source.settings.trim_space_in_char.unwrap_or(true),
                boolean: set(source.settings.map_boolean_as_boolean)
                    && set(target.settings.map_boolean_as_boolean),
                numeric_as_string: numeric(&attributes.0) && numeric(&attributes.1),
                varchar_bytes: bytes.unwrap_or(UNBOUNDED_VARCHAR_BYTES),
            },
            fail_on_cut: set(source.settings.fail_tasks_on_lob_truncation)
                || set(target.settings.fail_tasks_on_lob_truncation),
            mappings: Mappings::parse(&task.mappings).map_err(fatal)?,
            settings,
            source: Login::of(&source, source_authority, &self.world.cloud, region).await?,
            target: Login::of(&target, target_authority, &self.world.cloud, region).await?,
        })
    }
}

fn check_start(task: &Task, how: Start) -> Result<(), AwsError> {
    if task.status.may_start(how) {
        return Ok(());
    }
    let ran = matches!(task.status, Status::Stopped | Status::Failed);
    match how {
        Start::StartReplication if ran => Err(combination(
            "Start Type : START_REPLICATION, valid only for tasks running for the first time",
        )),
        Start::ReloadTarget if task.status == Status::Ready => Err(combination(
            "Start Type : RELOAD_TARGET, valid only for tasks that have run before",
        )),
        _ => Err(wrong_state(format!(
            "The replication task {} is {} and can't be started now",
            task.arn,
            task.status.name()
        ))),
    }
}

/// Writes a load's progress into the task.
struct Reporter<'a> {
    dms: &'a Dms,
    arn: &'a str,
    identifier: &'a str,
}

impl Reporter<'_> {
    fn table(&self, table: &Table, change: impl FnOnce(&mut TableStatistics)) {
        let mut state = self.dms.state();
        if let Some(statistics) = state
            .task(self.arn)
            .ok()
            .and_then(|task| task.table(&table.schema, &table.name))
        {
            change(statistics);
        }
    }
}

impl Observer for Reporter<'_> {
    fn selected(&self, tables: &[Table]) {
        let statistics = tables
            .iter()
            .map(|one| TableStatistics::new(one.schema.clone(), one.name.clone()))
            .collect();
        if let Ok(task) = self.dms.state().task(self.arn) {
            task.tables = statistics;
        }
    }

    fn step(&self, table: &Table, state: TableState) {
        self.table(table, |statistics| statistics.step(state));
    }

    fn moved(&self, table: &Table, rows: u64) {
        self.table(table, |statistics| statistics.rows = rows);
    }

    fn fault(&self, table: &Table) -> Option<String> {
        let subject = format!("{} {}.{}", self.identifier, table.schema, table.name);
        let fault = self
            .dms
            .world
            .faults
            .strikes(Service::Dms, fault::TABLE_ERROR, &subject)?;
        Some(
            fault
                .message
                .unwrap_or_else(|| "a fault was switched on".into()),
        )
    }

    fn changes(&self, table: &Table) -> bool {
        let subject = format!("{} {}.{}", self.identifier, table.schema, table.name);
        let faults = &self.dms.world.faults;
        let fault = faults.strikes(Service::Dms, fault::VALUE_CHANGED, &subject);
        fault.is_some()
    }
}
