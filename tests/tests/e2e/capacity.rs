//! RDS is short of capacity for the temporary database, at the call or after it: another zone is taken.

use serde_json::{Value, json};
use tenant_restore_tests::audit::Audit;
use tenant_restore_tests::kind::Kind;
use tenant_restore_tests::production::Production;
use tenant_restore_tests::request::Request;
use tenant_restore_tests::{Context, Result, command_line};

use crate::stage::{ENDS_WITHIN, Stage, TAG, Tenant, play, request_id_of, tenant_of};

/// Restores although the fault, made for the restore's id, strikes so many times; answers the audit record.
async fn comes_back_elsewhere(
    stage: &Stage,
    tenant: &mut Tenant,
    request: &Request,
    (fault, times): (Value, u32),
) -> Result<(String, Audit)> {
    let restore_id = command_line::request(&request.detail).await?;
    let mut fault = fault;
    fault["service"] = json!("rds");
    fault["match"] = json!(format!("tr-{TAG}-{restore_id}"));
    fault["times"] = json!(times);
    let fault = &stage.faults.switch_on(&fault).await?[0];
    let id = request_id_of(request);
    let outcome = stage.chronicle.wait_for_end(id, ENDS_WITHIN).await?;
    assert_eq!(outcome.outcome, "COMPLETED", "{}", outcome.why());
    let struck = stage.faults.list().await?;
    let struck = struck["faults"].as_array().context("list the faults")?;
    let this = struck.iter().find(|one| one["id"] == *fault);
    assert_eq!(
        this.context("find the fault")?["struck"],
        times,
        "{struck:?}"
    );
    stage
        .came_back(&mut tenant.connection, &tenant.truth, &outcome)
        .await?;
    let audit = Audit::read(&stage.cloud, &restore_id).await?;
    Ok((restore_id, audit))
}

/// The one warning about capacity: what was tried, so many zones among it, and where the database is now.
fn is_told(audit: &Audit, database: &str, zones: usize, place: &str) {
    let warnings = &audit.restore().expect("the record is there")["warnings"];
    let warnings = warnings.as_array().into_iter().flatten();
    let told: Vec<_> = warnings.filter(|it| it["kind"] == "NoCapacity").collect();
    let [told] = told.as_slice() else {
        panic!("one warning: {:?}", audit.restore());
    };
    let message = told["message"].as_str().unwrap_or_default();
    assert!(
        message.contains(&format!("no capacity for {database} (")),
        "{message}"
    );
    assert!(message.contains("in any zone"), "{message}");
    let named = message.matches("in eu-west-").count();
    assert_eq!(named, zones, "{message}");
    assert!(message.ends_with(place), "{message}");
}

/// So many calls are refused; the last of so many zones or, after both, another class is taken.
fn refused_at_once(kind: Kind, name: &str, refusals: u32, (zones, place): (usize, &str)) {
    play(async |stage| {
        let source = Production::create_of(&stage.cloud, &stage.request_id(name), kind).await?;
        let mut tenant = tenant_of(&source, "short", &["short_1"]).await?;
        let request = tenant
            .request(&stage.request_id(name))
            .with("mover", "copy");
        let request = request.with("source", source.identifier.as_str());
        let fault = json!({ "fault": "no-capacity" });
        let (id, audit) =
            comes_back_elsewhere(stage, &mut tenant, &request, (fault, refusals)).await?;
        is_told(&audit, &format!("tr-{TAG}-{id}"), zones, place);
        source.delete().await
    });
}

#[test]
fn an_instance_that_rds_refuses_for_lack_of_capacity_is_made_in_another_zone() {
    refused_at_once(Kind::SingleAz, "short-instance", 2, (2, "in eu-west-3b"));
}

#[test]
fn an_aurora_writer_that_rds_refuses_for_lack_of_capacity_is_made_in_another_zone() {
    let place = (2, "in eu-west-3b");
    refused_at_once(Kind::AuroraProvisioned, "short-writer", 2, place);
}

#[test]
fn an_instance_that_no_zone_has_capacity_for_is_made_of_the_next_configured_class() {
    let place = (2, "db.m6g.large in any zone");
    refused_at_once(Kind::SingleAz, "short-class", 3, place);
}

#[test]
fn an_aurora_writer_that_no_zone_has_capacity_for_is_made_of_the_next_configured_class() {
    let place = (2, "db.r6g.large in any zone");
    refused_at_once(Kind::AuroraProvisioned, "short-writer-class", 3, place);
}

/// The call for the first place is taken; what it made ends in the status `insufficient-capacity`.
/// The fault is `restore-fails` for an instance; a cluster's writer is created, not restored.
fn ended_after_the_call(kind: Kind, fault: &str, name: &str) {
    play(async |stage| {
        let source = Production::create_of(&stage.cloud, &stage.request_id(name), kind).await?;
        let mut tenant = tenant_of(&source, "short_later", &["short_later_1"]).await?;
        let request = tenant
            .request(&stage.request_id(name))
            .with("source", source.identifier.as_str());
        let fault = json!({ "fault": fault, "code": "insufficient-capacity" });
        let (id, audit) = comes_back_elsewhere(stage, &mut tenant, &request, (fault, 1)).await?;
        is_told(&audit, &format!("tr-{TAG}-{id}-n1"), 1, "in eu-west-3a");
        let deletion = format!("delete temporary database tr-{TAG}-{id}");
        let log = audit.log()?;
        let by = log.iter().find(|entry| entry.effects.contains(&deletion));
        assert_eq!(by.context("find the deletion")?.handler, "provision");
        source.delete().await
    });
}

#[test]
fn an_instance_that_ends_without_capacity_is_deleted_and_made_in_another_zone() {
    ended_after_the_call(Kind::SingleAz, "restore-fails", "short-later");
}

#[test]
fn an_aurora_writer_that_ends_without_capacity_is_deleted_and_made_in_another_zone() {
    ended_after_the_call(
        Kind::AuroraProvisioned,
        "create-fails",
        "short-writer-later",
    );
}
