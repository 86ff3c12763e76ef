//! Replication subnet groups: names of subnets, nothing more.

use local_cloud_wire::arn::arn;
use local_cloud_wire::{AwsError, Call};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::answer::{Field, page, select};
use crate::failure::{exists, not_found, wrong_state};
use crate::request::{Describe, Tag, read};
use crate::state::State;

/// A group of subnets for replication instances.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct SubnetGroup {
    pub(crate) identifier: String,
    pub(crate) arn: String,
    description: String,
    subnets: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Input {
    replication_subnet_group_identifier: String,
    replication_subnet_group_description: Option<String>,
    #[serde(default)]
    subnet_ids: Vec<String>,
    #[serde(default)]
    tags: Vec<Tag>,
}

const FILTERS: [Field<SubnetGroup>; 1] = [("replication-subnet-group-id", |one| &one.identifier)];

impl State {
    /// CreateReplicationSubnetGroup.
    pub(crate) fn create_subnet_group(
        &mut self,
        call: &Call,
        body: Value,
    ) -> Result<Value, AwsError> {
        let input: Input = read(body)?;
        let identifier = input.replication_subnet_group_identifier.to_lowercase();
        if self.subnet_group(&identifier).is_ok() {
            return Err(exists("Replication subnet group", &identifier));
        }
        let group = SubnetGroup {
            arn: arn("dms", &call.region, &format!("subgrp:{identifier}")),
            identifier,
            description: input
                .replication_subnet_group_description
                .unwrap_or_default(),
            subnets: input.subnet_ids,
        };
        self.tags.insert(group.arn.clone(), input.tags);
        let answer = json!({"ReplicationSubnetGroup": group.view()});
        self.subnet_groups.push(group);
        Ok(answer)
    }

    /// ModifyReplicationSubnetGroup.
    pub(crate) fn modify_subnet_group(&mut self, body: Value) -> Result<Value, AwsError> {
        let input: Input = read(body)?;
        let group = self.subnet_group(&input.replication_subnet_group_identifier)?;
        group.subnets = input.subnet_ids;
        if let Some(description) = input.replication_subnet_group_description {
            group.description = description;
        }
        Ok(json!({"ReplicationSubnetGroup": group.view()}))
    }

    /// DescribeReplicationSubnetGroups.
    pub(crate) fn describe_subnet_groups(&self, body: Value) -> Result<Value, AwsError> {
        let input: Describe = read(body)?;
        let selected = select(&self.subnet_groups, &input.filters, &FILTERS)?;
        page(
            "ReplicationSubnetGroups",
            selected.into_iter().map(SubnetGroup::view).collect(),
            &input,
        )
    }

    /// DeleteReplicationSubnetGroup: only one that no instance uses.
    pub(crate) fn delete_subnet_group(&mut self, body: Value) -> Result<Value, AwsError> {
        let input: Input = read(body)?;
        let group = self.subnet_group(&input.replication_subnet_group_identifier)?;
        let (identifier, arn) = (group.identifier.clone(), group.arn.clone());
        if self
            .instances
            .iter()
            .any(|one| one.subnet_group.as_ref() == Some(&identifier))
        {
            return Err(wrong_state(format!(
                "The replication subnet group {identifier} is in use"
            )));
        }
        self.subnet_groups
            .retain(|one| one.identifier != identifier);
        self.tags.remove(&arn);
        Ok(json!({}))
    }

    /// The group of that name, in any case.
    pub(crate) fn subnet_group(&mut self, identifier: &str) -> Result<&mut SubnetGroup, AwsError> {
        let found = self
            .subnet_groups
            .iter_mut()
            .find(|one| one.identifier == identifier.to_lowercase());
        found.ok_or_else(|| not_found(format!("Replication subnet group {identifier} not found")))
    }
}

impl SubnetGroup {
    pub(crate) fn view(&self) -> Value {
        let subnet = |id: &String| json!({"SubnetIdentifier": id, "SubnetStatus": "Active"});
        json!({
            "ReplicationSubnetGroupIdentifier": self.identifier,
            "ReplicationSubnetGroupDescription": self.description,
            "VpcId": "vpc-local",
            "SubnetGroupStatus": "Complete",
            "Subnets": self.subnets.iter().map(subnet).collect::<Vec<_>>(),
        })
    }
}
