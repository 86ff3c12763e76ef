//! One schema of many: what its restore costs in a database with 20 such schemas and in one with thousands. And one schema of
//! thousands of tables.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use super::cluster::Cluster;
use super::task::Task;
use tenant_restore_core::job::Mode;

const FEW: u32 = 20;
const TABLES: u32 = 20;
const MODES: [Mode; 6] = [
    Mode::Preflight,
    Mode::Extract,
    Mode::ApplyPreData,
    Mode::Copy,
    Mode::ApplyPostData,
    Mode::Validate,
];

/// Measures both and prints the seconds of each mode.
pub async fn print(many: u32) {
    println!(
        "\none schema of {TABLES} tables, seconds, by the number of such schemas in the database"
    );
    println!("{:<48}{FEW:>10}{many:>12}", "");
    let (few, most) = (measure(FEW).await, measure(many).await);
    for ((name, few), (_, most)) in few.iter().zip(&most) {
        println!("{name:<48}{few:>10.2}{most:>12.2}");
    }
}

/// Measures the whole restore of one schema of so many tables, and how full production's lock table is at most.
pub async fn print_tables(tables: u32) {
    let production = of_schemas(1, tables).await;
    let temporary = production.physical_copy();
    let task = Task::of(&production, &temporary, &[("tenant_1", "tenant_1_r")]);
    let most = Arc::new(AtomicI64::new(0));
    let ended = Arc::new(AtomicBool::new(false));
    let session = production.superuser("app").await;
    let room: i64 = session
        .query_one(
            "select current_setting('max_locks_per_transaction')::int8
                  * (current_setting('max_connections')::int8 + current_setting('max_prepared_transactions')::int8)",
            &[],
        )
        .await
        .unwrap()
        .get(0);
    let watching = tokio::spawn(watch(session, Arc::clone(&most), Arc::clone(&ended)));
    let mut modes = MODES.to_vec();
    modes.push(Mode::Open);
    let outcome = task.run(&modes, super::AT_ONCE);
    ended.store(true, Ordering::Relaxed);
    watching.await.unwrap();
    println!("\none schema of {tables} tables, seconds");
    for mode in &modes {
        println!("{:<48}{:>10.1}", mode.as_str(), outcome.seconds(&[*mode]));
    }
    println!(
        "{:<48}{:>10} of {room}",
        "most entries in production's lock table",
        most.load(Ordering::Relaxed)
    );
}

/// Looks at the locks until the end; those of a fast path take no place in the table.
async fn watch(session: tokio_postgres::Client, most: Arc<AtomicI64>, ended: Arc<AtomicBool>) {
    let sql = "select count(distinct (locktype, database, relation, classid, objid, objsubid, transactionid::text)) from pg_locks where not fastpath";
    while !ended.load(Ordering::Relaxed) {
        let row = session.query_one(sql, &[]).await.unwrap();
        most.fetch_max(row.get(0), Ordering::Relaxed);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// A database with so many schemas of so many tables each.
async fn of_schemas(schemas: u32, tables: u32) -> Cluster {
    let production = Cluster::start("app").await;
    production
        .script("app", "create role olga; grant olga to master")
        .await;
    let session = production.superuser("app").await;
    for schema in 1..=schemas {
        let mut sql = format!(
            "create schema tenant_{schema} authorization olga; set role olga; set search_path = tenant_{schema};
             create table t_0 (id int primary key, note text);"
        );
        session.batch_execute(&sql).await.unwrap();
        sql.clear();
        for table in 1..tables {
            sql.push_str(&format!(
                "create table t_{table} (id int primary key, other int references t_0, note text default 'x', made date);
                 create index on t_{table} (made);"
            ));
            // A transaction has room for some thousand locks.
            if table % 200 == 0 {
                session.batch_execute(&sql).await.unwrap();
                sql.clear();
            }
        }
        sql.push_str("reset role; reset search_path");
        session.batch_execute(&sql).await.unwrap();
    }
    session.batch_execute("vacuum analyze").await.unwrap();
    production
}

async fn measure(schemas: u32) -> Vec<(String, f64)> {
    let production = of_schemas(schemas, TABLES).await;
    let temporary = production.physical_copy();
    let task = Task::of(&production, &temporary, &[("tenant_7", "tenant_7_r")]);
    let outcome = task.run(&MODES, super::AT_ONCE);
    let mut all: Vec<(String, f64)> = MODES
        .iter()
        .map(|mode| (mode.as_str().to_owned(), outcome.seconds(&[*mode])))
        .collect();
    let dump = super::others::dump_seconds(&temporary, "tenant_7_r");
    all.insert(
        2,
        (
            "  of which pg_dump of the schema, by itself".to_owned(),
            dump,
        ),
    );
    all
}
