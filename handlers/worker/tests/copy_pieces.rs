//! Tables that are copied piece by piece: each row arrives once, whatever happens to the task meanwhile.

#![allow(clippy::unwrap_used, reason = "what a test can't prepare fails it")]

mod aws;
mod cluster;

use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use aws::Aws;
use cluster::servers::Servers;
use cluster::surroundings::{Memory, context, job};
use cluster::{Cluster, MASTER, MASTER_PASSWORD};
use tenant_restore_core::job::{Job, Mode, MoverChoice};
use tenant_restore_worker::bounds::Bounds;
use tenant_restore_worker::context::Context;
use tenant_restore_worker::copy::pieces::Blocks;
use tenant_restore_worker::copy::unit::{self, Versions};
use tenant_restore_worker::job_run;
use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

const JOB_KEY: &str = "work/abcdefghij23/1/job.json";
const PLAN_KEY: &str = "work/abcdefghij23/1/plan.json";
const SCHEMAS: &[(&str, &str)] = &[("acme", "acme_r")];
const BOUNDS: Bounds = Bounds {
    connections: 2,
    piece_bytes: 1 << 20,
    sample_above: None,
};
const PATIENCE: Duration = Duration::from_secs(60);

async fn servers() -> Servers {
    let production = Cluster::start("app").await;
    // So that the empty blocks are there until the test itself vacuums.
    production.restart_with("autovacuum = off");
    production
        .script("app", "create role olga; grant olga to master")
        .await;
    production
        .script("app", include_str!("copy_pieces.sql"))
        .await;
    let temporary = production.physical_copy();
    temporary.restart_with("autovacuum = off");
    Servers {
        production,
        temporary,
        storage: Arc::new(Memory::default()),
    }
}

fn of_modes(servers: &Servers, modes: &[Mode]) -> Job {
    let mut job = job(
        "app",
        SCHEMAS,
        &servers.production,
        Some(&servers.temporary),
    );
    job.modes = modes.to_vec();
    job.mover = MoverChoice::Copy;
    job
}

fn within_bounds(servers: &Servers, modes: &[Mode]) -> Context {
    let job = of_modes(servers, modes);
    let mut context = context(
        job,
        &servers.storage,
        &[&servers.production, &servers.temporary],
    );
    context.bounds = BOUNDS;
    context
}

async fn run(servers: &Servers, modes: &[Mode]) -> tenant_restore_core::job::JobResult {
    let mut context = within_bounds(servers, modes);
    let result = job_run::run(&mut context, std::future::pending()).await;
    assert_eq!(result.failure, None, "{:#?}", result.remarks);
    result
}

