//! Plans: what a restore would do, create, cost and take, told without doing it.

use serde_json::{Value, json};
use tenant_restore_tests::command_line::run;
use tenant_restore_tests::production::Production;
use tenant_restore_tests::request::{Request, publish};
use tenant_restore_tests::{Context, Result, leftovers, wait};

use crate::stage::{ENDS_WITHIN, Stage, TAG, none_of, play, request_id_of, tenant_of};

/// Publishes the wish for a plan as an upstream system does; the answer's detail.
async fn planned(stage: &Stage, request: &Request) -> Result<Value> {
    let id = request_id_of(request);
    publish(
        &stage.cloud,
        "RestorePlanRequested",
        &request.detail.to_string(),
    )
    .await?;
    let told = stage
        .chronicle
        .wait_for(id, "RestorePlanned", ENDS_WITHIN)
        .await?;
    stage.told_by_contract(id)?;
    let types: Vec<_> = stage
        .chronicle
        .events(id)
        .into_iter()
        .map(|event| event.detail_type)
        .collect();
    assert_eq!(types, ["RestorePlanned"], "a plan is told once, and alone");
    assert!(stage.chronicle.notices(id).is_empty(), "it is no outcome");
    Ok(told.detail)
}

fn kinds(findings: &Value) -> Vec<(&str, Option<&str>)> {
    let findings = findings.as_array().map(Vec::as_slice).unwrap_or_default();
    findings
        .iter()
        .filter_map(|finding| Some((finding["kind"].as_str()?, finding["field"].as_str())))
        .collect()
}

#[test]
fn a_plan_tells_what_a_restore_would_do_and_leaves_nothing_but_its_report() {
    play(async |stage| {
        let mut tenant = stage.tenant("plans", &["plans_1", "plans_2"]).await?;
        let id = stage.request_id("plan");
        let request = tenant
            .request(&id)
            .with("suffix", "planned")
            .with("mover", "copy")
            .with("validate", "counts");
        let ran = run(
            &["plan", "--file", "-", "--output", "json"],
            &request.detail.to_string(),
        )
        .await?;
        assert_eq!(ran.code, Some(0), "{ran:?}");
        let plan = ran.json()?;
        let told = stage
            .chronicle
            .wait_for(&id, "RestorePlanned", ENDS_WITHIN)
            .await?;
        assert_eq!(told.detail, plan, "the bus hears what is printed");
        for command in ["status", "watch"] {
            let ran = run(&[command, &id, "--output", "json"], "").await?;
            assert_eq!(ran.code, Some(0), "{ran:?}");
            assert_eq!(ran.json()?, plan, "{command} of a plan tells the plan");
        }
        stage.told_by_contract(&id)?;

        assert_eq!(plan["possible"], true, "{plan:#}");
        assert_eq!(plan["schemas"][1]["restoredAs"], "plans_2_planned");
        let tables = plan["tables"].as_array().context("read the tables")?;
        assert!(tables.len() >= 4, "{plan:#}");
        assert!(
            tables
                .iter()
                .all(|table| table["mover"] == "copy" && table["reason"] == "requested")
        );
        let bytes = plan["volume"]["bytes"].as_u64();
        assert!(bytes.is_some_and(|bytes| bytes > 0), "{plan:#}");
        let seconds = plan["estimate"]["seconds"].as_u64();
        assert!(seconds.is_some_and(|seconds| seconds > 0), "{plan:#}");
        let creates: Vec<_> = plan["creates"]["resources"]
            .as_array()
            .context("read what it would create")?
            .iter()
            .map(|resource| resource["kind"].as_str().unwrap_or_default())
            .collect();
        assert_eq!(creates, ["Database", "Secret", "Secret"], "no DMS for COPY");

        let report = plan["report"].as_str().context("read the report's place")?;
        let plan_id = report.split('/').nth(4).context("read the plan's id")?;
        let left = leftovers::in_aws(&stage.cloud, TAG, Some(plan_id)).await?;
        none_of("left by a plan", &left)?;

        // The plan claims neither the names nor the request's id.
        let outcome = stage.ask(&request).await?;
        assert_eq!(outcome.outcome, "COMPLETED", "{}", outcome.why());
        let differences = tenant
            .truth
            .differences(&mut tenant.connection, "plans_1", "plans_1_planned")
            .await?;
        none_of("restored otherwise than planned", &differences)
    });
}

