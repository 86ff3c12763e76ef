//! What a temporary Aurora cluster is made as: a clone of now, or a full copy of the past.

use aws_sdk_rds::types::DbCluster;
use jiff::{Timestamp, ToSpan as _, Unit};
use serde_json::json;
use tenant_restore_tests::cloud::Cloud;
use tenant_restore_tests::kind::Kind;
use tenant_restore_tests::production::Production;
use tenant_restore_tests::request::Request;
use tenant_restore_tests::{Context, Result, command_line, wait};

use crate::stage::{ENDS_WITHIN, Stage, TAG, Tenant, play, request_id_of, tenant_of};

/// More than it takes until a request is judged.
const LAG_MS: u32 = 30_000;

async fn described(cloud: &Cloud, identifier: &str) -> Result<Option<DbCluster>> {
    let all = cloud.rds.describe_db_clusters().send().await;
    let all = all.context("list the clusters")?;
    let mut clusters = all.db_clusters.unwrap_or_default().into_iter();
    Ok(clusters.find(|cluster| cluster.db_cluster_identifier() == Some(identifier)))
}

async fn clone_group(cloud: &Cloud, identifier: &str) -> Result<Option<String>> {
    let cluster = described(cloud, identifier).await?;
    Ok(cluster.context("find the cluster")?.clone_group_id)
}

fn ask(
    stage: &Stage,
    tenant: &Tenant,
    (name, at): (&str, Timestamp),
    source: &Production,
) -> Request {
    let request = tenant.request(&stage.request_id(name));
    let request = request.with("mover", "copy");
    let request = request.with("restoreTime", at.to_string());
    request.with("source", source.identifier.as_str())
}

/// Restores a cluster; answers the clone group that its temporary cluster was shown in.
async fn group_of_copy(
    stage: &Stage,
    tenant: &mut Tenant,
    request: &Request,
) -> Result<Option<String>> {
    let restore_id = command_line::request(&request.detail).await?;
    let temporary = format!("tr-{TAG}-{restore_id}-c");
    let shown = wait::until(&temporary, ENDS_WITHIN, async || {
        described(&stage.cloud, &temporary).await
    });
    let group = shown.await?.clone_group_id;
    let id = request_id_of(request);
    let outcome = stage.chronicle.wait_for_end(id, ENDS_WITHIN).await?;
    stage
        .came_back(&mut tenant.connection, &tenant.truth, &outcome)
        .await?;
    Ok(group)
}

#[test]
fn an_aurora_cluster_is_cloned_for_now_and_fully_copied_for_the_past() {
    play(async |stage| {
        let name = stage.request_id("cloned");
        let kind = Kind::AuroraProvisioned;
        let source = Production::create_of(&stage.cloud, &name, kind).await?;
        let mut tenant = tenant_of(&source, "cloned", &["cloned_1"]).await?;
        let past = ask(stage, &tenant, ("copied-past", tenant.truth.at), &source);
        assert_eq!(group_of_copy(stage, &mut tenant, &past).await?, None);
        assert_eq!(clone_group(&stage.cloud, &name).await?, None);
        // In AWS logs are shipped every five minutes: here, too, the backups don't have this second yet.
        let behind =
            json!({ "service": "rds", "fault": "backups-lag", "match": name, "ms": LAG_MS });
        let fault = &stage.faults.switch_on(&behind).await?[0];
        let window = wait::until("a window of backups", ENDS_WITHIN, async || {
            let source = described(&stage.cloud, &name).await?;
            Ok(source.and_then(|source| source.latest_restorable_time))
        });
        window.await?;
        let now = Timestamp::now().round(Unit::Second).context("round")?;
        let now = ask(stage, &tenant, ("cloned-now", now - 1.second()), &source);
        let group = group_of_copy(stage, &mut tenant, &now).await?;
        stage.faults.switch_off(fault).await?;
        assert!(group.is_some(), "the restore to now isn't a clone");
        assert_eq!(clone_group(&stage.cloud, &name).await?, group);
        source.delete().await
    });
}
