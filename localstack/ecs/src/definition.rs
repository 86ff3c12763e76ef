//! Task definitions and their revisions.

use jiff::Timestamp;
use local_cloud_wire::arn::arn;
use local_cloud_wire::time::epoch_seconds;
use local_cloud_wire::{AwsError, Call};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::failure::client;
use crate::request::{Tag, Variable, read};
use crate::state::State;

/// A revision of a task definition.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Definition {
    pub(crate) arn: String,
    pub(crate) revision: u64,
    pub(crate) active: bool,
    pub(crate) registered_at: Timestamp,
    pub(crate) tags: Vec<Tag>,
    /// As it was registered, to give it back.
    pub(crate) registered: Map<String, Value>,
    /// What a task needs of it.
    pub(crate) content: Content,
}

/// The parts of a task definition that mean something here.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Content {
    pub(crate) family: String,
    pub(crate) container_definitions: Vec<Container>,
    pub(crate) task_role_arn: Option<String>,
    pub(crate) execution_role_arn: Option<String>,
    pub(crate) network_mode: Option<String>,
    pub(crate) cpu: Option<String>,
    pub(crate) memory: Option<String>,
    #[serde(default)]
    pub(crate) requires_compatibilities: Vec<String>,
}

/// A container of a task definition.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Container {
    pub(crate) name: String,
    pub(crate) image: String,
    #[serde(default)]
    pub(crate) command: Vec<String>,
    #[serde(default)]
    pub(crate) environment: Vec<Variable>,
    #[serde(default)]
    pub(crate) secrets: Vec<Secret>,
    pub(crate) log_configuration: Option<LogConfiguration>,
    pub(crate) stop_timeout: Option<u64>,
}

/// A variable whose value is a secret.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Secret {
    pub(crate) name: String,
    pub(crate) value_from: String,
}

/// Where a container's output goes.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LogConfiguration {
    pub(crate) log_driver: String,
    #[serde(default)]
    pub(crate) options: std::collections::BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Named {
    task_definition: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct List {
    family_prefix: Option<String>,
    status: Option<String>,
    sort: Option<String>,
}

impl State {
    /// RegisterTaskDefinition: the next revision of its family.
    pub(crate) fn register(&mut self, call: &Call, body: Value) -> Result<Value, AwsError> {
        let content: Content =
            serde_json::from_value(body.clone()).map_err(|error| client(error.to_string()))?;
        check(&content)?;
        let Value::Object(mut registered) = body else {
            return Err(client("the input is no object"));
        };
        let tags = registered
            .remove("tags")
            .map_or_else(|| Ok(Vec::new()), read)?;
        let family = &content.family;
        let revision = 1 + self
            .revisions(family)
            .map(|one| one.revision)
            .max()
            .unwrap_or(0);
        let definition = Definition {
            arn: arn(
                "ecs",
                &call.region,
                &format!("task-definition/{family}:{revision}"),
            ),
            revision,
            active: true,
            registered_at: Timestamp::now(),
            tags,
            registered,
            content,
        };
        let answer = json!({"taskDefinition": definition.view(), "tags": definition.tags});
        self.definitions.push(definition);
        Ok(answer)
    }

    /// DescribeTaskDefinition.
    pub(crate) fn describe_definition(&self, body: Value) -> Result<Value, AwsError> {
        let input: Named = read(body)?;
        let found = self.definition(&input.task_definition);
        let found = found.ok_or_else(|| client("Unable to describe task definition."))?;
        Ok(json!({"taskDefinition": found.view(), "tags": found.tags}))
    }

    /// DeregisterTaskDefinition: the revision stays, inactive.
    pub(crate) fn deregister(&mut self, body: Value) -> Result<Value, AwsError> {
        let input: Named = read(body)?;
        let arn = match self.definition(&input.task_definition) {
            Some(found) if input.task_definition.contains(':') => found.arn.clone(),
            _ => {
                return Err(client(
                    "The specified task definition does not exist. Name it with its revision.",
                ));
            }
        };
        let found = self.definitions.iter_mut().find(|one| one.arn == arn);
        let found = found.ok_or_else(|| client("The specified task definition does not exist."))?;
        found.active = false;
        Ok(json!({"taskDefinition": found.view()}))
    }

    /// ListTaskDefinitions, all on one page.
    pub(crate) fn list_definitions(&self, body: Value) -> Result<Value, AwsError> {
        let input: List = read(body)?;
        let active = input.status.as_deref() != Some("INACTIVE");
        let wanted = |one: &&Definition| {
            one.active == active
                && input
                    .family_prefix
                    .as_ref()
                    .is_none_or(|family| *family == one.content.family)
        };
        let mut found: Vec<&Definition> = self.definitions.iter().filter(wanted).collect();
        found.sort_by_key(|one| (one.content.family.clone(), one.revision));
        if input.sort.as_deref() == Some("DESC") {
            found.reverse();
        }
        Ok(json!({"taskDefinitionArns": found.iter().map(|one| &one.arn).collect::<Vec<_>>()}))
    }

    /// The revision that `family`, `family:revision` or an ARN names; of a family, the latest active one.
    pub(crate) fn definition(&self, name: &str) -> Option<&Definition> {
        let name = name.rsplit("task-definition/").next().unwrap_or(name);
        let Some((family, revision)) = name.split_once(':') else {
            return self
                .revisions(name)
                .filter(|one| one.active)
                .max_by_key(|one| one.revision);
        };
        let revision: u64 = revision.parse().ok()?;
        self.revisions(family).find(|one| one.revision == revision)
    }

    fn revisions<'a, 'b>(
        &'a self,
        family: &'b str,
    ) -> impl Iterator<Item = &'a Definition> + use<'a, 'b> {
        self.definitions
            .iter()
            .filter(move |one| one.content.family == family)
    }
}

fn check(content: &Content) -> Result<(), AwsError> {
    if content.family.is_empty() || content.container_definitions.is_empty() {
        return Err(client(
            "Family and container definitions must not be empty.",
        ));
    }
    if content.container_definitions.len() > 1 {
        return Err(client("The local cloud runs tasks of one container only."));
    }
    let fargate = content
        .requires_compatibilities
        .iter()
        .any(|one| one == "FARGATE");
    if fargate && (content.cpu.is_none() || content.memory.is_none()) {
        return Err(client(
            "Fargate requires task definition to have 'cpu' and 'memory' at the task level.",
        ));
    }
    if fargate && content.network_mode.as_deref() != Some("awsvpc") {
        return Err(client("Fargate only supports network mode 'awsvpc'."));
    }
    Ok(())
}

impl Definition {
    fn view(&self) -> Value {
        let mut view = self.registered.clone();
        view.insert("taskDefinitionArn".into(), self.arn.clone().into());
        view.insert("revision".into(), self.revision.into());
        view.insert(
            "status".into(),
            if self.active { "ACTIVE" } else { "INACTIVE" }.into(),
        );
        view.insert("registeredAt".into(), epoch_seconds(self.registered_at));
        view.insert("compatibilities".into(), json!(["EC2", "FARGATE"]));
        Value::Object(view)
    }
}
