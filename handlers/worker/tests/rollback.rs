//! What becomes of the restored schemas when they differ from the original, clause by clause: kept, or dropped; and a drop
//! takes nothing along that this restore didn't make.

#![allow(
    clippy::unwrap_used,
    reason = "a test that can't prepare its servers fails at that line"
)]

mod cluster;
mod strangers;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use cluster::servers::{Servers, UNTIL_VALIDATED};
use cluster::surroundings::Memory;
use cluster::{Cluster, MASTER};
use tenant_restore_core::error::{Cause, ErrorKind};
use tenant_restore_core::job::{Mode, OnMismatch};
use tokio_postgres::Client;

const DAMAGE: &str = "update acme_r.secret set word = 'other' where id = 1";

/// How many objects are in a restored schema: relations, routines, types, constraints.
const OBJECTS: &str = "select concat_ws(' ',
    (select count(*) from pg_class where relnamespace = 'acme_r'::regnamespace),
    (select count(*) from pg_proc where pronamespace = 'acme_r'::regnamespace),
    (select count(*) from pg_type where typnamespace = 'acme_r'::regnamespace),
    (select count(*) from pg_constraint where connamespace = 'acme_r'::regnamespace))";

/// The causes of a drop that refuses.
async fn refused(servers: &Servers) -> Vec<Cause> {
    let result = servers.run_with(&[Mode::Drop], |_| ()).await;
    let failure = result.failure.expect("the drop refuses");
    for cause in &failure.causes {
        assert_eq!(cause.kind, ErrorKind::DropFailed, "{failure:?}");
    }
    failure.causes
}

/// A transaction that somebody else has open.
async fn open_transaction(servers: &Servers, sql: &str) -> Client {
    let session = servers.production.superuser("app").await;
    session
        .batch_execute(&format!("begin; {sql}"))
        .await
        .unwrap();
    session
}

