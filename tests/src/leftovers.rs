//! What a restore left behind: in AWS, in production, and as processes of this machine. All of it must be empty.

mod rds;

use std::collections::HashMap;
use std::fs;

use aws_sdk_dynamodb::types::AttributeValue;

use crate::cloud::Cloud;
use crate::database::Database;
use crate::error::{Context, Result};
use crate::outcome::Outcome;

/// Everything temporary that is still there, one line each ("RDS instance tr-main-…"). `restore_id` narrows it to one
/// restore; without it, everything of the deployment with the given tag counts.
///
/// # Errors
/// What AWS answers.
pub async fn in_aws(cloud: &Cloud, tag: &str, restore_id: Option<&str>) -> Result<Vec<String>> {
    let prefix = match restore_id {
        Some(id) => format!("tr-{tag}-{id}"),
        None => format!("tr-{tag}-"),
    };
    let mut found = rds::of(cloud, &prefix).await?;
    found.extend(secrets(cloud, &prefix).await?);
    found.extend(dms(cloud, &prefix).await?);
    found.extend(tasks(cloud, tag, restore_id).await?);
    found.extend(working_files(cloud, restore_id).await?);
    Ok(found)
}

/// Login roles and marker tables of restores that are still in a database of production.
///
/// # Errors
/// When the connection is gone.
pub async fn in_database(database: &Database) -> Result<Vec<String>> {
    let statement = "select 'role ' || rolname from pg_roles where rolname like 'tr\\_%'
                     union all
                     select 'marker table ' || n.nspname || '.' || c.relname
                       from pg_class c
                       join pg_namespace n on n.oid = c.relnamespace
                      where c.relkind in ('r', 'p') and (c.relname ilike '%tenant_restore%' or c.relname like 'tr\\_%')
                     union all
                     select 'schema ' || nspname from pg_namespace where nspname like 'tr\\_%' or nspname like 'awsdms%'";
    let rows = database
        .query(statement, &[])
        .await
        .context("look for roles and marker tables of restores")?;
    rows.iter()
        .map(|row| row.try_get(0))
        .collect::<Result<_, _>>()
        .context("read what restores left in production")
}

/// As [`of_restore`], for an outcome that names its restore.
///
/// # Errors
/// What AWS or PostgreSQL answer; when the outcome names no restore.
pub async fn of(
    cloud: &Cloud,
    database: &Database,
    tag: &str,
    outcome: &Outcome,
) -> Result<Vec<String>> {
    let id = outcome
        .restore_id
        .as_deref()
        .context("find the restore's id")?;
    of_restore(cloud, database, tag, id, outcome).await
}

/// Everything that one restore left behind, while others may be under way: in AWS, in production (`database` is a
/// connection to the restored database), as processes, as claimed names. For a restore that did not complete, its
/// target schemas count too. The outcome of a request that was rejected before it had a record names no restore: `id`
/// is what the restore would have been called.
///
/// # Errors
/// What AWS or PostgreSQL answer.
pub async fn of_restore(
    cloud: &Cloud,
    database: &Database,
    tag: &str,
    id: &str,
    outcome: &Outcome,
) -> Result<Vec<String>> {
    let targets: Vec<_> = outcome
        .schemas
        .iter()
        .filter_map(|pair| pair.restored_as.clone())
        .collect();
    let mut found = in_aws(cloud, tag, Some(id)).await?;
    found.extend(processes(tag, Some(id))?);
    found.extend(claims(cloud, id).await?);
    let its = |line: &String| line.contains(id) || targets.iter().any(|name| line.contains(name));
    found.extend(in_database(database).await?.into_iter().filter(its));
    if outcome.outcome != "COMPLETED" {
        let schemas = "select 'schema ' || nspname from pg_namespace where nspname = any($1)";
        let rows = database
            .query(schemas, &[&targets])
            .await
            .context("look for half-restored schemas")?;
        for row in &rows {
            found.push(row.try_get(0).context("look for half-restored schemas")?);
        }
    }
    Ok(found)
}

/// Target names that a restore still claims.
async fn claims(cloud: &Cloud, restore_id: &str) -> Result<Vec<String>> {
    let scan = cloud
        .dynamodb
        .scan()
        .table_name(&cloud.deployment)
        .consistent_read(true)
        .filter_expression("sk = :claim and restoreId = :id")
        .expression_attribute_values(":claim", AttributeValue::S("CLAIM".to_owned()))
        .expression_attribute_values(":id", AttributeValue::S(restore_id.to_owned()));
    let items = scan.into_paginator().items().send();
    let items = items
        .collect::<Result<Vec<_>, _>>()
        .await
        .context("look for claimed names")?;
    let name = |item: &HashMap<String, AttributeValue>| format!("claim {:?}", item.get("pk"));
    Ok(items.iter().map(name).collect())
}

