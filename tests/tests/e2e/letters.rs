//! Messages that nobody can handle, or that were given up: kept with their cause at once, never retried.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::json;
use tenant_restore_tests::audit::Audit;
use tenant_restore_tests::queues::Queue;
use tenant_restore_tests::{Context, Result, command_line, leftovers, wait};

use crate::stage::{ENDS_WITHIN, Stage, TAG, none_of, play, request_id_of};

const KEPT_WITHIN: Duration = Duration::from_secs(60);

/// A message that fails is delivered again after so long; long enough for any other message to be handled.
const FAILS_EVERY_SECONDS: u32 = 15;

/// Five failures.
const DIES_WITHIN: Duration = Duration::from_secs(180);

const PHASES: [&str; 7] = [
    "intake",
    "provision",
    "ddl",
    "migrate",
    "finalize",
    "cleanup",
    "complete",
];

/// The kept letters that hold a text: body and cause. Takes them out of the queue, so that other runs find it tidy.
pub async fn kept(stage: &Stage, mark: &str, at_least: usize) -> Result<Vec<(String, String)>> {
    let dead = Queue::find(&stage.cloud, "dead").await?;
    let mut letters = BTreeMap::new();
    wait::until(
        &format!("{at_least} letters of {mark}"),
        KEPT_WITHIN,
        async || {
            for message in dead.take(mark).await? {
                let cause = message
                    .message_attributes()
                    .and_then(|attributes| attributes.get("cause"));
                let cause = cause
                    .and_then(|cause| cause.string_value())
                    .context("read a letter's cause")?;
                let body = message.body().context("read a letter")?;
                let id = message.message_id().context("read a letter's id")?;
                letters.insert(id.to_owned(), (body.to_owned(), cause.to_owned()));
            }
            Ok((letters.len() >= at_least).then_some(()))
        },
    )
    .await?;
    Ok(letters.into_values().collect())
}

#[test]
fn what_is_not_json_is_kept_with_its_cause_whatever_queue_it_came_by() {
    play(async |stage| {
        let mark = stage.request_id("not json");
        for phase in PHASES {
            Queue::find(&stage.cloud, phase)
                .await?
                .send(&format!("{mark} {phase}"))
                .await?;
        }
        let letters = kept(stage, &mark, PHASES.len()).await?;
        let mut bodies: Vec<_> = letters.iter().map(|(body, _)| body.clone()).collect();
        bodies.sort();
        let mut expected: Vec<_> = PHASES
            .iter()
            .map(|phase| format!("{mark} {phase}"))
            .collect();
        expected.sort();
        assert_eq!(bodies, expected, "each is kept once");
        for (body, cause) in &letters {
            assert!(cause.contains("not JSON"), "{body}: {cause}");
        }
        Ok(())
    });
}

#[test]
fn what_is_json_but_not_ours_is_kept_with_its_cause() {
    play(async |stage| {
        let mark = stage.request_id("not-ours");
        let event = |source: &str,
                     detail_type: &str,
                     resources: &[&str],
                     detail: serde_json::Value| {
            json!({
                "version": "0", "id": mark, "source": source, "detail-type": detail_type, "account": "000000000000",
                "region": "eu-west-3", "time": "2026-01-01T00:00:00Z", "resources": resources, "detail": detail,
            })
        };
        let instance = "arn:aws:rds:eu-west-3:000000000000:db:somebody-elses";
        let cases = [
            ("finalize", json!({ "mark": mark }), "neither a command nor"),
            (
                "ddl",
                json!({ "command": "Dance", "mark": mark, "version": 1 }),
                "command",
            ),
            (
                "provision",
                event(
                    "aws.rds",
                    "RDS DB Instance Event",
                    &[instance],
                    json!({ "SourceArn": instance }),
                ),
                "somebody-elses",
            ),
            (
                "migrate",
                event("aws.s3", "Object Created", &[], json!({})),
                "Object Created",
            ),
        ];
        for (queue, body, _) in &cases {
            Queue::find(&stage.cloud, queue)
                .await?
                .send(&body.to_string())
                .await?;
        }
        let letters = kept(stage, &mark, cases.len()).await?;
        assert_eq!(letters.len(), cases.len(), "each is kept once");
        for (_, sent, words) in &cases {
            let sent = sent.to_string();
            let letter = letters.iter().find(|(body, _)| *body == sent);
            let (_, cause) = letter.context(format!("find the letter {sent}"))?;
            assert!(cause.contains(words), "{sent}: {cause}");
        }
        Ok(())
    });
}

