//! The DynamoDB table: the restore, its claims and its log.
//!
//! | pk | sk | holds |
//! |---|---|---|
//! | `RESTORE#<id>` | `STATE` | the record, `version` for conditional saves |
//! | `RESTORE#<id>` | `LOG#<time>#<n>` | one thing that happened, with its cause |
//! | `ADMISSION` | `LEDGER` | who runs and who waits for a place, `version` for conditional saves |
//! | `TARGET#<instance or cluster>/<database>/<schema>` | `CLAIM` | the restore that claims this target name |
//!
//! What never became a restore is in `answers`.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::builders::PutBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tenant_restore_core::error::ErrorKind;
use tenant_restore_core::naming::RestoreId;
use tenant_restore_core::restore::Restore;

use crate::engine::Engine;
use crate::fault::{Fault, fault};

type Item = HashMap<String, AttributeValue>;

/// A record as it was loaded.
pub struct Stored {
    /// The version that a save must find.
    pub version: u64,
    /// The record.
    pub restore: Restore,
}

/// Whether a conditional write went through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Saved {
    /// It did.
    Yes,
    /// Somebody else was faster.
    Conflict,
}

/// Why a restore could not be opened.
pub enum Refused {
    /// The restore is there already.
    Exists,
    /// Another restore claims the target name of the schema at this position.
    Claimed(usize),
}

/// An entry of the log: what woke which handler, what it waited for, what it decided.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LogEntry {
    /// When.
    pub at: Timestamp,
    /// Which handler.
    pub handler: String,
    /// `request`, `command`, `tick`, `event`, `letter` or `sweep`.
    pub cause: String,
    /// The command's or event's name.
    pub name: String,
    /// The SQS message.
    pub message_id: String,
    /// When it was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_at: Option<Timestamp>,
    /// What the handler waited for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waited_for: Option<String>,
    /// Whether only a tick could end that wait.
    pub gap: bool,
    /// Whether the restore moved.
    pub moved: bool,
    /// The phase before.
    pub phase: String,
    /// The phase after.
    pub next_phase: String,
    /// What was decided to do.
    pub effects: Vec<String>,
    /// What went wrong, if anything did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
    /// When DynamoDB may delete it, epoch seconds; a plan's log goes with the plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<i64>,
}

/// A string.
pub(crate) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

fn number(value: u32) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

fn partition(id: &RestoreId) -> AttributeValue {
    text(format!("RESTORE#{id}"))
}

/// Plain data as DynamoDB holds it.
pub(crate) fn document<T: Serialize>(value: &T) -> Result<AttributeValue, Fault> {
    serde_dynamo::to_attribute_value(value)
        .map_err(|error| Fault::new(ErrorKind::Internal, format!("encode a record: {error}")))
}

impl Engine {
    /// Loads a restore, consistently.
    pub async fn load(&self, id: &RestoreId) -> Result<Option<Stored>, Fault> {
        let request = self
            .clients
            .dynamodb
            .get_item()
            .table_name(&self.config.table)
            .consistent_read(true);
        let answer = request
            .key("pk", partition(id))
            .key("sk", text("STATE"))
            .send()
            .await;
        let Some(mut item) = answer.map_err(fault("load the restore"))?.item else {
            return Ok(None);
        };
        let broken = |what: &str| {
            Fault::new(
                ErrorKind::Internal,
                format!("the record of {id} has no readable {what}"),
            )
        };
        let version = match item.get("version") {
            Some(AttributeValue::N(number)) => number.parse().map_err(|_| broken("version"))?,
            _ => return Err(broken("version")),
        };
        let restore = item.remove("restore").ok_or_else(|| broken("restore"))?;
        let restore = serde_dynamo::from_attribute_value(restore).map_err(|error| {
            Fault::new(
                ErrorKind::Internal,
                format!("decode the record of {id}: {error}"),
            )
        })?;
        Ok(Some(Stored { version, restore }))
    }

