//! A month in which nobody restores anything.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use serde_json::Value;
use tenant_restore_tests::cloud::{Cloud, DEPLOYMENT};
use tenant_restore_tests::queues::Queue;
use tenant_restore_tests::wait::until;
use tenant_restore_tests::{Context, Result};

use super::counts::Counts;
use super::position::{Position, TRACE, orchestration, table};

const MINUTES_A_MONTH: f64 = 730.0 * 60.0;
const SWEEPS: f64 = MINUTES_A_MONTH / 15.0;
/// "Lambda scales back … to as few as 2 concurrent invokes" for an idle queue without a maximum concurrency, each of which
/// polls for up to 20 seconds (Lambda developer guide, scaling of SQS event source mappings; SQS, long polling).
const FEWEST_POLLERS: f64 = 2.0;
const MOST_POLLERS: f64 = 5.0;
const POLLS_A_MONTH: f64 = MINUTES_A_MONTH * 3.0;
/// `StuckRestores`, `Orphans`, `OrphansUsdPerHour`, of each sweep.
const SWEPT_METRICS: f64 = 3.0;
/// A restore's last ticks come up to five minutes after its outcome.
const RESTORES_ARE_STILL_WITHIN: Duration = Duration::from_secs(900);

/// Counts one sweep, and reckons a month from it and from the template that was deployed.
pub async fn print(cloud: &Cloud) -> Result<()> {
    wait_for_last_ticks(cloud).await?;
    // The first one starts the function.
    sweep(cloud).await?;
    let before = Counts::now(cloud).await?;
    sweep(cloud).await?;
    let sweep = Counts::now(cloud).await?.since(&before, 1.0);
    table("one sweep that finds nothing", &orchestration(&sweep));
    let mut month = orchestration(&sweep);
    for position in &mut month {
        position.amount *= SWEEPS;
    }
    month.retain(|position| position.dollars() > 0.0);
    let made = resources(cloud)?;
    let number = |kind: &str| made.get(kind).copied().unwrap_or_default();
    let mappings = number("AWS::Lambda::EventSourceMapping");
    month.extend([
        Position::reckoned(
            "SQS requests, polls of idle queues by 2 pollers",
            mappings * FEWEST_POLLERS * POLLS_A_MONTH,
            0.40e-6,
        ),
        Position::reckoned(
            "SQS requests, if Lambda keeps 5 pollers",
            mappings * (MOST_POLLERS - FEWEST_POLLERS) * POLLS_A_MONTH,
            0.40e-6,
        ),
        // None of them uses more than one metric, by which they are billed.
        Position::counted("alarms", number("AWS::CloudWatch::Alarm"), 0.10),
        Position::counted("dashboards", number("AWS::CloudWatch::Dashboard"), 3.00),
        Position::reckoned("custom metrics of the sweeper", SWEPT_METRICS, 0.30),
        Position::reckoned("X-Ray traces of sweeps", SWEEPS, TRACE),
        Position::counted("KMS keys", number("AWS::KMS::Key"), 1.00),
        Position::counted("secrets", number("AWS::SecretsManager::Secret"), 0.40),
    ]);
    table("an idle month: 2,920 sweeps, and what is there", &month);
    Ok(())
}

async fn wait_for_last_ticks(cloud: &Cloud) -> Result<()> {
    let queues = Queue::all(cloud).await?;
    until("the last tick", RESTORES_ARE_STILL_WITHIN, async || {
        for queue in &queues {
            if queue.depth().await? > 0 {
                return Ok(None);
            }
        }
        Ok(Some(()))
    })
    .await
}

async fn sweep(cloud: &Cloud) -> Result<()> {
    let payload = aws_sdk_lambda::primitives::Blob::new(r#"{"dryRun": true}"#);
    let invoke = cloud
        .lambda
        .invoke()
        .function_name(format!("{DEPLOYMENT}-sweeper"));
    let answer = invoke
        .payload(payload)
        .send()
        .await
        .context("invoke the sweeper")?;
    match answer.function_error() {
        Some(error) => Err(tenant_restore_tests::Error::new(format!(
            "the sweeper failed: {error}"
        ))),
        None => Ok(()),
    }
}

/// How many resources of each type the deployed template has.
fn resources(cloud: &Cloud) -> Result<BTreeMap<String, f64>> {
    let folder = cloud.home.join("assembly");
    let doing = || format!("read the template in {}", folder.display());
    let mut made = BTreeMap::new();
    for entry in fs::read_dir(&folder).context(doing())? {
        let path = entry.context(doing())?.path();
        if !path.to_string_lossy().ends_with(".template.json") {
            continue;
        }
        let text = fs::read_to_string(&path).context(doing())?;
        let template: Value = serde_json::from_str(&text).context(doing())?;
        let resources = template["Resources"].as_object().context(doing())?;
        for resource in resources.values() {
            let kind = resource["Type"].as_str().context(doing())?;
            *made.entry(kind.to_owned()).or_default() += 1.0;
        }
    }
    Ok(made)
}
