//! A tenant who tries to gain rights through what runs by itself while their schema is restored gains nothing.
//!
//! On production and in the temporary database there is a table that the master alone may write to, and a neighbour's secret.
//! Whatever the tenant's functions reach shows there, in `pg_dump` of everything outside the restored schema, or in the roles.

#![allow(
    clippy::unwrap_used,
    reason = "a test that can't prepare its servers fails at that line"
)]

mod cluster;
mod hostile;

use std::sync::Arc;
use std::time::Duration;

use cluster::{Cluster, MASTER};
use hostile::{BEFORE_OPENING, Pair, SURROUNDINGS, planting, unlike};
use tenant_restore_core::job::{Mode, Mover, MoverChoice};

#[tokio::test]
async fn whatever_runs_by_itself_while_a_schema_is_restored_gains_its_owner_nothing() {
    let pair = Pair::with(include_str!("hostile_tenant.sql")).await;
    // Of the live table that the restored one refers to, a row has gone: the rows without a parent are counted.
    pair.production
        .script("app", "alter table acme.coloured drop constraint coloured_code_fkey, drop constraint by_cast; delete from shared.colour where code = 77")
        .await;
    let before = pair.outside();
    let result = pair.run(BEFORE_OPENING).await;
    assert_eq!(result.failure, None, "{:#?}", result.remarks);
    assert_eq!(pair.loot().await, Vec::<String>::new());
    let counted = result
        .remarks
        .iter()
        .find(|remark| remark.code == "ForeignKeyNotValid");
    assert!(
        counted.unwrap().message.starts_with("1 rows"),
        "{counted:?}"
    );
    assert_eq!(result.validate.unwrap().differences, Vec::<String>::new());

    let opened = pair.run(&[Mode::Open]).await;
    assert_eq!(opened.failure, None, "{:#?}", opened.remarks);
    assert_eq!(pair.loot().await, Vec::<String>::new());
    assert_eq!(unlike(&before, &pair.outside()), Vec::<String>::new());
    assert_eq!(
        pair.ask(
            "select string_agg(what, ', ') from acme_r.booty where what <> 'from the restore'"
        )
        .await,
        "",
        "nothing of the neighbour's, on either server, came into the copy"
    );
    let caught = "select string_agg(distinct caught::text, ',') from acme_r.held";
    assert_eq!(pair.ask(caught).await, "true", "the bait was there");
    let roles = "select string_agg(rolname, ', ') from pg_roles where rolname like 'tr-%'";
    assert_eq!(pair.ask(roles).await, "");
}

#[tokio::test]
async fn a_table_whose_planning_runs_a_tenants_function_is_never_read_by_dms() {
    // Who creates a trusted extension owns it, and may add functions to it; its own belong to a superuser.
    let of_extension = "create extension citext schema public;
        create function acme.of_extension(int) returns boolean language plpgsql immutable as $f$
        begin perform acme.strike('function of an extension'); return true; end $f$;
        alter extension citext add function acme.of_extension(int);
        create table acme.plain_by_extension (id int primary key, n int);
        create index on acme.plain_by_extension (n) where acme.of_extension(1);
        create table acme.harmless (id int primary key, n int);
        create index on acme.harmless (public.citext_hash(n::text::public.citext));";
    let tenant = format!("{}\n{of_extension}", include_str!("hostile_tenant.sql"));
    let pair = Pair::with(&tenant).await;
    let plan = pair
        .run_with(&[Mode::Extract], |job| job.mover = MoverChoice::Auto)
        .await;
    let tables = plan.extract.unwrap().tables;
    let planned = |name: &str| tables.iter().find(|table| table.table == name).unwrap();
    for name in ["plain", "plain_by_operator", "plain_by_extension"] {
        let table = planned(name);
        assert_eq!(table.mover, Mover::Copy, "{name}");
        assert!(table.reason.contains("function"), "{}", table.reason);
    }
    let harmless = planned("harmless");
    assert_eq!(harmless.mover, Mover::Dms, "{}", harmless.reason);
}

