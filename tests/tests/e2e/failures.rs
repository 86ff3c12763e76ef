//! Restores that AWS lets down half-way: each ends as failed with the true cause, and leaves nothing behind, neither in
//! AWS nor in production.

use serde_json::{Value, json};
use tenant_restore_tests::outcome::Outcome;
use tenant_restore_tests::{Context, Error, Result, command_line, leftovers, refusal_codes};

use crate::stage::{ENDS_WITHIN, Stage, TAG, none_of, play};

/// Asks for a tenant of its own, switches a fault on for that restore alone, and waits for the end.
async fn let_down(stage: &Stage, name: &str, fault: impl FnOnce(&str) -> Value) -> Result<Outcome> {
    let tenant = stage
        .tenant(name, &[&format!("{name}_1"), &format!("{name}_2")])
        .await?;
    let request = tenant.request(&stage.request_id(name));
    let restore_id = command_line::request(&request.detail).await?;
    let fault = fault(&restore_id);
    stage.faults.switch_on(&fault).await?;
    let request_id = stage.request_id(name);
    let outcome = stage
        .chronicle
        .wait_for_end(&request_id, ENDS_WITHIN)
        .await?;
    struck(stage, &restore_id).await?;
    stage.told_by_contract(&request_id)?;
    assert_eq!(outcome.outcome, "FAILED", "{}", outcome.why());
    let left = leftovers::of(&stage.cloud, &tenant.connection, TAG, &outcome).await?;
    none_of("left behind", &left)?;
    Ok(outcome)
}

/// A fault that never struck would prove nothing.
async fn struck(stage: &Stage, restore_id: &str) -> Result<()> {
    let faults = stage.faults.list().await?;
    let list = faults["faults"]
        .as_array()
        .context(format!("read the faults {faults}"))?;
    let its = list.iter().find(|fault| {
        fault["match"]
            .as_str()
            .is_some_and(|text| text.contains(restore_id))
    });
    match its.and_then(|fault| fault["struck"].as_u64()) {
        Some(1..) => Ok(()),
        _ => Err(Error::new(format!(
            "no fault struck {restore_id}: {faults}"
        ))),
    }
}

/// The outcome's only cause must be of a kind and hold some words.
fn only_cause(outcome: &Outcome, kind: &str, words: &[&str]) {
    let kinds: Vec<_> = outcome
        .causes
        .iter()
        .map(|cause| cause.kind.as_str())
        .collect();
    assert_eq!(kinds, [kind], "{}", outcome.why());
    for word in words {
        assert!(
            outcome.causes[0].message.contains(word),
            "{word:?} is not in: {}",
            outcome.why()
        );
    }
    assert!(!outcome.causes[0].remedy.is_empty());
}

#[test]
fn a_failed_dms_task_fails_the_restore_with_the_reason_that_dms_gives() {
    play(async |stage| {
        let outcome = let_down(stage, "dms_fails", |id| {
            json!({
                "service": "dms", "fault": "task-fails", "match": format!("tr-{TAG}-{id}-k01"), "times": 1,
                "message": "Last Error Fatal error has occurred Task error notification received"
            })
        });
        let outcome = outcome.await?;
        only_cause(
            &outcome,
            "ReplicationFailed",
            &["-k01", "Fatal error has occurred"],
        );
        Ok(())
    });
}

#[test]
fn a_killed_task_fails_the_restore_with_its_exit_code() {
    play(async |stage| {
        let outcome = let_down(stage, "task_killed", |id| {
            json!({
                "service": "ecs", "fault": "kill-task", "match": format!("tr-{TAG}/finalize/{id}/"), "times": 1, "ms": 0,
                "message": "OutOfMemoryError: Container killed due to memory usage"
            })
        });
        only_cause(&outcome.await?, "TaskFailed", &["137", "OutOfMemoryError"]);
        Ok(())
    });
}