    /// Saves a restore if nobody else did since it was loaded, together with a log entry.
    pub async fn save(
        &self,
        restore: &Restore,
        version: u64,
        entry: &LogEntry,
    ) -> Result<Saved, Fault> {
        let state = self.put(state_item(restore, version + 1)?)?;
        let state = at_version(state, version).build().map_err(unbuilt)?;
        let log = self
            .put(log_item(&restore.id, version + 1, entry)?)?
            .build()
            .map_err(unbuilt)?;
        let items = [state, log].map(|put| TransactWriteItem::builder().put(put).build());
        let write = self
            .clients
            .dynamodb
            .transact_write_items()
            .set_transact_items(Some(items.into()));
        match write.send().await {
            Ok(_) => Ok(Saved::Yes),
            Err(error) => match cancelled_at(&error) {
                Some(reasons)
                    if reasons
                        .first()
                        .is_some_and(|reason| reason == "ConditionalCheckFailed") =>
                {
                    Ok(Saved::Conflict)
                }
                Some(reasons) if reasons.iter().any(|reason| reason == "TransactionConflict") => {
                    Ok(Saved::Conflict)
                }
                _ => Err(fault("save the restore")(error)),
            },
        }
    }

    /// Writes a log entry alone.
    pub async fn log(&self, id: &RestoreId, version: u64, entry: &LogEntry) -> Result<(), Fault> {
        let request = self
            .clients
            .dynamodb
            .put_item()
            .table_name(&self.config.table);
        request
            .set_item(Some(log_item(id, version, entry)?))
            .send()
            .await
            .map_err(fault("write the log"))?;
        Ok(())
    }

    /// The log of a restore, all attempts, in the order of time.
    pub async fn read_log(&self, id: &RestoreId) -> Result<Vec<LogEntry>, Fault> {
        let request = self
            .clients
            .dynamodb
            .query()
            .table_name(&self.config.table)
            .key_condition_expression("pk = :pk and begins_with(sk, :log)")
            .expression_attribute_values(":pk", partition(id))
            .expression_attribute_values(":log", text("LOG#"))
            .consistent_read(true);
        let mut items = request.into_paginator().items().send();
        let mut log = Vec::new();
        while let Some(item) = items.next().await {
            let item = AttributeValue::M(item.map_err(fault("read the log"))?);
            log.push(serde_dynamo::from_attribute_value(item).map_err(|error| {
                Fault::new(
                    ErrorKind::Internal,
                    format!("decode the log of {id}: {error}"),
                )
            })?);
        }
        Ok(log)
    }

    /// Opens a restore: its record and the claims of its target names, all or nothing.
    pub async fn open(&self, restore: &Restore) -> Result<Result<(), Refused>, Fault> {
        let fresh = self
            .put(state_item(restore, 1)?)?
            .condition_expression("attribute_not_exists(pk)");
        self.claim(restore, fresh).await
    }

    /// Replaces an ended restore by its next attempt, and claims its target names again.
    pub async fn reopen(
        &self,
        restore: &Restore,
        version: u64,
    ) -> Result<Result<(), Refused>, Fault> {
        let state = at_version(self.put(state_item(restore, version + 1)?)?, version);
        self.claim(restore, state).await
    }

    async fn claim(
        &self,
        restore: &Restore,
        state: PutBuilder,
    ) -> Result<Result<(), Refused>, Fault> {
        let mut items = vec![
            TransactWriteItem::builder()
                .put(state.build().map_err(unbuilt)?)
                .build(),
        ];
        for target in targets(restore) {
            let claim = HashMap::from([
                ("pk".to_owned(), text(target)),
                ("sk".to_owned(), text("CLAIM")),
                ("restoreId".to_owned(), text(restore.id.as_str())),
                ("attempt".to_owned(), number(restore.attempt)),
            ]);
            let claim = self
                .put(claim)?
                .condition_expression("attribute_not_exists(pk) or restoreId = :id")
                .expression_attribute_values(":id", text(restore.id.as_str()))
                .build()
                .map_err(unbuilt)?;
            items.push(TransactWriteItem::builder().put(claim).build());
        }
        let write = self
            .clients
            .dynamodb
            .transact_write_items()
            .set_transact_items(Some(items));
        let Err(error) = write.send().await else {
            return Ok(Ok(()));
        };
        let refused = cancelled_at(&error).and_then(|reasons| {
            let position = reasons
                .iter()
                .position(|reason| reason == "ConditionalCheckFailed")?;
            Some(if position == 0 {
                Refused::Exists
            } else {
                Refused::Claimed(position - 1)
            })
        });
        refused.map_or_else(
            || Err(fault("open the restore")(error)),
            |refused| Ok(Err(refused)),
        )
    }

