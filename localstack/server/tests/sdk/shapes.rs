//! The answers of the local RDS have the shapes that the SDK knows.

use std::time::Duration;

use aws_sdk_rds::Client;
use aws_sdk_rds::error::SdkError;
use aws_sdk_rds::types::{
    ApplyMethod, DbCluster, DbInstance, Parameter, ServerlessV2ScalingConfiguration, SourceType,
};
use tokio::time::{Instant, sleep};

use crate::stage::Stage;

async fn instance(client: &Client, name: &str) -> DbInstance {
    let call = client.describe_db_instances().db_instance_identifier(name);
    call.send().await.unwrap().db_instances()[0].clone()
}

async fn cluster(client: &Client, name: &str) -> DbCluster {
    let call = client.describe_db_clusters().db_cluster_identifier(name);
    call.send().await.unwrap().db_clusters()[0].clone()
}

async fn until_available(client: &Client, name: &str) -> DbInstance {
    until(client, name, |one| {
        one.db_instance_status() == Some("available")
    })
    .await
}

async fn until(client: &Client, name: &str, wanted: impl Fn(&DbInstance) -> bool) -> DbInstance {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let one = instance(client, name).await;
        if wanted(&one) {
            return one;
        }
        assert!(Instant::now() < deadline, "{one:?}");
        sleep(Duration::from_millis(50)).await;
    }
}

async fn until_gone(client: &Client, name: &str) {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let call = client.describe_db_instances().db_instance_identifier(name);
        match call.send().await.map_err(SdkError::into_service_error) {
            Err(error) if error.is_db_instance_not_found_fault() => return,
            Err(error) => panic!("{error}"),
            Ok(_) => assert!(Instant::now() < deadline, "{name} is never gone"),
        }
        sleep(Duration::from_millis(50)).await;
    }
}

async fn until_cluster_available(client: &Client, name: &str) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while cluster(client, name).await.status() != Some("available") {
        assert!(Instant::now() < deadline, "{name} is never available");
        sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_aurora_cluster_with_its_instance_snapshot_and_backups() {
    let stage = Stage::open(21820).await;
    let client = &stage.client;
    let scaling = ServerlessV2ScalingConfiguration::builder()
        .min_capacity(0.5)
        .max_capacity(8.0)
        .build();
    client
        .create_db_cluster()
        .db_cluster_identifier("main")
        .engine("aurora-postgresql")
        .master_username("master")
        .master_user_password("Secret-12345")
        .serverless_v2_scaling_configuration(scaling)
        .send()
        .await
        .unwrap();
    client
        .create_db_instance()
        .db_instance_identifier("main-1")
        .db_cluster_identifier("main")
        .engine("aurora-postgresql")
        .db_instance_class("db.serverless")
        .send()
        .await
        .unwrap();
    let writer = until_available(client, "main-1").await;
    assert_eq!(writer.db_cluster_identifier(), Some("main"));
    let one = cluster(client, "main").await;
    assert_eq!(one.status(), Some("available"));
    assert_eq!(one.endpoint(), writer.endpoint().unwrap().address());
    assert_eq!(one.port(), writer.endpoint().unwrap().port());
    let member = &one.db_cluster_members()[0];
    assert_eq!(member.db_instance_identifier(), Some("main-1"));
    assert_eq!(member.is_cluster_writer(), Some(true));
    let scaling = one.serverless_v2_scaling_configuration().unwrap();
    assert_eq!(
        (scaling.min_capacity(), scaling.max_capacity()),
        (Some(0.5), Some(8.0))
    );
    assert_eq!(one.availability_zones().len(), 3);

    let backups = client
        .describe_db_cluster_automated_backups()
        .send()
        .await
        .unwrap();
    assert_eq!(backups.db_cluster_automated_backups().len(), 1);
    let call = client.create_db_cluster_snapshot();
    let taken = call
        .db_cluster_identifier("main")
        .db_cluster_snapshot_identifier("before")
        .send()
        .await
        .unwrap();
    let taken = taken.db_cluster_snapshot().unwrap();
    assert_eq!(taken.status(), Some("creating"));
    let listed = client
        .describe_db_cluster_snapshots()
        .snapshot_type("automated")
        .send()
        .await
        .unwrap();
    let automated = &listed.db_cluster_snapshots()[0];
    assert!(automated.snapshot_create_time().is_some());
    let events = client
        .describe_events()
        .source_type(SourceType::DbCluster)
        .source_identifier("main")
        .send()
        .await
        .unwrap();
    assert_eq!(events.events()[0].message(), Some("DB cluster created"));
    until_cluster_available(client, "main").await;
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_with_its_group_snapshot_retained_backups_and_quotas() {
    let stage = Stage::open(21840).await;
    let client = &stage.client;
    let defaults = client.describe_db_parameter_groups().send().await.unwrap();
    let postgres = defaults.db_parameter_groups().iter();
    let family = postgres
        .filter_map(|group| group.db_parameter_group_family())
        .find(|family| family.starts_with("postgres"))
        .unwrap();
    client
        .create_db_parameter_group()
        .db_parameter_group_name("quiet")
        .db_parameter_group_family(family)
        .description("no workers")
        .send()
        .await
        .unwrap();
    let parameter = Parameter::builder()
        .parameter_name("max_logical_replication_workers")
        .parameter_value("0")
        .apply_method(ApplyMethod::PendingReboot)
        .build();
    client
        .modify_db_parameter_group()
        .db_parameter_group_name("quiet")
        .parameters(parameter)
        .send()
        .await
        .unwrap();
    let set = client
        .describe_db_parameters()
        .db_parameter_group_name("quiet")
        .source("user")
        .send()
        .await
        .unwrap();
    assert_eq!(set.parameters()[0].parameter_value(), Some("0"));
    client
        .create_db_instance()
        .db_instance_identifier("production")
        .engine("postgres")
        .db_instance_class("db.t3.micro")
        .allocated_storage(20)
        .master_username("master")
        .master_user_password("Secret-12345")
        .db_parameter_group_name("quiet")
        .multi_az(true)
        .send()
        .await
        .unwrap();
    let one = until_available(client, "production").await;
    assert_eq!(one.multi_az(), Some(true));
    assert_eq!(one.secondary_availability_zone(), Some("eu-west-3b"));
    client
        .create_db_snapshot()
        .db_instance_identifier("production")
        .db_snapshot_identifier("before")
        .send()
        .await
        .unwrap();
    let quotas = client.describe_account_attributes().send().await.unwrap();
    let mut quotas = quotas.account_quotas().iter();
    let snapshots = quotas.find(|quota| quota.account_quota_name() == Some("ManualSnapshots"));
    assert_eq!(snapshots.unwrap().used(), Some(1));
    until(client, "production", |one| {
        one.db_instance_status() == Some("available") && one.latest_restorable_time().is_some()
    })
    .await;
    client
        .delete_db_instance()
        .db_instance_identifier("production")
        .skip_final_snapshot(true)
        .delete_automated_backups(false)
        .send()
        .await
        .unwrap();
    let call = client.describe_db_instance_automated_backups();
    let kept = call.dbi_resource_id(one.dbi_resource_id().unwrap());
    let kept = kept.send().await.unwrap();
    let kept = &kept.db_instance_automated_backups()[0];
    assert_eq!(kept.status(), Some("retained"));
    assert!(kept.restore_window().unwrap().latest_time().is_some());
    until_gone(client, "production").await;
    stage.close().await;
}
