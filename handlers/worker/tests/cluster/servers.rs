//! Production with a full tenant, and a physical copy of it, with everything a job needs.

use std::process::Command;
use std::sync::Arc;

use tenant_restore_core::job::{Job, JobResult, Mode, MoverChoice};
use tenant_restore_worker::context::Context;
use tenant_restore_worker::{job_run, turn};

use super::Cluster;
use super::surroundings::{Memory, context, job};

/// The schemas and their restored names.
pub const SCHEMAS: &[(&str, &str)] = &[("acme", "acme_r"), ("Acme-1.b\"x", "Acme-1.b\"x_r")];
/// Everything before the opening.
pub const UNTIL_VALIDATED: &[Mode] = &[
    Mode::Extract,
    Mode::ApplyPreData,
    Mode::Copy,
    Mode::ApplyPostData,
    Mode::Validate,
];

/// Production and its copy.
pub struct Servers {
    /// The live server.
    pub production: Cluster,
    /// Its copy at the restore point.
    pub temporary: Cluster,
    /// The job's documents.
    pub storage: Arc<Memory>,
}

impl Servers {
    /// Both with the full tenant.
    pub async fn start() -> Self {
        let production = Cluster::start("app").await;
        production
            .script("app", include_str!("../full_tenant.sql"))
            .await;
        let temporary = production.physical_copy();
        // Since the restore point a role went.
        production
            .script("app", "drop owned by gone; drop role gone")
            .await;
        Self {
            production,
            temporary,
            storage: Arc::new(Memory::default()),
        }
    }

    /// Runs the modes of a changed job.
    pub async fn run_with(&self, modes: &[Mode], change: impl FnOnce(&mut Job)) -> JobResult {
        let mut context = self.context(modes, change);
        job_run::run(&mut context, std::future::pending()).await
    }

    /// Runs the modes as the task does: in its turn, with the result written.
    pub async fn run_in_turn(&self, modes: &[Mode]) -> JobResult {
        let mut context = self.context(modes, |_| ());
        turn::run(&mut context, std::future::pending())
            .await
            .unwrap()
    }

    /// A context for the modes of a changed job.
    pub fn context(&self, modes: &[Mode], change: impl FnOnce(&mut Job)) -> Context {
        let mut job = job("app", SCHEMAS, &self.production, Some(&self.temporary));
        job.modes = modes.to_vec();
        job.mover = MoverChoice::Copy;
        change(&mut job);
        context(job, &self.storage, &[&self.production, &self.temporary])
    }

    /// Runs the modes, which must succeed.
    pub async fn run(&self, modes: &[Mode]) -> JobResult {
        let result = self.run_with(modes, |_| ()).await;
        assert_eq!(result.failure, None, "{:#?}", result.remarks);
        result
    }

    /// The only value of a query on production.
    pub async fn ask(&self, sql: &str) -> String {
        let row = self
            .production
            .superuser("app")
            .await
            .query_one(sql, &[])
            .await
            .unwrap();
        row.get::<_, Option<String>>(0).unwrap_or_default()
    }

    /// Everything that pg_dump knows of a schema, with the restored names read as the live ones.
    pub fn ddl(&self, schema: &str) -> Vec<String> {
        let pattern = format!("\"{}\"", schema.replace('"', "\"\""));
        let output = Command::new(Cluster::programs().join("pg_dump"))
            .args([
                "--schema-only",
                "-n",
                &pattern,
                "-d",
                "app",
                "-U",
                "rdsadmin",
            ])
            .args(self.production.socket())
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let text = String::from_utf8(output.stdout).unwrap();
        let same = text
            .replace("acme_r", "acme")
            .replace("Acme-1.b\"\"x_r", "Acme-1.b\"\"x");
        let is_statement =
            |line: &&str| !line.is_empty() && !line.starts_with("--") && !line.starts_with('\\');
        same.lines()
            .filter(is_statement)
            .map(str::to_owned)
            .collect()
    }

    /// Neither a restored schema nor a login role, and the neighbour is as it was.
    pub async fn nothing_is_left(&self) {
        let left = "select string_agg(what, ', ') from (
            select nspname::text as what from pg_namespace where nspname like '%\\_r'
            union all select rolname from pg_roles where rolname like 'tr-%') t";
        assert_eq!(self.ask(left).await, "");
        assert_eq!(
            self.ask("select string_agg(word, ',') from neighbour.precious")
                .await,
            "untouched"
        );
    }
}

/// The lines of one that the other doesn't have.
pub fn lacking(one: &[String], other: &[String]) -> Vec<String> {
    one.iter()
        .filter(|line| !other.contains(line))
        .cloned()
        .collect()
}
