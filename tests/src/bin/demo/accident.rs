//! The first half of the story: shops at work, a noted time, an accident.

use std::time::Duration;

use tenant_restore_tests::activity::Activity;
use tenant_restore_tests::cloud::Cloud;
use tenant_restore_tests::database::{Database, Login};
use tenant_restore_tests::production::Production;
use tenant_restore_tests::samples::{self, TENANTS};
use tenant_restore_tests::truth::Truth;
use tenant_restore_tests::{Context, Error, Result, wait};

use crate::screen::Screen;
use crate::story::{DAMAGED, DATABASE};

/// Makes the default source with its four tenants; the one of an earlier demonstration goes.
///
/// # Errors
/// When AWS or PostgreSQL refuse.
pub async fn prepare(screen: &Screen, cloud: &Cloud) -> Result<Production> {
    screen.step("A production instance with four tenants");
    let production = Production::create_default(cloud).await?;
    let Login { host, port, .. } = &production.login;
    screen.say(&format!(
        "{} is available at {host}:{port}",
        production.identifier
    ));
    samples::load_all(&production).await?;
    let tenants = TENANTS
        .map(|tenant| format!("{}.{}", tenant.database, tenant.schema))
        .join(", ");
    screen.say(&format!("loaded: {tenants}"));
    Ok(production)
}

/// Work, the noted time, more work, then the damage.
///
/// # Errors
/// When a writer fails, or the database refuses.
pub async fn happen(
    screen: &Screen,
    activity: &mut Activity,
    database: &mut Database,
) -> Result<Truth> {
    screen.step("Every tenant is at work");
    wait_for_checkouts(activity, 20).await?;
    let pause = activity.pause().await;
    let truth = Truth::note(database, &DAMAGED).await?;
    drop(pause);
    screen.say(&format!(
        "{} rows written; at {} the two tenants of {DATABASE} hold {} rows",
        written(activity),
        truth.at,
        truth.rows()
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
