//! What the service knows.

use std::collections::BTreeMap;

use local_cloud_wire::AwsError;
use serde::{Deserialize, Serialize};

use crate::certificate::Certificate;
use crate::connection::Connection;
use crate::endpoint::Endpoint;
use crate::event::Happening;
use crate::failure::not_found;
use crate::instance::Instance;
use crate::request::Tag;
use crate::subnet_group::SubnetGroup;
use crate::task::Task;

/// Every resource, and what happened to them.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct State {
    pub(crate) subnet_groups: Vec<SubnetGroup>,
    pub(crate) instances: Vec<Instance>,
    pub(crate) endpoints: Vec<Endpoint>,
    pub(crate) certificates: Vec<Certificate>,
    pub(crate) connections: Vec<Connection>,
    pub(crate) tasks: Vec<Task>,
    pub(crate) happenings: Vec<Happening>,
    pub(crate) tags: BTreeMap<String, Vec<Tag>>,
}

impl State {
    pub(crate) fn instance(&mut self, arn: &str) -> Result<&mut Instance, AwsError> {
        let found = self.instances.iter_mut().find(|one| one.arn == arn);
        found.ok_or_else(|| not_found(format!("Replication instance {arn} not found")))
    }

    pub(crate) fn endpoint(&mut self, arn: &str) -> Result<&mut Endpoint, AwsError> {
        let found = self.endpoints.iter_mut().find(|one| one.arn == arn);
        found.ok_or_else(|| not_found(format!("Endpoint {arn} not found")))
    }

    pub(crate) fn task(&mut self, arn: &str) -> Result<&mut Task, AwsError> {
        let found = self.tasks.iter_mut().find(|one| one.arn == arn);
        found.ok_or_else(|| not_found(format!("Replication task {arn} not found")))
    }

    pub(crate) fn connection(&mut self, instance: &str, endpoint: &str) -> Option<&mut Connection> {
        self.connections
            .iter_mut()
            .find(|one| one.instance_arn == instance && one.endpoint_arn == endpoint)
    }
}
