//! Phase 6: nothing of ours outlives a restore. Stops what runs, drops what a failed restore put into production,
//! then deletes every temporary resource, in parallel, in the order that AWS allows, until Describe says that each is
//! gone. Hands on `Complete`.

mod resources;

use jiff::{SignedDuration, Timestamp};
use tenant_restore_events::{Instruction, Phase};

use crate::decision::{Choreography, Decision, Setting};
use crate::effect::Effect;
use crate::error::{Cause, ErrorKind};
use crate::hold::{self, Hold};
use crate::job::Mode;
use crate::phases::finalize;
use crate::price;
use crate::restore::{Resource, ResourceKind, Restore, Task, TaskState};
use crate::sight::{Look, Seen};
use crate::status;
use crate::wait::WaitFor;
use crate::worker_task::{self, Progress};
use resources::{deletion, is_gone_at_once, look, status_of, users};

/// The phase.
pub struct Cleanup;

const JOB: &str = "drop";

/// So often the task that drops is started over, if it ended without a result.
const MOST_DROPS_OVER: u32 = 2;

impl Choreography for Cleanup {
    fn looks(&self, restore: &Restore, setting: &Setting) -> Vec<Look> {
        let tasks = restore
            .tasks
            .iter()
            .filter(|task| task.state == TaskState::Running)
            .map(worker_task::look);
        let resources = restore
            .resources
            .iter()
            .filter(|resource| {
                resource.gone_at.is_none() || may_come_again(resource, setting).is_some()
            })
            .map(look);
        let strays = strays(restore);
        tasks.chain(strays).chain(resources).collect()
    }

    fn decide(
        &self,
        mut restore: Restore,
        seen: &Seen,
        setting: &Setting,
        now: Timestamp,
    ) -> Decision {
        let began = restore.phases.last().map_or(now, |time| time.began);
        let mut sweep = Sweep {
            effects: Vec::new(),
            waits: Vec::new(),
            now,
            late_until: late_until(began, setting),
        };
        sweep.look_behind(&mut restore, seen, setting);
        sweep.stop_tasks(&mut restore, seen);
        sweep.stop_strays(&mut restore, seen, setting);
        if restore.held.is_some() {
            return sweep.hold(restore, setting, began);
        }
        sweep.stop_replication(&mut restore, seen);
        let quiet = sweep.effects.is_empty() && sweep.waits.is_empty();
        if quiet {
            sweep.drop_restored(&mut restore, seen, setting);
            sweep.delete(&mut restore, seen);
        }
        let all_gone = restore
            .resources
            .iter()
            .all(|resource| resource.gone_at.is_some());
        if all_gone && sweep.effects.is_empty() && sweep.waits.is_empty() {
            sweep.await_creators(&restore, setting);
        }
        if all_gone && sweep.effects.is_empty() && sweep.waits.is_empty() {
            restore.enter(Phase::Complete, &[Instruction::Complete], now);
            return Decision::rest(restore);
        }
        sweep.into_decision(restore)
    }
}

/// All tasks at work for our jobs, but that of the cleanup itself: RunTask may have made a second one for a job (its answer
/// was lost and its client token expired), which only `startedBy` tells.
fn strays(restore: &Restore) -> Option<Look> {
    let jobs = restore.tasks.iter().filter(|task| task.job != JOB);
    let started_by: Vec<_> = jobs.map(|task| task.started_by.clone()).collect();
    (!restore.strays_gone && !started_by.is_empty()).then_some(Look::Strays { started_by })
}

/// Until when a late handler may start a task, whose job's document it writes before.
fn may_be_started(restore: &Restore, setting: &Setting, now: Timestamp) -> Option<Timestamp> {
    let mut documents = restore.resources.iter();
    let documents = documents.find(|resource| resource.kind == ResourceKind::Objects)?;
    let until = documents.creators_until(setting.handler_timeout)?;
    (now < until).then_some(until)
}

/// A handler that read the record before the cleanup began may create something as long as it can run.
fn late_until(began: Timestamp, setting: &Setting) -> Timestamp {
    began + SignedDuration::from_secs(setting.handler_timeout)
}

/// Until when something may be made again that was seen to be gone.
fn may_come_again(resource: &Resource, setting: &Setting) -> Option<Timestamp> {
    let until = resource.creators_until(setting.handler_timeout)?;
    resource
        .gone_at
        .is_some_and(|gone_at| gone_at < until)
        .then_some(until)
}

