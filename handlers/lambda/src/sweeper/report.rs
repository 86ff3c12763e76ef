//! What a sweep found and did, as its answer and as lines of the log.

use serde::Serialize;
use tenant_restore_core::naming::RestoreId;
use tenant_restore_core::sweep::Kind;
use tenant_restore_events::Phase;
use tracing::{info, warn};

/// The answer of a sweep.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Whether nothing was changed.
    pub dry_run: bool,
    /// Restores that haven't told their outcome yet.
    pub unfinished: usize,
    /// Resources of live restores.
    pub in_use: usize,
    /// Restores that nothing moved any more.
    pub stuck: Vec<Stuck>,
    /// Resources of ours without a live restore.
    pub orphans: Vec<Orphan>,
    /// Resources with our prefix whose tags don't say that they are ours; left alone.
    pub foreign: Vec<Foreign>,
}

/// A restore that nothing moved any more.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Stuck {
    pub restore_id: RestoreId,
    pub attempt: u32,
    pub phase: Phase,
    /// What is sent to set it going, one line each.
    pub nudges: Vec<String>,
}

/// A resource without a live restore.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Orphan {
    pub kind: Kind,
    pub name: String,
    pub restore_id: RestoreId,
    pub status: String,
    /// Whether the table has a record of the restore, which then is over.
    pub recorded: bool,
    pub action: Action,
    /// Why it is left to a later sweep, or why AWS refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What a sweep does, or would do, to an orphan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Action {
    /// Asks AWS to stop it.
    Stop,
    /// Asks AWS to delete it.
    Delete,
    /// Leaves it to a later sweep.
    Later,
    /// Asked AWS, which refused.
    Refused,
}

/// A resource with our prefix that isn't ours.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Foreign {
    pub kind: Kind,
    pub name: String,
}

impl Report {
    /// Nothing found so far.
    pub fn new(dry_run: bool, unfinished: usize) -> Self {
        Self {
            dry_run,
            unfinished,
            in_use: 0,
            stuck: Vec::new(),
            orphans: Vec::new(),
            foreign: Vec::new(),
        }
    }

    /// Adds a restore that nothing moved.
    pub fn add_stuck(&mut self, stuck: Stuck) {
        info!(restore = %stuck.restore_id, phase = %stuck.phase, nudges = ?stuck.nudges, dry_run = self.dry_run, "stuck restore");
        self.stuck.push(stuck);
    }

    /// Adds an orphan.
    pub fn add_orphan(&mut self, orphan: Orphan) {
        let reason = orphan.reason.as_deref().unwrap_or_default();
        info!(restore = %orphan.restore_id, kind = ?orphan.kind, name = %orphan.name, status = %orphan.status, recorded = orphan.recorded, action = ?orphan.action, %reason, dry_run = self.dry_run, "orphan");
        self.orphans.push(orphan);
    }

    /// Adds a resource that isn't ours.
    pub fn add_foreign(&mut self, foreign: Foreign) {
        warn!(kind = ?foreign.kind, name = %foreign.name, "our prefix, but not our tags: left alone");
        self.foreign.push(foreign);
    }
}
