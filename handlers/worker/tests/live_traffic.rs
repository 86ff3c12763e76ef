//! Production goes on while a tenant is restored beside it: no statement of its users fails, and none waits for the restore
//! longer than the restore waits for a lock.

#![allow(
    clippy::unwrap_used,
    reason = "a test that can't prepare its servers fails at that line"
)]

mod cluster;
mod traffic;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cluster::Cluster;
use cluster::servers::{Servers, UNTIL_VALIDATED, lacking};
use cluster::surroundings::Memory;
use tenant_restore_core::error::ErrorKind;
use tenant_restore_core::job::Mode;
use traffic::watch::{Seen, Watcher};
use traffic::{Traffic, users};

/// A restore gives up a lock in production after that long (`production::LOCK_TIMEOUT`), and so do live users here.
const LOCK_TIMEOUT: &str = "2s";

/// A partitioned parent outside, enough rows for phases to last, and rows for the transactions that hold them.
const MORE: &str = "
    set role master;
    create table shared.place (id int primary key, name text) partition by range (id);
    create table shared.place_a partition of shared.place for values from (minvalue) to (100);
    create table shared.place_b partition of shared.place for values from (100) to (maxvalue);
    insert into shared.place select i, 'place ' || i from generate_series(1, 180) i;
    create table shared.region (code int primary key);
    insert into shared.region select generate_series(1, 20000);
    grant select, references on shared.place, shared.region to olga;
    insert into shared.colour values (60);
    insert into shared.country values ('yy', 'Long');
    reset role;
    set role olga;
    create table acme.visit (id int primary key, place int references shared.place);
    insert into acme.visit select i, 1 + i % 180 from generate_series(1, 50000) i;
    create table acme.office (id int primary key, region int references shared.region on delete cascade);
    create table acme.desk (id int primary key, office int references acme.office on delete cascade);
    insert into acme.office select code, code from shared.region;
    insert into acme.desk select id, id from acme.office;
    insert into acme.customer (name, country) select 'more ' || i, 'de' from generate_series(1, 30000) i;
    reset role;
    analyze";

async fn servers() -> Servers {
    servers_with(&[MORE]).await
}

async fn servers_with(more: &[&str]) -> Servers {
    let production = Cluster::start("app").await;
    production
        .script("app", include_str!("full_tenant.sql"))
        .await;
    for script in more {
        production.script("app", script).await;
    }
    let temporary = production.physical_copy();
    Servers {
        production,
        temporary,
        storage: Arc::new(Memory::default()),
    }
}

const DEADLOCKS: &str =
    "select deadlocks::text from pg_stat_database where datname = current_database()";

#[tokio::test]
async fn users_of_every_live_table_go_on_until_the_restored_schemas_are_opened() {
    let (servers, failures) = restored_beside_users(UNTIL_VALIDATED).await;
    assert_eq!(failures, Vec::<String>::new());
    assert_eq!(servers.ask(DEADLOCKS).await, "0");
    assert_eq!(
        servers.ask(KEYS_TO_LIVE_TABLES).await,
        "customer_country_fkey true, invoice_colour_fkey true, ledger_country_fkey true, ledger_country_fkey true, \
         ledger_country_fkey true, office_region_fkey true, visit_place_fkey true"
    );
}

/// A deleted row of a live table is looked for in the restored tables that refer to it, as their owner (PostgreSQL's
/// `ri_PerformCheck`), who may not use the schema before it is opened.
#[tokio::test]
async fn users_of_every_live_table_go_on_while_the_restored_schemas_are_opened() {
    let all: Vec<Mode> = UNTIL_VALIDATED
        .iter()
        .copied()
        .chain([Mode::Open])
        .collect();
    let (servers, failures) = restored_beside_users(&all).await;
    assert_eq!(failures, Vec::<String>::new());
    assert_eq!(servers.ask(DEADLOCKS).await, "0");
}

#[tokio::test]
async fn a_live_row_that_takes_restored_rows_along_is_deleted_while_the_schemas_are_opened() {
    let servers = servers().await;
    servers.run(UNTIL_VALIDATED).await;
    let users = users(
        "-- shared.region
         delete from shared.region where code = (select min(code) from shared.region)",
    );
    let traffic = Traffic::start(&servers.production, users, LOCK_TIMEOUT).await;
    let before = traffic.begin_phase();
    let opened = servers.run(&[Mode::Open]).await;
    let deleted = traffic.told()["shared.region"].statements - before;
    assert_eq!(traffic.end().await, Vec::<String>::new());
    assert_eq!(opened.failure, None);
    assert!(deleted > 0, "nothing was deleted meanwhile");
    let kept = "select (select count(*) from shared.region) = count(office) and count(office) = count(desk) \
                  from acme_r.office full join acme_r.desk on desk.office = office.id";
    assert_eq!(servers.ask(&format!("select ({kept})::text")).await, "true");
}