/// Gives up on a cleanup that doesn't end: the outcome names what is left.
pub fn give_up(restore: &mut Restore, cause: &Cause, now: Timestamp) {
    if is_to_drop(restore) {
        restore.blame([not_dropped(restore)]);
    }
    let left = restore
        .remaining()
        .map(|resource| price::spoken(resource.kind, &resource.name, resource.cost.as_ref()));
    let left: Vec<_> = left.collect();
    let message = format!(
        "{}; not deleted: {}; together {}",
        cause.message,
        left.join(", "),
        price::total(restore.remaining())
    );
    restore.failed_in.get_or_insert(Phase::Cleanup);
    restore.blame([Cause::new(ErrorKind::DeleteFailed, message)]);
    restore.enter(Phase::Complete, &[Instruction::Complete], now);
}

/// Whether a failed restore may have put something into production that was neither opened nor dropped yet.
fn is_to_drop(restore: &Restore) -> bool {
    let over = restore
        .task(JOB)
        .is_some_and(|task| task.state != TaskState::Running);
    !restore.causes.is_empty() && !restore.opened && restore.extraction().is_some() && !over
}

/// Whether the task that drops ended without saying what came of it, and may be started over.
fn is_to_drop_again(restore: &Restore, causes: &[Cause]) -> bool {
    let silent = |cause: &Cause| {
        matches!(
            cause.kind,
            ErrorKind::TaskFailed | ErrorKind::TaskFailedToStart
        )
    };
    let over = restore.task(JOB).map_or(0, |task| task.again);
    over < MOST_DROPS_OVER && causes.iter().all(silent)
}

/// Whether a task is being stopped already (ECS developer guide, task lifecycle).
fn is_on_its_way_out(status: &str) -> bool {
    matches!(status, "DEACTIVATING" | "STOPPING" | "DEPROVISIONING")
}

fn late_load(tasks: &[String]) -> Cause {
    let message = format!(
        "DMS was loading again after the rows had been taken as moved: {}; their tables may be incomplete",
        tasks.join(", ")
    );
    Cause::new(ErrorKind::ReplicationFailed, message)
}

fn not_dropped(restore: &Restore) -> Cause {
    let schemas: Vec<_> = restore
        .request
        .schemas
        .iter()
        .map(|pair| format!("{:?}", pair.restored_as))
        .collect();
    let message = format!(
        "these schemas may still be in the database {:?}: {}",
        restore.request.database,
        schemas.join(", ")
    );
    Cause::new(ErrorKind::DropFailed, message)
}

/// The task that hands schemas over may end well, and its result not be heard of.
fn handed_over(restore: &Restore, schemas: &[String]) -> Cause {
    let message = format!(
        "these schemas stand in the database {:?} without this restore's marker, so they were left alone: {schemas:?}; the \
         task {} may have handed them over to their owners before the restore failed",
        restore.request.database,
        finalize::JOB
    );
    let mut cause = Cause::new(ErrorKind::DropFailed, message);
    cause.remedy =
        "Look whether they are what you want, and keep them or drop them by hand.".to_owned();
    cause
}

struct Sweep {
    effects: Vec<Effect>,
    waits: Vec<(WaitFor, String)>,
    now: Timestamp,
    late_until: Timestamp,
}

impl Sweep {
    fn wait(&mut self, what: WaitFor, text: String) {
        self.waits.push((what, text));
    }

    /// A gap wins, since nothing but ticks ends it.
    fn into_decision(self, restore: Restore) -> Decision {
        let most_pressing = self
            .waits
            .iter()
            .find(|(what, _)| what.is_gap())
            .or(self.waits.first());
        let what = most_pressing.map(|(what, _)| *what);
        let texts: Vec<_> = self.waits.iter().map(|(_, text)| text.as_str()).collect();
        match what {
            Some(what) => {
                let text = texts.join("; ");
                Decision::wait(restore, self.effects, what, text)
            }
            None => Decision::look_again(restore, self.effects),
        }
    }

    /// What was gone although a call that creates it had no answer yet is looked at once more when none can come any more.
    fn look_behind(&self, restore: &mut Restore, seen: &Seen, setting: &Setting) {
        for resource in &mut restore.resources {
            let over = may_come_again(resource, setting).is_some_and(|until| until <= self.now);
            if over {
                resource.gone_at = status_of(resource, seen).is_none().then_some(self.now);
            }
        }
    }

