//! Phase 7 in AWS: the report in S3, for programs and for people, then the outcome on the bus and to SNS.

use serde_json::Value;
use tenant_restore_core::effect::Learned;
use tenant_restore_core::error::ErrorKind;
use tenant_restore_core::restore::Restore;
use tenant_restore_events::outgoing::Ended;
use tenant_restore_report::{Report, Woken, page, waits};

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
        let report = Report::of(restore, ended, waits, jobs);
        self.write_json(report_key, &report).await?;
        let page =
            page(&report).map_err(|error| Fault::new(ErrorKind::Internal, error.to_string()))?;
        self.write_page(page_key, page).await?;
        self.announce(ended).await?;
        Ok(vec![Learned::Announced])
    }
}

fn woken(entry: LogEntry) -> Woken {
    Woken {
        at: entry.at,
        phase: entry.handler,
        waited_for: entry.waited_for,
    }
}
