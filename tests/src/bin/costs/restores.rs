//! A restore by COPY and one by DMS.

use std::time::Duration;

use serde_json::json;
use tenant_restore_tests::audit::{Audit, LogEntry};
use tenant_restore_tests::chronicle::Chronicle;
use tenant_restore_tests::cloud::Cloud;
use tenant_restore_tests::faults::Faults;
use tenant_restore_tests::production::Production;
use tenant_restore_tests::request::Request;
use tenant_restore_tests::samples::load_database;
use tenant_restore_tests::truth::Truth;
use tenant_restore_tests::{Context, Error, Result};

use super::counts::Counts;
use super::position::{Position, TRACE, orchestration, sum, table};

const DATABASE: &str = "tenant_a";
const SCHEMAS: [&str; 2] = ["customer_a1", "customer_a2"];
const RESTORES: u32 = 3;
const ENDS_WITHIN: Duration = Duration::from_secs(900);
/// As the estimate of a plan assumes: until the database is there, and around it.
const HOURS: f64 = 25.0 / 60.0;
/// A month as AWS bills it.
const HOURS_A_MONTH: f64 = 730.0;
/// `PhaseSeconds` of the six phases that end before the outcome, `RestoresCompleted`, `RestoresFailed` and `SpentUsd`.
const METRICS: f64 = 9.0;

/// Everything for a restore.
pub struct Stage {
    cloud: Cloud,
    name: String,
    chronicle: Chronicle,
    pub production: Production,
    truth: Truth,
}

/// What a restore used.
pub struct Used {
    pub counts: Counts,
    pub log: Vec<LogEntry>,
}

impl Stage {
    /// A source with two tenants.
    pub async fn set(cloud: &Cloud, name: &str) -> Result<Self> {
        let production = Production::create(cloud, name).await?;
        load_database(&production, DATABASE).await?;
        let mut database = production.connect(DATABASE).await?;
        let truth = Truth::note(&mut database, &SCHEMAS).await?;
        production.wait_until_restorable(truth.at).await?;
        let chronicle = Chronicle::start(cloud, name).await?;
        let (cloud, name) = (cloud.clone(), name.to_owned());
        Ok(Self {
            cloud,
            name,
            chronicle,
            production,
            truth,
        })
    }

    /// Restores by this mover, from a database that comes `slower` later than it could.
    pub async fn restore(&self, what: &str, mover: &str, slower: Duration) -> Result<Used> {
        let faults = Faults::of(&self.cloud.endpoint);
        if !slower.is_zero() {
            let slow = json!({ "service": "rds", "fault": "provision-slowly", "match": "tr-main", "ms": slower.as_millis() });
            faults.switch_on(&slow).await?;
        }
        let id = format!("{}-{what}", self.name);
        let request = Request::new(&id, DATABASE, &SCHEMAS, self.truth.at)
            .with("source", self.name.clone())
            .with("suffix", what.replace('-', "_"))
            .with("mover", mover);
        let (before, heard) = (
            Counts::now(&self.cloud).await?,
            self.chronicle.queue_requests(),
        );
        request.publish(&self.cloud).await?;
        let outcome = self.chronicle.wait_for_end(&id, ENDS_WITHIN).await?;
        let mut counts = Counts::now(&self.cloud).await?.since(&before, 1.0);
        // Who listens isn't the pipeline.
        counts.without(
            "sqsRequests",
            (self.chronicle.queue_requests() - heard) as f64,
        );
        faults.clear().await?;
        if outcome.outcome != "COMPLETED" {
            return Err(Error::new(format!(
                "{id} ended as {}:\n{}",
                outcome.outcome,
                outcome.why()
            )));
        }
        let restore = outcome
            .restore_id
            .as_deref()
            .context("read the restore's id")?;
        let log = Audit::read(&self.cloud, restore).await?.log()?;
        Ok(Used { counts, log })
    }
}

/// Prints both bills.
pub async fn print(stage: &Stage) -> Result<()> {
    // The first one starts every function, and so isn't counted.
    stage.restore("warm", "copy", Duration::ZERO).await?;
    for mover in ["copy", "auto"] {
        let (mut bills, mut invocations) = (Vec::new(), 0.0);
        for number in 0..RESTORES {
            let used = stage
                .restore(&format!("{mover}-{number}"), mover, Duration::ZERO)
                .await?;
            invocations += used.counts.of("lambdaInvocations") / f64::from(RESTORES);
            bills.push((orchestration(&used.counts), temporary(&used.counts, mover)));
        }
        let (orchestrations, temporaries): (Vec<_>, Vec<_>) = bills.into_iter().unzip();
        let moving = mean(orchestrations);
        table(
            &format!("orchestration, `mover: {mover}`, mean of {RESTORES}"),
            &moving,
        );
        let watching = [
            Position::reckoned(
                "custom metrics, for an hour each",
                METRICS,
                0.30 / HOURS_A_MONTH,
            ),
            Position::reckoned("X-Ray traces of restores", 1.0, TRACE),
            Position::reckoned(
                "X-Ray traces of invocations, one for each at most",
                invocations,
                TRACE,
            ),
        ];
        table("watching", &watching);
        table("temporary resources, 25 minutes", &mean(temporaries));
        println!(
            "\nOrchestration of a restore by `{mover}`: ${:.6}",
            sum(&moving)
        );
    }
    Ok(())
}

/// What exists for the time of a restore: an instance as small tenants have it, two secrets, DMS.
fn temporary(counts: &Counts, mover: &str) -> Vec<Position> {
    let tasks = counts.some("ecsRequests", |name| name == "RunTask");
    let mut positions = vec![
        Position::reckoned("hours of db.t4g.medium", HOURS, 0.065),
        Position::reckoned(
            "GB-months of gp3, 20 GB",
            20.0 * HOURS / HOURS_A_MONTH,
            0.115,
        ),
        Position::reckoned("months of two secrets", 2.0 * HOURS / HOURS_A_MONTH, 0.40),
        // Fargate bills a minute at least: a vCPU and 2 GB on arm64.
        Position::counted(
            "worker tasks, two minutes each",
            tasks,
            (0.03238 + 2.0 * 0.00356) / 30.0,
        ),
    ];
    if mover != "copy" {
        positions.push(Position::reckoned("hours of dms.t3.medium", HOURS, 0.073));
    }
    positions
}

/// The mean of bills with the same lines.
fn mean(bills: Vec<Vec<Position>>) -> Vec<Position> {
    let number = bills.len() as f64;
    let mut bills = bills.into_iter();
    let mut mean = bills.next().unwrap_or_default();
    for bill in bills {
        for (into, from) in mean.iter_mut().zip(bill) {
            into.amount += from.amount;
        }
    }
    for position in &mut mean {
        position.amount /= number;
    }
    mean
}
