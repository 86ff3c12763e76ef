//! Effects as calls of AWS services.

use jiff::Timestamp;

use super::{Document, Trace};
use crate::effect::{Effect, GroupScope};
use crate::error::ErrorKind;

/// A call that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    service: &'static str,
    operation: &'static str,
    resource: String,
    began: Timestamp,
    ended: Timestamp,
    refused: Option<ErrorKind>,
}

/// The call that an effect is; of several, the one that the effect is named for.
pub fn call(
    effect: &Effect,
    times: (Timestamp, Timestamp),
    refused: Option<ErrorKind>,
) -> Option<Call> {
    let (service, operation, resource) = described(effect)?;
    Some(Call {
        service,
        operation,
        resource: resource.to_owned(),
        began: times.0,
        ended: times.1,
        refused,
    })
}

impl Call {
    /// As a part of the step that made it.
    pub(super) fn document(&self, trace: &Trace, what: &str) -> Document {
        let id = trace.segment_of(what);
        let part = Document::part(self.service, id, self.began)
            .ended(self.ended)
            .of_service(self.operation, &self.resource);
        match self.refused {
            Some(kind) => part.blamed(kind),
            None => part,
        }
    }
}

fn described(effect: &Effect) -> Option<(&'static str, &'static str, &str)> {
    Some(match effect {
        Effect::DeriveParameterGroup { name, scope, .. } => {
            let operation = match scope {
                GroupScope::Instance => "ModifyDBParameterGroup",
                GroupScope::Cluster => "ModifyDBClusterParameterGroup",
            };
            ("RDS", operation, name)
        }
        Effect::RestoreDatabase { name, .. } => ("RDS", "RestoreDBInstance", name),
        Effect::RestoreCluster { name, .. } => ("RDS", "RestoreDBCluster", name),
        Effect::CreateWriter { name, .. } => ("RDS", "CreateDBInstance", name),
        Effect::ResetPassword { database, .. } => ("RDS", "ModifyDBInstance", database),
        Effect::DeleteDatabase { name } => ("RDS", "DeleteDBInstance", name),
        Effect::DeleteCluster { name } => ("RDS", "DeleteDBCluster", name),
        Effect::DeleteParameterGroup { name, scope } => {
            let operation = match scope {
                GroupScope::Instance => "DeleteDBParameterGroup",
                GroupScope::Cluster => "DeleteDBClusterParameterGroup",
            };
            ("RDS", operation, name)
        }
        Effect::CreateSecret { name, .. } => ("SecretsManager", "CreateSecret", name),
        Effect::DeleteSecret { name } => ("SecretsManager", "DeleteSecret", name),
        Effect::RunTask { name, .. } => ("ECS", "RunTask", name),
        Effect::StopTask { arn } => ("ECS", "StopTask", arn),
        Effect::CreateReplicationInstance { name } => ("DMS", "CreateReplicationInstance", name),
        Effect::CreateEndpoint { name, .. } => ("DMS", "CreateEndpoint", name),
        Effect::TestConnection { endpoint, .. } => ("DMS", "TestConnection", endpoint),
        Effect::CreateReplicationTask { name, .. } => ("DMS", "CreateReplicationTask", name),
        Effect::StartReplicationTask { name, .. } => ("DMS", "StartReplicationTask", name),
        Effect::StopReplicationTask { name } => ("DMS", "StopReplicationTask", name),
        Effect::DeleteReplicationTask { name } => ("DMS", "DeleteReplicationTask", name),
        Effect::DeleteEndpoint { name } => ("DMS", "DeleteEndpoint", name),
        Effect::DeleteReplicationInstance { name } => ("DMS", "DeleteReplicationInstance", name),
        Effect::DeleteObjects { prefix } => ("S3", "DeleteObjects", prefix),
        Effect::Announce { ended, .. } => ("Events", "PutEvents", ended.outcome.detail_type()),
        Effect::TellPlan { .. } => ("Events", "PutEvents", "RestorePlanned"),
        Effect::TellHeld { .. } => ("Events", "PutEvents", "RestoreHeld"),
        // Entries of our own table.
        Effect::ReleaseClaims | Effect::ReleaseAdmission => return None,
    })
}
