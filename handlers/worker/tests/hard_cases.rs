//! Tenants that are hard to restore, each as `acme_r` beside a live `acme` that has changed since: what comes back is
//! what was there, or the restore says what isn't.
//!
//! Beside a case's own promises, `pg_dump` of the restored schema is held against that of the live one at the restore
//! point, and every line in which the restored one names the live one must be expected.

#![allow(
    clippy::unwrap_used,
    reason = "a test that can't prepare its servers fails at that line"
)]

mod case;
mod cluster;

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use case::{Case, unlike};
use cluster::servers::UNTIL_VALIDATED;
use cluster::surroundings::{Memory, context, job};
use cluster::{Cluster, by_dms};
use tenant_restore_core::error::Cause;
use tenant_restore_core::job::{Job, JobResult, Mode, Mover, MoverChoice, Remark};
use tenant_restore_worker::job_run;

const ROLES: &str =
    "create role olga nologin; create role clerk nologin; create role auditor nologin";
const TENANT: &str = "create schema acme authorization olga; set role olga";

struct Pair {
    production: Cluster,
    temporary: Cluster,
}

/// The restore of one case, in a database of its own.
struct Restore<'a> {
    pair: &'a Pair,
    case: &'a Case,
    mover: MoverChoice,
    storage: Arc<Memory>,
    /// Tables that DMS loaded.
    by_dms: AtomicUsize,
}

#[tokio::test]
async fn what_was_there_comes_back_or_the_restore_says_what_does_not() {
    every_case_by(MoverChoice::Copy).await;
}

/// Cases without a table for DMS are the same as by COPY, and so left out.
#[tokio::test]
async fn what_was_there_comes_back_by_dms_too() {
    let by_dms = every_case_by(MoverChoice::Dms).await;
    assert!(by_dms > 0 || std::env::var_os("CASE").is_some());
}

/// Restores every case; answers how many tables DMS loaded.
async fn every_case_by(mover: MoverChoice) -> usize {
    let cases = case::all();
    assert!(!cases.is_empty());
    let production = Cluster::start("app").await;
    production.script("app", ROLES).await;
    let mut unprepared = Vec::new();
    for case in &cases {
        unprepared.extend(prepare(&production, case).await.err());
    }
    assert!(unprepared.is_empty(), "{unprepared:#?}");
    let temporary = production.physical_copy();
    let pair = Pair {
        production,
        temporary,
    };
    let (mut failed, mut by_dms) = (Vec::new(), 0);
    for case in &cases {
        let restore = Restore {
            pair: &pair,
            case,
            mover,
            storage: Arc::default(),
            by_dms: AtomicUsize::new(0),
        };
        let complaints = restore.complaints().await;
        let loaded = restore.by_dms.load(Ordering::Relaxed);
        by_dms += loaded;
        let verdict = if complaints.is_empty() { "ok" } else { "WRONG" };
        println!("{:<30} {verdict}, {loaded} tables by DMS", case.name);
        for complaint in &complaints {
            println!("    {complaint}");
        }
        if !complaints.is_empty() {
            failed.push(&case.name);
        }
    }
    assert!(failed.is_empty(), "{failed:?}");
    by_dms
}

async fn prepare(production: &Cluster, case: &Case) -> Result<(), String> {
    let create = format!("create database \"{name}\" owner master", name = case.name);
    production.script("postgres", &create).await;
    let grant = format!("grant create on database \"{}\" to olga", case.name);
    production.script(&case.name, &grant).await;
    let tenant = format!("{TENANT};\n{}", case.tenant);
    psql(production, &case.name, &tenant)
        .map(drop)
        .map_err(|said| format!("{}: {said}", case.name))
}

