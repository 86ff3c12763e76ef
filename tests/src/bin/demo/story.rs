//! The story: a shop at work, an accident, and the way back.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use tenant_restore_tests::activity::{Activity, Tally};
use tenant_restore_tests::audit::Audit;
use tenant_restore_tests::cloud::Cloud;
use tenant_restore_tests::database::Database;
use tenant_restore_tests::outcome::Outcome;
use tenant_restore_tests::production::{self, Production};
use tenant_restore_tests::request::Request;
use tenant_restore_tests::samples::{self, TENANTS, Tenant};
use tenant_restore_tests::subscriber::{Notice, Subscriber};
use tenant_restore_tests::{Context, Error, Result, leftovers, report, wait};

use crate::bill::Usage;
use crate::progress::Progress;
use crate::proof;
use crate::screen::Screen;
use crate::truth::Truth;

const PREFIX: &str = "demo-";
const DATABASE: &str = "tenant_a";
const DAMAGED: [&str; 2] = ["customer_a1", "customer_a2"];
const PACE: Duration = Duration::from_millis(100);
const RESTORED_WITHIN: Duration = Duration::from_secs(180);
const NOTICE_WITHIN: Duration = Duration::from_secs(10);
const DEPLOYMENT_TAG: &str = "main";

/// Tells the whole story; answers every claim that turned out untrue.
///
/// # Errors
/// When it can't go on.
pub async fn tell(screen: &Screen, cloud: &Cloud) -> Result<Vec<String>> {
    let name = format!("{PREFIX}{}", Timestamp::now().strftime("%Y%m%d%H%M%S"));
    let production = prepare(screen, cloud, &name).await?;
    let mut database = production.connect(DATABASE).await?;
    let mut activity = Activity::start(&production, &TENANTS, PACE).await?;
    let truth = accident(screen, &mut activity, &mut database).await?;
    production.wait_until_restorable(truth.at).await?;

    let mut subscriber = Subscriber::start(cloud, &name).await?;
    let scene = Scene {
        screen,
        cloud,
        production: &production,
        truth: &truth,
    };
    let told = rescue(&scene, &mut database, activity, &mut subscriber).await;
    subscriber.stop().await?;
    told
}

/// What the second half of the story needs to know of the first.
struct Scene<'a> {
    screen: &'a Screen,
    cloud: &'a Cloud,
    production: &'a Production,
    truth: &'a Truth,
}

async fn rescue(
    scene: &Scene<'_>,
    database: &mut Database,
    activity: Activity,
    subscriber: &mut Subscriber,
) -> Result<Vec<String>> {
    let Scene { screen, cloud, .. } = *scene;
    let request_id = scene.production.identifier.as_str();
    let before = Usage::counted(cloud).await?;
    let earlier = activity.tallies();
    let outcome = restore(scene, subscriber, request_id).await?;
    let (notice, told) = subscriber
        .wait_for_notice(request_id, NOTICE_WITHIN)
        .await?;
    let own_requests = count(subscriber.queue_requests());
    let used = Usage::counted(cloud).await?.since(before, own_requests);
    let tallies = activity.finish().await?;

    let mut untruths = check_outcome(screen, &outcome, &notice, &told);
    untruths.extend(show_proof(scene, database, &outcome).await?);
    show_others(screen, &earlier, &tallies);
    untruths.extend(show_cleanup(screen, cloud, database, &outcome).await?);
    screen.step("What it used of AWS's control plane (database, DMS and ECS hours apart)");
    screen.table(&used.table());
    Ok(untruths)
}

async fn prepare(screen: &Screen, cloud: &Cloud, name: &str) -> Result<Production> {
    screen.step("A production instance with four tenants");
    for old in production::list(cloud, PREFIX).await? {
        production::delete(cloud, &old).await?;
        screen.say(&format!(
            "{old}, left by an earlier demonstration, is being deleted"
        ));
    }
    let production = Production::create(cloud, name).await?;
    screen.say(&format!(
        "{name} is available at {}:{}",
        production.login.host, production.login.port
    ));
    samples::load_all(&production).await?;
    let tenants = TENANTS
        .map(|tenant| format!("{}.{}", tenant.database, tenant.schema))
        .join(", ");
    screen.say(&format!("loaded: {tenants}"));
    Ok(production)
}

/// Work, the noted time, more work, then the damage.
async fn accident(
    screen: &Screen,
    activity: &mut Activity,
    database: &mut Database,
) -> Result<Truth> {
    screen.step("Every tenant is at work");
    wait_for_checkouts(activity, 20).await?;
    let truth = Truth::note(activity, database, &DAMAGED).await?;
    let rows: i64 = truth
        .schemas
        .values()
        .map(|(contents, _)| contents.rows())
        .sum();
    screen.say(&format!(
        "{} rows written; at {} the two tenants of {DATABASE} hold {rows} rows",
        written(activity),
        truth.at
    ));
    wait_for_checkouts(activity, 30).await?;

    screen.step("The accident");
    let victim = TENANTS
        .iter()
        .find(|tenant| tenant.schema == DAMAGED[0])
        .context("find the first tenant")?;
    activity.stop(*victim).await?;
    damage(database, DAMAGED[0], include_str!("damage_customer_a1.sql")).await?;
    screen.say("customer_a1: two thirds of the orders deleted, users without an order too, order_items dropped; its shop is down");
    damage(database, DAMAGED[1], include_str!("damage_customer_a2.sql")).await?;
    screen.say("customer_a2: every order cancelled at a total of 0, every other line deleted; its shop goes on selling");
    Ok(truth)
}

