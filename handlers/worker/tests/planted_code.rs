//! What a tenant's function arranges while it runs as the login role is taken back, or ends the restore: nobody's rights are
//! gained by it when everything gets its owner.

#![allow(
    clippy::unwrap_used,
    reason = "a test that can't prepare its servers fails at that line"
)]

mod cluster;
mod hostile;

use hostile::{BEFORE_OPENING, LOADER, Pair, planting, unlike};
use tenant_restore_core::error::ErrorKind;
use tenant_restore_core::job::{Mode, Remark};

/// Who owns what is in the restored schema.
const OWNERS: &str = "select string_agg(distinct pg_get_userbyid(owner), ',') from (
         select relowner as owner from pg_class where relnamespace = 'acme_r'::regnamespace
         union all select proowner from pg_proc where pronamespace = 'acme_r'::regnamespace
         union all select typowner from pg_type where typnamespace = 'acme_r'::regnamespace) owned";

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
