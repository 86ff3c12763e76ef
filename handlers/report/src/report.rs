//! The report as a document.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tenant_restore_core::error::Cause;
use tenant_restore_core::job::JobResult;
use tenant_restore_core::request::Request;
use tenant_restore_core::restore::{PhaseTime, Resource, Restore};
use tenant_restore_events::Phase;
use tenant_restore_events::outgoing::Ended;

use crate::waits::Waited;

/// The report of an attempt, as `report.json` holds it. What came after version 1 was first written is optional.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Version of the document; 1.
    pub version: u32,
    /// How it ended, as told on the bus.
    pub outcome: Ended,
    /// What was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<Request>,
    /// Whether the restored schemas were opened to their users.
    #[serde(default)]
    pub opened: bool,
    /// The phase in which it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed_in: Option<Phase>,
    /// Each phase with its times.
    pub phases: Vec<PhaseTime>,
    /// What the handlers waited for.
    #[serde(default)]
    pub waits: Vec<Waited>,
    /// Each temporary resource, from its note to its end.
    pub resources: Vec<Resource>,
    /// What doesn't forbid the restore.
    pub warnings: Vec<Cause>,
    /// What the DMS tasks told of their tables.
    #[serde(default)]
    pub replicated: Vec<ReplicatedTable>,
    /// What each worker task found and did, as it wrote it ([`tenant_restore_core::job::JobResult`]): a report isn't held up
    /// by a result of another version.
    pub jobs: Vec<Value>,
}

/// A table as its DMS task told of it (DMS API reference, TableStatistics).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReplicatedTable {
    /// The restored schema.
    pub schema: String,
    /// The table.
    pub table: String,
    /// `TableState`.
    pub state: String,
    /// `FullLoadRows`.
    pub rows: u64,
    /// `FullLoadStartTime`; absent if its load never began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub began: Option<Timestamp>,
    /// `FullLoadEndTime`; absent if its load never ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Timestamp>,
}

impl Report {
    /// The report of a restore that has ended.
    pub fn of(
        restore: &Restore,
        ended: &Ended,
        waits: Vec<Waited>,
        replicated: Vec<ReplicatedTable>,
        jobs: Vec<Value>,
    ) -> Self {
        Self {
            version: 1,
            outcome: ended.clone(),
            request: Some(restore.request.clone()),
            opened: restore.opened,
            failed_in: restore.failed_in,
            phases: restore.phases.clone(),
            waits,
            resources: restore.resources.clone(),
            warnings: restore.warnings.clone(),
            replicated,
            jobs,
        }
    }

    /// Of a request that never became a restore.
    pub fn without_restore(ended: &Ended) -> Self {
        Self {
            version: 1,
            outcome: ended.clone(),
            request: None,
            opened: false,
            failed_in: None,
            phases: Vec::new(),
            waits: Vec::new(),
            resources: Vec::new(),
            warnings: Vec::new(),
            replicated: Vec::new(),
            jobs: Vec::new(),
        }
    }

    /// The worker's results that this version can read.
    pub fn job_results(&self) -> Vec<JobResult> {
        let read = self.jobs.iter().map(JobResult::deserialize);
        read.flatten().collect()
    }
}
