//! All modes on two real servers, production and a physical copy of it, with a master that is no superuser.

#![allow(
    clippy::unwrap_used,
    reason = "a test that can't prepare its servers fails at that line"
)]

mod cluster;

use std::sync::Arc;

use cluster::servers::{SCHEMAS, Servers, UNTIL_VALIDATED, lacking};
use cluster::surroundings::Memory;
use cluster::{Cluster, MASTER};
use tenant_restore_core::job::{Job, Mode, Mover, MoverChoice};

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

#[tokio::test]
async fn two_workers_on_the_same_job_at_once_end_as_one_would() {
    let servers = Servers::start().await;
    servers.run(&[Mode::Extract]).await;
    let (one, other) = tokio::join!(
        servers.run(&UNTIL_VALIDATED[1..]),
        servers.run(&UNTIL_VALIDATED[1..])
    );
    for result in [one, other] {
        assert_eq!(result.validate.unwrap().differences, Vec::<String>::new());
    }
    tokio::join!(servers.run(&[Mode::Open]), servers.run(&[Mode::Open]));
    assert_eq!(
        lacking(&servers.ddl("acme"), &servers.ddl("acme_r")),
        Vec::<String>::new()
    );
}

#[tokio::test]
async fn a_second_task_of_a_job_that_ends_with_the_opening_has_the_result_of_the_first() {
    let servers = Servers::start().await;
    servers.run(&UNTIL_VALIDATED[..3]).await;
    let finalize = [Mode::ApplyPostData, Mode::Validate, Mode::Open];
    let (one, other) = tokio::join!(
        servers.run_in_turn(&finalize),
        servers.run_in_turn(&finalize)
    );
    assert_eq!(one.failure, None);
    assert_eq!(one, other);
    assert_eq!(servers.run_in_turn(&finalize).await, one);
    assert_eq!(
        lacking(&servers.ddl("acme"), &servers.ddl("acme_r")),
        Vec::<String>::new()
    );
}

#[tokio::test]
async fn tables_for_dms_get_their_primary_key_early_and_are_left_to_it() {
    let servers = Servers::start().await;
    let automatic = |job: &mut Job| job.mover = MoverChoice::Auto;
    let result = servers.run_with(&UNTIL_VALIDATED[..3], automatic).await;
    assert_eq!(result.failure, None);
    let plan = result.extract.unwrap();
    let of_master = plan
        .tables
        .iter()
        .find(|table| table.table == "of_master")
        .unwrap();
    assert_eq!(of_master.mover, Mover::Dms, "{}", of_master.reason);
    let keys = "select string_agg(conname, ',' order by 1) from pg_constraint \
                where contype = 'p' and conrelid = any ('{acme_r.of_master, acme_r.secret}'::regclass[])";
    assert_eq!(servers.ask(keys).await, "of_master_pkey");
    assert!(
        !result
            .copy
            .unwrap()
            .tables
            .iter()
            .any(|table| table.table == "of_master")
    );

    // What the replication task does, as the same role.
    let by_dms: Vec<_> = plan
        .tables
        .iter()
        .filter(|table| table.mover == Mover::Dms)
        .collect();
    for table in &by_dms {
        let (restored, name) = (
            table.schema.replace('"', "\"\""),
            table.table.replace('"', "\"\""),
        );
        let live = restored.trim_end_matches("_r");
        servers
            .production
            .script(
                "app",
                &format!(
                    "insert into \"{restored}\".\"{name}\" select * from \"{live}\".\"{name}\""
                ),
            )
            .await;
    }
    let result = servers.run_with(&UNTIL_VALIDATED[3..], automatic).await;
    assert_eq!(result.failure, None);
    assert_eq!(result.validate.unwrap().differences, Vec::<String>::new());
}
