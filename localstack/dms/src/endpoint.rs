//! Endpoints: how DMS reaches a database.

use std::collections::BTreeMap;
use std::time::Duration;

use local_cloud_wire::{AwsError, Call};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::answer::{Field, page, select};
use crate::failure::{combination, exists, invalid, not_found, wrong_state};
use crate::identifier::{checked, new_arn};
use crate::quotas::Quotas;
use crate::request::{Arns, Describe, Tag, read};
use crate::service::Dms;
use crate::state::State;

/// `EndpointType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Side {
    Source,
    Target,
}

/// `SslMode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum SslMode {
    #[default]
    None,
    Require,
    VerifyCa,
    VerifyFull,
}

/// An endpoint.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Endpoint {
    pub(crate) identifier: String,
    pub(crate) arn: String,
    pub(crate) side: Side,
    pub(crate) engine: String,
    pub(crate) database: String,
    pub(crate) ssl_mode: SslMode,
    pub(crate) certificate_arn: Option<String>,
    pub(crate) settings: Settings,
    pub(crate) extra_attributes: String,
    deleting: bool,
}

/// `PostgreSQLSettings`, as far as they mean something in a full load.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Settings {
    pub(crate) secrets_manager_secret_id: Option<String>,
    pub(crate) secrets_manager_access_role_arn: Option<String>,
    pub(crate) database_name: Option<String>,
    pub(crate) after_connect_script: Option<String>,
    pub(crate) execute_timeout: Option<u32>,
    pub(crate) fail_tasks_on_lob_truncation: Option<bool>,
    pub(crate) trim_space_in_char: Option<bool>,
    pub(crate) map_boolean_as_boolean: Option<bool>,
    pub(crate) capture_ddls: Option<bool>,
    pub(crate) heartbeat_enable: Option<bool>,
    pub(crate) max_file_size: Option<u64>,
    pub(crate) plugin_name: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Create {
    endpoint_identifier: String,
    endpoint_type: Side,
    engine_name: String,
    database_name: Option<String>,
    #[serde(default)]
    ssl_mode: SslMode,
    certificate_arn: Option<String>,
    #[serde(default)]
    extra_connection_attributes: String,
    #[serde(rename = "PostgreSQLSettings")]
    settings: Option<Settings>,
    username: Option<String>,
    password: Option<String>,
    server_name: Option<String>,
    port: Option<u16>,
    resource_identifier: Option<String>,
    #[serde(default)]
    tags: Vec<Tag>,
}

const FILTERS: [Field<Endpoint>; 4] = [
    ("endpoint-arn", |one| &one.arn),
    ("endpoint-id", |one| &one.identifier),
    ("endpoint-type", |one| one.side.name()),
    ("engine-name", |one| &one.engine),
];

impl State {
    /// CreateEndpoint: `active` at once.
    pub(crate) fn create_endpoint(
        &mut self,
        call: &Call,
        body: Value,
        quotas: &Quotas,
    ) -> Result<Value, AwsError> {
        let input: Create = read(body)?;
        let identifier =
            checked(&input.endpoint_identifier, 255, "EndpointIdentifier")?.to_lowercase();
        let arn = new_arn(
            &call.region,
            "endpoint",
            input.resource_identifier.as_deref(),
        )?;
        if self
            .endpoints
            .iter()
            .any(|one| one.identifier == identifier || one.arn == arn)
        {
            return Err(exists("Endpoint", &identifier));
        }
        self.check_endpoint(quotas)?;
        let endpoint = input.endpoint(identifier, arn)?;
        if let Some(certificate) = &endpoint.certificate_arn
            && !self.certificates.iter().any(|one| one.arn == *certificate)
        {
            return Err(not_found(format!("Certificate {certificate} not found")));
        }
        self.tags.insert(endpoint.arn.clone(), input.tags);
        let answer = json!({"Endpoint": endpoint.view()});
        self.endpoints.push(endpoint);
        Ok(answer)
    }

    /// DescribeEndpoints.
    pub(crate) fn describe_endpoints(&self, body: Value) -> Result<Value, AwsError> {
        let input: Describe = read(body)?;
        let selected = select(&self.endpoints, &input.filters, &FILTERS)?;
        page(
            "Endpoints",
            selected.into_iter().map(Endpoint::view).collect(),
            &input,
        )
    }
}

