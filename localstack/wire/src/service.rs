//! What a service offers to the server.

use std::future::Future;
use std::pin::Pin;

use serde_json::Value;

use crate::error::AwsError;
use crate::query::{Form, Xml};

/// What is known about a call besides its body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The API's operation, for example `RunTask`.
    pub action: String,
    /// The region, from the credential scope of the signature.
    pub region: String,
    /// The account, always the local one.
    pub account: String,
    /// The id that the answer carries.
    pub request_id: String,
}

/// The future of an answer.
pub type CallFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, AwsError>> + Send + 'a>>;

/// A service that speaks AWS JSON 1.1.
pub trait JsonService: Send + Sync + 'static {
    /// Answers a call with the operation's output.
    ///
    /// # Errors
    /// The operation's documented errors.
    fn call<'a>(&'a self, call: &'a Call, body: Value) -> CallFuture<'a, Value>;
}

/// A service that speaks AWS Query.
pub trait QueryService: Send + Sync + 'static {
    /// Answers a call with its `<action>Result` element, or nothing for an operation without a result.
    ///
    /// # Errors
    /// The operation's documented errors.
    fn call<'a>(&'a self, call: &'a Call, form: Form) -> CallFuture<'a, Option<Xml>>;
}
