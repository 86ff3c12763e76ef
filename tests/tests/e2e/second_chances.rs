//! What a person may do about a restore that is under way or went wrong: have it held and replayed, cancel it, try again.

use serde_json::{Value, json};
use tenant_restore_tests::audit::Audit;
use tenant_restore_tests::outcome::Outcome;
use tenant_restore_tests::request::Request;
use tenant_restore_tests::{Context, Result, command_line, leftovers, wait};

use crate::stage::{ENDS_WITHIN, Stage, TAG, Tenant, none_of, play, request_id_of};

/// The SDK calls three times and pauses between: the order comes meanwhile.
const REFUSED_OF_THREE: u32 = 2;

/// Publishes a request, with a fault for that restore alone; answers the restore's id.
async fn ask_with_fault(
    stage: &Stage,
    request: &Request,
    fault: impl FnOnce(&str) -> Value,
) -> Result<String> {
    let restore_id = command_line::request(&request.detail).await?;
    stage.faults.switch_on(&fault(&restore_id)).await?;
    Ok(restore_id)
}

fn task_fails_once(restore_id: &str) -> Value {
    json!({
        "service": "dms", "fault": "task-fails", "match": format!("tr-{TAG}-{restore_id}-k01"), "times": 1,
        "message": "Last Error Fatal error has occurred"
    })
}

/// A person's order, which the command line must take.
async fn order(arguments: &[&str]) -> Result<()> {
    let ran = command_line::run(arguments, "").await?;
    assert_eq!(ran.code, Some(0), "{arguments:?}: {ran:?}");
    Ok(())
}

/// The outcome that an event of that type tells.
async fn told(stage: &Stage, request_id: &str, detail_type: &str) -> Result<Outcome> {
    let event = stage
        .chronicle
        .wait_for(request_id, detail_type, ENDS_WITHIN)
        .await?;
    serde_json::from_value(event.detail).context("read an outcome")
}

fn kinds(outcome: &Outcome) -> Vec<&str> {
    let causes = outcome.causes.iter();
    causes.map(|cause| cause.kind.as_str()).collect()
}

async fn nothing_is_left(stage: &Stage, tenant: &Tenant, outcome: &Outcome) -> Result<()> {
    let left = leftovers::of(&stage.cloud, &tenant.connection, TAG, outcome).await?;
    none_of("left behind", &left)
}

async fn is_faithful(tenant: &mut Tenant, outcome: &Outcome) -> Result<()> {
    for pair in &outcome.schemas {
        let restored_as = pair.restored_as.as_deref().context("read the new name")?;
        let differences = tenant
            .truth
            .differences(&mut tenant.connection, &pair.schema, restored_as)
            .await?;
        none_of(&format!("{restored_as} differs"), &differences)?;
    }
    Ok(())
}

#[test]
fn a_held_restore_keeps_what_it_made_and_a_replay_resumes_at_the_failed_step() {
    play(async |stage| {
        let mut tenant = stage.tenant("held", &["held_1"]).await?;
        let request = tenant
            .request(&stage.request_id("held"))
            .with("onFailure", "hold");
        let request_id = request_id_of(&request);
        let id = ask_with_fault(stage, &request, task_fails_once).await?;
        let held = stage
            .chronicle
            .wait_for(request_id, "RestoreHeld", ENDS_WITHIN)
            .await?;
        assert_eq!(held.detail["phase"], "migrate");
        assert_eq!(held.detail["causes"][0]["kind"], "ReplicationFailed");
        // By the prices of the local cloud: 20 GB with the instance, DMS, and two secrets.
        let upkeep = &held.detail["upkeep"];
        assert_eq!(upkeep["usdPerHour"], 0.106, "{upkeep}");
        assert_eq!(upkeep["unpriced"], json!([]), "{upkeep}");
        let shown = command_line::run(&["status", &id], "").await?;
        assert!(
            shown.said.contains("costs meanwhile: 0.1060 USD an hour"),
            "{shown:?}"
        );
        let kept = leftovers::in_aws(&stage.cloud, TAG, Some(&id)).await?;
        for resource in ["RDS instance", "DMS instance", "DMS task"] {
            let is_kept = kept.iter().any(|line| line.starts_with(resource));
            assert!(is_kept, "{resource} is not in {kept:?}");
        }
        assert!(
            stage.chronicle.notices(request_id).is_empty(),
            "told an outcome"
        );

        order(&["replay", &id]).await?;
        let outcome = stage
            .chronicle
            .wait_for_end(request_id, ENDS_WITHIN)
            .await?;
        stage.told_by_contract(request_id)?;
        assert_eq!(outcome.outcome, "COMPLETED", "{}", outcome.why());
        assert_eq!(outcome.attempt, 1, "resumed, not begun anew");
        is_faithful(&mut tenant, &outcome).await?;
        nothing_is_left(stage, &tenant, &outcome).await?;
        let made = Audit::read(&stage.cloud, &id).await?.resources();
        let databases = made.iter().filter(|made| made.kind == "database").count();
        assert_eq!(databases, 1, "{made:?}");
        Ok(())
    });
}

