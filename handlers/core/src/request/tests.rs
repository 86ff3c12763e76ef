use serde_json::json;

use super::*;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn arrival() -> Arrival<'static> {
    let now = at("2024-02-01T00:00:00Z");
    Arrival {
        event_id: "event-1",
        time: now,
        replayed: false,
        now,
        default_source: "production",
        snapshot: None,
    }
}

fn fields(detail: &Value) -> Vec<String> {
    let causes = read(detail, &arrival()).unwrap_err();
    causes
        .into_iter()
        .map(|cause| cause.field.unwrap_or_default())
        .collect()
}

#[test]
fn the_input_of_the_original_solution_works_unchanged() {
    let detail = json!({"database": "tenant_a", "schemas": ["customer_a1"], "restoreTime": "2024-01-28T14:30:00+00:00"});
    let request = read(&detail, &arrival()).unwrap();
    assert_eq!(request.source, "production");
    assert_eq!(request.request_id, "event-1");
    assert_eq!(request.schemas[0].restored_as, "customer_a1_20240128143000");
}

#[test]
fn an_offset_is_taken_into_account_in_the_suffix() {
    let detail =
        json!({"database": "d", "schemas": ["s"], "restoreTime": "2024-01-28T16:30:00+02:00"});
    assert_eq!(
        read(&detail, &arrival()).unwrap().schemas[0].restored_as,
        "s_20240128143000"
    );
}

#[test]
fn every_problem_is_named_at_once() {
    let detail = json!({
        "database": 7, "schemas": ["a", "a", "", "pg_x"], "restoreTime": "yesterday", "mover": "truck",
        "onFailure": 1, "color": "red"
    });
    assert_eq!(
        fields(&detail),
        [
            "color",
            "database",
            "schemas[1]",
            "schemas[2]",
            "schemas[3]",
            "restoreTime",
            "mover",
            "onFailure"
        ]
    );
}

#[test]
fn of_too_many_schemas_those_beyond_the_most_are_not_looked_at() {
    let names = |count: usize| -> Vec<_> { (0..count).map(|at| format!("s{at}")).collect() };
    let request = |schemas: Vec<String>| json!({"database": "d", "schemas": schemas, "restoreTime": "2024-01-28T14:30:00Z"});
    let most = request([names(89), vec!["s0".into()]].concat());
    assert_eq!(fields(&most), ["schemas[89]"]);
    let more = request([names(90), vec!["s0".into()]].concat());
    assert_eq!(fields(&more), ["schemas"]);
}

#[test]
fn what_is_accepted_is_a_list_of_findings_each_named_once() {
    let detail = |accept: Value| {
        json!({
            "database": "d", "schemas": ["s"], "restoreTime": "2024-01-28T14:30:00Z", "accept": accept
        })
    };
    let good = read(
        &detail(json!(["publications", "eventTriggers"])),
        &arrival(),
    );
    assert_eq!(
        good.unwrap().accept,
        [Acceptance::Publications, Acceptance::EventTriggers]
    );
    assert_eq!(fields(&detail(json!("publications"))), ["accept"]);
    assert_eq!(
        fields(&detail(json!(["publications", "all", "publications"]))),
        ["accept[1]", "accept[2]"]
    );
}

#[test]
fn exactly_one_restore_point_is_asked_for() {
    let both = json!({"database": "d", "schemas": ["s"], "restoreTime": "2024-01-28T14:30:00Z", "snapshotId": "x"});
    let neither = json!({"database": "d", "schemas": ["s"]});
    assert_eq!(fields(&both), ["restoreTime"]);
    assert_eq!(fields(&neither), ["restoreTime"]);
}

#[test]
fn a_restore_time_needs_an_offset_whole_seconds_and_the_past() {
    for text in [
        "2024-01-28T14:30:00",
        "2024-01-28T14:30:00.5Z",
        "2030-01-01T00:00:00Z",
        "2024-01-28",
        "20240128T143000Z",
    ] {
        let detail = json!({"database": "d", "schemas": ["s"], "restoreTime": text});
        assert_eq!(fields(&detail), ["restoreTime"], "{text}");
    }
}

#[test]
fn a_stale_or_replayed_event_is_refused() {
    let detail = json!({"database": "d", "schemas": ["s"], "restoreTime": "2024-01-28T14:30:00Z"});
    let old = Arrival {
        time: at("2024-01-30T23:59:59Z"),
        ..arrival()
    };
    let replayed = Arrival {
        replayed: true,
        ..arrival()
    };
    for arrival in [old, replayed] {
        assert_eq!(
            read(&detail, &arrival).unwrap_err()[0].kind,
            ErrorKind::StaleEvent
        );
    }
}

#[test]
fn a_suffix_may_not_lead_into_another_requested_schema() {
    let detail = json!({"database": "d", "schemas": ["s", "s_x"], "restoreTime": "2024-01-28T14:30:00Z", "suffix": "x"});
    assert_eq!(fields(&detail), ["suffix"]);
}

#[test]
fn the_fingerprint_ignores_the_order_of_fields_only() {
    let first = json!({"a": 1, "b": [1, 2]});
    assert_eq!(
        fingerprint(&first),
        fingerprint(&json!({"b": [1, 2], "a": 1}))
    );
    assert_ne!(
        fingerprint(&first),
        fingerprint(&json!({"b": [2, 1], "a": 1}))
    );
}

#[test]
fn a_name_with_a_nul_character_is_refused_before_postgresql_has_to() {
    let detail = json!({
        "database": "d\u{0}", "schemas": ["s\u{0}"], "restoreTime": "2024-01-28T14:30:00Z", "suffix": "\u{0}"
    });
    assert_eq!(fields(&detail), ["database", "schemas[0]", "suffix"]);
}

/// A good detail with some fields put over it.
fn with(changes: &Value) -> Value {
    let mut detail = json!({
        "database": "shop", "schemas": ["a"], "restoreTime": "2024-01-28T14:30:00Z"
    });
    for (field, value) in changes.as_object().into_iter().flatten() {
        detail[field] = value.clone();
    }
    detail
}

#[test]
fn a_target_is_named_as_a_source_is_and_the_source_itself_is_none() {
    let target = |text: &str| {
        let detail = with(&json!({ "source": "Production", "target": text }));
        read(&detail, &arrival()).unwrap().target
    };
    assert_eq!(target("Other").as_deref(), Some("other"));
    let arn = "arn:aws:rds:eu-west-3:111122223333:cluster:aurora";
    assert_eq!(target(arn).as_deref(), Some("aurora"));
    assert_eq!(target("production"), None);
    for wrong in [json!(""), json!(1), json!(null)] {
        let causes = read(&with(&json!({ "target": wrong })), &arrival()).unwrap_err();
        assert_eq!(causes[0].field.as_deref(), Some("target"), "{wrong}");
    }
}

#[test]
fn neither_source_nor_target_is_ever_ours_to_delete() {
    let request = read(&with(&json!({ "target": "other" })), &arrival()).unwrap();
    assert!(request.is_about("other") && request.is_about(&request.source));
    assert!(!request.is_about("tr-main-abcdefghij23"));
}
