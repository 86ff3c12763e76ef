//! Phase 1: the source and its backups are looked at, then production, by a worker task. Waits for that task, then for
//! admission; hands on `ProvisionTemporaryDatabase`, and `ProvisionReplication` at the same moment when DMS will be
//! needed.

mod database;
mod deleted;
mod source;
mod target;

use std::iter;

use jiff::Timestamp;
use tenant_restore_events::outgoing::Accepted;
use tenant_restore_events::{Instruction, Phase};

use crate::admission::{Admission, Databases};
use crate::decision::{Choreography, Decision, Setting};
use crate::error::Cause;
use crate::job::{Connections, JobResult, Mode, Severity};
use crate::plan::{self, Purpose};
use crate::restore::{
    MOST_CAUSES, Replication, ResourceKind, Restore, TaskState, internal, outgoing_cause, shortened,
};
use crate::restore_point::{RestorePoint, SnapshotName};
use crate::room;
use crate::sight::{Look, RoomSight, Seen};
use crate::wait::WaitFor;
use crate::worker_task::{self, Progress};
use source::Found;
use target::Target;

/// The phase.
pub struct Intake;

const JOB: &str = "preflight";

impl Choreography for Intake {
    fn looks(&self, restore: &Restore, _: &Setting) -> Vec<Look> {
        if restore.source.is_none() {
            let source = Look::Source(restore.request.source.clone());
            let target = restore.request.target.clone().map(Look::Target);
            let more = target.into_iter().chain(snapshot(restore));
            return iter::once(source).chain(more).collect();
        }
        if passed(restore) {
            return vec![Look::Admission {
                id: restore.id.clone(),
                attempt: restore.attempt,
                databases: Databases::of(&restore.request),
            }];
        }
        let task = worker_task::look_at(restore, JOB);
        let room = task.is_some().then(|| Look::Room {
            source: restore.request.source.clone(),
            remains: deleted::remains(restore),
            target: restore.request.destination().to_owned(),
        });
        task.into_iter().chain(room).collect()
    }

    fn decide(
        &self,
        mut restore: Restore,
        seen: &Seen,
        setting: &Setting,
        now: Timestamp,
    ) -> Decision {
        if restore.source.is_none() {
            return match databases(&restore, seen, setting, now) {
                Ok((found, target)) => {
                    restore.source = Some(found.source);
                    restore.target = target.map(|target| target.server);
                    restore.warnings.extend(found.warning);
                    restore.blame(found.objection);
                    let work = restore.names(&setting.deployment).work_prefix();
                    restore.note(ResourceKind::Objects, &work, now);
                    Decision::look_again(restore, Vec::new())
                }
                Err(causes) => Decision::fail(restore, causes, now),
            };
        }
        if passed(&restore) {
            return admit(restore, seen.admission, now);
        }
        match worker_task::progress(
            &mut restore,
            seen,
            setting,
            Phase::Intake,
            JOB,
            &[Mode::Preflight],
            now,
        ) {
            Progress::Start(effect) => {
                Decision::wait(restore, vec![*effect], WaitFor::Task, "started")
            }
            Progress::Running(status) => Decision::wait(restore, Vec::new(), WaitFor::Task, status),
            Progress::Failed(causes) => Decision::fail(restore, causes, now),
            Progress::Succeeded(result) => {
                judge(restore, &result, seen.room.as_ref(), setting, now)
            }
        }
    }
}

/// Source and target, if both can be used, each by itself and together.
fn databases(
    restore: &Restore,
    seen: &Seen,
    setting: &Setting,
    now: Timestamp,
) -> Result<(Found, Option<Target>), Vec<Cause>> {
    let class = setting.writer_class.as_deref();
    let found = source::judge(restore, seen, class, now);
    let target = target::judge(&restore.request, seen);
    let (found, target) = match (found, target) {
        (Ok(found), Ok(target)) => (found, target),
        (found, target) => {
            return Err(found.err().into_iter().chain(target.err()).collect());
        }
    };
    if let Some(target) = &target {
        let name = restore.request.destination();
        let fits = target.refuse_newer(name, &found.version);
        fits.map_err(|cause| vec![cause])?;
    }
    Ok((found, target))
}

/// What the worker found inside of production, and what AWS shows outside, together.
fn judge(
    mut restore: Restore,
    result: &JobResult,
    room: Option<&RoomSight>,
    setting: &Setting,
    now: Timestamp,
) -> Decision {
    let (Some(report), Some(room)) = (&result.preflight, room) else {
        let cause = internal("the preflight left no report, or the room was not looked at");
        return Decision::fail(restore, vec![cause], now);
    };
    let mut findings = report.findings.clone();
    findings.extend(room::judge(report, room, restore.request.mover));
    let (critical, warnings): (Vec<_>, Vec<_>) = findings
        .into_iter()
        .partition(|finding| finding.severity == Severity::Critical);
    let warnings = warnings.into_iter();
    let warnings = warnings.map(|finding| shortened(finding.cause));
    restore.warnings.extend(warnings.take(MOST_CAUSES));
    restore.free_connections = report.connections.as_ref().map(Connections::free);
    if restore.is_plan() {
        let key = restore.task(JOB).map(|task| task.result_key.as_str());
        let report_uri = format!("s3://{}/{}", setting.bucket, key.unwrap_or_default());
        let draft = plan::draft(&restore, report, room, report_uri);
        restore.purpose = Purpose::Plan {
            draft: Some(Box::new(draft)),
        };
    }
    if !critical.is_empty() || !restore.causes.is_empty() {
        let causes = critical.into_iter().map(|finding| finding.cause).collect();
        return Decision::fail(restore, causes, now);
    }
    if restore.is_plan() {
        // What the worker left is deleted, then the plan is told.
        restore.enter(Phase::Cleanup, &[Instruction::CleanUp], now);
        return Decision::rest(restore);
    }
    restore.replication = room::with_dms(restore.request.mover, report).then(Replication::default);
    Decision::look_again(restore, Vec::new())
}

fn snapshot(restore: &Restore) -> Option<Look> {
    let RestorePoint::Snapshot(snapshot) = &restore.request.restore_point else {
        return None;
    };
    let name = SnapshotName {
        id: snapshot.id.clone(),
        kind: Some(snapshot.kind),
    };
    Some(Look::Snapshot(name))
}

/// Whether the preflight is behind: what it found was judged in the same breath.
fn passed(restore: &Restore) -> bool {
    restore
        .task(JOB)
        .is_some_and(|task| task.state == TaskState::Succeeded)
}

fn admit(mut restore: Restore, admission: Option<Admission>, now: Timestamp) -> Decision {
    match admission {
        Some(Admission::Admitted) => {}
        Some(Admission::Waiting { position, limits }) => {
            let text = format!("waiting for admission, position {position}; {limits}");
            return Decision::wait(restore, Vec::new(), WaitFor::Admission, text);
        }
        None => {
            let cause = internal("the admission was not looked at");
            return Decision::fail(restore, vec![cause], now);
        }
    }
    // The main command goes last: its handler clears the outbox, which must have been sent by then.
    let mut commands = Vec::new();
    if restore.replication.is_some() {
        commands.push(Instruction::ProvisionReplication);
    }
    commands.push(Instruction::ProvisionTemporaryDatabase);
    restore.enter(Phase::Provision, &commands, now);
    let accepted = Accepted {
        subject: restore.subject(),
        attempt: restore.attempt,
        restore_point: restore.request.restore_point.instant(),
        warnings: restore.warnings.iter().map(outgoing_cause).collect(),
    };
    restore.announce("RestoreAccepted", &accepted);
    Decision::rest(restore)
}
