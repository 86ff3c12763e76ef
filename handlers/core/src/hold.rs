//! `onFailure: hold`: after a failure the temporary database and what was copied stay for a limited time, so that a
//! replay resumes at the failed step instead of beginning anew.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use tenant_restore_events::{Instruction, Phase, outgoing};

use crate::error::ErrorKind;
use crate::restore::{PhaseTime, Restore, TaskState, outgoing_cause};
use crate::wait::Pace;

/// A failed restore whose temporary resources are kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Hold {
    /// The phase that failed and would be resumed.
    pub phase: Phase,
    /// Until when; set when the cleanup first sees it.
    pub until: Option<Timestamp>,
    /// Whether `RestoreHeld` was told.
    pub told: bool,
}

/// What a request wants after a failure.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum OnFailure {
    /// Delete everything at once.
    #[default]
    Cleanup,
    /// Keep it for a while.
    Hold,
}

/// What a resumed restore does over again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Resumed {
    /// How often it was resumed: tells the tasks of one run from those of the next.
    pub count: u32,
    /// DMS tasks to load again, should they be found failed.
    pub reload: Vec<String>,
    /// Endpoints to test again, should their test be found failed.
    pub retest: Vec<String>,
}

impl Restore {
    /// Whether a failure now leaves something that is worth keeping: rows on their way, and somebody who asked for it.
    pub(crate) fn is_to_be_held(&self) -> bool {
        let cancelled = self
            .causes
            .iter()
            .any(|cause| cause.kind == ErrorKind::Cancelled);
        let resumable = matches!(self.phase, Phase::Ddl | Phase::Migrate | Phase::Finalize);
        self.request.on_failure == OnFailure::Hold
            && self.temporary.is_some()
            && resumable
            && !self.opened
            && !cancelled
    }

    /// Takes a held restore up again at the phase that failed.
    ///
    /// # Errors
    /// Why it can't be resumed.
    pub fn resume(&mut self, now: Timestamp) -> Result<(), String> {
        let Some(hold) = self.held.clone().filter(|_| self.phase == Phase::Cleanup) else {
            return Err(format!("the restore {} is not held", self.id));
        };
        if hold.until.is_some_and(|until| now >= until) {
            return Err(format!("the restore {} is not held any more", self.id));
        }
        if let Some(task) = self
            .tasks
            .iter()
            .find(|task| task.state == TaskState::Running)
        {
            return Err(format!(
                "the task {} of the restore {} is still being stopped; replay it when RestoreHeld was told",
                task.job, self.id
            ));
        }
        self.held = None;
        self.failed_in = None;
        self.causes.clear();
        self.waits.clear();
        self.refusals.clear();
        self.tasks.retain(|task| task.state == TaskState::Succeeded);
        self.strays_gone = false;
        // Who replays may have mended the worker meanwhile.
        self.worker = None;
        let names: Vec<_> = self
            .resources
            .iter()
            .map(|resource| resource.name.clone())
            .collect();
        self.resumed = Resumed {
            count: self.resumed.count + 1,
            reload: names.clone(),
            retest: names,
        };
        let command = match hold.phase {
            Phase::Ddl => Instruction::ExtractDdl,
            Phase::Migrate => Instruction::Migrate,
            _ => Instruction::Finalize,
        };
        self.enter(hold.phase, &[command], now);
        Ok(())
    }

    /// Ends the hold: the cleanup begins anew, with a time of its own.
    pub(crate) fn end_hold(&mut self, now: Timestamp) {
        self.held = None;
        self.waits.remove(&Phase::Cleanup);
        if let Some(time) = self.phases.last_mut() {
            time.ended = Some(now);
        }
        self.phases.push(PhaseTime {
            phase: Phase::Cleanup,
            began: now,
            ended: None,
        });
    }

    /// What `RestoreHeld` says.
    pub fn held_detail(&self, phase: Phase, until: Timestamp) -> outgoing::Held {
        outgoing::Held {
            subject: self.subject(),
            attempt: self.attempt,
            phase,
            until,
            causes: self.causes.iter().map(outgoing_cause).collect(),
            upkeep: Some(self.upkeep()),
        }
    }
}

