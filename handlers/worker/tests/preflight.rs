//! Mode `preflight` against a real server.

#![allow(clippy::unwrap_used, reason = "what a test can't prepare fails it")]

mod cluster;

use std::sync::Arc;

use cluster::Cluster;
use cluster::surroundings::{Memory, context, job};
use tenant_restore_core::error::ErrorKind;
use tenant_restore_core::job::{
    Acceptance, Job, Live, Mover, MoverChoice, PreflightReport, Severity, Volume,
};
use tenant_restore_worker::context::Report;
use tenant_restore_worker::preflight;

const CRITICAL: Severity = Severity::Critical;
const WARNING: Severity = Severity::Warning;

async fn look(cluster: &Cluster, job: Job) -> PreflightReport {
    let mut context = context(job, &Arc::new(Memory::default()), &[cluster]);
    match preflight::run(&mut context).await.unwrap() {
        Report::Preflight(report) => report,
        other => panic!("preflight says {other:?}"),
    }
}

async fn looked(
    cluster: &Cluster,
    schemas: &[(&str, &str)],
    mover: MoverChoice,
) -> PreflightReport {
    let job = job("app", schemas, cluster, None);
    look(cluster, Job { mover, ..job }).await
}

async fn at_acme(cluster: &Cluster) -> PreflightReport {
    looked(cluster, &[("acme", "acme_r")], MoverChoice::Auto).await
}

fn found(report: &PreflightReport) -> Vec<(Severity, ErrorKind)> {
    let findings = report.findings.iter();
    findings
        .map(|finding| (finding.severity, finding.cause.kind))
        .collect()
}

fn said(report: &PreflightReport) -> String {
    let findings = report.findings.iter();
    findings
        .map(|finding| format!("{}\n", finding.cause.message))
        .collect()
}

async fn with_tenant() -> Cluster {
    let cluster = Cluster::start("app").await;
    cluster.script("app", include_str!("tenant.sql")).await;
    cluster
}

#[tokio::test]
async fn a_healthy_production_gives_no_finding_but_every_table_with_its_mover_and_size() {
    let cluster = with_tenant().await;
    let good = at_acme(&cluster).await;
    assert_eq!(good.findings, []);
    assert!((130_000..190_000).contains(&good.server_version));
    assert!(good.dms_expected, "acme.accounts is a table for DMS");
    let table = |name: &str| {
        good.tables
            .iter()
            .find(|table| table.table == name)
            .unwrap()
    };
    assert_eq!(table("accounts").mover, Some(Mover::Dms));
    let orders = table("orders");
    assert_eq!(orders.mover, Some(Mover::Copy));
    assert!(orders.reason.contains("note"), "{}", orders.reason);
    assert!(orders.bytes > 200 * 1000, "{} bytes", orders.bytes);

    let volume: Volume = good.volume.unwrap();
    assert!(volume.measured && !volume.log_is_kept);
    let schemas = volume.schemas.unwrap();
    assert!(schemas > orders.bytes && volume.databases > schemas);
    let connections = good.connections.unwrap();
    assert_eq!((connections.most, connections.reserved), (60, 3));
    assert!(connections.used >= 1 && connections.free() < 57);

    for (schema, mover) in [
        ("acme", MoverChoice::Copy),
        ("Acme-1.b\"x", MoverChoice::Auto),
    ] {
        assert!(!looked(&cluster, &[(schema, "r")], mover).await.dms_expected);
    }
}

