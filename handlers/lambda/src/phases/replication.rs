//! Phase 4 in AWS: looking at what DMS has of a restore.

use std::collections::BTreeMap;

use aws_sdk_databasemigration::primitives::DateTime;
use aws_sdk_databasemigration::types::{
    Filter, ReplicationTask, ReplicationTaskStats, TableStatistics,
};
use jiff::Timestamp;
use tenant_restore_core::error::ErrorKind;
use tenant_restore_core::naming::RestoreId;
use tenant_restore_core::sight::ReplicationTaskSight;
use tenant_restore_report::ReplicatedTable;

use crate::engine::Engine;
use crate::fault::{Fault, fault};

/// DMS shows at most so many at once, more than a restore has (DMS API reference, DescribeReplicationTasks).
const MOST_RECORDS: i32 = 100;

fn filter(name: &str, values: &[&str]) -> Result<Filter, Fault> {
    let values = values.iter().map(|value| (*value).to_owned()).collect();
    let filter = Filter::builder()
        .name(name)
        .set_values(Some(values))
        .build();
    filter.map_err(|error| Fault::new(ErrorKind::Internal, format!("build a filter: {error}")))
}

fn replicated(table: &TableStatistics) -> ReplicatedTable {
    let time = |at: Option<&DateTime>| Timestamp::from_millisecond(at?.to_millis().ok()?).ok();
    ReplicatedTable {
        schema: table.schema_name().unwrap_or_default().to_owned(),
        table: table.table_name().unwrap_or_default().to_owned(),
        state: table.table_state().unwrap_or_default().to_owned(),
        rows: table.full_load_rows().unsigned_abs(),
        began: time(table.full_load_start_time()),
        ended: time(table.full_load_end_time()),
    }
}

/// The answer of a Describe, or nothing if DMS says that there is nothing.
fn found<T>(answer: Result<T, Fault>) -> Result<Option<T>, Fault> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(fault) if fault.is(&["ResourceNotFound"]) => Ok(None),
        Err(fault) => Err(fault),
    }
}

fn sight(task: &ReplicationTask) -> ReplicationTaskSight {
    let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
    ReplicationTaskSight {
        status: text(task.status()),
        stop_reason: text(task.stop_reason()),
        failure: text(task.last_failure_message()),
        tables_errored: task
            .replication_task_stats()
            .map_or(0, ReplicationTaskStats::tables_errored),
        tables: Vec::new(),
    }
}

/// A replication instance.
pub struct Instance {
    /// Its ARN.
    pub arn: String,
    /// `ReplicationInstanceStatus`.
    pub status: String,
    /// `ReplicationInstanceClass`.
    pub class: String,
}

impl Engine {
    /// Looks at a replication instance.
    pub async fn replication_instance(&self, name: &str) -> Result<Option<Instance>, Fault> {
        let request = self
            .clients
            .databasemigration
            .describe_replication_instances();
        let answer = request
            .filters(filter("replication-instance-id", &[name])?)
            .send()
            .await;
        let answer =
            found(answer.map_err(fault(&format!("describe the replication instance {name}"))))?;
        let instance = answer.and_then(|answer| {
            answer
                .replication_instances
                .unwrap_or_default()
                .into_iter()
                .next()
        });
        Ok(instance.map(|it| Instance {
            arn: it.replication_instance_arn.unwrap_or_default(),
            status: it.replication_instance_status.unwrap_or_default(),
            class: it.replication_instance_class.unwrap_or_default(),
        }))
    }

    /// ARN and status of an endpoint.
    pub async fn endpoint(&self, name: &str) -> Result<Option<(String, String)>, Fault> {
        let request = self
            .clients
            .databasemigration
            .describe_endpoints()
            .filters(filter("endpoint-id", &[name])?);
        let answer = found(
            request
                .send()
                .await
                .map_err(fault(&format!("describe the endpoint {name}"))),
        )?;
        let endpoint =
            answer.and_then(|answer| answer.endpoints.unwrap_or_default().into_iter().next());
        Ok(endpoint.map(|it| {
            (
                it.endpoint_arn.unwrap_or_default(),
                it.status.unwrap_or_default(),
            )
        }))
    }

    /// Status and failure message of the connection between instance and endpoint.
    pub async fn connection(
        &self,
        instance: &str,
        endpoint: &str,
    ) -> Result<Option<(String, String)>, Fault> {
        let Some((endpoint_arn, _)) = self.endpoint(endpoint).await? else {
            return Ok(None);
        };
        let Some(Instance { arn, .. }) = self.replication_instance(instance).await? else {
            return Ok(None);
        };
        let request = self.clients.databasemigration.describe_connections();
        let request = request.filters(filter("endpoint-arn", &[&endpoint_arn])?);
        let request = request.filters(filter("replication-instance-arn", &[&arn])?);
        let answer = found(
            request
                .send()
                .await
                .map_err(fault(&format!("describe the connection of {endpoint}"))),
        )?;
        let connection =
            answer.and_then(|answer| answer.connections.unwrap_or_default().into_iter().next());
        Ok(connection.map(|it| {
            (
                it.status.unwrap_or_default(),
                it.last_failure_message.unwrap_or_default(),
            )
        }))
    }

