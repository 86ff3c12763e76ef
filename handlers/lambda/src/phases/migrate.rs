//! Phase 4 in AWS: the DMS replication instance, its endpoints and tasks.

use aws_sdk_databasemigration::types::{
    DmsSslModeValue, Filter, MigrationTypeValue, PostgreSqlSettings, ReplicationEndpointTypeValue,
    StartReplicationTaskTypeValue, Tag,
};
use serde_json::json;
use tenant_restore_core::effect::Learned;
use tenant_restore_core::error::ErrorKind;
use tenant_restore_core::restore::Restore;
use tenant_restore_core::sight::ReplicationTaskSight;

use crate::engine::Engine;
use crate::fault::{Fault, fault};

/// Limits beyond which DMS tables are not chosen; see the settings below.
const SETTINGS: &str = include_str!("replication_task_settings.json");

fn filter(name: &str, value: &str) -> Result<Filter, Fault> {
    let filter = Filter::builder().name(name).values(value).build();
    filter.map_err(|error| Fault::new(ErrorKind::Internal, format!("build a filter: {error}")))
}

/// The answer of a Describe, or nothing if DMS says that there is nothing.
fn found<T>(answer: Result<T, Fault>) -> Result<Option<T>, Fault> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(fault) if fault.is(&["ResourceNotFound"]) => Ok(None),
        Err(fault) => Err(fault),
    }
}

impl Engine {
    async fn describe_replication_instance(
        &self,
        name: &str,
    ) -> Result<Option<(String, String)>, Fault> {
        let request = self
            .clients
            .databasemigration
            .describe_replication_instances();
        let answer = request
            .filters(filter("replication-instance-id", name)?)
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
        Ok(instance.map(|it| {
            (
                it.replication_instance_arn.unwrap_or_default(),
                it.replication_instance_status.unwrap_or_default(),
            )
        }))
    }

    /// The status of a replication instance.
    pub async fn replication_instance(&self, name: &str) -> Result<Option<String>, Fault> {
        Ok(self
            .describe_replication_instance(name)
            .await?
            .map(|(_, status)| status))
    }

