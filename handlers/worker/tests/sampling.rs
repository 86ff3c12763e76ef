//! Above the deployment's size a table is compared by a sample, and the result says so.

#![allow(
    clippy::unwrap_used,
    reason = "a test that can't prepare its servers fails at that line"
)]

mod cluster;

use std::sync::Arc;

use cluster::Cluster;
use cluster::servers::UNTIL_VALIDATED;
use cluster::surroundings::{Memory, context, job};
use tenant_restore_core::job::{Mode, MoverChoice, ValidateReport};
use tenant_restore_worker::job_run;

const TENANT: &str =
    "create role olga; grant create on database app to olga; set role olga; create schema acme;
    create table acme.big (id int, part text, word text, primary key (part, id));
    insert into acme.big select i, 'a', repeat('x', 100) from generate_series(1, 20000) i;
    create table acme.small (id int primary key);
    insert into acme.small values (1);
    create table acme.documents (id int primary key, document text);
    alter table acme.documents alter document set storage external;
    insert into acme.documents select i, repeat('x', 200000) from generate_series(1, 20) i;
    create table acme.keyless (word text);
    insert into acme.keyless select repeat('x', 100) from generate_series(1, 20000)";

#[tokio::test]
async fn a_table_above_the_size_is_compared_by_a_sample_that_is_the_same_on_both_sides() {
    let production = Cluster::start("app").await;
    production.script("app", TENANT).await;
    let temporary = production.physical_copy();
    let storage = Arc::<Memory>::default();
    let run = async |modes: &[Mode]| -> ValidateReport {
        let mut job = job("app", &[("acme", "acme_r")], &production, Some(&temporary));
        job.modes = modes.to_vec();
        job.mover = MoverChoice::Copy;
        let mut context = context(job, &storage, &[&production, &temporary]);
        context.bounds.sample_above = Some(256 * 1024);
        let result = job_run::run(&mut context, std::future::pending()).await;
        assert_eq!(result.failure, None);
        result.validate.unwrap()
    };
    let report = run(UNTIL_VALIDATED).await;
    assert_eq!(report.differences, Vec::<String>::new());
    let share = |name: &str| {
        let table = report.tables.iter().find(|table| table.table == name);
        table.unwrap().one_row_in
    };
    assert!(share("big").unwrap() > 5, "{report:#?}");
    let sampled = report.tables.iter().find(|table| table.table == "big");
    let rows = sampled.unwrap().sampled_rows.unwrap();
    assert!((1000..4000).contains(&rows), "{report:#?}");
    assert_eq!(
        ["small", "keyless", "documents"].map(share),
        [None; 3],
        "small ones, those without a key, and those with few rows are compared whole"
    );

    let change = "update acme_r.big set word = 'y' where id % 2 = 0;
        update acme_r.documents set document = 'y' where id = 1";
    production.script("app", change).await;
    let report = run(&[Mode::Validate]).await;
    assert_eq!(
        report.differences,
        [
            "table \"acme_r\".\"big\" has other content in as many rows",
            "table \"acme_r\".\"documents\" has other content in as many rows"
        ]
    );
    let gone = "delete from acme_r.big where id = 1;
        update acme_r.documents set document = repeat('x', 200000) where id = 1";
    production.script("app", gone).await;
    let report = run(&[Mode::Validate]).await;
    assert_eq!(
        report.differences,
        ["table \"acme_r\".\"big\" has 19999 rows instead of 20000"],
        "rows are counted in full"
    );
}
