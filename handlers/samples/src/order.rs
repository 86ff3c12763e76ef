//! What CloudFormation orders of a custom resource, and what it is answered (CloudFormation user guide, "Custom resource
//! reference").

use serde::{Deserialize, Serialize};
use tenant_restore_core::error::Cause;

use crate::loading::Loaded;

/// The resource's name when it has none yet. It is the same for ever: the tenants of a database are one thing.
const NAME: &str = "sample-tenants";

/// An answer has 4,096 bytes in all.
const LONGEST_REASON: usize = 1_500;

/// What is to be done about the resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Change {
    /// It is new.
    Create,
    /// Its properties have changed.
    Update,
    /// It goes with its stack, or was replaced.
    Delete,
}

/// An order of CloudFormation. It can't be shown: the answer's address holds a signature.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Order {
    /// What is to be done.
    #[serde(rename = "RequestType")]
    pub change: Change,
    /// Where the answer goes: an object in S3, by an address that is signed for it.
    #[serde(rename = "ResponseURL")]
    pub response_url: String,
    stack_id: String,
    request_id: String,
    logical_resource_id: String,
    physical_resource_id: Option<String>,
}

/// What CloudFormation is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Answer {
    status: &'static str,
    #[serde(skip_serializing_if = "String::is_empty")]
    reason: String,
    physical_resource_id: String,
    stack_id: String,
    request_id: String,
    logical_resource_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Data>,
}

/// What a template may read with `Fn::GetAtt`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Data {
    made: String,
    found: String,
}

impl Order {
    /// Whether tenants are to be loaded. When the resource goes, they stay: the database is another resource.
    pub fn loads(&self) -> bool {
        self.change != Change::Delete
    }

    /// The answer to this order, by what came of it.
    pub fn answer(&self, outcome: &Result<Loaded, Cause>) -> Answer {
        let (status, reason, data) = match outcome {
            Ok(loaded) => ("SUCCESS", String::new(), Some(Data::of(loaded))),
            Err(cause) => ("FAILED", shortened(cause), None),
        };
        let name = self.physical_resource_id.as_deref().unwrap_or(NAME);
        Answer {
            status,
            reason,
            physical_resource_id: name.to_owned(),
            stack_id: self.stack_id.clone(),
            request_id: self.request_id.clone(),
            logical_resource_id: self.logical_resource_id.clone(),
            data,
        }
    }
}

impl Data {
    fn of(loaded: &Loaded) -> Self {
        Self {
            made: loaded.made.join(","),
            found: loaded.found.join(","),
        }
    }
}

fn shortened(cause: &Cause) -> String {
    let whole = format!("{cause}. {}", cause.remedy);
    let end = whole.floor_char_boundary(LONGEST_REASON);
    whole.get(..end).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use tenant_restore_core::error::ErrorKind;

    use super::*;

    fn order(change: &str, name: Option<&str>) -> Order {
        let mut event = json!({
            "RequestType": change,
            "ResponseURL": "https://mailbox.example/answer?Signature=s",
            "StackId": "arn:aws:cloudformation:eu-west-3:111122223333:stack/Demonstration/1",
            "RequestId": "5f1c",
            "LogicalResourceId": "Tenants",
            "ResourceType": "Custom::SampleTenants",
            "ResourceProperties": {"ServiceToken": "arn", "Host": "h"},
        });
        if let Some(name) = name {
            event["PhysicalResourceId"] = json!(name);
        }
        serde_json::from_value(event).unwrap()
    }

    fn told(order: &Order, outcome: &Result<Loaded, Cause>) -> Value {
        serde_json::to_value(order.answer(outcome)).unwrap()
    }

    #[test]
    fn a_new_resource_is_loaded_and_named() {
        let order = order("Create", None);
        assert!(order.loads());
        let loaded = Loaded {
            made: vec!["customer_a1", "customer_a2"],
            found: Vec::new(),
        };
        assert_eq!(
            told(&order, &Ok(loaded)),
            json!({
                "Status": "SUCCESS",
                "PhysicalResourceId": "sample-tenants",
                "StackId": "arn:aws:cloudformation:eu-west-3:111122223333:stack/Demonstration/1",
                "RequestId": "5f1c",
                "LogicalResourceId": "Tenants",
                "Data": {"Made": "customer_a1,customer_a2", "Found": ""},
            })
        );
    }

    #[test]
    fn an_update_loads_what_is_missing_and_keeps_the_name_so_that_nothing_is_replaced() {
        let order = order("Update", Some("of-an-earlier-version"));
        assert!(order.loads());
        let answer = told(&order, &Ok(Loaded::default()));
        assert_eq!(answer["PhysicalResourceId"], "of-an-earlier-version");
    }

    #[test]
    fn a_deletion_touches_no_database_and_succeeds() {
        let order = order("Delete", Some(NAME));
        assert!(!order.loads());
        assert_eq!(told(&order, &Ok(Loaded::default()))["Status"], "SUCCESS");
    }

    #[test]
    fn a_failure_tells_reason_and_remedy_within_the_limit() {
        let order = order("Create", None);
        let cause = Cause::new(ErrorKind::ConnectionFailed, "ä".repeat(5_000));
        let answer = told(&order, &Err(cause));
        assert_eq!(answer["Status"], "FAILED");
        let reason = answer["Reason"].as_str().unwrap();
        assert!(reason.starts_with("ConnectionFailed: ä") && reason.len() <= LONGEST_REASON);
        let cause = Cause::new(ErrorKind::ConnectionFailed, "no route");
        let answer = told(&order, &Err(cause));
        let reason = answer["Reason"].as_str().unwrap();
        assert_eq!(
            reason,
            "ConnectionFailed: no route. Check security groups, subnets and that the server accepts TLS."
        );
    }
}
