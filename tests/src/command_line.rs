//! The command line `tenant-restore`, as a person or a script runs it.

use std::process::{Output, Stdio};

use serde_json::Value;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use crate::error::{Context, Error, Result};

/// What a run left.
#[derive(Debug, Clone)]
pub struct Ran {
    /// Its exit code; none if a signal ended it.
    pub code: Option<i32>,
    /// Its standard output.
    pub said: String,
    /// Its standard error.
    pub complained: String,
}

impl Ran {
    /// Each line of the output as JSON.
    ///
    /// # Errors
    /// When a line isn't JSON.
    pub fn json_lines(&self) -> Result<Vec<Value>> {
        let line = |line| serde_json::from_str(line).context(format!("read {line:?}"));
        self.said.lines().map(line).collect()
    }

    /// The whole output as one JSON document.
    ///
    /// # Errors
    /// When it isn't.
    pub fn json(&self) -> Result<Value> {
        serde_json::from_str(&self.said).context(format!("read {self:?}"))
    }
}

/// Runs it with arguments and standard input, found by PATH (`localstack/env`).
///
/// # Errors
/// When it can't be run.
pub async fn run(arguments: &[&str], input: &str) -> Result<Ran> {
    let doing = || format!("run tenant-restore {}", arguments.join(" "));
    let mut process = Command::new("tenant-restore")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .context(doing())?;
    let mut stdin = process.stdin.take().context(doing())?;
    stdin.write_all(input.as_bytes()).await.context(doing())?;
    drop(stdin);
    let Output {
        status,
        stdout,
        stderr,
    } = process.wait_with_output().await.context(doing())?;
    Ok(Ran {
        code: status.code(),
        said: String::from_utf8_lossy(&stdout).into_owned(),
        complained: String::from_utf8_lossy(&stderr).into_owned(),
    })
}

/// Publishes a request; answers the id of the restore that it opens, which is known before the pipeline sees it.
///
/// # Errors
/// When it can't be published.
pub async fn request(detail: &Value) -> Result<String> {
    let arguments = ["request", "--file", "-", "--output", "json"];
    let ran = run(&arguments, &detail.to_string()).await?;
    if ran.code != Some(0) {
        return Err(Error::new(format!("tenant-restore request: {ran:?}")));
    }
    let published = ran.json()?;
    let id = published["restoreId"].as_str();
    id.map(str::to_owned)
        .context("read what tenant-restore request published")
}