/// Processes of this machine that name a restore in their command line or their environment: the temporary
/// database's PostgreSQL servers, the workers of ECS tasks.
///
/// # Errors
/// When `/proc` cannot be read.
pub fn processes(tag: &str, restore_id: Option<&str>) -> Result<Vec<String>> {
    let wanted = restore_id.map_or_else(|| format!("tr-{tag}-"), str::to_owned);
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").context("list the processes")? {
        let path = entry.context("list the processes")?.path();
        // A process that has ended meanwhile has no command line any more, and is no leftover.
        let Ok(command) = fs::read(path.join("cmdline")) else {
            continue;
        };
        let command = String::from_utf8_lossy(&command).replace('\0', " ");
        let environment = fs::read(path.join("environ")).unwrap_or_default();
        if command.contains(&wanted) || String::from_utf8_lossy(&environment).contains(&wanted) {
            found.push(format!("process {}", command.trim()));
        }
    }
    Ok(found)
}

async fn secrets(cloud: &Cloud, prefix: &str) -> Result<Vec<String>> {
    let pages = cloud.secrets.list_secrets().into_paginator().send();
    let pages = pages
        .collect::<Result<Vec<_>, _>>()
        .await
        .context("list the secrets")?;
    let secrets = pages
        .into_iter()
        .flat_map(|page| page.secret_list.unwrap_or_default());
    Ok(labelled(
        "secret",
        secrets.filter_map(|secret| secret.name),
        prefix,
    ))
}

async fn dms(cloud: &Cloud, prefix: &str) -> Result<Vec<String>> {
    let tasks = cloud
        .dms
        .describe_replication_tasks()
        .send()
        .await
        .context("list the DMS tasks")?;
    let endpoints = cloud
        .dms
        .describe_endpoints()
        .send()
        .await
        .context("list the DMS endpoints")?;
    let instances = cloud
        .dms
        .describe_replication_instances()
        .send()
        .await
        .context("list the DMS instances")?;
    let tasks = tasks
        .replication_tasks
        .unwrap_or_default()
        .into_iter()
        .filter_map(|task| task.replication_task_identifier);
    let endpoints = endpoints
        .endpoints
        .unwrap_or_default()
        .into_iter()
        .filter_map(|endpoint| endpoint.endpoint_identifier);
    let instances = instances.replication_instances.unwrap_or_default();
    let instances = instances
        .into_iter()
        .filter_map(|instance| instance.replication_instance_identifier);
    let mut found = labelled("DMS task", tasks, prefix);
    found.extend(labelled("DMS endpoint", endpoints, prefix));
    found.extend(labelled("DMS instance", instances, prefix));
    Ok(found)
}

async fn tasks(cloud: &Cloud, tag: &str, restore_id: Option<&str>) -> Result<Vec<String>> {
    let mut found = Vec::new();
    let clusters = cloud
        .ecs
        .list_clusters()
        .send()
        .await
        .context("list the ECS clusters")?;
    for cluster in clusters.cluster_arns() {
        let listed = cloud
            .ecs
            .list_tasks()
            .cluster(cluster)
            .send()
            .await
            .context("list the ECS tasks")?;
        let arns = listed.task_arns.unwrap_or_default();
        if arns.is_empty() {
            continue;
        }
        let described = cloud
            .ecs
            .describe_tasks()
            .cluster(cluster)
            .set_tasks(Some(arns))
            .send()
            .await
            .context("describe the ECS tasks")?;
        let running = described
            .tasks
            .unwrap_or_default()
            .into_iter()
            .filter(|task| task.last_status() != Some("STOPPED"));
        let started_by = running.filter_map(|task| task.started_by);
        let ours =
            started_by.filter(|by| restore_id.is_none_or(|id| by.split('/').nth(2) == Some(id)));
        found.extend(labelled("ECS task", ours, &format!("tr-{tag}/")));
    }
    Ok(found)
}

async fn working_files(cloud: &Cloud, restore_id: Option<&str>) -> Result<Vec<String>> {
    let prefix = restore_id.map_or_else(|| "work/".to_owned(), |id| format!("work/{id}"));
    let mut found = Vec::new();
    let buckets = cloud
        .s3
        .list_buckets()
        .send()
        .await
        .context("list the buckets")?;
    for bucket in buckets.buckets().iter().filter_map(|bucket| bucket.name()) {
        let objects = cloud
            .s3
            .list_objects_v2()
            .bucket(bucket)
            .prefix(&prefix)
            .into_paginator()
            .send();
        let pages = objects
            .try_collect()
            .await
            .context(format!("list the objects of {bucket}"))?;
        let keys = pages
            .into_iter()
            .flat_map(|page| page.contents.unwrap_or_default())
            .filter_map(|object| object.key);
        found.extend(keys.map(|key| format!("S3 object s3://{bucket}/{key}")));
    }
    Ok(found)
}

fn labelled(kind: &str, names: impl Iterator<Item = String>, prefix: &str) -> Vec<String> {
    names
        .filter(|name| name.starts_with(prefix))
        .map(|name| format!("{kind} {name}"))
        .collect()
}
