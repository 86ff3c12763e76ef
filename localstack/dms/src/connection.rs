//! Connection tests: a real login, and no event whatever comes of it.

use local_cloud_wire::faults::Service;
use local_cloud_wire::{AwsError, Call};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::answer::{Field, page, select};
use crate::endpoint::Endpoint;
use crate::failure::{not_found, wrong_state};
use crate::fault;
use crate::instance::Status as InstanceStatus;
use crate::login::{Login, LoginError};
use crate::request::{Arns, Describe, read};
use crate::service::Dms;
use crate::state::State;

/// What the last test of an endpoint from an instance came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Tested {
    Testing,
    Successful,
    Failed(String),
}

/// An instance and an endpoint, with their last test.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Connection {
    pub(crate) instance_arn: String,
    pub(crate) endpoint_arn: String,
    pub(crate) tested: Tested,
    instance_identifier: String,
    endpoint_identifier: String,
}

const FILTERS: [Field<Connection>; 2] = [
    ("endpoint-arn", |one| &one.endpoint_arn),
    ("replication-instance-arn", |one| &one.instance_arn),
];

impl Dms {
    /// TestConnection: answers `testing`; the outcome shows in DescribeConnections alone.
    pub(crate) fn test_connection(&self, call: &Call, body: Value) -> Result<Value, AwsError> {
        let input: Arns = read(body)?;
        let mut state = self.state();
        let instance = state.instance(&input.replication_instance_arn)?.clone();
        let endpoint = state.endpoint(&input.endpoint_arn)?.clone();
        if instance.status != InstanceStatus::Available {
            return Err(wrong_state(format!(
                "The replication instance {} is {}, not available",
                instance.arn,
                instance.status.name()
            )));
        }
        if endpoint.is_deleting() {
            return Err(wrong_state(format!(
                "The endpoint {} is being deleted",
                endpoint.arn
            )));
        }
        let connection = Connection {
            instance_arn: instance.arn,
            endpoint_arn: endpoint.arn.clone(),
            tested: Tested::Testing,
            instance_identifier: instance.identifier,
            endpoint_identifier: endpoint.identifier.clone(),
        };
        let view = connection.view();
        match state.connection(&connection.instance_arn, &connection.endpoint_arn) {
            Some(known) => known.tested = Tested::Testing,
            None => state.connections.push(connection.clone()),
        }
        let authority = state.authority(&endpoint);
        self.save(&state)?;
        let (dms, region) = (self.clone(), call.region.clone());
        tokio::spawn(async move {
            let tested = dms.test(&endpoint, authority, &region).await;
            dms.change(|state| {
                state
                    .connection(&connection.instance_arn, &connection.endpoint_arn)?
                    .tested = tested;
                None
            });
        });
        Ok(json!({"Connection": view}))
    }

    async fn test(&self, endpoint: &Endpoint, authority: Option<String>, region: &str) -> Tested {
        let fault = self.world.faults.strikes(
            Service::Dms,
            fault::CONNECTION_TEST_FAILS,
            &endpoint.identifier,
        );
        let tested: Result<(), LoginError> = async {
            Login::of(endpoint, authority, &self.world.cloud, region)
                .await?
                .connect()
                .await?;
            Ok(())
        }
        .await;
        let problem = match (fault, tested) {
            (Some(fault), _) => fault
                .message
                .unwrap_or_else(|| "a fault was switched on".into()),
            (None, Err(error)) => error.to_string(),
            (None, Ok(())) => return Tested::Successful,
        };
        Tested::Failed(format!(
            "Test Endpoint failed: Application-Status: 1020912, {problem}"
        ))
    }
}

impl State {
    /// The certificate that an endpoint trusts, in PEM.
    pub(crate) fn authority(&self, endpoint: &Endpoint) -> Option<String> {
        let arn = endpoint.certificate_arn.as_ref()?;
        self.certificates
            .iter()
            .find(|one| one.arn == *arn)
            .map(|one| one.pem.clone())
    }

    /// DescribeConnections.
    pub(crate) fn describe_connections(&self, body: Value) -> Result<Value, AwsError> {
        let input: Describe = read(body)?;
        let selected = select(&self.connections, &input.filters, &FILTERS)?;
        page(
            "Connections",
            selected.into_iter().map(Connection::view).collect(),
            &input,
        )
    }

    /// DeleteConnection.
    pub(crate) fn delete_connection(&mut self, body: Value) -> Result<Value, AwsError> {
        let input: Arns = read(body)?;
        let same = |one: &Connection| {
            one.instance_arn == input.replication_instance_arn
                && one.endpoint_arn == input.endpoint_arn
        };
        let position = self.connections.iter().position(same);
        let position = position.ok_or_else(|| not_found("There is no such connection"))?;
        let mut view = self.connections.remove(position).view();
        view["Status"] = json!("deleting");
        Ok(json!({"Connection": view}))
    }
}

impl Connection {
    fn view(&self) -> Value {
        let (status, problem) = match &self.tested {
            Tested::Testing => ("testing", None),
            Tested::Successful => ("successful", None),
            Tested::Failed(problem) => ("failed", Some(problem)),
        };
        let mut view = json!({
            "ReplicationInstanceArn": self.instance_arn,
            "ReplicationInstanceIdentifier": self.instance_identifier,
            "EndpointArn": self.endpoint_arn,
            "EndpointIdentifier": self.endpoint_identifier,
            "Status": status,
        });
        if let Some(problem) = problem {
            view["LastFailureMessage"] = json!(problem);
        }
        view
    }
}
