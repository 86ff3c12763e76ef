//! Production with a tenant who tries to gain rights, and its copy at the restore point.

#![allow(dead_code, reason = "each test program uses a part of this module")]
#![allow(
    clippy::unwrap_used,
    reason = "a test that can't prepare its servers fails at that line"
)]

use std::process::Command;
use std::sync::Arc;

use tenant_restore_core::job::{Job, JobResult, Mode, MoverChoice};
use tenant_restore_worker::job_run;

use crate::cluster::surroundings::{Memory, context, job};
use crate::cluster::{self, Cluster};

/// The login role of the restore in these tests.
pub const LOADER: &str = "tr-main-abcdefghij23";
pub const SCHEMAS: &[(&str, &str)] = &[("acme", "acme_r")];
pub const BEFORE_OPENING: &[Mode] = cluster::servers::UNTIL_VALIDATED;

/// What is there beside the tenant.
pub const SURROUNDINGS: &str = r#"
    create role olga login;
    create role attacker login;
    create role victim nologin;
    create role "r""; drop table vault.loot; --";
    grant create on database app to olga;
    -- As it was up to PostgreSQL 14.
    grant create on schema public to public;
    create extension btree_gist;
    set role master;
    create schema vault;
    create table vault.loot (place text, who text);
    create schema shared;
    grant usage on schema shared to public;
    create table shared.colour (code int primary key);
    insert into shared.colour values (1), (2), (77);
    grant references, select on shared.colour to olga;
    create schema neighbour;
    create table neighbour.precious (id int primary key, secret text);
    insert into neighbour.precious values (1, 'the secret of a neighbour');"#;

pub struct Pair {
    pub production: Cluster,
    pub temporary: Cluster,
    pub storage: Arc<Memory>,
}

impl Pair {
    /// Production with this tenant, and its copy.
    pub async fn with(tenant: &str) -> Self {
        let production = Cluster::start("app").await;
        production.script("app", SURROUNDINGS).await;
        let olga = production.session_of("olga", "app").await;
        olga.batch_execute(tenant).await.unwrap();
        let temporary = production.physical_copy();
        Self {
            production,
            temporary,
            storage: Arc::default(),
        }
    }

    /// The same with a tenant whose function does this, and a role that owns something in the schema too.
    pub async fn with_victim(what: &str) -> Self {
        let production = Cluster::start("app").await;
        production.script("app", SURROUNDINGS).await;
        let olga = production.session_of("olga", "app").await;
        olga.batch_execute(&planting(what)).await.unwrap();
        production.script("app", OF_VICTIM).await;
        Self {
            temporary: production.physical_copy(),
            production,
            storage: Arc::default(),
        }
    }

    pub async fn run(&self, modes: &[Mode]) -> JobResult {
        self.run_with(modes, |_| ()).await
    }

    pub async fn run_with(&self, modes: &[Mode], change: impl FnOnce(&mut Job)) -> JobResult {
        let mut job = job("app", SCHEMAS, &self.production, Some(&self.temporary));
        job.modes = modes.to_vec();
        job.mover = MoverChoice::Copy;
        change(&mut job);
        let mut context = context(job, &self.storage, &[&self.production, &self.temporary]);
        job_run::run(&mut context, std::future::pending()).await
    }

    /// Everything outside of the restored schema, data and roles included.
    pub fn outside(&self) -> String {
        let run = |program: &str, arguments: &[&str]| {
            let output = Command::new(Cluster::programs().join(program))
                .args(arguments)
                .args(["-U", "rdsadmin"])
                .args(self.production.socket())
                .output()
                .unwrap();
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(output.status.success(), "{said}");
            String::from_utf8(output.stdout).unwrap()
        };
        let database = run("pg_dump", &["-d", "app", "-N", "acme_r"]);
        let roles = run("pg_dumpall", &["--globals-only", "-d", "dbname=app"]);
        let restricts =
            |line: &&str| !line.starts_with("\\restrict") && !line.starts_with("\\unrestrict");
        [database, roles]
            .iter()
            .flat_map(|text| text.lines().filter(restricts))
            .collect::<Vec<_>>()
            .join("\n")
    }

    /// What was reached with the master's rights, on either server.
    pub async fn loot(&self) -> Vec<String> {
        let mut found = Vec::new();
        for (place, server) in [
            ("production", &self.production),
            ("temporary", &self.temporary),
        ] {
            let rows = server
                .superuser("app")
                .await
                .query("select distinct place, who from vault.loot order by 1", &[])
                .await
                .unwrap();
            found.extend(rows.iter().map(|row| {
                format!(
                    "{place}: {} as {}",
                    row.get::<_, &str>(0),
                    row.get::<_, &str>(1)
                )
            }));
        }
        found
    }

    /// Has the tenant's function do something else, as it was at the restore point; after the extraction.
    pub async fn plant(&self, what: &str) {
        let function = planted(what).replace("acme.", "acme_r.");
        self.temporary.script("app", &function).await;
    }

    pub async fn ask(&self, sql: &str) -> String {
        let client = self.production.superuser("app").await;
        let row = client.query_one(sql, &[]).await.unwrap();
        row.get::<_, Option<String>>(0).unwrap_or_default()
    }
}

/// What two texts don't have in common.
pub fn unlike(before: &str, after: &str) -> Vec<String> {
    let (before, after): (Vec<&str>, Vec<&str>) =
        (before.lines().collect(), after.lines().collect());
    // A cast belongs to no schema, and comes with its type.
    let is_cast = |line: &&str| line.contains("CAST (acme_r.");
    let after: Vec<&str> = after.into_iter().filter(|line| !is_cast(line)).collect();
    let lost = before
        .iter()
        .filter(|line| !after.contains(line))
        .map(|line| format!("- {line}"));
    let new = after
        .iter()
        .filter(|line| !before.contains(line))
        .map(|line| format!("+ {line}"));
    lost.chain(new).collect()
}

/// A function that does something when the login role calls it. An immutable function may do nothing itself, and may call one
/// that does.
pub fn planted(what: &str) -> String {
    format!(
        "create or replace function acme.plant_now() returns void language plpgsql as $f$
         begin if current_user like 'tr-%' then execute $x${what}$x$; end if; end $f$;"
    )
}

/// A tenant with such a function in a generated column.
pub fn planting(what: &str) -> String {
    format!(
        "create schema acme; {}
         create function acme.plant(id int) returns boolean language plpgsql immutable as $f$
         begin perform acme.plant_now(); return true; end $f$;
         create table acme.customer (id int primary key,
             word text generated always as (case when acme.plant(id) then 'x' end) stored);
         insert into acme.customer values (1);",
        planted(what)
    )
}

pub const OF_VICTIM: &str = "grant usage, create on schema acme to victim; set role victim;
    create function acme.report() returns text language sql security definer as 'select ''true''::text';
    create table acme.of_victim (id int primary key);
    create policy narrows on acme.of_victim as restrictive using (id > 0);
    create policy shows on acme.of_victim to victim using (true);
    alter table acme.of_victim enable row level security; reset role";