async fn wait_for_checkouts(activity: &Activity, least: u64) -> Result<()> {
    wait::until(
        "work of every tenant",
        Duration::from_secs(30),
        async || {
            let tallies = activity.tallies();
            if let Some((tenant, failure)) = tallies
                .iter()
                .find_map(|(tenant, tally)| Some((tenant, tally.failure.as_ref()?)))
            {
                return Err(Error::new(format!(
                    "the writer of {} failed: {failure}",
                    tenant.schema
                )));
            }
            Ok(tallies
                .values()
                .all(|tally| tally.checkouts >= least)
                .then_some(()))
        },
    )
    .await
}

fn written(activity: &Activity) -> u64 {
    activity.tallies().values().map(|tally| tally.rows).sum()
}

async fn damage(database: &mut Database, schema: &str, script: &str) -> Result<()> {
    let doing = || format!("damage {schema}");
    let transaction = database.transaction().await.context(doing())?;
    transaction
        .execute(
            "select set_config('search_path', quote_ident($1), true)",
            &[&schema],
        )
        .await
        .context(doing())?;
    transaction.batch_execute(script).await.context(doing())?;
    transaction.commit().await.context(doing())
}

async fn restore(
    scene: &Scene<'_>,
    subscriber: &mut Subscriber,
    request_id: &str,
) -> Result<Outcome> {
    let screen = scene.screen;
    screen.step("RestoreRequested");
    let source = &scene.production.identifier;
    let request = Request::new(request_id, source, DATABASE, &DAMAGED, scene.truth.at);
    screen.say(&request.detail.to_string());
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

fn check_outcome(
    screen: &Screen,
    outcome: &Outcome,
    notice: &Notice,
    told: &Outcome,
) -> Vec<String> {
    screen.step("The notice that an SNS subscriber received");
    let mut attributes: Vec<_> = notice
        .attributes
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    attributes.sort();
    screen.say(&format!(
        "{}, outcome id {}",
        attributes.join(", "),
        told.outcome_id
    ));
    let mut untruths = Vec::new();
    if told.outcome_id != outcome.outcome_id {
        untruths.push("the notice and the event tell of different outcomes".to_owned());
    }
    for (name, expected) in [("outcome", "COMPLETED"), ("database", DATABASE)] {
        if notice.attributes.get(name).map(String::as_str) != Some(expected) {
            untruths.push(format!(
                "the notice's attribute {name} is {:?}, not {expected}",
                notice.attributes.get(name)
            ));
        }
    }
    untruths
}

async fn show_proof(
    scene: &Scene<'_>,
    database: &mut Database,
    outcome: &Outcome,
) -> Result<Vec<String>> {
    let Scene {
        screen,
        cloud,
        truth,
        ..
    } = *scene;
    screen.step(&format!(
        "The proof: live now, restored, and the truth of {}",
        truth.at
    ));
    let mut untruths = Vec::new();
    if outcome.schemas.len() != DAMAGED.len() {
        untruths.push(format!(
            "{} schemas were restored instead of {}",
            outcome.schemas.len(),
            DAMAGED.len()
        ));
    }
    for pair in &outcome.schemas {
        untruths.extend(proof::show(screen, database, truth, pair).await?);
    }
    let uri = outcome.report.as_deref().context("find the report")?;
    let report = report::read(cloud, uri).await?.to_string();
    screen.say(&format!("report: {uri}"));
    for (function, reported) in
        proof::unreported_references(database, &outcome.schemas, &report).await?
    {
        if reported {
            screen.say(&format!(
                "the report names {function}, whose body still refers to the live schema"
            ));
        } else {
            untruths.push(format!(
                "{function} refers to the live schema, and the report doesn't say so"
            ));
        }
    }
    Ok(untruths)
}

fn show_others(
    screen: &Screen,
    earlier: &BTreeMap<Tenant, Tally>,
    tallies: &BTreeMap<Tenant, Tally>,
) {
    screen.step("Meanwhile, the other shops");
    for (tenant, tally) in tallies {
        let before = earlier.get(tenant).map_or(0, |tally| tally.checkouts);
        let during = tally.checkouts - before;
        let slowest = tally.slowest.as_millis();
        screen.say(&format!(
            "{}: {during} checkouts during the restore, none failed, slowest of all {slowest} ms",
            tenant.schema
        ));
    }
}

async fn show_cleanup(
    screen: &Screen,
    cloud: &Cloud,
    database: &Database,
    outcome: &Outcome,
) -> Result<Vec<String>> {
    screen.step("What the cleanup deleted");
    let id = outcome
        .restore_id
        .as_deref()
        .context("find the restore's id")?;
    let audit = Audit::read(cloud, id).await?;
    let mut untruths = Vec::new();
    for resource in audit.resources() {
        screen.say(&format!("{} {}", resource.kind, resource.name));
        if !resource.gone {
            untruths.push(format!(
                "the audit record does not say that {} is gone",
                resource.name
            ));
        }
    }
    let mut left = leftovers::in_aws(cloud, DEPLOYMENT_TAG, Some(id)).await?;
    left.extend(leftovers::in_database(database).await?);
    left.extend(leftovers::processes(DEPLOYMENT_TAG, Some(id))?);
    if left.is_empty() {
        screen.say("left behind: nothing (RDS, Secrets Manager, DMS, ECS, S3 work files, roles, markers, processes)");
    }
    untruths.extend(
        left.into_iter()
            .map(|leftover| format!("left behind: {leftover}")),
    );
    Ok(untruths)
}

/// Counts of one run stay far below what an f64 holds exactly.
#[allow(clippy::cast_precision_loss)]
fn count(requests: u64) -> f64 {
    requests as f64
}