    /// Gives the claimed target names back; not those that the next attempt has claimed again, should this call be late.
    pub async fn release_claims(&self, restore: &Restore) -> Result<(), Fault> {
        for target in targets(restore) {
            let request = self
                .clients
                .dynamodb
                .delete_item()
                .table_name(&self.config.table);
            let request = request.key("pk", text(target)).key("sk", text("CLAIM"));
            let ours = request
                .condition_expression(
                    "attribute_not_exists(pk) or \
                     (restoreId = :id and (attribute_not_exists(attempt) or attempt = :attempt))",
                )
                .expression_attribute_values(":id", text(restore.id.as_str()))
                .expression_attribute_values(":attempt", number(restore.attempt));
            match ours.send().await.map_err(fault("release a claimed name")) {
                // Released before, and claimed since by another restore or attempt.
                Err(fault) if fault.is(&["ConditionalCheckFailedException"]) => {}
                other => drop(other?),
            }
        }
        Ok(())
    }

    fn put(&self, item: Item) -> Result<PutBuilder, Fault> {
        Ok(Put::builder()
            .table_name(&self.config.table)
            .set_item(Some(item)))
    }
}

fn at_version(put: PutBuilder, version: u64) -> PutBuilder {
    put.condition_expression("#version = :version")
        .expression_attribute_names("#version", "version")
        .expression_attribute_values(":version", AttributeValue::N(version.to_string()))
}

/// The names that a restore claims; a plan claims none.
fn targets(restore: &Restore) -> impl Iterator<Item = String> + '_ {
    let request = &restore.request;
    let claimed = request.schemas.iter().filter(|_| !restore.is_plan());
    claimed.map(|pair| {
        format!(
            "TARGET#{}/{}/{}",
            request.destination_identity(),
            request.database,
            pair.restored_as
        )
    })
}

fn unbuilt(error: aws_sdk_dynamodb::error::BuildError) -> Fault {
    Fault::new(ErrorKind::Internal, format!("build a write: {error}"))
}

fn state_item(restore: &Restore, version: u64) -> Result<Item, Fault> {
    let mut item = HashMap::from([
        ("pk".to_owned(), partition(&restore.id)),
        ("sk".to_owned(), text("STATE")),
        ("kind".to_owned(), text("RESTORE")),
        ("startedAt".to_owned(), text(restore.opened_at.to_string())),
        ("version".to_owned(), AttributeValue::N(version.to_string())),
        // The index has this and the keys alone.
        (
            "announced".to_owned(),
            AttributeValue::Bool(restore.announced),
        ),
        ("phase".to_owned(), text(restore.phase.as_str())),
        ("requestId".to_owned(), text(&restore.request.request_id)),
        ("restore".to_owned(), document(restore)?),
    ]);
    if let Some(expires_at) = restore.expires_at() {
        let seconds = AttributeValue::N(expires_at.to_string());
        item.insert("expiresAt".to_owned(), seconds);
    }
    if let Some(ended) = &restore.ended {
        item.insert("outcome".to_owned(), text(ended.outcome.as_str()));
    }
    Ok(item)
}

fn log_item(id: &RestoreId, version: u64, entry: &LogEntry) -> Result<Item, Fault> {
    let AttributeValue::M(mut item) = document(entry)? else {
        return Err(Fault::new(ErrorKind::Internal, "a log entry is no map"));
    };
    item.insert("pk".to_owned(), partition(id));
    // Microseconds and version make the key unique and its order that of time.
    let key = format!(
        "LOG#{}#{version:06}#{}",
        entry.at.strftime("%Y-%m-%dT%H:%M:%S.%6fZ"),
        entry.message_id
    );
    item.insert("sk".to_owned(), text(key));
    Ok(item)
}

/// The codes of a cancelled transaction, by position.
fn cancelled_at<R>(
    error: &aws_sdk_dynamodb::error::SdkError<
        aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError,
        R,
    >,
) -> Option<Vec<String>> {
    use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
    let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) =
        error.as_service_error()
    else {
        return None;
    };
    let codes = cancelled
        .cancellation_reasons()
        .iter()
        .map(|reason| reason.code().unwrap_or("None").to_owned());
    Some(codes.collect())
}
