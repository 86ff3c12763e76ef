//! What DMS has of a restore: instance, endpoints, a task.

use std::time::Duration;

use aws_sdk_databasemigration::types::{
    DmsSslModeValue, Filter, MigrationTypeValue, PostgreSqlSettings, ReplicationEndpointTypeValue,
    StartReplicationTaskTypeValue, Tag,
};
use serde_json::json;

use super::Label;
use crate::cloud::Cloud;
use crate::error::{Context, Result};
use crate::wait;

/// The role by which the deployment's endpoints read their secrets.
const SECRETS_ROLE: &str = "arn:aws:iam::000000000000:role/tenant-restore-dms-secrets";

const REACHED_WITHIN: Duration = Duration::from_secs(60);

fn tags_of(label: &Label) -> Vec<Tag> {
    label.tags_as(|key, value| Tag::builder().key(key).value(value).build())
}

/// Gives what has this ARN these tags.
///
/// # Errors
/// What DMS answers.
pub async fn tag(cloud: &Cloud, arn: &str, label: &Label) -> Result<()> {
    let add = cloud.dms.add_tags_to_resource().resource_arn(arn);
    let added = add.set_tags(Some(tags_of(label))).send().await;
    added.context(format!("tag {arn}"))?;
    Ok(())
}

/// Creates a replication instance, and answers its ARN once it is available.
///
/// # Errors
/// What DMS answers, or that it takes more than a minute.
pub async fn create_instance(cloud: &Cloud, label: &Label) -> Result<String> {
    let name = label.name.as_str();
    let doing = || format!("create the replication instance {name}");
    let create = cloud.dms.create_replication_instance();
    let create = create
        .replication_instance_identifier(name)
        .resource_identifier(name)
        .replication_instance_class("dms.t3.medium")
        .set_tags(Some(tags_of(label)));
    create.send().await.context(doing())?;
    wait::until(&format!("{name} available"), REACHED_WITHIN, async || {
        let describe = cloud.dms.describe_replication_instances();
        let of_this_name = filter("replication-instance-id", name)?;
        let described = describe.filters(of_this_name).send().await;
        let described = described.context(doing())?;
        let available = described
            .replication_instances()
            .iter()
            .find(|it| it.replication_instance_status() == Some("available"));
        Ok(available.and_then(|it| it.replication_instance_arn.clone()))
    })
    .await
}

/// Creates an endpoint that logs in to `postgres` by a secret, and answers its ARN.
///
/// # Errors
/// What DMS answers.
pub async fn create_endpoint(
    cloud: &Cloud,
    label: &Label,
    side: ReplicationEndpointTypeValue,
    secret: &str,
) -> Result<String> {
    let doing = || format!("create the endpoint {}", label.name);
    let settings = PostgreSqlSettings::builder()
        .secrets_manager_secret_id(secret)
        .secrets_manager_access_role_arn(SECRETS_ROLE)
        .build();
    let create = cloud.dms.create_endpoint();
    let create = create
        .endpoint_identifier(&label.name)
        .resource_identifier(&label.name)
        .endpoint_type(side)
        .engine_name("postgres")
        .database_name("postgres")
        .ssl_mode(DmsSslModeValue::Require)
        .postgre_sql_settings(settings)
        .set_tags(Some(tags_of(label)));
    let created = Box::pin(create.send()).await.context(doing())?;
    let endpoint = created.endpoint.and_then(|it| it.endpoint_arn);
    endpoint.context(doing())
}

/// Creates a task that would load a schema that nobody has, and answers its ARN once it is ready.
///
/// # Errors
/// What DMS answers, or that it takes more than a minute.
pub async fn create_task(
    cloud: &Cloud,
    label: &Label,
    instance: &str,
    [source, target]: [&str; 2],
) -> Result<String> {
    let doing = || format!("create the DMS task {}", label.name);
    let rule = json!({
        "rule-type": "selection", "rule-id": "1", "rule-name": "1", "rule-action": "include",
        "object-locator": {"schema-name": "of_nobody", "table-name": "%"},
    });
    let create = cloud.dms.create_replication_task();
    let create = create
        .replication_task_identifier(&label.name)
        .resource_identifier(&label.name)
        .migration_type(MigrationTypeValue::FullLoad)
        .replication_instance_arn(instance)
        .source_endpoint_arn(source)
        .target_endpoint_arn(target)
        .table_mappings(json!({ "rules": [rule] }).to_string())
        .set_tags(Some(tags_of(label)));
    let created = create.send().await.context(doing())?;
    let task = created
        .replication_task
        .and_then(|it| it.replication_task_arn);
    await_task(cloud, &label.name, "ready").await?;
    task.context(doing())
}

/// Reaches both endpoints from the instance, as DMS demands it, and starts the task.
///
/// # Errors
/// What DMS answers, or that it takes more than a minute each.
pub async fn start_task(
    cloud: &Cloud,
    (label, task): (&Label, &str),
    instance: &str,
    endpoints: [&str; 2],
) -> Result<()> {
    for endpoint in endpoints {
        reach(cloud, instance, endpoint).await?;
    }
    let start = cloud.dms.start_replication_task();
    let start = start
        .replication_task_arn(task)
        .start_replication_task_type(StartReplicationTaskTypeValue::StartReplication);
    let doing = || format!("start the DMS task {}", label.name);
    start.send().await.context(doing())?;
    await_task(cloud, &label.name, "running").await
}

async fn reach(cloud: &Cloud, instance: &str, endpoint: &str) -> Result<()> {
    let doing = || format!("test the connection to {endpoint}");
    let test = cloud.dms.test_connection();
    let test = test
        .replication_instance_arn(instance)
        .endpoint_arn(endpoint);
    test.send().await.context(doing())?;
    wait::until(&format!("{endpoint} reached"), REACHED_WITHIN, async || {
        let describe = cloud.dms.describe_connections();
        let described = describe.filters(filter("endpoint-arn", endpoint)?);
        let described = described.send().await.context(doing())?;
        let mut connections = described.connections().iter();
        let reached = connections.any(|it| it.status() == Some("successful"));
        Ok(reached.then_some(()))
    })
    .await
}

/// Waits until a task has that status.
///
/// # Errors
/// What DMS answers, or that it takes more than a minute.
pub async fn await_task(cloud: &Cloud, name: &str, status: &str) -> Result<()> {
    wait::until(&format!("{name} {status}"), REACHED_WITHIN, async || {
        let describe = cloud.dms.describe_replication_tasks();
        let describe = describe.filters(filter("replication-task-id", name)?);
        let described = describe.without_settings(true).send().await;
        let described = described.context(format!("describe the DMS task {name}"))?;
        let mut tasks = described.replication_tasks().iter();
        Ok(tasks.any(|it| it.status() == Some(status)).then_some(()))
    })
    .await
}

fn filter(name: &str, value: &str) -> Result<Filter> {
    let filter = Filter::builder().name(name).values(value).build();
    filter.context("build a filter")
}
