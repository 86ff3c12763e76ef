//! Waits and their chains of ticks: one chain a wait, whatever is lost, doubled or late.

use jiff::Timestamp;
use tenant_restore_events::{Command, Instruction, Phase};

use super::{Then, Wake};
use crate::error::{Cause, ErrorKind};
use crate::restore::{Refusal, Restore};
use crate::wait::{Pace, Wait, WaitFor};

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
///
/// Of two handlers that settle at once, one can't save, and its tick has the generation that the other has saved. If
/// it was sent for a gap and the saved wait is none, it would come within seconds, before the event.
pub fn is_outdated(restore: &Restore, handler: Phase, wake: &Wake) -> bool {
    let Wake::Tick { generation, gap } = wake else {
        return false;
    };
    let of_another = |wait: &Wait| {
        *generation == wait.generation && gap.is_some_and(|gap| gap != wait.what.is_gap())
    };
    restore
        .waits
        .get(&handler)
        .is_some_and(|wait| *generation < wait.generation || of_another(wait))
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
    let interrupted = before
        .as_ref()
        .filter(|wait| wait.what == WaitFor::Retry)
        .and_then(|_| restore.refusals.get(&handler)?.interrupted.clone());
    // What the cleanup waits for changes as resources go; its deadline is one for all.
    let overdue_wait = [&before, &interrupted]
        .into_iter()
        .flatten()
        .find(|wait| wait.what == *what || handler == Phase::Cleanup);
    if let Some(wait) = overdue_wait.filter(|wait| now > wait.deadline) {
        return Err(overdue(wait, last_seen));
    }
    let same = before.filter(|wait| wait.what == *what);
    let ticked =
        matches!(wake, Wake::Tick { generation, .. } if is_current(restore, handler, *generation));
    let tick_generation = if let Wake::Tick { generation, .. } = wake {
        *generation
    } else {
        0
    };
    if let Some(wait) = same.as_ref().filter(|_| !ticked) {
        let kept = Wait {
            last_seen: last_seen.clone(),
            ..wait.clone()
        };
        restore.waits.insert(handler, kept);
        return Ok(None);
    }
    let same = same.or(interrupted.filter(|wait| wait.what == *what));
    restore.generation = restore.generation.max(tick_generation) + 1;
    let wait = Wait {
        what: *what,
        since: same.as_ref().map_or(now, |wait| wait.since),
        deadline: same.as_ref().map_or_else(
            || pace.deadline(*what, handler, began(restore, handler, now)),
            |wait| wait.deadline,
        ),
        generation: restore.generation,
        ticks: same.as_ref().map_or(0, |wait| wait.ticks + 1),
        last_seen: last_seen.clone(),
    };
    let tick = Tick {
        command: Command::new(
            restore.id.as_str(),
            restore.attempt,
            Instruction::Reconcile {
                phase: handler,
                generation: wait.generation,
                gap: Some(what.is_gap()),
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

/// Of a kind that passes, of which [`ErrorKind::remedy`] says that nothing has to be done.
const REFUSED_TOO_LONG: &str = "It lasted longer than a restore waits: look into the message's cause at AWS (its status page, quotas, throttling), then replay the restore.";

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
    // A hold may be longer than a cleanup.
    let what = if restore.held.is_some() {
        WaitFor::Hold
    } else {
        WaitFor::Retry
    };
    let deadline = pace.deadline(what, handler, began(restore, handler, since));
    if now > deadline {
        let message = format!(
            "{}; refused {} times since {since}",
            cause.message,
            count + 1
        );
        return Err(Cause {
            remedy: REFUSED_TOO_LONG.to_owned(),
            ..Cause::new(cause.kind, message)
        });
    }
    let interrupted = match restore.waits.get(&handler) {
        Some(wait) if wait.what != WaitFor::Retry => Some(wait.clone()),
        _ => restore
            .refusals
            .get(&handler)
            .and_then(|refusal| refusal.interrupted.clone()),
    };
    restore.refusals.insert(
        handler,
        Refusal {
            since,
            count,
            interrupted,
        },
    );
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
        gap: Some(true),
    };
    let command = Command::new(restore.id.as_str(), restore.attempt, reconcile);
    Ok(Tick {
        command,
        delay: pace.interval(WaitFor::Retry, count),
    })
}

fn overdue(wait: &Wait, last_seen: &str) -> Cause {
    let message = format!(
        "waited for {:?} since {} and past the deadline {}; last seen: {last_seen}",
        wait.what, wait.since, wait.deadline
    );
    let mut cause = Cause::new(ErrorKind::DeadlineExceeded, message);
    if wait.what == WaitFor::Admission {
        cause.remedy =
            "Replay the restore when others have ended, or raise the deployment's `admission`."
                .to_owned();
    }
    cause
}
