//! What a restore costs and what an idle month does, from what the local cloud counts: tables in Markdown, for `docs/costs.md`.
//!
//! `costs` counts restores by COPY and by DMS, and an idle sweep. `costs waits SECONDS:TICKS…` restores from a database that
//! comes soon and one that comes late, takes the difference for the price of a tick, and reckons with it what restores cost
//! whose database takes SECONDS, in which the deployed pace ticks TICKS times (`cargo run --example ticks`).

mod counts;
mod month;
mod position;
mod restores;
mod waits;

use std::process::ExitCode;

use jiff::Timestamp;
use tenant_restore_tests::Result;
use tenant_restore_tests::cloud::Cloud;

#[tokio::main]
async fn main() -> ExitCode {
    match print().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("The costs could not be counted: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn print() -> Result<()> {
    let cloud = Cloud::from_env().await?;
    let name = format!("costs-{}", Timestamp::now().strftime("%Y%m%d%H%M%S"));
    let stage = restores::Stage::set(&cloud, &name).await?;
    let mut arguments = std::env::args().skip(1);
    if arguments.next().as_deref() == Some("waits") {
        waits::print(&stage, arguments).await?;
    } else {
        restores::print(&stage).await?;
        month::print(&cloud).await?;
    }
    stage.production.delete().await
}
