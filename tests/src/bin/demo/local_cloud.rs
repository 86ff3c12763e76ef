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
    /// Starts the cloud with `localstack/up` unless its endpoint answers.
    ///
    /// # Errors
    /// When `localstack/up` fails; it has said why by then.
    pub async fn or_start(cloud: &Cloud) -> Result<Self> {
        if answers(cloud).await {
            return Ok(Self::Running);
        }
        run("up").await?;
        Ok(Self::Stopped)
    }

    /// Stops the cloud with `localstack/down` if it was started here.
    ///
    /// # Errors
    /// When `localstack/down` fails; it has said why by then.
    pub async fn leave(self) -> Result<()> {
        match self {
            Self::Running => Ok(()),
            Self::Stopped => run("down").await,
        }
    }
}

/// Whether anything answers at the endpoint; the first AWS call tells whether it is the cloud.
async fn answers(cloud: &Cloud) -> bool {
    reqwest::get(format!("{}/_local/counts", cloud.endpoint))
        .await
        .is_ok()
}

/// Runs a script of `localstack/`, with what it says on standard output sent to standard error.
async fn run(script: &str) -> Result<()> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../localstack")
        .join(script);
    let status = Command::new(&path)
        .stdin(Stdio::null())
        .status()
        .await
        .context(format!("run {}", path.display()))?;
    if status.success() {
        return Ok(());
    }
    Err(Error::new(format!(
        "localstack/{script} ended with {status}"
    )))
}
