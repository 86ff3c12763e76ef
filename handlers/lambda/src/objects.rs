//! S3: job documents, results, the report as JSON and as a page, and the working files that the cleanup deletes.

use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{Delete, ObjectIdentifier};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tenant_restore_core::error::ErrorKind;
use tenant_restore_core::job::JobResult;

use crate::engine::Engine;
use crate::fault::{Fault, fault};

impl Engine {
    /// Writes a JSON document.
    pub async fn write_json<T: Serialize>(&self, key: &str, document: &T) -> Result<(), Fault> {
        let body = serde_json::to_vec_pretty(document).map_err(|error| unreadable(key, &error))?;
        self.write(key, "application/json", body).await
    }

    /// Writes an HTML page.
    pub async fn write_page(&self, key: &str, page: String) -> Result<(), Fault> {
        self.write(key, "text/html; charset=utf-8", page.into_bytes())
            .await
    }

    async fn write(&self, key: &str, content_type: &str, body: Vec<u8>) -> Result<(), Fault> {
        let request = self
            .clients
            .s3
            .put_object()
            .bucket(&self.config.setting.bucket)
            .key(key);
        let request = request
            .content_type(content_type)
            .body(ByteStream::from(body));
        request
            .send()
            .await
            .map_err(fault(&format!("write {key}")))?;
        Ok(())
    }

    /// Reads a JSON document, if it is there.
    pub async fn read_json<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, Fault> {
        let request = self
            .clients
            .s3
            .get_object()
            .bucket(&self.config.setting.bucket)
            .key(key);
        let answer = match request.send().await.map_err(fault(&format!("read {key}"))) {
            Ok(answer) => answer,
            Err(fault) if fault.is(&["NoSuchKey"]) => return Ok(None),
            Err(fault) => return Err(fault),
        };
        let body = answer.body.collect().await;
        let body = body
            .map_err(|error| Fault::new(ErrorKind::ServiceFault, format!("read {key}: {error}")))?;
        serde_json::from_slice(&body.into_bytes())
            .map(Some)
            .map_err(|error| unreadable(key, &error))
    }

    /// Reads a worker's result, if it wrote one.
    pub async fn job_result(&self, key: &str) -> Result<Option<JobResult>, Fault> {
        self.read_json(key).await
    }

    /// Counts the objects under a prefix, up to one page of 1,000.
    pub async fn count_objects(&self, prefix: &str) -> Result<usize, Fault> {
        Ok(self.list_objects(prefix).await?.len())
    }

    /// Deletes the objects under a prefix, page by page.
    pub async fn delete_objects(&self, prefix: &str) -> Result<(), Fault> {
        loop {
            let keys = self.list_objects(prefix).await?;
            if keys.is_empty() {
                return Ok(());
            }
            let doing = format!("delete objects under {prefix}");
            let mut delete = Delete::builder().quiet(true);
            for key in keys {
                let object = ObjectIdentifier::builder().key(key).build();
                delete = delete.objects(
                    object.map_err(|error| Fault::new(ErrorKind::Internal, error.to_string()))?,
                );
            }
            let delete = delete
                .build()
                .map_err(|error| Fault::new(ErrorKind::Internal, error.to_string()))?;
            let request = self
                .clients
                .s3
                .delete_objects()
                .bucket(&self.config.setting.bucket)
                .delete(delete);
            let answer = request.send().await.map_err(fault(&doing))?;
            if let Some(error) = answer.errors().first() {
                let message = format!("{doing}: {}", error.code().unwrap_or_default());
                return Err(Fault::new(ErrorKind::ServiceFault, message));
            }
        }
    }

    async fn list_objects(&self, prefix: &str) -> Result<Vec<String>, Fault> {
        let request = self
            .clients
            .s3
            .list_objects_v2()
            .bucket(&self.config.setting.bucket)
            .prefix(prefix);
        let answer = request
            .send()
            .await
            .map_err(fault(&format!("list objects under {prefix}")))?;
        Ok(answer
            .contents()
            .iter()
            .filter_map(|object| object.key().map(str::to_owned))
            .collect())
    }
}

fn unreadable(key: &str, error: &serde_json::Error) -> Fault {
    Fault::new(
        ErrorKind::Internal,
        format!("the document {key} is no valid JSON of its kind: {error}"),
    )
}