/// Tables that refer to live ones, of the master and of somebody else, with privileges that the master passed on.
const KEPT_TO_THE_END: &str = "
    set role olga;
    grant usage on schema acme to master;
    create table acme.trip (id int primary key generated always as identity, place int references shared.place);
    grant select on acme.trip to master with grant option;
    revoke delete on acme.trip from olga;
    grant update (place) on acme.trip to clerk;
    set role master;
    grant select on acme.trip to auditor;
    reset role;
    create table acme.stay (id serial primary key, country char(2) references shared.country);
    alter table acme.stay owner to master;
    set role master;
    grant select on acme.stay to clerk;
    grant usage on sequence acme.stay_id_seq to auditor;
    reset role";

/// Users who delete what restored tables refer to.
const DELETES: &str = "
    -- shared.region
    insert into shared.region values (-1)
    delete from shared.region where code = -1
    -- shared.place
    insert into shared.place values (-1, 'nowhere')
    delete from shared.place where id = -1";

/// What the task of the last phase does.
const FINALIZE: [Mode; 3] = [Mode::ApplyPostData, Mode::Validate, Mode::Open];

/// Validated, with users at work, and an opening that was ended while it waited for a table.
async fn opened_half(servers: &Servers) -> Traffic {
    servers.run(&UNTIL_VALIDATED[..3]).await;
    let blocker = servers.production.superuser("app").await;
    let traffic = Traffic::start(&servers.production, users(DELETES), LOCK_TIMEOUT).await;
    let opening = async {
        servers.run_with(&FINALIZE[..2], |_| ()).await;
        let block = "begin; lock table acme_r.trip in row share mode";
        blocker.batch_execute(block).await.unwrap();
        servers.run_with(&FINALIZE[2..], |_| ()).await
    };
    tokio::select! {
        ended = opening => panic!("the opening waits for the table: {ended:?}"),
        () = until_nothing_but(servers, "trip, visit") => {}
    }
    blocker.batch_execute("rollback").await.unwrap();
    traffic
}

#[tokio::test]
async fn an_opening_that_stops_at_a_table_in_use_goes_on_with_all_it_had_to_tell() {
    let servers = servers_with(&[MORE, KEPT_TO_THE_END]).await;
    let gone = "drop owned by gone; drop role gone";
    servers.production.script("app", gone).await;
    let traffic = opened_half(&servers).await;

    let opened = servers.run(&FINALIZE).await;
    assert_eq!(traffic.end().await, Vec::<String>::new());
    assert_eq!(opened.failure, None);
    let codes: Vec<&str> = opened.remarks.iter().map(|it| it.code.as_str()).collect();
    assert_eq!(codes, ["RoleMissing"]);
    let validated = opened.validate.unwrap();
    assert_eq!(validated.differences, Vec::<String>::new());
    assert!(validated.tables.len() > 10, "what the first run compared");
    let (live, restored) = (servers.ddl("acme"), servers.ddl("acme_r"));
    assert_eq!(lacking(&live, &restored), Vec::<String>::new());
    assert_eq!(lacking(&restored, &live), Vec::<String>::new());

    let again = servers.run(&FINALIZE).await;
    assert_eq!(again.failure, None, "a task that nobody heard of");
    assert_eq!(again.remarks, opened.remarks);
}

#[tokio::test]
async fn live_rows_are_deleted_while_an_opening_that_stopped_is_dropped() {
    let servers = servers_with(&[MORE, KEPT_TO_THE_END]).await;
    let traffic = opened_half(&servers).await;
    let before = traffic.begin_phase();
    let dropped = servers.run(&[Mode::Drop]).await.drop.unwrap();
    let told = traffic.told();
    let statements: u64 = told.values().map(|told| told.statements).sum();
    assert_eq!(traffic.end().await, Vec::<String>::new());
    assert!(statements > before, "nobody was at work meanwhile");
    assert_eq!((dropped.dropped.len(), dropped.role_dropped), (2, true));
    servers.nothing_is_left().await;
}

