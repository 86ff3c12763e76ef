//! Phase 4 in AWS: making the DMS replication instance, its endpoints and tasks. Looking at them is in `replication`.

use aws_config::retry::RetryConfig;
use aws_sdk_databasemigration::config::Builder;
use aws_sdk_databasemigration::types::{
    DmsSslModeValue, MigrationTypeValue, PostgreSqlSettings, ReplicationEndpointTypeValue,
    StartReplicationTaskTypeValue, Tag,
};
use serde_json::json;
use tenant_restore_core::effect::Learned;
use tenant_restore_core::error::{Cause, ErrorKind};
use tenant_restore_core::restore::Restore;
use tenant_restore_core::status::is_deleting;

use crate::engine::Engine;
use crate::fault::{Fault, fault};

/// Limits beyond which DMS tables are not chosen; see the settings below.
const SETTINGS: &str = include_str!("replication_task_settings.json");

impl Engine {
    fn dms_tags(&self, restore: &Restore, name: &str) -> Vec<Tag> {
        let tags = self.tags(&restore.id, name);
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
        shown: impl Future<Output = Result<Option<(String, String)>, Fault>>,
    ) -> Result<Vec<Learned>, Fault> {
        let name_of = name.to_owned();
        match answer {
            Ok(()) => return Ok(vec![Learned::Made { name: name_of }]),
            Err(fault) if fault.is(&["ResourceAlreadyExists"]) => {}
            Err(fault) => return Err(fault),
        }
        let Some((arn, status)) = shown.await? else {
            return Err(Fault::new(
                ErrorKind::Busy,
                format!("{name} exists, but isn't shown yet"),
            ));
        };
        // An earlier attempt's, or anyone's: the name will be free.
        if is_deleting(&status) {
            return Err(Fault::new(
                ErrorKind::Busy,
                format!("{name} is still held by something of DMS that is being deleted"),
            ));
        }
        if self.dms_resource_is_ours(&restore.id, name, &arn).await? {
            return Ok(vec![Learned::Exists { name: name_of }]);
        }
        Err(Fault::new(
            ErrorKind::NameCollision,
            format!("{name} exists in DMS and isn't this restore's"),
        ))
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
            .set_kms_key_id(self.config.kms_key.clone())
            .set_tags(Some(self.dms_tags(restore, name)));
        let answer = request
            .send()
            .await
            .map(|_| ())
            .map_err(fault(&format!("create the replication instance {name}")));
        let shown = async {
            let instance = self.replication_instance(name).await?;
            Ok(instance.map(|it| (it.arn, it.status)))
        };
        self.created(restore, name, answer, shown).await
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
        let settings = connection_settings(&config.secret_role, secret, database);
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
            .set_kms_key_id(self.config.kms_key.clone())
            .set_tags(Some(self.dms_tags(restore, name)));
        let answer = Box::pin(request.send()).await;
        let answer = answer
            .map(|_| ())
            .map_err(fault(&format!("create the endpoint {name}")));
        let shown = self.endpoint(name);
        self.created(restore, name, answer, shown).await
    }

    /// Starts the test of a connection.
    pub async fn test_connection(
        &self,
        restore: &Restore,
        instance: &str,
        endpoint: &str,
    ) -> Result<Vec<Learned>, Fault> {
        let doing = format!("test the connection of {endpoint}");
        let missing = || {
            Fault::new(
                ErrorKind::Busy,
                format!("{doing}: instance or endpoint isn't shown yet"),
            )
        };
        let instance_arn = self
            .replication_instance_arn(instance)
            .await?
            .ok_or_else(missing)?;
        let (endpoint_arn, _) = self.endpoint(endpoint).await?.ok_or_else(missing)?;
        let request = self.clients.databasemigration.test_connection();
        let request = request
            .replication_instance_arn(instance_arn)
            .endpoint_arn(endpoint_arn);
        request.send().await.map_err(fault(&doing))?;
        Ok(vec![repeated(restore, endpoint)])
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
        let instance_arn = self
            .replication_instance_arn(instance)
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
        let shown = self.shown_replication_task(name);
        self.created(restore, name, answer, shown).await
    }

