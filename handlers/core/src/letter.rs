//! Dead letters: what it means for a restore that a message was given up, after repeated failures of its handler.
//!
//! Whichever it was, its handler may have saved and crashed before it sent what that causes; so the outbox is sent again.

use jiff::Timestamp;
use tenant_restore_events::{Command, Instruction, Phase};

use crate::decision::{self, Tick};
use crate::error::Cause;
use crate::restore::Restore;
use crate::wait::Pace;

/// What to do about the restore of a letter.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// Save this record, in which the restore has failed, and send its outbox.
    Fail(Box<Restore>),
    /// Send these ticks, and the outbox again.
    Rearm(Vec<Tick>),
}

/// Of a command to this phase, in this attempt. If it is that of the restore's phase, the restore fails.
pub fn command(
    restore: &Restore,
    attempt: u32,
    phase: Phase,
    cause: Cause,
    now: Timestamp,
) -> Verdict {
    if attempt != restore.attempt || is_ending(phase) || !decision::may_act(phase, restore) {
        return Verdict::Rearm(Vec::new());
    }
    let mut failed = restore.clone();
    failed.fail(vec![cause], now);
    Verdict::Fail(Box::new(failed))
}

/// Of a tick or event: with it, a chain of ticks may have ended. A wait that is past its deadline, which its handler
/// evidently can't say, fails the restore.
pub fn hint(restore: &Restore, cause: Cause, pace: &Pace, now: Timestamp) -> Verdict {
    let mut ticks = Vec::new();
    for (&phase, wait) in &restore.waits {
        if now > wait.deadline && !is_ending(phase) {
            return command(restore, restore.attempt, phase, cause, now);
        }
        let generation = wait.generation;
        let reconcile = Instruction::Reconcile {
            phase,
            generation,
            gap: None,
        };
        ticks.push(Tick {
            command: Command::new(restore.id.as_str(), restore.attempt, reconcile),
            delay: pace.interval(wait.what, wait.ticks),
        });
    }
    Verdict::Rearm(ticks)
}

fn is_ending(phase: Phase) -> bool {
    matches!(phase, Phase::Cleanup | Phase::Complete)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;
    use crate::scene::{Scene, setting};
    use crate::wait::{Wait, WaitFor};

    fn cause() -> Cause {
        Cause::new(ErrorKind::DeadLetter, "the command ExtractDdl was given up")
    }

    fn waiting(scene: &Scene, phase: Phase) -> Restore {
        let mut restore = scene.restore.clone();
        let wait = Wait {
            what: WaitFor::Task,
            since: scene.now,
            deadline: scene.now,
            generation: 7,
            ticks: 0,
            last_seen: String::new(),
        };
        restore.waits.insert(phase, wait);
        restore
    }

    #[test]
    fn a_command_of_the_restores_phase_fails_it_and_no_other_does() {
        let scene = Scene::at(Phase::Ddl);
        let verdict = |attempt, phase| command(&scene.restore, attempt, phase, cause(), scene.now);
        let Verdict::Fail(failed) = verdict(1, Phase::Ddl) else {
            panic!("the restore goes on");
        };
        assert_eq!(failed.phase, Phase::Cleanup);
        assert_eq!(failed.causes[0].kind, ErrorKind::DeadLetter);
        let nothing = Verdict::Rearm(Vec::new());
        assert_eq!(verdict(2, Phase::Ddl), nothing);
        assert_eq!(verdict(1, Phase::Provision), nothing);
    }

    #[test]
    fn a_hint_arms_its_wait_again_and_fails_one_that_is_overdue() {
        let scene = Scene::at(Phase::Ddl);
        let restore = waiting(&scene, Phase::Ddl);
        let pace = setting().pace;
        let Verdict::Rearm(ticks) = hint(&restore, cause(), &pace, scene.now) else {
            panic!("it failed in time");
        };
        let (phase, generation) = (Phase::Ddl, 7);
        let reconcile = Instruction::Reconcile {
            phase,
            generation,
            gap: None,
        };
        assert_eq!(ticks[0].command.instruction, reconcile);
        let late = scene.later(1).now;
        let verdict = hint(&restore, cause(), &pace, late);
        assert!(matches!(verdict, Verdict::Fail(_)));
    }

    #[test]
    fn an_overdue_cleanup_is_made_to_look_and_ends_by_itself() {
        let scene = Scene::at(Phase::Cleanup);
        let restore = waiting(&scene, Phase::Cleanup);
        let late = scene.later(1).now;
        let verdict = hint(&restore, cause(), &setting().pace, late);
        assert!(matches!(verdict, Verdict::Rearm(ticks) if ticks.len() == 1));
    }
}
