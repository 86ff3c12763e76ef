//! Whatever is otherwise than it was is told: when the rows are in, and when the schema is opened.

#![allow(
    clippy::unwrap_used,
    reason = "a test that can't prepare its servers fails at that line"
)]

mod cluster;
mod damages;

use std::sync::Arc;

use cluster::Cluster;
use cluster::servers::{Servers, UNTIL_VALIDATED};
use cluster::surroundings::Memory;
use damages::Damage;
use tenant_restore_core::job::{Job, JobResult, Mode};

const LOADER: &str = "tr-main-abcdefghij23";

const BEFORE: &str = "create role olga nologin;
    grant create on database app to olga;
    create extension postgres_fdw;
    create server elsewhere foreign data wrapper postgres_fdw options (host 'localhost', dbname 'nowhere');
    grant usage on foreign data wrapper postgres_fdw to olga;
    alter server elsewhere owner to olga;
    create schema acme authorization olga";

async fn run(servers: &Servers, modes: &[Mode]) -> JobResult {
    let of_acme = |job: &mut Job| job.schemas.truncate(1);
    let result = servers.run_with(modes, of_acme).await;
    assert_eq!(result.failure, None, "{:#?}", result.remarks);
    result
}

#[tokio::test]
async fn each_damage_to_a_restored_schema_is_told_and_nothing_else_is() {
    let production = Cluster::start("app").await;
    production.script("app", BEFORE).await;
    let owner = production.superuser("app").await;
    for damage in damages::all() {
        let made = owner
            .batch_execute(&format!("set role olga; {}", damage.made))
            .await;
        made.unwrap_or_else(|error| panic!("{}: {error:?}", damage.made));
    }
    let servers = Servers {
        temporary: production.physical_copy(),
        production,
        storage: Arc::new(Memory::default()),
    };
    let undamaged = run(&servers, UNTIL_VALIDATED).await.validate.unwrap();
    assert_eq!(undamaged.differences, Vec::<String>::new());

    let superuser = servers.production.superuser("app").await;
    for Damage { damage, .. } in damages::all() {
        let as_loader = format!("set role \"{LOADER}\"; {damage}");
        let done = superuser.batch_execute(&as_loader).await;
        done.unwrap_or_else(|error| panic!("{damage}: {error:?}"));
    }
    let mut found = run(&servers, &[Mode::Validate])
        .await
        .validate
        .unwrap()
        .differences;
    let mut told: Vec<&str> = damages::all()
        .flat_map(|damage| damage.told)
        .copied()
        .collect();
    found.sort();
    told.sort_unstable();
    let missed: Vec<&&str> = told
        .iter()
        .filter(|words| !found.iter().any(|found| found == **words))
        .collect();
    assert!(missed.is_empty(), "not told: {missed:#?}\nof {found:#?}");
    assert_eq!(found, told);
}

/// Damages that come while the schema is opened, right behind what made the thing.
const WHILE_OPENING: &str = "
    create function public.damage() returns event_trigger language plpgsql security definer as $$
    begin
        if current_setting('damage.at_work', true) = 'yes' then return; end if;
        perform set_config('damage.at_work', 'yes', true);
        if tg_tag = 'ALTER DEFAULT PRIVILEGES' then
            drop policy if exists gone on acme_r.t;
            alter policy other on acme_r.t using (false);
            drop policy if exists new on acme_r.t;
            create policy new on acme_r.t;
            comment on column acme_r.t.id is null;
            comment on table acme_r.t is 'other';
            comment on view acme_r.v is 'new';
            alter default privileges for role olga in schema acme_r grant insert on tables to clerk;
            alter default privileges for role olga in schema acme_r grant usage on types to clerk;
            alter statistics acme_r.st owner to auditor;
        elsif exists (select from pg_namespace where nspname = 'acme_r' and nspowner = 'olga'::regrole) then
            revoke usage on schema acme_r from clerk;
            revoke grant option for create on schema acme_r from auditor;
            grant usage on schema acme_r to auditor;
        end if;
        perform set_config('damage.at_work', 'no', true);
    end $$;
    create event trigger damages on ddl_command_end when tag in ('ALTER DEFAULT PRIVILEGES', 'GRANT')
        execute function public.damage()";

#[tokio::test]
async fn each_damage_while_a_schema_is_opened_is_told_too() {
    let production = Cluster::start("app").await;
    let tenant = "create role clerk; create role auditor;
        grant usage on schema acme to clerk;
        grant create on schema acme to auditor with grant option;
        set role olga;
        create table acme.t (id int, n int);
        create statistics acme.st on id, n from acme.t;
        create policy gone on acme.t using (true);
        create policy other on acme.t using (true);
        create view acme.v as select 1 as n;
        comment on table acme.t is 'then';
        comment on column acme.t.id is 'then';
        alter default privileges in schema acme grant select on tables to clerk";
    production.script("app", BEFORE).await;
    production.script("app", tenant).await;
    let servers = Servers {
        temporary: production.physical_copy(),
        production,
        storage: Arc::new(Memory::default()),
    };
    run(&servers, UNTIL_VALIDATED).await;
    servers.production.script("app", WHILE_OPENING).await;
    let opened = run(&servers, &[Mode::Open]).await;
    let told = opened
        .remarks
        .iter()
        .map(|remark| format!("{} {}: {}", remark.code, remark.object, remark.message));
    let mut told: Vec<String> = told.collect();
    told.sort();
    let expected = [
        "CREATE on schema acme_r to \"auditor\", to pass on: it is missing",
        "CREATE on schema acme_r to \"auditor\": it wasn't there",
        "USAGE on schema acme_r to \"auditor\": it wasn't there",
        "USAGE on schema acme_r to \"clerk\": it is missing",
        "comment on table acme_r.t: it is another than it was",
        "comment on table column acme_r.t.id: it is missing",
        "comment on view acme_r.v: it wasn't there",
        "default privileges of olga in acme_r for T: it wasn't there",
        "default privileges of olga in acme_r for r: it is another than it was",
        "owner of statistics acme_r.st: it is another than it was",
        "policy gone on acme_r.t: it is missing",
        "policy new on acme_r.t: it wasn't there",
        "policy other on acme_r.t: it is another than it was",
    ];
    assert_eq!(told, expected.map(|words| format!("NotAsItWas {words}")));
}