impl Restore<'_> {
    /// Everything that isn't as the case says.
    async fn complaints(&self) -> Vec<String> {
        let case = self.case;
        let names = case.restored();
        let before: Vec<String> = self
            .ddl(names.iter().map(|(live, _)| live))
            .iter()
            .map(|line| case.with_live_names(line))
            .collect();
        let production = &self.pair.production;
        production.script(&case.name, &case.later).await;
        let mut result = match self.restored().await {
            Ok(Some(result)) => result,
            Ok(None) => return Vec::new(),
            Err(said) => return vec![format!("DMS: {said}")],
        };
        let validated = result.validate.take();
        if result.failure.is_none() {
            let opened = self.run(&[Mode::Open]).await;
            result.remarks.extend(opened.remarks);
            result.failure = opened.failure;
        }
        let mut complaints = compare("remarks", &case.remarks, &titles(&result));
        complaints.extend(compare("fails", &case.fails, &causes(&result)));
        if result.failure.is_some() {
            let dropped = self.run(&[Mode::Drop]).await;
            complaints.extend(causes(&dropped));
            let left = "select 'schema ' || nspname || ' is left' from pg_namespace where nspname like '%\\_r'";
            let left = psql(production, &case.name, left).unwrap();
            complaints.extend(left.lines().map(str::to_owned));
            return complaints;
        }
        let differences = validated.map_or_else(Vec::new, |report| report.differences);
        complaints.extend(compare("differences", &case.differences, &differences));
        let after = self.ddl(names.iter().map(|(_, restored)| restored));
        let renamed: Vec<String> = after
            .iter()
            .map(|line| case.with_live_names(line))
            .collect();
        complaints.extend(compare("ddl", &case.ddl, &unlike(&before, &renamed)));
        let mentions: Vec<String> = after
            .into_iter()
            .filter(|line| case.mentions_live(line))
            .collect();
        complaints.extend(compare("mentions", &case.mentions, &mentions));
        complaints.extend(self.broken_promises());
        complaints
    }

    /// Everything before the opening; DMS comes between the modes of the phases `ddl` and `migrate`. Nothing if DMS was asked
    /// for and gets no table.
    async fn restored(&self) -> Result<Option<JobResult>, String> {
        if self.mover == MoverChoice::Copy {
            return Ok(Some(self.run(UNTIL_VALIDATED).await));
        }
        let (ddl, rest) = UNTIL_VALIDATED.split_at(2);
        assert_eq!(rest[0], Mode::Copy);
        let mut prepared = self.run(&ddl[..1]).await;
        let plan = prepared
            .extract
            .take()
            .map_or_else(Vec::new, |it| it.tables);
        if plan.iter().all(|table| table.mover == Mover::Copy) {
            return Ok(None);
        }
        let applied = self.run(&ddl[1..]).await;
        if applied.failure.is_some() {
            return Ok(Some(applied));
        }
        let Pair {
            production,
            temporary,
        } = self.pair;
        let servers = [temporary, production];
        let loaded = by_dms::load(&self.job(ddl), servers, &plan, by_dms::AS_THE_PIPELINE).await?;
        self.by_dms.store(loaded, Ordering::Relaxed);
        let mut result = self.run(rest).await;
        let earlier = prepared.remarks.into_iter().chain(applied.remarks);
        result.remarks.splice(0..0, earlier);
        Ok(Some(result))
    }

    async fn run(&self, modes: &[Mode]) -> JobResult {
        let Pair {
            production,
            temporary,
        } = self.pair;
        let mut context = context(self.job(modes), &self.storage, &[production, temporary]);
        job_run::run(&mut context, std::future::pending()).await
    }

    fn job(&self, modes: &[Mode]) -> Job {
        let names = self.case.restored();
        let names: Vec<(&str, &str)> = names
            .iter()
            .map(|(live, restored)| (live.as_str(), restored.as_str()))
            .collect();
        let Pair {
            production,
            temporary,
        } = self.pair;
        let mut job = job(&self.case.name, &names, production, Some(temporary));
        job.modes = modes.to_vec();
        job.mover = self.mover;
        job
    }

    fn ddl<'a>(&self, schemas: impl Iterator<Item = &'a String>) -> Vec<String> {
        let patterns = schemas.flat_map(|schema| {
            [
                "-n".to_owned(),
                format!("\"{}\"", schema.replace('"', "\"\"")),
            ]
        });
        let output = Command::new(Cluster::programs().join("pg_dump"))
            .args(["--schema-only", "-d", &self.case.name, "-U", "rdsadmin"])
            .args(patterns)
            .args(self.pair.production.socket())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
        let text = String::from_utf8(output.stdout).unwrap();
        let is_statement = |line: &&str| !line.is_empty() && !line.starts_with(['\\', '-']);
        text.lines()
            .map(str::trim)
            .filter(is_statement)
            .map(str::to_owned)
            .collect()
    }

    fn broken_promises(&self) -> Vec<String> {
        let holds = match psql(&self.pair.production, &self.case.name, &self.case.holds) {
            Ok(holds) => holds,
            Err(said) => return vec![format!("holds: {said}")],
        };
        let broken = |line: &&str| line.contains('|') && !line.ends_with("|t");
        holds
            .lines()
            .filter(broken)
            .map(|line| format!("doesn't hold: {line}"))
            .collect()
    }
}

/// What psql answers, or its complaint.
fn psql(server: &Cluster, database: &str, sql: &str) -> Result<String, String> {
    let mut psql = Command::new(Cluster::programs().join("psql"))
        .args([
            "-qXAt",
            "-v",
            "ON_ERROR_STOP=1",
            "-U",
            "rdsadmin",
            "-d",
            database,
        ])
        .args(server.socket())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    psql.stdin
        .take()
        .unwrap()
        .write_all(sql.as_bytes())
        .unwrap();
    let output = psql.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    if output.status.success() {
        Ok(text(output.stdout))
    } else {
        Err(text(output.stderr))
    }
}

/// What is missing and what is too much, in words.
fn compare(what: &str, expected: &[String], found: &[String]) -> Vec<String> {
    unlike(expected, found)
        .iter()
        .map(|line| format!("{what}: {line}"))
        .collect()
}

fn titles(result: &JobResult) -> Vec<String> {
    let title = |remark: &Remark| format!("{} {}", remark.code, remark.object);
    result.remarks.iter().map(title).collect()
}

fn causes(result: &JobResult) -> Vec<String> {
    let Some(failure) = &result.failure else {
        return Vec::new();
    };
    let mode = failure.mode.as_str();
    // The number of an archive's entry isn't promised.
    let message = |cause: &Cause| match cause.message.split_once(" (archive entry ") {
        Some((head, tail)) => format!("{head} …{}", tail.split_once(')').unwrap().1),
        None => cause.message.clone(),
    };
    let cause = |cause: &Cause| format!("{mode}: {}", message(cause));
    failure.causes.iter().map(cause).collect()
}
