//! Running a worker task: noted before it is started, awaited by ECS's event, judged by its result.

use jiff::{SignedDuration, Timestamp};
use tenant_restore_events::Phase;

use crate::credentials;
use crate::decision::Setting;
use crate::effect::Effect;
use crate::error::{Cause, ErrorKind};
use crate::job::{Job, JobResult, Live, Loader, Mode, Probe, Server};
use crate::restore::{Restore, Source, Task, TaskState};
use crate::sight::{Look, Seen, TaskSight};

#[cfg(test)]
mod tests;

/// What RunTask has made is shown within five minutes (ECS API reference, RunTask, on eventual consistency); twice that.
const SHOWN_WITHIN: SignedDuration = SignedDuration::from_mins(10);

/// Where a task is, for a decision.
#[derive(Debug, Clone, PartialEq)]
pub enum Progress {
    /// To be started by this effect; the record already has it.
    Start(Box<Effect>),
    /// Not over; the text is what was last seen.
    Running(String),
    /// Over, every mode succeeded.
    Succeeded(Box<JobResult>),
    /// Over, failed; with the result if it wrote one.
    Failed(Vec<Cause>),
}

/// The look at a task that was noted.
pub fn look(task: &Task) -> Look {
    Look::Task {
        job: task.job.clone(),
        arn: task.arn.clone(),
        started_by: task.started_by.clone(),
        result_key: task.result_key.clone(),
    }
}

/// The look at the task of a job, if it was started and isn't over.
pub fn look_at(restore: &Restore, job: &str) -> Option<Look> {
    restore
        .task(job)
        .filter(|task| task.state == TaskState::Running)
        .map(look)
}

/// Where the task of a job is. Starts it, if it wasn't noted yet, by noting it in the record.
pub fn progress(
    restore: &mut Restore,
    seen: &Seen,
    setting: &Setting,
    phase: Phase,
    name: &str,
    modes: &[Mode],
    now: Timestamp,
) -> Progress {
    let Some(task) = restore.task(name).cloned() else {
        let task = new_task(restore, setting, phase, name, 0);
        restore.tasks.push(task.clone());
        return start(restore, seen, setting, &task, modes);
    };
    let sight = match seen.tasks.get(name) {
        None => {
            return Progress::Failed(vec![crate::restore::internal(format!(
                "task {name} was not looked at"
            ))]);
        }
        Some(None) if task.arn.is_none() => return start(restore, seen, setting, &task, modes),
        Some(None) => return unseen(restore, name, now),
        Some(Some(sight)) => sight,
    };
    its(restore, name).for_each(|task| task.unseen_since = None);
    if !sight.stopped() {
        return Progress::Running(sight.status.clone());
    }
    let judged = judge(name, sight);
    let state = if judged.is_ok() {
        TaskState::Succeeded
    } else {
        TaskState::Failed
    };
    for task in its(restore, name) {
        task.arn = Some(sight.arn.clone());
        task.state = state;
    }
    match judged {
        Ok(result) => Progress::Succeeded(result),
        Err(causes) => Progress::Failed(causes),
    }
}

fn its<'a>(restore: &'a mut Restore, job: &'a str) -> impl Iterator<Item = &'a mut Task> {
    restore.tasks.iter_mut().filter(move |task| task.job == job)
}

/// ECS doesn't show a task that it has started, nor is its result there. It may not show it yet; but if it goes on, the task
/// has ended so long ago that it was forgotten.
fn unseen(restore: &mut Restore, name: &str, now: Timestamp) -> Progress {
    let mut lost = None;
    for task in its(restore, name) {
        let since = *task.unseen_since.get_or_insert(now);
        if now.duration_since(since) > SHOWN_WITHIN {
            task.state = TaskState::Failed;
            lost = Some((since, task.arn.clone().unwrap_or_default()));
        }
    }
    let Some((since, arn)) = lost else {
        return Progress::Running("not shown by ECS".to_owned());
    };
    let message = format!(
        "ECS has not shown the task {name} ({arn}) since {since}, and it left no result: it has ended without one"
    );
    Progress::Failed(vec![Cause::new(ErrorKind::TaskFailed, message)])
}

/// Starts a job over whose task has ended.
pub fn start_again(
    restore: &mut Restore,
    seen: &Seen,
    setting: &Setting,
    phase: Phase,
    name: &str,
    modes: &[Mode],
) -> Progress {
    let again = restore.task(name).map_or(0, |task| task.again + 1);
    let task = new_task(restore, setting, phase, name, again);
    restore.tasks.retain(|other| other.job != name);
    restore.tasks.push(task.clone());
    start(restore, seen, setting, &task, modes)
}

