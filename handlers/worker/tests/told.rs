//! What can't be as it was is told.

#![allow(
    clippy::unwrap_used,
    reason = "a test that can't prepare its servers fails at that line"
)]

mod cluster;

use std::sync::Arc;

use cluster::Cluster;
use cluster::servers::{Servers, UNTIL_VALIDATED};
use cluster::surroundings::Memory;
use tenant_restore_core::error::ErrorKind;
use tenant_restore_core::job::{ExternalForeignKeys, Mode, OnMismatch, ValidateChoice};
use tenant_restore_worker::production::counting_role::{self, Read};

#[tokio::test]
async fn a_difference_is_told_in_words_or_fails_the_restore_as_requested() {
    let servers = Servers::start().await;
    servers.run(&UNTIL_VALIDATED[..4]).await;
    servers
        .production
        .script(
            "app",
            "update acme_r.secret set word = 'hunter2' where id = 1; delete from acme_r.of_master where id = 1;
             drop index acme_r.customer_tags; select setval('acme_r.numbers', 7)",
        )
        .await;
    let kept = servers.run(&[Mode::Validate]).await.validate.unwrap();
    for words in [
        "\"secret\" has other content",
        "9 rows instead of 10",
        "index acme_r.customer_tags is missing",
        "stands at 7",
    ] {
        assert!(
            kept.differences
                .iter()
                .any(|difference| difference.contains(words)),
            "{words}: {:#?}",
            kept.differences
        );
    }
    assert!(!format!("{kept:?}").contains("hunter2"));
    let failed = servers
        .run_with(&[Mode::Validate], |job| job.on_mismatch = OnMismatch::Drop)
        .await
        .failure
        .unwrap();
    assert_eq!(failed.causes.len(), kept.differences.len());
    assert!(
        failed
            .causes
            .iter()
            .all(|cause| cause.kind == ErrorKind::ValidationMismatch)
    );
}

#[tokio::test]
async fn a_key_to_a_live_row_that_is_gone_stays_not_valid_and_the_orphans_are_counted() {
    let servers = Servers::start().await;
    servers
        .production
        .script("app", "alter table acme.invoice drop constraint invoice_colour_fkey; delete from shared.colour where code = 2")
        .await;
    let result = servers.run(UNTIL_VALIDATED).await;
    let remark = result
        .remarks
        .iter()
        .find(|remark| remark.code == "ForeignKeyNotValid")
        .unwrap();
    assert!(remark.message.starts_with("25 rows"), "{remark:?}");
    assert_eq!(
        result.validate.unwrap().differences,
        Vec::<String>::new(),
        "it is reported already"
    );

    servers.run(&[Mode::Drop]).await;
    let skipped = servers
        .run_with(&UNTIL_VALIDATED[1..], |job| {
            job.external_foreign_keys = ExternalForeignKeys::Skip
        })
        .await;
    assert_eq!(skipped.failure, None);
    let outside = "select count(*)::text from pg_constraint where contype = 'f' and connamespace = 'acme_r'::regnamespace \
                   and confrelid in ('shared.colour'::regclass, 'shared.country'::regclass)";
    assert_eq!(servers.ask(outside).await, "0");
}

#[tokio::test]
async fn keys_to_live_tables_stay_unproven_and_nothing_is_compared_as_requested() {
    let servers = Servers::start().await;
    let result = servers
        .run_with(UNTIL_VALIDATED, |job| {
            job.external_foreign_keys = ExternalForeignKeys::NotValid;
            job.validate = ValidateChoice::None;
        })
        .await;
    assert_eq!(result.failure, None);
    let validated = result.validate.unwrap();
    assert_eq!(
        (validated.tables, validated.differences),
        (Vec::new(), Vec::new())
    );
    let told = |code: &str| -> Vec<&str> {
        let of_code = result.remarks.iter().filter(|remark| remark.code == code);
        let mut objects: Vec<&str> = of_code.map(|remark| remark.object.as_str()).collect();
        objects.sort_unstable();
        objects
    };
    assert_eq!(
        told("ForeignKeyNotValid"),
        [
            "\"customer_country_fkey\" on \"acme_r\".\"customer\"",
            "\"invoice_colour_fkey\" on \"acme_r\".\"invoice\"",
            "\"ledger_country_fkey\" on \"acme_r\".\"ledger_2024\"",
            "\"ledger_country_fkey\" on \"acme_r\".\"ledger_rest\"",
        ]
    );
    // A key of a partitioned table is valid or isn't there (PostgreSQL manual, ALTER TABLE).
    assert_eq!(
        told("ForeignKeyLeftOut"),
        ["\"ledger_country_fkey\" on \"acme_r\".\"ledger\""]
    );
    let unproven = "select string_agg(conname, ', ' order by conname) from pg_constraint \
                    where contype = 'f' and connamespace = 'acme_r'::regnamespace and not convalidated";
    assert_eq!(
        servers.ask(unproven).await,
        "customer_country_fkey, invoice_colour_fkey, ledger_country_fkey, ledger_country_fkey"
    );
}

