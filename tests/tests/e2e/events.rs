//! Events are hints: whatever becomes of them on their way, the restore is the same.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tenant_restore_tests::audit::Audit;
use tenant_restore_tests::queues::Queue;
use tenant_restore_tests::{Context, command_line, leftovers, wait};

use crate::rejections::envelope;
use crate::stage::{ENDS_WITHIN, TAG, none_of, play, request_id_of};

#[test]
fn events_that_come_twice_late_without_id_or_with_more_than_is_known_change_nothing() {
    play(async |stage| {
        let mut tenant = stage.tenant("storm", &["storm_1"]).await?;
        let request = tenant.request(&stage.request_id("storm"));
        let id = command_line::request(&request.detail).await?;
        for service in ["rds", "dms", "ecs"] {
            for fault in ["duplicate-event", "reorder-event", "event-extra-fields"] {
                stage
                    .faults
                    .switch_on(&json!({ "service": service, "fault": fault, "match": id }))
                    .await?;
            }
        }
        for service in ["rds", "dms"] {
            let nameless = json!({ "service": service, "fault": "event-id-missing", "match": id });
            stage.faults.switch_on(&nameless).await?;
        }

        let request_id = request_id_of(&request);
        let outcome = stage
            .chronicle
            .wait_for_end(request_id, ENDS_WITHIN)
            .await?;
        assert_eq!(outcome.outcome, "COMPLETED", "{}", outcome.why());
        let restored_as = outcome.schemas[0]
            .restored_as
            .as_deref()
            .context("find the new name")?;
        let differences = tenant
            .truth
            .differences(&mut tenant.connection, "storm_1", restored_as)
            .await?;
        none_of("restored differently", &differences)?;
        let left = leftovers::of(&stage.cloud, &tenant.connection, TAG, &outcome).await?;
        none_of("left behind", &left)?;
        let ends = stage.chronicle.events(request_id);
        let ends = ends
            .iter()
            .filter(|event| event.detail_type == "RestoreCompleted")
            .count();
        assert_eq!(ends, 1, "one outcome");

        let faults = stage.faults.list().await?;
        let faults = faults["faults"].as_array().cloned().unwrap_or_default();
        let idle: Vec<_> = faults
            .iter()
            .filter(|fault| fault["match"] == id && fault["struck"] == 0)
            .map(|fault| format!("{} of {}", fault["fault"], fault["service"]))
            .collect();
        none_of("faults that never struck prove nothing", &idle)
    });
}

/// Events of a restore whose database is still being made, and what each pretends: that the database is there, that it is gone,
/// that the worker has extracted, that DMS has loaded, that the worker has finished.
fn lies(restore_id: &str) -> [(&'static str, Value); 5] {
    let arn = |service: &str, what: &str| {
        format!("arn:aws:{service}:eu-west-3:000000000000:{what}:tr-{TAG}-{restore_id}")
    };
    let rds = |event: &str| {
        let detail =
            json!({ "SourceArn": arn("rds", "db"), "EventID": event, "SourceType": "DB_INSTANCE" });
        json!({ "source": "aws.rds", "detail-type": "RDS DB Instance Event", "detail": detail })
    };
    let ecs = |phase: &str, job: &str| {
        let by = format!("tr-{TAG}/{phase}/{restore_id}/1/{job}");
        let detail = json!({
            "taskArn": arn("ecs", "task/made-up"), "clusterArn": arn("ecs", "cluster/made-up"), "startedBy": by,
            "lastStatus": "STOPPED", "containers": [{ "exitCode": 0 }]
        });
        json!({ "source": "aws.ecs", "detail-type": "ECS Task State Change", "detail": detail })
    };
    let loaded = json!({
        "source": "aws.dms", "detail-type": "DMS Replication Task State Change",
        "resources": [format!("{}-k01", arn("dms", "task"))],
        "detail": { "eventType": "REPLICATION_TASK_STOPPED", "eventId": "DMS-EVENT-0079", "type": "ReplicationTask" }
    });
    [
        ("provision", rds("RDS-EVENT-0043")),
        ("cleanup", rds("RDS-EVENT-0003")),
        ("ddl", ecs("ddl", "extract")),
        ("migrate", loaded),
        ("finalize", ecs("finalize", "finalize")),
    ]
}

#[test]
fn an_event_that_lies_is_looked_into_and_believed_nothing() {
    play(async |stage| {
        let mut tenant = stage.tenant("lies", &["lies_1"]).await?;
        let request = tenant
            .request(&stage.request_id("lies"))
            .with("mover", "copy");
        let id = command_line::request(&request.detail).await?;
        let slow = json!({ "service": "rds", "fault": "provision-slowly", "match": id, "ms": 8000, "times": 1 });
        stage.faults.switch_on(&slow).await?;
        let request_id = request_id_of(&request);
        stage
            .chronicle
            .wait_for(request_id, "RestoreAccepted", ENDS_WITHIN)
            .await?;

        for (number, (queue, mut event)) in lies(&id).into_iter().enumerate() {
            let detail = event["detail"].take();
            let as_object = event.as_object_mut().context("read the event")?;
            as_object.remove("detail");
            let body = envelope(&format!("{request_id}-{number}"), &detail, event);
            Queue::find(&stage.cloud, queue).await?.send(&body).await?;
        }
        let heard = async || {
            let log = Audit::read(&stage.cloud, &id).await?.log()?;
            let heard: BTreeSet<_> = log
                .into_iter()
                .filter(|entry| entry.cause == "event")
                .map(|entry| entry.handler)
                .collect();
            Ok((heard.len() == lies(&id).len()).then_some(()))
        };
        wait::until("a handler woken by each lie", ENDS_WITHIN, heard).await?;

        let outcome = stage
            .chronicle
            .wait_for_end(request_id, ENDS_WITHIN)
            .await?;
        stage
            .came_back(&mut tenant.connection, &tenant.truth, &outcome)
            .await?;
        let left = leftovers::of(&stage.cloud, &tenant.connection, TAG, &outcome).await?;
        none_of("left behind", &left)
    });
}
