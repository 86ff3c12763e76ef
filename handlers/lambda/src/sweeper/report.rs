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
    /// What all orphans cost together, as far as their prices are known.
    pub usd_per_hour: f64,
    /// Orphans whose price isn't known.
    pub unpriced: usize,
    /// Region and date of the prices; absent if there are none for the region.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prices: Option<String>,
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
    /// What it is made of; absent for what AWS doesn't charge by the hour.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<String>,
    /// Its price; absent if that isn't known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usd_per_hour: Option<f64>,
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
    pub fn new(dry_run: bool, unfinished: usize, prices: Option<String>) -> Self {
        Self {
            usd_per_hour: 0.0,
            unpriced: 0,
            prices,
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
        match orphan.usd_per_hour {
            Some(usd) => self.usd_per_hour += usd,
            None if orphan.size.is_some() => self.unpriced += 1,
            None => {}
        }
        info!(restore = %orphan.restore_id, kind = ?orphan.kind, name = %orphan.name, status = %orphan.status, size = orphan.size.as_deref(), usd_per_hour = orphan.usd_per_hour, recorded = orphan.recorded, action = ?orphan.action, %reason, dry_run = self.dry_run, "orphan");
        self.orphans.push(orphan);
    }

    /// Adds a resource that isn't ours.
    pub fn add_foreign(&mut self, foreign: Foreign) {
        warn!(kind = ?foreign.kind, name = %foreign.name, "our prefix, but not our tags: left alone");
        self.foreign.push(foreign);
    }
}
