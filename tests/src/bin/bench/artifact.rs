//! The size of the Lambda artifact, zipped as it is uploaded, and how soon it starts.

use std::env;
use std::fs;
use std::path::PathBuf;

use tenant_restore_tests::cloud::Cloud;
use tenant_restore_tests::{Context, Error, Result};
use tokio::process::Command;

use crate::cold_start;

/// Prints the zipped size of the release binary that the cloud runs (`LOCAL_CLOUD_LAMBDA`), and its cold start.
///
/// # Errors
/// When it isn't built, Python can't zip it, or it doesn't start.
pub async fn print(cloud: &Cloud) -> Result<()> {
    let binary = env::var_os("LOCAL_CLOUD_LAMBDA").map(PathBuf::from);
    let binary =
        binary.context("find the release binary in LOCAL_CLOUD_LAMBDA; `make bench` sets it")?;
    let archive = binary.with_extension("zip");
    let doing = || format!("zip {}", binary.display());
    let zip = Command::new("python3")
        .args(["-m", "zipfile", "-c"])
        .args([&archive, &binary])
        .status();
    let status = zip.await.context(doing())?;
    if !status.success() {
        return Err(Error::new(format!(
            "{}: python3 ended with {status}",
            doing()
        )));
    }
    let bytes = |path| fs::metadata(path).map(|file| file.len() as f64 / 1e6);
    println!(
        "Lambda artifact: {:.1} MB, zipped {:.1} MB (goal: at most 12)",
        bytes(&binary).context(doing())?,
        bytes(&archive).context(doing())?
    );
    cold_start::print(cloud, &binary).await
}