/// A trigger of olga's that a live delete leads to, and a table of pia's.
const PLANTING: &str = "
    set role olga;
    create function acme.plant() returns trigger language plpgsql as $$
    begin
        if current_user like 'tr-%' then
            execute 'create trigger planted before insert on acme_r.pet for each row execute function acme_r.plant()';
        end if;
        return old;
    end $$;
    create trigger plant before delete on acme.office for each row execute function acme.plant();
    reset role;
    create role pia nologin;
    create table acme.pet (id int primary key, place int references shared.place);
    alter table acme.pet owner to pia;
    create table acme.first (id int primary key, place int references shared.place);
    alter table acme.first owner to master";

#[tokio::test]
async fn what_a_live_delete_lets_a_tenants_trigger_plant_in_anothers_table_never_gets_its_owner() {
    let servers = servers_with(&[MORE, PLANTING]).await;
    servers.run(UNTIL_VALIDATED).await;
    let blocker = servers.production.superuser("app").await;
    let block = "begin; lock table acme_r.customer in row share mode";
    blocker.batch_execute(block).await.unwrap();
    let (opened, ()) = tokio::join!(servers.run_with(&[Mode::Open], |_| ()), async {
        until_handed_over(&servers, "acme_r.first").await;
        let live = servers.production.superuser("app").await;
        let delete = "delete from shared.region where code = 5";
        live.batch_execute(delete).await.unwrap();
        blocker.batch_execute("rollback").await.unwrap();
    });
    let failure = opened.failure.unwrap();
    assert_eq!(failure.causes[0].kind, ErrorKind::ValidationMismatch);
    let pet = "select (pg_get_userbyid(relowner) like 'tr-%')::text || ' ' || relhastriggers::text \
               from pg_class where oid = 'acme_r.pet'::regclass";
    assert_eq!(servers.ask(pet).await, "true true");
    let closed = "select has_schema_privilege('clerk', 'acme_r', 'usage')::text";
    assert_eq!(servers.ask(closed).await, "false");
    let dropped = servers.run(&[Mode::Drop]).await.drop.unwrap();
    assert_eq!((dropped.dropped.len(), dropped.role_dropped), (2, true));
}

