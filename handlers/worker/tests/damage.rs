//! What DMS does to rows that should never have been left to it: the comparison finds it, table by table.

#![allow(clippy::unwrap_used, reason = "what a test can't prepare fails it")]

mod cluster;

use std::sync::Arc;

use cluster::surroundings::{Memory, context, job};
use cluster::{Cluster, by_dms};
use tenant_restore_core::job::{
    ExtractReport, Job, JobResult, Mode, Mover, MoverChoice, TablePlan,
};
use tenant_restore_worker::archive::PLAN_FILE;
use tenant_restore_worker::job_run;
use tenant_restore_worker::storage::Storage as _;

/// Each has a value that doesn't outlive DMS.
const DAMAGED: &[(&str, &str)] = &[
    ("numeric", "0.611111104488373"),
    ("numeric(8, 2)", "NaN"),
    ("double precision", "-Infinity"),
    ("date", "infinity"),
    ("timestamptz", "infinity"),
    ("time", "01:02:03.456789"),
    ("timetz", "01:02:03+05:30"),
    ("interval", "1 mon 00:00:01.5"),
    ("varchar(20)", "a \u{1f600} smile"),
    ("oid", "1"),
    ("inet", "10.0.0.1/8"),
    ("tsvector", "a:1A fat:2"),
    ("int4range", "[1,5)"),
    ("point", "(0.1,0.2)"),
    ("acme.mood", "glad"),
    ("acme.pair", "(1,b)"),
];

/// Each with a table of 33,000 characters, which is more than a LOB may have, or a varchar without length.
const CUT: &[&str] = &["text", "bytea", "varchar"];

/// A schema with a table of each, `t1` to `tn`, one that is carried, and names that differ only by case.
fn tenant() -> String {
    let mut script = "set role master; create schema acme; create type acme.mood as enum ('sad', 'glad');
        create type acme.pair as (a int, b text);
        create table acme.carried (id int primary key, v varchar(20)); insert into acme.carried values (1, 'same');
        create table acme.\"Twin\" (id int primary key); insert into acme.\"Twin\" values (1);
        create table acme.twin (id int primary key); insert into acme.twin values (1), (2);"
        .to_owned();
    let long = CUT.iter().map(|kind| (*kind, "x".repeat(33_000)));
    let odd = DAMAGED
        .iter()
        .map(|(kind, value)| (*kind, (*value).to_owned()));
    for (number, (kind, value)) in odd.chain(long).enumerate() {
        let table = format!("acme.t{}", number + 1);
        script += &format!(
            "create table {table} (id int primary key, v {kind}); insert into {table} values (1, '{value}');"
        );
    }
    script
}

/// Settings with which DMS says nothing of what it cuts.
const SILENT: (&str, bool) = (
    r#"{"FullLoadSettings": {"TargetTablePrepMode": "TRUNCATE_BEFORE_LOAD"}}"#,
    false,
);

struct Restore {
    production: Cluster,
    temporary: Cluster,
    storage: Arc<Memory>,
}

impl Restore {
    fn job(&self, modes: &[Mode]) -> Job {
        let names = [("acme", "acme_r")];
        let mut job = job("app", &names, &self.production, Some(&self.temporary));
        job.modes = modes.to_vec();
        job.mover = MoverChoice::Dms;
        job
    }

    async fn run(&self, modes: &[Mode]) -> JobResult {
        let trusted = [&self.production, &self.temporary];
        let mut context = context(self.job(modes), &self.storage, &trusted);
        let result = job_run::run(&mut context, std::future::pending()).await;
        assert_eq!(result.failure, None);
        result
    }

    /// Leaves every table to DMS, whatever the worker chose; answers the tables that it had chosen for DMS.
    async fn leave_all_to_dms(&self, mut plan: ExtractReport) -> (ExtractReport, Vec<String>) {
        let by_dms = |table: &&mut TablePlan| table.mover == Mover::Dms;
        let chosen = plan.tables.iter_mut().filter(by_dms);
        let chosen = chosen.map(|table| table.table.clone()).collect();
        for table in &mut plan.tables {
            table.mover = Mover::Dms;
        }
        let key = format!("{}{PLAN_FILE}", self.job(&[]).work_prefix);
        let document = serde_json::to_vec(&plan).unwrap();
        self.storage.put(&key, document.into()).await.unwrap();
        (plan, chosen)
    }
}

#[tokio::test]
async fn what_dms_damages_is_found_and_none_of_it_is_left_to_dms() {
    let production = Cluster::start("app").await;
    production.script("app", &tenant()).await;
    let temporary = production.physical_copy();
    let restore = Restore {
        production,
        temporary,
        storage: Arc::default(),
    };
    let extracted = restore.run(&[Mode::Extract]).await.extract.unwrap();
    let (plan, chosen) = restore.leave_all_to_dms(extracted).await;
    assert_eq!(chosen, ["carried"]);
    restore.run(&[Mode::ApplyPreData]).await;
    let servers = [&restore.temporary, &restore.production];
    by_dms::load(&restore.job(&[]), servers, &plan.tables, SILENT)
        .await
        .unwrap();
    let result = restore.run(&[Mode::ApplyPostData, Mode::Validate]).await;
    let differences = result.validate.unwrap().differences;
    let names = 1..=DAMAGED.len() + CUT.len();
    let names = names.map(|number| format!("\"t{number}\""));
    for name in names.chain(["\"Twin\"", "\"twin\""].map(str::to_owned)) {
        let told = differences.iter().filter(|it| it.contains(&name)).count();
        assert_eq!(told, 1, "{name}: {differences:#?}");
    }
    assert_eq!(differences.len(), plan.tables.len() - 1, "{differences:#?}");
}
