use tenant_restore_core::job::{SchemaName, Severity};

use super::super::facts::LiveFacts;
use super::*;
use crate::sample_job::job;

fn healthy() -> Facts {
    Facts {
        server_version: 150_018,
        can_create_roles: true,
        can_create_schemas: true,
        schemas: vec!["acme".to_owned()],
        live: LiveFacts {
            schemas: vec!["acme".to_owned()],
            ..LiveFacts::default()
        },
        encoding: "UTF8".to_owned(),
        locks: Locks {
            room: 6400,
            held: 10,
            room_of_copy: 6400,
            tables: 20,
            relations: 80,
        },
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
        slots: vec![Slot {
            name: "forgotten".to_owned(),
            active: false,
            kept: 3 << 30,
        }],
        can_create_roles: false,
        ..healthy()
    };
    let findings = judge(&job_for(&[("acme", "acme_r")]), &facts, &[], 15);
    assert_eq!(
        criticals(&findings),
        [
            (ErrorKind::PreflightCritical, None),
            (ErrorKind::EventTriggers, None),
            (ErrorKind::PublicationOfAllTables, None)
        ]
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
        [
            "audit_ddl",
            "everything",
            "forgotten",
            "3.0 GiB",
            "CREATEROLE"
        ]
        .iter()
        .all(|word| said.contains(word)),
        "{said}"
    );
}

#[test]
fn what_the_request_accepts_is_a_warning() {
    let facts = Facts {
        event_triggers: vec!["audit_ddl".to_owned()],
        publications_of_all: vec!["everything".to_owned()],
        ..healthy()
    };
    for (accept, left) in [
        (vec![], 2),
        (vec![Acceptance::EventTriggers], 1),
        (vec![Acceptance::EventTriggers, Acceptance::Publications], 0),
    ] {
        let job = Job {
            accept,
            ..job_for(&[("acme", "acme_r")])
        };
        let findings = judge(&job, &facts, &[], 15);
        assert_eq!((criticals(&findings).len(), findings.len()), (left, 2));
    }
}

#[test]
fn a_slot_that_is_read_in_time_is_no_finding_and_one_that_lags_is() {
    let slot = |kept| Slot {
        name: "replica".to_owned(),
        active: true,
        kept,
    };
    for (kept, expected) in [(1 << 20, 0), (2 << 30, 1)] {
        let facts = Facts {
            slots: vec![slot(kept)],
            ..healthy()
        };
        assert_eq!(
            judge(&job_for(&[("acme", "acme_r")]), &facts, &[], 15).len(),
            expected
        );
    }
}

#[test]
fn an_owner_must_be_grantable_and_from_version_16_on_that_takes_admin_option() {
    let owner = |is_superuser, may_grant| Owner {
        name: "olga".to_owned(),
        is_there: true,
        is_superuser,
        may_grant,
    };
    for (server_version, owner, refused) in [
        (150_000, owner(false, false), 0),
        (160_000, owner(false, false), 1),
        (160_000, owner(false, true), 0),
        (150_000, owner(true, false), 1),
    ] {
        let facts = Facts {
            server_version,
            owners: vec![owner],
            ..healthy()
        };
        let findings = judge(&job_for(&[("acme", "acme_r")]), &facts, &[], 18);
        assert_eq!(
            criticals(&findings),
            vec![(ErrorKind::OwnerUnreachable, None); refused],
            "{server_version}"
        );
    }
}

#[test]
fn a_lock_table_that_is_too_small_for_the_dump_or_for_a_batch_is_critical() {
    for (held, tables, relations, critical, warnings) in [
        (10, 6000, 24_000, 0, 1),
        (10, 7000, 28_000, 1, 0),
        (6000, 20, 4000, 1, 0),
        (6000, 20, 100, 0, 0),
    ] {
        let locks = Locks {
            room: 6400,
            room_of_copy: 6400,
            held,
            tables,
            relations,
        };
        let facts = Facts { locks, ..healthy() };
        let findings = judge(&job_for(&[("acme", "acme_r")]), &facts, &[], 15);
        let found = (
            criticals(&findings).len(),
            findings.len() - criticals(&findings).len(),
        );
        assert_eq!(found, (critical, warnings), "{held} {tables} {relations}");
    }
}

#[test]
fn texts_whose_meaning_or_order_is_unsure_are_warnings() {
    let facts = Facts {
        encoding: "SQL_ASCII".to_owned(),
        changed_collations: vec!["pg_catalog.\"en-x-icu\"".to_owned()],
        ..healthy()
    };
    let findings = judge(&job_for(&[("acme", "acme_r")]), &facts, &[], 15);
    let kinds: Vec<_> = findings.iter().map(|finding| finding.cause.kind).collect();
    assert_eq!(
        kinds,
        [ErrorKind::EncodingUnknown, ErrorKind::CollationChanged]
    );
    assert_eq!(criticals(&findings), []);
}

#[test]
fn what_production_lacks_of_another_servers_schemas_is_critical() {
    let facts = Facts {
        live: LiveFacts {
            place: LivePlace::Elsewhere {
                encoding: "LATIN1".to_owned(),
            },
            lacking: vec!["the schemas use the extension citext".to_owned()],
            ..healthy().live
        },
        owners: vec![Owner {
            name: "olga".to_owned(),
            is_there: false,
            is_superuser: false,
            may_grant: false,
        }],
        ..healthy()
    };
    let findings = judge(&job_for(&[("acme", "acme_r")]), &facts, &[], 15);
    let expected = [
        (ErrorKind::OutsideMissing, None),
        (ErrorKind::OutsideMissing, None),
    ];
    assert_eq!(criticals(&findings), expected);
    assert_eq!(
        findings.len(),
        3,
        "another encoding is a warning: {findings:?}"
    );
}

#[test]
fn of_a_deleted_source_nothing_is_said_but_that_nothing_is_known() {
    let facts = Facts {
        live: LiveFacts {
            place: LivePlace::Nowhere,
            ..LiveFacts::default()
        },
        ..healthy()
    };
    let findings = judge(&job_for(&[("lost", "lost_r")]), &facts, &[], 15);
    assert_eq!(criticals(&findings), []);
    assert!(
        findings[0].cause.message.contains("is gone"),
        "{findings:?}"
    );
    assert_eq!(findings.len(), 1);
}