#[test]
fn a_command_that_was_given_up_fails_its_restore_and_starts_the_cleanup() {
    play(async |stage| {
        let tenant = stage.tenant("given_up", &["given_up_1"]).await?;
        let request = tenant.request(&stage.request_id("given-up"));
        let id = command_line::request(&request.detail).await?;
        let slow = json!({ "service": "rds", "fault": "provision-slowly", "match": id, "ms": 8000, "times": 1 });
        stage.faults.switch_on(&slow).await?;
        let request_id = request_id_of(&request);
        stage
            .chronicle
            .wait_for(request_id, "RestoreAccepted", ENDS_WITHIN)
            .await?;

        let command = json!({ "version": 1, "restoreId": id, "attempt": 1, "command": "ProvisionTemporaryDatabase" });
        Queue::find(&stage.cloud, "dlq")
            .await?
            .send(&command.to_string())
            .await?;
        let outcome = stage
            .chronicle
            .wait_for_end(request_id, ENDS_WITHIN)
            .await?;
        let kinds: Vec<_> = outcome
            .causes
            .iter()
            .map(|cause| cause.kind.as_str())
            .collect();
        assert_eq!(
            (outcome.outcome.as_str(), kinds),
            ("FAILED", vec!["DeadLetter"]),
            "{}",
            outcome.why()
        );
        let left = leftovers::of(&stage.cloud, &tenant.connection, TAG, &outcome).await?;
        none_of("left behind", &left)?;
        let letters = kept(stage, &id, 1).await?;
        assert!(
            letters[0].1.contains("ProvisionTemporaryDatabase"),
            "{letters:?}"
        );
        Ok(())
    });
}

#[test]
fn a_command_that_is_sent_by_hand_to_any_phases_queue_reaches_its_own() {
    play(async |stage| {
        let tenant = stage.tenant("redriven", &["redriven_1"]).await?;
        let request = tenant
            .request(&stage.request_id("redriven"))
            .with("database", "redriven_nowhere");
        let outcome = stage.ask(&request).await?;
        assert_eq!(outcome.outcome, "REJECTED", "{}", outcome.why());
        let id = outcome.restore_id.context("read the restore's id")?;
        let received = async || {
            let log = Audit::read(&stage.cloud, &id).await?.log()?;
            let its = log.iter().filter(|entry| entry.name == "CleanUp");
            Ok(its.filter(|entry| entry.handler == "cleanup").count())
        };
        let before = received().await?;
        let command = json!({ "version": 1, "restoreId": id, "attempt": 1, "command": "CleanUp" });
        for phase in PHASES {
            let queue = Queue::find(&stage.cloud, phase).await?;
            queue.send(&command.to_string()).await?;
        }
        wait::until("the command from every queue", KEPT_WITHIN, async || {
            let all = received().await? >= before + PHASES.len();
            Ok(all.then_some(()))
        })
        .await
    });
}

#[test]
fn a_request_that_was_given_up_before_it_had_a_record_is_answered_and_may_be_redriven() {
    play(async |stage| {
        let tenant = stage.tenant("unopened", &["unopened_1"]).await?;
        let request = tenant
            .request(&stage.request_id("unopened"))
            .with("database", "unopened_nowhere");
        let id = request_id_of(&request);
        let event = given_up(id, "RestoreRequested", &request.detail);
        let twice = json!({ "service": "sqs", "fault": "deliver-again", "match": id, "times": 1 });
        stage.faults.switch_on(&twice).await?;
        let dlq = Queue::find(&stage.cloud, "dlq").await?;
        dlq.send(&event).await?;
        let outcome = stage.chronicle.wait_for_end(id, ENDS_WITHIN).await?;
        assert_eq!(
            (outcome.outcome.as_str(), outcome.restore_id.as_deref()),
            ("REJECTED", None)
        );
        assert_eq!(outcome.causes[0].kind, "DeadLetter", "{}", outcome.why());
        let letters = kept(stage, id, 2).await?;
        let ids = || outcome_ids(stage, id);
        assert_eq!(ids().len(), 1, "a letter has one answer: {:?}", ids());
        stage.told_by_contract(id)?;

        let answered = async |answers: usize| {
            let told = async || Ok((ids().len() == answers).then_some(()));
            wait::until(&format!("answer {answers} to {id}"), ENDS_WITHIN, told).await
        };
        // A letter that is redriven is another message, also when it dies again.
        dlq.send(&letters[0].0).await?;
        answered(2).await?;
        kept(stage, id, 1).await?;
        Queue::find(&stage.cloud, "intake")
            .await?
            .send(&letters[0].0)
            .await?;
        answered(3).await?;
        let last = stage
            .chronicle
            .events(id)
            .pop()
            .context("read the answer")?;
        assert_eq!(last.detail["causes"][0]["kind"], "DatabaseMissing");
        Ok(())
    });
}