    /// All is gone; but what a handler is about to make again would outlive the restore.
    fn await_creators(&mut self, restore: &Restore, setting: &Setting) {
        for resource in &restore.resources {
            if let Some(until) = may_come_again(resource, setting) {
                let name = &resource.name;
                self.wait(
                    WaitFor::DeletionShown,
                    format!("a late handler may make {name} again until {until}"),
                );
            }
        }
    }

    fn stop_tasks(&mut self, restore: &mut Restore, seen: &Seen) {
        let running = |task: &&mut Task| task.state == TaskState::Running && task.job != JOB;
        for task in restore.tasks.iter_mut().filter(running) {
            match seen.tasks.get(&task.job).and_then(Option::as_ref) {
                Some(sight) if sight.stopped() => task.state = TaskState::Failed,
                Some(sight) => {
                    if !is_on_its_way_out(&sight.status) {
                        self.effects.push(Effect::StopTask {
                            arn: sight.arn.clone(),
                        });
                    }
                    self.waits.push((
                        WaitFor::Task,
                        format!("task {} is {}", task.job, sight.status),
                    ));
                }
                None if self.now < self.late_until => {
                    self.waits.push((
                        WaitFor::DeletionShown,
                        format!("task {} may still be started", task.job),
                    ));
                }
                None => task.state = TaskState::Failed,
            }
        }
    }

    /// Stops what runs for us although no record knows it.
    fn stop_strays(&mut self, restore: &mut Restore, seen: &Seen, setting: &Setting) {
        let Some(strays) = &seen.strays else { return };
        let known: Vec<_> = seen.tasks.values().flatten().map(|it| &it.arn).collect();
        let strays = strays.iter().filter(|(arn, _)| !known.contains(&arn));
        let mut none = true;
        for (arn, status) in strays {
            none = false;
            if !is_on_its_way_out(status) {
                self.effects.push(Effect::StopTask { arn: arn.clone() });
            }
            // Its event goes to the phase that started it, which doesn't know it either.
            let text = format!("task {arn}, a second one of its job, is {status}");
            self.wait(WaitFor::DeletionShown, text);
        }
        let late = may_be_started(restore, setting, self.now);
        if let Some(until) = late.filter(|_| restore.held.is_some()) {
            let text = format!("a late handler may start a task until {until}");
            self.wait(WaitFor::DeletionShown, text);
        }
        restore.strays_gone = none && late.is_none();
    }

    /// A held restore keeps what it has until a replay, or until its time is up.
    fn hold(mut self, mut restore: Restore, setting: &Setting, began: Timestamp) -> Decision {
        let Some(hold) = restore.held.clone() else {
            return Decision::look_again(restore, self.effects);
        };
        let until = hold
            .until
            .unwrap_or_else(|| hold::end(&setting.pace, began));
        if self.now >= until {
            restore.end_hold(self.now);
            return Decision::look_again(restore, self.effects);
        }
        restore.held = Some(Hold {
            until: Some(until),
            ..hold.clone()
        });
        // Once it is told, it may be resumed: nothing of the failed run is at work any more.
        if !hold.told && self.effects.is_empty() && self.waits.is_empty() {
            let phase = hold.phase;
            self.effects.push(Effect::TellHeld { phase, until });
        }
        self.wait(WaitFor::Hold, format!("held until {until}"));
        self.into_decision(restore)
    }

    fn stop_replication(&mut self, restore: &mut Restore, seen: &Seen) {
        let tasks = restore
            .resources
            .iter_mut()
            .filter(|resource| resource.kind == ResourceKind::ReplicationTask);
        let mut at_work = Vec::new();
        for task in tasks.filter(|task| task.gone_at.is_none()) {
            let name = task.name.clone();
            let status = status_of(task, seen);
            if matches!(status.as_deref(), Some("starting" | "running")) {
                at_work.push(name.clone());
            }
            match status.as_deref() {
                None => self.absent(task),
                Some("running") => {
                    self.effects
                        .push(Effect::StopReplicationTask { name: name.clone() });
                    self.wait(WaitFor::ReplicationTask, format!("{name} is to be stopped"));
                }
                Some(status) if status::replication_task_rests(status) => {
                    self.effects
                        .push(Effect::DeleteReplicationTask { name: name.clone() });
                    self.wait(WaitFor::Deletion, format!("{name} is to be deleted"));
                }
                Some(status) => {
                    let what = if task.deletion_announced {
                        WaitFor::DeletionShown
                    } else {
                        WaitFor::Deletion
                    };
                    self.wait(what, format!("{name} is {status}"));
                }
            }
        }
        // A load that begins truncates. One that runs although all rows were taken as moved (a late call of a handler's
        // twin) is about to be stopped half-way: then nobody may believe the restored tables.
        if restore.causes.is_empty() && !at_work.is_empty() {
            restore.failed_in.get_or_insert(Phase::Cleanup);
            restore.blame([late_load(&at_work)]);
        }
    }

