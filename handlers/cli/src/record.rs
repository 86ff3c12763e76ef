//! Reading a restore's record.

use aws_config::SdkConfig;
use aws_sdk_dynamodb::types::AttributeValue;
use tenant_restore_core::naming::{RestoreId, restore_id};
use tenant_restore_core::restore::{FORMAT, Restore};

use crate::arguments::Deployment;
use crate::trouble::Trouble;

/// The records of a deployment.
#[derive(Debug)]
pub struct Records {
    client: aws_sdk_dynamodb::Client,
    deployment: String,
    table: String,
}

impl Records {
    /// The records of this deployment.
    pub fn new(config: &SdkConfig, deployment: &Deployment) -> Self {
        Self {
            client: aws_sdk_dynamodb::Client::new(config),
            deployment: deployment.deployment.clone(),
            table: deployment.table().to_owned(),
        }
    }

    /// The restore of that id, or else the one that the request of that id opened.
    ///
    /// # Errors
    /// The table can't be read, or the record is of a later version.
    pub async fn find(&self, id: &str) -> Result<Option<Restore>, Trouble> {
        if let Some(id) = RestoreId::parse(id)
            && let Some(restore) = self.read(&id).await?
        {
            return Ok(Some(restore));
        }
        self.read(&restore_id(&self.deployment, id)).await
    }

    async fn read(&self, id: &RestoreId) -> Result<Option<Restore>, Trouble> {
        let answer = self
            .client
            .get_item()
            .table_name(&self.table)
            .key("pk", AttributeValue::S(format!("RESTORE#{id}")))
            .key("sk", AttributeValue::S("STATE".to_owned()))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| {
                Trouble::aws(
                    &format!("read the restore from the table {}", self.table),
                    &error,
                )
            })?;
        let Some(mut item) = answer.item else {
            return Ok(None);
        };
        let document = item
            .remove("restore")
            .ok_or_else(|| unreadable(id, "it has no attribute `restore`"))?;
        parse(id, document).map(Some)
    }

    /// What is said when there is no such restore.
    pub fn unknown(&self, id: &str) -> Trouble {
        let what = format!(
            "The table {} knows no restore and no request {id:?}.",
            self.table
        );
        let remedy = "Check the id and --deployment; an invalid request opens no restore: \
                      its RestoreRejected event and its notice on the topic say why.";
        Trouble::new(what, remedy)
    }
}

fn parse(id: &RestoreId, document: AttributeValue) -> Result<Restore, Trouble> {
    let restore: Restore = serde_dynamo::from_attribute_value(document)
        .map_err(|error| unreadable(id, &error.to_string()))?;
    Ok(restore)
}

fn unreadable(id: &RestoreId, why: &str) -> Trouble {
    let what = format!("The record of restore {id} can't be read: {why}.");
    Trouble::new(
        what,
        format!("Use the command line of the deployed version; this one reads format {FORMAT}."),
    )
}
