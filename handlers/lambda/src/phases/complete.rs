//! Phase 7 in AWS: the report in S3, for programs and for people, then the outcome on the bus and to SNS.

use serde_json::Value;
use tenant_restore_core::effect::Learned;
use tenant_restore_core::error::ErrorKind;
use tenant_restore_core::restore::{ResourceKind, Restore};
use tenant_restore_events::outgoing::Ended;
use tenant_restore_report::{Notice, ReplicatedTable, Report, Woken, page, waits};

use crate::engine::Engine;
use crate::fault::Fault;
use crate::store::LogEntry;

impl Engine {
    /// Writes the report and tells the outcome. What is told is there: the files are written first, and again by a repetition.
    pub async fn tell_outcome(
        &self,
        restore: &Restore,
        ended: &Ended,
        [report_key, page_key]: [&str; 2],
        results: &[String],
    ) -> Result<Vec<Learned>, Fault> {
        let mut jobs = Vec::new();
        for key in results {
            jobs.extend(self.read_json::<Value>(key).await?);
        }
        let log = self.read_log(&restore.id).await?;
        let waits = waits(log.into_iter().map(woken), restore.opened_at);
        let replicated = self.replicated(restore).await?;
        let report = Report::of(restore, ended, waits, replicated, jobs);
        self.write_json(report_key, &report).await?;
        let page =
            page(&report).map_err(|error| Fault::new(ErrorKind::Internal, error.to_string()))?;
        self.write_page(page_key, page).await?;
        let notice = Notice::of(&report);
        let trace = restore.trace.as_ref();
        self.announce(ended, &notice, trace).await?;
        Ok(vec![Learned::Announced])
    }

    /// What the DMS tasks told of their tables, as far as they came.
    async fn replicated(&self, restore: &Restore) -> Result<Vec<ReplicatedTable>, Fault> {
        let names = restore.names(&self.config.setting.deployment);
        let resources = restore.resources.iter();
        let tasks = resources.filter(|resource| resource.kind == ResourceKind::ReplicationTask);
        let mut tables = Vec::new();
        for task in tasks {
            let key = names.replicated_tables(&task.name);
            let told: Option<Vec<ReplicatedTable>> = self.read_json(&key).await?;
            tables.extend(told.into_iter().flatten());
        }
        Ok(tables)
    }
}

fn woken(entry: LogEntry) -> Woken {
    Woken {
        at: entry.at,
        phase: entry.handler,
        waited_for: entry.waited_for,
    }
}
