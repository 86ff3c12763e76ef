//! What mode `preflight` tells of production.

use serde::{Deserialize, Serialize};

use super::Mover;
use crate::error::Cause;

/// A finding that forbids a restore unless the request accepts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Acceptance {
    /// Enabled event triggers.
    EventTriggers,
    /// Publications FOR ALL TABLES.
    Publications,
}

/// What production looks like before the restore.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PreflightReport {
    /// Version of the live server, as `server_version_num`; 0 if the database couldn't be looked at.
    pub server_version: u32,
    /// What was found, worst first.
    pub findings: Vec<Finding>,
    /// Whether some table of the live schemas would be moved by DMS.
    pub dms_expected: bool,
    /// Every table of the live schemas with rows of its own, largest first.
    #[serde(default)]
    pub tables: Vec<ExpectedTable>,
    /// How much there is; absent if the database couldn't be looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub volume: Option<Volume>,
    /// How many connections there are; absent if the database couldn't be looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connections: Option<Connections>,
}

impl PreflightReport {
    /// The findings that forbid the restore.
    pub fn critical(&self) -> impl Iterator<Item = &Finding> {
        self.findings
            .iter()
            .filter(|finding| finding.severity == Severity::Critical)
    }
}

/// A live table, and how its namesake of the restore point would probably travel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExpectedTable {
    /// The live schema.
    pub schema: String,
    /// The table.
    pub table: String,
    /// Which mover. Reports of earlier versions have none if the requested one couldn't carry the table.
    pub mover: Option<Mover>,
    /// Why this mover.
    pub reason: String,
    /// Rows, as PostgreSQL's statistics count them.
    pub rows: u64,
    /// Bytes on disk, without indexes.
    pub bytes: u64,
}

/// Bytes of production.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Volume {
    /// The live schemas' tables with indexes and TOAST; none if there are none to measure, of a deleted source.
    #[serde(default)]
    pub schemas: Option<u64>,
    /// All databases of the server.
    pub databases: u64,
    /// What the write-ahead log may take: `max_wal_size`, and what replication slots hold back beyond it.
    pub log: u64,
    /// Whether some slot is not read, or far behind: then the log of all restored rows stays too.
    pub log_is_kept: bool,
    /// Whether the schemas were measured; otherwise their size is that of the last ANALYZE.
    pub measured: bool,
}

/// Client connections of production.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Connections {
    /// `max_connections`.
    pub most: u32,
    /// Those kept for superusers and the like.
    pub reserved: u32,
    /// Those in use when it was looked at.
    pub used: u32,
}

impl Connections {
    /// How many more can be opened.
    pub fn free(&self) -> u32 {
        self.most
            .saturating_sub(self.reserved)
            .saturating_sub(self.used)
    }
}

/// One finding of the preflight.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// How bad.
    pub severity: Severity,
    /// What, with the field of the request if one is to blame.
    pub cause: Cause,
}

impl Finding {
    /// A finding that forbids the restore.
    pub fn critical(cause: Cause) -> Self {
        Self {
            severity: Severity::Critical,
            cause,
        }
    }

    /// A finding that goes into the report.
    pub fn warning(cause: Cause) -> Self {
        Self {
            severity: Severity::Warning,
            cause,
        }
    }
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Severity {
    /// Forbids the restore.
    Critical,
    /// Goes into the report.
    Warning,
}
