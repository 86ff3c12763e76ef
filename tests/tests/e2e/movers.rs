//! Whoever moves the rows, what was there comes back: DMS gets the tables that it carries as they are, COPY the others.

use std::collections::BTreeSet;

use serde_json::json;
use tenant_restore_tests::database::identifier;
use tenant_restore_tests::outcome::Outcome;
use tenant_restore_tests::report::Report;
use tenant_restore_tests::truth::Truth;
use tenant_restore_tests::{Context, Result, leftovers, samples};

use crate::stage::{Stage, TAG, Tenant, none_of, play};

/// The tables of `movers.sql` that DMS carries as they are.
const CARRIED: [&str; 6] = [
    "Mixed_Case-name",
    "carried",
    "carried_child",
    "carried_empty",
    "sixty_three_bytes_45678_123456789_123456789_123456789_123456789",
    "under_score",
];

/// A database with a schema made by a script that runs in it.
async fn tenant(stage: &Stage, database: &str, schema: &str, script: &str) -> Result<Tenant> {
    let doing = || format!("prepare the database {database}");
    let postgres = stage.production.connect("postgres").await?;
    let create = format!("create database {}", identifier(database));
    postgres.batch_execute(&create).await.context(doing())?;
    let mut connection = stage.production.connect(database).await?;
    let within = identifier(schema);
    let script = format!("create schema {within}; set search_path = {within}; {script}");
    connection.batch_execute(&script).await.context(doing())?;
    let truth = Truth::note(&mut connection, &[schema]).await?;
    stage.production.wait_until_restorable(truth.at).await?;
    Ok(Tenant {
        database: database.to_owned(),
        connection,
        truth,
    })
}

async fn report(stage: &Stage, outcome: &Outcome) -> Result<Report> {
    let uri = outcome.report.as_deref().context("find the report")?;
    Report::read(&stage.cloud, uri).await
}

/// The tables that DMS moved, and has told of.
fn by_dms(report: &Report) -> BTreeSet<&str> {
    let plans = report.tables().filter(|plan| plan.mover == "dms");
    plans
        .inspect(|plan| assert!(report.replicated(plan).is_some(), "{plan:?}"))
        .map(|plan| plan.table.as_str())
        .collect()
}

fn every_table_comes_back_by(mover: &'static str) {
    play(async |stage| {
        let name = format!("movers_{mover}");
        let mut tenant = tenant(stage, &name, "Shop_1", include_str!("movers.sql")).await?;
        let request = tenant.request(&stage.request_id(&name));
        let outcome = stage.ask(&request.with("mover", mover)).await?;
        stage
            .came_back(&mut tenant.connection, &tenant.truth, &outcome)
            .await?;
        let report = report(stage, &outcome).await?;
        assert_eq!(by_dms(&report), CARRIED.into());
        // Only who asked for DMS is warned of what DMS doesn't get.
        let told = stage.chronicle.events(&outcome.request_id);
        let accepted = told
            .iter()
            .find(|event| event.detail_type == "RestoreAccepted");
        let warnings = accepted.context("find the acceptance")?.detail["warnings"].to_string();
        let warned = warnings.contains("by COPY, not DMS");
        assert_eq!(warned, mover == "dms", "{warnings}");
        Ok(())
    });
}

#[test]
fn every_kind_of_table_comes_back_by_dms() {
    every_table_comes_back_by("dms");
}

#[test]
fn every_kind_of_table_comes_back_by_both_movers() {
    every_table_comes_back_by("auto");
}

/// `customer_a2` is also a pattern that a neighbour's name fits.
#[test]
fn a_sample_tenant_comes_back_by_dms() {
    play(async |stage| {
        let mut tenant = stage.tenant("samples_by_dms", &["customer_a2"]).await?;
        samples::load_schema(&tenant.connection, "customerxa2").await?;
        let request = tenant.request(&stage.request_id("samples-by-dms"));
        let outcome = stage.ask(&request.with("mover", "dms")).await?;
        stage
            .came_back(&mut tenant.connection, &tenant.truth, &outcome)
            .await?;
        let report = report(stage, &outcome).await?;
        assert_eq!(by_dms(&report), ["order_items", "products"].into());
        Ok(())
    });
}

#[test]
fn a_tenant_without_any_table_for_dms_comes_back_without_it() {
    play(async |stage| {
        let script = "create table papers (id int primary key, body text); insert into papers values (1, 'a')";
        let mut tenant = tenant(stage, "none_for_dms", "none_for_dms", script).await?;
        let request = tenant.request(&stage.request_id("none-for-dms"));
        let outcome = stage.ask(&request.with("mover", "dms")).await?;
        stage
            .came_back(&mut tenant.connection, &tenant.truth, &outcome)
            .await?;
        assert!(by_dms(&report(stage, &outcome).await?).is_empty());
        Ok(())
    });
}

/// DMS reports the table as complete, with all its rows.
#[test]
fn a_value_that_dms_changes_without_a_word_is_found() {
    play(async |stage| {
        let script = "create table stock (id int primary key, pieces int not null);
                      insert into stock select n, n from generate_series(1, 100) n";
        let tenant = tenant(stage, "damaged", "damaged", script).await?;
        let fault =
            json!({"service": "dms", "fault": "value-changed", "match": " damaged_", "times": 1});
        stage.faults.switch_on(&fault).await?;
        let request = tenant.request(&stage.request_id("damaged"));
        let request = request.with("mover", "dms").with("onMismatch", "drop");
        let outcome = stage.ask(&request).await?;
        assert_eq!(outcome.outcome, "FAILED", "{}", outcome.why());
        let kinds: Vec<_> = outcome.causes.iter().map(|cause| &cause.kind).collect();
        assert_eq!(kinds, ["ValidationMismatch"], "{}", outcome.why());
        assert!(outcome.why().contains("stock"), "{}", outcome.why());
        let left = leftovers::of(&stage.cloud, &tenant.connection, TAG, &outcome).await?;
        none_of("left behind", &left)
    });
}
