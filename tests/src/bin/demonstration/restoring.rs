//! The restore, with a deployment in its middle and another deployment beside it.

use std::time::Duration;

use futures::FutureExt;
use jiff::Timestamp;
use serde_json::{Value, json};
use tenant_restore_tests::database::Database;
use tenant_restore_tests::faults::Faults;
use tenant_restore_tests::outcome::Outcome;
use tenant_restore_tests::request::Request;
use tenant_restore_tests::subscriber::{Event, Subscriber};
use tenant_restore_tests::truth::Truth;
use tenant_restore_tests::{Context, Result, leftovers};
use tokio::time::Instant;

use crate::deployed::{Deployed, TAG};
use crate::neighbours::Neighbours;
use crate::progress::Progress;
use crate::proof;
use crate::screen::Screen;
use crate::story::{DAMAGED, DATABASE};
use crate::tasks;

const RESTORED_WITHIN: Duration = Duration::from_secs(300);
const NOTICE_WITHIN: Duration = Duration::from_secs(10);

/// The template that is deployed in the middle: other settings of the functions and another revision of the worker.
const CHANGES: &str = r#"{"logLevel": "debug", "workerMostConnections": "3"}"#;
/// Longer than a deployment takes, so that it is over while the temporary database is still being made.
const PROVISIONING_MS: u64 = 60_000;

/// What the restore needs to know of the story.
pub struct Scene<'a> {
    /// Where it is told.
    pub screen: &'a Screen,
    /// The demonstration.
    pub deployment: &'a Deployed,
    /// What the tenants held at the restore point.
    pub truth: &'a Truth,
}

/// Restores both tenants; answers what is untrue.
///
/// # Errors
/// When it can't go on.
pub async fn restore(scene: &Scene<'_>, database: &mut Database) -> Result<Vec<String>> {
    let Scene {
        screen, deployment, ..
    } = *scene;
    let cloud = &deployment.cloud;
    let id = format!(
        "demonstration-{}",
        Timestamp::now().strftime("%Y%m%d%H%M%S")
    );
    let neighbours = Neighbours::meet(cloud, &id).await?;
    let first = deployment.output("WorkerTaskDefinitionArn")?;
    let mut subscriber = Subscriber::start(cloud, &id).await?;
    let (outcome, mut untruths) = run(scene, &id, &mut subscriber, &neighbours).await?;
    let (notice, told) = subscriber.wait_for_notice(&id, NOTICE_WITHIN).await?;
    subscriber.stop().await?;
    if told.outcome_id != outcome.outcome_id || !notice.attributes.contains_key("source") {
        untruths.push(format!("the notice tells the outcome: {notice:?}"));
    }
    untruths.extend(prove(scene, database, &outcome).await?);
    let restore_id = outcome
        .restore_id
        .as_deref()
        .context("find the restore's id")?;
    screen.step("The worker's revision");
    untruths.extend(
        tasks::check(
            screen,
            cloud,
            restore_id,
            &first,
            &deployment.output("WorkerTaskDefinitionArn")?,
        )
        .await?,
    );
    untruths.extend(neighbours.part(screen, restore_id).await?);
    Ok(untruths)
}

/// Asks for the restore, and deploys and sweeps while its database is made.
async fn run(
    scene: &Scene<'_>,
    id: &str,
    subscriber: &mut Subscriber,
    neighbours: &Neighbours,
) -> Result<(Outcome, Vec<String>)> {
    let Scene {
        screen,
        deployment,
        truth,
    } = *scene;
    screen.step("RestoreRequested; while its database is made, another template is deployed and both sweepers sweep");
    let faults = Faults::of(&deployment.cloud.endpoint);
    let slow = json!({"service": "rds", "fault": "provision-slowly", "match": format!("tr-{TAG}-"), "ms": PROVISIONING_MS, "times": 1});
    faults.switch_on(&slow).await?;
    let mut progress = Progress::new(screen);
    Request::new(id, DATABASE, &DAMAGED, truth.at)
        .publish(&deployment.cloud)
        .await?;
    let meanwhile = async {
        let began = Instant::now();
        let untruths = neighbours.sweep().await?;
        let said = deployment.change(CHANGES).await?;
        Ok::<_, tenant_restore_tests::Error>((said, began.elapsed(), untruths))
    };
    let mut provisioned = None;
    let seen = |event: &Event| {
        progress.show(event);
        if event.detail["phase"] == "ddl" {
            provisioned = Some(Instant::now());
        }
    };
    let ended = subscriber.wait_for_end(id, RESTORED_WITHIN, seen);
    let began = Instant::now();
    let (outcome, changed) = futures::join!(ended, meanwhile.boxed());
    faults.clear().await?;
    let elapsed = progress.elapsed();
    let (outcome, (said, deployed_after, mut untruths)) = (outcome?, changed?);
    screen.say(&format!(
        "{} after the request the other template was deployed:",
        seconds(deployed_after)
    ));
    screen.say(&said);
    screen.say(&format!("+{elapsed:5.1} s  {}", outcome.outcome));
    let went_on = provisioned.map(|moment| moment - began);
    if went_on.is_none_or(|went_on| went_on < deployed_after) {
        untruths.push(format!(
            "the deployment was over while the restore waited: {went_on:?}, {deployed_after:?}"
        ));
    }
    if outcome.outcome != "COMPLETED" {
        untruths.push(format!(
            "the restore ended as {}: {}",
            outcome.outcome,
            outcome.why()
        ));
    }
    Ok((outcome, untruths))
}

async fn prove(
    scene: &Scene<'_>,
    database: &mut Database,
    outcome: &Outcome,
) -> Result<Vec<String>> {
    let Scene {
        screen,
        deployment,
        truth,
    } = *scene;
    let cloud = &deployment.cloud;
    let mut untruths = proof::show_all(screen, cloud, database, truth, &DAMAGED, outcome).await?;
    let left = leftovers::of(cloud, database, TAG, outcome).await?;
    if left.is_empty() {
        screen.say("left behind by the restore: nothing");
    }
    untruths.extend(left.into_iter().map(|what| format!("left behind: {what}")));
    Ok(untruths)
}

fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}

/// The entries of a list of a sweep's answer whose text holds `mark`.
pub fn about(found: &Value, mark: &str) -> usize {
    let lists = ["orphans", "foreign"]
        .into_iter()
        .filter_map(|list| found[list].as_array());
    lists
        .flatten()
        .filter(|entry| entry.to_string().contains(mark))
        .count()
}
