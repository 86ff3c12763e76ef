//! The demonstration of `infra/`, `DatabaseLevelRestoreStack`, in the local cloud that is up: deployed from its template
//! beside the ordinary deployment, used, updated in the middle of a restore, and deleted.
//!
//! Everything it says is measured or read while it runs; it exits non-zero if any of it is untrue.

#[path = "../demo/progress.rs"]
mod progress;
#[path = "../demo/proof.rs"]
mod proof;
#[path = "../demo/screen.rs"]
mod screen;

mod deployed;
mod neighbours;
mod restoring;
mod story;
mod tasks;

use std::process::ExitCode;

use tenant_restore_tests::cloud::Cloud;
use tenant_restore_tests::kind::Kind;
use tenant_restore_tests::{Error, Result};
use tokio::time::Instant;

use screen::Screen;

#[tokio::main]
async fn main() -> ExitCode {
    match demonstrate().await {
        Ok(untruths) if untruths.is_empty() => {
            println!("\nEverything above was checked and is true.");
            ExitCode::SUCCESS
        }
        Ok(untruths) => {
            eprintln!("\n{} claims are untrue:", untruths.len());
            for untruth in untruths {
                eprintln!("  - {untruth}");
            }
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("\nThe demonstration failed: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn demonstrate() -> Result<Vec<String>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let name = arguments.first().map_or("SingleAz", String::as_str);
    let kind = kind_called(name)?;
    let cloud = Cloud::from_env().await?;
    let screen = Screen::new(Instant::now());
    let deployment = deployed::Deployed::up(&screen, &cloud, name).await?;
    let told = if arguments.iter().any(|argument| argument == "deploy-only") {
        story::look(&screen, &deployment, kind)
            .await
            .map(|_| Vec::new())
    } else {
        Box::pin(story::tell(&screen, &deployment, kind)).await
    };
    let left = deployment.down(&screen).await;
    let mut untruths = told?;
    untruths.extend(left?);
    Ok(untruths)
}

/// A kind by the name that the context has for it.
fn kind_called(name: &str) -> Result<Kind> {
    match name {
        "SingleAz" => Ok(Kind::SingleAz),
        "MultiAz" => Ok(Kind::MultiAz),
        "AuroraProvisioned" => Ok(Kind::AuroraProvisioned),
        "AuroraServerless" => Ok(Kind::AuroraServerless),
        other => Err(Error::new(format!(
            "{other} is no kind of selectedDatabase"
        ))),
    }
}
