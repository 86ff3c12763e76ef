//! The stack: brought up, changed, taken down, with `localstack/demonstration`.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::Stdio;

use tenant_restore_tests::cloud::Cloud;
use tenant_restore_tests::{Context, Error, Result};
use tokio::process::Command;

use crate::screen::Screen;

/// What `localstack/control/cloud.py` calls it.
const DEPLOYMENT: &str = "showcase";
/// Part of the names of its temporary resources.
pub const TAG: &str = "show";

/// The deployed demonstration.
pub struct Deployed {
    /// The cloud, seen as the demonstration.
    pub cloud: Cloud,
    /// `SingleAz` …
    kind: String,
}

impl Deployed {
    /// Deploys it.
    ///
    /// # Errors
    /// What CloudFormation or the app complain of.
    pub async fn up(screen: &Screen, cloud: &Cloud, kind: &str) -> Result<Self> {
        screen.step(&format!("The demonstration of {kind}, from its template"));
        screen.say(&run(&["up", kind]).await?);
        let cloud = cloud.of(DEPLOYMENT);
        let kind = kind.to_owned();
        Ok(Self { cloud, kind })
    }

    /// Deploys it again, with other values of the app's context; answers what it says.
    ///
    /// # Errors
    /// What CloudFormation or the app complain of.
    pub async fn change(&self, changes: &str) -> Result<String> {
        run(&["up", &self.kind, changes]).await
    }

    /// The outputs of its stack.
    ///
    /// # Errors
    /// When there are none.
    pub fn outputs(&self) -> Result<BTreeMap<String, String>> {
        let path = self.cloud.home.join(format!("outputs-{DEPLOYMENT}.json"));
        let doing = || format!("read {}", path.display());
        let text = fs::read_to_string(&path).context(doing())?;
        serde_json::from_str(&text).context(doing())
    }

    /// One of them.
    ///
    /// # Errors
    /// When there is none of that name.
    pub fn output(&self, name: &str) -> Result<String> {
        let found = self.outputs()?.remove(name);
        found.context(format!("find the output {name}"))
    }

    /// Empties its bucket, as its README says, and deletes the stack; answers what is still there.
    ///
    /// # Errors
    /// When the stack can't be deleted.
    pub async fn down(&self, screen: &Screen) -> Result<Vec<String>> {
        screen.step("The stack is deleted");
        self.empty_bucket().await?;
        let said = run(&["down"]).await?;
        screen.say(&said);
        let stays = said
            .lines()
            .filter_map(|line| line.trim().strip_prefix("still there: "))
            .filter(|what| !is_expected(what));
        Ok(stays
            .map(|what| format!("still there after the deletion: {what}"))
            .collect())
    }

    async fn empty_bucket(&self) -> Result<()> {
        let s3 = &self.cloud.s3;
        let bucket = self.output("BucketName")?;
        let doing = || format!("empty {bucket}");
        let list = s3.list_objects_v2().bucket(&bucket).into_paginator().send();
        for page in list.collect::<Result<Vec<_>, _>>().await.context(doing())? {
            for object in page.contents() {
                let delete = s3.delete_object().bucket(&bucket);
                let delete = delete.set_key(object.key().map(str::to_owned));
                delete.send().await.context(doing())?;
            }
        }
        Ok(())
    }
}

/// Keys are deleted a month later, and restores may go on with earlier revisions of the worker.
fn is_expected(what: &str) -> bool {
    what.ends_with(", PendingDeletion") || what.starts_with("revision of the worker ")
}

/// Runs `localstack/demonstration`, and gives what it said.
async fn run(arguments: &[&str]) -> Result<String> {
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../localstack/demonstration");
    let doing = || format!("run localstack/demonstration {}", arguments.join(" "));
    let command = Command::new(&script)
        .args(arguments)
        .stdin(Stdio::null())
        .output();
    let output = command.await.context(doing())?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(said);
    }
    let complained = String::from_utf8_lossy(&output.stderr);
    Err(Error::new(format!("{}: {said}{complained}", doing())))
}
