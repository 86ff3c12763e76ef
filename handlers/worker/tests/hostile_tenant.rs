//! A tenant who tries to gain rights through what runs by itself while their schema is restored gains nothing.
//!
//! On production and in the temporary database there is a table that the master alone may write to, and a neighbour's secret.
//! Whatever the tenant's functions reach shows there, in `pg_dump` of everything outside the restored schema, or in the roles.

#![allow(
    clippy::unwrap_used,
    reason = "a test that can't prepare its servers fails at that line"
)]

mod cluster;

use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use cluster::surroundings::{Memory, context, job};
use cluster::{Cluster, MASTER};
use tenant_restore_core::error::ErrorKind;
use tenant_restore_core::job::{Job, JobResult, Mode, Mover, MoverChoice, Remark};
use tenant_restore_worker::job_run;

/// The login role of the restore in these tests.
const LOADER: &str = "tr-main-abcdefghij23";
const SCHEMAS: &[(&str, &str)] = &[("acme", "acme_r")];
const BEFORE_OPENING: &[Mode] = cluster::servers::UNTIL_VALIDATED;

/// What is there beside the tenant.
const SURROUNDINGS: &str = r#"
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

struct Pair {
    production: Cluster,
    temporary: Cluster,
    storage: Arc<Memory>,
}

