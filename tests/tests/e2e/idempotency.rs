//! What is already there when the pipeline comes: names that others hold, tasks that run already, messages that were
//! handled before.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tenant_restore_tests::audit::Audit;
use tenant_restore_tests::stranger::Stranger;
use tenant_restore_tests::{Context, Result, command_line, leftovers, wait, worker_tasks};

use crate::stage::{ENDS_WITHIN, Stage, TAG, none_of, play, request_id_of};

/// Refuses a call of a restore's handler until it is switched off; answers the fault's id.
async fn refuse(stage: &Stage, restore_id: &str, handler: &str, what: Value) -> Result<Value> {
    let mut fault = json!({
        "fault": "error", "caller": format!("tenant-restore-{handler}"), "match": restore_id,
    });
    for (name, value) in what.as_object().context("read the fault")? {
        fault[name.as_str()] = value.clone();
    }
    let ids = stage.faults.switch_on(&fault).await?;
    ids.into_iter().next().context("read the fault's id")
}

/// Waits until the log of a restore tells of a trouble.
async fn told_of_trouble(stage: &Stage, restore_id: &str, words: &str) -> Result<()> {
    wait::until(&format!("{words:?} in the log"), ENDS_WITHIN, async || {
        let log = Audit::read(&stage.cloud, restore_id).await?.log()?;
        let mut troubles = log.iter().filter_map(|entry| entry.trouble.as_ref());
        Ok(troubles.any(|text| text.contains(words)).then_some(()))
    })
    .await
}

fn no_quota() -> Value {
    json!({
        "service": "rds", "action": "RestoreDBInstanceToPointInTime", "code": "InstanceQuotaExceeded",
        "message": "there is none left"
    })
}

#[test]
fn a_database_of_a_stranger_under_our_name_fails_the_restore_by_its_name_and_is_not_touched() {
    play(async |stage| {
        let tenant = stage.tenant("collision", &["collision_1"]).await?;
        let request = tenant
            .request(&stage.request_id("collision"))
            .with("mover", "copy");
        let id = command_line::request(&request.detail).await?;
        let name = format!("tr-{TAG}-{id}");
        // Before the preflight is over.
        Stranger::ask_for(&stage.cloud, &name, &[]).await?;
        let outcome = stage
            .chronicle
            .wait_for_end(request_id_of(&request), ENDS_WITHIN)
            .await?;
        let kinds: Vec<_> = outcome.causes.iter().map(|cause| &cause.kind).collect();
        assert_eq!(outcome.outcome, "FAILED", "{}", outcome.why());
        assert_eq!(kinds, ["NameCollision"], "{}", outcome.why());
        assert!(
            outcome.causes[0].message.contains(&name),
            "{}",
            outcome.why()
        );
        assert!(!outcome.causes[0].remedy.is_empty());

        let stranger = Stranger::await_made(&stage.cloud, &name).await?;
        let left = leftovers::of(&stage.cloud, &tenant.connection, TAG, &outcome).await?;
        let ours: Vec<_> = left
            .into_iter()
            .filter(|line| !line.starts_with("process"))
            .collect();
        assert_eq!(ours, [format!("RDS instance {name}")]);
        assert_eq!(stranger.stands().await?.0, "available");
        stranger.delete().await
    });
}

#[test]
fn an_identifier_that_is_held_by_an_instance_on_its_way_out_is_waited_for() {
    play(async |stage| {
        let tenant = stage.tenant("held_name", &["held_name_1"]).await?;
        let request = tenant
            .request(&stage.request_id("held-name"))
            .with("mover", "copy");
        let id = command_line::request(&request.detail).await?;
        let name = format!("tr-{TAG}-{id}");
        let refusal = refuse(stage, &id, "provision", no_quota()).await?;
        let stranger = Stranger::create(&stage.cloud, &name).await?;
        told_of_trouble(stage, &id, "InstanceQuotaExceeded").await?;
        let held = json!({ "service": "rds", "fault": "delete-held", "match": name });
        let held = stage.faults.switch_on(&held).await?;
        stranger.delete().await?;
        stage.faults.switch_off(&refusal).await?;

        told_of_trouble(stage, &id, "is being deleted").await?;
        for fault in held {
            stage.faults.switch_off(&fault).await?;
        }
        let outcome = stage
            .chronicle
            .wait_for_end(request_id_of(&request), ENDS_WITHIN)
            .await?;
        assert_eq!(outcome.outcome, "COMPLETED", "{}", outcome.why());
        let left = leftovers::of(&stage.cloud, &tenant.connection, TAG, &outcome).await?;
        none_of("left behind", &left)
    });
}

/// How many tasks of a restore were started, by who started them; running and stopped ones.
async fn starts(stage: &Stage, restore_id: &str) -> Result<BTreeMap<String, usize>> {
    let mut starts = BTreeMap::new();
    for task in worker_tasks::of(&stage.cloud, restore_id).await? {
        *starts
            .entry(task.started_by.unwrap_or_default())
            .or_default() += 1;
    }
    Ok(starts)
}

