//! A snapshot of an instance or cluster.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Files, Portrait, Tag};

/// A snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot<C> {
    /// Its identifier.
    pub identifier: String,
    /// `SnapshotType`.
    pub kind: SnapshotKind,
    /// `Status`.
    pub status: SnapshotStatus,
    /// `SnapshotCreateTime`, once its data are whole.
    pub taken_at: Option<Timestamp>,
    /// What it was taken of.
    pub portrait: Portrait<C>,
    /// `TagList`: the snapshot's own.
    pub tags: Vec<Tag>,
    /// Its files.
    pub files: Files,
}

/// `SnapshotType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SnapshotKind {
    /// Asked for.
    Manual,
    /// Taken by RDS, with the automated backups.
    Automated,
}

/// `Status` of a snapshot (RDS user guide, viewing DB snapshot status).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SnapshotStatus {
    /// Being taken.
    Creating,
    /// Whole: it can be restored.
    Available,
    /// It couldn't be taken.
    Failed,
}

impl fmt::Display for SnapshotKind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(out)
    }
}

impl fmt::Display for SnapshotStatus {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(out)
    }
}

/// The identifier of the automated snapshot that is taken then (RDS user guide, working with backups).
pub fn automated_name(identifier: &str, at: Timestamp) -> String {
    format!("rds:{identifier}-{}", at.strftime("%Y-%m-%d-%H-%M"))
}
