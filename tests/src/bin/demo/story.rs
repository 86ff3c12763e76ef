//! The story: a shop at work, an accident, and the way back.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;
use tenant_restore_tests::activity::Activity;
use tenant_restore_tests::cloud::Cloud;
use tenant_restore_tests::database::Database;
use tenant_restore_tests::outcome::Outcome;
use tenant_restore_tests::request::Request;
use tenant_restore_tests::samples::TENANTS;
use tenant_restore_tests::subscriber::Subscriber;
use tenant_restore_tests::truth::Truth;
use tenant_restore_tests::{Error, Result};

use crate::accident;
use crate::claims;
use crate::progress::Progress;
use crate::proof;
use crate::screen::Screen;
use tenant_restore_tests::bill::Usage;

/// The database of the damaged tenants.
pub const DATABASE: &str = "tenant_a";
/// The damaged tenants.
pub const DAMAGED: [&str; 2] = ["customer_a1", "customer_a2"];

const PACE: Duration = Duration::from_millis(100);
const RESTORED_WITHIN: Duration = Duration::from_secs(180);
const NOTICE_WITHIN: Duration = Duration::from_secs(10);

/// Tells the whole story; answers every claim that turned out untrue.
///
/// # Errors
/// When it can't go on.
pub async fn tell(screen: &Screen, cloud: &Cloud) -> Result<Vec<String>> {
    let name = format!("demo-{}", Timestamp::now().strftime("%Y%m%d%H%M%S"));
    let production = accident::prepare(screen, cloud).await?;
    let mut database = production.connect(DATABASE).await?;
    let mut activity = Activity::start(&production, &TENANTS, PACE).await?;
    let truth = accident::happen(screen, &mut activity, &mut database).await?;
    production.wait_until_restorable(truth.at).await?;

    let mut subscriber = Subscriber::start(cloud, &name).await?;
    let scene = Scene {
        screen,
        cloud,
        request_id: &name,
        truth: &truth,
    };
    let told = rescue(&scene, &mut database, activity, &mut subscriber).await;
    let stopped = subscriber.stop().await;
    let untruths = told?;
    stopped?;
    Ok(untruths)
}

/// What the second half of the story needs to know of the first.
#[derive(Clone, Copy)]
pub struct Scene<'a> {
    /// Where it is told.
    pub screen: &'a Screen,
    /// The local cloud.
    pub cloud: &'a Cloud,
    /// The request's id.
    pub request_id: &'a str,
    /// What they held at the restore point.
    pub truth: &'a Truth,
}

async fn rescue(
    scene: &Scene<'_>,
    database: &mut Database,
    activity: Activity,
    subscriber: &mut Subscriber,
) -> Result<Vec<String>> {
    let Scene {
        screen,
        cloud,
        request_id,
        ..
    } = *scene;
    let before = Usage::counted(cloud).await?;
    let earlier = activity.tallies();
    let outcome = restore(scene, subscriber).await?;
    let (notice, told) = subscriber
        .wait_for_notice(request_id, NOTICE_WITHIN)
        .await?;
    let own_requests = subscriber.queue_requests() as f64;
    let used = Usage::counted(cloud).await?.since(before, own_requests);
    let tallies = activity.finish().await?;

    let mut untruths = claims::check_outcome(screen, &outcome, &notice, &told);
    untruths
        .extend(proof::show_all(screen, cloud, database, scene.truth, &DAMAGED, &outcome).await?);
    claims::show_others(screen, &earlier, &tallies);
    untruths.extend(claims::show_cleanup(screen, cloud, database, &outcome).await?);
    untruths.extend(claims::show_moves(screen, cloud, &outcome).await?);
    screen.step("What it used of AWS's control plane (database, DMS and ECS hours apart)");
    screen.table(&used.table());
    Ok(untruths)
}

async fn restore(scene: &Scene<'_>, subscriber: &mut Subscriber) -> Result<Outcome> {
    let Scene {
        screen, request_id, ..
    } = *scene;
    screen.step("RestoreRequested");
    let request = Request::new(request_id, DATABASE, &DAMAGED, scene.truth.at);
    screen.say(&spaced(&request.detail));
    let mut progress = Progress::new(screen);
    request.publish(scene.cloud).await?;
    let outcome = subscriber
        .wait_for_end(request_id, RESTORED_WITHIN, |event| progress.show(event))
        .await?;
    screen.say(&format!(
        "+{:5.1} s  {}",
        progress.elapsed(),
        outcome.outcome
    ));
    if outcome.outcome == "COMPLETED" {
        return Ok(outcome);
    }
    Err(Error::new(format!(
        "the restore ended as {}:\n{}",
        outcome.outcome,
        outcome.why()
    )))
}

/// JSON on one line, with spaces at which it may be folded.
fn spaced(detail: &Value) -> String {
    detail
        .to_string()
        .replace("\":", "\": ")
        .replace(",\"", ", \"")
}
