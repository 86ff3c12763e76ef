//! What the sweeper makes of what it finds: temporary resources without a live restore, and restores that nothing
//! moves any more. Neither should ever be there; both may be, after an outage, a purged queue or a hand in the console.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use tenant_restore_events::{Command, Instruction, Phase};

use crate::decision::Setting;
use crate::naming::RestoreId;
use crate::restore::Restore;
use crate::status;
use crate::wait::{Pace, Wait};

#[cfg(test)]
mod tests;

/// How often SQS delivers a message before it is given up, and for how many handler time-outs it hides it each time: as
/// the template sets both.
const DELIVERIES: i64 = 5;
const HIDDEN: i64 = 6;

/// What a restore's record says about the resources that bear its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Life {
    /// Under way, or ended so lately that a handler may still be at work on it.
    Live,
    /// Ended and told.
    Over,
    /// There is no such restore.
    Unknown,
}

/// What the table's record makes of a restore. It must be read after the resources were listed: a record is written
/// before anything is created in its name.
pub fn life(record: Option<&Restore>, setting: &Setting, now: Timestamp) -> Life {
    let Some(restore) = record else {
        return Life::Unknown;
    };
    let ended = restore.ended.as_ref().filter(|_| restore.announced);
    let late = SignedDuration::from_secs(setting.handler_timeout);
    match ended {
        Some(ended) if now > ended.ended_at + late => Life::Over,
        _ => Life::Live,
    }
}

/// The kinds of temporary resources that a sweep lists. What is left in S3 goes by the bucket's lifecycle rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Kind {
    /// A DB instance.
    Database,
    /// A DB cluster.
    Cluster,
    /// A parameter group of instances.
    ParameterGroup,
    /// A parameter group of clusters.
    ClusterParameterGroup,
    /// A secret.
    Secret,
    /// A DMS task.
    ReplicationTask,
    /// A DMS endpoint.
    Endpoint,
    /// A DMS replication instance.
    ReplicationInstance,
    /// A running task of the worker.
    WorkerTask,
}

/// Whose a resource is that bears our prefix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owner {
    /// A restore that is under way, which looks after it.
    Live,
    /// By name and tags a restore that is over or was never there.
    Gone(RestoreId),
    /// Its tags don't say that it is ours.
    Foreign,
}

/// A resource with our prefix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// What it is.
    pub kind: Kind,
    /// Its name; the ARN of a worker task.
    pub name: String,
    /// The status that AWS shows; empty where there is none.
    pub status: String,
    /// Whose it is.
    pub owner: Owner,
}

/// What to do about a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Leave it to its restore.
    Leave,
    /// Tell of it, and never touch it.
    Report,
    /// Stop it; a later sweep finds it stopped.
    Stop,
    /// Delete it.
    Delete,
    /// Look again at the next sweep, for this reason.
    Later(&'static str),
}

/// What to do about each resource, in the order that AWS allows: of one restore, tasks go before the endpoints and the
/// instance that they use (DMS API reference), and before the databases and secrets that they read; instances before their
/// cluster, and both before their parameter groups (RDS API reference).
pub fn judge(found: &[Found]) -> Vec<Verdict> {
    found
        .iter()
        .map(|resource| match &resource.owner {
            Owner::Live => Verdict::Leave,
            Owner::Foreign => Verdict::Report,
            Owner::Gone(id) => remove(resource, &kinds_of(found, id)),
        })
        .collect()
}

/// What there is of a restore.
fn kinds_of(found: &[Found], id: &RestoreId) -> Vec<Kind> {
    let its = |resource: &&Found| matches!(&resource.owner, Owner::Gone(owner) if owner == id);
    found.iter().filter(its).map(|it| it.kind).collect()
}

fn remove(resource: &Found, its: &[Kind]) -> Verdict {
    let status = resource.status.as_str();
    let has = |kinds: &[Kind]| kinds.iter().any(|kind| its.contains(kind));
    match resource.kind {
        Kind::WorkerTask if status::worker_task_is_ending(status) => Verdict::Later("it stops"),
        Kind::WorkerTask => Verdict::Stop,
        _ if status::is_deleting(status) => Verdict::Later("it is being deleted"),
        Kind::ReplicationTask if status == "running" => Verdict::Stop,
        Kind::ReplicationTask if status::replication_task_rests(status) => Verdict::Delete,
        Kind::ReplicationTask => Verdict::Later("it can't be stopped or deleted in this status"),
        _ if has(&[Kind::ReplicationTask, Kind::WorkerTask]) => {
            Verdict::Later("tasks that use it go first")
        }
        Kind::Cluster if has(&[Kind::Database]) => Verdict::Later("its instances go first"),
        Kind::ParameterGroup | Kind::ClusterParameterGroup
            if has(&[Kind::Database, Kind::Cluster]) =>
        {
            Verdict::Later("the databases that use it go first")
        }
        _ => Verdict::Delete,
    }
}

/// What sets a restore going again.
#[derive(Debug, Clone, PartialEq)]
pub enum Nudge {
    /// A tick: its handler looks, decides and arms its wait again.
    Tick(Command),
    /// What its outbox holds: the command of the phase was sent and lost, or never sent.
    Outbox,
}

/// What sets a restore going that should have moved long ago; nothing if it may still move by itself. A nudge that wasn't
/// needed does no harm: it counts as the tick that is under way, which then is outdated.
pub fn nudges(restore: &Restore, setting: &Setting, now: Timestamp) -> Vec<Nudge> {
    if restore.announced {
        return Vec::new();
    }
    let patience = SignedDuration::from_secs(DELIVERIES * HIDDEN * setting.handler_timeout);
    let is_silent = |due: Timestamp| now > due.saturating_add(patience).unwrap_or(Timestamp::MAX);
    let mut nudges: Vec<_> = restore
        .waits
        .iter()
        .filter(|(_, wait)| is_silent(due(wait, &setting.pace)))
        .map(|(&phase, wait)| tick(restore, phase, wait.generation))
        .collect();
    let began = restore
        .phases
        .last()
        .map_or(restore.opened_at, |time| time.began);
    if !restore.waits.contains_key(&restore.phase) && is_silent(began) {
        nudges.push(if restore.outbox.commands.is_empty() {
            tick(restore, restore.phase, restore.generation)
        } else {
            Nudge::Outbox
        });
    }
    nudges
}

fn tick(restore: &Restore, phase: Phase, generation: u32) -> Nudge {
    let reconcile = Instruction::Reconcile {
        phase,
        generation,
        gap: None,
    };
    Nudge::Tick(Command::new(
        restore.id.as_str(),
        restore.attempt,
        reconcile,
    ))
}

/// When the tick that is under way should come, or the deadline, if that is sooner.
fn due(wait: &Wait, pace: &Pace) -> Timestamp {
    let seconds = (0..=wait.ticks)
        .map(|ticks| pace.interval(wait.what, ticks))
        .fold(0, i64::saturating_add);
    let tick = wait
        .since
        .saturating_add(SignedDuration::from_secs(seconds));
    tick.map_or(wait.deadline, |tick| tick.min(wait.deadline))
}
