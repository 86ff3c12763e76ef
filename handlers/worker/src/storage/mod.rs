//! Where the job's documents are kept: S3, or memory in tests.

mod s3;

use bytes::Bytes;
use futures::future::BoxFuture;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tenant_restore_core::error::{Cause, ErrorKind};

pub use s3::S3;

/// A store of documents by key.
pub trait Storage: Send + Sync {
    /// The document, or `None` when there is none.
    fn find<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<Bytes>, Cause>>;

    /// Writes the document, replacing an older one.
    fn put<'a>(&'a self, key: &'a str, content: Bytes) -> BoxFuture<'a, Result<(), Cause>>;
}

/// The document, which must exist.
pub async fn read(storage: &dyn Storage, key: &str) -> Result<Bytes, Cause> {
    storage.find(key).await?.ok_or_else(|| {
        Cause::new(
            ErrorKind::Internal,
            format!("the document {key} doesn't exist"),
        )
    })
}

/// The JSON document, which must exist.
pub async fn read_json<T: DeserializeOwned>(storage: &dyn Storage, key: &str) -> Result<T, Cause> {
    let content = read(storage, key).await?;
    serde_json::from_slice(&content).map_err(|error| {
        Cause::new(
            ErrorKind::Internal,
            format!("could not understand the document {key}: {error}"),
        )
    })
}

/// Writes a value as a JSON document.
pub async fn write_json<T: Serialize>(
    storage: &dyn Storage,
    key: &str,
    value: &T,
) -> Result<(), Cause> {
    let content = serde_json::to_vec_pretty(value).map_err(|error| {
        Cause::new(
            ErrorKind::Internal,
            format!("could not write the document {key}: {error}"),
        )
    })?;
    storage.put(key, content.into()).await
}

/// The kind of an error code that S3 or Secrets Manager gave; `None` for a call that got no answer.
pub(crate) fn kind_of_aws_error(code: Option<&str>) -> ErrorKind {
    match code {
        Some("AccessDenied" | "AccessDeniedException") => ErrorKind::AccessDenied,
        Some("SlowDown" | "ThrottlingException" | "RequestLimitExceeded") => ErrorKind::Throttled,
        Some("InternalError" | "InternalServiceError" | "ServiceUnavailable") | None => {
            ErrorKind::ServiceFault
        }
        Some(_) => ErrorKind::CallRefused,
    }
}
