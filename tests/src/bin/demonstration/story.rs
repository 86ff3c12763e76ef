//! The story: what the stack made is there and alive, a tenant is damaged, and comes back.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_lambda::primitives::Blob;
use serde_json::{Value, json};
use tenant_restore_tests::database::Database;
use tenant_restore_tests::kind::Kind;
use tenant_restore_tests::production::Production;
use tenant_restore_tests::samples::{TENANTS, Tenant};
use tenant_restore_tests::truth::Truth;
use tenant_restore_tests::{Context, Result, contents, wait};

use crate::deployed::Deployed;
use crate::restoring::{self, Scene};
use crate::screen::Screen;

/// The database of the damaged tenants.
pub const DATABASE: &str = "tenant_a";
/// The damaged tenants.
pub const DAMAGED: [&str; 2] = ["customer_a1", "customer_a2"];
const DAMAGES: [&str; 2] = [
    include_str!("../demo/damage_customer_a1.sql"),
    include_str!("../demo/damage_customer_a2.sql"),
];

/// The schedule's first tick comes a minute after the rule, the next one a minute later.
const TICK_WITHIN: Duration = Duration::from_secs(130);

/// Tells the whole story; answers every claim that turned out untrue.
///
/// # Errors
/// When it can't go on.
pub async fn tell(screen: &Screen, deployment: &Deployed, kind: Kind) -> Result<Vec<String>> {
    let production = look(screen, deployment, kind).await?;
    activity_ticks(screen, &production).await?;

    screen.step("The accident, right after a tick: nobody writes for most of a minute");
    let mut database = production.connect(DATABASE).await?;
    let truth = Truth::note(&mut database, &DAMAGED).await?;
    for (schema, script) in DAMAGED.into_iter().zip(DAMAGES) {
        damage(&mut database, schema, script).await?;
    }
    screen.say(&format!(
        "at {} they held {} rows; customer_a1 has lost a table, both most of their rows",
        truth.at,
        truth.rows()
    ));
    let mut untruths = others_go_on(screen, deployment).await?;
    production.wait_until_restorable(truth.at).await?;

    let scene = Scene {
        screen,
        deployment,
        truth: &truth,
    };
    untruths.extend(restoring::restore(&scene, &mut database).await?);
    Ok(untruths)
}

/// Production as the stack made it, and the tenants that its function loaded.
///
/// # Errors
/// When the database doesn't let in who has its secret, or a tenant is missing.
pub async fn look(screen: &Screen, deployment: &Deployed, kind: Kind) -> Result<Production> {
    screen.step("What the stack made");
    let (source, secret) = (
        deployment.output("Source")?,
        deployment.output("SourceSecretArn")?,
    );
    let production = Production::of_deployment(&deployment.cloud, kind, &source, &secret).await?;
    let login = &production.login;
    screen.say(&format!(
        "{source}, {}, at {}:{}: by its secret",
        kind.as_str(),
        login.host,
        login.port
    ));
    for tenant in TENANTS {
        let mut connection = production.connect(tenant.database).await?;
        let held = contents::read(&mut connection, tenant.schema).await?;
        let (tables, rows) = (held.tables.len(), held.rows());
        screen.say(&format!(
            "{}.{}: {tables} tables, {rows} rows",
            tenant.database, tenant.schema
        ));
        (rows > 0)
            .then_some(())
            .context(format!("find rows of {}", tenant.schema))?;
    }
    Ok(production)
}

/// The schedule, and nobody else, has every tenant check out.
async fn activity_ticks(screen: &Screen, production: &Production) -> Result<()> {
    screen.step("The activity, by its schedule");
    let before = customers(production).await?;
    let after = wait::until("a tick of the schedule", TICK_WITHIN, async || {
        let now = customers(production).await?;
        Ok(now
            .iter()
            .all(|(tenant, count)| *count > before[tenant])
            .then_some(now))
    })
    .await?;
    let each = after
        .iter()
        .map(|(tenant, count)| format!("{} {count}", tenant.schema));
    screen.say(&format!(
        "checkouts so far: {}",
        each.collect::<Vec<_>>().join(", ")
    ));
    Ok(())
}

async fn customers(production: &Production) -> Result<BTreeMap<Tenant, i64>> {
    let mut counts = BTreeMap::new();
    for tenant in TENANTS {
        let connection = production.connect(tenant.database).await?;
        connection.enter(tenant.schema).await?;
        let count = "select count(*) from users where email like 'activity-%'";
        let row = connection
            .query_one(count, &[])
            .await
            .context("count the checkouts")?;
        counts.insert(tenant, row.get(0));
    }
    Ok(counts)
}

async fn damage(database: &mut Database, schema: &str, script: &str) -> Result<()> {
    let doing = || format!("damage {schema}");
    let transaction = database.transaction().await.context(doing())?;
    let enter = "select set_config('search_path', quote_ident($1), true)";
    transaction
        .execute(enter, &[&schema])
        .await
        .context(doing())?;
    transaction.batch_execute(script).await.context(doing())?;
    transaction.commit().await.context(doing())
}

/// A tick beside the schedule's: the damaged tenant can't check out, the others do. It answers what is untrue.
async fn others_go_on(screen: &Screen, deployment: &Deployed) -> Result<Vec<String>> {
    let lambda = &deployment.cloud.lambda;
    let name = format!("{}-activity", deployment.cloud.deployment);
    let invoke = lambda
        .invoke()
        .function_name(&name)
        .payload(Blob::new(json!({}).to_string()));
    let answer = invoke.send().await.context(format!("invoke {name}"))?;
    let payload = answer.payload.map(Blob::into_inner).unwrap_or_default();
    let summary: Value = serde_json::from_slice(&payload).context("read what the activity did")?;
    screen.say(&format!(
        "the activity now: written {}, failed {}",
        summary["written"], summary["failed"]
    ));
    let untrue =
        summary["failed"]["customer_a1"].is_null() || summary["written"]["customer_b2"].is_null();
    Ok(untrue
        .then(|| format!("a damaged tenant doesn't hold up the others: {summary}"))
        .into_iter()
        .collect())
}