    /// Starts a DMS task; one that ran before loads its tables again, after truncating them.
    pub async fn start_replication_task(
        &self,
        restore: &Restore,
        name: &str,
        reload: bool,
    ) -> Result<Vec<Learned>, Fault> {
        let Some(arn) = self.replication_task_arn(name).await? else {
            return Err(Fault::new(
                ErrorKind::Busy,
                format!("start the DMS task {name}: it isn't shown yet"),
            ));
        };
        let how = if reload {
            StartReplicationTaskTypeValue::ReloadTarget
        } else {
            StartReplicationTaskTypeValue::StartReplication
        };
        let request = self.clients.databasemigration.start_replication_task();
        let request = request
            .replication_task_arn(arn)
            .start_replication_task_type(how);
        let answer = if reload {
            // A retry that comes after a twin's reload has ended would truncate what was loaded. A refused call is put
            // off instead, and decided anew from the task's status.
            let once = Builder::new().retry_config(RetryConfig::disabled());
            Box::pin(request.customize().config_override(once).send()).await
        } else {
            request.send().await
        };
        match answer.map_err(fault(&format!("start the DMS task {name}"))) {
            Err(fault) if may_be_started(&fault, reload) => {
                if !self.is_started(name, reload).await? {
                    return Err(not_seen_yet(fault));
                }
            }
            Err(fault) => return Err(fault),
            Ok(_) => {}
        }
        Ok(vec![repeated(restore, name)])
    }

    /// Whether a DMS task has been started, by a twin of our call. One that was to load for the first time may have ended
    /// already; what became of it, the next look tells.
    async fn is_started(&self, name: &str, reload: bool) -> Result<bool, Fault> {
        let seen = self.replication_tasks(&[(name, false)]).await?;
        let task = seen.get(name).and_then(Option::as_ref);
        Ok(task.is_some_and(|task| match task.status.as_str() {
            "starting" | "running" => true,
            "stopping" | "stopped" | "failed" => !reload,
            _ => false,
        }))
    }
}

/// Whether a start was perhaps refused since a twin of the call came first: the task runs (`InvalidResourceStateFault`), or
/// has run, and `start-replication` is for the first time alone (DMS API reference, `StartReplicationTask`).
fn may_be_started(fault: &Fault, reload: bool) -> bool {
    let has_run = fault.is(&["InvalidParameterCombinationException"]);
    fault.cause.kind == ErrorKind::Busy || (has_run && !reload)
}

/// DMS says that the task has run, and shows it as it was before: its Describe may answer with the past. The start is put
/// off, and decided anew from what is shown then.
fn not_seen_yet(fault: Fault) -> Fault {
    let message = format!(
        "{}, and DMS doesn't show yet that it has run",
        fault.cause.message
    );
    Fault {
        cause: Cause::new(ErrorKind::Busy, message),
        ..fault
    }
}

/// Left to their defaults these change data, cut it or leave objects behind (DMS user guide, PostgreSQL source).
fn connection_settings(role: &str, secret: &str, database: &str) -> PostgreSqlSettings {
    PostgreSqlSettings::builder()
        .secrets_manager_access_role_arn(role)
        .secrets_manager_secret_id(secret)
        .database_name(database)
        .capture_ddls(false)
        .trim_space_in_char(false)
        .map_boolean_as_boolean(true)
        .fail_tasks_on_lob_truncation(true)
        .execute_timeout(3600)
        .build()
}

fn repeated(restore: &Restore, name: &str) -> Learned {
    Learned::Repeated {
        name: name.to_owned(),
        resumed: restore.resumed.count,
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
    use tenant_restore_core::error::Class;

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
    fn a_first_start_of_a_task_that_has_run_is_a_twin_s_and_a_reload_of_it_is_not() {
        let refusal = |code: &str, kind| Fault {
            code: code.to_owned(),
            cause: Cause::new(kind, "start the DMS task"),
        };
        let has_run = refusal(
            "InvalidParameterCombinationException",
            ErrorKind::CallRefused,
        );
        assert!(may_be_started(&has_run, false));
        assert!(!may_be_started(&has_run, true));
        let runs = refusal("InvalidResourceStateFault", ErrorKind::Busy);
        assert!(may_be_started(&runs, false) && may_be_started(&runs, true));
        assert_eq!(not_seen_yet(has_run).cause.kind.class(), Class::Expected);
        let denied = refusal("AccessDeniedFault", ErrorKind::AccessDenied);
        assert!(!may_be_started(&denied, false));
    }

    #[test]
    fn the_task_settings_are_json_that_stops_on_every_error() {
        let settings: serde_json::Value = serde_json::from_str(SETTINGS).unwrap();
        for policy in [
            "DataErrorPolicy",
            "DataTruncationErrorPolicy",
            "DataErrorEscalationPolicy",
            "TableErrorPolicy",
            "TableErrorEscalationPolicy",
        ] {
            assert_eq!(settings["ErrorBehavior"][policy], "STOP_TASK", "{policy}");
        }
        let connection = connection_settings("role", "secret", "app");
        assert_eq!(connection.fail_tasks_on_lob_truncation, Some(true));
        assert_eq!(
            settings["FullLoadSettings"]["TargetTablePrepMode"],
            "TRUNCATE_BEFORE_LOAD"
        );
    }
}
