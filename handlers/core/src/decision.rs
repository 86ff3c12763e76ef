//! What a decision is, and the rules that hold for those of every phase: who may act, how long to wait, when a
//! wait has failed.

use jiff::Timestamp;
use tenant_restore_events::{Command, Instruction, Phase};

use crate::effect::{Effect, Learned};
use crate::error::{Cause, ErrorKind};
use crate::naming::Deployment;
use crate::restore::{Password, Refusal, Restore};
use crate::sight::{Look, Seen};
use crate::wait::{Pace, Wait, WaitFor};

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
    let names = deployment.names(&restore.id);
    let is_database = hint.resource == names.temporary_database();
    match hint.event.as_str() {
        // Created, restored to a point in time, restored from a snapshot (RDS user guide, event messages).
        "RDS-EVENT-0005" | "RDS-EVENT-0019" | "RDS-EVENT-0043" | "RDS-EVENT-0008"
            if is_database =>
        {
            restore.database_announced = true;
        }
        "RDS-EVENT-0016" if is_database => {
            if let Password::Resetting { announced, .. } = &mut restore.password {
                *announced = true;
            }
        }
        "DMS-EVENT-0005" if hint.resource == names.replication_instance() => {
            if let Some(branch) = restore.replication.as_mut() {
                branch.announced = true;
            }
        }
        "RDS-EVENT-0003" | "DMS-EVENT-0003" | "DMS-EVENT-0073" => {
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

/// Takes in what effects taught. What a twin of the handler has taken in already isn't taken back.
pub fn learn(restore: &mut Restore, learned: &[Learned], now: Timestamp) {
    for fact in learned {
        match fact {
            Learned::Task { job, arn } => {
                for task in restore.tasks.iter_mut().filter(|task| &task.job == job) {
                    task.arn = Some(arn.clone());
                }
            }
            Learned::Exists { name } => restore.confirm(name),
            Learned::PasswordAccepted { pending } => {
                if restore.password == Password::Old {
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
            Learned::Announced => restore.announced = true,
        }
    }
}

/// A tick to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tick {
    /// The command.
    pub command: Command,
    /// After so many seconds.
    pub delay: i64,
}

/// Whether a tick belongs to the wait that is under way. One from the future was sent by a handler that could not
/// save; it counts, so that the chain doesn't break.
pub fn is_current(restore: &Restore, handler: Phase, generation: u32) -> bool {
    restore
        .waits
        .get(&handler)
        .is_some_and(|wait| generation >= wait.generation)
}

/// Whether a tick belongs to a wait that another has replaced. The newer wait has a tick of its own, so this one is
/// ignored: acted upon, it could arm another, and chains would multiply.
pub fn is_outdated(restore: &Restore, handler: Phase, wake: &Wake) -> bool {
    let Wake::Tick { generation } = wake else {
        return false;
    };
    restore
        .waits
        .get(&handler)
        .is_some_and(|wait| *generation < wait.generation)
}

/// Begins, keeps or ends the wait of a handler, after a decision.
///
/// # Errors
/// The cause, when the wait is past its deadline.
pub fn settle(
    restore: &mut Restore,
    handler: Phase,
    then: &Then,
    wake: &Wake,
    pace: &Pace,
    now: Timestamp,
) -> Result<Option<Tick>, Cause> {
    let Then::Wait(what, last_seen) = then else {
        if *then == Then::Rest {
            restore.waits.remove(&handler);
        }
        return Ok(None);
    };
    let before = restore.waits.get(&handler).cloned();
    // What the cleanup waits for changes as resources go; its deadline is one for all.
    let overdue_wait = before
        .as_ref()
        .filter(|wait| wait.what == *what || handler == Phase::Cleanup);
    if let Some(wait) = overdue_wait.filter(|wait| now > wait.deadline) {
        return Err(overdue(wait, last_seen));
    }
    let same = before.as_ref().filter(|wait| wait.what == *what);
    let ticked =
        matches!(wake, Wake::Tick { generation } if is_current(restore, handler, *generation));
    let tick_generation = if let Wake::Tick { generation } = wake {
        *generation
    } else {
        0
    };
    if let Some(wait) = same.filter(|_| !ticked) {
        let kept = Wait {
            last_seen: last_seen.clone(),
            ..wait.clone()
        };
        restore.waits.insert(handler, kept);
        return Ok(None);
    }
    restore.generation = restore.generation.max(tick_generation) + 1;
    let wait = Wait {
        what: *what,
        since: same.map_or(now, |wait| wait.since),
        deadline: same.map_or_else(
            || pace.deadline(*what, handler, began(restore, handler, now)),
            |wait| wait.deadline,
        ),
        generation: restore.generation,
        ticks: same.map_or(0, |wait| wait.ticks + 1),
        last_seen: last_seen.clone(),
    };
    let tick = Tick {
        command: Command::new(
            restore.id.as_str(),
            restore.attempt,
            Instruction::Reconcile {
                phase: handler,
                generation: wait.generation,
            },
        ),
        delay: pace.interval(*what, wait.ticks),
    };
    restore.waits.insert(handler, wait);
    Ok(Some(tick))
}

fn began(restore: &Restore, handler: Phase, now: Timestamp) -> Timestamp {
    let phase = restore
        .phases
        .last()
        .filter(|time| handler == Phase::Cleanup && time.phase == handler);
    phase.map_or(now, |time| time.began)
}

/// Puts a refused call off: a tick will repeat it, later each time.
///
/// # Errors
/// The cause, when it was refused for longer than its deadline.
pub fn put_off(
    restore: &mut Restore,
    handler: Phase,
    cause: &Cause,
    pace: &Pace,
    now: Timestamp,
) -> Result<Tick, Cause> {
    let (since, count) = restore
        .refusals
        .get(&handler)
        .map_or((now, 0), |refusal| (refusal.since, refusal.count + 1));
    let deadline = pace.deadline(WaitFor::Retry, handler, began(restore, handler, since));
    if now > deadline {
        let message = format!(
            "{}; refused {} times since {since}",
            cause.message,
            count + 1
        );
        return Err(Cause::new(cause.kind, message));
    }
    restore.refusals.insert(handler, Refusal { since, count });
    restore.generation += 1;
    let generation = restore.generation;
    let last_seen = cause.to_string();
    restore.waits.insert(
        handler,
        Wait {
            what: WaitFor::Retry,
            since,
            deadline,
            generation,
            ticks: count,
            last_seen,
        },
    );
    let reconcile = Instruction::Reconcile {
        phase: handler,
        generation,
    };
    let command = Command::new(restore.id.as_str(), restore.attempt, reconcile);
    Ok(Tick {
        command,
        delay: pace.interval(WaitFor::Retry, count),
    })
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
    before.phase != after.phase
        || !effects.is_empty()
        || gone(before) != gone(after)
        || settled(before) != settled(after)
        || before
            .tasks
            .iter()
            .map(|task| task.state)
            .ne(after.tasks.iter().map(|task| task.state))
        || (before.password == Password::Reset) != (after.password == Password::Reset)
}

fn overdue(wait: &Wait, last_seen: &str) -> Cause {
    let message = format!(
        "waited for {:?} since {} and past the deadline {}; last seen: {last_seen}",
        wait.what, wait.since, wait.deadline
    );
    Cause::new(ErrorKind::DeadlineExceeded, message)
}
