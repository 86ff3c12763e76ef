//! Requests that meet: the same one many times, of which one restore comes, and another for the same target.

use std::time::Duration;

use serde_json::json;
use tenant_restore_tests::audit::{self, Audit};
use tenant_restore_tests::kind::Kind;
use tenant_restore_tests::outcome::Outcome;
use tenant_restore_tests::production::Production;
use tenant_restore_tests::request::Request;
use tenant_restore_tests::truth::Truth;
use tenant_restore_tests::{Context, Result, command_line, leftovers, wait};

use crate::stage::{ENDS_WITHIN, Stage, TAG, none_of, play, tenant_of};

const TAKEN_WITHIN: Duration = Duration::from_secs(30);

/// How often the audit log says that a request of this restore was taken.
async fn times_taken(stage: &Stage, restore_id: &str) -> Result<usize> {
    let log = Audit::read(&stage.cloud, restore_id).await?.log()?;
    Ok(log.iter().filter(|entry| entry.cause == "request").count())
}

/// Waits until a request of this restore was taken so often.
pub async fn wait_until_taken(stage: &Stage, restore_id: &str, times: usize) -> Result<()> {
    wait::until(
        &format!("request {times} of {restore_id}"),
        TAKEN_WITHIN,
        async || Ok((times_taken(stage, restore_id).await? >= times).then_some(())),
    )
    .await
}

#[test]
fn a_repeated_request_is_the_same_restore_and_another_body_under_its_id_is_rejected() {
    play(async |stage| {
        let mut tenant = stage.tenant("repeats", &["repeats_1"]).await?;
        let id = stage.request_id("repeats");
        let request = tenant.request(&id).with("mover", "copy");
        for _ in 0..3 {
            request.publish(&stage.cloud).await?;
        }
        let accepted = stage
            .chronicle
            .wait_for(&id, "RestoreAccepted", ENDS_WITHIN)
            .await?;
        let restore_id = accepted.detail["restoreId"]
            .as_str()
            .context("read the restore's id")?;

        request
            .clone()
            .with("suffix", "other")
            .publish(&stage.cloud)
            .await?;
        let rejected = stage
            .chronicle
            .wait_for(&id, "RestoreRejected", ENDS_WITHIN)
            .await?;
        assert_eq!(rejected.detail["causes"][0]["kind"], "RequestIdReused");
        assert_eq!(rejected.detail["causes"][0]["field"], "requestId");

        let completed = stage
            .chronicle
            .wait_for(&id, "RestoreCompleted", ENDS_WITHIN)
            .await?;
        assert_eq!(completed.detail["restoreId"], restore_id);
        request.publish(&stage.cloud).await?;
        wait_until_taken(stage, restore_id, 4).await?;

        let heard = stage.chronicle.events(&id);
        for once in ["RestoreAccepted", "RestoreCompleted", "RestoreRejected"] {
            let times = heard
                .iter()
                .filter(|event| event.detail_type == once)
                .count();
            assert_eq!(times, 1, "{once}");
        }
        let restores = audit::restores(&stage.cloud).await?;
        assert_eq!(
            restores.values().filter(|request| **request == id).count(),
            1
        );
        let resources = Audit::read(&stage.cloud, restore_id).await?.resources();
        assert_eq!(
            resources
                .iter()
                .filter(|resource| resource.kind == "database")
                .count(),
            1
        );

        let restored_as = completed.detail["schemas"][0]["restoredAs"]
            .as_str()
            .context("read the new name")?;
        let differences = tenant
            .truth
            .differences(&mut tenant.connection, "repeats_1", restored_as)
            .await?;
        none_of("restored differently", &differences)
    });
}

#[test]
fn a_right_that_intake_lacks_rejects_a_new_request_and_harms_none_that_was_taken() {
    play(async |stage| {
        let name = stage.request_id("lacking");
        let source = Production::create(&stage.cloud, &name).await?;
        let mut tenant = tenant_of(&source, "lacking", &["lacking_1"]).await?;
        let ask = |id: &str| {
            let request = tenant.request(id).with("mover", "copy");
            request.with("source", source.identifier.as_str())
        };
        let (taken, late) = (ask(&name), ask(&stage.request_id("lacking-late")));
        let restore_id = command_line::request(&taken.detail).await?;
        let chronicle = &stage.chronicle;
        chronicle
            .wait_for(&name, "RestoreAccepted", ENDS_WITHIN)
            .await?;

        let refusal = json!({
            "service": "rds", "fault": "error", "caller": "tenant-restore-intake", "action": "DescribeDBInstances",
            "code": "AccessDenied", "status": 403, "match": name, "message": "not authorized"
        });
        let fault = &stage.faults.switch_on(&refusal).await?[0];
        taken.publish(&stage.cloud).await?;
        wait_until_taken(stage, &restore_id, 2).await?;
        let rejected = stage.ask(&late).await?;
        stage.faults.switch_off(fault).await?;

        let kinds: Vec<_> = rejected.causes.iter().map(|it| it.kind.as_str()).collect();
        assert_eq!(
            (rejected.outcome.as_str(), kinds),
            ("REJECTED", vec!["AccessDenied"])
        );
        assert!(!rejected.causes[0].remedy.is_empty());
        let outcome = chronicle.wait_for_end(&name, ENDS_WITHIN).await?;
        stage
            .came_back(&mut tenant.connection, &tenant.truth, &outcome)
            .await?;
        let heard = chronicle.events(&name);
        let rejections = heard
            .iter()
            .filter(|it| it.detail_type == "RestoreRejected");
        assert_eq!(rejections.count(), 0, "{heard:?}");
        source.delete().await
    });
}