    async fn describe_replication_tasks(
        &self,
        names: &[&str],
    ) -> Result<Vec<ReplicationTask>, Fault> {
        let request = self
            .clients
            .databasemigration
            .describe_replication_tasks()
            .without_settings(true)
            .max_records(MOST_RECORDS)
            .filters(filter("replication-task-id", names)?);
        let answer = request
            .send()
            .await
            .map_err(fault("describe the DMS tasks"));
        let answer = found(answer)?;
        Ok(answer
            .and_then(|answer| answer.replication_tasks)
            .unwrap_or_default())
    }

    /// Looks at DMS tasks, by one call for all. Where asked for, at their tables too: of a task with tables in error, and of
    /// each once all are over.
    pub async fn replication_tasks(
        &self,
        wanted: &[(&str, bool)],
    ) -> Result<BTreeMap<String, Option<ReplicationTaskSight>>, Fault> {
        let mut sights = BTreeMap::new();
        if wanted.is_empty() {
            return Ok(sights);
        }
        let names: Vec<_> = wanted.iter().map(|(name, _)| *name).collect();
        let tasks = self.describe_replication_tasks(&names).await?;
        let task = |name: &str| {
            tasks
                .iter()
                .find(|task| task.replication_task_identifier() == Some(name))
        };
        let stopped = |task: &ReplicationTask| task.status() == Some("stopped");
        let all_over = names.iter().all(|name| task(name).is_some_and(stopped));
        for (name, with_tables) in wanted {
            let Some(task) = task(name) else {
                sights.insert((*name).to_owned(), None);
                continue;
            };
            let mut sight = sight(task);
            let telling = stopped(task) && (all_over || sight.tables_errored > 0);
            if let Some(arn) = task
                .replication_task_arn()
                .filter(|_| *with_tables && telling)
            {
                sight.tables = self.table_states(name, arn).await?;
            }
            sights.insert((*name).to_owned(), Some(sight));
        }
        Ok(sights)
    }

    /// The state of each table. All that DMS tells of them is kept for the report, since DMS forgets it with the task.
    async fn table_states(&self, name: &str, arn: &str) -> Result<Vec<(String, String)>, Fault> {
        let mut tables = Vec::new();
        let mut marker = None;
        loop {
            let request = self
                .clients
                .databasemigration
                .describe_table_statistics()
                .replication_task_arn(arn);
            let answer = request.max_records(500).set_marker(marker).send().await;
            let answer = answer.map_err(fault(&format!("describe the tables of {name}")))?;
            tables.extend(answer.table_statistics().iter().map(replicated));
            marker = answer.marker;
            if marker.as_ref().is_none_or(String::is_empty) {
                break;
            }
        }
        let deployment = &self.config.setting.deployment;
        if let Some(id) = deployment.restore_of(name) {
            let key = deployment.names(&id).replicated_tables(name);
            self.write_json(&key, &tables).await?;
        }
        let states = tables.into_iter();
        Ok(states
            .map(|table| (format!("{}.{}", table.schema, table.table), table.state))
            .collect())
    }

    /// Whether the tags of a DMS resource say that it is this restore's.
    pub async fn dms_resource_is_ours(
        &self,
        id: &RestoreId,
        name: &str,
        arn: &str,
    ) -> Result<bool, Fault> {
        let request = self
            .clients
            .databasemigration
            .list_tags_for_resource()
            .resource_arn(arn);
        let answer = request
            .send()
            .await
            .map_err(fault(&format!("list the tags of {name}")))?;
        let tags = answer
            .tag_list()
            .iter()
            .filter_map(|tag| Some((tag.key()?, tag.value()?)));
        Ok(self.is_ours(id, name, tags))
    }

    /// ARN and status of a DMS task.
    pub(super) async fn shown_replication_task(
        &self,
        name: &str,
    ) -> Result<Option<(String, String)>, Fault> {
        let tasks = self.describe_replication_tasks(&[name]).await?;
        Ok(tasks.into_iter().next().map(|task| {
            (
                task.replication_task_arn.unwrap_or_default(),
                task.status.unwrap_or_default(),
            )
        }))
    }

    /// ARN of a DMS task.
    pub async fn replication_task_arn(&self, name: &str) -> Result<Option<String>, Fault> {
        let shown = self.shown_replication_task(name).await?;
        Ok(shown.map(|(arn, _)| arn))
    }

    /// ARN of a replication instance.
    pub async fn replication_instance_arn(&self, name: &str) -> Result<Option<String>, Fault> {
        Ok(self
            .replication_instance(name)
            .await?
            .map(|instance| instance.arn))
    }
}