#[tokio::test]
async fn every_finding_is_told_at_once_worst_first_and_what_is_accepted_is_a_warning() {
    let cluster = with_tenant().await;
    cluster
        .script(
            "app",
            "create schema acme_r; create publication everything for all tables;
             create function public.note() returns event_trigger language plpgsql as 'begin end';
             create event trigger audit_ddl on ddl_command_end execute function public.note();
             select pg_create_physical_replication_slot('forgotten', true)",
        )
        .await;
    let schemas = [("acme", "acme_r"), ("gone", "gone_r")];
    let bad = looked(&cluster, &schemas, MoverChoice::Auto).await;
    let others = [
        (WARNING, ErrorKind::SchemaMissing),
        (WARNING, ErrorKind::SlotBehind),
    ];
    let mut expected = vec![
        (CRITICAL, ErrorKind::TargetNameTaken),
        (CRITICAL, ErrorKind::EventTriggers),
        (CRITICAL, ErrorKind::PublicationOfAllTables),
    ];
    expected.extend(others);
    assert_eq!(found(&bad), expected);
    assert!(bad.volume.unwrap().log_is_kept);
    for word in ["audit_ddl", "everything", "forgotten", "\"gone\""] {
        assert!(
            said(&bad).contains(word),
            "{word} is not in: {}",
            said(&bad)
        );
    }

    let accept = vec![Acceptance::EventTriggers, Acceptance::Publications];
    let job = Job {
        accept,
        ..job("app", &schemas, &cluster, None)
    };
    let accepted = look(&cluster, job).await;
    assert_eq!(
        accepted
            .critical()
            .map(|it| it.cause.kind)
            .collect::<Vec<_>>(),
        [ErrorKind::TargetNameTaken]
    );
    assert_eq!(accepted.findings.len(), 5);
}

#[tokio::test]
async fn an_event_trigger_that_runs_a_tenants_code_as_the_master_cannot_be_accepted() {
    let cluster = with_tenant().await;
    cluster
        .script(
            "app",
            "create function public.note() returns event_trigger language plpgsql as 'begin end';
             create event trigger audit_ddl on ddl_command_end execute function public.note();
             alter function public.note() owner to olga",
        )
        .await;
    let job = Job {
        accept: vec![Acceptance::EventTriggers],
        ..job("app", &[("acme", "acme_r")], &cluster, None)
    };
    let report = look(&cluster, job).await;
    assert_eq!(
        found(&report),
        [
            (CRITICAL, ErrorKind::EventTriggers),
            (WARNING, ErrorKind::EventTriggers)
        ]
    );
    assert!(said(&report).contains("audit_ddl, a function of role olga"));
}

#[tokio::test]
async fn a_database_that_is_not_there_is_a_finding_at_its_field() {
    let cluster = Cluster::start("app").await;
    let report = look(&cluster, job("App", &[("acme", "acme_r")], &cluster, None)).await;
    assert_eq!(found(&report), [(CRITICAL, ErrorKind::DatabaseMissing)]);
    assert_eq!(
        report.findings[0].cause.field.as_deref(),
        Some("database"),
        "names are case-sensitive"
    );
    assert_eq!(report.volume, None);
}

#[tokio::test]
async fn an_owner_whom_the_master_can_not_become_a_member_of_is_critical() {
    let cluster = with_tenant().await;
    cluster
        .script("app", "create table acme.of_the_superuser (id int)")
        .await;
    let report = at_acme(&cluster).await;
    assert_eq!(found(&report), [(CRITICAL, ErrorKind::OwnerUnreachable)]);
    assert!(said(&report).contains("rdsadmin"), "{}", said(&report));
}

#[tokio::test]
async fn a_lock_table_too_small_for_the_schemas_is_critical() {
    let cluster = with_tenant().await;
    cluster.restart_with("max_locks_per_transaction = 10");
    assert_eq!(found(&at_acme(&cluster).await), []);
    // In several transactions: one alone would fill the lock table.
    for round in 0..14 {
        let many = format!(
            "set role olga; do $$ begin for i in 1..50 loop execute format('create table acme.t%s_{round} (id int)', i); \
             end loop; end $$"
        );
        cluster.script("app", &many).await;
    }
    let report = at_acme(&cluster).await;
    assert_eq!(
        found(&report),
        [
            (CRITICAL, ErrorKind::LocksShort),
            (CRITICAL, ErrorKind::LocksShort)
        ],
        "for the dump, and for a batch in production: {}",
        said(&report)
    );
}

