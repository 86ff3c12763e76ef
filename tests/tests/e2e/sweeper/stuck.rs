//! Restores that nothing moves any more.

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tenant_restore_tests::audit::Audit;
use tenant_restore_tests::cloud::DEPLOYMENT;
use tenant_restore_tests::{Context, Result, command_line, wait};

use super::{SEEN_WITHIN, SWEEPING, about, sweep};
use crate::stage::{ENDS_WITHIN, Stage, TAG, play};

/// Makes a time in the record be long ago, as after an outage that swallowed what should have come since. A handler that
/// has read the record before must read it again.
async fn age(stage: &Stage, restore_id: &str, place: &[&str]) -> Result<()> {
    let long_ago = Timestamp::now() - SignedDuration::from_hours(2);
    let path: Vec<_> = place.iter().map(|name| format!("#{name}")).collect();
    let path = path.join(".");
    let update = stage.cloud.dynamodb.update_item().table_name(DEPLOYMENT);
    let mut update = update
        .key("pk", AttributeValue::S(format!("RESTORE#{restore_id}")))
        .key("sk", AttributeValue::S("STATE".to_owned()))
        .update_expression(format!(
            "set #restore.{path} = :long_ago, #version = #version + :one"
        ))
        .expression_attribute_names("#restore", "restore")
        .expression_attribute_names("#version", "version")
        .expression_attribute_values(":long_ago", AttributeValue::S(long_ago.to_string()))
        .expression_attribute_values(":one", AttributeValue::N("1".to_owned()));
    for name in place {
        let name = name.split('[').next().unwrap_or(name);
        update = update.expression_attribute_names(format!("#{name}"), name);
    }
    let doing = || format!("age {path} of {restore_id}");
    update.send().await.context(doing())?;
    Ok(())
}

/// What a sweep sent, or would send, to a restore that nothing moves.
fn nudges(found: &Value, restore_id: &str) -> Option<Value> {
    let stuck = about(found, "stuck", restore_id);
    stuck.first().map(|stuck| stuck["nudges"].clone())
}

#[test]
fn a_restore_that_nothing_moves_is_told_of_by_a_dry_run_and_set_going_by_a_sweep() {
    play(async |stage| {
        let _alone = SWEEPING.lock().await;
        let tenant = stage.tenant("stalled", &["stalled_1"]).await?;
        let request_id = stage.request_id("stalled");
        let request = tenant.request(&request_id).with("mover", "copy");
        let restore_id = command_line::request(&request.detail).await?;
        let slowly = json!({
            "service": "rds", "fault": "provision-slowly", "match": format!("tr-{TAG}-{restore_id}"), "ms": 30_000
        });
        stage.faults.switch_on(&slowly).await?;
        wait::until("the wait for the database", SEEN_WITHIN, async || {
            let audit = Audit::read(&stage.cloud, &restore_id).await?;
            let waits = audit
                .restore()
                .is_some_and(|it| it["waits"]["provision"].is_object());
            Ok(waits.then_some(()))
        })
        .await?;
        age(stage, &restore_id, &["waits", "provision", "since"]).await?;

        let found = sweep(stage, true).await?;
        let expected = Some(json!(["send Reconcile to provision"]));
        assert_eq!(nudges(&found, &restore_id), expected, "{found}");
        let began = Timestamp::now();
        let found = sweep(stage, false).await?;
        assert_eq!(nudges(&found, &restore_id), expected, "{found}");

        // The ticks of the restore's own come after a minute and later.
        wait::until("the tick of the sweeper", SEEN_WITHIN, async || {
            let log = Audit::read(&stage.cloud, &restore_id).await?.log()?;
            let ticked = log.iter().any(|entry| {
                entry.handler == "provision"
                    && entry.cause == "tick"
                    && entry.sent_at >= Some(began)
            });
            Ok(ticked.then_some(()))
        })
        .await?;
        let log = Audit::read(&stage.cloud, &restore_id).await?.log()?;
        let told: Vec<_> = log.iter().filter(|it| it.handler == "sweeper").collect();
        assert_eq!(told.len(), 1, "only the sweep that mends is in the log");
        let outcome = stage.chronicle.wait_for_end(&request_id, ENDS_WITHIN);
        let outcome = outcome.await?;
        assert_eq!(outcome.outcome, "COMPLETED", "{}", outcome.why());
        Ok(())
    });
}

/// What the handler of a phase saved and could not send.
#[test]
fn a_restore_whose_next_command_was_never_sent_goes_on_by_a_sweep_which_tells_of_the_phase_too() {
    play(async |stage| {
        let _alone = SWEEPING.lock().await;
        let tenant = stage.tenant("unsent", &["unsent_1"]).await?;
        let request_id = stage.request_id("unsent");
        let request = tenant.request(&request_id).with("mover", "copy");
        let restore_id = command_line::request(&request.detail).await?;
        // Its message is hidden for six minutes each time.
        let mute = json!({
            "service": "events", "fault": "error", "action": "PutEvents", "code": "AccessDeniedException",
            "caller": "tenant-restore-provision", "match": restore_id
        });
        let mute = &stage.faults.switch_on(&mute).await?[0];
        let record = wait::until("the phase after provision", SEEN_WITHIN, async || {
            let audit = Audit::read(&stage.cloud, &restore_id).await?;
            let next = audit.restore().filter(|it| it["phase"] == "ddl");
            Ok(next.cloned())
        })
        .await?;
        let untold = record["outbox"]["events"][0].clone();
        assert_eq!(untold["detailType"], "RestoreProgressed", "{record}");
        let phases = record["phases"].as_array().map_or(0, Vec::len);
        let last = format!("phases[{}]", phases - 1);
        age(stage, &restore_id, &[&last, "began"]).await?;

        let found = sweep(stage, true).await?;
        let expected = Some(json!(["send ExtractDdl to ddl"]));
        assert_eq!(nudges(&found, &restore_id), expected, "{found}");
        let found = sweep(stage, false).await?;
        assert_eq!(nudges(&found, &restore_id), expected, "{found}");
        stage.faults.switch_off(mute).await?;
        let outcome = stage.chronicle.wait_for_end(&request_id, ENDS_WITHIN);
        let outcome = outcome.await?;
        assert_eq!(outcome.outcome, "COMPLETED", "{}", outcome.why());
        let log = Audit::read(&stage.cloud, &restore_id).await?.log()?;
        let told: Vec<_> = log.iter().filter(|it| it.handler == "sweeper").collect();
        assert_eq!(told.len(), 1, "only the sweep that mends is in the log");
        let events = stage.chronicle.events(&request_id);
        let told = events.iter().any(|it| it.detail == untold["detail"]);
        assert!(told, "{untold}: {events:?}");
        Ok(())
    });
}
