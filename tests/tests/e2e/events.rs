//! Events are hints: whatever becomes of them on their way, the restore is the same.

use serde_json::json;
use tenant_restore_tests::{Context, command_line, leftovers};

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
