//! Phase 4: the rows. Two branches at once: DMS (see [`super::replication`]), which may start while RDS still works,
//! and a worker task that copies. Waits for both; hands on `Finalize`.

use jiff::Timestamp;
use tenant_restore_events::{Instruction, Phase};

use crate::decision::{Choreography, Decision, Setting, Then};
use crate::effect::Effect;
use crate::job::Mode;
use crate::phases::replication::{self, Branch};
use crate::restore::{Restore, TaskState};
use crate::sight::{Look, Seen};
use crate::wait::WaitFor;
use crate::worker_task::{self, Progress};

/// The phase.
pub struct Migrate;

const JOB: &str = "copy";

impl Choreography for Migrate {
    fn looks(&self, restore: &Restore, setting: &Setting) -> Vec<Look> {
        let mut looks = replication::looks(restore, setting);
        looks.extend(worker_task::look_at(restore, JOB));
        looks
    }

    fn decide(
        &self,
        mut restore: Restore,
        seen: &Seen,
        setting: &Setting,
        now: Timestamp,
    ) -> Decision {
        let mut effects = Vec::new();
        let copy = if restore.phase == Phase::Migrate {
            copy(&mut restore, seen, setting, now, &mut effects)
        } else {
            Branch::Done
        };
        let dms = replication::decide(&mut restore, seen, setting, now, &mut effects);
        match (copy, dms) {
            (Branch::Failed(causes), _) | (_, Branch::Failed(causes)) => {
                Decision::fail(restore, causes, now)
            }
            (_, Branch::LookAgain) => Decision::look_again(restore, effects),
            // Nobody waits for an instance only to delete it: the cleanup does.
            (Branch::Done, dms)
                if restore.phase == Phase::Migrate
                    && (dms == Branch::Done || replication::is_unneeded(&restore)) =>
            {
                restore.enter(Phase::Finalize, &[Instruction::Finalize], now);
                Decision::rest(restore)
            }
            (copy, dms) => Decision {
                restore,
                effects,
                then: join(copy, dms),
            },
        }
    }
}

/// One wait for two branches: a gap wins, since nothing but ticks ends it.
fn join(copy: Branch, dms: Branch) -> Then {
    match (copy, dms) {
        (Branch::Waiting(_, first), Branch::Waiting(what, second)) if what.is_gap() => {
            Then::Wait(what, format!("{first}; {second}"))
        }
        (Branch::Waiting(what, first), Branch::Waiting(_, second)) => {
            Then::Wait(what, format!("{first}; {second}"))
        }
        (Branch::Waiting(what, text), _) | (_, Branch::Waiting(what, text)) => {
            Then::Wait(what, text)
        }
        (Branch::Done, Branch::Done) => Then::Rest,
        _ => Then::LookAgain,
    }
}

fn copy(
    restore: &mut Restore,
    seen: &Seen,
    setting: &Setting,
    now: Timestamp,
    effects: &mut Vec<Effect>,
) -> Branch {
    let over = restore
        .task(JOB)
        .is_some_and(|task| task.state == TaskState::Succeeded);
    if restore.copy_tables == 0 || over {
        return Branch::Done;
    }
    match worker_task::progress(
        restore,
        seen,
        setting,
        Phase::Migrate,
        JOB,
        &[Mode::Copy],
        now,
    ) {
        Progress::Start(effect) => {
            effects.push(*effect);
            Branch::Waiting(WaitFor::Task, "copy started".to_owned())
        }
        Progress::Running(status) => {
            Branch::Waiting(WaitFor::Task, format!("copy task is {status}"))
        }
        Progress::Failed(causes) => Branch::Failed(causes),
        Progress::Succeeded(_) => Branch::Done,
    }
}
