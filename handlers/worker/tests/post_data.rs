//! Indexes and constraints beside each other: in the order that they need, each once, within bounds.

#![allow(clippy::unwrap_used, reason = "what a test can't prepare fails it")]

mod cluster;

use std::sync::Arc;
use std::time::{Duration, Instant};

use cluster::Cluster;
use cluster::servers::{Servers, lacking};
use cluster::surroundings::Memory;
use tenant_restore_core::job::{Job, JobResult, Mode, MoverChoice, SchemaName};

const UNTIL_COPIED: &[Mode] = &[Mode::Extract, Mode::ApplyPreData, Mode::Copy];

/// Production and a copy of it with this tenant in schema `acme`.
async fn servers(tenant: &str) -> Servers {
    let production = Cluster::start("app").await;
    production
        .script("app", "create role olga; grant olga to master")
        .await;
    production
        .script(
            "app",
            &format!("create schema acme authorization olga; set role olga; {tenant}"),
        )
        .await;
    let temporary = production.physical_copy();
    Servers {
        production,
        temporary,
        storage: Arc::new(Memory::default()),
    }
}

async fn run(servers: &Servers, modes: &[Mode]) -> JobResult {
    let result = servers.run_with(modes, of_acme).await;
    assert_eq!(result.failure, None, "{:#?}", result.remarks);
    result
}

fn of_acme(job: &mut Job) {
    job.mover = MoverChoice::Copy;
    job.schemas = vec![SchemaName {
        schema: "acme".to_owned(),
        restored_as: "acme_r".to_owned(),
    }];
}

#[tokio::test]
async fn what_depends_on_each_other_comes_in_order_and_everything_comes_once() {
    let servers = servers(include_str!("post_data.sql")).await;
    run(&servers, UNTIL_COPIED).await;
    let result = run(&servers, &[Mode::ApplyPostData, Mode::Validate]).await;
    assert_eq!(result.validate.unwrap().differences, Vec::<String>::new());
    let again = run(&servers, &[Mode::ApplyPostData, Mode::Validate]).await;
    assert_eq!(again.validate.unwrap().differences, Vec::<String>::new());
    run(&servers, &[Mode::Open]).await;
    assert_eq!(
        lacking(&servers.ddl("acme"), &servers.ddl("acme_r")),
        Vec::<String>::new()
    );
    assert_eq!(
        lacking(&servers.ddl("acme_r"), &servers.ddl("acme")),
        Vec::<String>::new()
    );
}

/// Two builds, each of which waits until the other is at work: one after the other they fail.
#[tokio::test]
async fn indexes_of_big_tables_are_built_at_the_same_time() {
    let tenant = "create function acme.meet(id int, own int, other int) returns int immutable language plpgsql as $f$
        begin
            if current_schema() <> 'acme_r' then return id; end if;
            perform pg_advisory_lock(own);
            while not exists (select from pg_locks where locktype = 'advisory' and objid = other and granted) loop
                if clock_timestamp() > statement_timestamp() + interval '30 s' then raise exception 'alone'; end if;
                perform pg_sleep(0.02);
            end loop;
            return id;
        end $f$;
        create table acme.t as select i as id, repeat('x', 1000) as filler from generate_series(1, 9000) i;
        create table acme.u as select * from acme.t;
        create index t_meets on acme.t (acme.meet(id, 1, 2)) where id = 1;
        create index u_meets on acme.u (acme.meet(id, 2, 1)) where id = 1";
    let servers = servers(tenant).await;
    run(&servers, UNTIL_COPIED).await;
    run(&servers, &[Mode::ApplyPostData]).await;
}

/// A build that lasts doesn't keep what other sessions have done from being committed.
#[tokio::test]
async fn a_long_build_holds_nothing_else_up() {
    let tenant = "create function acme.gated(id int) returns int immutable language plpgsql as $f$
        begin
            while current_schema() = 'acme_r' and not pg_try_advisory_xact_lock(42) loop perform pg_sleep(0.02); end loop;
            return id;
        end $f$;
        create table acme.big as select i as id, repeat('x', 1000) as filler from generate_series(1, 9000) i;
        create index big_gated on acme.big (acme.gated(id));
        create table acme.small as select i as id from generate_series(1, 10) i;
        create index small_index on acme.small (id);
        create table acme.other as select i as id from generate_series(1, 10) i;
        alter table acme.other add primary key (id)";
    let servers = servers(tenant).await;
    run(&servers, UNTIL_COPIED).await;
    let gate = servers.production.superuser("app").await;
    gate.batch_execute("select pg_advisory_lock(42)")
        .await
        .unwrap();
    let others = "select ((select count(*) = 2 from acme_r.tenant_restore_ledger \
                  where step like '%small_index%' or step like '%other_pkey%') \
                  and exists (select from pg_stat_activity where query like 'CREATE INDEX big_gated%' and state = 'active'))::text";
    let committed = async {
        let deadline = Instant::now() + Duration::from_secs(60);
        while servers.ask(others).await != "true" {
            assert!(Instant::now() < deadline, "they wait for the long build");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        drop(gate);
    };
    tokio::join!(run(&servers, &[Mode::ApplyPostData]), committed);
}

#[tokio::test]
async fn sessions_that_build_have_more_memory_than_the_server_gives_everybody() {
    let tenant = "create function acme.noted(id int) returns int immutable language plpgsql as $f$
        begin
            if current_schema() = 'acme_r' then
                raise log 'memory %', current_setting('maintenance_work_mem');
                if pg_size_bytes(current_setting('maintenance_work_mem')) <= pg_size_bytes('1MB') then
                    raise exception 'too little';
                end if;
            end if;
            return id;
        end $f$;
        create table acme.t as select 1 as id;
        create index t_noted on acme.t (acme.noted(id))";
    let servers = servers(tenant).await;
    run(&servers, UNTIL_COPIED).await;
    servers
        .production
        .restart_with("maintenance_work_mem = '1MB'");
    run(&servers, &[Mode::ApplyPostData]).await;
}