#[test]
fn a_plan_tells_every_finding_at_once_and_what_a_restore_would_say_too() {
    play(async |stage| {
        let tenant = stage
            .tenant("planless", &["planless_1", "planless_2"])
            .await?;
        let taken = "create schema planless_1_back; create schema planless_2_back";
        tenant
            .connection
            .batch_execute(taken)
            .await
            .context("take both names")?;
        let request = tenant
            .request(&stage.request_id("planless"))
            .with("schemas", json!(["planless_1", "planless_2", "planless_3"]))
            .with("suffix", "back")
            .with("mover", "dms");
        let plan = planned(stage, &request).await?;
        assert_eq!(plan["possible"], false);
        let taken = [
            ("TargetNameTaken", Some("schemas[0]")),
            ("TargetNameTaken", Some("schemas[1]")),
        ];
        assert_eq!(kinds(&plan["causes"]), taken, "{plan:#}");
        let warnings = kinds(&plan["warnings"]);
        for warning in [
            ("SchemaMissing", Some("schemas[2]")),
            ("MoverUnable", Some("mover")),
        ] {
            assert!(warnings.contains(&warning), "{plan:#}");
        }
        let tables = plan["tables"].as_array().context("read the tables")?;
        for (table, mover) in [("users", "copy"), ("products", "dms")] {
            let mut planned = tables.iter().filter(|planned| planned["table"] == table);
            assert!(planned.all(|planned| planned["mover"] == mover), "{plan:#}");
        }

        let mut detail = request.detail.clone();
        detail["requestId"] = json!(stage.request_id("planless-again"));
        let ran = run(&["plan", "--file", "-"], &detail.to_string()).await?;
        assert_eq!(ran.code, Some(1), "{ran:?}");
        for words in [
            "would be rejected",
            "TargetNameTaken at schemas[0]",
            "suffix",
        ] {
            assert!(
                ran.said.contains(words),
                "{words:?} is not in: {}",
                ran.said
            );
        }
        Ok(())
    });
}

#[test]
fn a_quota_that_does_not_hold_another_copy_forbids_the_restore() {
    play(async |stage| {
        let name = stage.request_id("huge");
        let huge = Production::create_with_storage(&stage.cloud, &name, 65_536).await?;
        let tenant = tenant_of(&huge, "huge", &["huge_1"]).await?;
        let request = tenant
            .request(&stage.request_id("quota"))
            .with("source", name.as_str());
        let plan = planned(stage, &request).await?;
        assert_eq!(
            kinds(&plan["causes"]),
            [("QuotaExceeded", None)],
            "{plan:#}"
        );
        let message = plan["causes"][0]["message"].as_str().unwrap_or_default();
        assert!(
            message.contains("of 100000 GiB of RDS storage"),
            "{message}"
        );
        huge.delete().await
    });
}

/// What keeps them from a record is known without a look at the source.
#[test]
fn a_plan_that_is_refused_before_it_has_a_record_is_shown_with_its_causes_and_each_try_with_its_own()
 {
    play(async |stage| {
        let id = stage.request_id("plan-refused");
        let request = Request::new(&id, "d", &["s"], jiff::Timestamp::UNIX_EPOCH);
        let elsewhere = "arn:aws:rds:us-east-1:000000000000:db:production";
        let of_another_region = request.clone().with("source", elsewhere);
        let of_no_snapshot = request
            .without("restoreTime")
            .with("snapshotId", "no-such-snapshot");
        for (request, expected) in [
            (of_another_region, ("InvalidRequest", "source")),
            (of_no_snapshot, ("SnapshotUnknown", "snapshotId")),
        ] {
            let detail = request.detail.to_string();
            let ran = run(&["plan", "--file", "-", "--output", "json"], &detail).await?;
            assert_eq!(ran.code, Some(1), "{ran:?}");
            let plan = ran.json()?;
            let causes = kinds(&plan["causes"]);
            assert_eq!(causes, [(expected.0, Some(expected.1))], "{plan:#}");
            wait::until("the same on the bus", ENDS_WITHIN, async || {
                let told = stage.chronicle.events(&id);
                Ok(told.iter().any(|event| event.detail == plan).then_some(()))
            })
            .await?;
            for (command, code) in [("status", 0), ("watch", 1)] {
                let ran = run(&[command, &id, "--output", "json"], "").await?;
                assert_eq!(ran.code, Some(code), "{command}: {ran:?}");
                assert_eq!(ran.json()?, plan, "{command} tells the last answer");
            }
        }
        stage.told_by_contract(&id)?;
        let cancel = run(&["cancel", &id], "").await?;
        assert_eq!(cancel.code, Some(2), "{cancel:?}");
        assert!(cancel.complained.contains("is a plan"), "{cancel:?}");
        Ok(())
    });
}

#[test]
fn a_plan_of_an_invalid_request_or_an_unknown_source_names_the_fields() {
    play(async |stage| {
        let invalid = Request::new(
            &stage.request_id("plan-invalid"),
            "d",
            &[],
            jiff::Timestamp::UNIX_EPOCH,
        )
        .with("mover", "truck");
        let plan = planned(stage, &invalid).await?;
        assert_eq!(plan["possible"], false);
        let fields: Vec<_> = kinds(&plan["causes"])
            .into_iter()
            .map(|(_, field)| field)
            .collect();
        assert_eq!(fields, [Some("schemas"), Some("mover")], "{plan:#}");

        let unknown = Request::new(
            &stage.request_id("plan-unknown"),
            "d",
            &["s"],
            jiff::Timestamp::UNIX_EPOCH,
        )
        .with("source", "no-such-instance");
        let plan = planned(stage, &unknown).await?;
        assert_eq!(
            kinds(&plan["causes"]),
            [("SourceUnknown", Some("source"))],
            "{plan:#}"
        );
        Ok(())
    });
}
