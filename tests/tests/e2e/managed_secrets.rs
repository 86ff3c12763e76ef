//! A source whose master secret RDS manages: it holds `username` and `password` alone, and RDS rotates it.

use tenant_restore_tests::production::Production;
use tenant_restore_tests::report::Report;
use tenant_restore_tests::{Context, Result};

use crate::stage::{Stage, play, tenant_of};

async fn restore_after_a_rotation(stage: &Stage, name: &str, mover: &str) -> Result<()> {
    let name = stage.request_id(name);
    let mut source = Production::create_managed(&stage.cloud, &name).await?;
    let mut tenant = tenant_of(&source, "managed", &["managed_1"]).await?;
    let of_then = source.managed_version().await?;
    source.rotate_managed().await?;
    let rotated = source.managed_version().await?;

    let request = tenant.request(&name).with("mover", mover);
    let request = request.with("source", source.identifier.as_str());
    let outcome = stage.ask(&request).await?;

    stage
        .came_back(&mut tenant.connection, &tenant.truth, &outcome)
        .await?;
    let report = outcome.report.as_deref().context("find the report")?;
    let report = Report::read(&stage.cloud, report).await?;
    let probe = report.probe().context("find the probe")?;
    assert_eq!(probe.version, Some(of_then), "the version of then logs in");
    // The source's own secret is read only.
    assert_eq!(source.managed_version().await?, rotated);
    source.connect("managed").await?;
    source.delete().await
}

#[test]
fn a_source_whose_secret_rds_manages_comes_back_with_its_password_of_then() {
    play(async |stage| restore_after_a_rotation(stage, "managed-copy", "copy").await);
}

#[test]
fn dms_moves_rows_too_of_a_source_whose_secret_rds_manages() {
    play(async |stage| restore_after_a_rotation(stage, "managed-dms", "auto").await);
}
