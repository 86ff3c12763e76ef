//! Phase 5: the rest of the DDL, validation, and opening the schemas to their users, by one worker task. Waits for
//! it; hands on `CleanUp`.

use jiff::Timestamp;
use tenant_restore_events::{Instruction, Phase};

use crate::decision::{Choreography, Decision, Setting};
use crate::error::{Cause, ErrorKind};
use crate::job::{JobResult, Mode};
use crate::restore::Restore;
use crate::sight::{Look, Seen};
use crate::wait::WaitFor;
use crate::worker_task::{self, Progress};

/// The phase.
pub struct Finalize;

pub(super) const JOB: &str = "finalize";

impl Choreography for Finalize {
    fn looks(&self, restore: &Restore, _: &Setting) -> Vec<Look> {
        worker_task::look_at(restore, JOB).into_iter().collect()
    }

    fn decide(
        &self,
        mut restore: Restore,
        seen: &Seen,
        setting: &Setting,
        now: Timestamp,
    ) -> Decision {
        let modes = [Mode::ApplyPostData, Mode::Validate, Mode::Open];
        match worker_task::progress(
            &mut restore,
            seen,
            setting,
            Phase::Finalize,
            JOB,
            &modes,
            now,
        ) {
            Progress::Start(effect) => {
                Decision::wait(restore, vec![*effect], WaitFor::Task, "started")
            }
            Progress::Running(status) => Decision::wait(restore, Vec::new(), WaitFor::Task, status),
            Progress::Failed(causes) => Decision::fail(restore, causes, now),
            Progress::Succeeded(result) => hand_on(restore, &result, now),
        }
    }
}

fn hand_on(mut restore: Restore, result: &JobResult, now: Timestamp) -> Decision {
    restore.opened = true;
    let differences = result
        .validate
        .as_ref()
        .map(|report| report.differences.as_slice())
        .unwrap_or_default();
    if differences.is_empty() {
        restore.enter(Phase::Cleanup, &[Instruction::CleanUp], now);
        return Decision::rest(restore);
    }
    let causes = differences
        .iter()
        .map(|text| Cause::new(ErrorKind::ValidationMismatch, text.clone()))
        .collect();
    Decision::fail(restore, causes, now)
}
