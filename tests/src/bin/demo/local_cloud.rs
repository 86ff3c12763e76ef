//! The local cloud under the demonstration: left as it was found.

use std::path::PathBuf;
use std::process::Stdio;

use tenant_restore_tests::cloud::Cloud;
use tenant_restore_tests::{Context, Error, Result};
use tokio::process::Command;

/// Whether this demonstration started the cloud, and so stops it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// It was running before, and goes on.
    Running,
    /// It was started here.
    Stopped,
}

impl Found {
    /// Brings the cloud up with `localstack/up`, which changes nothing about one that runs and is up to date.
    ///
    /// # Errors
    /// When `localstack/up` fails.
    pub async fn then_up(cloud: &Cloud) -> Result<Self> {
        let found = if answers(cloud).await {
            Self::Running
        } else {
            Self::Stopped
        };
        run("up").await?;
        Ok(found)
    }

    /// Stops the cloud with `localstack/down` if it was started here.
    ///
    /// # Errors
    /// When `localstack/down` fails.
    pub async fn leave(self) -> Result<()> {
        match self {
            Self::Running => Ok(()),
            Self::Stopped => run("down").await,
        }
    }
}

/// Whether anything answers at the endpoint. If it is something else, `localstack/up` refuses it.
async fn answers(cloud: &Cloud) -> bool {
    reqwest::get(format!("{}/_local/counts", cloud.endpoint))
        .await
        .is_ok()
}

/// Runs a script of `localstack/`. What it says on standard error is shown, its output only when it fails.
async fn run(script: &str) -> Result<()> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../localstack")
        .join(script);
    let command = Command::new(&path)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output();
    let output = command.await.context(format!("run {}", path.display()))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stdout);
    Err(Error::new(format!(
        "localstack/{script} ended with {}\n{said}",
        output.status
    )))
}