#[tokio::test]
async fn a_function_that_planning_runs_never_writes_in_the_temporary_database() {
    // The first read's planning could let the second one's write, as the function's owner.
    let tenant = "create schema acme; create table acme.written (what text);
        create function acme.write() returns void language plpgsql as $f$
        begin
            if current_user = 'olga' then execute $x$insert into acme_r.written values ('here')$x$; end if;
        exception when others then null; end $f$;
        create function acme.unlock() returns boolean language plpgsql immutable security definer as $f$
        begin
            perform acme.write();
            perform set_config('default_transaction_read_only', 'off', false);
            return true;
        end $f$;
        create table acme.first (id int primary key); create index on acme.first (id) where acme.unlock();
        create table acme.second (id int primary key); create index on acme.second (id) where acme.unlock()";
    let pair = Pair::with(tenant).await;
    let result = pair.run(BEFORE_OPENING).await;
    assert_eq!(result.failure, None, "{:#?}", result.remarks);
    let temporary = pair.temporary.superuser("app").await;
    let written = temporary
        .query_one("select count(*) from acme_r.written", &[])
        .await
        .unwrap();
    assert_eq!(written.get::<_, i64>(0), 0);
}

#[tokio::test]
async fn an_error_that_a_tenants_function_raises_shows_no_value_whatever_its_code() {
    let raised = [
        "raise exception 'hunter2'",
        "raise exception 'hunter2' using errcode = 'insufficient_privilege', detail = 'hunter2', hint = 'hunter2'",
        "raise exception using errcode = '42P01', message = 'hunter2', table = 'hunter2', constraint = 'hunter2'",
        "execute 'select hunter2'",
        "perform 'hunter2'::int",
    ];
    let pair = Pair::with(&planting("select 1")).await;
    assert_eq!(pair.run(&[Mode::Extract]).await.failure, None);
    for raise in raised {
        let what = format!("do $d$ begin raise notice 'hunter2'; {raise}; end $d$");
        pair.plant(&what).await;
        let result = pair.run(BEFORE_OPENING).await;
        assert!(result.failure.is_some(), "{raise}");
        let told = serde_json::to_string(&result).unwrap();
        assert!(!told.contains("hunter2"), "{raise}: {told}");
        assert_eq!(pair.run(&[Mode::Drop]).await.failure, None);
    }
}

#[tokio::test]
async fn a_function_that_never_ends_is_ended_by_the_drop() {
    let pair = Pair::with(&planting("do $d$ begin perform pg_sleep(3600); end $d$")).await;
    let before = pair.outside();
    let sleeping = tokio::time::timeout(Duration::from_secs(6), pair.run(BEFORE_OPENING)).await;
    assert!(sleeping.is_err(), "the copy waits for the function");
    let dropped = pair.run(&[Mode::Drop]).await;
    assert_eq!(dropped.failure, None);
    assert_eq!(unlike(&before, &pair.outside()), Vec::<String>::new());
    let left = format!(
        "select count(*)::text from pg_stat_activity where usename like 'tr-%' or query like '%pg_sleep%' and usename = '{MASTER}'"
    );
    assert_eq!(pair.ask(&left).await, "0");
}

#[tokio::test]
async fn an_event_trigger_that_runs_a_tenants_function_does_not_fire_on_the_temporary_database() {
    let tenant = "create schema acme; create table acme.customer (id int primary key);
        create function acme.on_ddl() returns event_trigger language plpgsql as $f$
        begin insert into vault.loot values ('event trigger', current_user); end $f$;";
    let production = Cluster::start("app").await;
    production.script("app", SURROUNDINGS).await;
    let olga = production.session_of("olga", "app").await;
    olga.batch_execute(tenant).await.unwrap();
    let watch = "create event trigger watches on ddl_command_end execute function acme.on_ddl()";
    production.script("app", watch).await;
    let temporary = production.physical_copy();
    production.script("app", "drop event trigger watches").await;
    let pair = Pair {
        production,
        temporary,
        storage: Arc::default(),
    };
    let failure = pair.run(&[Mode::Extract]).await.failure.unwrap();
    assert!(failure.causes[0].message.contains("watches"), "{failure:?}");
    assert_eq!(pair.loot().await, Vec::<String>::new());
}
