//! What the command line tells of a restore: the machine form of `status`, from which the text is made too.

use jiff::Timestamp;
use serde::Serialize;
use tenant_restore_core::job::SchemaName;
use tenant_restore_core::price::{self, Hourly};
use tenant_restore_core::restore::{Resource, Restore, outgoing_cause};
use tenant_restore_events::Phase;
use tenant_restore_events::outgoing::{Cause, Outcome};

use crate::log::Entry;

/// A restore as it is shown.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    pub restore_id: String,
    pub request_id: String,
    pub requested_by: Option<String>,
    pub state: State,
    pub attempt: u32,
    pub phase: Phase,
    pub source: String,
    /// The DB instance or cluster that the schemas go into, if it isn't the source.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    pub database: String,
    pub restore_time: Timestamp,
    /// The snapshot, if that is what is brought back; `restore_time` is then when it was taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub snapshot: Option<String>,
    pub schemas: Vec<SchemaName>,
    pub options: Options,
    pub opened_at: Timestamp,
    pub ended_at: Option<Timestamp>,
    pub seconds: f64,
    pub phases: Vec<PhaseTimes>,
    pub waits: Vec<Waits>,
    pub tasks: Vec<WorkerTask>,
    pub resources: Vec<Temporary>,
    pub warnings: Vec<Cause>,
    pub failed_in: Option<Phase>,
    /// What a held restore waits for and costs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held: Option<Held>,
    pub causes: Vec<Cause>,
    pub report: Option<String>,
    pub report_page: Option<String>,
    /// Absent unless it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log: Option<Vec<Entry>>,
}

/// What was chosen in the request, or by default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Options {
    pub mover: String,
    pub validate: String,
    pub on_mismatch: String,
    pub external_foreign_keys: String,
}

/// Where a restore stands as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum State {
    /// Under way, nothing wrong so far.
    Running,
    /// It failed, and what is temporary is being deleted.
    Failing,
    /// Nothing was created.
    Rejected,
    /// The schemas are there.
    Completed,
    /// They aren't, or they differ.
    Failed,
}

impl State {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Failing => "failing",
            Self::Rejected => "rejected",
            Self::Completed => "completed",
            Self::Failed => "failed",
        }
    }

    /// Whether the schemas are there and as they were.
    pub fn is_success(self) -> bool {
        self == Self::Completed
    }

    /// Whether nothing will change any more in this attempt.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Rejected | Self::Completed | Self::Failed)
    }
}

/// A phase that began, and its times; one that is under way has no end.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PhaseTimes {
    pub phase: Phase,
    pub began: Timestamp,
    pub ended: Option<Timestamp>,
    pub seconds: f64,
}

/// A wait.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Waits {
    pub phase: Phase,
    pub what: String,
    pub since: Timestamp,
    pub seconds: f64,
    pub deadline: Timestamp,
    pub last_seen: String,
}

/// A task of the worker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkerTask {
    pub job: String,
    pub state: String,
    pub arn: Option<String>,
}

/// A temporary resource.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Temporary {
    pub kind: String,
    pub name: String,
    pub state: Existence,
    pub noted_at: Timestamp,
    pub gone_at: Option<Timestamp>,
    /// What it is made of, once it was seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<String>,
    /// What it costs while it exists, if its price is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usd_per_hour: Option<f64>,
}

/// A restore that failed and is kept for a replay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Held {
    /// Until when; unknown until the cleanup has seen it.
    pub until: Option<Timestamp>,
    /// What it costs meanwhile, in words.
    pub costs: String,
}

/// What is known of a temporary resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Existence {
    /// Its creation was intended; it wasn't seen yet.
    Noted,
    /// It was seen.
    Exists,
    /// It was seen to be gone.
    Gone,
}

