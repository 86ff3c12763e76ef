//! A job's modes, run in order.

#![allow(clippy::unwrap_used, reason = "what a test can't prepare fails it")]

mod cluster;

use std::sync::Arc;

use cluster::Cluster;
use cluster::surroundings::{Memory, context, job};
use tenant_restore_core::error::ErrorKind;
use tenant_restore_core::job::{JobResult, Mode};
use tenant_restore_worker::context::Context;
use tenant_restore_worker::job_run;

async fn run(context: &mut Context) -> JobResult {
    job_run::run(context, std::future::pending()).await
}

fn failure(result: &JobResult) -> (Mode, ErrorKind) {
    let failure = result.failure.as_ref().unwrap();
    (failure.mode, failure.causes[0].kind)
}

#[tokio::test]
async fn modes_run_in_order_until_the_first_failure_and_all_are_timed() {
    let cluster = Cluster::start("app").await;
    let mut job = job("app", &[("acme", "acme_r")], &cluster, Some(&cluster));
    job.modes = vec![Mode::Preflight, Mode::Extract, Mode::ApplyPreData];
    let mut context = context(job, &Arc::new(Memory::default()), &[&cluster]);

    let result = run(&mut context).await;
    assert_eq!(failure(&result), (Mode::Extract, ErrorKind::SchemaMissing));
    assert!(result.preflight.is_some() && result.extract.is_none());
    let timed: Vec<Mode> = result.timings.iter().map(|timing| timing.mode).collect();
    assert_eq!(timed, [Mode::Preflight, Mode::Extract]);
    assert!(result.ended_at >= result.started_at);
}

#[tokio::test]
async fn a_stopped_job_ends_at_once_and_says_so() {
    let cluster = Cluster::start("app").await;
    let mut job = job("app", &[("acme", "acme_r")], &cluster, Some(&cluster));
    job.modes = vec![Mode::Extract];
    let mut context = context(job, &Arc::new(Memory::default()), &[&cluster]);
    let result = job_run::run(&mut context, std::future::ready(())).await;
    // Which of two ready futures select! takes is open; the job isn't ready at its first poll, as it must connect.
    assert_eq!(failure(&result), (Mode::Extract, ErrorKind::TaskFailed));
}

#[tokio::test]
async fn a_document_of_another_version_is_refused_before_anything_is_done() {
    let cluster = Cluster::start("app").await;
    let mut job = job("app", &[("acme", "acme_r")], &cluster, None);
    job.version = 2;
    let mut context = context(job, &Arc::new(Memory::default()), &[&cluster]);
    let result = run(&mut context).await;
    assert_eq!(failure(&result), (Mode::Preflight, ErrorKind::NotSupported));
    assert_eq!(result.preflight, None);
}
