//! What the X-Ray daemon of the local cloud was sent.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::Value;

use crate::cloud::Cloud;
use crate::error::{Context, Result};

#[derive(Deserialize)]
struct Sent {
    traces: BTreeMap<String, Kept>,
    refused: Vec<Value>,
}

#[derive(Deserialize)]
struct Kept {
    documents: Vec<Value>,
    bytes: usize,
    lost: usize,
    carried: BTreeMap<String, u64>,
}

/// A trace as X-Ray would show it.
#[derive(Debug)]
pub struct Trace {
    /// Its id.
    pub id: String,
    /// Its segments, and parts of them that were sent by themselves; the last of each id.
    pub documents: Vec<Value>,
    /// Bytes of all that was sent.
    pub bytes: usize,
    /// Documents that X-Ray would have lost, since its traces hold 100 kB.
    pub lost: usize,
    /// Messages that functions were given in this trace, by queue.
    pub carried: BTreeMap<String, u64>,
}

/// The traces in which a restore is told, by their time.
///
/// # Errors
/// When the local cloud doesn't tell.
pub async fn of_restore(cloud: &Cloud, restore_id: &str) -> Result<Vec<Trace>> {
    let tells = |document: &Value| document["annotations"]["restore"] == restore_id;
    let traces = sent(cloud).await?.traces.into_iter();
    let told = traces.filter(|(_, kept)| kept.documents.iter().any(tells));
    Ok(told.map(Trace::from).collect())
}

/// The trace of that id, once something is told in it.
///
/// # Errors
/// When the local cloud doesn't tell.
pub async fn by_id(cloud: &Cloud, id: &str) -> Result<Option<Trace>> {
    let traces = sent(cloud).await?.traces.into_iter();
    let mut told = traces.filter(|(other, kept)| other == id && !kept.documents.is_empty());
    Ok(told.next().map(Trace::from))
}

impl From<(String, Kept)> for Trace {
    fn from((id, kept): (String, Kept)) -> Self {
        Self {
            id,
            documents: kept.documents,
            bytes: kept.bytes,
            lost: kept.lost,
            carried: kept.carried,
        }
    }
}

/// Documents that X-Ray would refuse, whoever sent them.
///
/// # Errors
/// When the local cloud doesn't tell.
pub async fn refused(cloud: &Cloud) -> Result<Vec<String>> {
    let refused = sent(cloud).await?.refused;
    Ok(refused.iter().map(Value::to_string).collect())
}

async fn sent(cloud: &Cloud) -> Result<Sent> {
    let doing = "read what the X-Ray daemon was sent";
    let answer = reqwest::get(format!("{}/_local/traces", cloud.endpoint))
        .await
        .context(doing)?;
    let body = answer.text().await.context(doing)?;
    serde_json::from_str(&body).context(doing)
}

impl Trace {
    /// The segment of an attempt as a whole, or of a phase, or a part of one.
    pub fn named(&self, name: &str) -> Option<&Value> {
        self.documents
            .iter()
            .find(|document| document["name"] == name)
    }

    /// Segments of phases, by their annotation.
    pub fn phases(&self) -> BTreeSet<&str> {
        let documents = self.documents.iter();
        documents
            .filter_map(|document| document["annotations"]["phase"].as_str())
            .collect()
    }

    /// Calls of AWS services: service and operation.
    pub fn calls(&self) -> BTreeSet<(&str, &str)> {
        let parts = self
            .documents
            .iter()
            .filter_map(|document| document["subsegments"].as_array());
        parts
            .flatten()
            .filter_map(|part| Some((part["name"].as_str()?, part["aws"]["operation"].as_str()?)))
            .collect()
    }

    /// Segments whose parent is none of the trace's, nor `given`.
    pub fn orphans(&self, given: Option<&str>) -> Vec<String> {
        let ids: BTreeSet<_> = self
            .documents
            .iter()
            .filter_map(|document| document["id"].as_str())
            .chain(given)
            .collect();
        let orphans = self.documents.iter().filter(|document| {
            document["parent_id"]
                .as_str()
                .is_some_and(|parent| !ids.contains(parent))
        });
        orphans.map(Value::to_string).collect()
    }

    /// Segments that nobody has told the end of.
    pub fn unfinished(&self) -> Vec<String> {
        let documents = self.documents.iter();
        documents
            .filter(|document| document["in_progress"] == true)
            .map(Value::to_string)
            .collect()
    }
}