impl Pair {
    /// Production with this tenant, and its copy.
    async fn with(tenant: &str) -> Self {
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
    async fn with_victim(what: &str) -> Self {
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

    async fn run(&self, modes: &[Mode]) -> JobResult {
        self.run_with(modes, |_| ()).await
    }

    async fn run_with(&self, modes: &[Mode], change: impl FnOnce(&mut Job)) -> JobResult {
        let mut job = job("app", SCHEMAS, &self.production, Some(&self.temporary));
        job.modes = modes.to_vec();
        job.mover = MoverChoice::Copy;
        change(&mut job);
        let mut context = context(job, &self.storage, &[&self.production, &self.temporary]);
        job_run::run(&mut context, std::future::pending()).await
    }

    /// Everything outside of the restored schema, data and roles included.
    fn outside(&self) -> String {
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
    async fn loot(&self) -> Vec<String> {
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
    async fn plant(&self, what: &str) {
        let function = planted(what).replace("acme.", "acme_r.");
        self.temporary.script("app", &function).await;
    }

    async fn ask(&self, sql: &str) -> String {
        let client = self.production.superuser("app").await;
        let row = client.query_one(sql, &[]).await.unwrap();
        row.get::<_, Option<String>>(0).unwrap_or_default()
    }
}

/// What two texts don't have in common.
fn unlike(before: &str, after: &str) -> Vec<String> {
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

#[tokio::test]
async fn whatever_runs_by_itself_while_a_schema_is_restored_gains_its_owner_nothing() {
    let pair = Pair::with(include_str!("hostile_tenant.sql")).await;
    // Of the live table that the restored one refers to, a row has gone: the rows without a parent are counted.
    pair.production
        .script("app", "alter table acme.coloured drop constraint coloured_code_fkey, drop constraint by_cast; delete from shared.colour where code = 77")
        .await;
    let before = pair.outside();
    let result = pair.run(BEFORE_OPENING).await;
    assert_eq!(result.failure, None, "{:#?}", result.remarks);
    assert_eq!(pair.loot().await, Vec::<String>::new());
    let counted = result
        .remarks
        .iter()
        .find(|remark| remark.code == "ForeignKeyNotValid");
    assert!(
        counted.unwrap().message.starts_with("1 rows"),
        "{counted:?}"
    );
    assert_eq!(result.validate.unwrap().differences, Vec::<String>::new());

    let opened = pair.run(&[Mode::Open]).await;
    assert_eq!(opened.failure, None, "{:#?}", opened.remarks);
    assert_eq!(pair.loot().await, Vec::<String>::new());
    assert_eq!(unlike(&before, &pair.outside()), Vec::<String>::new());
    assert_eq!(
        pair.ask(
            "select string_agg(what, ', ') from acme_r.booty where what <> 'from the restore'"
        )
        .await,
        "",
        "nothing of the neighbour's, on either server, came into the copy"
    );
    let caught = "select string_agg(distinct caught::text, ',') from acme_r.held";
    assert_eq!(pair.ask(caught).await, "true", "the bait was there");
    let roles = "select string_agg(rolname, ', ') from pg_roles where rolname like 'tr-%'";
    assert_eq!(pair.ask(roles).await, "");
}

#[tokio::test]
async fn a_table_whose_planning_runs_a_tenants_function_is_never_read_by_dms() {
    // Who creates a trusted extension owns it, and may add functions to it; its own belong to a superuser.
    let of_extension = "create extension citext schema public;
        create function acme.of_extension(int) returns boolean language plpgsql immutable as $f$
        begin perform acme.strike('function of an extension'); return true; end $f$;
        alter extension citext add function acme.of_extension(int);
        create table acme.plain_by_extension (id int primary key, n int);
        create index on acme.plain_by_extension (n) where acme.of_extension(1);
        create table acme.harmless (id int primary key, n int);
        create index on acme.harmless (public.citext_hash(n::text::public.citext));";
    let tenant = format!("{}\n{of_extension}", include_str!("hostile_tenant.sql"));
    let pair = Pair::with(&tenant).await;
    let plan = pair
        .run_with(&[Mode::Extract], |job| job.mover = MoverChoice::Auto)
        .await;
    let tables = plan.extract.unwrap().tables;
    let planned = |name: &str| tables.iter().find(|table| table.table == name).unwrap();
    for name in ["plain", "plain_by_operator", "plain_by_extension"] {
        let table = planned(name);
        assert_eq!(table.mover, Mover::Copy, "{name}");
        assert!(table.reason.contains("function"), "{}", table.reason);
    }
    let harmless = planned("harmless");
    assert_eq!(harmless.mover, Mover::Dms, "{}", harmless.reason);
}

/// A tenant whose check uses the login role's rights to take over what it can. `victim` owns a function in the schema.
const TAKEOVER: &str = r#"
    create schema acme;
    grant usage, create on schema acme to victim;
    create function acme.caught() returns void language plpgsql as $f$
    begin
        if current_user = 'master' then insert into vault.loot values ('takeover', current_user); end if;
    end $f$;
    create function acme.caught_text() returns text language plpgsql immutable as $f$
    begin perform acme.caught(); return 'x'; end $f$;
    create function acme.fired() returns trigger language plpgsql as $f$
    begin perform acme.caught(); return new; end $f$;
    create function acme.take() returns void language plpgsql as $f$
    declare
        attempt text;
    begin
        if current_user not like 'tr-%' then return; end if;
        foreach attempt in array array[
            format('alter role %I password %L', current_user, 'known'),
            format('alter role %I set statement_timeout = 1', current_user),
            format('grant %I to attacker', current_user),
            'grant all on schema acme_r to attacker with grant option',
            'create index on acme_r.tenant_restore_marker (acme_r.caught_text()) where acme_r.caught_text() = ''x''',
            'create index on acme_r.tenant_restore_ledger (acme_r.caught_text()) where acme_r.caught_text() = ''x''',
            'create trigger fired before insert on acme_r.tenant_restore_ledger for each row execute function acme_r.fired()'
        ] loop
            begin execute attempt; exception when others then null; end;
        end loop;
    end $f$;
    create function acme.takeover(id int) returns boolean language plpgsql immutable as $f$
    begin perform acme.take(); return true; end $f$;
    create table acme.customer (id int primary key, constraint watched check (acme.takeover(id)), word text generated always as
        (case when acme.takeover(id) then 'x' end) stored);
    insert into acme.customer values (1), (2);
    alter default privileges in schema acme grant select on tables to attacker;"#;

#[tokio::test]
async fn what_a_function_arranges_as_the_login_role_is_taken_back_before_anything_is_handed_over() {
    let pair = Pair::with(TAKEOVER).await;
    // The master hands over what is its own itself.
    let own = "grant usage, create on schema acme to master; set role master; alter default privileges in schema acme grant select on tables to attacker";
    pair.temporary.script("app", own).await;
    let before = pair.outside();
    let result = pair.run(&BEFORE_OPENING[..3]).await;
    assert_eq!(result.failure, None, "{:#?}", result.remarks);
    let members = format!(
        "select string_agg(pg_get_userbyid(member), ',' order by 1) from pg_auth_members where roleid = '\"{LOADER}\"'::regrole"
    );
    // Up to PostgreSQL 14 a login role could grant itself.
    let grant = format!("grant \"{LOADER}\" to attacker");
    pair.production.script("app", &grant).await;
    let usage = "select has_schema_privilege('attacker', 'acme_r', 'usage')::text";
    assert_eq!(pair.ask(usage).await, "true", "the attack works");
    let planted = "select count(*)::text from pg_index where indrelid::regclass::text ~ 'tenant_restore' and indexprs is not null";
    assert_ne!(pair.ask(planted).await, "0", "the attack works");
    let stolen = pair.production.session_of(LOADER, "app").await;
    stolen
        .batch_execute("set statement_timeout = 0; select 1")
        .await
        .unwrap();
    // A second task finds the ledger with its index and trigger.
    assert_eq!(pair.run(&[Mode::Copy]).await.failure, None);

    let result = pair.run(&BEFORE_OPENING[3..]).await;
    assert_eq!(result.failure, None, "{:#?}", result.remarks);
    assert!(
        stolen.batch_execute("select 1").await.is_err(),
        "the session of the stolen login ended"
    );
    assert_eq!(pair.ask(&members).await, "master");
    assert_eq!(
        pair.ask("select has_schema_privilege('attacker', 'acme_r', 'usage')::text")
            .await,
        "false"
    );
    let opened = pair.run(&[Mode::Open]).await;
    assert_eq!(opened.failure, None, "{:#?}", opened.remarks);
    assert_eq!(pair.loot().await, Vec::<String>::new());
    assert_eq!(
        pair.ask("select has_schema_privilege('attacker', 'acme_r', 'usage')::text")
            .await,
        "false"
    );
    assert_eq!(unlike(&before, &pair.outside()), Vec::<String>::new());
}

/// A function that does something when the login role calls it. An immutable function may do nothing itself, and may call one
/// that does.
fn planted(what: &str) -> String {
    format!(
        "create or replace function acme.plant_now() returns void language plpgsql as $f$
         begin if current_user like 'tr-%' then execute $x${what}$x$; end if; end $f$;"
    )
}

/// A tenant with such a function in a generated column.
fn planting(what: &str) -> String {
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

/// Who owns what is in the restored schema.
const OWNERS: &str = "select string_agg(distinct pg_get_userbyid(owner), ',') from (
         select relowner as owner from pg_class where relnamespace = 'acme_r'::regnamespace
         union all select proowner from pg_proc where pronamespace = 'acme_r'::regnamespace
         union all select typowner from pg_type where typnamespace = 'acme_r'::regnamespace) owned";

const OF_VICTIM: &str = "grant usage, create on schema acme to victim; set role victim;
    create function acme.report() returns text language sql security definer as 'select ''true''::text';
    create table acme.of_victim (id int primary key);
    create policy narrows on acme.of_victim as restrictive using (id > 0);
    create policy shows on acme.of_victim to victim using (true);
    alter table acme.of_victim enable row level security; reset role";

#[tokio::test]
async fn code_that_a_tenant_plants_in_what_another_role_owns_is_not_handed_over() {
    let plants = [
        "create or replace function acme_r.report() returns text language sql security definer as 'select current_user::text'",
        "create or replace function acme_r.new() returns text language sql security definer as 'select current_user::text'",
        "drop policy if exists planted on acme_r.of_victim; create policy planted on acme_r.of_victim using (acme_r.plant(1))",
        "create or replace view acme_r.peek as select * from acme_r.of_victim",
    ];
    let pair = Pair::with_victim("select 1").await;
    let before = pair.outside();
    assert_eq!(pair.run(&[Mode::Extract]).await.failure, None);
    for what in plants {
        pair.plant(what).await;
        assert_eq!(pair.run(BEFORE_OPENING).await.failure, None, "{what}");
        let failure = pair.run(&[Mode::Open]).await.failure.unwrap();
        let cause = &failure.causes[0];
        assert_eq!(cause.kind, ErrorKind::ValidationMismatch, "{failure:?}");
        let closed = "select count(*)::text from pg_roles where rolname in ('olga', 'victim') \
                      and has_schema_privilege(oid, 'acme_r', 'usage')";
        assert_eq!(pair.ask(closed).await, "0");
        assert_eq!(pair.ask(OWNERS).await, LOADER, "{what}");
        assert_eq!(pair.run(&[Mode::Drop]).await.failure, None);
        assert_eq!(unlike(&before, &pair.outside()), Vec::<String>::new());
    }
}

#[tokio::test]
async fn the_policies_of_another_role_are_made_whatever_a_tenant_notes_or_makes_first() {
    let plants = [
        "insert into acme_r.tenant_restore_ledger (step)
         select format('POLICY \"acme_r\".of_victim narrows (archive entry %s)', n) from generate_series(1, 9999) n
         on conflict do nothing",
        "drop policy if exists shows on acme_r.of_victim; create policy shows on acme_r.of_victim using (true)",
        "drop policy if exists narrows on acme_r.of_victim; create policy narrows on acme_r.of_victim using (true)",
    ];
    let policies = |schema: &str| {
        format!(
            "select string_agg(concat_ws(' ', polname, polpermissive, polroles::regrole[], pg_get_expr(polqual, polrelid)), '; '
                               order by polname) from pg_policy where polrelid = '{schema}.of_victim'::regclass"
        )
    };
    let pair = Pair::with_victim("select 1").await;
    assert_eq!(pair.run(&[Mode::Extract]).await.failure, None);
    for what in plants {
        pair.plant(what).await;
        assert_eq!(pair.run(BEFORE_OPENING).await.failure, None, "{what}");
        let opened = pair.run(&[Mode::Open]).await;
        assert_eq!(opened.failure, None, "{what}");
        let (live, restored) = (policies("acme"), policies("acme_r"));
        assert_eq!(pair.ask(&restored).await, pair.ask(&live).await, "{what}");
        pair.production
            .script("app", "drop schema acme_r cascade")
            .await;
    }
}

#[tokio::test]
async fn what_leads_into_a_schema_from_outside_before_it_is_opened_ends_the_opening() {
    let pair = Pair::with_victim("grant usage on schema acme_r to attacker").await;
    assert_eq!(pair.run(&BEFORE_OPENING[..3]).await.failure, None);
    let usage = "select has_schema_privilege('attacker', 'acme_r', 'usage')::text";
    assert_eq!(pair.ask(usage).await, "true", "the attack works");
    let lead = "create schema lair authorization attacker; set role attacker;
        create view lair.report as select acme_r.report()";
    pair.production.script("app", lead).await;

    let opening = [&BEFORE_OPENING[3..], &[Mode::Open]].concat();
    let failure = pair.run(&opening).await.failure.unwrap();
    assert_eq!(failure.mode, Mode::Open, "{failure:?}");
    assert!(
        failure.causes[0].message.contains("lair.report"),
        "{failure:?}"
    );
    assert_eq!(pair.ask(OWNERS).await, LOADER);

    pair.production.script("app", "drop view lair.report").await;
    assert_eq!(pair.run(&[Mode::Open]).await.failure, None);
}

#[tokio::test]
async fn rows_whose_note_a_function_keeps_out_of_the_ledger_are_not_kept_either() {
    let ways = [
        "create trigger keeps_out before insert on acme_r.tenant_restore_ledger for each row execute function acme_r.keep_out()",
        "create rule keeps_out as on insert to acme_r.tenant_restore_ledger do instead nothing",
    ];
    let keep_out = "create function acme.keep_out() returns trigger language plpgsql as 'begin return null; end'";
    let pair = Pair::with(&format!("{}; {keep_out}", planting("select 1"))).await;
    assert_eq!(pair.run(&[Mode::Extract]).await.failure, None);
    for way in ways {
        pair.plant(way).await;
        let failure = pair.run(&BEFORE_OPENING[..3]).await.failure.unwrap();
        assert_eq!(failure.mode, Mode::Copy, "{failure:?}");
        let rows = "select count(*)::text from acme_r.customer";
        assert_eq!(pair.ask(rows).await, "0", "{way}");
        assert_eq!(pair.run(&[Mode::Drop]).await.failure, None);
    }
}

#[tokio::test]
async fn a_function_that_planning_runs_never_writes_in_the_temporary_database() {
    // The first read's planning could let the second one's write, as the function's owner.
    let tenant = "create schema acme; create table acme.written (what text);
        create function acme.write() returns void language plpgsql as $f$
        begin
            if current_user = 'olga' then execute $x$insert into acme_r.written values ('here')$x$; end if;
        exception when others then null; end $f$;
        create function acme.unlock() returns boolean language plpgsql immutable security definer as $f$
        begin
            perform acme.write();
            perform set_config('default_transaction_read_only', 'off', false);
            return true;
        end $f$;
        create table acme.first (id int primary key); create index on acme.first (id) where acme.unlock();
        create table acme.second (id int primary key); create index on acme.second (id) where acme.unlock()";
    let pair = Pair::with(tenant).await;
    let result = pair.run(BEFORE_OPENING).await;
    assert_eq!(result.failure, None, "{:#?}", result.remarks);
    let temporary = pair.temporary.superuser("app").await;
    let written = temporary
        .query_one("select count(*) from acme_r.written", &[])
        .await
        .unwrap();
    assert_eq!(written.get::<_, i64>(0), 0);
}

#[tokio::test]
async fn a_session_that_a_killed_worker_left_hands_nothing_over_any_more() {
    let pair = Pair::with(&planting("select 1")).await;
    assert_eq!(pair.run(BEFORE_OPENING).await.failure, None);
    let left = format!(
        "set role master; create role \"{LOADER}-h\" login;
         comment on role \"{LOADER}-h\" is 'tenant-restore: hands over for restore abcdefghij23';
         grant \"{LOADER}\" to \"{LOADER}-h\""
    );
    pair.production.script("app", &left).await;
    let leftover = pair
        .production
        .session_of(&format!("{LOADER}-h"), "app")
        .await;
    leftover.batch_execute("select 1").await.unwrap();
    assert_eq!(pair.run(&[Mode::ApplyPostData]).await.failure, None);
    assert!(leftover.batch_execute("select 1").await.is_err());
    assert_eq!(pair.run(&[Mode::Open]).await.failure, None);
}

#[tokio::test]
async fn what_a_function_makes_outside_in_the_login_roles_name_ends_the_restore_and_goes_with_it() {
    let strays = [
        "perform lo_from_bytea(4711, 'x')",
        "create function public.trojan() returns text language sql security definer as 'select current_user::text'",
        "alter default privileges grant all on tables to attacker",
    ];
    let pair = Pair::with(&planting("select 1")).await;
    let before = pair.outside();
    assert_eq!(pair.run(&[Mode::Extract]).await.failure, None);
    for stray in strays {
        let once = format!("do $d$ begin {stray}; exception when others then null; end $d$");
        pair.plant(&once).await;
        assert_eq!(pair.run(BEFORE_OPENING).await.failure, None, "{stray}");
        let failure = pair.run(&[Mode::Open]).await.failure.unwrap();
        let message = &failure.causes[0].message;
        assert!(message.contains("made 1 objects outside"), "{failure:?}");
        let dropped = pair.run(&[Mode::Drop]).await;
        assert_eq!(dropped.failure, None, "{stray}");
        let told = |remark: &Remark| remark.code == "StrayDropped";
        assert!(dropped.remarks.iter().any(told));
        assert_eq!(unlike(&before, &pair.outside()), Vec::<String>::new());
    }
}

#[tokio::test]
async fn an_error_that_a_tenants_function_raises_shows_no_value_whatever_its_code() {
    let raised = [
        "raise exception 'hunter2'",
        "raise exception 'hunter2' using errcode = 'insufficient_privilege', detail = 'hunter2', hint = 'hunter2'",
        "raise exception using errcode = '42P01', message = 'hunter2', table = 'hunter2', constraint = 'hunter2'",
        "execute 'select hunter2'",
        "perform 'hunter2'::int",
    ];
    let pair = Pair::with(&planting("select 1")).await;
    assert_eq!(pair.run(&[Mode::Extract]).await.failure, None);
    for raise in raised {
        let what = format!("do $d$ begin raise notice 'hunter2'; {raise}; end $d$");
        pair.plant(&what).await;
        let result = pair.run(BEFORE_OPENING).await;
        assert!(result.failure.is_some(), "{raise}");
        let told = serde_json::to_string(&result).unwrap();
        assert!(!told.contains("hunter2"), "{raise}: {told}");
        assert_eq!(pair.run(&[Mode::Drop]).await.failure, None);
    }
}

#[tokio::test]
async fn a_function_that_never_ends_is_ended_by_the_drop() {
    let pair = Pair::with(&planting("do $d$ begin perform pg_sleep(3600); end $d$")).await;
    let before = pair.outside();
    let sleeping = tokio::time::timeout(Duration::from_secs(6), pair.run(BEFORE_OPENING)).await;
    assert!(sleeping.is_err(), "the copy waits for the function");
    let dropped = pair.run(&[Mode::Drop]).await;
    assert_eq!(dropped.failure, None);
    assert_eq!(unlike(&before, &pair.outside()), Vec::<String>::new());
    let left = format!(
        "select count(*)::text from pg_stat_activity where usename like 'tr-%' or query like '%pg_sleep%' and usename = '{MASTER}'"
    );
    assert_eq!(pair.ask(&left).await, "0");
}

#[tokio::test]
async fn an_event_trigger_that_runs_a_tenants_function_does_not_fire_on_the_temporary_database() {
    let tenant = "create schema acme; create table acme.customer (id int primary key);
        create function acme.on_ddl() returns event_trigger language plpgsql as $f$
        begin insert into vault.loot values ('event trigger', current_user); end $f$;";
    let production = Cluster::start("app").await;
    production.script("app", SURROUNDINGS).await;
    let olga = production.session_of("olga", "app").await;
    olga.batch_execute(tenant).await.unwrap();
    let watch = "create event trigger watches on ddl_command_end execute function acme.on_ddl()";
    production.script("app", watch).await;
    let temporary = production.physical_copy();
    production.script("app", "drop event trigger watches").await;
    let pair = Pair {
        production,
        temporary,
        storage: Arc::default(),
    };
    let failure = pair.run(&[Mode::Extract]).await.failure.unwrap();
    assert!(failure.causes[0].message.contains("watches"), "{failure:?}");
    assert_eq!(pair.loot().await, Vec::<String>::new());
}
