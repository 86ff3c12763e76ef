//! Automated backups: base backups and what they say about what they were taken of.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Engine, Tag};
use crate::window::{Window, newest_usable};

/// A base backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backup {
    /// The name of its folder.
    pub name: String,
    /// When it ended: recovery can reach every later time.
    pub ended_at: Timestamp,
}

/// The restore window of these backups, given the latest time that the archive reaches.
pub fn window(backups: &[Backup], latest: Option<Timestamp>) -> Option<Window> {
    Window::new(backups.iter().map(|backup| backup.ended_at).min(), latest)
}

/// The base backup from which recovery to that time starts.
pub fn backup_for(backups: &[Backup], target: Timestamp) -> Option<&Backup> {
    let end = newest_usable(backups.iter().map(|backup| backup.ended_at), target)?;
    backups.iter().find(|backup| backup.ended_at == end)
}

/// What backups and snapshots say about the instance or cluster that they were taken of, as it was then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Portrait<C> {
    /// Its identifier.
    pub identifier: String,
    /// Its resource id, which no later instance or cluster of the same identifier has.
    pub resource_id: String,
    /// `Engine`.
    pub engine: Engine,
    /// `EngineVersion`.
    pub engine_version: String,
    /// `MasterUsername`.
    pub master: String,
    /// The database made with it.
    pub database: Option<String>,
    /// Its port.
    pub port: u16,
    /// When it was created.
    pub created_at: Option<Timestamp>,
    /// What the customer had chosen.
    pub choices: C,
    /// Its tags.
    pub tags: Vec<Tag>,
}

/// The automated backups that outlive what they were taken of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retained<C> {
    /// What was deleted.
    pub portrait: Portrait<C>,
    /// Its base backups.
    pub backups: Vec<Backup>,
    /// The latest restorable time.
    pub latest: Timestamp,
    /// `TagList`: the automated backups' own.
    #[serde(default)]
    pub tags: Vec<Tag>,
}

impl<C> Retained<C> {
    /// The restore window.
    pub fn window(&self) -> Option<Window> {
        window(&self.backups, Some(self.latest))
    }
}