    /// ARN and status of an endpoint.
    pub async fn endpoint(&self, name: &str) -> Result<Option<(String, String)>, Fault> {
        let request = self
            .clients
            .databasemigration
            .describe_endpoints()
            .filters(filter("endpoint-id", name)?);
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
        let Some((instance_arn, _)) = self.describe_replication_instance(instance).await? else {
            return Ok(None);
        };
        let request = self.clients.databasemigration.describe_connections();
        let request = request.filters(filter("endpoint-arn", &endpoint_arn)?);
        let request = request.filters(filter("replication-instance-arn", &instance_arn)?);
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

    async fn describe_replication_task(
        &self,
        name: &str,
    ) -> Result<Option<aws_sdk_databasemigration::types::ReplicationTask>, Fault> {
        let request = self
            .clients
            .databasemigration
            .describe_replication_tasks()
            .without_settings(true);
        let request = request.filters(filter("replication-task-id", name)?);
        let answer = found(
            request
                .send()
                .await
                .map_err(fault(&format!("describe the DMS task {name}"))),
        )?;
        Ok(answer.and_then(|answer| {
            answer
                .replication_tasks
                .unwrap_or_default()
                .into_iter()
                .next()
        }))
    }

    /// Looks at a DMS task; if asked to, at its tables too once it has stopped.
    pub async fn replication_task(
        &self,
        name: &str,
        with_tables: bool,
    ) -> Result<Option<ReplicationTaskSight>, Fault> {
        let Some(task) = self.describe_replication_task(name).await? else {
            return Ok(None);
        };
        let status = task.status.unwrap_or_default();
        let tables = match &task.replication_task_arn {
            Some(arn) if with_tables && status == "stopped" => self.table_states(name, arn).await?,
            _ => Vec::new(),
        };
        Ok(Some(ReplicationTaskSight {
            status,
            stop_reason: task.stop_reason.unwrap_or_default(),
            failure: task.last_failure_message.unwrap_or_default(),
            tables_errored: task
                .replication_task_stats
                .map_or(0, |stats| stats.tables_errored),
            tables,
        }))
    }

    async fn table_states(&self, name: &str, arn: &str) -> Result<Vec<(String, String)>, Fault> {
        let mut states = Vec::new();
        let mut marker = None;
        loop {
            let request = self
                .clients
                .databasemigration
                .describe_table_statistics()
                .replication_task_arn(arn);
            let answer = request.max_records(500).set_marker(marker).send().await;
            let answer = answer.map_err(fault(&format!("describe the tables of {name}")))?;
            states.extend(answer.table_statistics().iter().map(|table| {
                let qualified = format!(
                    "{}.{}",
                    table.schema_name().unwrap_or_default(),
                    table.table_name().unwrap_or_default()
                );
                (
                    qualified,
                    table.table_state().unwrap_or_default().to_owned(),
                )
            }));
            marker = answer.marker;
            if marker.as_ref().is_none_or(String::is_empty) {
                return Ok(states);
            }
        }
    }

    fn dms_tags(&self, restore: &Restore, name: &str) -> Vec<Tag> {
        let tags = self.tags(restore, name);
        tags.into_iter()
            .map(|(key, value)| Tag::builder().key(key).value(value).build())
            .collect()
    }

    /// Success of a creation, also when the resource was there already and is ours.
    async fn created(
        &self,
        restore: &Restore,
        name: &str,
        answer: Result<(), Fault>,
        arn: impl Future<Output = Result<Option<String>, Fault>>,
    ) -> Result<Vec<Learned>, Fault> {
        match answer {
            Ok(()) => return Ok(Vec::new()),
            Err(fault) if fault.is(&["ResourceAlreadyExists"]) => {}
            Err(fault) => return Err(fault),
        }
        let Some(arn) = arn.await? else {
            return Err(Fault::new(
                ErrorKind::Busy,
                format!("{name} exists, but isn't shown yet"),
            ));
        };
        if self.dms_resource_is_ours(restore, name, &arn).await? {
            return Ok(vec![Learned::Exists {
                name: name.to_owned(),
            }]);
        }
        Err(Fault::new(
            ErrorKind::NameCollision,
            format!("{name} exists in DMS and isn't this restore's"),
        ))
    }

    /// Whether the tags of a DMS resource say that it is this restore's.
    pub async fn dms_resource_is_ours(
        &self,
        restore: &Restore,
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
        Ok(self.is_ours(restore, name, tags))
    }

    /// Makes the replication instance.
    pub async fn create_replication_instance(
        &self,
        restore: &Restore,
        name: &str,
    ) -> Result<Vec<Learned>, Fault> {
        let config = &self.config.replication;
        let request = self
            .clients
            .databasemigration
            .create_replication_instance()
            .replication_instance_identifier(name)
            .resource_identifier(name)
            .replication_instance_class(&config.instance_class)
            .replication_subnet_group_identifier(&config.subnet_group)
            .set_vpc_security_group_ids(Some(config.security_groups.clone()))
            .publicly_accessible(false)
            .multi_az(false)
            .auto_minor_version_upgrade(false)
            .set_tags(Some(self.dms_tags(restore, name)));
        let answer = request
            .send()
            .await
            .map(|_| ())
            .map_err(fault(&format!("create the replication instance {name}")));
        let arn = async {
            Ok(self
                .describe_replication_instance(name)
                .await?
                .map(|(arn, _)| arn))
        };
        self.created(restore, name, answer, arn).await
    }

    /// Makes an endpoint that logs in with a secret.
    pub async fn create_endpoint(
        &self,
        restore: &Restore,
        name: &str,
        source: bool,
        secret: &str,
        database: &str,
    ) -> Result<Vec<Learned>, Fault> {
        let config = &self.config.replication;
        let kind = if source {
            ReplicationEndpointTypeValue::Source
        } else {
            ReplicationEndpointTypeValue::Target
        };
        let ssl = if config.certificate.is_some() {
            DmsSslModeValue::VerifyFull
        } else {
            DmsSslModeValue::Require
        };
        let settings = PostgreSqlSettings::builder()
            .secrets_manager_access_role_arn(&config.secret_role)
            .secrets_manager_secret_id(secret)
            .database_name(database)
            // Left to their defaults these change data or leave objects behind (DMS user guide, PostgreSQL source).
            .capture_ddls(false)
            .trim_space_in_char(false)
            .map_boolean_as_boolean(true)
            .execute_timeout(3600)
            .build();
        let request = self
            .clients
            .databasemigration
            .create_endpoint()
            .endpoint_identifier(name)
            .resource_identifier(name)
            .endpoint_type(kind)
            .engine_name("postgres")
            .database_name(database)
            .ssl_mode(ssl)
            .set_certificate_arn(config.certificate.clone())
            .postgre_sql_settings(settings)
            .set_tags(Some(self.dms_tags(restore, name)));
        let answer = Box::pin(request.send()).await;
        let answer = answer
            .map(|_| ())
            .map_err(fault(&format!("create the endpoint {name}")));
        let arn = async { Ok(self.endpoint(name).await?.map(|(arn, _)| arn)) };
        self.created(restore, name, answer, arn).await
    }

    /// Starts the test of a connection.
    pub async fn test_connection(&self, instance: &str, endpoint: &str) -> Result<(), Fault> {
        let doing = format!("test the connection of {endpoint}");
        let missing = || {
            Fault::new(
                ErrorKind::Busy,
                format!("{doing}: instance or endpoint isn't shown yet"),
            )
        };
        let (instance_arn, _) = self
            .describe_replication_instance(instance)
            .await?
            .ok_or_else(missing)?;
        let (endpoint_arn, _) = self.endpoint(endpoint).await?.ok_or_else(missing)?;
        let request = self.clients.databasemigration.test_connection();
        let request = request
            .replication_instance_arn(instance_arn)
            .endpoint_arn(endpoint_arn);
        request.send().await.map_err(fault(&doing))?;
        Ok(())
    }

    /// Makes the full-load task of a schema.
    pub async fn create_replication_task(
        &self,
        restore: &Restore,
        name: &str,
        instance: &str,
        [source, target]: [&str; 2],
        schema: &str,
        tables: &[String],
    ) -> Result<Vec<Learned>, Fault> {
        let missing = || {
            Fault::new(
                ErrorKind::Busy,
                format!("create the DMS task {name}: a part isn't shown yet"),
            )
        };
        let (instance_arn, _) = self
            .describe_replication_instance(instance)
            .await?
            .ok_or_else(missing)?;
        let (source_arn, _) = self.endpoint(source).await?.ok_or_else(missing)?;
        let (target_arn, _) = self.endpoint(target).await?.ok_or_else(missing)?;
        let request = self
            .clients
            .databasemigration
            .create_replication_task()
            .replication_task_identifier(name)
            .resource_identifier(name)
            .replication_instance_arn(instance_arn)
            .source_endpoint_arn(source_arn)
            .target_endpoint_arn(target_arn)
            .migration_type(MigrationTypeValue::FullLoad)
            .table_mappings(table_mappings(schema, tables))
            .replication_task_settings(SETTINGS)
            .set_tags(Some(self.dms_tags(restore, name)));
        let answer = request
            .send()
            .await
            .map(|_| ())
            .map_err(fault(&format!("create the DMS task {name}")));
        let arn = async {
            Ok(self
                .describe_replication_task(name)
                .await?
                .and_then(|task| task.replication_task_arn))
        };
        self.created(restore, name, answer, arn).await
    }

    /// ARN of a DMS task.
    pub async fn replication_task_arn(&self, name: &str) -> Result<Option<String>, Fault> {
        Ok(self
            .describe_replication_task(name)
            .await?
            .and_then(|task| task.replication_task_arn))
    }

    /// ARN of a replication instance.
    pub async fn replication_instance_arn(&self, name: &str) -> Result<Option<String>, Fault> {
        Ok(self
            .describe_replication_instance(name)
            .await?
            .map(|(arn, _)| arn))
    }

    /// Starts a DMS task. One that runs already has been started by a twin of this call.
    pub async fn start_replication_task(&self, name: &str) -> Result<(), Fault> {
        let Some(arn) = self.replication_task_arn(name).await? else {
            return Err(Fault::new(
                ErrorKind::Busy,
                format!("start the DMS task {name}: it isn't shown yet"),
            ));
        };
        let request = self
            .clients
            .databasemigration
            .start_replication_task()
            .replication_task_arn(arn);
        let request =
            request.start_replication_task_type(StartReplicationTaskTypeValue::StartReplication);
        request
            .send()
            .await
            .map_err(fault(&format!("start the DMS task {name}")))?;
        Ok(())
    }
}

/// Selection rules for exactly these tables. In DMS `%` and `_` are wildcards, escaped by brackets (DMS user guide,
/// "Selection rules and actions"). Both sides have the restored name already, so nothing is renamed.
fn table_mappings(schema: &str, tables: &[String]) -> String {
    let escape = |name: &str| {
        name.replace('[', "[[]")
            .replace('%', "[%]")
            .replace('_', "[_]")
    };
    let rules = tables.iter().enumerate().map(|(position, table)| {
        json!({
            "rule-type": "selection",
            "rule-id": (position + 1).to_string(),
            "rule-name": format!("table-{}", position + 1),
            "object-locator": {"schema-name": escape(schema), "table-name": escape(table)},
            "rule-action": "include",
        })
    });
    json!({ "rules": rules.collect::<Vec<_>>() }).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_in_names_are_escaped() {
        let mappings = table_mappings("customer_a1", &["100%".to_owned()]);
        assert!(
            mappings.contains(r#""schema-name":"customer[_]a1""#),
            "{mappings}"
        );
        assert!(mappings.contains(r#""table-name":"100[%]""#), "{mappings}");
    }

    #[test]
    fn the_task_settings_are_json_that_stops_on_every_error() {
        let settings: serde_json::Value = serde_json::from_str(SETTINGS).unwrap();
        for policy in [
            "DataErrorPolicy",
            "DataTruncationErrorPolicy",
            "TableErrorPolicy",
        ] {
            assert_eq!(settings["ErrorBehavior"][policy], "STOP_TASK", "{policy}");
        }
        assert_eq!(
            settings["FullLoadSettings"]["TargetTablePrepMode"],
            "DO_NOTHING"
        );
    }
}