/// Has the next start of a task by this handler done and not answered: the last of the SDK's three attempts starts the task,
/// and nobody learns of it.
async fn leave_unanswered(stage: &Stage, restore_id: &str, handler: &str) -> Result<()> {
    let run = |fault: &str, times: u32| {
        json!({
            "service": "ecs", "action": "RunTask", "code": "ServerException", "status": 500, "fault": fault, "times": times
        })
    };
    refuse(stage, restore_id, handler, run("error", 2)).await?;
    refuse(stage, restore_id, handler, run("answer-lost", 1)).await?;
    Ok(())
}

/// Of the second attempt, since that is known by its id before its first task is started.
#[test]
fn a_task_whose_start_went_unanswered_is_found_although_ecs_has_forgotten_its_token_in_every_phase()
{
    play(async |stage| {
        let tenant = stage.tenant("unanswered", &["unanswered_1"]).await?;
        let request = tenant
            .request(&stage.request_id("unanswered"))
            .with("mover", "copy");
        let request_id = request_id_of(&request);
        let id = command_line::request(&request.detail).await?;
        wait::until("the record", ENDS_WITHIN, async || {
            let audit = Audit::read(&stage.cloud, &id).await?;
            Ok(audit.restore().map(drop))
        })
        .await?;
        let cancelled = command_line::run(&["cancel", &id], "").await?;
        assert_eq!(cancelled.code, Some(0), "{cancelled:?}");
        let first = stage.chronicle.wait_for_end(request_id, ENDS_WITHIN);
        assert_ne!(first.await?.outcome, "COMPLETED");

        let handlers = ["intake", "ddl", "migrate", "finalize"];
        for handler in handlers {
            leave_unanswered(stage, &id, handler).await?;
        }
        let forgotten = json!({ "service": "ecs", "fault": "client-token-forgotten", "match": id });
        stage.faults.switch_on(&forgotten).await?;
        let replayed = command_line::run(&["replay", &id], "").await?;
        assert_eq!(replayed.code, Some(0), "{replayed:?}");
        let outcome = stage
            .chronicle
            .wait_for_end_of(request_id, Some(2), ENDS_WITHIN)
            .await?;
        assert_eq!(outcome.outcome, "COMPLETED", "{}", outcome.why());

        let log = Audit::read(&stage.cloud, &id).await?.log()?;
        let starts = starts(stage, &id).await?;
        for handler in handlers {
            let unanswered = log.iter().filter(|entry| {
                let trouble = entry.trouble.as_deref().unwrap_or_default();
                entry.handler == handler && trouble.contains("ServerException")
            });
            assert_eq!(unanswered.count(), 1, "{handler}: {log:?}");
            let by = format!("tr-{TAG}/{handler}/{id}/2/");
            let its: Vec<_> = starts
                .iter()
                .filter(|(it, _)| it.starts_with(&by))
                .collect();
            assert!(matches!(its[..], [(_, 1)]), "{handler}: {starts:?}");
        }
        let left = leftovers::of(&stage.cloud, &tenant.connection, TAG, &outcome).await?;
        none_of("left behind", &left)
    });
}

#[test]
fn a_restore_whose_every_message_is_delivered_ten_times_ends_like_any_other() {
    play(async |stage| {
        let mut tenant = stage.tenant("ten_times", &["ten_times_1"]).await?;
        let request = tenant.request(&stage.request_id("ten-times"));
        let request_id = request_id_of(&request);
        let again = |text: &str| {
            let fault = "deliver-again";
            json!({ "service": "sqs", "fault": fault, "match": text, "again": 9 })
        };
        // The request alone doesn't hold the restore's id.
        stage.faults.switch_on(&again(request_id)).await?;
        let id = command_line::request(&request.detail).await?;
        stage.faults.switch_on(&again(&id)).await?;
        let outcome = stage.chronicle.wait_for_end(request_id, 2 * ENDS_WITHIN);
        let outcome = outcome.await?;
        stage.told_by_contract(request_id)?;
        assert_eq!(outcome.outcome, "COMPLETED", "{}", outcome.why());

        let log = Audit::read(&stage.cloud, &id).await?.log()?;
        let mut deliveries = BTreeMap::<_, usize>::new();
        for entry in log.iter().filter(|entry| entry.cause == "command") {
            *deliveries.entry((&entry.handler, &entry.name)).or_default() += 1;
        }
        assert!(
            deliveries.values().any(|count| *count >= 10),
            "{deliveries:?}"
        );
        let starts = starts(stage, &id).await?;
        assert!(starts.values().all(|count| *count == 1), "{starts:?}");
        let told: Vec<_> = stage.chronicle.notices(request_id);
        let outcomes: std::collections::BTreeSet<_> = told
            .iter()
            .map(|notice| notice.detail["outcomeId"].to_string())
            .collect();
        assert_eq!(outcomes.len(), 1, "{outcomes:?}");
        for pair in &outcome.schemas {
            let restored_as = pair.restored_as.as_deref().context("read the new name")?;
            let differences = tenant
                .truth
                .differences(&mut tenant.connection, &pair.schema, restored_as)
                .await?;
            none_of(&format!("{restored_as} differs"), &differences)?;
        }
        let left = leftovers::of(&stage.cloud, &tenant.connection, TAG, &outcome).await?;
        none_of("left behind", &left)
    });
}
