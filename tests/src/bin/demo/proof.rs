//! The proof: live, restored and truth side by side, and every object under its new name.

use std::collections::BTreeMap;

use sample_tenants::CHECKOUT;
use tenant_restore_tests::cloud::Cloud;
use tenant_restore_tests::contents::{self, Contents};
use tenant_restore_tests::database::Database;
use tenant_restore_tests::inventory::{self, Inventory};
use tenant_restore_tests::outcome::{Outcome, RestoredSchema};
use tenant_restore_tests::report::Report;
use tenant_restore_tests::truth::Truth;
use tenant_restore_tests::{Context, Error, Result};

use crate::screen::Screen;

/// Shows what an outcome restored, schema by schema, and what its report says of them; answers every untruth.
///
/// # Errors
/// When something cannot be read.
pub async fn show_all(
    screen: &Screen,
    cloud: &Cloud,
    database: &mut Database,
    truth: &Truth,
    damaged: &[&str],
    outcome: &Outcome,
) -> Result<Vec<String>> {
    screen.step(&format!(
        "The proof: live now, restored, and the truth of {}",
        truth.at
    ));
    let mut untruths = Vec::new();
    if outcome.schemas.len() != damaged.len() {
        untruths.push(format!(
            "{} schemas were restored instead of {}",
            outcome.schemas.len(),
            damaged.len()
        ));
    }
    let uri = outcome.report.as_deref().context("find the report")?;
    let report = Report::read(cloud, uri).await?;
    for pair in &outcome.schemas {
        untruths.extend(show(screen, database, truth, pair).await?);
        show_movers(screen, &report, pair);
        untruths.extend(check_texts(screen, database, &report, pair).await?);
    }
    screen.say(&format!("report: {uri}"));
    Ok(untruths)
}

/// Shows one restored schema beside the live one and the truth; answers every untruth.
///
/// # Errors
/// When a schema cannot be read.
async fn show(
    screen: &Screen,
    database: &mut Database,
    truth: &Truth,
    pair: &RestoredSchema,
) -> Result<Vec<String>> {
    let (schema, restored_as) = names(pair)?;
    let held = truth.of(schema)?;
    let live = contents::read(database, schema).await?;
    let restored = contents::read(database, restored_as).await?;
    let objects = inventory::read(database, restored_as, &[schema]).await?;
    screen.say(&format!("{schema} is back as {restored_as}"));
    screen.table(&rows(&live, &restored, &held.contents));
    screen.say(&sequences(&restored, &held.contents));
    screen.say(&objects_line(&objects, &held.inventory));
    let mut untruths = truth.differences(database, schema, restored_as).await?;
    untruths.extend(place_an_order(database, restored_as).await?);
    if untruths.is_empty() {
        screen.say("an order can be placed in it: codes, numbers and checks work (rolled back)");
    }
    Ok(untruths
        .into_iter()
        .map(|untruth| format!("{restored_as}: {untruth}"))
        .collect())
}

/// Live and restored name of a schema of the outcome.
///
/// # Errors
/// When the outcome names no restored schema.
fn names(pair: &RestoredSchema) -> Result<(&str, &str)> {
    let restored_as = pair
        .restored_as
        .as_deref()
        .context(format!("find what {} was restored as", pair.schema))?;
    Ok((&pair.schema, restored_as))
}

fn rows(live: &Contents, restored: &Contents, truth: &Contents) -> Vec<Vec<String>> {
    let head = [
        "table",
        "live rows",
        "restored",
        "truth",
        "content hash",
        "same",
    ]
    .map(str::to_owned)
    .to_vec();
    let mut rows = vec![head];
    for (name, expected) in &truth.tables {
        let count = |contents: &Contents| {
            contents
                .tables
                .get(name)
                .map_or_else(|| "dropped".to_owned(), |table| table.rows.to_string())
        };
        let hash = restored.tables.get(name).map_or("", |table| &table.hash);
        let same = if hash == expected.hash { "yes" } else { "NO" };
        rows.push(vec![
            name.clone(),
            count(live),
            count(restored),
            expected.rows.to_string(),
            hash.to_owned(),
            same.to_owned(),
        ]);
    }
    rows
}

fn sequences(restored: &Contents, truth: &Contents) -> String {
    let position =
        |value: Option<i64>| value.map_or_else(|| "unused".to_owned(), |value| value.to_string());
    let each = truth.sequences.iter().map(|(name, expected)| {
        let now = restored
            .sequences
            .get(name)
            .map_or_else(|| "missing".to_owned(), |found| position(found.last));
        format!("{name} {} -> {now}", position(expected.last))
    });
    format!(
        "sequences, truth -> restored: {}",
        each.collect::<Vec<_>>().join(", ")
    )
}

fn objects_line(restored: &Inventory, truth: &Inventory) -> String {
    let found = restored.counts();
    let each = truth.counts().into_iter().map(|(kind, expected)| {
        let found: usize = found.get(kind).copied().unwrap_or_default();
        format!("{kind} {found}/{expected}")
    });
    format!(
        "objects, restored/truth: {}",
        each.collect::<Vec<_>>().join(", ")
    )
}

/// Uses the restored schema as its application would: triggers, sequences, defaults and constraints must act.
async fn place_an_order(database: &mut Database, schema: &str) -> Result<Option<String>> {
    let doing = || format!("place an order in {schema}");
    let attempt = database.transaction().await.context(doing())?;
    attempt
        .execute(
            "select set_config('search_path', quote_ident($1), true)",
            &[&schema],
        )
        .await
        .context(doing())?;
    let placed = attempt.query_one(CHECKOUT, &[&"proof"]).await;
    attempt.rollback().await.context(doing())?;
    Ok(placed
        .err()
        .map(|error| Error::from_cause(doing(), error).to_string()))
}

/// How the rows were moved, table by table.
fn show_movers(screen: &Screen, report: &Report, pair: &RestoredSchema) {
    let tables = report
        .tables()
        .filter(|table| Some(&table.schema) == pair.restored_as.as_ref());
    let mut by_mover = BTreeMap::<&str, Vec<&str>>::new();
    for table in tables {
        by_mover.entry(&table.mover).or_default().push(&table.table);
    }
    let each = by_mover
        .iter()
        .map(|(mover, tables)| format!("{} by {mover}", tables.join(" and ")));
    screen.say(&format!(
        "rows moved: {}",
        each.collect::<Vec<_>>().join(", ")
    ));
}

/// Shows the functions whose text was mended; answers every function that still names the live schema, and every one
/// whose text was changed without the report's saying so.
///
/// # Errors
/// When the schema cannot be read.
async fn check_texts(
    screen: &Screen,
    database: &Database,
    report: &Report,
    pair: &RestoredSchema,
) -> Result<Vec<String>> {
    let (schema, restored_as) = names(pair)?;
    let naming = async |named| inventory::functions_that_name(database, restored_as, named).await;
    let mut untruths: Vec<String> = naming(schema)
        .await?
        .into_iter()
        .map(|function| format!("{restored_as}.{function} names {schema}"))
        .collect();
    for function in naming(restored_as).await? {
        let object = format!("{restored_as}.{function}(");
        if report
            .mended()
            .any(|mended| mended.object.starts_with(&object))
        {
            screen.say(&format!("mended: the body of {function} named {schema}"));
        } else {
            untruths.push(format!(
                "{restored_as}.{function} was changed, and the report doesn't say so"
            ));
        }
    }
    Ok(untruths)
}
