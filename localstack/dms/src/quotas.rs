//! The quotas of the account, and what is used of them (DMS API reference, DescribeAccountAttributes; DMS user guide,
//! quotas).

use local_cloud_wire::{AwsError, Call};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::state::State;

/// The limits, with the defaults of AWS.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Quotas {
    /// `ReplicationInstances`.
    pub instances: usize,
    /// `AllocatedStorage` of all replication instances, in GB.
    pub allocated_storage: u64,
    /// `Endpoints`.
    pub endpoints: usize,
}

impl Default for Quotas {
    fn default() -> Self {
        Self {
            instances: 60,
            allocated_storage: 30_000,
            endpoints: 1_000,
        }
    }
}

impl State {
    /// DescribeAccountAttributes.
    pub(crate) fn describe_account(&self, call: &Call, limits: &Quotas) -> Value {
        json!({
            "AccountQuotas": [
                quota("ReplicationInstances", self.instances.len(), limits.instances),
                quota("AllocatedStorage", self.storage(), limits.allocated_storage),
                quota("Endpoints", self.endpoints.len(), limits.endpoints),
            ],
            "UniqueAccountIdentifier": format!("c{}", call.account),
        })
    }

    fn storage(&self) -> u64 {
        self.instances.iter().map(|one| one.storage).sum()
    }

    /// Whether there is room for one more replication instance of that storage.
    pub(crate) fn check_instance(&self, limits: &Quotas, storage: u64) -> Result<(), AwsError> {
        if self.instances.len() >= limits.instances {
            return Err(exceeded(
                "ResourceQuotaExceededFault",
                "replication instances",
            ));
        }
        if self.storage() + storage > limits.allocated_storage {
            return Err(exceeded("StorageQuotaExceededFault", "storage"));
        }
        Ok(())
    }

    /// Whether there is room for one more endpoint.
    pub(crate) fn check_endpoint(&self, limits: &Quotas) -> Result<(), AwsError> {
        if self.endpoints.len() < limits.endpoints {
            return Ok(());
        }
        Err(exceeded("ResourceQuotaExceededFault", "endpoints"))
    }
}

fn quota(name: &str, used: impl Into<Value>, most: impl Into<Value>) -> Value {
    json!({ "AccountQuotaName": name, "Used": used.into(), "Max": most.into() })
}

fn exceeded(code: &str, what: &str) -> AwsError {
    AwsError::new(
        code,
        format!("The quota of {what} of this account is exceeded."),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call() -> Call {
        Call {
            action: "DescribeAccountAttributes".into(),
            region: "eu-west-3".into(),
            account: "000000000000".into(),
            request_id: "r".into(),
        }
    }

    fn tight() -> Quotas {
        Quotas {
            instances: 1,
            allocated_storage: 60,
            endpoints: 0,
        }
    }

    #[test]
    fn what_is_used_and_allowed_is_told_by_name() {
        let answer = State::default().describe_account(&call(), &Quotas::default());
        assert_eq!(
            answer["AccountQuotas"][0],
            json!({ "AccountQuotaName": "ReplicationInstances", "Used": 0, "Max": 60 })
        );
        assert_eq!(answer["AccountQuotas"][2]["AccountQuotaName"], "Endpoints");
    }

    #[test]
    fn one_more_than_allowed_is_refused() {
        let code = |refused: Result<(), AwsError>| refused.map_err(|error| error.code);
        let state = State::default();
        assert_eq!(code(state.check_instance(&tight(), 50)), Ok(()));
        assert_eq!(
            code(state.check_instance(&tight(), 100)),
            Err("StorageQuotaExceededFault".to_owned())
        );
        assert_eq!(
            code(state.check_endpoint(&tight())),
            Err("ResourceQuotaExceededFault".to_owned())
        );
    }
}