#[test]
fn a_held_restore_that_is_cancelled_fails_with_its_first_cause_and_is_cleaned_up() {
    play(async |stage| {
        let tenant = stage.tenant("held_no_more", &["held_no_more_1"]).await?;
        let request = tenant
            .request(&stage.request_id("held-no-more"))
            .with("onFailure", "hold");
        let request_id = request_id_of(&request);
        let id = ask_with_fault(stage, &request, task_fails_once).await?;
        stage
            .chronicle
            .wait_for(request_id, "RestoreHeld", ENDS_WITHIN)
            .await?;
        order(&["cancel", &id]).await?;
        let outcome = stage
            .chronicle
            .wait_for_end(request_id, ENDS_WITHIN)
            .await?;
        stage.told_by_contract(request_id)?;
        assert_eq!(outcome.outcome, "FAILED");
        assert_eq!(kinds(&outcome), ["ReplicationFailed"], "{}", outcome.why());
        nothing_is_left(stage, &tenant, &outcome).await
    });
}

/// Its DMS task is loading when the order comes, so schemas are there to be dropped, and tasks to be stopped.
#[test]
fn a_restore_that_is_cancelled_half_way_fails_as_cancelled_and_leaves_nothing() {
    play(async |stage| {
        let tenant = stage
            .tenant("cancelled", &["cancelled_1", "cancelled_2"])
            .await?;
        let request = tenant.request(&stage.request_id("cancelled"));
        let slow =
            |id: &str| json!({ "service": "dms", "fault": "slow-task", "match": id, "ms": 60_000 });
        let id = ask_with_fault(stage, &request, slow).await?;
        let loading = async || {
            let tasks = stage
                .cloud
                .dms
                .describe_replication_tasks()
                .send()
                .await
                .context("list the DMS tasks")?;
            let is_its = |name: Option<&str>| name.is_some_and(|name| name.contains(&id));
            let running = tasks.replication_tasks().iter().filter(|task| {
                is_its(task.replication_task_identifier()) && task.status() == Some("running")
            });
            Ok((running.count() == 2).then_some(()))
        };
        wait::until("two running DMS tasks", ENDS_WITHIN, loading).await?;

        let request_id = request_id_of(&request);
        order(&["cancel", request_id, "--requested-by", "ann"]).await?;
        let outcome = stage
            .chronicle
            .wait_for_end(request_id, ENDS_WITHIN)
            .await?;
        stage.told_by_contract(request_id)?;
        assert_eq!(outcome.outcome, "FAILED");
        assert_eq!(kinds(&outcome), ["Cancelled"], "{}", outcome.why());
        assert!(outcome.why().contains("by ann"), "{}", outcome.why());
        nothing_is_left(stage, &tenant, &outcome).await
    });
}

#[test]
fn a_failed_restore_can_be_tried_again_as_the_second_attempt_of_the_same_request() {
    play(async |stage| {
        let mut tenant = stage.tenant("again", &["again_1"]).await?;
        let request = tenant.request(&stage.request_id("again"));
        let request_id = request_id_of(&request);
        let id = ask_with_fault(stage, &request, |id| {
            json!({
                "service": "ecs", "fault": "kill-task", "match": format!("tr-{TAG}/finalize/{id}/"), "times": 1, "ms": 0
            })
        })
        .await?;
        let first = told(stage, request_id, "RestoreFailed").await?;
        assert_eq!((first.attempt, kinds(&first)), (1, vec!["TaskFailed"]));
        nothing_is_left(stage, &tenant, &first).await?;

        order(&["replay", &id]).await?;
        let second = told(stage, request_id, "RestoreCompleted").await?;
        stage.told_by_contract(request_id)?;
        assert_eq!(second.attempt, 2);
        assert_eq!(second.restore_id, first.restore_id);
        assert_ne!(second.outcome_id, first.outcome_id);
        is_faithful(&mut tenant, &second).await?;
        nothing_is_left(stage, &tenant, &second).await?;

        let audit = Audit::read(&stage.cloud, &id).await?;
        let record = audit.restore().context("read the record")?;
        let earlier = record["earlier"].as_array().context("read `earlier`")?;
        let earlier: Vec<_> = earlier.iter().map(|ended| &ended["outcomeId"]).collect();
        assert_eq!(earlier, [&json!(first.outcome_id)]);
        Ok(())
    });
}

/// Whoever listens to the bus may hear of a failure before SNS has taken it, and the record can't say yet that it was told.
#[test]
fn a_replay_that_is_ordered_while_the_failure_is_being_told_is_followed() {
    play(async |stage| {
        let mut tenant = stage.tenant("at_once", &["at_once_1"]).await?;
        let request = tenant.request(&stage.request_id("at-once"));
        let request_id = request_id_of(&request);
        let refused = |service: &str, action: &str, id: &str| {
            json!({
                "service": service, "fault": "error", "caller": "tenant-restore-complete", "action": action, "match": id,
                "code": "InternalError", "status": 500, "times": REFUSED_OF_THREE
            })
        };
        let id = ask_with_fault(stage, &request, |id| {
            let killed = format!("tr-{TAG}/finalize/{id}/");
            json!([
                { "service": "ecs", "fault": "kill-task", "match": killed, "times": 1, "ms": 0 },
                refused("events", "PutEvents", id),
                refused("sns", "Publish", id),
            ])
        })
        .await?;
        let decided = async || {
            let record = Audit::read(&stage.cloud, &id).await?;
            let is_decided = |record: &&Value| !record["ended"].is_null();
            Ok(record.restore().filter(is_decided).map(drop))
        };
        wait::until("the outcome of the first attempt", ENDS_WITHIN, decided).await?;
        order(&["replay", &id]).await?;
        let second = told(stage, request_id, "RestoreCompleted").await?;
        stage.told_by_contract(request_id)?;
        let first = told(stage, request_id, "RestoreFailed").await?;
        assert_eq!((first.attempt, second.attempt), (1, 2));
        is_faithful(&mut tenant, &second).await?;
        nothing_is_left(stage, &tenant, &second).await
    });
}