    /// After a failure, what this restore put into production goes; the worker proves by its marker what that is.
    fn drop_restored(&mut self, restore: &mut Restore, seen: &Seen, setting: &Setting) {
        if !is_to_drop(restore) {
            return;
        }
        match worker_task::progress(
            restore,
            seen,
            setting,
            Phase::Cleanup,
            JOB,
            &[Mode::Drop],
            self.now,
        ) {
            Progress::Start(effect) => {
                self.effects.push(*effect);
                self.wait(WaitFor::Task, "drop task started".to_owned());
            }
            Progress::Running(status) => self.wait(WaitFor::Task, format!("drop task is {status}")),
            Progress::Succeeded(result) => {
                let left = result.drop.map(|report| report.left).unwrap_or_default();
                // What stands under a name before the schemas are handed over is another's, and its cause says so.
                if !left.is_empty() && restore.task(finalize::JOB).is_some() {
                    restore.blame([handed_over(restore, &left)]);
                }
            }
            // Killed, or never begun: that says nothing about the schemas, and the worker only drops what is still there.
            Progress::Failed(causes) if is_to_drop_again(restore, &causes) => {
                let modes = [Mode::Drop];
                let started =
                    worker_task::start_again(restore, seen, setting, Phase::Cleanup, JOB, &modes);
                if let Progress::Start(effect) = started {
                    self.effects.push(*effect);
                }
                self.wait(WaitFor::Task, "drop task started over".to_owned());
            }
            Progress::Failed(causes) => {
                let told = causes
                    .iter()
                    .any(|cause| cause.kind == ErrorKind::DropFailed);
                restore.blame(causes);
                if !told {
                    restore.blame([not_dropped(restore)]);
                }
            }
        }
    }

    fn delete(&mut self, restore: &mut Restore, seen: &Seen) {
        let dropping = restore
            .task(JOB)
            .is_some_and(|task| task.state == TaskState::Running);
        let left: Vec<_> = restore
            .resources
            .iter()
            .filter(|resource| resource.gone_at.is_none())
            .map(|resource| resource.kind)
            .collect();
        for resource in restore
            .resources
            .iter_mut()
            .filter(|resource| resource.gone_at.is_none())
        {
            // The worker that drops still reads its job and the secrets.
            if dropping && matches!(resource.kind, ResourceKind::Secret | ResourceKind::Objects) {
                continue;
            }
            let Some(status) = status_of(resource, seen) else {
                self.absent(resource);
                continue;
            };
            resource.confirmed = true;
            if users(resource.kind).iter().any(|user| left.contains(user)) {
                continue;
            }
            if status::is_deleting(&status) {
                let quick = resource.deletion_announced || resource.kind == ResourceKind::Endpoint;
                let what = if quick {
                    WaitFor::DeletionShown
                } else {
                    WaitFor::Deletion
                };
                self.wait(what, format!("{} is {status}", resource.name));
                continue;
            }
            self.effects.push(deletion(resource));
            // These are gone at once as a rule, and no event tells: the first time, look again.
            let at_once = is_gone_at_once(resource.kind);
            let asked = resource.deletion_announced;
            resource.deletion_announced |= at_once;
            if at_once && !asked {
                continue;
            }
            let what = if resource.kind == ResourceKind::Endpoint || at_once {
                WaitFor::DeletionShown
            } else {
                WaitFor::Deletion
            };
            self.wait(what, format!("{} is to be deleted", resource.name));
        }
    }

    /// Something that isn't there is gone, unless its creator may still be at work.
    fn absent(&mut self, resource: &mut Resource) {
        let kept_by_tasks = resource.kind == ResourceKind::Objects;
        if resource.confirmed || kept_by_tasks || self.now >= self.late_until {
            resource.gone_at = Some(self.now);
            return;
        }
        self.wait(
            WaitFor::DeletionShown,
            format!("{} may still appear", resource.name),
        );
    }
}
