//! The audit record of a restore, from DynamoDB.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::cloud::Cloud;
use crate::error::{Context, Result};

/// Everything the table holds about one restore.
#[derive(Debug, Clone)]
pub struct Audit {
    /// Its items in the order of their sort key, as plain JSON.
    pub items: Vec<Value>,
}

/// One thing that happened to a restore.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LogEntry {
    /// When.
    pub at: Timestamp,
    /// Which handler was woken.
    pub handler: String,
    /// By what: `request`, `command`, `tick`, `event`, `letter` or `sweep`.
    pub cause: String,
    /// The command's or event's name.
    pub name: String,
    /// When the message that woke it was sent, by SQS.
    pub sent_at: Option<Timestamp>,
    /// The phase before.
    pub phase: String,
    /// The phase after.
    pub next_phase: String,
    /// What the handler waited for.
    pub waited_for: Option<String>,
    /// Whether only a tick could end that wait.
    pub gap: bool,
    /// Whether the restore moved.
    pub moved: bool,
    /// What was decided to do.
    #[serde(default)]
    pub effects: Vec<String>,
    /// What went wrong, if anything did.
    pub trouble: Option<String>,
}

impl LogEntry {
    /// Whether a tick moved the restore although an event should have: it means that an event was lost.
    pub fn is_late_tick(&self) -> bool {
        self.cause == "tick" && self.moved && !self.gap
    }
}

/// A temporary resource of a restore.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemporaryResource {
    /// Such as `database` or `replicationInstance`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Whether the restore saw that it is gone.
    pub gone: bool,
}

impl Audit {
    /// Reads all items of a restore, consistently.
    ///
    /// # Errors
    /// What DynamoDB answers.
    pub async fn read(cloud: &Cloud, restore_id: &str) -> Result<Self> {
        let doing = || format!("read the audit record of {restore_id}");
        let query = cloud
            .dynamodb
            .query()
            .table_name(&cloud.deployment)
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", AttributeValue::S(format!("RESTORE#{restore_id}")))
            .consistent_read(true);
        let items = query
            .into_paginator()
            .items()
            .send()
            .collect::<Result<Vec<_>, _>>()
            .await
            .context(doing())?;
        Ok(Self {
            items: items
                .into_iter()
                .map(|item| plain_map(item.into_iter()))
                .collect(),
        })
    }

    /// The restore's own record, if it was opened.
    pub fn restore(&self) -> Option<&Value> {
        let state = self.items.iter().find(|item| item["sk"] == "STATE");
        state.map(|item| &item["restore"])
    }

    /// The temporary resources that the restore wrote down.
    pub fn resources(&self) -> Vec<TemporaryResource> {
        let noted = self
            .restore()
            .and_then(|restore| restore["resources"].as_array());
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let resource = |value: &Value| TemporaryResource {
            kind: text(&value["kind"]),
            name: text(&value["name"]),
            gone: value["goneAt"].is_string(),
        };
        noted.into_iter().flatten().map(resource).collect()
    }

    /// The log, oldest first.
    ///
    /// # Errors
    /// When an entry lacks a field.
    pub fn log(&self) -> Result<Vec<LogEntry>> {
        let entries = self
            .items
            .iter()
            .filter(|item| item["sk"].as_str().is_some_and(|sk| sk.starts_with("LOG#")));
        entries
            .map(|item| {
                serde_json::from_value(item.clone()).context("read an entry of the audit log")
            })
            .collect()
    }
}

/// Every restore that was ever opened in the deployment: its id and its request's.
///
/// # Errors
/// What DynamoDB answers, or that a record lacks its ids.
pub async fn restores(cloud: &Cloud) -> Result<BTreeMap<String, String>> {
    let doing = "list the restores";
    let scan = cloud
        .dynamodb
        .scan()
        .table_name(&cloud.deployment)
        .consistent_read(true)
        .filter_expression("sk = :state")
        .expression_attribute_values(":state", AttributeValue::S("STATE".to_owned()));
    let items = scan.into_paginator().items().send();
    let items = items.collect::<Result<Vec<_>, _>>().await.context(doing)?;
    let ids = |item: HashMap<String, AttributeValue>| {
        let restore = item.get("pk")?.as_s().ok()?.strip_prefix("RESTORE#")?;
        let request = item.get("requestId")?.as_s().ok()?;
        Some((restore.to_owned(), request.clone()))
    };
    items
        .into_iter()
        .map(|item| ids(item).context(doing))
        .collect()
}

/// Ids of the restores that hold or want one of the deployment's places.
///
/// # Errors
/// What DynamoDB answers, or that the ledger lacks its lists.
pub async fn admitted(cloud: &Cloud) -> Result<Vec<String>> {
    let doing = "read the ledger of admissions";
    let get = cloud
        .dynamodb
        .get_item()
        .table_name(&cloud.deployment)
        .consistent_read(true)
        .key("pk", AttributeValue::S("ADMISSION".to_owned()))
        .key("sk", AttributeValue::S("LEDGER".to_owned()));
    let item = get.send().await.context(doing)?.item.context(doing)?;
    let ledger = &plain_map(item.into_iter())["ledger"];
    let mut ids = Vec::new();
    for list in ["active", "waiting"] {
        for entry in ledger[list].as_array().context(doing)? {
            ids.push(entry["id"].as_str().context(doing)?.to_owned());
        }
    }
    Ok(ids)
}

/// An attribute without DynamoDB's type names. Numbers that JSON can't hold stay text.
fn plain(attribute: AttributeValue) -> Value {
    match attribute {
        AttributeValue::Bool(value) => Value::Bool(value),
        AttributeValue::L(values) => values.into_iter().map(plain).collect(),
        AttributeValue::M(values) => plain_map(values.into_iter()),
        AttributeValue::N(number) => serde_json::from_str(&number).unwrap_or(Value::String(number)),
        AttributeValue::Ns(values) | AttributeValue::Ss(values) => {
            values.into_iter().map(Value::String).collect()
        }
        AttributeValue::S(value) => Value::String(value),
        _ => Value::Null,
    }
}

fn plain_map(values: impl Iterator<Item = (String, AttributeValue)>) -> Value {
    Value::Object(
        values
            .map(|(name, value)| (name, plain(value)))
            .collect::<Map<_, _>>(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_become_plain_json() {
        let item = [
            ("n".to_owned(), AttributeValue::N("7".into())),
            (
                "l".to_owned(),
                AttributeValue::L(vec![
                    AttributeValue::S("x".into()),
                    AttributeValue::Null(true),
                ]),
            ),
        ];
        assert_eq!(
            plain_map(item.into_iter()),
            serde_json::json!({ "n": 7, "l": ["x", null] })
        );
    }
}
