//! Restored schemas that differ from the original: the restore fails with the differences, and the request says whether the
//! schemas stay.

use tenant_restore_tests::database::identifier;
use tenant_restore_tests::truth::Truth;
use tenant_restore_tests::{Context, Result, leftovers};

use crate::stage::{Stage, TAG, Tenant, none_of, play};

/// A table whose prices are computed by a function outside of the schema.
const PRICED: &str = "
    create function public.price(n int) returns int immutable language sql as 'select n * 2';
    create table item (n int primary key, price int generated always as (public.price(n)) stored);
    insert into item select generate_series(1, 3)";

/// Since the restore point the function computes otherwise, and so it does for the restored rows.
const OTHERWISE: &str = "create or replace function public.price(n int) returns int immutable language sql as 'select n * 3'";

async fn tenant(stage: &Stage, name: &str) -> Result<Tenant> {
    let doing = || format!("prepare the database {name}");
    let postgres = stage.production.connect("postgres").await?;
    let create = format!("create database {}", identifier(name));
    postgres.batch_execute(&create).await.context(doing())?;
    let mut connection = stage.production.connect(name).await?;
    let schema = identifier(name);
    let script = format!("create schema {schema}; set search_path = {schema}; {PRICED}");
    connection.batch_execute(&script).await.context(doing())?;
    let truth = Truth::note(&mut connection, &[name]).await?;
    stage.production.wait_until_restorable(truth.at).await?;
    connection.batch_execute(OTHERWISE).await.context(doing())?;
    Ok(Tenant {
        database: name.to_owned(),
        connection,
        truth,
    })
}

#[test]
fn schemas_that_differ_are_kept_by_default_and_the_outcome_names_the_differences() {
    play(async |stage| {
        let tenant = tenant(stage, "kept").await?;
        let request = tenant.request(&stage.request_id("kept"));
        let outcome = stage.ask(&request.with("mover", "copy")).await?;
        assert_eq!(outcome.outcome, "FAILED", "{}", outcome.why());
        assert_eq!(outcome.causes.len(), 1, "{}", outcome.why());
        assert_eq!(outcome.causes[0].kind, "ValidationMismatch");
        assert!(outcome.causes[0].message.contains("item"));
        let restored_as = outcome.schemas[0].restored_as.as_deref();
        let restored_as = restored_as.context("find the new name")?;
        let left = leftovers::of(&stage.cloud, &tenant.connection, TAG, &outcome).await?;
        assert_eq!(left, [format!("schema {restored_as}")]);
        let sum = format!("select sum(price) from {}.item", identifier(restored_as));
        let row = tenant.connection.query_one(&sum, &[]).await;
        let row = row.context("read the restored table")?;
        assert_eq!(row.get::<_, i64>(0), 18);
        Ok(())
    });
}

#[test]
fn schemas_that_differ_are_dropped_on_request() {
    play(async |stage| {
        let tenant = tenant(stage, "dropped").await?;
        let request = tenant.request(&stage.request_id("dropped"));
        let request = request.with("mover", "copy").with("onMismatch", "drop");
        let outcome = stage.ask(&request).await?;
        assert_eq!(outcome.outcome, "FAILED", "{}", outcome.why());
        assert_eq!(outcome.causes.len(), 1, "{}", outcome.why());
        assert_eq!(outcome.causes[0].kind, "ValidationMismatch");
        let left = leftovers::of(&stage.cloud, &tenant.connection, TAG, &outcome).await?;
        none_of("left behind", &left)
    });
}
