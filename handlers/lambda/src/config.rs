//! What a handler is told by its environment.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use tenant_restore_core::admission::Limits;
use tenant_restore_core::decision::Setting;
use tenant_restore_core::naming::Deployment;
use tenant_restore_core::permission::Requesters;
use tenant_restore_core::place::Home;
use tenant_restore_core::price::PriceList;
use tenant_restore_core::room::loads_of_class;
use tenant_restore_core::wait::Pace;
use tenant_restore_events::Phase;

use crate::placement::DatabaseWishes;

/// What the environment variable `HANDLER` makes of the artifact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The handler of a phase.
    Phase(Phase),
    /// The sweeper.
    Sweeper,
}

impl Role {
    /// Reads the environment.
    ///
    /// # Errors
    /// A sentence that says what is wrong.
    pub fn from_env() -> Result<Self, String> {
        let handler = required("HANDLER")?;
        if handler == "sweeper" {
            return Ok(Self::Sweeper);
        }
        Phase::parse(&handler)
            .map(Self::Phase)
            .ok_or_else(|| format!("HANDLER is {handler:?}, which is no phase and not the sweeper"))
    }
}

/// The configuration of a handler.
pub struct Config {
    /// The phase that it handles.
    pub handler: Phase,
    /// What decisions are made with.
    pub setting: Setting,
    /// How many restores may run at a time.
    pub admission: Limits,
    /// What temporary resources cost here.
    pub prices: PriceList,
    /// DynamoDB table.
    pub table: String,
    /// EventBridge bus.
    pub bus: String,
    /// SNS topic of the outcomes.
    pub topic: String,
    /// SQS queues of the phases.
    pub queues: BTreeMap<Phase, String>,
    /// SQS queue of the dead.
    pub dead_queue: String,
    /// Where worker tasks run.
    pub tasks: TaskConfig,
    /// Where temporary databases live.
    pub databases: DatabaseConfig,
    /// How DMS is used.
    pub replication: ReplicationConfig,
    /// Who may request what.
    pub requesters: Requesters,
    /// The VPC of the databases.
    pub vpc: String,
    /// Region and account.
    pub home: Home,
    /// Source of requests that name none.
    pub default_source: String,
    /// Its secret.
    pub default_source_secret: String,
    /// Key of temporary secrets; the account's default if absent.
    pub kms_key: Option<String>,
}

/// Where worker tasks run.
pub struct TaskConfig {
    /// ECS cluster.
    pub cluster: String,
    /// Task definition, with its revision.
    pub definition: String,
    /// Name of the worker's container.
    pub container: String,
    /// Subnets.
    pub subnets: Vec<String>,
    /// Security groups.
    pub security_groups: Vec<String>,
}

/// Where temporary databases live.
pub struct DatabaseConfig {
    /// DB subnet group.
    pub subnet_group: String,
    /// Security groups.
    pub security_groups: Vec<String>,
    /// What they have other than their source.
    pub wishes: DatabaseWishes,
}

/// How DMS is used.
pub struct ReplicationConfig {
    /// Replication subnet group.
    pub subnet_group: String,
    /// Security groups.
    pub security_groups: Vec<String>,
    /// Instance class.
    pub instance_class: String,
    /// Role with which DMS reads the temporary secrets.
    pub secret_role: String,
    /// Certificate for `verify-full`; `require` if absent.
    pub certificate: Option<String>,
}

/// Lambda's time-out for our functions in seconds; the template sets the same.
const HANDLER_TIMEOUT: i64 = 60;

impl Config {
    /// Reads the environment. The sweeper deletes as the cleanup does.
    ///
    /// # Errors
    /// A sentence that names the variable.
    pub fn from_env(role: Role) -> Result<Self, String> {
        let handler = match role {
            Role::Phase(phase) => phase,
            Role::Sweeper => Phase::Cleanup,
        };
        let deployment = Deployment {
            name: required("DEPLOYMENT")?,
            tag: required("DEPLOYMENT_TAG")?,
        };
        let pace = document::<Pace>("PACE")?;
        let admission = document::<Limits>("ADMISSION")?;
        let wishes = document::<DatabaseWishes>("DATABASES")?;
        // Lambda sets the region of every function (Lambda developer guide, environment variables).
        let prices = PriceList::of(&required("AWS_REGION")?, optional("PRICES").as_deref())
            .map_err(|error| format!("PRICES is no list of prices: {error}"))?;
        let mut queues = BTreeMap::new();
        for phase in Phase::ALL {
            queues.insert(
                phase,
                required(&format!(
                    "QUEUE_URL_{}",
                    phase.as_str().to_ascii_uppercase()
                ))?,
            );
        }
        Ok(Self {
            handler,
            setting: Setting {
                deployment,
                pace,
                handler_timeout: HANDLER_TIMEOUT,
                bucket: required("BUCKET_NAME")?,
                loads_of_class: loads_of_class(&required("DMS_INSTANCE_CLASS")?),
                writer_class: wishes.writer.class.clone(),
            },
            admission,
            prices,
            table: required("TABLE_NAME")?,
            bus: required("BUS_NAME")?,
            topic: required("TOPIC_ARN")?,
            queues,
            dead_queue: required("QUEUE_URL_DEAD")?,
            tasks: TaskConfig {
                cluster: required("CLUSTER_ARN")?,
                definition: required("TASK_DEFINITION_ARN")?,
                container: required("CONTAINER_NAME")?,
                subnets: list("TASK_SUBNETS")?,
                security_groups: list("TASK_SECURITY_GROUPS")?,
            },
            databases: DatabaseConfig {
                subnet_group: required("DB_SUBNET_GROUP")?,
                security_groups: list("DB_SECURITY_GROUPS")?,
                wishes,
            },
            replication: ReplicationConfig {
                subnet_group: required("DMS_SUBNET_GROUP")?,
                security_groups: list("DMS_SECURITY_GROUPS")?,
                instance_class: required("DMS_INSTANCE_CLASS")?,
                secret_role: required("DMS_SECRET_ROLE_ARN")?,
                certificate: optional("CA_CERTIFICATE_ARN"),
            },
            requesters: document("REQUESTERS")?,
            vpc: required("VPC_ID")?,
            home: Home::of(&required("CLUSTER_ARN")?)
                .ok_or("CLUSTER_ARN has no region and account")?,
            default_source: required("DEFAULT_SOURCE")?,
            default_source_secret: required("DEFAULT_SOURCE_SECRET_ARN")?,
            kms_key: optional("KMS_KEY_ARN"),
        })
    }
}

fn optional(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn document<T: DeserializeOwned + Default>(name: &str) -> Result<T, String> {
    let Some(text) = optional(name) else {
        return Ok(T::default());
    };
    serde_json::from_str(&text).map_err(|error| format!("{name} is no valid document: {error}"))
}

fn required(name: &str) -> Result<String, String> {
    optional(name).ok_or_else(|| format!("the environment variable {name} is missing"))
}

fn list(name: &str) -> Result<Vec<String>, String> {
    Ok(required(name)?.split(',').map(str::to_owned).collect())
}
