//! The report of a restore, from S3: as JSON, and as a page.

use jiff::Timestamp;
use serde::Deserialize;

use crate::cloud::Cloud;
use crate::error::{Context, Error, Result};

/// What a restore did and found; only the parts that the tests look at.
#[derive(Debug, Clone, Deserialize)]
pub struct Report {
    jobs: Vec<Job>,
    #[serde(default)]
    replicated: Vec<ReplicatedTable>,
}

/// What DMS told of a table.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ReplicatedTable {
    /// The restored schema.
    pub schema: String,
    /// The table.
    pub table: String,
    /// Rows that were loaded.
    pub rows: u64,
    /// When its load began.
    pub began: Option<Timestamp>,
    /// When its load ended.
    pub ended: Option<Timestamp>,
}

#[derive(Debug, Clone, Deserialize)]
struct Job {
    #[serde(default)]
    remarks: Vec<Remark>,
    probe: Option<Probe>,
    extract: Option<Extract>,
}

/// Which version of the source's secret logged in to the temporary database.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Probe {
    /// Its id; none if none did.
    pub version: Option<String>,
    /// Each that was tried, in order.
    pub tried: Vec<Tried>,
}

/// A version that was tried.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Tried {
    /// Its id.
    pub version: String,
    /// Such as `accepted` or `refused`.
    pub verdict: String,
}

#[derive(Debug, Clone, Deserialize)]
struct Extract {
    tables: Vec<MovedTable>,
    #[serde(default)]
    mended: Vec<Mended>,
}

/// An object whose text named the old schema and names the restored one now.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Mended {
    /// What of the object, such as `function body`.
    pub what: String,
    /// The object, by its restored name.
    pub object: String,
}

/// Something that the operator should know, though it does not forbid the restore.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Remark {
    /// A stable code, such as `FunctionNamesOldSchema`.
    pub code: String,
    /// The object, by its restored name.
    pub object: String,
    /// What is to be known.
    pub message: String,
}

/// A table and how its rows were moved.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct MovedTable {
    /// The restored schema.
    pub schema: String,
    /// The table.
    pub table: String,
    /// `dms` or `copy`.
    pub mover: String,
    /// Why.
    pub reason: String,
}

/// A file of text, as S3 has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// How a browser is to take it.
    pub content_type: Option<String>,
    /// What it holds.
    pub text: String,
}

impl File {
    /// Reads the file at an S3 URI.
    ///
    /// # Errors
    /// When the URI is none, or the object is not there, or is no text.
    pub async fn read(cloud: &Cloud, uri: &str) -> Result<Self> {
        let doing = || format!("read {uri}");
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
        let content_type = object.content_type.clone();
        let body = object.body.collect().await.context(doing())?.to_vec();
        let text = String::from_utf8(body).context(doing())?;
        Ok(Self { content_type, text })
    }
}

impl Report {
    /// Reads the report at an S3 URI.
    ///
    /// # Errors
    /// When the URI is none, the object is not there, or it is not a report.
    pub async fn read(cloud: &Cloud, uri: &str) -> Result<Self> {
        let file = File::read(cloud, uri).await?;
        serde_json::from_str(&file.text).context(format!("read the report {uri}"))
    }

    /// Remarks of all jobs.
    pub fn remarks(&self) -> impl Iterator<Item = &Remark> {
        self.jobs.iter().flat_map(|job| &job.remarks)
    }

    /// Every object whose text was mended.
    pub fn mended(&self) -> impl Iterator<Item = &Mended> {
        self.jobs
            .iter()
            .filter_map(|job| job.extract.as_ref())
            .flat_map(|extract| &extract.mended)
    }

    /// What the probe of the credentials found, if there was one.
    pub fn probe(&self) -> Option<&Probe> {
        self.jobs.iter().find_map(|job| job.probe.as_ref())
    }

    /// What DMS told of a table, if it moved it.
    pub fn replicated(&self, plan: &MovedTable) -> Option<&ReplicatedTable> {
        let mut told = self.replicated.iter();
        told.find(|table| table.schema == plan.schema && table.table == plan.table)
    }

    /// Every table with its mover.
    pub fn tables(&self) -> impl Iterator<Item = &MovedTable> {
        self.jobs
            .iter()
            .filter_map(|job| job.extract.as_ref())
            .flat_map(|extract| &extract.tables)
    }
}
