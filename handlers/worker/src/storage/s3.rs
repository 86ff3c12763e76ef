//! Documents in an S3 bucket.

use aws_sdk_s3::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_s3::operation::get_object::GetObjectError;
use aws_sdk_s3::primitives::ByteStream;
use bytes::Bytes;
use futures::future::BoxFuture;
use tenant_restore_core::error::{Cause, ErrorKind};

use super::{Storage, kind_of_aws_error};

/// A bucket.
pub struct S3 {
    client: aws_sdk_s3::Client,
    bucket: String,
}

impl S3 {
    /// The bucket. `path_style` puts its name into the path instead of the host name, which an endpoint on the
    /// loopback interface needs.
    pub fn new(
        config: &aws_config::SdkConfig,
        bucket: impl Into<String>,
        path_style: bool,
    ) -> Self {
        let config = aws_sdk_s3::config::Builder::from(config)
            .force_path_style(path_style)
            .build();
        Self {
            client: aws_sdk_s3::Client::from_conf(config),
            bucket: bucket.into(),
        }
    }

    async fn fetch(&self, key: &str) -> Result<Option<Bytes>, Cause> {
        let answer = match self
            .client
            .get_object()
            .bucket(&self.bucket)
            .key(key)
            .send()
            .await
        {
            Ok(answer) => answer,
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(GetObjectError::is_no_such_key) =>
            {
                return Ok(None);
            }
            Err(error) => return Err(self.refused("read", key, &error)),
        };
        let content = answer.body.collect().await.map_err(|error| {
            let message = format!(
                "could not read s3://{}/{key} to its end: {error}",
                self.bucket
            );
            Cause::new(ErrorKind::ServiceFault, message)
        })?;
        Ok(Some(content.into_bytes()))
    }

    async fn store(&self, key: &str, content: Bytes) -> Result<(), Cause> {
        let put = self
            .client
            .put_object()
            .bucket(&self.bucket)
            .key(key)
            .body(ByteStream::from(content));
        put.send()
            .await
            .map_err(|error| self.refused("write", key, &error))?;
        Ok(())
    }

    fn refused<E>(&self, doing: &str, key: &str, error: &SdkError<E>) -> Cause
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        let message = format!(
            "could not {doing} s3://{}/{key}: {}",
            self.bucket,
            DisplayErrorContext(error)
        );
        Cause::new(kind_of_aws_error(error.code()), message)
    }
}

impl Storage for S3 {
    fn find<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<Bytes>, Cause>> {
        Box::pin(self.fetch(key))
    }

    fn put<'a>(&'a self, key: &'a str, content: Bytes) -> BoxFuture<'a, Result<(), Cause>> {
        Box::pin(self.store(key, content))
    }
}