#[test]
fn a_task_that_never_starts_fails_the_restore_with_the_reason_that_ecs_gives() {
    play(async |stage| {
        let reason = "CannotPullContainerError: pull image manifest has been retried 5 time(s)";
        let outcome = let_down(stage, "task_absent", |id| {
            json!({
                "service": "ecs", "fault": "start-failure", "match": format!("tr-{TAG}/ddl/{id}/"), "times": 1,
                "message": reason
            })
        });
        only_cause(&outcome.await?, "TaskFailedToStart", &[reason]);
        Ok(())
    });
}

#[test]
fn a_temporary_database_that_ends_in_restore_error_fails_the_restore_although_no_event_says_so() {
    play(async |stage| {
        let outcome = let_down(stage, "restore_error", |id| {
            json!({
                "service": "rds", "fault": "restore-fails", "match": format!("tr-{TAG}-{id}"), "times": 1,
                "code": "restore-error"
            })
        });
        let outcome = outcome.await?;
        let name = format!(
            "tr-{TAG}-{}",
            outcome.restore_id.as_deref().unwrap_or_default()
        );
        only_cause(&outcome, "ProvisioningFailed", &["restore-error", &name]);
        assert!(outcome.causes[0].remedy.contains("events in RDS"));
        Ok(())
    });
}

#[test]
fn calls_that_are_refused_for_a_time_are_repeated_until_rds_takes_them() {
    play(async |stage| {
        let tenant = stage.tenant("passing", &["passing_1"]).await?;
        let request_id = stage.request_id("passing");
        let request = tenant.request(&request_id).with("mover", "copy");
        let restore_id = command_line::request(&request.detail).await?;
        let met = [0, 4, 8, 19].map(|place| refusal_codes::PASSING[place]);
        let database = format!("tr-{TAG}-{restore_id}");
        for (code, call) in met
            .into_iter()
            .zip(refusal_codes::CALLS.into_iter().cycle())
        {
            stage.faults.switch_on(&code.fault(call, &database)).await?;
        }
        let outcome = stage
            .chronicle
            .wait_for_end(&request_id, ENDS_WITHIN)
            .await?;
        refusal_codes::check_passed(&stage.cloud, &stage.faults, &outcome, &met).await?;
        let left = leftovers::of(&stage.cloud, &tenant.connection, TAG, &outcome).await?;
        none_of("left behind", &left)
    });
}

#[test]
fn a_call_that_is_refused_for_good_fails_the_restore_with_the_code_and_a_remedy() {
    play(async |stage| {
        let (code, kind) = refusal_codes::LASTING[20];
        let outcome = let_down(stage, "lasting", |id| {
            code.lasting_fault("RestoreDBInstanceToPointInTime", &format!("tr-{TAG}-{id}"))
        });
        refusal_codes::check_lasted(&outcome.await?, code, kind)
    });
}

#[test]
fn a_task_that_ecs_has_forgotten_is_judged_by_its_result_at_once() {
    play(async |stage| {
        let tenant = stage.tenant("forgotten", &["forgotten_1"]).await?;
        let request_id = stage.request_id("forgotten");
        let request = tenant.request(&request_id).with("mover", "copy");
        let restore_id = command_line::request(&request.detail).await?;
        // Longer than the restore takes: as if each look at the task came an hour late.
        let fault = json!({
            "service": "ecs", "fault": "describe-lag", "match": format!("tr-{TAG}/finalize/{restore_id}/"),
            "ms": 600_000
        });
        stage.faults.switch_on(&fault).await?;
        let outcome = stage
            .chronicle
            .wait_for_end(&request_id, ENDS_WITHIN)
            .await?;
        struck(stage, &restore_id).await?;
        assert_eq!(outcome.outcome, "COMPLETED", "{}", outcome.why());
        let left = leftovers::of(&stage.cloud, &tenant.connection, TAG, &outcome).await?;
        none_of("left behind", &left)
    });
}
