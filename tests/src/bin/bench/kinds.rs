//! Each kind of source by a point in time and by a snapshot, one after the other: how long every phase took.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;
use tenant_restore_tests::chronicle::Chronicle;
use tenant_restore_tests::cloud::Cloud;
use tenant_restore_tests::kind::Kind;
use tenant_restore_tests::production::Production;
use tenant_restore_tests::request::Request;
use tenant_restore_tests::samples::load_database;
use tenant_restore_tests::truth::Truth;
use tenant_restore_tests::{Context, Error, Result};

const DATABASE: &str = "tenant_a";
const SCHEMA: &str = "customer_a1";
const ENDS_WITHIN: Duration = Duration::from_secs(180);
const PHASES: [&str; 7] = [
    "intake",
    "provision",
    "ddl",
    "migrate",
    "finalize",
    "cleanup",
    "complete",
];

/// Makes a source of each kind, restores it twice after one restore to warm up, and prints a table.
pub async fn print(cloud: &Cloud, name: &str) -> Result<()> {
    let chronicle = Chronicle::start(cloud, &format!("{name}-kinds")).await?;
    println!("\nphases of a restore of one schema, seconds\n");
    let heads: String = PHASES.iter().map(|phase| format!("{phase:>10}")).collect();
    println!("  {:<32}{heads}{:>10}", "", "in all");
    let mut warm = false;
    for kind in Kind::ALL {
        let identifier = format!("{name}-{}", kind.as_str());
        let source = Production::create_of(cloud, &identifier, kind).await?;
        let (by_time, by_snapshot) = requests(&source, &identifier).await?;
        if !warm {
            let first = by_time.clone().with("suffix", "warm");
            let first = first.with("requestId", format!("{identifier}-warm"));
            restore(cloud, &chronicle, &first).await?;
            warm = true;
        }
        for (way, request) in [("point in time", by_time), ("snapshot", by_snapshot)] {
            let seconds = restore(cloud, &chronicle, &request).await?;
            let cells: String = seconds.iter().map(|it| format!("{it:>10.1}")).collect();
            let all: f64 = seconds.iter().sum();
            println!(
                "  {:<32}{cells}{all:>10.1}",
                format!("{}, {way}", kind.as_str())
            );
        }
        source.delete().await?;
    }
    Ok(())
}

async fn requests(source: &Production, identifier: &str) -> Result<(Request, Request)> {
    load_database(source, DATABASE).await?;
    let mut database = source.connect(DATABASE).await?;
    let truth = Truth::note(&mut database, &[SCHEMA]).await?;
    source.wait_until_restorable(truth.at).await?;
    let snapshot = source.snapshot(&format!("{identifier}-snapshot")).await?;
    let request = |way: &str| {
        let id = format!("{identifier}-{way}");
        Request::new(&id, DATABASE, &[SCHEMA], truth.at)
            .with("source", source.identifier.as_str())
            .with("suffix", way)
    };
    let by_snapshot = request("snapshot").without("restoreTime");
    let by_snapshot = by_snapshot.with("snapshotId", snapshot.name.as_str());
    Ok((request("time"), by_snapshot))
}

/// Seconds of each phase, from the events that tell of it.
async fn restore(cloud: &Cloud, chronicle: &Chronicle, request: &Request) -> Result<Vec<f64>> {
    request.publish(cloud).await?;
    let id = request.detail["requestId"]
        .as_str()
        .context("read the request's id")?;
    let outcome = chronicle.wait_for_end(id, ENDS_WITHIN).await?;
    if outcome.outcome != "COMPLETED" {
        let why = outcome.why();
        return Err(Error::new(format!(
            "{id} ended as {}:\n{why}",
            outcome.outcome
        )));
    }
    let events = chronicle.events(id);
    let ended = events
        .iter()
        .find(|event| event.detail_type == "RestoreCompleted");
    let ended = ended.context("find the outcome")?;
    let mut begins = vec![instant(&ended.detail["startedAt"])?];
    for phase in &PHASES[1..] {
        let mut progress = events.iter();
        let began = progress.find(|event| event.detail["phase"] == **phase);
        begins.push(instant(&began.context("find a phase")?.detail["at"])?);
    }
    begins.push(instant(&ended.detail["endedAt"])?);
    let seconds = begins.windows(2);
    Ok(seconds
        .map(|pair| pair[1].duration_since(pair[0]).as_secs_f64())
        .collect())
}

fn instant(value: &Value) -> Result<Timestamp> {
    let text = value.as_str().context("read an instant")?;
    text.parse().context("read an instant")
}