/// Waits until somebody's lock holds up the restore, as PostgreSQL tells it: it waits for it, or looks again and again whether
/// it could have it.
async fn until_the_restore_waits(servers: &Servers) {
    let waits = "select wait_event_type is not distinct from 'Lock', query_start::text from pg_stat_activity \
                 where application_name like 'tenant-restore %' \
                   and (wait_event_type = 'Lock' or query like '%as is_maintenance%')";
    let session = servers.production.superuser("app").await;
    let wait = async {
        let mut looks = BTreeSet::new();
        // One look comes before each of a few keys.
        while looks.len() < 6 {
            for row in session.query(waits, &[]).await.unwrap() {
                if row.get(0) {
                    return;
                }
                looks.insert(row.get::<_, String>(1));
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let within = Duration::from_secs(60);
    let waited = tokio::time::timeout(within, wait).await;
    waited.expect("the restore comes to the lock");
}

#[tokio::test]
async fn by_default_schemas_that_differ_are_opened_to_their_users_and_the_differences_are_told() {
    let servers = Servers::start().await;
    servers.run(&UNTIL_VALIDATED[..4]).await;
    servers.production.script("app", DAMAGE).await;
    let result = servers.run(&[Mode::Validate, Mode::Open]).await;
    let differences = result.validate.unwrap().differences;
    assert_eq!(differences.len(), 1, "{differences:?}");
    let usable = "select has_schema_privilege('clerk', 'acme_r', 'usage')::text";
    assert_eq!(servers.ask(usable).await, "true");
}

#[tokio::test]
async fn on_request_schemas_that_differ_are_never_opened_and_dropped_whole() {
    let servers = Servers::start().await;
    servers.run(&UNTIL_VALIDATED[..4]).await;
    servers.production.script("app", DAMAGE).await;
    let result = servers
        .run_with(&[Mode::Validate, Mode::Open], |job| {
            job.on_mismatch = OnMismatch::Drop
        })
        .await;
    let failure = result.failure.unwrap();
    assert_eq!(failure.mode, Mode::Validate);
    assert_eq!(failure.causes[0].kind, ErrorKind::ValidationMismatch);
    let usable = "select has_schema_privilege('clerk', 'acme_r', 'usage')::text";
    assert_eq!(servers.ask(usable).await, "false");
    let dropped = servers.run(&[Mode::Drop]).await.drop.unwrap();
    assert_eq!(dropped.dropped.len(), 2);
    servers.nothing_is_left().await;
}

#[tokio::test]
async fn a_schema_whose_marker_is_missing_or_of_another_restore_is_left_alone() {
    let servers = Servers::start().await;
    servers.run(&[Mode::Extract]).await;
    for unmark in [
        "drop table acme_r.tenant_restore_marker",
        "comment on table acme_r.tenant_restore_marker is null",
        "do $$ begin execute format('comment on table acme_r.tenant_restore_marker is %L',
             format('restore bbbbbbbbbb23, schema %s', 'acme_r'::regnamespace::oid)); end $$",
        "do $$ begin execute format('comment on table acme_r.tenant_restore_marker is %L',
             format('restore abcdefghij23, schema %s', 'acme'::regnamespace::oid)); end $$",
        "alter table acme_r.tenant_restore_marker owner to olga",
    ] {
        servers.run(&UNTIL_VALIDATED[1..3]).await;
        servers.production.script("app", unmark).await;
        // What a tenant's function arranged outside doesn't lead to the schema's end either.
        servers
            .production
            .script(
                "app",
                "create table public.stray (id int); alter table public.stray owner to \"tr-main-abcdefghij23\"",
            )
            .await;
        let before = servers.ask(OBJECTS).await;
        let result = servers.run_with(&[Mode::Drop], |_| ()).await;
        let told = result
            .remarks
            .iter()
            .any(|remark| remark.code == "NotOurs" && remark.object == "\"acme_r\"");
        assert!(told, "{unmark}: {:?}", result.remarks);
        let failure = result.failure.expect("the login role still owns it");
        assert!(
            failure.causes[0].message.contains("tr-main-abcdefghij23"),
            "{unmark}: {failure:?}"
        );
        assert_eq!(servers.ask(OBJECTS).await, before, "{unmark}");
        let clear = "drop schema if exists acme_r, \"Acme-1.b\"\"x_r\" cascade; drop table if exists public.stray";
        servers.production.script("app", clear).await;
        servers.run(&[Mode::Drop]).await;
        servers.nothing_is_left().await;
    }
}

#[tokio::test]
async fn whatever_somebody_else_made_in_the_schema_or_upon_it_makes_the_drop_refuse_and_is_named() {
    let servers = Servers::start().await;
    servers.run(UNTIL_VALIDATED).await;
    // The master is a member of the login role until the end, so whoever has its password may do all that.
    servers
        .production
        .script("app", "grant create, usage on schema neighbour to master")
        .await;
    for (make, name, unmake) in strangers::OBJECTS {
        let superuser = [
            "extension",
            "event trigger",
            "neighbour.precious",
            "for tables in",
        ];
        let session = if superuser.iter().any(|word| make.contains(word)) {
            servers.production.superuser("app").await
        } else {
            servers.production.session_of(MASTER, "app").await
        };
        session
            .batch_execute(make)
            .await
            .unwrap_or_else(|error| panic!("{make}: {error:?}"));
        let before = servers.ask(OBJECTS).await;
        let causes = refused(&servers).await;
        assert_eq!(causes.len(), 1, "{make}: {causes:?}");
        assert!(causes[0].message.contains(name), "{make}: {causes:?}");
        assert!(causes[0].remedy.contains("\"acme_r\", "), "{causes:?}");
        assert_eq!(servers.ask(OBJECTS).await, before, "{make}");
        session.batch_execute(unmake).await.unwrap();
    }
    // A part of our own tables goes with them, whoever made it.
    let session = servers.production.session_of(MASTER, "app").await;
    session
        .batch_execute("create index mine on acme_r.customer (country)")
        .await
        .unwrap();
    servers.run(&[Mode::Drop]).await;
    servers.nothing_is_left().await;
}

#[tokio::test]
async fn a_strangers_object_in_one_schema_keeps_all_schemas_of_the_restore() {
    let servers = Servers::start().await;
    servers.run(UNTIL_VALIDATED).await;
    let table = "create table \"Acme-1.b\"\"x_r\".mine (id int)";
    servers.production.script("app", table).await;
    let before = servers.ask(OBJECTS).await;
    let causes = refused(&servers).await;
    assert!(causes[0].message.contains(".mine"), "{causes:?}");
    assert_eq!(servers.ask(OBJECTS).await, before);
    let login = "select rolcanlogin::text from pg_roles where rolname = 'tr-main-abcdefghij23'";
    assert_eq!(servers.ask(login).await, "false");
}

#[tokio::test]
async fn what_somebody_is_just_making_upon_a_table_is_waited_for_and_seen() {
    let servers = Servers::start().await;
    servers.run(UNTIL_VALIDATED).await;
    let before = servers.ask(OBJECTS).await;
    let stranger = open_transaction(
        &servers,
        "create view neighbour.peek as select id from acme_r.customer",
    )
    .await;
    let (causes, ()) = tokio::join!(refused(&servers), async {
        until_the_restore_waits(&servers).await;
        stranger.batch_execute("commit").await.unwrap();
    });
    assert!(
        causes[0].message.contains("view neighbour.peek"),
        "{causes:?}"
    );
    assert_eq!(servers.ask(OBJECTS).await, before, "the schema is whole");
}

/// The full tenant, and an owner whose objects are handed over last.
async fn with_a_late_owner() -> Servers {
    let production = Cluster::start("app").await;
    production
        .script("app", include_str!("full_tenant.sql"))
        .await;
    production
        .script(
            "app",
            "create role zoe nologin; create type neighbour.word as enum ('new');
             create cast (neighbour.word as acme.status) with inout;
             grant usage on schema neighbour to public;
             create table acme.of_zoe (id int primary key, country char(2) references shared.country);
             alter table acme.of_zoe owner to zoe",
        )
        .await;
    let temporary = production.physical_copy();
    Servers {
        production,
        temporary,
        storage: Arc::new(Memory::default()),
    }
}

/// Runs a mode that somebody's lock holds up, and kills it there.
async fn killed_while_it_waits(servers: &Servers, mode: Mode, lock: &str) {
    let holder = open_transaction(servers, lock).await;
    let modes = [mode];
    tokio::select! {
        result = servers.run_with(&modes, |_| ()) => panic!("{mode:?} didn't wait: {result:?}"),
        () = until_the_restore_waits(servers) => {}
    }
    holder.batch_execute("rollback").await.unwrap();
}

#[tokio::test]
async fn objects_that_were_handed_over_before_the_opening_stopped_are_still_known_as_this_restores()
{
    let servers = with_a_late_owner().await;
    servers.run(UNTIL_VALIDATED).await;
    let lock = "lock table acme_r.of_zoe in access share mode";
    killed_while_it_waits(&servers, Mode::Open, lock).await;
    let owner = "select pg_get_userbyid(relowner)::text from pg_class where oid = 'acme_r.customer'::regclass";
    assert_eq!(servers.ask(owner).await, "olga", "handed over already");

    // One more of an owner who has got objects of this restore.
    servers
        .production
        .script(
            "app",
            "create table acme_r.mine (id int); alter table acme_r.mine owner to olga",
        )
        .await;
    let before = servers.ask(OBJECTS).await;
    let causes = refused(&servers).await;
    assert!(
        causes[0].message.contains(": table acme_r.mine"),
        "{causes:?}"
    );
    assert!(
        causes[0].message.contains("1 objects"),
        "it alone: {causes:?}"
    );
    assert_eq!(servers.ask(OBJECTS).await, before);

    servers
        .production
        .script("app", "drop table acme_r.mine")
        .await;
    servers.run(&[Mode::Drop]).await;
    servers.nothing_is_left().await;
}

#[tokio::test]
async fn a_drop_that_is_killed_anywhere_is_ended_by_the_next() {
    let servers = with_a_late_owner().await;
    servers.run(UNTIL_VALIDATED).await;
    for (lock, is_next) in [
        // At the first key to a live table, at another, at the tables, at the schema itself.
        (
            "lock table acme_r.customer in access share mode",
            "select 'gone'",
        ),
        (
            "lock table acme_r.invoice in access share mode",
            "select coalesce(min(conname)::text, 'gone') from pg_constraint where conname = 'customer_country_fkey' and connamespace = 'acme_r'::regnamespace",
        ),
        (
            "lock table acme_r.secret in access share mode",
            "select coalesce(min(conname)::text, 'gone') from pg_constraint where contype = 'f' and connamespace = 'acme_r'::regnamespace and confrelid::regclass::text like 'shared.%'",
        ),
        (
            "comment on schema acme_r is 'held'",
            "select coalesce(to_regclass('acme_r.customer')::text, 'gone')",
        ),
    ] {
        killed_while_it_waits(&servers, Mode::Drop, lock).await;
        assert_eq!(servers.ask(is_next).await, "gone", "{lock}");
        let ours = "select count(*)::text from pg_namespace where nspname = 'acme_r'";
        assert_eq!(servers.ask(ours).await, "1", "the schema goes last");
    }
    servers.run(&[Mode::Drop]).await;
    servers.nothing_is_left().await;
}
