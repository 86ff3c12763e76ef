//! Phase 7 in AWS: the report in S3, then the outcome on the bus and to SNS.

use serde::Serialize;
use serde_json::Value;
use tenant_restore_core::effect::Learned;
use tenant_restore_core::error::Cause;
use tenant_restore_core::restore::{PhaseTime, Resource, Restore};
use tenant_restore_events::outgoing::Ended;

use crate::engine::Engine;
use crate::fault::Fault;

/// The report of an attempt.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Report<'a> {
    version: u32,
    outcome: &'a Ended,
    phases: &'a [PhaseTime],
    resources: &'a [Resource],
    warnings: &'a [Cause],
    /// What each worker task found and did.
    jobs: Vec<Value>,
}

impl Engine {
    /// Writes the report and tells the outcome.
    pub async fn tell_outcome(
        &self,
        restore: &Restore,
        ended: &Ended,
        report_key: &str,
        results: &[String],
    ) -> Result<Vec<Learned>, Fault> {
        let mut jobs = Vec::new();
        for key in results {
            jobs.extend(self.read_json::<Value>(key).await?);
        }
        let report = Report {
            version: 1,
            outcome: ended,
            phases: &restore.phases,
            resources: &restore.resources,
            warnings: &restore.warnings,
            jobs,
        };
        self.write_json(report_key, &report).await?;
        self.announce(ended).await?;
        Ok(vec![Learned::Announced])
    }
}
