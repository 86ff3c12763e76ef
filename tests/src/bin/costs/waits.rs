//! What waiting costs: two restores that differ by the time in which their database comes, and what is reckoned from that.

use std::time::Duration;

use tenant_restore_tests::audit::LogEntry;
use tenant_restore_tests::{Context, Result};

use super::position::{orchestration, sum, table};
use super::restores::{Stage, Used};

const SOON: Duration = Duration::from_secs(30);
const LATE: Duration = Duration::from_secs(210);

/// Prints the price of a tick, and restores whose database takes so many seconds.
pub async fn print(stage: &Stage, waits: impl Iterator<Item = String>) -> Result<()> {
    stage.restore("warm", "copy", Duration::ZERO).await?;
    let soon = stage.restore("soon", "copy", SOON).await?;
    let late = stage.restore("late", "copy", LATE).await?;
    for (used, slower) in [(&soon, SOON), (&late, LATE)] {
        let title = format!(
            "database {} s later, {} ticks",
            slower.as_secs(),
            ticks(&used.log)
        );
        table(&title, &orchestration(&used.counts));
    }
    let more = ticks(&late.log) - ticks(&soon.log);
    let tick = (dollars(&late) - dollars(&soon)) / more;
    let base = dollars(&soon) - waiting_ticks(&soon.log) * tick;
    println!("\nA tick costs ${tick:.8} ({more} more of them), all else of a restore ${base:.6}.");
    println!(
        "\n| the database takes | ticks meanwhile | $ of a restore | of it ticks |\n|---|---:|---:|---:|"
    );
    for wait in waits {
        let (seconds, ticks) = wait.split_once(':').context("read SECONDS:TICKS")?;
        let ticks: f64 = ticks.parse().context("read the ticks of a wait")?;
        let minutes: f64 = seconds
            .parse::<f64>()
            .context("read the seconds of a wait")?
            / 60.0;
        let (all, share) = (base + ticks * tick, ticks * tick);
        println!(
            "| {minutes:.0} minutes | {ticks} | {all:.6} | {share:.6} ({:.0} %) |",
            100.0 * share / all
        );
    }
    Ok(())
}

fn dollars(used: &Used) -> f64 {
    sum(&orchestration(&used.counts))
}

fn ticks(log: &[LogEntry]) -> f64 {
    log.iter().filter(|entry| entry.cause == "tick").count() as f64
}

/// Ticks of the wait for the database.
fn waiting_ticks(log: &[LogEntry]) -> f64 {
    let its =
        |entry: &&LogEntry| entry.cause == "tick" && entry.handler == "provision" && !entry.gap;
    log.iter().filter(its).count() as f64
}
