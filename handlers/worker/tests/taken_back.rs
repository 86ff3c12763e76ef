//! A restore that doesn't reach its end is taken back whole, and nothing else is.

#![allow(
    clippy::unwrap_used,
    reason = "a test that can't prepare its servers fails at that line"
)]

mod cluster;

use std::sync::Arc;

use cluster::Cluster;
use cluster::servers::{Servers, UNTIL_VALIDATED, lacking};
use cluster::surroundings::Memory;
use tenant_restore_core::error::ErrorKind;
use tenant_restore_core::job::Mode;

#[tokio::test]
async fn a_restore_that_stops_anywhere_is_dropped_whole_and_nothing_else_is() {
    let servers = Servers::start().await;
    servers.run(&[Mode::Extract]).await;
    for modes in [
        &[Mode::ApplyPreData][..],
        &[Mode::ApplyPreData, Mode::Copy],
        &UNTIL_VALIDATED[1..],
    ] {
        servers.run(modes).await;
        let dropped = servers.run(&[Mode::Drop]).await.drop.unwrap();
        assert_eq!((dropped.dropped.len(), dropped.role_dropped), (2, true));
        servers.nothing_is_left().await;
        let again = servers.run(&[Mode::Drop]).await.drop.unwrap();
        assert_eq!((again.dropped.len(), again.role_dropped), (0, false));
    }
    let live = "select count(*)::text from acme.customer";
    assert_eq!(servers.ask(live).await, "500");
}

#[tokio::test]
async fn an_opening_that_stops_after_owners_changed_can_be_finished_or_dropped() {
    let servers = Servers::start().await;
    servers.run(UNTIL_VALIDATED).await;
    // A table's owner can't change while somebody holds the table: the opening is stopped half way.
    let blocker = servers.production.superuser("app").await;
    blocker
        .batch_execute("begin; lock table acme_r.invoice in access exclusive mode")
        .await
        .unwrap();
    let stopped = tokio::time::timeout(
        std::time::Duration::from_secs(4),
        servers.run_with(&[Mode::Open], |_| ()),
    )
    .await;
    assert!(stopped.is_err(), "the opening waits for the lock");
    blocker.batch_execute("rollback").await.unwrap();

    let dropped = servers.run(&[Mode::Drop]).await.drop.unwrap();
    assert_eq!((dropped.dropped.len(), dropped.role_dropped), (2, true));
    servers.nothing_is_left().await;

    servers.run(&UNTIL_VALIDATED[1..]).await;
    servers.run(&[Mode::Open]).await;
    assert_eq!(
        lacking(&servers.ddl("acme"), &servers.ddl("acme_r")),
        Vec::<String>::new()
    );

    // What was handed over is no longer proven to be ours: it stays, and is named.
    let late = servers.run(&[Mode::Drop]).await.drop.unwrap();
    assert_eq!((late.dropped.len(), late.role_dropped), (0, false));
    assert!(late.left.contains(&"acme_r".to_owned()), "{:?}", late.left);
    let standing = "select (to_regclass('acme_r.invoice') is not null)::text";
    assert_eq!(servers.ask(standing).await, "true");
}

#[tokio::test]
async fn a_schema_or_role_that_is_not_ours_is_neither_used_nor_dropped() {
    let servers = Servers::start().await;
    servers.run(&[Mode::Extract]).await;
    servers
        .production
        .script(
            "app",
            "create schema acme_r; create table acme_r.mine (id int)",
        )
        .await;
    let failed = servers
        .run_with(&[Mode::ApplyPreData], |_| ())
        .await
        .failure
        .unwrap();
    assert_eq!(failed.causes[0].kind, ErrorKind::TargetNameTaken);

    let dropped = servers.run(&[Mode::Drop]).await.drop.unwrap();
    assert_eq!((dropped.dropped.len(), dropped.role_dropped), (0, false));
    assert_eq!(
        servers.ask("select to_regclass('acme_r.mine')::text").await,
        "acme_r.mine"
    );

    let role = "tr-main-abcdefghij23";
    servers
        .production
        .script(
            "app",
            &format!("drop schema acme_r cascade; create role \"{role}\""),
        )
        .await;
    let failed = servers
        .run_with(&[Mode::ApplyPreData], |_| ())
        .await
        .failure
        .unwrap();
    assert_eq!(failed.causes[0].kind, ErrorKind::NameCollision);
    let result = servers.run(&[Mode::Drop]).await;
    assert_eq!(result.remarks[0].code, "RoleNotOurs");
    assert_eq!(
        servers
            .ask("select string_agg(rolname, ',') from pg_roles where rolname like 'tr-%'")
            .await,
        role
    );
}

#[tokio::test]
async fn more_tables_than_a_transaction_takes_are_restored_and_dropped_in_batches() {
    let production = Cluster::start("app").await;
    production
        .script("app", include_str!("full_tenant.sql"))
        .await;
    production
        .script(
            "app",
            "set role olga; do $$ begin for i in 1..450 loop
                 execute format('create table acme.many_%s (id int primary key)', i);
             end loop; end $$",
        )
        .await;
    let temporary = production.physical_copy();
    let servers = Servers {
        production,
        temporary,
        storage: Arc::new(Memory::default()),
    };
    servers.run(UNTIL_VALIDATED).await;
    let count = "select count(*)::text from pg_class c where relnamespace = 'acme_r'::regnamespace and relname like 'many%' \
                 and relkind = 'r'";
    assert_eq!(servers.ask(count).await, "450");
    let dropped = servers.run(&[Mode::Drop]).await.drop.unwrap();
    assert_eq!(dropped.dropped.len(), 2);
    servers.nothing_is_left().await;
}
