//! The sweeper: on a schedule, it looks for temporary resources without a live restore and for restores that nothing
//! moves any more, mends both, and tells what it found. `sweep` in the core decides.
//!
//! Restores come first: a restore that moves again looks after its own resources.

mod listing;
mod orphans;
mod report;
mod restores;
mod worker_tasks;

use serde::Deserialize;
use tracing::info;

use crate::engine::Engine;
use crate::fault::Fault;
use crate::figures::measure_sweep;
pub use report::Report;

/// What the sweeper is told by its schedule or by a person. An unknown field fails the sweep: a misspelt `dryRun` must
/// not delete anything.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Order {
    /// Find and tell, but change nothing.
    #[serde(default)]
    dry_run: bool,
}

/// One run of the sweeper.
struct Sweep<'a> {
    engine: &'a Engine,
    dry_run: bool,
    /// Lambda's id of the invocation, for the restores' logs.
    invocation: &'a str,
}

/// Sweeps once. What AWS refuses to delete is in the report; the next sweep tries again.
///
/// # Errors
/// When AWS could not be asked what there is, or the table could not be read or written.
pub async fn sweep(engine: &Engine, order: Order, invocation: &str) -> Result<Report, Fault> {
    let sweep = Sweep {
        engine,
        dry_run: order.dry_run,
        invocation,
    };
    let unfinished = engine.unfinished().await?;
    let prices = engine.config.prices.name.clone();
    let mut report = Report::new(order.dry_run, unfinished.len(), prices);
    sweep.nudge(&unfinished, &mut report).await?;
    sweep.remove_orphans(&unfinished, &mut report).await?;
    measure_sweep(&engine.config.setting.deployment.name, &report);
    info!(
        dry_run = order.dry_run,
        unfinished = report.unfinished,
        in_use = report.in_use,
        stuck = report.stuck.len(),
        orphans = report.orphans.len(),
        usd_per_hour = report.usd_per_hour,
        unpriced = report.unpriced,
        foreign = report.foreign.len(),
        "swept"
    );
    Ok(report)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_without_fields_mends_and_one_with_an_unknown_field_is_refused() {
        let order: Order = serde_json::from_str("{}").unwrap();
        assert!(!order.dry_run);
        let order: Order = serde_json::from_str(r#"{"dryRun": true}"#).unwrap();
        assert!(order.dry_run);
        assert!(serde_json::from_str::<Order>(r#"{"dryrun": true}"#).is_err());
    }
}
