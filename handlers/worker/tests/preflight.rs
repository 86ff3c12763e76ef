//! Mode `preflight` against a real server.

#![allow(clippy::unwrap_used, reason = "what a test can't prepare fails it")]

mod cluster;

use std::sync::Arc;

use cluster::Cluster;
use cluster::surroundings::{Memory, context, job};
use tenant_restore_core::error::ErrorKind;
use tenant_restore_core::job::{MoverChoice, PreflightReport, Severity};
use tenant_restore_worker::context::Report;
use tenant_restore_worker::preflight;

async fn looked(
    cluster: &Cluster,
    schemas: &[(&str, &str)],
    mover: MoverChoice,
) -> PreflightReport {
    let mut job = job("app", schemas, cluster, None);
    job.mover = mover;
    let mut context = context(job, &Arc::new(Memory::default()), &[cluster]);
    match preflight::run(&mut context).await.unwrap() {
        Report::Preflight(report) => report,
        other => panic!("preflight says {other:?}"),
    }
}

#[tokio::test]
async fn production_is_looked_at_and_every_finding_is_told_at_once() {
    let cluster = Cluster::start("app").await;
    cluster.script("app", include_str!("tenant.sql")).await;

    let good = looked(&cluster, &[("acme", "acme_r")], MoverChoice::Auto).await;
    assert_eq!(good.findings, []);
    assert!((130_000..190_000).contains(&good.server_version));
    assert!(good.dms_expected, "acme.accounts is a table for DMS");
    assert!(
        !looked(&cluster, &[("acme", "acme_r")], MoverChoice::Copy)
            .await
            .dms_expected
    );
    assert!(
        !looked(&cluster, &[("Acme-1.b\"x", "r")], MoverChoice::Auto)
            .await
            .dms_expected
    );

    cluster
        .script(
            "app",
            "create schema acme_r; create publication everything for all tables;
             create function public.note() returns event_trigger language plpgsql as 'begin end';
             create event trigger audit_ddl on ddl_command_end execute function public.note()",
        )
        .await;
    let bad = looked(
        &cluster,
        &[("acme", "acme_r"), ("gone", "gone_r")],
        MoverChoice::Auto,
    )
    .await;
    let found: Vec<_> = bad
        .findings
        .iter()
        .map(|finding| (finding.severity, finding.cause.kind))
        .collect();
    let expected = [
        (Severity::Critical, ErrorKind::TargetNameTaken),
        (Severity::Critical, ErrorKind::PreflightCritical),
        (Severity::Critical, ErrorKind::PreflightCritical),
        (Severity::Warning, ErrorKind::SchemaMissing),
    ];
    assert_eq!(found, expected);
}
