//! The demonstration: a damaged tenant comes back from a point in time, beside the live one.
//!
//! Everything it says is measured or read while it runs; it exits non-zero if any of it is untrue. It starts the
//! local cloud if it isn't running and stops it again in that case; a cloud that was running goes on.

mod accident;
mod claims;
mod local_cloud;
mod progress;
mod proof;
mod screen;
mod story;

use std::process::ExitCode;

use tenant_restore_tests::Result;
use tenant_restore_tests::cloud::Cloud;
use tenant_restore_tests::cloud_memory::Sampler;
use tokio::time::Instant;

use local_cloud::Found;
use screen::Screen;

#[tokio::main]
async fn main() -> ExitCode {
    let began = Instant::now();
    let screen = Screen::new(began);
    let cloud = match Cloud::from_env().await {
        Ok(cloud) => cloud,
        Err(error) => {
            eprintln!("The demonstration cannot begin: {error}");
            return ExitCode::FAILURE;
        }
    };
    match demonstrate(&screen, &cloud, began).await {
        Ok(untruths) if untruths.is_empty() => {
            println!("\nEverything above was checked and is true.");
            return ExitCode::SUCCESS;
        }
        Ok(untruths) => {
            eprintln!(
                "\nThe demonstration failed: {} of its claims are untrue.",
                untruths.len()
            );
            for untruth in untruths {
                eprintln!("  - {untruth}");
            }
        }
        Err(error) => eprintln!("\nThe demonstration failed: {error}"),
    }
    eprintln!("The logs are in {}.", cloud.home.join("logs").display());
    ExitCode::FAILURE
}

async fn demonstrate(screen: &Screen, cloud: &Cloud, began: Instant) -> Result<Vec<String>> {
    screen.step("The cloud on this machine");
    let found = Found::then_up(cloud).await?;
    screen.say(&format!(
        "{} in {}, PostgreSQL and all",
        cloud.endpoint, cloud.region
    ));
    let memory = Sampler::start(&cloud.home);
    let told = story::tell(screen, cloud).await;
    let peak = memory.peak();
    let left = found.leave().await;
    let untruths = told?;
    left?;
    figures(screen, began, peak);
    next(screen, found);
    Ok(untruths)
}

/// What it took, beside the goals for a machine that does nothing else; a slow machine makes no claim untrue.
fn figures(screen: &Screen, began: Instant, peak: u64) {
    let seconds = began.elapsed().as_secs_f64();
    let mebibytes = peak / (1024 * 1024);
    screen.step("Figures");
    screen.say(&format!("{seconds:.1} s wall (goal: under 60)"));
    screen.say(&format!(
        "{mebibytes} MiB in all processes of the cloud together at their peak (goal: under 2048)"
    ));
}

fn next(screen: &Screen, found: Found) {
    screen.step("What to try next");
    if found == Found::Stopped {
        screen.say("The cloud was started for this demonstration, and is stopped again.");
        screen.say("  make up                   # start it, to stay");
    }
    screen.say(
        "  source localstack/env     # AWS CLI, SDKs, psql, tenant-restore then use the cloud",
    );
    if found == Found::Running {
        screen.say(
            "  tenant-restore request --database tenant_a --schema customer_a1 --restore-time …Z",
        );
        screen
            .say("  tenant-restore watch …    # the phases of a restore as they happen, by its id");
    }
    screen.say("  make test                 # restores that must fail, and say why");
    screen.say("  make down                 # stop the cloud and remove its state");
}
