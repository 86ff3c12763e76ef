use tenant_restore_core::job::SchemaName;

use super::*;
use crate::sample_job::job;

fn healthy() -> Facts {
    Facts {
        server_version: 150_018,
        can_create_roles: true,
        can_create_schemas: true,
        schemas: vec!["acme".to_owned()],
        ..Facts::default()
    }
}

fn job_for(names: &[(&str, &str)]) -> Job {
    let name = |(schema, restored_as): &(&str, &str)| SchemaName {
        schema: (*schema).to_owned(),
        restored_as: (*restored_as).to_owned(),
    };
    Job {
        schemas: names.iter().map(name).collect(),
        ..job()
    }
}

fn criticals(findings: &[Finding]) -> Vec<(ErrorKind, Option<&str>)> {
    let critical = findings
        .iter()
        .filter(|finding| finding.severity == Severity::Critical);
    critical
        .map(|finding| (finding.cause.kind, finding.cause.field.as_deref()))
        .collect()
}

#[test]
fn a_healthy_server_gives_no_finding() {
    assert_eq!(
        judge(&job_for(&[("acme", "acme_r")]), &healthy(), &[], 15),
        []
    );
}

#[test]
fn every_bad_name_is_critical_at_its_field() {
    let long = "é".repeat(32);
    let job = job_for(&[
        ("acme", "acme"),
        ("b", "pg_b"),
        ("c", &long),
        ("d", "x"),
        ("e", "x"),
        ("pg_catalog", "y"),
    ]);
    let findings = judge(&job, &healthy(), &[], 15);
    let expected = [
        (ErrorKind::TargetNameTaken, Some("schemas[0]")),
        (ErrorKind::InvalidRequest, Some("schemas[1]")),
        (ErrorKind::InvalidRequest, Some("schemas[2]")),
        (ErrorKind::InvalidRequest, Some("schemas[4]")),
        (ErrorKind::InvalidRequest, Some("schemas[5]")),
    ];
    assert_eq!(criticals(&findings), expected);
}

#[test]
fn a_live_schema_that_is_gone_is_only_a_warning_because_restores_are_for_that() {
    let findings = judge(&job_for(&[("gone", "gone_r")]), &healthy(), &[], 15);
    assert_eq!(findings.len(), 1);
    assert_eq!(
        (findings[0].severity, findings[0].cause.kind),
        (Severity::Warning, ErrorKind::SchemaMissing)
    );
}

#[test]
fn unknown_servers_and_an_older_pg_dump_are_refused() {
    for (server_version, dump_version, refusals) in [
        (130_000, 18, 0),
        (180_001, 18, 0),
        (160_002, 15, 1),
        (120_019, 15, 1),
    ] {
        let facts = Facts {
            server_version,
            ..healthy()
        };
        let findings = judge(&job_for(&[("acme", "acme_r")]), &facts, &[], dump_version);
        assert_eq!(
            criticals(&findings),
            vec![(ErrorKind::NotSupported, None); refusals],
            "{server_version}"
        );
    }
}

#[test]
fn what_would_harm_production_is_critical_and_named_worst_first() {
    let facts = Facts {
        event_triggers: vec!["audit_ddl".to_owned()],
        publications_of_all: vec!["everything".to_owned()],
        idle_slots: vec!["forgotten".to_owned()],
        can_create_roles: false,
        ..healthy()
    };
    let findings = judge(&job_for(&[("acme", "acme_r")]), &facts, &[], 15);
    assert_eq!(
        criticals(&findings),
        vec![(ErrorKind::PreflightCritical, None); 3]
    );
    assert_eq!(
        findings.last().map(|finding| finding.severity),
        Some(Severity::Warning)
    );
    let said: String = findings
        .iter()
        .map(|finding| finding.cause.message.as_str())
        .collect();
    assert!(
        ["audit_ddl", "everything", "forgotten", "CREATEROLE"]
            .iter()
            .all(|word| said.contains(word)),
        "{said}"
    );
}
