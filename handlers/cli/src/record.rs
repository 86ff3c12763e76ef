//! Reading what the pipeline recorded: a restore or a plan, or the rejection of a request that never became one.

use std::collections::HashMap;

use aws_config::SdkConfig;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use serde::de::DeserializeOwned;
use tenant_restore_core::naming::{RestoreId, plan_id, restore_id};
use tenant_restore_core::plan::Refusal;
use tenant_restore_core::restore::{FORMAT, Restore};
use tenant_restore_events::outgoing::{Ended, Planned};

use crate::arguments::Deployment;
use crate::list::Wanted;
use crate::log::Entry;
use crate::status::Status;
use crate::trouble::Trouble;

type Item = HashMap<String, AttributeValue>;

/// What an id leads to.
#[derive(Debug, Clone, PartialEq)]
pub enum Found {
    /// A restore.
    Restore(Box<Restore>),
    /// A plan, which may still be made.
    Plan(Box<Restore>),
    /// The last rejection of that request.
    Rejection(Box<Ended>),
    /// The last refusal of a plan of that request.
    RefusedPlan(Box<Planned>),
}

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

    /// What this restore id or request id leads to. A restore comes before a plan of the same request id, that before
    /// a rejection, and that before the refusal of a plan.
    ///
    /// # Errors
    /// The table can't be read, or a record is of another version.
    pub async fn find(&self, id: &str) -> Result<Option<Found>, Trouble> {
        if let Some(restore) = self.restore(id).await? {
            let restore = Box::new(restore);
            return Ok(Some(match restore.is_plan() {
                false => Found::Restore(restore),
                true => Found::Plan(restore),
            }));
        }
        if let Some(plan) = self.state(&plan_id(&self.deployment, id)).await? {
            return Ok(Some(Found::Plan(Box::new(plan))));
        }
        if let Some(ended) = self.rejection(id).await? {
            return Ok(Some(Found::Rejection(Box::new(ended))));
        }
        let refusals = self.refused_plans(id).await?.into_iter();
        Ok(refusals
            .max_by_key(|refusal| refusal.at)
            .map(|refusal| Found::RefusedPlan(Box::new(refusal.planned))))
    }

    /// The restore of that id, or else the one that the request of that id opened.
    ///
    /// # Errors
    /// As [`Self::find`].
    pub async fn restore(&self, id: &str) -> Result<Option<Restore>, Trouble> {
        if let Some(id) = RestoreId::parse(id)
            && let Some(restore) = self.state(&id).await?
        {
            return Ok(Some(restore));
        }
        self.state(&restore_id(&self.deployment, id)).await
    }

    /// The last rejection of a request of that id.
    ///
    /// # Errors
    /// As [`Self::find`].
    pub async fn rejection(&self, request_id: &str) -> Result<Option<Ended>, Trouble> {
        let partition = format!("REQUEST#{request_id}");
        let items = self
            .query("read the rejections", &partition, "REJECTED#")
            .await?;
        let rejections = items
            .into_iter()
            .map(|item| parse::<Ended>(&partition, item, "ended"));
        let rejections = rejections.collect::<Result<Vec<_>, _>>()?;
        Ok(rejections.into_iter().max_by_key(|ended| ended.ended_at))
    }

    /// The answers to wishes for a plan of that request id that never got a record.
    ///
    /// # Errors
    /// As [`Self::find`].
    pub async fn refused_plans(&self, request_id: &str) -> Result<Vec<Refusal>, Trouble> {
        let partition = format!("REQUEST#{request_id}");
        let items = self
            .query("read the refused plans", &partition, "PLAN_REFUSED#")
            .await?;
        let refusals = items.into_iter();
        refusals
            .map(|item| parse(&partition, item, "refusal"))
            .collect()
    }

    /// The log of a restore, in the order of time.
    ///
    /// # Errors
    /// As [`Self::find`].
    pub async fn log(&self, id: &RestoreId) -> Result<Vec<Entry>, Trouble> {
        let partition = format!("RESTORE#{id}");
        let items = self.query("read the log", &partition, "LOG#").await?;
        items
            .into_iter()
            .map(|item| decode(&partition, AttributeValue::M(item)))
            .collect()
    }

    /// Restores of the deployment, the newest first; plans aren't among them.
    ///
    /// # Errors
    /// As [`Self::find`].
    pub async fn list(&self, wanted: Wanted) -> Result<Vec<Status>, Trouble> {
        let mut pages = self
            .client
            .query()
            .table_name(&self.table)
            .index_name("byStarted")
            .key_condition_expression("kind = :restore")
            .expression_attribute_values(":restore", AttributeValue::S("RESTORE".to_owned()))
            .scan_index_forward(false)
            .into_paginator()
            .items()
            .send();
        let mut found = Vec::new();
        while let Some(item) = pages.next().await {
            let item = item.map_err(|error| self.failed("list the restores", &error))?;
            let announced = item.get("announced").and_then(|told| told.as_bool().ok());
            if wanted.only_live && announced == Some(&true) {
                continue;
            }
            let Some(restore) = self.listed(&item).await? else {
                continue;
            };
            if restore.is_plan() || (wanted.only_live && restore.announced) {
                continue;
            }
            found.push(Status::of(&restore, wanted.now));
            if wanted.limit == Some(found.len()) {
                break;
            }
        }
        Ok(found)
    }

    /// The restore that an entry of the index is about; nothing if it has expired since.
    async fn listed(&self, entry: &Item) -> Result<Option<Restore>, Trouble> {
        let key = entry.get("pk").and_then(|key| key.as_s().ok());
        let id = key.and_then(|key| RestoreId::parse(key.strip_prefix("RESTORE#")?));
        match id {
            Some(id) => self.state(&id).await,
            None => Err(unreadable("of the index", &format!("its key is {key:?}"))),
        }
    }

    async fn state(&self, id: &RestoreId) -> Result<Option<Restore>, Trouble> {
        let partition = format!("RESTORE#{id}");
        let answer = self
            .client
            .get_item()
            .table_name(&self.table)
            .key("pk", AttributeValue::S(partition.clone()))
            .key("sk", AttributeValue::S("STATE".to_owned()))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| self.failed("read the restore", &error))?;
        answer
            .item
            .map(|item| parse(&partition, item, "restore"))
            .transpose()
    }

    async fn query(&self, what: &str, partition: &str, prefix: &str) -> Result<Vec<Item>, Trouble> {
        let request = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk and begins_with(sk, :prefix)")
            .expression_attribute_values(":pk", AttributeValue::S(partition.to_owned()))
            .expression_attribute_values(":prefix", AttributeValue::S(prefix.to_owned()))
            .consistent_read(true);
        let items = request
            .into_paginator()
            .items()
            .send()
            .collect::<Result<Vec<_>, _>>()
            .await;
        items.map_err(|error| self.failed(what, &error))
    }

    fn failed<E: std::error::Error + ProvideErrorMetadata>(
        &self,
        what: &str,
        error: &E,
    ) -> Trouble {
        Trouble::aws(&format!("{what} in the table {}", self.table), error)
    }

    /// What is said when there is no such restore.
    pub fn unknown(&self, id: &str) -> Trouble {
        let what = format!(
            "The table {} knows no restore and no request {id:?}.",
            self.table
        );
        let remedy = "Check the id and --deployment; an invalid request opens no restore: \
                      its RestoreRejected or RestorePlanned event says why.";
        Trouble::new(what, remedy)
    }
}

