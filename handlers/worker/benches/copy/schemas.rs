//! One schema of many: what its restore costs in a database with 20 such schemas and in one with thousands.

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

async fn measure(schemas: u32) -> Vec<(String, f64)> {
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
        for table in 1..TABLES {
            sql.push_str(&format!(
                "create table t_{table} (id int primary key, other int references t_0, note text default 'x', made date);
                 create index on t_{table} (made);"
            ));
        }
        sql.push_str("reset role; reset search_path");
        session.batch_execute(&sql).await.unwrap();
    }
    session.batch_execute("vacuum analyze").await.unwrap();
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
