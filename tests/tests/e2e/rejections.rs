//! Requests that are wrong in themselves: each is rejected once, every wrong field named, and nothing is created.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tenant_restore_tests::audit;
use tenant_restore_tests::outcome::Outcome;
use tenant_restore_tests::queues::Queue;
use tenant_restore_tests::request::Request;
use tenant_restore_tests::{Result, leftovers};

use crate::stage::{Stage, TAG, none_of, play};

const REJECTED_WITHIN: Duration = Duration::from_secs(60);

/// What is wrong, how the valid request becomes so (null takes a field away), and the fields that must be named.
type Case = (&'static str, Value, &'static [&'static str]);

fn cases() -> Vec<Case> {
    let sixty_four_bytes = "é".repeat(32);
    let ninety_one: Vec<_> = (0..91).map(|number| format!("s{number}")).collect();
    let tomorrow =
        (Timestamp::now() + SignedDuration::from_hours(24)).strftime("%Y-%m-%dT%H:%M:%SZ");
    vec![
        (
            "unknown-field",
            json!({ "restoretime": "2026-01-01T00:00:00Z" }),
            &["restoretime"],
        ),
        ("database-number", json!({ "database": 7 }), &["database"]),
        (
            "database-missing",
            json!({ "database": null }),
            &["database"],
        ),
        ("database-empty", json!({ "database": "" }), &["database"]),
        ("schemas-missing", json!({ "schemas": null }), &["schemas"]),
        (
            "schemas-text",
            json!({ "schemas": "customer_a1" }),
            &["schemas"],
        ),
        ("schemas-empty", json!({ "schemas": [] }), &["schemas"]),
        ("schemas-91", json!({ "schemas": ninety_one }), &["schemas"]),
        (
            "schema-number",
            json!({ "schemas": ["a", 1] }),
            &["schemas[1]"],
        ),
        ("schema-empty", json!({ "schemas": [""] }), &["schemas[0]"]),
        (
            "schema-twice",
            json!({ "schemas": ["a", "b", "a"] }),
            &["schemas[2]"],
        ),
        (
            "schema-reserved",
            json!({ "schemas": ["pg_catalog", "information_schema"] }),
            &["schemas[0]", "schemas[1]"],
        ),
        (
            "schema-64-bytes",
            json!({ "schemas": [sixty_four_bytes] }),
            &["schemas[0]"],
        ),
        (
            "both-points",
            json!({ "snapshotId": "rds:production-1" }),
            &["restoreTime"],
        ),
        ("no-point", json!({ "restoreTime": null }), &["restoreTime"]),
        (
            "source-elsewhere",
            json!({ "source": "arn:aws:rds:us-east-1:000000000000:db:production" }),
            &["source"],
        ),
        (
            "time-number",
            json!({ "restoreTime": 1_767_225_600 }),
            &["restoreTime"],
        ),
        (
            "time-fraction",
            json!({ "restoreTime": "2026-01-01T00:00:00.5Z" }),
            &["restoreTime"],
        ),
        (
            "time-no-offset",
            json!({ "restoreTime": "2026-01-01T00:00:00" }),
            &["restoreTime"],
        ),
        (
            "time-no-date",
            json!({ "restoreTime": "yesterday" }),
            &["restoreTime"],
        ),
        (
            "time-future",
            json!({ "restoreTime": tomorrow.to_string() }),
            &["restoreTime"],
        ),
        (
            "snapshot",
            json!({ "restoreTime": null, "snapshotId": "rds:production-1" }),
            &["snapshotId"],
        ),
        (
            "target-elsewhere",
            json!({ "target": "arn:aws:rds:us-east-1:000000000000:db:production" }),
            &["target"],
        ),
        (
            "target-list",
            json!({ "target": ["production"] }),
            &["target"],
        ),
        (
            "choices",
            json!({
                "mover": "truck", "validate": "maybe", "onMismatch": 1, "onFailure": "panic", "externalForeignKeys": []
            }),
            &[
                "mover",
                "validate",
                "onMismatch",
                "onFailure",
                "externalForeignKeys",
            ],
        ),
        (
            "accept",
            json!({ "accept": ["publications", "everything", "publications"] }),
            &["accept[1]", "accept[2]"],
        ),
        (
            "suffix-into-another",
            json!({ "schemas": ["a", "a_b"], "suffix": "b" }),
            &["suffix"],
        ),
        ("suffix-empty", json!({ "suffix": "" }), &["suffix"]),
        ("source-number", json!({ "source": 1 }), &["source"]),
        (
            "requested-by-list",
            json!({ "requestedBy": ["me"] }),
            &["requestedBy"],
        ),
        (
            "everything",
            json!({ "database": null, "schemas": [], "restoreTime": "soon", "tenant": "a1", "mover": 0 }),
            &["database", "schemas", "restoreTime", "tenant", "mover"],
        ),
    ]
}

/// A request in which nothing is wrong, with the case's fields put over it.
fn detail(request_id: &str, changes: &Value) -> Value {
    let valid = Request::new(
        request_id,
        "tenant_a",
        &["customer_a1"],
        Timestamp::UNIX_EPOCH,
    )
    .detail;
    let mut fields = valid.as_object().cloned().unwrap_or_default();
    for (field, value) in changes.as_object().into_iter().flatten() {
        fields.insert(field.clone(), value.clone());
    }
    fields.retain(|_, value| !value.is_null());
    Value::Object(fields)
}

/// The event as EventBridge delivers it, for what PutEvents itself would not take or send.
pub fn envelope(id: &str, detail: &Value, more: Value) -> String {
    let mut event = json!({
        "version": "0", "id": id, "detail-type": "RestoreRequested", "source": "tests.operator",
        "account": "000000000000", "region": "eu-west-3", "time": Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        "resources": [], "detail": detail,
    });
    for (field, value) in more.as_object().into_iter().flatten() {
        event[field] = value.clone();
    }
    event.to_string()
}

#[test]
fn every_wrong_field_is_named_in_one_event_and_one_notice() {
    play(async |stage| {
        let cases = cases();
        for (name, changes, _) in &cases {
            let detail = detail(&stage.request_id(name), changes);
            Request { detail }.publish(&stage.cloud).await?;
        }
        let mut wrong = Vec::new();
        for (name, _, fields) in &cases {
            let id = stage.request_id(name);
            let outcome = stage.chronicle.wait_for_end(&id, REJECTED_WITHIN).await?;
            let expected: BTreeSet<_> = fields.iter().copied().collect();
            let named: BTreeSet<_> = outcome
                .causes
                .iter()
                .filter_map(|cause| cause.field.as_deref())
                .collect();
            if named != expected || outcome.outcome != "REJECTED" {
                wrong.push(format!(
                    "{name}: {} naming {named:?} instead of {expected:?}",
                    outcome.outcome
                ));
            }
        }
        none_of("not rejected as they should be", &wrong)?;
        let ids: Vec<_> = cases
            .iter()
            .map(|(name, ..)| stage.request_id(name))
            .collect();
        told_once_and_left_nothing(stage, &ids).await
    });
}

#[test]
fn a_detail_that_is_no_object_and_a_stale_or_replayed_event_are_rejected_too() {
    play(async |stage| {
        let intake = Queue::find(&stage.cloud, "intake").await?;
        let yesterday = (Timestamp::now() - SignedDuration::from_hours(25))
            .strftime("%Y-%m-%dT%H:%M:%SZ")
            .to_string();
        let cases = [
            (
                "list",
                json!(["tenant_a", "customer_a1"]),
                json!({}),
                "InvalidRequest",
            ),
            (
                "stale",
                detail(&stage.request_id("stale"), &Value::Null),
                json!({ "time": yesterday }),
                "StaleEvent",
            ),
            (
                "replayed",
                detail(&stage.request_id("replayed"), &Value::Null),
                json!({ "replay-name": "archive" }),
                "StaleEvent",
            ),
        ];
        let mut ids = Vec::new();
        for (name, detail, more, kind) in cases {
            let id = stage.request_id(name);
            intake.send(&envelope(&id, &detail, more)).await?;
            let outcome = stage.chronicle.wait_for_end(&id, REJECTED_WITHIN).await?;
            assert_eq!(outcome.outcome, "REJECTED", "{name}");
            assert_eq!(kinds(&outcome), [kind], "{name}");
            ids.push(id);
        }
        told_once_and_left_nothing(stage, &ids).await
    });
}

/// The stable codes of an outcome's causes.
fn kinds(outcome: &Outcome) -> Vec<&str> {
    outcome
        .causes
        .iter()
        .map(|cause| cause.kind.as_str())
        .collect()
}

async fn told_once_and_left_nothing(stage: &Stage, request_ids: &[String]) -> Result<()> {
    for id in request_ids {
        stage.told_by_contract(id)?;
        let events = stage.chronicle.events(id);
        let types: Vec<_> = events
            .iter()
            .map(|event| event.detail_type.as_str())
            .collect();
        assert_eq!(types, ["RestoreRejected"], "events about {id}");
        let notices = stage.chronicle.notices(id);
        assert_eq!(notices.len(), 1, "notices about {id}");
        assert_eq!(notices[0].detail, events[0].detail);
        assert_eq!(
            notices[0].attributes.get("outcome").map(String::as_str),
            Some("REJECTED")
        );
        assert_eq!(
            events[0].detail.get("restoreId"),
            None,
            "{id} opened a restore"
        );
    }
    // Every temporary resource belongs to a restore that was opened before it, and none of these requests opened one.
    let resources = leftovers::in_aws(&stage.cloud, TAG, None).await?;
    let restores = audit::restores(&stage.cloud).await?;
    for id in request_ids {
        assert!(
            !restores.values().any(|request| request == id),
            "{id} has a record"
        );
    }
    let unknown: Vec<_> = resources
        .into_iter()
        .filter(|line| {
            !restores
                .keys()
                .any(|restore| line.contains(restore.as_str()))
        })
        .collect();
    none_of("resources of no restore", &unknown)
}
