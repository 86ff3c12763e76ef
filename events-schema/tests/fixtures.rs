//! The AWS events that wake a handler, in the documented shapes and the odd ones that are seen: all of them parse,
//! what is read from them survives a round trip, and the resource is found.

#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]

use std::fs;
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tenant_restore_events::Envelope;
use tenant_restore_events::aws::dms::{self, DmsDetail};
use tenant_restore_events::aws::ecs::EcsDetail;
use tenant_restore_events::aws::rds::RdsDetail;

const INSTANCE: &str = "tr-main-mfrggzdfmztw";

fn fixtures<T: DeserializeOwned>(service: &str) -> Vec<(String, Value, Envelope<T>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures")
        .join(service);
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let json: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        let event = serde_json::from_value(json.clone())
            .unwrap_or_else(|error| panic!("{service}/{name}: {error}"));
        found.push((name, json, event));
    }
    found
}

fn fixture<T: DeserializeOwned>(service: &str, name: &str) -> Envelope<T> {
    let all = fixtures(service);
    all.into_iter()
        .find(|(known, ..)| known == name)
        .unwrap_or_else(|| panic!("{service}/{name}"))
        .2
}

/// Every field that is written again has the value that was read; a field that was absent is empty or zero.
fn assert_survives<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(service: &str) {
    let all = fixtures::<T>(service);
    assert!(!all.is_empty());
    for (name, json, event) in all {
        let written = serde_json::to_value(&event).unwrap();
        assert_same(&format!("{service}/{name}"), &json, &written);
        assert_eq!(
            serde_json::from_value::<Envelope<T>>(written).unwrap(),
            event,
            "{service}/{name}"
        );
    }
}

fn assert_same(place: &str, read: &Value, written: &Value) {
    for (field, value) in written.as_object().unwrap() {
        let place = format!("{place}: {field}");
        match (read.get(field), value) {
            (Some(read), Value::Object(_)) => assert_same(&place, read, value),
            (Some(read), value) => assert_eq!(read, value, "{place}"),
            (None, value) => assert!(*value == "" || *value == 0, "{place} was invented: {value}"),
        }
    }
}

#[test]
fn what_is_read_from_an_rds_event_survives() {
    assert_survives::<RdsDetail>("rds");
}

#[test]
fn what_is_read_from_a_dms_event_survives() {
    assert_survives::<DmsDetail>("dms");
}

#[test]
fn what_is_read_from_an_ecs_event_survives() {
    assert_survives::<EcsDetail>("ecs");
}

#[test]
fn every_rds_event_but_the_one_that_names_its_snapshot_alone_leads_to_the_temporary_database() {
    for (name, _, event) in fixtures::<RdsDetail>("rds") {
        let expected = match name.as_str() {
            "0043-restored-from-snapshot-by-snapshot" => "rds:production-2026-03-04-03-10",
            _ => INSTANCE,
        };
        assert_eq!(event.detail.identifier(), Some(expected), "{name}");
    }
}

#[test]
fn an_rds_event_without_event_id_has_none() {
    assert_eq!(
        fixture::<RdsDetail>("rds", "missing-event-id")
            .detail
            .event_id,
        None
    );
}

#[test]
fn an_rds_event_about_a_parameter_group_names_no_database() {
    let detail = RdsDetail {
        source_arn: "arn:aws:rds:eu-west-3:111122223333:pg:tr-main-mfrggzdfmztw".to_owned(),
        source_identifier: INSTANCE.to_owned(),
        event_id: None,
        message: String::new(),
    };
    assert_eq!(detail.identifier(), None);
}

#[test]
fn a_replayed_event_says_so() {
    assert_eq!(
        fixture::<RdsDetail>("rds", "replayed-from-an-archive")
            .replay_name
            .as_deref(),
        Some("last-week")
    );
    assert_eq!(
        fixture::<RdsDetail>("rds", "0005-instance-created").replay_name,
        None
    );
}

#[test]
fn every_dms_event_leads_to_its_instance_or_task_by_its_resource() {
    for (name, _, event) in fixtures::<DmsDetail>("dms") {
        let expected = if name.starts_with("instance") {
            "tr-main-mfrggzdfmztw-i"
        } else {
            "tr-main-mfrggzdfmztw-k01"
        };
        assert_eq!(
            dms::identifier(&event.resources[0]),
            Some(expected),
            "{name}"
        );
    }
}

#[test]
fn a_dms_event_without_event_id_or_type_is_still_read() {
    assert_eq!(
        fixture::<DmsDetail>("dms", "task-failed-missing-event-id")
            .detail
            .event_id,
        None
    );
    assert_eq!(
        fixture::<DmsDetail>("dms", "old-event-name")
            .detail
            .event_type,
        ""
    );
}

#[test]
fn both_spellings_of_a_dms_resource_type_are_the_same() {
    let newer = fixture::<DmsDetail>("dms", "task-stopped-full-load-finished").detail;
    let older = fixture::<DmsDetail>("dms", "task-stopped-older-type-spelling").detail;
    let instance = fixture::<DmsDetail>("dms", "instance-created").detail;
    assert_ne!(newer.resource_type, older.resource_type);
    assert!(newer.is_about_a_task() && older.is_about_a_task() && !instance.is_about_a_task());
}

#[test]
fn every_ecs_event_that_names_its_starter_names_the_restore() {
    for (name, _, event) in fixtures::<EcsDetail>("ecs") {
        let expected = if name == "missing-started-by" {
            ""
        } else {
            "tr-main/ddl/mfrggzdfmztw/1/extract"
        };
        assert_eq!(event.detail.started_by, expected, "{name}");
    }
}

#[test]
fn the_version_of_an_ecs_event_is_the_tasks_counter_and_not_the_envelopes() {
    assert_eq!(
        fixture::<EcsDetail>("ecs", "provisioning").detail.version,
        1
    );
    assert_eq!(
        fixture::<EcsDetail>("ecs", "stopped-exit-0").detail.version,
        6
    );
}

#[test]
fn a_task_is_stopped_only_when_its_last_status_says_so() {
    assert_eq!(
        fixture::<EcsDetail>("ecs", "deprovisioning-with-exit-code")
            .detail
            .last_status,
        "DEPROVISIONING"
    );
    assert_eq!(
        fixture::<EcsDetail>("ecs", "stopped-guardduty-container-first")
            .detail
            .last_status,
        "STOPPED"
    );
    assert_eq!(
        fixture::<EcsDetail>("ecs", "stopped-missing-exit-code")
            .detail
            .last_status,
        "STOPPED"
    );
}
