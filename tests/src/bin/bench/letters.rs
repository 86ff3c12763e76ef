//! From a message's arrival in the dead-letter queue to the first delete call of the cleanup that it starts.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};
use tenant_restore_tests::audit::{Audit, LogEntry};
use tenant_restore_tests::chronicle::Chronicle;
use tenant_restore_tests::cloud::Cloud;
use tenant_restore_tests::queues::Queue;
use tenant_restore_tests::request::Request;
use tenant_restore_tests::{Context, Error, Result, command_line, function_logs, wait};

use crate::latency::percentile;

const SAMPLES: usize = 20;
const WITHIN: Duration = Duration::from_secs(120);

/// Milliseconds since the arrival.
struct Sample {
    /// Until the letter was read.
    read: i64,
    /// Until the cleanup's command was sent.
    sent: i64,
    /// Until the first delete call.
    deleted: i64,
}

/// Fails restores by a letter, one after the other, and prints how soon each was being deleted.
pub async fn print(
    cloud: &Cloud,
    chronicle: &Chronicle,
    mark: &str,
    model: &Request,
) -> Result<()> {
    let mut samples = Vec::new();
    for number in 0..SAMPLES {
        let request = model.clone().with("requestId", format!("{mark}-{number}"));
        let request = request.with("suffix", format!("letter{number}"));
        samples.push(sample(cloud, chronicle, &request.with("mover", "copy")).await?);
    }
    println!(
        "\nfrom a letter's arrival in the dead-letter queue, {SAMPLES} samples (goal: median under 200 ms)"
    );
    println!("  {:<32} {:>11} {:>11}", "", "median", "p95");
    type Part = (&'static str, fn(&Sample) -> i64);
    let parts: [Part; 3] = [
        ("to the letter being read", |it| it.read),
        ("to the cleanup's command", |it| it.sent),
        ("to the first delete call", |it| it.deleted),
    ];
    for (name, part) in parts {
        let mut millis: Vec<_> = samples.iter().map(part).collect();
        millis.sort_unstable();
        let at = |percent| percentile(&millis, percent).unwrap_or_default();
        println!("  {name:<32} {:>8} ms {:>8} ms", at(50), at(95));
    }
    Ok(())
}

async fn sample(cloud: &Cloud, chronicle: &Chronicle, request: &Request) -> Result<Sample> {
    let id = command_line::request(&request.detail).await?;
    wait::until("the temporary database", WITHIN, async || {
        let audit = Audit::read(cloud, &id).await?;
        let provisioning = audit.restore().is_some_and(|it| it["phase"] == "provision");
        let noted = audit.resources().iter().any(|it| it.kind == "database");
        Ok((provisioning && noted).then_some(()))
    })
    .await?;
    let command = json!({
        "version": 1, "restoreId": id, "attempt": 1, "command": "ProvisionTemporaryDatabase"
    });
    let dlq = Queue::find(cloud, "dlq").await?;
    dlq.send(&command.to_string()).await?;
    let request_id = request.detail["requestId"]
        .as_str()
        .context("read the id")?;
    let outcome = chronicle.wait_for_end(request_id, WITHIN).await?;
    if outcome
        .causes
        .first()
        .is_none_or(|cause| cause.kind != "DeadLetter")
    {
        return Err(Error::new(format!(
            "{id} ended otherwise:\n{}",
            outcome.why()
        )));
    }
    measured(cloud, &id).await
}

async fn measured(cloud: &Cloud, id: &str) -> Result<Sample> {
    let log = Audit::read(cloud, id).await?.log()?;
    let letter = log.iter().find(|it| it.cause == "letter");
    let letter = letter.context("find the letter in the log")?;
    let arrived = letter.sent_at.context("read when the letter came")?;
    let of_cleanup = |it: &&LogEntry| it.name == "CleanUp" && it.handler == "cleanup";
    let command = log.iter().find(of_cleanup).and_then(|it| it.sent_at);
    let command = command.context("find the cleanup's command in the log")?;
    let deletes = |line: &Value| {
        let effect = line["effect"].as_str();
        effect.is_some_and(|effect| effect.starts_with("delete "))
    };
    let lines = function_logs::lines(cloud, "cleanup", id)?;
    let deleted = lines
        .iter()
        .find(|line| deletes(line))
        .context("find a delete call")?;
    let deleted = deleted["timestamp"].as_str().context("read a time")?;
    let deleted: Timestamp = deleted.parse().context("read a time")?;
    let since = |at: Timestamp| at.as_millisecond() - arrived.as_millisecond();
    Ok(Sample {
        read: since(letter.at),
        sent: since(command),
        deleted: since(deleted),
    })
}