#[tokio::test]
async fn collations_that_have_changed_and_texts_without_encoding_are_warnings() {
    let cluster = with_tenant().await;
    cluster
        .script(
            "app",
            "create table acme.sorted (word text collate \"en-x-icu\"); alter table acme.sorted owner to olga;
             update pg_collation set collversion = '1.0' where collname = 'en-x-icu'",
        )
        .await;
    let plain = "create database plain encoding 'SQL_ASCII' template template0";
    cluster.script("app", plain).await;
    let report = at_acme(&cluster).await;
    assert_eq!(found(&report), [(WARNING, ErrorKind::CollationChanged)]);
    assert!(said(&report).contains("en-x-icu"), "{}", said(&report));

    cluster
        .script(
            "plain",
            "grant create on database plain to master; create schema acme authorization master",
        )
        .await;
    let report = look(
        &cluster,
        job("plain", &[("acme", "acme_r")], &cluster, None),
    )
    .await;
    assert_eq!(found(&report), [(WARNING, ErrorKind::EncodingUnknown)]);
}

#[tokio::test]
async fn a_locked_table_does_not_keep_the_preflight_from_its_answer() {
    let cluster = with_tenant().await;
    cluster.script("app", "analyze acme.orders").await;
    let holder = cluster.superuser("app").await;
    holder
        .batch_execute("begin; lock table acme.orders")
        .await
        .unwrap();
    let report = at_acme(&cluster).await;
    let volume = report.volume.unwrap();
    assert!(!volume.measured && volume.schemas.unwrap() > 200 * 1000);
    assert_eq!(report.findings, []);
}

#[tokio::test]
async fn a_table_that_dms_does_not_get_is_told_with_the_reason_to_who_asked_for_dms() {
    let cluster = with_tenant().await;
    let report = looked(&cluster, &[("acme", "acme_r")], MoverChoice::Dms).await;
    let orders = report
        .tables
        .iter()
        .find(|table| table.table == "orders")
        .unwrap();
    assert_eq!(orders.mover, Some(Mover::Copy));
    let warned = [(WARNING, ErrorKind::MoverUnable)];
    assert_eq!(found(&report), warned, "{}", said(&report));
    assert!(said(&report).contains("\"orders\""), "{}", said(&report));
}

#[tokio::test]
async fn schemas_of_another_server_are_measured_there_and_what_they_need_is_looked_for_in_production()
 {
    let (source, target) = (with_tenant().await, Cluster::start("app").await);
    let outside = "create type public.mood as enum ('good'); alter type public.mood owner to olga;
                   create table acme.moods (mood public.mood); alter table acme.moods owner to olga";
    source.script("app", outside).await;
    target
        .script(
            "app",
            "create schema acme; create table acme.other (n int); create role olga",
        )
        .await;
    let elsewhere = |live: Live| Job {
        live,
        ..job(
            "app",
            &[("acme", "acme_r"), ("gone", "gone_r")],
            &target,
            None,
        )
    };
    let mut context = context(
        elsewhere(Live::Elsewhere(source.server())),
        &Arc::new(Memory::default()),
        &[&target, &source],
    );
    let there = match preflight::run(&mut context).await.unwrap() {
        Report::Preflight(report) => report,
        other => panic!("preflight says {other:?}"),
    };
    let tables = |report: &PreflightReport| -> Vec<String> {
        let tables = report.tables.iter();
        tables.map(|table| table.table.clone()).collect()
    };
    assert!(tables(&there).contains(&"orders".to_owned()));
    assert!(
        !tables(&there).contains(&"other".to_owned()),
        "of the target"
    );
    assert!(there.volume.unwrap().schemas.unwrap() > 200 * 1000);
    let expected = [
        (CRITICAL, ErrorKind::OutsideMissing),
        (WARNING, ErrorKind::SchemaMissing),
    ];
    assert_eq!(found(&there), expected, "{}", said(&there));
    assert!(said(&there).contains("public.mood"), "{}", said(&there));

    let nowhere = look(&target, elsewhere(Live::Nowhere)).await;
    assert_eq!(tables(&nowhere), [""; 0]);
    assert_eq!(nowhere.volume.unwrap().schemas, None);
    assert_eq!(found(&nowhere), [(WARNING, ErrorKind::SchemaMissing)]);
}