/// The worker's process with a job of mode `copy`, as ECS runs it.
fn start_copy(servers: &Servers, aws: &Aws) -> Child {
    let job = of_modes(servers, &[Mode::Copy]);
    aws.put_object(
        &format!("/documents/{JOB_KEY}"),
        serde_json::to_vec(&job).unwrap(),
    );
    aws.put_object(
        &format!("/documents/{PLAN_KEY}"),
        servers.storage.bytes(PLAN_KEY).to_vec(),
    );
    let login = |name: &str, password: &str| {
        serde_json::json!({ "username": name, "password": password }).to_string()
    };
    aws.put_secret(MASTER, &login(MASTER, MASTER_PASSWORD));
    aws.put_secret("loader", &login(&job.loader.role, "Loader-pa55"));
    Command::new(env!("CARGO_BIN_EXE_tenant-restore-worker"))
        .env_clear()
        .envs([
            ("PATH", "/usr/bin:/bin"),
            ("AWS_ENDPOINT_URL", aws.url().as_str()),
            ("AWS_REGION", "eu-west-3"),
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
            ("BUCKET_NAME", "documents"),
            ("JOB", JOB_KEY),
            ("COPY_PIECE_MIB", "1"),
            ("MOST_CONNECTIONS", "2"),
        ])
        .env(
            "PGSSLROOTCERT",
            servers.production.ca_bundle().with_file_name("trusted.pem"),
        )
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

/// A row of `acme_r.big` that can't be written while the returned session lives.
async fn close_gate(servers: &Servers, id: u32) -> Client {
    let gate = servers.production.superuser("app").await;
    let sql = format!(
        "create schema gate; grant usage on schema gate to public;
        create function gate.wait() returns trigger language plpgsql as $f$
        begin
            while not pg_try_advisory_xact_lock(42) loop perform pg_sleep(0.02); end loop;
            return new;
        end $f$;
        create trigger gate before insert on acme_r.big for each row when (new.id = {id}) execute function gate.wait();
        select pg_advisory_lock(42)"
    );
    gate.batch_execute(&sql).await.unwrap();
    gate
}

async fn wait_for(servers: &Servers, what: &str, condition: &str) {
    let deadline = Instant::now() + PATIENCE;
    while servers.ask(condition).await != "true" {
        assert!(Instant::now() < deadline, "in vain: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

const LOADED: &str = "select string_agg(step || ' at ' || done_at::text, '; ' order by step)
    from acme_r.tenant_restore_ledger where rows is not null";
const PIECES: &str =
    "select string_agg(step || ' ' || cardinality(beginnings) || ' pieces', '; ' order by step)
    from acme_r.tenant_restore_ledger where beginnings is not null";

#[tokio::test]
async fn every_row_arrives_once_when_the_task_is_killed_within_and_between_pieces() {
    let servers = servers().await;
    run(&servers, &[Mode::Extract, Mode::ApplyPreData]).await;
    let gate = close_gate(&servers, 25_000).await;
    let aws = Aws::start();
    let mut task = start_copy(&servers, &aws);
    wait_for(
        &servers,
        "one stream is within a piece, and the other has nothing left",
        "select (
            exists (select from pg_stat_activity where wait_event = 'PgSleep' and usename like 'tr-%')
            and (select count(*) = 1 from pg_stat_activity where usename like 'tr-%')
        )::text",
    )
    .await;
    task.kill().unwrap();
    task.wait().unwrap();
    let before = servers.ask(LOADED).await;
    assert!(
        before.contains("from block 0") && before.contains("\"small\""),
        "{before}"
    );

    // Whatever its task's fate, the temporary database vacuums: the blocks that the last pieces began with are gone.
    let blocks = "select (pg_relation_size('acme_r.big') / 8192)::text";
    let temporary = servers.temporary.superuser("app").await;
    let size = async || -> u32 {
        let row = temporary.query_one(blocks, &[]).await.unwrap();
        row.get::<_, String>(0).parse().unwrap()
    };
    let full = size().await;
    temporary.batch_execute("vacuum acme_r.big").await.unwrap();
    assert!(size().await < full, "the tail is dropped");

    drop(gate);
    let copied = run(&servers, &[Mode::Copy]).await.copy.unwrap();
    let after = servers.ask(LOADED).await;
    for step in before.split("; ") {
        assert!(after.contains(step), "{step} was loaded again: {after}");
    }
    let rows = |name: &str| {
        let table = copied.tables.iter().find(|table| table.table == name);
        table.unwrap().rows
    };
    assert_eq!(
        [
            "big",
            "wide",
            "by_text",
            "tree",
            "child",
            "small",
            "without_columns",
            "empty"
        ]
        .map(rows),
        [24_999, 60, 15_000, 20_000, 9_000, 10, 1, 0]
    );
    servers
        .production
        .script(
            "app",
            "drop trigger gate on acme_r.big; drop schema gate cascade",
        )
        .await;
    let validated = run(&servers, &[Mode::ApplyPostData, Mode::Validate]).await;
    assert_eq!(
        validated.validate.unwrap().differences,
        Vec::<String>::new()
    );
}

/// Notes, at every row of the tree, how many of its leaves the writing transaction has locked.
const NOTE_LOCKS: &str = r"create schema noted; grant usage on schema noted to public;
    create table noted.locked (leaves bigint);
    create function noted.note() returns trigger language plpgsql security definer set search_path = '' as $f$
    begin
        insert into noted.locked
        select count(distinct relation) from pg_locks
        where pid = pg_backend_pid() and relation::regclass::text like 'acme_r.tree\_%';
        return new;
    end $f$;
    create trigger note before insert on acme_r.tree for each row execute function noted.note()";

#[tokio::test]
async fn a_stream_locks_the_leaves_that_its_rows_go_to_and_no_others() {
    let servers = servers().await;
    run(&servers, &[Mode::Extract, Mode::ApplyPreData]).await;
    servers.production.script("app", NOTE_LOCKS).await;
    run(&servers, &[Mode::Copy]).await;
    let noted = "select count(*) || ' rows, least ' || min(leaves) from noted.locked";
    assert_eq!(servers.ask(noted).await, "20000 rows, least 1");
}

#[tokio::test]
async fn big_tables_are_split_by_heap_and_values_and_arrive_as_they_were() {
    let servers = servers().await;
    run(&servers, &[Mode::Extract, Mode::ApplyPreData, Mode::Copy]).await;
    let pieces = servers.ask(PIECES).await;
    for table in ["big", "by_text", "child", "tree_0", "tree_1", "wide"] {
        let count: u32 = pieces
            .split("; ")
            .find_map(|step| step.strip_prefix(&format!("pieces of \"acme_r\".\"{table}\" ")))
            .and_then(|count| count.split(' ').next()?.parse().ok())
            .unwrap_or_else(|| panic!("{table} in {pieces}"));
        assert!(count > 1, "{table} in {pieces}");
    }
    assert!(
        !pieces.contains("small") && !pieces.contains("empty"),
        "{pieces}"
    );
    assert_eq!(
        servers
            .ask("select distinct kind::text from acme_r.by_text")
            .await,
        "acme_r.big",
        "as text, or it would be the live table"
    );
    let again = run(&servers, &[Mode::Copy]).await.copy.unwrap();
    assert!(again.tables.iter().all(|table| table.began.is_none()));
    let validated = run(&servers, &[Mode::ApplyPostData, Mode::Validate]).await;
    assert_eq!(
        validated.validate.unwrap().differences,
        Vec::<String>::new()
    );
}

#[tokio::test]
async fn a_run_of_blocks_is_read_without_the_rest_of_the_table() {
    let servers = servers().await;
    let reader = servers.temporary.superuser("app").await;
    let versions = Versions {
        temporary: 15,
        production: 15,
    };
    let sources = unit::sources(&reader, &["acme"], versions).await.unwrap();
    let big = sources.iter().find(|source| source.table.name == "big");
    let read = big.unwrap().read(Blocks {
        first: 100,
        end: Some(200),
    });
    // EXPLAIN takes a query and no COPY.
    let query = read.strip_prefix("copy (").and_then(|rest| {
        let end = rest.rfind(") to stdout")?;
        Some(&rest[..end])
    });
    let explain = format!("explain {}", query.unwrap());
    let plan = reader.query(&explain, &[]).await.unwrap();
    let plan: Vec<String> = plan.iter().map(|line| line.get(0)).collect();
    let plan = plan.join("\n");
    assert!(
        plan.starts_with("Tid Range Scan") && !plan.contains("Filter"),
        "{plan}"
    );
}

#[tokio::test]
async fn once_the_schemas_are_renamed_no_session_writes_in_the_temporary_database() {
    let servers = servers().await;
    run(&servers, &[Mode::Extract]).await;
    let context = within_bounds(&servers, &[]);
    let sessions = [
        context.temporary().await.unwrap(),
        context.temporary_rows().await.unwrap(),
    ];
    for session in &sessions {
        for write in ["create table acme_r.another ()", "delete from acme_r.small"] {
            let refused = session.batch_execute(write).await.unwrap_err();
            assert_eq!(
                refused.code(),
                Some(&SqlState::READ_ONLY_SQL_TRANSACTION),
                "{write}"
            );
        }
    }
}
