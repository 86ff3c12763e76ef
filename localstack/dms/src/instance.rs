//! Replication instances.

use std::time::Duration;

use jiff::Timestamp;
use local_cloud_wire::faults::Service;
use local_cloud_wire::time::epoch_seconds;
use local_cloud_wire::{AwsError, Call};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::answer::{Field, page, select};
use crate::event;
use crate::failure::{exists, invalid, wrong_state};
use crate::fault;
use crate::identifier::{checked, new_arn};
use crate::quotas::Quotas;
use crate::request::{Arns, Describe, Tag, read};
use crate::service::Dms;
use crate::state::State;

/// `ReplicationInstanceStatus`, as far as instances here get.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Status {
    Creating,
    Available,
    Deleting,
    Failed,
    IncompatibleNetwork,
}

/// A replication instance.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Instance {
    pub(crate) identifier: String,
    pub(crate) arn: String,
    pub(crate) status: Status,
    pub(crate) subnet_group: Option<String>,
    class: String,
    pub(crate) storage: u64,
    engine_version: String,
    multi_az: bool,
    public: bool,
    security_groups: Vec<String>,
    pub(crate) created_at: Timestamp,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Create {
    replication_instance_identifier: String,
    replication_instance_class: String,
    allocated_storage: Option<u64>,
    engine_version: Option<String>,
    replication_subnet_group_identifier: Option<String>,
    #[serde(default)]
    vpc_security_group_ids: Vec<String>,
    #[serde(rename = "MultiAZ", default)]
    multi_az: bool,
    #[serde(default)]
    publicly_accessible: bool,
    resource_identifier: Option<String>,
    #[serde(default)]
    tags: Vec<Tag>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Modify {
    replication_instance_arn: String,
    replication_instance_class: Option<String>,
    allocated_storage: Option<u64>,
    vpc_security_group_ids: Option<Vec<String>>,
}

const FILTERS: [Field<Instance>; 4] = [
    ("replication-instance-arn", |one| &one.arn),
    ("replication-instance-id", |one| &one.identifier),
    ("replication-instance-class", |one| &one.class),
    ("engine-version", |one| &one.engine_version),
];

impl Dms {
    /// CreateReplicationInstance.
    pub(crate) fn create_instance(&self, call: &Call, body: Value) -> Result<Value, AwsError> {
        let input: Create = read(body)?;
        let mut state = self.state();
        let instance = state.new_instance(call, input, &self.config.quotas)?;
        let view = state.view_instance(&instance);
        let Instance {
            arn, identifier, ..
        } = instance.clone();
        state.instances.push(instance);
        let event = state.happen(
            event::INSTANCE_CREATING,
            &arn,
            &identifier,
            "The replication instance is being created",
        );
        self.save(&state)?;
        self.world.events.publish(event);
        let dms = self.clone();
        tokio::spawn(async move { dms.provision(&arn, &identifier).await });
        Ok(json!({"ReplicationInstance": view}))
    }

    /// Brings a new instance to the end of `creating`.
    pub(crate) async fn provision(&self, arn: &str, identifier: &str) {
        let slow = self
            .world
            .faults
            .strikes(Service::Dms, fault::SLOW_INSTANCE, identifier);
        let longer = slow.and_then(|fault| fault.ms).unwrap_or(0);
        sleep(Duration::from_millis(
            self.config.instance_creating_ms + longer,
        ))
        .await;
        let failing = self
            .world
            .faults
            .strikes(Service::Dms, fault::INSTANCE_FAILS, identifier);
        let (status, kind, message) = match failing.map(|fault| fault.code) {
            None => (
                Status::Available,
                event::INSTANCE_CREATED,
                "Replication instance created",
            ),
            Some(code) if code.as_deref() == Some("incompatible-network") => (
                Status::IncompatibleNetwork,
                event::INSTANCE_NETWORK,
                "The replication instance is in an incompatible network",
            ),
            Some(_) => (
                Status::Failed,
                event::INSTANCE_FAILED,
                "The replication instance was put into the state failed",
            ),
        };
        self.change(|state| {
            let instance = state
                .instance(arn)
                .ok()
                .filter(|one| one.status == Status::Creating)?;
            instance.status = status;
            Some(state.happen(kind, arn, identifier, message))
        });
    }

    /// DeleteReplicationInstance: only without tasks.
    pub(crate) fn delete_instance(&self, body: Value) -> Result<Value, AwsError> {
        let Arns {
            replication_instance_arn: arn,
            ..
        } = read(body)?;
        let mut state = self.state();
        if state.tasks.iter().any(|task| task.instance_arn == arn) {
            return Err(wrong_state(format!(
                "The replication instance {arn} has replication tasks; delete them first"
            )));
        }
        let instance = state.instance(&arn)?;
        if matches!(instance.status, Status::Creating | Status::Deleting) {
            return Err(wrong_state(format!(
                "The replication instance {arn} is {}",
                instance.status.name()
            )));
        }
        instance.status = Status::Deleting;
        let instance = instance.clone();
        let view = state.view_instance(&instance);
        let identifier = instance.identifier;
        let event = state.happen(
            event::INSTANCE_DELETING,
            &arn,
            &identifier,
            "The replication instance is being deleted",
        );
        self.save(&state)?;
        self.world.events.publish(event);
        let dms = self.clone();
        tokio::spawn(async move { dms.dismantle(&arn, &identifier).await });
        Ok(json!({"ReplicationInstance": view}))
    }

    /// Brings an instance to the end of `deleting`.
    pub(crate) async fn dismantle(&self, arn: &str, identifier: &str) {
        sleep(Duration::from_millis(self.config.instance_deleting_ms)).await;
        self.change(|state| {
            state.instances.retain(|one| one.arn != arn);
            state.connections.retain(|one| one.instance_arn != arn);
            state.tags.remove(arn);
            Some(state.happen(
                event::INSTANCE_DELETED,
                arn,
                identifier,
                "Replication instance deleted",
            ))
        });
    }
}

impl State {
    fn new_instance(
        &mut self,
        call: &Call,
        input: Create,
        quotas: &Quotas,
    ) -> Result<Instance, AwsError> {
        let identifier = checked(
            &input.replication_instance_identifier,
            63,
            "ReplicationInstanceIdentifier",
        )?
        .to_lowercase();
        let arn = new_arn(&call.region, "rep", input.resource_identifier.as_deref())?;
        if self
            .instances
            .iter()
            .any(|one| one.identifier == identifier || one.arn == arn)
        {
            return Err(exists("Replication instance", &identifier));
        }
        if !input.replication_instance_class.starts_with("dms.") {
            return Err(invalid(format!(
                "The class {} is no replication instance class",
                input.replication_instance_class
            )));
        }
        if let Some(group) = &input.replication_subnet_group_identifier {
            self.subnet_group(group)?;
        }
        let storage = input.allocated_storage.unwrap_or(50);
        self.check_instance(quotas, storage)?;
        self.tags.insert(arn.clone(), input.tags);
        Ok(Instance {
            identifier,
            arn,
            status: Status::Creating,
            subnet_group: input
                .replication_subnet_group_identifier
                .map(|group| group.to_lowercase()),
            class: input.replication_instance_class,
            storage,
            engine_version: input.engine_version.unwrap_or_else(|| "3.6.1".into()),
            multi_az: input.multi_az,
            public: input.publicly_accessible,
            security_groups: input.vpc_security_group_ids,
            created_at: Timestamp::now(),
        })
    }

    /// ModifyReplicationInstance: applied at once.
    pub(crate) fn modify_instance(&mut self, body: Value) -> Result<Value, AwsError> {
        let input: Modify = read(body)?;
        let instance = self.instance(&input.replication_instance_arn)?;
        if instance.status != Status::Available {
            return Err(wrong_state(format!(
                "The replication instance is {}",
                instance.status.name()
            )));
        }
        if let Some(class) = input.replication_instance_class {
            instance.class = class;
        }
        if let Some(storage) = input.allocated_storage {
            instance.storage = storage;
        }
        if let Some(groups) = input.vpc_security_group_ids {
            instance.security_groups = groups;
        }
        let instance = instance.clone();
        Ok(json!({"ReplicationInstance": self.view_instance(&instance)}))
    }

    /// DescribeReplicationInstances.
    pub(crate) fn describe_instances(
        &self,
        body: Value,
        shows: impl Fn(&Instance) -> bool,
    ) -> Result<Value, AwsError> {
        let input: Describe = read(body)?;
        let known: Vec<Instance> = self
            .instances
            .iter()
            .filter(|one| shows(one))
            .cloned()
            .collect();
        let selected = select(&known, &input.filters, &FILTERS)?;
        page(
            "ReplicationInstances",
            selected
                .into_iter()
                .map(|one| self.view_instance(one))
                .collect(),
            &input,
        )
    }

    fn view_instance(&self, instance: &Instance) -> Value {
        let group = |id: &String| json!({"VpcSecurityGroupId": id, "Status": "active"});
        let mut view = json!({
            "ReplicationInstanceIdentifier": instance.identifier,
            "ReplicationInstanceArn": instance.arn,
            "ReplicationInstanceClass": instance.class,
            "ReplicationInstanceStatus": instance.status,
            "AllocatedStorage": instance.storage,
            "VpcSecurityGroups": instance.security_groups.iter().map(group).collect::<Vec<_>>(),
            "MultiAZ": instance.multi_az,
            "EngineVersion": instance.engine_version,
            "AutoMinorVersionUpgrade": true,
            "PubliclyAccessible": instance.public,
            "PendingModifiedValues": {},
        });
        if instance.status != Status::Creating {
            view["InstanceCreateTime"] = epoch_seconds(instance.created_at);
            view["ReplicationInstancePrivateIpAddress"] = json!("127.0.0.1");
            view["ReplicationInstancePrivateIpAddresses"] = json!(["127.0.0.1"]);
        }
        let group = self
            .subnet_groups
            .iter()
            .find(|one| Some(&one.identifier) == instance.subnet_group.as_ref());
        if let Some(group) = group {
            view["ReplicationSubnetGroup"] = group.view();
        }
        view
    }
}

impl Status {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Creating => "creating",
            Self::Available => "available",
            Self::Deleting => "deleting",
            Self::Failed => "failed",
            Self::IncompatibleNetwork => "incompatible-network",
        }
    }
}