impl Status {
    /// What is told of the restore at this moment.
    pub fn of(restore: &Restore, now: Timestamp) -> Self {
        let ended_at = restore.ended.as_ref().map(|ended| ended.ended_at);
        let request = &restore.request;
        Self {
            restore_id: restore.id.to_string(),
            request_id: request.request_id.clone(),
            requested_by: request.requested_by.clone(),
            state: state(restore),
            attempt: restore.attempt,
            phase: restore.phase,
            source: request.source.clone(),
            target: request.target.clone(),
            database: request.database.clone(),
            restore_time: request.restore_point.instant(),
            snapshot: request.restore_point.snapshot().map(str::to_owned),
            schemas: request.schemas.clone(),
            options: Options {
                mover: name(&request.mover),
                validate: name(&request.validate),
                on_mismatch: name(&request.on_mismatch),
                external_foreign_keys: name(&request.external_foreign_keys),
            },
            opened_at: restore.opened_at,
            ended_at,
            seconds: seconds(restore.opened_at, ended_at.unwrap_or(now)),
            phases: phases(restore, ended_at.unwrap_or(now)),
            waits: waits(restore, now),
            tasks: restore
                .tasks
                .iter()
                .map(|task| WorkerTask {
                    job: task.job.clone(),
                    state: name(&task.state),
                    arn: task.arn.clone(),
                })
                .collect(),
            resources: restore.resources.iter().map(temporary).collect(),
            warnings: restore.warnings.iter().map(outgoing_cause).collect(),
            failed_in: restore.failed_in,
            held: held(restore),
            causes: restore.causes.iter().map(outgoing_cause).collect(),
            report: restore
                .ended
                .as_ref()
                .and_then(|ended| ended.report.clone()),
            report_page: restore
                .ended
                .as_ref()
                .and_then(|ended| ended.report_page.clone()),
            log: None,
        }
    }
}

impl From<Outcome> for State {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Rejected => Self::Rejected,
            Outcome::Completed => Self::Completed,
            Outcome::Failed => Self::Failed,
        }
    }
}

fn state(restore: &Restore) -> State {
    match (&restore.ended, restore.failed_in) {
        (Some(ended), _) => ended.outcome.into(),
        (None, Some(_)) => State::Failing,
        (None, None) => State::Running,
    }
}

/// The last phase's handler has nothing left to do after the outcome, so the outcome ends it.
fn phases(restore: &Restore, until: Timestamp) -> Vec<PhaseTimes> {
    let over = restore.ended.as_ref().map(|ended| ended.ended_at);
    let times = |time: &tenant_restore_core::restore::PhaseTime| {
        let ended = time.ended.or(over);
        PhaseTimes {
            phase: time.phase,
            began: time.began,
            ended,
            seconds: seconds(time.began, ended.unwrap_or(until)),
        }
    };
    restore.phases.iter().map(times).collect()
}

fn waits(restore: &Restore, now: Timestamp) -> Vec<Waits> {
    let waits = restore.waits.iter().map(|(phase, wait)| Waits {
        phase: *phase,
        what: name(&wait.what),
        since: wait.since,
        seconds: seconds(wait.since, now),
        deadline: wait.deadline,
        last_seen: wait.last_seen.clone(),
    });
    waits.collect()
}

fn temporary(resource: &Resource) -> Temporary {
    let state = match (resource.confirmed, resource.gone_at) {
        (_, Some(_)) => Existence::Gone,
        (true, None) => Existence::Exists,
        (false, None) => Existence::Noted,
    };
    Temporary {
        kind: name(&resource.kind),
        name: resource.name.clone(),
        state,
        noted_at: resource.noted_at,
        gone_at: resource.gone_at,
        size: resource.cost.as_ref().map(|cost| cost.size.clone()),
        usd_per_hour: resource
            .cost
            .as_ref()
            .and_then(|cost| cost.hourly)
            .map(Hourly::usd),
    }
}

fn held(restore: &Restore) -> Option<Held> {
    let until = restore.held.as_ref()?.until;
    let costs = price::total(restore.remaining()).to_string();
    Some(Held { until, costs })
}

fn seconds(from: Timestamp, to: Timestamp) -> f64 {
    to.duration_since(from).as_secs_f64().max(0.0)
}

/// The name under which a value without fields is recorded; one with fields is named by its variant.
fn name<T: Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(name)) => name,
        Ok(serde_json::Value::Object(fields)) => fields.keys().next().cloned().unwrap_or_default(),
        Ok(other) => other.to_string(),
        Err(error) => error.to_string(),
    }
}

#[cfg(test)]
pub mod samples;
