//! One run of a job by one worker: ECS may start a task twice, when the answer to RunTask is lost and its token forgotten.
//!
//! The modes can each be run again, but not those before `open` once `open` has ended: schemas and login role are then no
//! longer the restore's. So the second worker waits for the first and takes over its result.

use tenant_restore_core::error::{Cause, ErrorKind};
use tenant_restore_core::job::{Job, JobResult, Mode};
use tokio_postgres::Client;

use crate::context::Context;
use crate::failed::OrCause;
use crate::job_run;
use crate::storage::{read_json, write_json};

/// Runs the job in its turn and writes its result, or returns the one that an earlier worker of this run has written.
///
/// # Errors
/// The result can't be read or written.
pub async fn run(
    context: &mut Context,
    stopped: impl Future<Output = ()>,
) -> Result<JobResult, Cause> {
    tokio::pin!(stopped);
    let turn = tokio::select! {
        turn = take(context) => turn,
        () = &mut stopped => Err(job_run::was_stopped("it waited for its turn")),
    };
    if let Some(result) = earlier(context).await? {
        tracing::info!("an earlier worker of this run has written the result");
        return Ok(result);
    }
    let result = match &turn {
        Ok(_) => job_run::run(context, stopped).await,
        Err(cause) => job_run::not_begun(context, cause.clone()),
    };
    write_json(&*context.storage, &context.job.result_key, &result).await?;
    // Only now may another worker begin: it must find the result.
    drop(turn);
    Ok(result)
}

/// The session that holds the turn for as long as it lives; none where the job changes nothing.
async fn take(context: &Context) -> Result<Option<Client>, Cause> {
    if !changes_anything(&context.job) {
        return Ok(None);
    }
    let session = context.production().await?;
    let doing = || "wait for the other worker of this job's run";
    // The other one may need hours.
    session
        .batch_execute("set lock_timeout = 0")
        .await
        .or_cause(ErrorKind::ConnectionFailed, doing)?;
    let name = format!("tenant-restore run {}", context.job.result_key);
    session
        .query_one(
            "select pg_advisory_lock(hashtextextended($1, 0))::text",
            &[&name],
        )
        .await
        .or_cause(ErrorKind::ConnectionFailed, doing)?;
    Ok(Some(session))
}

fn changes_anything(job: &Job) -> bool {
    let only_looks = |mode: &Mode| matches!(mode, Mode::Preflight | Mode::Probe);
    !job.modes.iter().all(only_looks)
}

/// What an earlier worker of this run has written: each run has a key of its own.
async fn earlier(context: &Context) -> Result<Option<JobResult>, Cause> {
    let key = &context.job.result_key;
    if context.storage.find(key).await?.is_none() {
        return Ok(None);
    }
    read_json(&*context.storage, key).await.map(Some)
}