fn parse<T: DeserializeOwned>(
    partition: &str,
    mut item: Item,
    attribute: &str,
) -> Result<T, Trouble> {
    let document = item.remove(attribute);
    decode(
        partition,
        document
            .ok_or_else(|| unreadable(partition, &format!("it has no attribute `{attribute}`")))?,
    )
}

fn decode<T: DeserializeOwned>(partition: &str, document: AttributeValue) -> Result<T, Trouble> {
    serde_dynamo::from_attribute_value(document)
        .map_err(|error| unreadable(partition, &error.to_string()))
}

fn unreadable(partition: &str, why: &str) -> Trouble {
    let what = format!("The record {partition} can't be read: {why}.");
    Trouble::new(
        what,
        format!("Use the command line of the deployed version; this one reads format {FORMAT}."),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status::samples;

    #[test]
    fn a_restore_that_is_written_as_the_pipeline_writes_it_is_read_the_same() {
        let restore = samples::in_ddl();
        let document = serde_dynamo::to_attribute_value(&restore).unwrap();
        let item = Item::from([("restore".to_owned(), document)]);
        assert_eq!(
            parse::<Restore>("RESTORE#x", item, "restore").unwrap(),
            restore
        );
    }

    #[test]
    fn a_record_of_another_version_is_refused_with_the_version_that_can_be_read() {
        let document = AttributeValue::M(Item::from([(
            "format".to_owned(),
            AttributeValue::N("2".into()),
        )]));
        let item = Item::from([("restore".to_owned(), document)]);
        let trouble = parse::<Restore>("RESTORE#x", item, "restore").unwrap_err();
        assert!(
            trouble
                .what
                .starts_with("The record RESTORE#x can't be read"),
            "{trouble}"
        );
        assert!(trouble.remedy.contains("format 1"), "{trouble}");
    }
}