impl Create {
    fn endpoint(&self, identifier: String, arn: String) -> Result<Endpoint, AwsError> {
        if !["postgres", "aurora-postgresql"].contains(&self.engine_name.as_str()) {
            return Err(invalid(format!(
                "The local cloud's DMS knows no engine {}, only postgres and aurora-postgresql",
                self.engine_name
            )));
        }
        let clear = self.username.is_some()
            || self.password.is_some()
            || self.server_name.is_some()
            || self.port.is_some();
        if clear {
            return Err(combination(
                "The local cloud's DMS takes user, password, server and port from a secret only",
            ));
        }
        let settings = self.settings.clone();
        let settings = settings.ok_or_else(|| combination("PostgreSQLSettings are missing"))?;
        if settings.secrets_manager_secret_id.is_none()
            || settings.secrets_manager_access_role_arn.is_none()
        {
            return Err(combination(
                "SecretsManagerSecretId and SecretsManagerAccessRoleArn belong together and are needed",
            ));
        }
        let database = self
            .database_name
            .clone()
            .or_else(|| settings.database_name.clone());
        let database = database.ok_or_else(|| combination("DatabaseName is missing"))?;
        let verifies = matches!(self.ssl_mode, SslMode::VerifyCa | SslMode::VerifyFull);
        if verifies && self.certificate_arn.is_none() {
            return Err(combination(
                "CertificateArn is needed with the SSL modes verify-ca and verify-full",
            ));
        }
        Ok(Endpoint {
            identifier,
            arn,
            side: self.endpoint_type,
            engine: self.engine_name.clone(),
            database,
            ssl_mode: self.ssl_mode,
            certificate_arn: self.certificate_arn.clone(),
            settings,
            extra_attributes: self.extra_connection_attributes.clone(),
            deleting: false,
        })
    }
}

impl Dms {
    /// DeleteEndpoint: only one that no task uses. No event tells of its end.
    pub(crate) fn delete_endpoint(&self, body: Value) -> Result<Value, AwsError> {
        let Arns {
            endpoint_arn: arn, ..
        } = read(body)?;
        let mut state = self.state();
        if state
            .tasks
            .iter()
            .any(|task| task.source_arn == arn || task.target_arn == arn)
        {
            return Err(wrong_state(format!(
                "The endpoint {arn} is used by replication tasks; delete them first"
            )));
        }
        let endpoint = state.endpoint(&arn)?;
        endpoint.deleting = true;
        let view = endpoint.view();
        self.save(&state)?;
        let dms = self.clone();
        tokio::spawn(async move { dms.remove_endpoint(&arn).await });
        Ok(json!({"Endpoint": view}))
    }

    /// Brings an endpoint to the end of `deleting`.
    pub(crate) async fn remove_endpoint(&self, arn: &str) {
        sleep(Duration::from_millis(self.config.endpoint_deleting_ms)).await;
        self.change(|state| {
            state.endpoints.retain(|one| one.arn != arn);
            state.connections.retain(|one| one.endpoint_arn != arn);
            state.tags.remove(arn);
            None
        });
    }
}

impl Endpoint {
    pub(crate) fn is_deleting(&self) -> bool {
        self.deleting
    }

    /// The extra connection attributes (`name=value;name=value`), by lower-case name.
    pub(crate) fn attributes(&self) -> BTreeMap<String, String> {
        let pair = |text: &str| {
            text.split_once('=')
                .map(|(name, value)| (name.trim().to_lowercase(), value.trim().to_owned()))
        };
        self.extra_attributes.split(';').filter_map(pair).collect()
    }

    fn view(&self) -> Value {
        let mut view = json!({
            "EndpointIdentifier": self.identifier,
            "EndpointArn": self.arn,
            "EndpointType": self.side,
            "EngineName": self.engine,
            "EngineDisplayName": if self.engine == "postgres" { "PostgreSQL" } else { "Amazon Aurora PostgreSQL" },
            "DatabaseName": self.database,
            "SslMode": self.ssl_mode,
            "Status": if self.deleting { "deleting" } else { "active" },
            "PostgreSQLSettings": self.settings.view(),
        });
        if let Some(arn) = &self.certificate_arn {
            view["CertificateArn"] = json!(arn);
        }
        if !self.extra_attributes.is_empty() {
            view["ExtraConnectionAttributes"] = json!(self.extra_attributes);
        }
        view
    }
}

impl Settings {
    fn view(&self) -> Value {
        let mut view = json!(self);
        if let Some(members) = view.as_object_mut() {
            members.retain(|_, value| !value.is_null());
        }
        view
    }
}

impl Side {
    fn name(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Target => "target",
        }
    }
}
