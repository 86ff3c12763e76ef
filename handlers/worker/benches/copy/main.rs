//! The benchmark of `copy` and what follows it: the same rows by this worker, by pg_dump and pg_restore, by pgcopydb and by a
//! pipe of two psql, one after the other on the same two real servers, all over TLS. And what the extraction of one
//! schema costs as the database grows, and of thousands of tables.
//!
//! It prints figures and judges none of them: the machine decides those. It fails if something ends otherwise than it
//! should.
//!
//! `WORKER` names the release build of the worker; `size=MIB` (2048), `schemas=COUNT` (2000) and `tables=COUNT` (3000)
//! may make it smaller.

#![allow(
    clippy::unwrap_used,
    reason = "a benchmark that can't prepare its servers fails at that line"
)]

#[path = "../../tests/aws/mod.rs"]
mod aws;
#[path = "../../tests/cluster/mod.rs"]
mod cluster;
mod others;
mod schemas;
mod task;

use cluster::Cluster;
use task::Task;
use tenant_restore_core::job::Mode;

/// Jobs or connections at once, of each contender.
const AT_ONCE: usize = 4;
/// What both servers have; the rest is PostgreSQL's default. The test's servers don't flush to disk.
const SETTINGS: &str = "shared_buffers = '512MB'\nmax_wal_size = '8GB'\nmaintenance_work_mem = '64MB'\ncheckpoint_timeout = '30min'\nwal_compression = on";

#[tokio::main]
async fn main() {
    let size = option("size", 2048);
    let schemas = option("schemas", 2000);
    if size > 0 {
        movers(size).await;
    }
    if schemas > 0 {
        schemas::print(schemas).await;
    }
    let tables = option("tables", 3000);
    if tables > 0 {
        schemas::print_tables(tables).await;
    }
}

fn option(name: &str, default: u32) -> u32 {
    let given = std::env::args().find_map(|argument| {
        let value = argument.strip_prefix(name)?.strip_prefix('=')?.to_owned();
        Some(value)
    });
    given.map_or(default, |value| {
        value
            .parse()
            .unwrap_or_else(|_| panic!("{name}={value} is no whole number"))
    })
}

async fn movers(mib: u32) {
    let production = Cluster::start("app").await;
    production.restart_with(SETTINGS);
    production
        .script("app", "create role olga; grant olga to master")
        .await;
    let tenant = include_str!("tenant.sql").replace("$MIB", &mib.to_string());
    let session = production.superuser("app").await;
    for statement in tenant.split(";\n") {
        session.batch_execute(statement).await.unwrap();
    }
    let temporary = production.physical_copy();
    temporary.restart_with(SETTINGS);
    let bytes = production
        .superuser("app")
        .await
        .query_one("select sum(pg_table_size(c.oid))::int8 from pg_class c where relnamespace = 'acme'::regnamespace and relkind = 'r'", &[])
        .await
        .unwrap()
        .get::<_, i64>(0);
    println!(
        "{:.3} GB in tables of one schema, {AT_ONCE} jobs at once",
        bytes as f64 / 1e9
    );

    let others = others::run(&production, &temporary).await;
    // The renaming comes once, so the whole restore is first.
    let task = Task::new(&production, &temporary);
    let ours = task.run(
        &[
            Mode::Extract,
            Mode::ApplyPreData,
            Mode::Copy,
            Mode::ApplyPostData,
            Mode::Validate,
        ],
        AT_ONCE,
    );
    task.run(&[Mode::Drop], 1);
    production.script("postgres", "checkpoint").await;
    task.run(&[Mode::ApplyPreData], 1);
    let one = task.run(&[Mode::Copy], 1);
    print(&others, &one, &ours);
}

fn print(others: &others::Others, one: &task::Outcome, ours: &task::Outcome) {
    let restored = ours.seconds(&[
        Mode::Extract,
        Mode::ApplyPreData,
        Mode::Copy,
        Mode::ApplyPostData,
    ]);
    println!(
        "\n{:<48}{:>10}{:>12}",
        "a whole restore", "seconds", "this one / it"
    );
    let row = |name: &str, seconds: f64, mine: f64| {
        println!("{name:<48}{seconds:>10.1}{:>12.2}", mine / seconds);
    };
    row("this worker (with statistics)", restored, restored);
    row(
        "pg_dump -Fd | pg_restore (no statistics)",
        others.pg_restore,
        restored,
    );
    row(
        "pgcopydb clone (with vacuum analyze)",
        others.pgcopydb,
        restored,
    );
    println!(
        "\n{:<48}{:>10}{:>12}",
        "the rows alone, one stream", "seconds", "its speed"
    );
    let copy = one.seconds(&[Mode::Copy]);
    row("this worker", copy, copy);
    println!(
        "{:<48}{:>10.1}{:>12.2}",
        "psql, binary COPY to stdout | from stdin",
        others.pipe,
        others.pipe / copy
    );
    println!("\nof the worker");
    for mode in [
        Mode::Extract,
        Mode::ApplyPreData,
        Mode::Copy,
        Mode::ApplyPostData,
        Mode::Validate,
    ] {
        println!("  {:<46}{:>10.1}", mode.as_str(), ours.seconds(&[mode]));
    }
    println!(
        "  {:<46}{:>9.0}%",
        "validation, of the copy",
        100.0 * ours.seconds(&[Mode::Validate]) / ours.seconds(&[Mode::Copy])
    );
    println!(
        "  {:<46}{:>10.1}",
        "peak memory in MB, with 1 stream",
        one.peak_kilobytes as f64 / 1e3
    );
    println!(
        "  {:<46}{:>10.1}",
        "peak memory in MB, all modes",
        ours.peak_kilobytes as f64 / 1e3
    );
}
