//! All modes on two real servers, production and a physical copy of it, with a master that is no superuser.

mod cluster;

use std::process::Command;
use std::sync::Arc;

use cluster::surroundings::{Memory, context, job};
use cluster::{Cluster, MASTER};
use tenant_restore_core::error::ErrorKind;
use tenant_restore_core::job::{
    ExternalForeignKeys, Job, JobResult, Mode, MoverChoice, OnMismatch,
};
use tenant_restore_worker::job_run;

const SCHEMAS: &[(&str, &str)] = &[("acme", "acme_r"), ("Acme-1.b\"x", "Acme-1.b\"x_r")];
const UNTIL_VALIDATED: &[Mode] = &[
    Mode::Extract,
    Mode::ApplyPreData,
    Mode::Copy,
    Mode::ApplyPostData,
    Mode::Validate,
];

/// Production and its copy.
struct Servers {
    production: Cluster,
    temporary: Cluster,
    storage: Arc<Memory>,
}

impl Servers {
    async fn start() -> Self {
        let production = Cluster::start("app").await;
        production
            .script("app", include_str!("full_tenant.sql"))
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

    async fn run_with(&self, modes: &[Mode], change: impl FnOnce(&mut Job)) -> JobResult {
        let mut job = job("app", SCHEMAS, &self.production, Some(&self.temporary));
        job.modes = modes.to_vec();
        job.mover = MoverChoice::Copy;
        change(&mut job);
        let mut context = context(job, &self.storage, &[&self.production, &self.temporary]);
        job_run::run(&mut context, std::future::pending()).await
    }

    async fn run(&self, modes: &[Mode]) -> JobResult {
        let result = self.run_with(modes, |_| ()).await;
        assert_eq!(result.failure, None, "{:#?}", result.remarks);
        result
    }

    async fn ask(&self, sql: &str) -> String {
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
    fn ddl(&self, schema: &str) -> Vec<String> {
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

    async fn nothing_is_left(&self) {
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
fn lacking(one: &[String], other: &[String]) -> Vec<String> {
    one.iter()
        .filter(|line| !other.contains(line))
        .cloned()
        .collect()
}

const WITHOUT_MARKS: &str = "select string_agg(c.oid::regclass::text, ', ') from pg_class c where relname like 'tenant_restore%'";

#[tokio::test]
async fn a_restored_tenant_is_the_tenant_again_and_nothing_of_the_restore_is_left() {
    let servers = Servers::start().await;
    let result = servers.run(UNTIL_VALIDATED).await;
    let validated = result.validate.unwrap();
    assert_eq!(validated.differences, Vec::<String>::new());
    assert!(
        validated
            .tables
            .iter()
            .all(|table| table.same_content == Some(true)),
        "{validated:#?}"
    );
    let customers = validated
        .tables
        .iter()
        .find(|table| table.table == "customer")
        .unwrap();
    assert_eq!(
        (customers.expected_rows, customers.restored_rows),
        (500, 500)
    );
    assert_eq!(
        servers
            .ask("select has_schema_privilege('clerk', 'acme_r', 'usage')::text")
            .await,
        "false",
        "closed until it is complete"
    );

    let opened = servers.run(&[Mode::Open]).await;
    assert_eq!(
        opened
            .remarks
            .iter()
            .map(|remark| remark.code.as_str())
            .collect::<Vec<_>>(),
        ["RoleMissing"]
    );
    for (live, restored) in SCHEMAS {
        let (live, restored) = (servers.ddl(live), servers.ddl(restored));
        assert!(live.len() > 10);
        assert_eq!(
            lacking(&live, &restored),
            Vec::<String>::new(),
            "missing in the restored schema"
        );
        assert_eq!(
            lacking(&restored, &live),
            Vec::<String>::new(),
            "only in the restored schema"
        );
    }
    assert_eq!(
        servers
            .ask("select distinct relation::text from acme_r.invoice")
            .await,
        "acme_r.customer"
    );
    assert_eq!(
        servers.ask("select nextval('acme_r.numbers')::text").await,
        servers.ask("select nextval('acme.numbers')::text").await
    );
    assert_eq!(servers.ask(WITHOUT_MARKS).await, "");
    assert_eq!(
        servers
            .ask("select string_agg(rolname, ',') from pg_roles where rolname like 'tr-%'")
            .await,
        ""
    );
    let members = "select string_agg(pg_get_userbyid(roleid), ',') from pg_auth_members where member = 'master'::regrole";
    assert_eq!(
        servers.ask(members).await,
        "rds_superuser",
        "the master joined nobody for good"
    );
}

#[tokio::test]
async fn every_mode_run_twice_ends_the_same() {
    let servers = Servers::start().await;
    for mode in UNTIL_VALIDATED {
        servers.run(&[*mode]).await;
        let again = servers.run(&[*mode]).await;
        if let Some(copied) = again.copy {
            let customer = copied
                .tables
                .iter()
                .find(|table| table.table == "customer")
                .unwrap();
            assert_eq!(customer.rows, 500, "the ledger remembers what was moved");
        }
        if let Some(validated) = again.validate {
            assert_eq!(validated.differences, Vec::<String>::new());
        }
    }
    servers.run(&[Mode::Open]).await;
    let ddl = servers.ddl("acme_r");
    servers.run(&[Mode::Open]).await;
    assert_eq!(servers.ddl("acme_r"), ddl);
    let dropped = servers.run(&[Mode::Drop]).await.drop.unwrap();
    assert_eq!(
        dropped.dropped,
        Vec::<String>::new(),
        "an opened schema belongs to its users"
    );
    assert_eq!(servers.ddl("acme_r"), ddl);
}

#[tokio::test]
async fn a_restore_that_stops_anywhere_is_dropped_whole_and_nothing_else_is() {
    let servers = Servers::start().await;
    servers.run(&[Mode::Extract]).await;
    for modes in [
        &[Mode::ApplyPreData][..],
        &[Mode::ApplyPreData, Mode::Copy],
        &UNTIL_VALIDATED[1..],
    ] {
        servers.run(modes).await;
        let dropped = servers.run(&[Mode::Drop]).await.drop.unwrap();
        assert_eq!((dropped.dropped.len(), dropped.role_dropped), (2, true));
        servers.nothing_is_left().await;
        let again = servers.run(&[Mode::Drop]).await.drop.unwrap();
        assert_eq!((again.dropped.len(), again.role_dropped), (0, false));
    }
    let live = "select count(*)::text from acme.customer";
    assert_eq!(servers.ask(live).await, "500");
}

#[tokio::test]
async fn an_opening_that_stops_after_owners_changed_can_be_finished_or_dropped() {
    let servers = Servers::start().await;
    servers.run(UNTIL_VALIDATED).await;
    // A table's owner can't change while somebody holds the table: the opening is stopped half way.
    let blocker = servers.production.superuser("app").await;
    blocker
        .batch_execute("begin; lock table acme_r.invoice in access exclusive mode")
        .await
        .unwrap();
    let stopped = tokio::time::timeout(
        std::time::Duration::from_secs(4),
        servers.run_with(&[Mode::Open], |_| ()),
    )
    .await;
    assert!(stopped.is_err(), "the opening waits for the lock");
    blocker.batch_execute("rollback").await.unwrap();

    let dropped = servers.run(&[Mode::Drop]).await.drop.unwrap();
    assert_eq!((dropped.dropped.len(), dropped.role_dropped), (2, true));
    servers.nothing_is_left().await;

    servers.run(&UNTIL_VALIDATED[1..]).await;
    servers.run(&[Mode::Open]).await;
    assert_eq!(
        lacking(&servers.ddl("acme"), &servers.ddl("acme_r")),
        Vec::<String>::new()
    );
}

#[tokio::test]
async fn a_schema_or_role_that_is_not_ours_is_neither_used_nor_dropped() {
    let servers = Servers::start().await;
    servers.run(&[Mode::Extract]).await;
    servers
        .production
        .script(
            "app",
            "create schema acme_r; create table acme_r.mine (id int)",
        )
        .await;
    let failed = servers
        .run_with(&[Mode::ApplyPreData], |_| ())
        .await
        .failure
        .unwrap();
    assert_eq!(failed.causes[0].kind, ErrorKind::TargetNameTaken);

    let result = servers.run(&[Mode::Drop]).await;
    assert_eq!(
        result
            .remarks
            .iter()
            .map(|remark| remark.code.as_str())
            .collect::<Vec<_>>(),
        ["NotOurs"]
    );
    assert_eq!(
        servers.ask("select to_regclass('acme_r.mine')::text").await,
        "acme_r.mine"
    );
    assert_eq!(
        servers
            .ask("select string_agg(rolname, ',') from pg_roles where rolname like 'tr-%'")
            .await,
        ""
    );
}

#[tokio::test]
async fn a_difference_is_told_in_words_or_fails_the_restore_as_requested() {
    let servers = Servers::start().await;
    servers.run(&UNTIL_VALIDATED[..4]).await;
    servers
        .production
        .script(
            "app",
            "update acme_r.secret set word = 'hunter2' where id = 1; delete from acme_r.of_master where id = 1;
             drop index acme_r.customer_tags; select setval('acme_r.numbers', 7)",
        )
        .await;
    let kept = servers.run(&[Mode::Validate]).await.validate.unwrap();
    for words in [
        "\"secret\" has other content",
        "9 rows instead of 10",
        "index acme_r.customer_tags is missing",
        "stands at 7",
    ] {
        assert!(
            kept.differences
                .iter()
                .any(|difference| difference.contains(words)),
            "{words}: {:#?}",
            kept.differences
        );
    }
    assert!(!format!("{kept:?}").contains("hunter2"));
    let failed = servers
        .run_with(&[Mode::Validate], |job| job.on_mismatch = OnMismatch::Drop)
        .await
        .failure
        .unwrap();
    assert_eq!(failed.causes.len(), kept.differences.len());
    assert!(
        failed
            .causes
            .iter()
            .all(|cause| cause.kind == ErrorKind::ValidationMismatch)
    );
}

#[tokio::test]
async fn a_key_to_a_live_row_that_is_gone_stays_not_valid_and_the_orphans_are_counted() {
    let servers = Servers::start().await;
    servers
        .production
        .script("app", "alter table acme.invoice drop constraint invoice_colour_fkey; delete from shared.colour where code = 2")
        .await;
    let result = servers.run(UNTIL_VALIDATED).await;
    let remark = result
        .remarks
        .iter()
        .find(|remark| remark.code == "ForeignKeyNotValid")
        .unwrap();
    assert!(remark.message.starts_with("25 rows"), "{remark:?}");
    assert_eq!(
        result.validate.unwrap().differences,
        Vec::<String>::new(),
        "it is reported already"
    );

    servers.run(&[Mode::Drop]).await;
    let skipped = servers
        .run_with(&UNTIL_VALIDATED[1..], |job| {
            job.external_foreign_keys = ExternalForeignKeys::Skip
        })
        .await;
    assert_eq!(skipped.failure, None);
    let outside = "select count(*)::text from pg_constraint where contype = 'f' and connamespace = 'acme_r'::regnamespace \
                   and confrelid in ('shared.colour'::regclass, 'shared.country'::regclass)";
    assert_eq!(servers.ask(outside).await, "0");
}

#[tokio::test]
async fn no_expression_of_a_tenant_runs_with_the_masters_rights() {
    let production = Cluster::start("app").await;
    production
        .script("app", include_str!("full_tenant.sql"))
        .await;
    // Wherever a tenant's expression can run: CHECK, default, generated column, index, domain, view, statistics, trigger.
    let trap = "set role olga;
        create function acme.caught(t text) returns text language plpgsql immutable as $f$
        begin
            if pg_has_role(current_user, 'rds_superuser', 'member') then
                raise exception 'an expression of the tenant runs as %', current_user;
            end if;
            return t;
        end $f$;
        create domain acme.baited as text check (acme.caught(value) is not null);
        create table acme.trap (
            id int primary key,
            word text default acme.caught('x') check (acme.caught(word) is not null),
            made text generated always as (acme.caught(word)) stored,
            bait acme.baited
        );
        insert into acme.trap (id, bait) values (1, 'y');
        create index trap_index on acme.trap (acme.caught(word)) where acme.caught(word) <> '';
        create statistics acme.trap_statistics on (acme.caught(word)), id from acme.trap;
        create materialized view acme.trap_view as select acme.caught(word) as word from acme.trap;
        create policy trap on acme.trap using (acme.caught(word) is not null);
        alter table acme.trap enable row level security";
    production.script("app", trap).await;
    let temporary = production.physical_copy();
    let servers = Servers {
        production,
        temporary,
        storage: Arc::new(Memory::default()),
    };

    let result = servers.run(UNTIL_VALIDATED).await;
    assert_eq!(result.validate.unwrap().differences, Vec::<String>::new());
    servers.run(&[Mode::Open]).await;
    assert_eq!(
        servers.ask("select word from acme_r.trap_view").await,
        "x",
        "the trap was there"
    );
    assert_eq!(
        servers
            .ask(&format!(
                "select pg_has_role('{MASTER}', 'olga', 'member')::text"
            ))
            .await,
        "false"
    );
}
