//! Every kind of source, by a point in time and by a snapshot: what comes back is what there was.

use tenant_restore_tests::audit::Audit;
use tenant_restore_tests::kind::Kind;
use tenant_restore_tests::outcome::Outcome;
use tenant_restore_tests::production::Production;
use tenant_restore_tests::request::Request;
use tenant_restore_tests::truth::Truth;
use tenant_restore_tests::{Context, Result, samples};

use crate::stage::{Stage, Tenant, play, tenant_of};

/// Restores a tenant of a source of this kind to an instant and from a snapshot, which held something else, both at once.
fn by_time_and_by_snapshot(kind: Kind) {
    play(async |stage| {
        let name = format!("kind-{}", kind.as_str());
        let source = Production::create_of(&stage.cloud, &stage.request_id(&name), kind).await?;
        let schema = "kinds_1";
        let mut tenant = tenant_of(&source, "kinds", &[schema]).await?;
        let change =
            format!("delete from {schema}.order_items; update {schema}.orders set total = 1");
        let damaged = tenant.connection.batch_execute(&change).await;
        damaged.context("change the tenant")?;
        let at_snapshot = Truth::note(&mut tenant.connection, &[schema]).await?;
        let snapshot = source.snapshot(&stage.request_id(&name)).await?;
        samples::load_schema(&tenant.connection, "kinds_later").await?;

        let by_time = request(stage, &tenant, &source, &format!("{name}-time"));
        let by_snapshot = request(stage, &tenant, &source, &format!("{name}-snapshot"))
            .without("restoreTime")
            .with("snapshotId", snapshot.arn.as_str());
        let (by_time, by_snapshot) =
            tokio::try_join!(stage.ask(&by_time), stage.ask(&by_snapshot))?;
        let named = (
            by_time.snapshot_id.as_deref(),
            by_snapshot.snapshot_id.as_deref(),
        );
        assert_eq!(named, (None, Some(snapshot.arn.as_str())));
        let suffix = tenant.truth.at.strftime("%Y%m%d%H%M%S").to_string();
        let truth = tenant.truth.clone();
        came_back(stage, &mut tenant, &truth, &by_time, &suffix).await?;
        was_priced(stage, &by_time, kind).await?;
        let suffix = snapshot.taken_at.strftime("%Y%m%d%H%M%S").to_string();
        came_back(stage, &mut tenant, &at_snapshot, &by_snapshot, &suffix).await?;
        source.delete().await
    });
}

fn request(stage: &Stage, tenant: &Tenant, source: &Production, name: &str) -> Request {
    let request = tenant.request(&stage.request_id(name));
    // What DMS moves is another test's business, and costs seconds.
    request
        .with("source", source.identifier.as_str())
        .with("mover", "copy")
}

async fn came_back(
    stage: &Stage,
    tenant: &mut Tenant,
    truth: &Truth,
    outcome: &Outcome,
    suffix: &str,
) -> Result<()> {
    stage
        .came_back(&mut tenant.connection, truth, outcome)
        .await?;
    let pair = &outcome.schemas[0];
    let named = format!("{}_{suffix}", pair.schema);
    assert_eq!(pair.restored_as, Some(named));
    Ok(())
}

/// While it was there, the price of the temporary database was known; of a serverless one that of its largest capacity.
async fn was_priced(stage: &Stage, outcome: &Outcome, kind: Kind) -> Result<()> {
    let id = outcome.restore_id.as_deref().context("read the id")?;
    let audit = Audit::read(&stage.cloud, id).await?;
    let resources = audit
        .restore()
        .and_then(|record| record["resources"].as_array());
    let mut resources = resources.context("read the resources")?.iter();
    let database = resources.find(|resource| resource["kind"] == "database");
    let cost = &database.context("find the temporary database")?["cost"];
    assert!(cost["hourly"].is_u64(), "{kind:?}: {cost}");
    let size = cost["size"].as_str().context("read its size")?;
    let is_serverless = kind == Kind::AuroraServerless;
    assert_eq!(size.contains("ACU, priced at"), is_serverless, "{size}");
    Ok(())
}

#[test]
fn a_single_az_instance_comes_back_by_time_and_by_snapshot() {
    by_time_and_by_snapshot(Kind::SingleAz);
}

#[test]
fn a_multi_az_instance_comes_back_by_time_and_by_snapshot() {
    by_time_and_by_snapshot(Kind::MultiAz);
}

#[test]
fn a_provisioned_aurora_cluster_comes_back_by_time_and_by_snapshot() {
    by_time_and_by_snapshot(Kind::AuroraProvisioned);
}

#[test]
fn an_aurora_serverless_cluster_comes_back_by_time_and_by_snapshot() {
    by_time_and_by_snapshot(Kind::AuroraServerless);
}
