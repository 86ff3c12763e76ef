//! The JSON report of a restore, from S3.

use serde_json::Value;

use crate::cloud::Cloud;
use crate::error::{Context, Error, Result};

/// Reads the report at an S3 URI.
///
/// # Errors
/// When the URI is none, the object is not there, or it is not JSON.
pub async fn read(cloud: &Cloud, uri: &str) -> Result<Value> {
    let doing = || format!("read the report {uri}");
    let location = uri
        .strip_prefix("s3://")
        .and_then(|location| location.split_once('/'));
    let (bucket, key) = location.ok_or_else(|| Error::new(format!("{uri:?} is no S3 URI")))?;
    let object = cloud
        .s3
        .get_object()
        .bucket(bucket)
        .key(key)
        .send()
        .await
        .context(doing())?;
    let body = object.body.collect().await.context(doing())?;
    serde_json::from_slice(&body.into_bytes()).context(doing())
}
