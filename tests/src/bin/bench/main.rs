//! The benchmark: how soon the pipeline reacts, what a restore uses, how big the Lambda artifact is and how soon it starts,
//! how a storm of requests passes.
//!
//! It prints figures and judges none of them: the machine decides those. It fails if something ends otherwise than it
//! should.
//!
//! With the argument `artifact` it prints what the Lambda artifact is alone, with `kinds` the table of the kinds of sources,
//! with `schemas` how time and memory grow with the schemas of a request, with `restores` how they grow with the restores
//! that run at once.

mod artifact;
mod cold_start;
mod kinds;
mod latency;
mod letters;
mod many;
mod memory;
mod storm;

use std::process::ExitCode;
use std::time::Duration;

use jiff::Timestamp;
use tenant_restore_tests::audit::{Audit, LogEntry};
use tenant_restore_tests::bill::Usage;
use tenant_restore_tests::chronicle::Chronicle;
use tenant_restore_tests::cloud::Cloud;
use tenant_restore_tests::production::Production;
use tenant_restore_tests::request::Request;
use tenant_restore_tests::samples::load_database;
use tenant_restore_tests::truth::Truth;
use tenant_restore_tests::{Context, Error, Result};

const DATABASE: &str = "tenant_a";
const SCHEMAS: [&str; 2] = ["customer_a1", "customer_a2"];
const RESTORES: u32 = 6;
const ENDS_WITHIN: Duration = Duration::from_secs(180);

#[tokio::main]
async fn main() -> ExitCode {
    match measure().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("The benchmark failed: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn measure() -> Result<()> {
    let cloud = Cloud::from_env().await?;
    let name = format!("bench-{}", Timestamp::now().strftime("%Y%m%d%H%M%S"));
    match std::env::args().nth(1).as_deref() {
        Some("artifact") => return artifact::print(&cloud).await,
        Some("kinds") => return kinds::print(&cloud, &name).await,
        Some("schemas") => return many::print_schemas(&cloud, &name).await,
        Some("restores") => return many::print_restores(&cloud, &name).await,
        Some(other) => {
            return Err(Error::new(format!(
                "there is no part {other:?}: artifact, kinds, schemas, restores"
            )));
        }
        None => {}
    }
    let production = Production::create(&cloud, &name).await?;
    load_database(&production, DATABASE).await?;
    let mut database = production.connect(DATABASE).await?;
    let truth = Truth::note(&mut database, &SCHEMAS).await?;
    production.wait_until_restorable(truth.at).await?;
    let chronicle = Chronicle::start(&cloud, &name).await?;

    // The first one starts every function, and so isn't measured.
    println!(
        "{RESTORES} restores of {} schemas, one after the other, after one to warm up",
        SCHEMAS.len()
    );
    let restore = async |number| {
        let request = Request::new(&format!("{name}-{number}"), DATABASE, &SCHEMAS, truth.at)
            .with("source", name.clone())
            .with("suffix", format!("bench{number}"));
        restore(&cloud, &chronicle, &request).await
    };
    restore(0).await?;
    let (before, heard_before) = (Usage::counted(&cloud).await?, chronicle.queue_requests());
    let mut logs = Vec::new();
    for number in 1..=RESTORES {
        logs.push(restore(number).await?);
    }
    let (after, heard) = (
        Usage::counted(&cloud).await?,
        chronicle.queue_requests() - heard_before,
    );

    latency::print(&logs);
    println!(
        "\nper restore, of AWS's control plane (database, DMS and ECS hours apart), the mean of {RESTORES}"
    );
    for row in after.since(before, heard as f64).per(RESTORES).table() {
        let amounts: String = row[1..]
            .iter()
            .map(|amount| format!("{amount:>14}"))
            .collect();
        println!("  {:<24}{amounts}", row[0]);
    }
    memory::print(&cloud.home)?;
    artifact::print(&cloud).await?;
    let model = Request::new(&name, DATABASE, &SCHEMAS[..1], truth.at).with("source", name.clone());
    letters::print(&cloud, &chronicle, &format!("{name}-letter"), &model).await?;
    storm::print(&cloud, &chronicle, &format!("{name}-storm"), &model).await?;
    production.delete().await?;
    kinds::print(&cloud, &name).await
}

async fn restore(cloud: &Cloud, chronicle: &Chronicle, request: &Request) -> Result<Vec<LogEntry>> {
    request.publish(cloud).await?;
    let id = request.detail["requestId"]
        .as_str()
        .context("read the request's id")?;
    let outcome = chronicle.wait_for_end(id, ENDS_WITHIN).await?;
    if outcome.outcome != "COMPLETED" {
        return Err(Error::new(format!(
            "{id} ended as {}:\n{}",
            outcome.outcome,
            outcome.why()
        )));
    }
    let restore_id = outcome
        .restore_id
        .as_deref()
        .context("read the restore's id")?;
    Audit::read(cloud, restore_id).await?.log()
}
