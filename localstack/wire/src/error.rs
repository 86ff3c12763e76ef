//! The errors a caller gets, and their two wire shapes.

use serde_json::{Map, Value};

use crate::query::Xml;

/// An error of an AWS API: its code, its text and, for the Query protocol, its HTTP status.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct AwsError {
    /// The documented code, for example `ResourceNotFoundFault`.
    pub code: String,
    /// What went wrong, for a person.
    pub message: String,
    /// The HTTP status; 400 for nearly all errors of JSON services.
    pub status: u16,
    /// Further members of a JSON error, for example `resourceIds` of a `ConflictException`.
    pub members: Vec<(String, Value)>,
}

impl AwsError {
    /// An error with HTTP status 400.
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            message: message.into(),
            status: 400,
            members: Vec::new(),
        }
    }

    /// The same error with another HTTP status.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// The same error with one more member in its JSON form.
    #[must_use]
    pub fn with_member(mut self, name: &str, value: Value) -> Self {
        self.members.push((name.to_owned(), value));
        self
    }

    /// The body of a JSON 1.1 error.
    pub fn to_json(&self) -> Value {
        let mut body = Map::new();
        body.insert("__type".into(), self.code.clone().into());
        body.insert("message".into(), self.message.clone().into());
        body.extend(self.members.iter().cloned());
        Value::Object(body)
    }

    /// The body of a Query error, as RDS sends it.
    pub fn to_xml(&self, request_id: &str) -> Xml {
        let blame = if self.status < 500 {
            "Sender"
        } else {
            "Receiver"
        };
        Xml::parent("ErrorResponse")
            .attribute("xmlns", crate::query::RDS_NAMESPACE)
            .child(
                Xml::parent("Error")
                    .child(Xml::text("Type", blame))
                    .child(Xml::text("Code", &self.code))
                    .child(Xml::text("Message", &self.message)),
            )
            .child(Xml::text("RequestId", request_id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_json_error_carries_its_type_message_and_members() {
        let error = AwsError::new("ConflictException", "same token")
            .with_member("resourceIds", vec!["a"].into());
        let expected = serde_json::json!({"__type": "ConflictException", "message": "same token", "resourceIds": ["a"]});
        assert_eq!(error.to_json(), expected);
    }

    #[test]
    fn a_query_error_blames_the_receiver_from_status_500_on() {
        let error = AwsError::new("InternalFailure", "a < b").with_status(500);
        let xml = error.to_xml("r-1").to_string();
        assert!(
            xml.contains(
                "<Type>Receiver</Type><Code>InternalFailure</Code><Message>a &lt; b</Message>"
            ),
            "{xml}"
        );
    }
}
