//! Runs the modes of a job in order and gathers what they say.

use std::time::Instant;

use futures::future::BoxFuture;
use jiff::Timestamp;
use tenant_restore_core::error::{Cause, ErrorKind};
use tenant_restore_core::job::{Failure, JobResult, Mode, Timing};
use tracing::Instrument as _;

use crate::context::{Context, Report};
use crate::failed::Failed;
use crate::{
    apply_post_data, apply_pre_data, copy, drop_restored, extract, open, preflight, probe, validate,
};

/// Version of a job's document and of its result that this program reads and writes.
pub const DOCUMENT_VERSION: u32 = 1;

/// Runs the job until its end, its first failure, or until `stopped` (the task was told to end). A probe that finds no
/// login ends it too, without a failure: the handler has the password reset then.
pub async fn run(context: &mut Context, stopped: impl Future<Output = ()>) -> JobResult {
    tokio::pin!(stopped);
    let mut result = empty_result(context);
    for mode in context.job.modes.clone() {
        let span = tracing::info_span!("mode", mode = mode.as_str());
        let began = Instant::now();
        let outcome = tokio::select! {
            outcome = run_mode(mode, context).instrument(span.clone()) => outcome,
            () = &mut stopped => {
                Err(was_stopped(&format!("mode {} ran", mode.as_str())).into())
            }
        };
        result.timings.push(Timing {
            mode,
            millis: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
        });
        match outcome {
            Ok(report) => {
                span.in_scope(|| tracing::info!("done"));
                let ends_here =
                    matches!(&report, Report::Probe(report) if report.version.is_none());
                keep(&mut result, report);
                if ends_here {
                    break;
                }
            }
            Err(failed) => {
                let causes: Vec<Cause> = failed.causes().cloned().collect();
                span.in_scope(|| {
                    for cause in &causes {
                        tracing::error!(%cause, "failed");
                    }
                });
                result.failure = Some(Failure { mode, causes });
                break;
            }
        }
    }
    result.remarks.append(&mut context.remarks);
    result.ended_at = Timestamp::now();
    result
}

/// The modes' futures have little in common but their size on the stack, hence the box.
fn run_mode(mode: Mode, context: &mut Context) -> BoxFuture<'_, Result<Report, Failed>> {
    if context.job.version != DOCUMENT_VERSION {
        let message = format!(
            "the job's document has version {}, not {DOCUMENT_VERSION}",
            context.job.version
        );
        let cause = Cause {
            remedy: "Deploy functions and worker of one version, then replay the restore."
                .to_owned(),
            ..Cause::new(ErrorKind::NotSupported, message)
        };
        return Box::pin(std::future::ready(Err(cause.into())));
    }
    match mode {
        Mode::Preflight => Box::pin(preflight::run(context)),
        Mode::Probe => Box::pin(probe::run(context)),
        Mode::Extract => Box::pin(extract::run(context)),
        Mode::ApplyPreData => Box::pin(apply_pre_data::run(context)),
        Mode::Copy => Box::pin(copy::run(context)),
        Mode::ApplyPostData => Box::pin(apply_post_data::run(context)),
        Mode::Validate => Box::pin(validate::run(context)),
        Mode::Open => Box::pin(open::run(context)),
        Mode::Drop => Box::pin(drop_restored::run(context)),
    }
}

/// The cause of a job that was told to end meanwhile.
pub fn was_stopped(meanwhile: &str) -> Cause {
    let message = format!("stopped from outside while {meanwhile}");
    Cause::new(ErrorKind::TaskFailed, message)
}

/// The result of a job that could not begin its first mode.
pub fn not_begun(context: &Context, cause: Cause) -> JobResult {
    let mut result = empty_result(context);
    tracing::error!(%cause, "not begun");
    result.failure = context.job.modes.first().map(|mode| Failure {
        mode: *mode,
        causes: vec![cause],
    });
    result
}

fn empty_result(context: &Context) -> JobResult {
    let now = Timestamp::now();
    JobResult {
        version: DOCUMENT_VERSION,
        restore_id: context.job.restore_id.clone(),
        attempt: context.job.attempt,
        started_at: now,
        ended_at: now,
        failure: None,
        preflight: None,
        probe: None,
        extract: None,
        copy: None,
        validate: None,
        drop: None,
        remarks: Vec::new(),
        timings: Vec::new(),
    }
}

fn keep(result: &mut JobResult, report: Report) {
    match report {
        Report::Preflight(report) => result.preflight = Some(report),
        Report::Probe(report) => result.probe = Some(report),
        Report::Extract(report) => result.extract = Some(report),
        Report::Copy(report) => result.copy = Some(report),
        Report::Validate(report) => result.validate = Some(report),
        // Without a comparison in this job they stay remarks.
        Report::Opened(differences) => match &mut result.validate {
            Some(validated) => validated
                .differences
                .extend(differences.iter().map(open::words)),
            None => result.remarks.extend(differences),
        },
        Report::Drop(report) => result.drop = Some(report),
        Report::Done => {}
    }
}
