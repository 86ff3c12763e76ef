//! Requests that are well-formed, but that the source, the database or the restore point refuses.

use jiff::SignedDuration;
use serde_json::json;
use tenant_restore_tests::outcome::Outcome;
use tenant_restore_tests::production::DEFAULT_SOURCE;
use tenant_restore_tests::request::Request;
use tenant_restore_tests::stranger::{self, Stranger};
use tenant_restore_tests::{Context, Result, leftovers};

use crate::stage::{Stage, TAG, Tenant, none_of, play};

/// Asks, and checks how it ended, the one cause with its field, and that nothing is left behind.
async fn refused(
    stage: &Stage,
    tenant: &Tenant,
    request: &Request,
    (how, kind, field): (&str, &str, Option<&str>),
) -> Result<Outcome> {
    let outcome = stage.ask(request).await?;
    let causes: Vec<_> = outcome
        .causes
        .iter()
        .map(|cause| (cause.kind.as_str(), cause.field.as_deref()))
        .collect();
    assert_eq!(
        (outcome.outcome.as_str(), causes),
        (how, vec![(kind, field)]),
        "{}",
        outcome.why()
    );
    if outcome.restore_id.is_some() {
        let left = leftovers::of(&stage.cloud, &tenant.connection, TAG, &outcome).await?;
        none_of("left behind", &left)?;
    }
    Ok(outcome)
}

#[test]
fn a_restore_time_outside_the_window_is_rejected_with_the_window() {
    play(async |stage| {
        let tenant = stage.tenant("window", &["window_1"]).await?;
        let long_ago = tenant.truth.at - SignedDuration::from_hours(24 * 40);
        let request = tenant
            .request(&stage.request_id("window"))
            .with("restoreTime", long_ago.to_string());
        let expected = ("REJECTED", "RestorePointOutOfWindow", Some("restoreTime"));
        let outcome = refused(stage, &tenant, &request, expected).await?;
        assert!(
            outcome.causes[0].message.contains("window"),
            "{}",
            outcome.why()
        );
        Ok(())
    });
}

#[test]
fn an_unknown_source_or_one_that_is_not_opted_in_or_has_an_unusable_secret_is_rejected() {
    play(async |stage| {
        let tenant = stage.tenant("sources", &["sources_1"]).await?;
        let request = tenant
            .request(&stage.request_id("no-such-source"))
            .with("source", "no-such-instance");
        refused(
            stage,
            &tenant,
            &request,
            ("REJECTED", "SourceUnknown", Some("source")),
        )
        .await?;

        let stranger = Stranger::create(&stage.cloud, &stage.request_id("stranger")).await?;
        let request = tenant
            .request(&stage.request_id("untagged"))
            .with("source", stranger.identifier.clone());
        refused(
            stage,
            &tenant,
            &request,
            ("REJECTED", "SourceNotAllowed", Some("source")),
        )
        .await?;

        let secret = stage.request_id("not-for-restores");
        stranger::create_unopened_secret(&stage.cloud, &secret).await?;
        for (name, secret) in [
            ("unopened-secret", secret.as_str()),
            ("missing-secret", "no-such-secret"),
        ] {
            stranger.name_secret(secret).await?;
            let request = tenant
                .request(&stage.request_id(name))
                .with("source", stranger.identifier.clone());
            refused(
                stage,
                &tenant,
                &request,
                ("REJECTED", "SourceNotAllowed", Some("source")),
            )
            .await?;
        }
        Ok(())
    });
}

#[test]
fn a_database_that_does_not_exist_is_rejected() {
    play(async |stage| {
        let tenant = stage.tenant("databases", &["databases_1"]).await?;
        let request = tenant
            .request(&stage.request_id("no-database"))
            .with("database", "Databases");
        refused(
            stage,
            &tenant,
            &request,
            ("REJECTED", "DatabaseMissing", Some("database")),
        )
        .await?;
        Ok(())
    });
}

#[test]
fn a_target_name_that_production_has_already_is_rejected() {
    play(async |stage| {
        let tenant = stage.tenant("taken", &["taken_1"]).await?;
        tenant
            .connection
            .batch_execute("create schema taken_1_back")
            .await
            .context("take the name")?;
        let request = tenant
            .request(&stage.request_id("taken"))
            .with("suffix", "back");
        // The leftovers of a rejected restore must not count what stood there before it.
        let outcome = stage.ask(&request).await?;
        let causes: Vec<_> = outcome
            .causes
            .iter()
            .map(|cause| cause.kind.as_str())
            .collect();
        assert_eq!(
            (outcome.outcome.as_str(), causes),
            ("REJECTED", vec!["TargetNameTaken"])
        );
        let there = "select from pg_namespace where nspname = 'taken_1_back'";
        let there = tenant
            .connection
            .query(there, &[])
            .await
            .context("look at the schema")?;
        assert_eq!(
            there.len(),
            1,
            "the schema of that name is not ours to drop"
        );
        Ok(())
    });
}

#[test]
fn a_wrong_restore_point_and_all_that_the_preflight_finds_are_told_at_once_with_field_and_remedy() {
    play(async |stage| {
        let tenant = stage
            .tenant("findings", &["findings_1", "findings_2"])
            .await?;
        let taken = "create schema findings_1_back; create schema findings_2_back";
        let long_ago = tenant.truth.at - SignedDuration::from_hours(24 * 40);
        tenant
            .connection
            .batch_execute(taken)
            .await
            .context("take both names")?;
        let request = tenant
            .request(&stage.request_id("findings"))
            .with("restoreTime", long_ago.to_string())
            .with("suffix", "back");
        let outcome = stage.ask(&request).await?;
        let causes: Vec<_> = outcome
            .causes
            .iter()
            .map(|cause| (cause.kind.as_str(), cause.field.as_deref()))
            .collect();
        let expected = [
            ("RestorePointOutOfWindow", Some("restoreTime")),
            ("TargetNameTaken", Some("schemas[0]")),
            ("TargetNameTaken", Some("schemas[1]")),
        ];
        assert_eq!(outcome.outcome, "REJECTED", "{}", outcome.why());
        assert_eq!(causes, expected);
        assert!(outcome.causes.iter().all(|cause| !cause.remedy.is_empty()));
        Ok(())
    });
}

#[test]
fn a_schema_that_did_not_exist_at_the_restore_point_fails_the_restore() {
    play(async |stage| {
        let tenant = stage.tenant("too_early", &["too_early_1"]).await?;
        tenant
            .connection
            .batch_execute("create schema too_early_2")
            .await
            .context("create a schema")?;
        let request = tenant
            .request(&stage.request_id("too-early"))
            .with("schemas", json!(["too_early_1", "too_early_2"]))
            .with("source", DEFAULT_SOURCE);
        let outcome = stage.ask(&request).await?;
        let causes: Vec<_> = outcome
            .causes
            .iter()
            .map(|cause| cause.kind.as_str())
            .collect();
        assert_eq!(
            (outcome.outcome.as_str(), causes),
            ("FAILED", vec!["SchemaMissing"]),
            "{}",
            outcome.why()
        );
        assert!(
            outcome.causes[0].message.contains("too_early_2"),
            "{}",
            outcome.why()
        );
        none_of(
            "left behind",
            &leftovers::of(&stage.cloud, &tenant.connection, TAG, &outcome).await?,
        )
    });
}