/// When a hold that began then ends.
pub(crate) fn end(pace: &Pace, began: Timestamp) -> Timestamp {
    let seconds = pace.hold.clamp(1, Pace::LONGEST_HOLD);
    began
        .saturating_add(SignedDuration::from_secs(seconds))
        .unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::decision::{Choreography, Setting, Then};
    use crate::effect::Effect;
    use crate::error::Cause;
    use crate::naming::{Deployment, restore_id};
    use crate::phases::cleanup::Cleanup;
    use crate::request::{Arrival, read};
    use crate::restore::{ResourceKind, Task};
    use crate::sight::Seen;
    use crate::wait::WaitFor;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn now() -> Timestamp {
        at("2024-02-01T00:00:00Z")
    }

    fn setting() -> Setting {
        let deployment = Deployment {
            name: "tenant-restore".into(),
            tag: "main".into(),
        };
        Setting {
            deployment,
            pace: Pace::default(),
            handler_timeout: 60,
            loads_of_class: 10,
            writer_class: None,
            bucket: "bucket".into(),
        }
    }

    fn task(job: &str, state: TaskState) -> Task {
        let text = job.to_owned();
        Task {
            job: text.clone(),
            started_by: text.clone(),
            result_key: text,
            arn: None,
            state,
            again: 0,
            unseen_since: None,
        }
    }

    fn failed(on_failure: &str, phase: Phase) -> Restore {
        let detail = json!({
            "database": "d", "schemas": ["s"], "restoreTime": "2024-01-28T14:30:00Z", "onFailure": on_failure
        });
        let arrival = Arrival {
            event_id: "e",
            time: now(),
            replayed: false,
            now: now(),
            default_source: "production",
            snapshot: None,
        };
        let request = read(&detail, &arrival).unwrap();
        let mut restore = Restore::open(restore_id("tenant-restore", "e"), request, now());
        restore.temporary = Some(("localhost".to_owned(), 5432));
        restore.note(ResourceKind::Database, "tr-main-x", now());
        restore.tasks = vec![
            task("ddl", TaskState::Succeeded),
            task("copy", TaskState::Failed),
        ];
        restore.phase = phase;
        restore.fail(vec![Cause::new(ErrorKind::CopyFailed, "a table")], now());
        restore
    }

    #[test]
    fn only_a_failure_that_left_something_and_asked_for_it_is_held() {
        assert!(failed("hold", Phase::Migrate).held.is_some());
        assert!(failed("hold", Phase::Intake).held.is_none());
        assert!(failed("cleanup", Phase::Migrate).held.is_none());
    }

    #[test]
    fn a_held_restore_deletes_nothing_and_tells_once_until_when() {
        let restore = failed("hold", Phase::Migrate);
        let decision = Cleanup.decide(restore, &Seen::default(), &setting(), now());
        let until = at("2024-02-01T04:00:00Z");
        assert_eq!(
            decision.effects,
            [Effect::TellHeld {
                phase: Phase::Migrate,
                until
            }]
        );
        assert!(matches!(decision.then, Then::Wait(WaitFor::Hold, _)));
        let mut told = decision.restore;
        crate::decision::learn(
            &mut told,
            &[crate::effect::Learned::HeldTold { until }],
            now(),
        );
        let later = at("2024-02-01T03:59:59Z");
        let decision = Cleanup.decide(told, &Seen::default(), &setting(), later);
        assert_eq!(decision.effects, []);
    }

    #[test]
    fn when_its_time_is_up_the_cleanup_begins_with_a_time_of_its_own() {
        let restore = failed("hold", Phase::Migrate);
        let end = at("2024-02-01T04:00:00Z");
        let decision = Cleanup.decide(restore, &Seen::default(), &setting(), end);
        assert_eq!(decision.restore.held, None);
        assert_eq!(decision.then, Then::LookAgain);
        assert_eq!(decision.restore.phases.last().unwrap().began, end);
    }

    #[test]
    fn a_replay_resumes_the_failed_phase_and_keeps_what_was_made() {
        let mut restore = failed("hold", Phase::Migrate);
        restore.resume(now()).unwrap();
        assert_eq!((restore.phase, restore.attempt), (Phase::Migrate, 1));
        assert!(restore.causes.is_empty() && restore.failed_in.is_none());
        assert_eq!(restore.tasks.len(), 1);
        assert_eq!(restore.resources.len(), 1);
        assert_eq!(restore.outbox.commands[0].instruction, Instruction::Migrate);
    }

    #[test]
    fn it_is_told_and_can_be_resumed_only_once_nothing_of_the_failed_run_is_at_work() {
        let mut restore = failed("hold", Phase::Migrate);
        restore.tasks[1].state = TaskState::Running;
        assert!(restore.clone().resume(now()).is_err());
        let decision = Cleanup.decide(restore, &Seen::default(), &setting(), now());
        assert_eq!(decision.effects, []);
    }

    #[test]
    fn a_refused_call_does_not_end_a_hold_that_is_longer_than_a_cleanup() {
        let mut restore = failed("hold", Phase::Migrate);
        let late = now() + SignedDuration::from_hours(23);
        let cause = Cause::new(ErrorKind::Throttled, "slow down");
        let pace = setting().pace;
        assert!(
            crate::decision::put_off(&mut restore, Phase::Cleanup, &cause, &pace, late).is_ok()
        );
        restore.held = None;
        let refused = crate::decision::put_off(&mut restore, Phase::Cleanup, &cause, &pace, late);
        assert!(refused.is_err());
    }

    #[test]
    fn what_is_not_held_is_not_resumed() {
        assert!(failed("cleanup", Phase::Migrate).resume(now()).is_err());
        let mut late = failed("hold", Phase::Migrate);
        late.held.as_mut().unwrap().until = Some(now());
        assert!(late.resume(now()).is_err());
    }

    #[test]
    fn a_cancelled_hold_is_cleaned_up() {
        let mut restore = failed("hold", Phase::Migrate);
        restore.cancel(None, now()).unwrap();
        assert_eq!(restore.held, None);
        assert_eq!(restore.outbox.commands[0].instruction, Instruction::CleanUp);
    }
}