#[test]
fn a_target_name_that_another_restore_claims_is_rejected() {
    play(async |stage| {
        let tenant = stage.tenant("claimed", &["claimed_1"]).await?;
        let [first, second] = ["claims", "comes-late"].map(|name| stage.request_id(name));
        let request = tenant
            .request(&first)
            .with("suffix", "back")
            .with("mover", "copy");
        request.publish(&stage.cloud).await?;
        stage
            .chronicle
            .wait_for(&first, "RestoreAccepted", ENDS_WITHIN)
            .await?;

        let late = tenant.request(&second).with("suffix", "back");
        let outcome = stage.ask(&late).await?;
        let causes: Vec<_> = outcome
            .causes
            .iter()
            .map(|cause| (cause.kind.as_str(), cause.field.as_deref()))
            .collect();
        assert_eq!(
            (outcome.outcome.as_str(), causes),
            ("REJECTED", vec![("TargetClaimed", Some("suffix"))])
        );

        let outcome = stage.chronicle.wait_for_end(&first, ENDS_WITHIN).await?;
        assert_eq!(outcome.outcome, "COMPLETED", "{}", outcome.why());
        none_of(
            "left behind",
            &leftovers::of(&stage.cloud, &tenant.connection, TAG, &outcome).await?,
        )
    });
}

/// What an outcome says of its causes: kind and field.
fn causes(outcome: &Outcome) -> Vec<(&str, Option<&str>)> {
    let causes = outcome.causes.iter();
    causes
        .map(|cause| (cause.kind.as_str(), cause.field.as_deref()))
        .collect()
}

#[test]
fn a_cluster_and_its_member_are_one_target() {
    play(async |stage| {
        let name = stage.request_id("two-names");
        let aurora = Production::create_of(&stage.cloud, &name, Kind::AuroraProvisioned).await?;
        let tenant = tenant_of(&aurora, "two_names", &["two_names_1"]).await?;
        let [first, second] = ["by-cluster", "by-member"].map(|name| stage.request_id(name));
        let request = |id: &str, source: &str| {
            let request = tenant.request(id).with("source", source);
            request.with("suffix", "back").with("mover", "copy")
        };
        request(&first, &name).publish(&stage.cloud).await?;
        let accepted = stage
            .chronicle
            .wait_for(&first, "RestoreAccepted", ENDS_WITHIN);
        accepted.await?;
        let outcome = stage
            .ask(&request(&second, &format!("{name}-writer")))
            .await?;
        assert_eq!(outcome.outcome, "REJECTED", "{}", outcome.why());
        assert_eq!(causes(&outcome), [("TargetClaimed", Some("suffix"))]);
        let outcome = stage.chronicle.wait_for_end(&first, ENDS_WITHIN).await?;
        assert_eq!(outcome.outcome, "COMPLETED", "{}", outcome.why());
        aurora.delete().await
    });
}

#[test]
fn a_schema_comes_back_from_two_times_at_once_and_twice_from_one_time_only_by_another_suffix() {
    play(async |stage| {
        let mut tenant = stage.tenant("twice", &["twice_1"]).await?;
        let later = "create table twice_1.later (id int primary key); insert into twice_1.later values (1), (2)";
        tenant
            .connection
            .batch_execute(later)
            .await
            .context("go on")?;
        let truth = Truth::note(&mut tenant.connection, &["twice_1"]).await?;
        stage.production.wait_until_restorable(truth.at).await?;

        let ids = ["then", "later"].map(|name| stage.request_id(&format!("twice-{name}")));
        let times = [tenant.truth.at, truth.at];
        assert_ne!(
            times[0], times[1],
            "the two times differ by a second at least"
        );
        let request =
            |id: &str, at| Request::new(id, "twice", &["twice_1"], at).with("mover", "copy");
        for (id, at) in ids.iter().zip(times) {
            request(id, at).publish(&stage.cloud).await?;
        }
        for (id, truth) in ids.iter().zip([&tenant.truth, &truth]) {
            let outcome = stage.chronicle.wait_for_end(id, ENDS_WITHIN).await?;
            assert_eq!(outcome.outcome, "COMPLETED", "{}", outcome.why());
            let restored_as = outcome.schemas[0].restored_as.as_deref();
            let restored_as = restored_as.context("read the new name")?;
            let differences = truth.differences(&mut tenant.connection, "twice_1", restored_as);
            none_of(&format!("{restored_as} differs"), &differences.await?)?;
        }

        let again = request(&stage.request_id("twice-again"), truth.at);
        let outcome = stage.ask(&again).await?;
        assert_eq!(outcome.outcome, "REJECTED", "{}", outcome.why());
        assert_eq!(causes(&outcome), [("TargetNameTaken", Some("schemas[0]"))]);
        let other = again
            .with("requestId", stage.request_id("twice-other"))
            .with("suffix", json!("again"));
        let outcome = stage.ask(&other).await?;
        assert_eq!(outcome.outcome, "COMPLETED", "{}", outcome.why());
        Ok(())
    });
}