/// Keys of types that extensions bring, which a path without their schemas finds no operator for, or the wrong one.
const KEYS: &str = "create role olga nologin;
    grant create on database app to olga;
    set role master;
    create schema shared;
    grant usage on schema shared to public;
    reset role;
    create schema types;
    grant usage on schema types to public;
    create extension citext schema types;
    create extension ltree schema types;
    create schema acme authorization olga;
    create schema \"Acme-1.b\"\"x\" authorization olga;
    create extension hstore schema acme;
    set role master;
    create table shared.place (path types.ltree primary key, name types.citext unique);
    insert into shared.place values ('a.b', 'Home'), ('a.c', 'Work');
    grant references, select on shared.place to olga;
    set role olga;
    create table acme.own (path types.ltree primary key, tags acme.hstore unique);
    insert into acme.own values ('x.y', 'a=>1');
    create table acme.visit (
        path types.ltree constraint by_path references shared.place,
        name types.citext constraint by_name references shared.place (name),
        own types.ltree constraint by_own references acme.own,
        tags acme.hstore constraint by_tags references acme.own (tags)
    );
    insert into acme.visit values ('a.b', 'HOME', 'x.y', 'a=>1'), ('a.c', 'WORK', 'x.y', 'a=>1');
    reset role;
    alter table acme.visit disable trigger all;
    insert into acme.visit values ('a.b', 'home', 'gone', 'b=>2');
    alter table acme.visit enable trigger all";

#[tokio::test]
async fn rows_without_a_parent_are_counted_as_the_key_itself_compares_them() {
    let production = Cluster::start("app").await;
    production.script("app", KEYS).await;
    let temporary = production.physical_copy();
    let since = "alter table acme.visit drop constraint by_path, drop constraint by_name;
        delete from shared.place where path::text = 'a.c'";
    production.script("app", since).await;
    let servers = Servers {
        production,
        temporary,
        storage: Arc::new(Memory::default()),
    };
    let result = servers.run(&UNTIL_VALIDATED[..4]).await;
    for key in ["by_path", "by_name", "by_own", "by_tags"] {
        let told: Vec<&str> = result
            .remarks
            .iter()
            .filter(|remark| remark.object.starts_with(&format!("\"{key}\"")))
            .map(|remark| remark.message.as_str())
            .collect();
        assert!(
            matches!(told[..], [one] if one.starts_with("1 rows have no parent row")),
            "{key}: {told:?}"
        );
    }
}

#[tokio::test]
async fn the_role_that_counts_goes_however_the_count_ends_and_anothers_of_its_name_stays() {
    let servers = Servers::start().await;
    let context = servers.context(&[], |_| ());
    let master = context.production().await.unwrap();
    let count = async |columns: &str, sql: &str| {
        let read = Read {
            schema: "shared".to_owned(),
            table: "shared.colour".to_owned(),
            columns: columns.to_owned(),
        };
        counting_role::count(&context, &master, &[read], sql).await
    };
    let roles = "select string_agg(rolname, ',') from pg_roles where rolname like 'tr-%'";
    for (columns, sql, counted) in [
        ("code", "select count(*) from shared.colour", Some(2)),
        ("no_such_column", "select count(*) from shared.colour", None),
        ("code", "select count(*) from neighbour.precious", None),
        ("code", "select 1 / 0::bigint", None),
    ] {
        assert_eq!(count(columns, sql).await, Ok(counted), "{columns}: {sql}");
        assert_eq!(servers.ask(roles).await, "", "{columns}: {sql}");
    }

    let anothers = format!("{}-c", context.job.loader.role);
    let create = format!("create role \"{anothers}\"");
    servers.production.script("app", &create).await;
    let refused = count("code", "select 1::bigint").await.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::NameCollision);
    assert_eq!(servers.ask(roles).await, anothers);
}
