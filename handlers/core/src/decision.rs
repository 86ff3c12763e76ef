//! What a decision is, and the rules that hold for those of every phase: who may act, how long to wait, when a
//! wait has failed.

use jiff::Timestamp;
use tenant_restore_events::{Instruction, Phase};

use crate::effect::{Effect, Learned};
use crate::error::{Cause, ErrorKind};
use crate::hold::Hold;
use crate::naming::Deployment;
use crate::phases::cleanup;
use crate::restore::{Password, Restore, Task, TaskState};
use crate::sight::{Look, Seen};
use crate::wait::{Pace, WaitFor};

mod chain;
#[cfg(test)]
mod tests;

pub use chain::{Tick, is_current, is_outdated, put_off, settle};

/// What wakes a handler.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wake {
    /// The request that opened the restore.
    Request,
    /// A command of the phase before, or of the same phase.
    Command(Instruction),
    /// A tick of the handler's own.
    Tick {
        /// Its generation.
        generation: u32,
        /// Whether it was sent for a gap, if it says so.
        gap: Option<bool>,
    },
    /// An AWS event.
    Hint(Hint),
}

/// What an AWS event says, as far as anything is believed of it: that there is something to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hint {
    /// The resource.
    pub resource: String,
    /// `RDS-EVENT-0019`, `DMS-EVENT-0005`, `STOPPED` …; empty where the event has none.
    pub event: String,
}

/// What all decisions are made with.
#[derive(Debug, Clone)]
pub struct Setting {
    /// The deployment.
    pub deployment: Deployment,
    /// Tick intervals and deadlines.
    pub pace: Pace,
    /// The longest time in seconds that a handler can run: as long may a creator of resources come late.
    pub handler_timeout: i64,
    /// Name of the bucket.
    pub bucket: String,
    /// How many DMS tasks the replication instances' class can bear loading at a time.
    pub loads_of_class: usize,
    /// Class of the writers of temporary clusters, where the configuration names one.
    pub writer_class: Option<String>,
}

/// A decision.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// The record as it is to be saved, before any effect.
    pub restore: Restore,
    /// What to do then.
    pub effects: Vec<Effect>,
    /// And after that.
    pub then: Then,
}

impl Decision {
    /// Save, do, wait.
    pub fn wait(
        restore: Restore,
        effects: Vec<Effect>,
        what: WaitFor,
        last_seen: impl Into<String>,
    ) -> Self {
        Self {
            restore,
            effects,
            then: Then::Wait(what, last_seen.into()),
        }
    }

    /// Save, do, look again.
    pub fn look_again(restore: Restore, effects: Vec<Effect>) -> Self {
        Self {
            restore,
            effects,
            then: Then::LookAgain,
        }
    }

    /// Save; this phase's part is done.
    pub fn rest(restore: Restore) -> Self {
        Self {
            restore,
            effects: Vec::new(),
            then: Then::Rest,
        }
    }

    /// Give up.
    pub fn fail(mut restore: Restore, causes: Vec<Cause>, now: Timestamp) -> Self {
        restore.fail(causes, now);
        Self::rest(restore)
    }
}

/// What follows the effects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Then {
    /// Look again at once: the effects change what is seen.
    LookAgain,
    /// Wait; the text is what was last seen of the resource.
    Wait(WaitFor, String),
    /// The phase is over, or there is nothing to wait for.
    Rest,
}

/// A phase's part of the choreography.
pub trait Choreography {
    /// What to look at.
    fn looks(&self, restore: &Restore, setting: &Setting) -> Vec<Look>;
    /// What to do.
    fn decide(&self, restore: Restore, seen: &Seen, setting: &Setting, now: Timestamp) -> Decision;
}

/// Whether the handler of a phase may act on a restore in this state.
pub fn may_act(handler: Phase, restore: &Restore) -> bool {
    if handler == restore.phase {
        return true;
    }
    let preparing = matches!(restore.phase, Phase::Provision | Phase::Ddl);
    handler == Phase::Migrate
        && preparing
        && restore
            .replication
            .as_ref()
            .is_some_and(|branch| !branch.settled)
}

/// Takes in what an event says about how close the end of a wait is.
pub fn heed(restore: &mut Restore, deployment: &Deployment, wake: &Wake) {
    let Wake::Hint(hint) = wake else { return };
    let names = restore.names(deployment);
    let is_database = hint.resource == names.temporary_database();
    let is_cluster = hint.resource == names.temporary_cluster();
    match hint.event.as_str() {
        // Created, restored to a point in time, restored from a snapshot (RDS user guide, event messages).
        "RDS-EVENT-0005" | "RDS-EVENT-0019" | "RDS-EVENT-0043" | "RDS-EVENT-0008"
            if is_database =>
        {
            restore.database_announced = true;
        }
        // The only event of a cluster's restore too (Aurora user guide, event messages).
        "RDS-EVENT-0170" if is_cluster => restore.cluster_announced = true,
        "RDS-EVENT-0016" if is_database || is_cluster => {
            if let Password::Resetting { announced, .. } = &mut restore.password {
                *announced = true;
            }
        }
        "DMS-EVENT-0005" if hint.resource == names.replication_instance() => {
            if let Some(branch) = restore.replication.as_mut() {
                branch.announced = true;
            }
        }
        "RDS-EVENT-0003" | "RDS-EVENT-0171" | "DMS-EVENT-0003" | "DMS-EVENT-0073" => {
            for resource in restore
                .resources
                .iter_mut()
                .filter(|resource| resource.name == hint.resource)
            {
                resource.deletion_announced = true;
            }
        }
        _ => {}
    }
}