/// Waits until a restored table has its owner.
async fn until_handed_over(servers: &Servers, table: &str) {
    let login = format!(
        "select (pg_get_userbyid(relowner) like 'tr-%')::text from pg_class where oid = '{table}'::regclass"
    );
    while servers.ask(&login).await != "false" {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Waits until the login role owns only these tables.
async fn until_nothing_but(servers: &Servers, tables: &str) {
    let owned = "select coalesce(string_agg(relname, ', ' order by relname), '') \
                   from pg_class c join pg_roles r on r.oid = c.relowner \
                  where rolname like 'tr-%' and relkind in ('r', 'p') and relname not like 'tenant_restore%'";
    while servers.ask(owned).await != tables {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// A restore beside users of every live table, as far as these modes, with what failed for the users.
async fn restored_beside_users(modes: &[Mode]) -> (Servers, Vec<String>) {
    let servers = servers().await;
    let users = users(include_str!("traffic/users.sql"));
    let used: BTreeSet<String> = users.iter().map(|user| user.name.clone()).collect();
    assert_eq!(unused(&servers, &used).await, "");
    let watcher = Watcher::start(&servers.production).await;
    let traffic = Traffic::start(&servers.production, users, LOCK_TIMEOUT).await;

    println!(
        "{:<16} {:>8} {:>10} {:>11} {:>14} {:>13}",
        "phase", "seconds", "statements", "slowest ms", "waits of users", "longest, ms"
    );
    for mode in modes {
        watcher.take();
        let (before, began) = (traffic.begin_phase(), Instant::now());
        let result = servers.run(&[*mode]).await;
        let statements = tell(mode.as_str(), &traffic, before, began, &watcher.take());
        assert!(statements > 0, "{mode:?}");
        if let Some(validated) = result.validate {
            assert_eq!(validated.differences, Vec::<String>::new());
        }
    }
    let failures = traffic.end().await;
    watcher.end().await;
    (servers, failures)
}

const KEYS_TO_LIVE_TABLES: &str = "select string_agg(conname || ' ' || convalidated::text, ', ' order by conname) from pg_constraint k \
     where contype = 'f' and connamespace = 'acme_r'::regnamespace \
       and confrelid in ('shared.colour'::regclass, 'shared.country'::regclass, 'shared.place'::regclass, 'shared.region'::regclass)";

/// Tables with rows of their own that no user is named after.
async fn unused(servers: &Servers, used: &BTreeSet<String>) -> String {
    let used: Vec<String> = used.iter().map(|name| format!("'{name}'")).collect();
    let sql = format!(
        "select string_agg(root, ', ') from (
             select distinct coalesce(pg_partition_root(c.oid), c.oid)::regclass::text as root
               from pg_class c join pg_namespace n on n.oid = c.relnamespace
              where c.relkind in ('r', 'p') and n.nspname in ('acme', 'Acme-1.b\"x', 'shared', 'neighbour')
         ) tables where root not in ({})",
        used.join(", ")
    );
    servers.ask(&sql).await
}

/// Prints a phase's line; how many statements ended in it.
fn tell(phase: &str, traffic: &Traffic, before: u64, began: Instant, seen: &Seen) -> u64 {
    let seconds = began.elapsed().as_secs_f64();
    let told = traffic.told();
    let statements = told.values().map(|told| told.statements).sum::<u64>() - before;
    let slowest = told.values().map(|told| told.slowest).max().unwrap();
    println!(
        "{phase:<16} {seconds:>8.1} {statements:>10} {:>11.0} {:>14} {:>13.0}   {}",
        slowest.as_secs_f64() * 1000.0,
        seen.live.len(),
        seen.longest().map_or(0.0, |wait| wait.millis),
        seen.longest().map_or("", |wait| wait.what.as_str()),
    );
    statements
}

#[tokio::test]
async fn a_transaction_that_keeps_a_live_table_makes_the_restore_wait_and_nobody_else() {
    let servers = servers().await;
    servers.run(&UNTIL_VALIDATED[..3]).await;
    let busy = servers.production.superuser("app").await;
    busy.batch_execute(
        "set application_name = 'live'; begin; update shared.colour set code = code where code = 60",
    )
    .await
    .unwrap();
    let watcher = Watcher::start(&servers.production).await;
    let users = users(include_str!("traffic/users.sql"))
        .into_iter()
        .filter(|user| user.name == "shared.colour" || user.name == "acme.invoice");
    let traffic = Traffic::start(&servers.production, users.collect(), "300ms").await;
    let (result, meanwhile) = tokio::join!(servers.run(&[Mode::ApplyPostData]), async {
        watcher.until(|seen| seen.looks.len() >= 10).await;
        let seen = watcher.take();
        busy.batch_execute("commit").await.unwrap();
        seen
    });
    assert_eq!(result.failure, None);
    assert_eq!(traffic.end().await, Vec::<String>::new());
    assert!(meanwhile.live.is_empty(), "{meanwhile:#?}");
    assert!(meanwhile.restore.is_empty(), "{meanwhile:#?}");
    let key = "select convalidated::text from pg_constraint \
               where conname = 'invoice_colour_fkey' and conrelid = 'acme_r.invoice'::regclass";
    assert_eq!(servers.ask(key).await, "true");
    watcher.end().await;
}

#[tokio::test]
async fn a_reader_who_keeps_a_live_table_makes_a_drop_wait_and_nobody_else() {
    let servers = servers().await;
    servers.run(UNTIL_VALIDATED).await;
    let reader = servers.production.superuser("app").await;
    reader
        .batch_execute("set application_name = 'live'; begin; select from shared.colour")
        .await
        .unwrap();
    let watcher = Watcher::start(&servers.production).await;
    let users = users(include_str!("traffic/users.sql"))
        .into_iter()
        .filter(|user| user.name.starts_with("shared.") || user.name == "acme.invoice");
    let traffic = Traffic::start(&servers.production, users.collect(), "1s").await;
    let (dropped, ()) = tokio::join!(servers.run(&[Mode::Drop]), async {
        watcher.until(|seen| seen.looks.len() >= 10).await;
        assert_eq!(
            servers.ask("select (to_regclass('acme_r.customer') is not null and to_regclass('acme_r.nothing') is not null)::text").await,
            "true",
            "keys to live tables go before any table does"
        );
        reader.batch_execute("commit").await.unwrap();
    });
    println!("longest wait of a user: {:?}", watcher.seen().longest());
    assert_eq!(dropped.drop.unwrap().dropped.len(), 2);
    assert_eq!(traffic.end().await, Vec::<String>::new());
    assert_eq!(servers.ask(DEADLOCKS).await, "0");
    watcher.end().await;
    servers.nothing_is_left().await;
}
