//! What the functions logged, from the files that `localstack/README.md` names.

use std::fs;

use serde_json::Value;

use crate::cloud::{Cloud, DEPLOYMENT};
use crate::error::{Context, Result};

/// The lines of one function that name a restore, in their order.
///
/// # Errors
/// When the log can't be read or a line that names the restore isn't JSON.
pub fn lines(cloud: &Cloud, function: &str, restore_id: &str) -> Result<Vec<Value>> {
    let path = cloud
        .home
        .join(format!("logs/functions/{DEPLOYMENT}-{function}.log"));
    let log = fs::read_to_string(&path).context(format!("read {}", path.display()))?;
    let named = log.lines().filter(|line| line.contains(restore_id));
    named
        .map(|line| serde_json::from_str(line).context("read a line of a log"))
        .collect()
}

/// How many lines of all functions name a restore, and those of them that are worse than information.
///
/// # Errors
/// When a log can't be read or a line that names the restore isn't JSON.
pub fn about(cloud: &Cloud, restore_id: &str) -> Result<(usize, Vec<String>)> {
    let folder = cloud.home.join("logs/functions");
    let doing = || format!("read the logs in {}", folder.display());
    let (mut lines, mut complaints) = (0, Vec::new());
    for entry in fs::read_dir(&folder).context(doing())? {
        let log = fs::read_to_string(entry.context(doing())?.path()).context(doing())?;
        for line in log.lines().filter(|line| line.contains(restore_id)) {
            lines += 1;
            let entry: Value = serde_json::from_str(line).context("read a line of a log")?;
            if entry["level"] != "INFO" {
                complaints.push(line.to_owned());
            }
        }
    }
    Ok((lines, complaints))
}
