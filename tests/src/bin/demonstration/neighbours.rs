//! The ordinary deployment beside the demonstration: neither sees what the other does.

use aws_sdk_lambda::primitives::Blob;
use serde_json::{Value, json};
use tenant_restore_tests::cloud::{Cloud, DEPLOYMENT};
use tenant_restore_tests::stranger::Stranger;
use tenant_restore_tests::subscriber::Subscriber;
use tenant_restore_tests::{Context, Error, Result, audit};

use crate::deployed::TAG;
use crate::restoring::about;
use crate::screen::Screen;

/// The tag of the ordinary deployment.
const ORDINARY_TAG: &str = "main";
/// Ids of restores that never were: what bears them is an orphan.
const STRAYS: [&str; 2] = ["strayinmaina", "strayinshowb"];

/// Both deployments, each with a temporary database that no restore looks after any more.
pub struct Neighbours {
    ordinary: Cloud,
    demonstration: Cloud,
    /// What the ordinary bus and topic tell.
    ear: Subscriber,
    strays: [Stranger; 2],
    request_id: String,
}

impl Neighbours {
    /// Listens to the ordinary deployment, and makes both orphans.
    ///
    /// # Errors
    /// What AWS answers.
    pub async fn meet(demonstration: &Cloud, request_id: &str) -> Result<Self> {
        let ordinary = demonstration.of(DEPLOYMENT);
        let stray = async |cloud: &Cloud, tag: &str, id: &str| {
            let name = format!("tr-{tag}-{id}");
            let tags = [
                (
                    "tenant-restore:deployment".to_owned(),
                    cloud.deployment.clone(),
                ),
                ("tenant-restore:restore".to_owned(), format!("{id}/{name}")),
            ];
            Stranger::create_tagged(cloud, &name, &tags).await
        };
        let strays = [
            stray(&ordinary, ORDINARY_TAG, STRAYS[0]).await?,
            stray(demonstration, TAG, STRAYS[1]).await?,
        ];
        Ok(Self {
            ear: Subscriber::start(&ordinary, &format!("{request_id}-ear")).await?,
            ordinary,
            demonstration: demonstration.clone(),
            strays,
            request_id: request_id.to_owned(),
        })
    }

    /// Looks with each sweeper, and answers what is untrue: each finds its own orphan, and neither the other's nor a
    /// restore of the other. Then the demonstration's sweeps in earnest.
    ///
    /// # Errors
    /// What Lambda answers.
    pub async fn sweep(&self) -> Result<Vec<String>> {
        let mut untruths = Vec::new();
        let sides = [
            (&self.ordinary, ORDINARY_TAG, TAG, 0),
            (&self.demonstration, TAG, ORDINARY_TAG, 1),
        ];
        for (cloud, own, others, number) in sides {
            let found = sweep(cloud, true).await?;
            let (mine, theirs) = (
                about(&found, STRAYS[number]),
                about(&found, &format!("tr-{others}-")),
            );
            if mine != 1 || theirs != 0 {
                untruths.push(format!(
                    "the sweeper of tr-{own}- sees its own alone: {found}"
                ));
            }
        }
        sweep(&self.ordinary, false).await?;
        let stands = self.strays[1].stands().await?.0;
        if stands != "available" {
            untruths.push(format!(
                "the other deployment's orphan stands after a sweep: {stands}"
            ));
        }
        sweep(&self.demonstration, false).await?;
        Ok(untruths)
    }

    /// After the restore: the ordinary deployment has neither heard of it nor told of it.
    ///
    /// # Errors
    /// What AWS answers.
    pub async fn part(mut self, screen: &Screen, restore_id: &str) -> Result<Vec<String>> {
        screen.step("The ordinary deployment beside it");
        let (events, notices) = self.ear.hear().await?;
        let restores = audit::restores(&self.ordinary).await?;
        let calls = [events.len(), notices.len()];
        screen.say(&format!(
            "heard there: {} events, {} notices; each sweeper found and removed its own orphan alone",
            calls[0], calls[1]
        ));
        let mut untruths = Vec::new();
        if calls != [0, 0] {
            untruths.push(format!(
                "a request on one bus starts nothing on the other: {events:?}"
            ));
        }
        if restores.contains_key(restore_id) || restores.values().any(|id| *id == self.request_id) {
            untruths.push("the ordinary deployment has no record of the restore".to_owned());
        }
        self.ear.stop().await?;
        Ok(untruths)
    }
}

/// Invokes a deployment's sweeper, and gives what it found.
async fn sweep(cloud: &Cloud, dry_run: bool) -> Result<Value> {
    let name = format!("{}-sweeper", cloud.deployment);
    let order = json!({ "dryRun": dry_run }).to_string();
    let invoke = cloud
        .lambda
        .invoke()
        .function_name(&name)
        .payload(Blob::new(order));
    let answer = invoke.send().await.context(format!("invoke {name}"))?;
    let payload = answer.payload.map(Blob::into_inner).unwrap_or_default();
    if let Some(error) = answer.function_error {
        let text = String::from_utf8_lossy(&payload);
        return Err(Error::new(format!("{name} failed: {error}: {text}")));
    }
    serde_json::from_slice(&payload).context(format!("read what {name} found"))
}