fn new_task(restore: &Restore, setting: &Setting, phase: Phase, job: &str, again: u32) -> Task {
    let names = restore.names(&setting.deployment);
    let run = run_of(restore, job, again);
    let (attempt, audit) = (restore.attempt, names.audit_prefix());
    Task {
        job: job.to_owned(),
        started_by: names.started_by(phase, attempt, &run),
        result_key: format!("{audit}{attempt}/{run}.json"),
        arn: None,
        state: TaskState::Running,
        again,
        unseen_since: None,
    }
}

fn judge(name: &str, sight: &TaskSight) -> Result<Box<JobResult>, Vec<Cause>> {
    if let Some(failure) = sight
        .result
        .as_ref()
        .and_then(|result| result.failure.as_ref())
    {
        return Err(failure.causes.clone());
    }
    match (&sight.result, sight.exit_code) {
        (Some(result), Some(0)) => Ok(result.clone()),
        // The worker writes its result when all is done; ECS has forgotten the exit code.
        (Some(result), None) if sight.status == TaskSight::FORGOTTEN => Ok(result.clone()),
        (_, None) => {
            let message = format!(
                "the task {name} ({}) never ran: {}",
                sight.arn, sight.reason
            );
            Err(vec![Cause::new(ErrorKind::TaskFailedToStart, message)])
        }
        (_, Some(code)) => {
            let message = format!(
                "the task {name} ({}) exited with code {code}: {}",
                sight.arn, sight.reason
            );
            Err(vec![Cause::new(ErrorKind::TaskFailed, message)])
        }
    }
}

fn start(
    restore: &Restore,
    seen: &Seen,
    setting: &Setting,
    task: &Task,
    modes: &[Mode],
) -> Progress {
    let Some(source) = &restore.source else {
        return Progress::Failed(vec![crate::restore::internal(
            "a task was wanted before the source was known",
        )]);
    };
    let Some(production) = restore.production() else {
        return Progress::Failed(vec![crate::restore::internal(
            "a task was wanted before the server is known that the schemas go into",
        )]);
    };
    let mut job = job(restore, setting, production, task, modes);
    if modes.contains(&Mode::Probe) {
        let Some(probe) = probe(restore, seen, source) else {
            return Progress::Failed(vec![crate::restore::internal(
                "a probe was wanted without versions of the source's secret",
            )]);
        };
        job.probe = Some(probe);
    }
    Progress::Start(Box::new(Effect::RunTask {
        name: task.job.clone(),
        key: format!("{}{}/{}.json", job.work_prefix, restore.attempt, task.job),
        started_by: task.started_by.clone(),
        token: format!(
            "{}-{}-{}",
            restore.id,
            restore.attempt,
            run_of(restore, &task.job, task.again)
        ),
        job: Box::new(job),
    }))
}

fn probe(restore: &Restore, seen: &Seen, source: &Source) -> Option<Probe> {
    let versions = seen.secret_versions.get(source.secret.as_ref()?)?;
    credentials::probe(restore, source, versions)
}

/// The name of this run of a job: ECS would take the next one of a resumed restore, or of a job that is started over, for a
/// repetition of the first.
fn run_of(restore: &Restore, job: &str, again: u32) -> String {
    match restore.resumed.count + again {
        0 => job.to_owned(),
        count => format!("{job}-{}", count + 1),
    }
}

/// Where the schemas are that are brought back, as they are now.
fn live(restore: &Restore) -> Live {
    let source = restore.source.as_ref();
    match (&restore.target, source.and_then(Source::server)) {
        (None, _) => Live::Production,
        (Some(_), Some(source)) => Live::Elsewhere(source),
        (Some(_), None) => Live::Nowhere,
    }
}

fn job(
    restore: &Restore,
    setting: &Setting,
    production: Server,
    task: &Task,
    modes: &[Mode],
) -> Job {
    let names = restore.names(&setting.deployment);
    let request = &restore.request;
    let temporary = restore.temporary.as_ref().map(|(host, port)| Server {
        host: host.clone(),
        port: *port,
        secret: names.source(),
    });
    Job {
        version: 1,
        restore_id: restore.id.to_string(),
        attempt: restore.attempt,
        modes: modes.to_vec(),
        database: request.database.clone(),
        schemas: request.schemas.clone(),
        production,
        live: live(restore),
        loader: Loader {
            role: names.loader_role(),
            secret: temporary.is_some().then(|| names.target()),
        },
        temporary,
        probe: None,
        mover: request.mover,
        validate: request.validate,
        on_mismatch: request.on_mismatch,
        external_foreign_keys: request.external_foreign_keys,
        accept: request.accept.clone(),
        work_prefix: names.work_prefix(),
        audit_prefix: names.audit_prefix(),
        result_key: task.result_key.clone(),
    }
}