/// Takes in what effects taught. What a twin of the handler has taken in already isn't taken back, and what was learned
/// before the restore was resumed says nothing about what is done since.
pub fn learn(restore: &mut Restore, learned: &[Learned], now: Timestamp) {
    for fact in learned {
        match fact {
            Learned::Task { started_by, arn } => {
                let mut tasks = restore.tasks.iter_mut();
                if let Some(task) = tasks.find(|task| task.started_by == *started_by) {
                    task.arn.get_or_insert_with(|| arn.clone());
                }
            }
            Learned::Worker {
                definition,
                in_place_of,
            } => {
                if restore.worker.is_none() || restore.worker == *in_place_of {
                    restore.worker = Some(definition.clone());
                }
            }
            Learned::Made { name } => restore.own(name),
            Learned::Exists { name } => {
                restore.own(name);
                restore.confirm(name);
            }
            Learned::Elsewhere {
                name,
                number,
                place,
                refused,
            } => {
                // What is learned late may be of an instance that was given up meanwhile.
                restore.placing.reach(*number);
                let tried = refused.join(", ");
                let message = format!("no capacity for {name} ({tried}); it is made as {place}");
                restore
                    .warnings
                    .push(Cause::new(ErrorKind::NoCapacity, message));
            }
            Learned::PasswordAccepted { pending } => {
                if matches!(restore.password, Password::Old | Password::Refused) {
                    restore.password = Password::Resetting {
                        announced: false,
                        shown: *pending,
                    };
                }
            }
            Learned::NotOurs { kind, name } => {
                for resource in restore
                    .resources
                    .iter_mut()
                    .filter(|resource| resource.kind == *kind && &resource.name == name)
                {
                    resource.gone_at.get_or_insert(now);
                }
            }
            Learned::Answered { kind, name } => restore.answer_creation(*kind, name),
            Learned::Announced => restore.announced = true,
            Learned::HeldTold { until } => {
                let its = |hold: &&mut Hold| hold.until == Some(*until);
                if let Some(hold) = restore.held.as_mut().filter(its) {
                    hold.told = true;
                }
            }
            Learned::Repeated { name, resumed } => {
                if *resumed == restore.resumed.count {
                    restore.resumed.reload.retain(|other| other != name);
                    restore.resumed.retest.retain(|other| other != name);
                }
            }
        }
    }
}

/// Writes down what these effects are about to create, in the record that is saved before them.
pub fn announce(restore: &mut Restore, effects: &[Effect], setting: &Setting, now: Timestamp) {
    restore.announce_creations(effects, setting.handler_timeout, now);
}

/// What is known of calls that create something, the first of which AWS refused: it has its answer, unless that got lost,
/// and the others won't be made.
pub fn refused(effects: &[Effect], kind: ErrorKind) -> impl Iterator<Item = Learned> {
    let unknown = usize::from(kind == ErrorKind::ServiceFault);
    effects.iter().skip(unknown).filter_map(Effect::answered)
}

/// Whether a decision moved the restore, beyond keeping account of its waits.
pub fn moved(before: &Restore, after: &Restore, effects: &[Effect]) -> bool {
    let gone = |restore: &Restore| {
        restore
            .resources
            .iter()
            .filter(|resource| resource.gone_at.is_some())
            .count()
    };
    let settled = |restore: &Restore| {
        restore
            .replication
            .as_ref()
            .is_some_and(|branch| branch.settled)
    };
    let reset = |restore: &Restore| match restore.password {
        Password::Old | Password::Resetting { .. } => None,
        other => Some(other),
    };
    before.phase != after.phase
        || !effects.is_empty()
        || gone(before) != gone(after)
        || settled(before) != settled(after)
        || before
            .tasks
            .iter()
            .map(|task| task.state)
            .ne(after.tasks.iter().map(|task| task.state))
        || reset(before) != reset(after)
}

/// Whether what woke us is the command that the outbox holds for the restore's phase: then all in it was sent.
pub fn is_next_command(restore: &Restore, wake: &Wake) -> bool {
    let Wake::Command(instruction) = wake else {
        return false;
    };
    let mut commands = restore.outbox.commands.iter();
    instruction.recipient() == restore.phase
        && commands.any(|command| command.instruction == *instruction)
}

/// Whether the record entered its phase as it would have by the save that was tried: then that save was done, though its
/// answer was lost, and what it causes is still to be sent. The times of the phases are to the nanosecond.
pub fn is_entered_as(record: &Restore, tried: &Restore) -> bool {
    record.phases == tried.phases
}

/// Whether what woke us is the end of a worker task that the cleanup waits for: ECS tells the phase that started it.
pub fn ends_a_stop(restore: &Restore, wake: &Wake) -> bool {
    let Wake::Hint(hint) = wake else {
        return false;
    };
    // The event names the run of a resumed restore's job, not the job.
    let tells_of = |task: &Task| task.started_by.rsplit('/').next() == Some(&hint.resource);
    let mut running = restore
        .tasks
        .iter()
        .filter(|task| task.state == TaskState::Running);
    restore.phase == Phase::Cleanup && running.any(tells_of)
}

/// Fails the restore; or the cleanup, which then ends with what is left.
pub fn give_up(restore: &mut Restore, handler: Phase, cause: Cause, now: Timestamp) {
    if handler == Phase::Cleanup {
        cleanup::give_up(restore, &cause, now);
    } else {
        restore.fail(vec![cause], now);
    }
}