#[test]
fn what_died_while_its_rejection_was_told_keeps_that_answer() {
    play(async |stage| {
        let refuse = |service: &str, action: &str, id: &str| {
            json!({
                "service": service, "fault": "error", "action": action, "match": id,
                "caller": "tenant-restore-intake", "code": "AuthorizationError", "status": 403
            })
        };
        let (id, plan_id) = (stage.request_id("untold"), stage.request_id("no-plan"));
        let faults = json!([
            refuse("sns", "Publish", &id),
            refuse("events", "PutEvents", &plan_id)
        ]);
        stage.faults.switch_on(&faults).await?;
        let intake = Queue::find(&stage.cloud, "intake").await?;
        let usual = intake.visibility_timeout().await?;
        intake.set_visibility_timeout(FAILS_EVERY_SECONDS).await?;
        let wrong = |id: &str| json!({ "requestId": id, "database": 7 });
        for (detail_type, id) in [
            ("RestoreRequested", &id),
            ("RestorePlanRequested", &plan_id),
        ] {
            intake.send(&given_up(id, detail_type, &wrong(id))).await?;
        }
        let planned = stage
            .chronicle
            .wait_for(&plan_id, "RestorePlanned", DIES_WITHIN);
        let planned = planned.await?;
        kept(stage, &plan_id, 1).await?;
        kept(stage, &id, 1).await?;
        intake.set_visibility_timeout(usual).await?;

        assert_eq!(planned.detail["causes"][0]["kind"], "InvalidRequest");
        let outcome = stage.chronicle.wait_for_end(&id, ENDS_WITHIN).await?;
        assert_eq!(outcome.causes[0].kind, "InvalidRequest");
        let told = BTreeSet::from([outcome.outcome_id]);
        assert_eq!(outcome_ids(stage, &id), told, "by the bus");
        let notices = stage.chronicle.notices(&id).into_iter();
        let noticed = notices.filter_map(|it| it.detail["outcomeId"].as_str().map(str::to_owned));
        assert_eq!(noticed.collect::<BTreeSet<_>>(), told, "by SNS");
        stage.told_by_contract(&id)
    });
}

#[test]
fn a_letter_whose_sender_cannot_be_told_is_kept_with_both_causes() {
    play(async |stage| {
        let id = stage.request_id("unheard");
        let refused = json!({
            "service": "sns", "fault": "error", "action": "Publish", "match": id,
            "caller": "tenant-restore-cleanup", "code": "AuthorizationError", "status": 403
        });
        stage.faults.switch_on(&refused).await?;
        let event = given_up(&id, "RestoreRequested", &json!({ "requestId": id }));
        Queue::find(&stage.cloud, "dlq").await?.send(&event).await?;
        let letters = kept(stage, &id, 1).await?;
        let cause = &letters[0].1;
        for words in [
            "the request was given up",
            "could not be told",
            "AuthorizationError",
        ] {
            assert!(cause.contains(words), "{cause}");
        }
        Ok(())
    });
}

#[test]
fn a_plan_that_was_given_up_before_it_had_a_record_is_answered() {
    play(async |stage| {
        let tenant = stage.tenant("unplanned", &["unplanned_1"]).await?;
        let request = tenant.request(&stage.request_id("unplanned"));
        let id = request_id_of(&request);
        let event = given_up(id, "RestorePlanRequested", &request.detail);
        Queue::find(&stage.cloud, "dlq").await?.send(&event).await?;
        let told = stage
            .chronicle
            .wait_for(id, "RestorePlanned", ENDS_WITHIN)
            .await?;
        assert_eq!(told.detail["possible"], false);
        assert_eq!(told.detail["causes"][0]["kind"], "DeadLetter");
        stage.told_by_contract(id)?;
        let ran = command_line::run(&["status", id, "--output", "json"], "").await?;
        assert_eq!(ran.json()?, told.detail, "{ran:?}");
        kept(stage, id, 1).await.map(drop)
    });
}

/// The outcomes that the bus told of a request.
fn outcome_ids(stage: &Stage, request_id: &str) -> BTreeSet<String> {
    let told = stage.chronicle.events(request_id).into_iter();
    told.filter_map(|event| event.detail["outcomeId"].as_str().map(str::to_owned))
        .collect()
}

/// The event of a request, as EventBridge puts it into a queue.
fn given_up(request_id: &str, detail_type: &str, detail: &serde_json::Value) -> String {
    json!({
        "version": "0", "id": format!("event-{request_id}"), "source": "demo.operator", "detail-type": detail_type,
        "account": "000000000000", "region": "eu-west-3", "time": jiff::Timestamp::now().to_string(), "resources": [],
        "detail": detail,
    })
    .to_string()
}
