//! Mode `extract` against a real server whose master is no superuser.

#![allow(clippy::unwrap_used, reason = "what a test can't prepare fails it")]

mod cluster;

use std::process::Command;
use std::sync::Arc;

use cluster::surroundings::{Memory, context, job};
use cluster::{Cluster, MASTER};
use tenant_restore_core::error::ErrorKind;
use tenant_restore_core::job::{ExtractReport, Job, Mover, MoverChoice, TablePlan};
use tenant_restore_worker::archive::{Archive, Entry};
use tenant_restore_worker::context::{Context, Report};
use tenant_restore_worker::extract;
use tenant_restore_worker::failed::Failed;

const SCHEMAS: &[(&str, &str)] = &[("acme", "acme_r"), ("Acme-1.b\"x", "Acme-1.b\"x_r")];

async fn tenant() -> Cluster {
    let cluster = Cluster::start("app").await;
    cluster.script("app", include_str!("tenant.sql")).await;
    cluster
}

fn surroundings(cluster: &Cluster, change: impl FnOnce(&mut Job)) -> (Arc<Memory>, Context) {
    let storage = Arc::new(Memory::default());
    let mut job = job("app", SCHEMAS, cluster, Some(cluster));
    change(&mut job);
    let context = context(job, &storage, &[cluster]);
    (storage, context)
}

async fn extracted(context: &mut Context) -> ExtractReport {
    match extract::run(context).await.unwrap() {
        Report::Extract(report) => report,
        other => panic!("extract says {other:?}"),
    }
}

fn entry<'a>(archive: &'a Archive, desc: &str, tag: &str) -> &'a Entry {
    let found = archive
        .entries
        .iter()
        .find(|entry| entry.desc == desc && entry.tag == tag);
    found.unwrap_or_else(|| panic!("no entry {desc} {tag}"))
}

#[tokio::test]
async fn the_archive_has_every_object_under_the_new_names_and_the_original_ddl_the_old_ones() {
    let cluster = tenant().await;
    let (storage, mut context) = surroundings(&cluster, |_| ());
    let report = extracted(&mut context).await;

    let original = storage.text("audit/abcdefghij23/original.sql");
    assert_eq!(report.original_ddl, "audit/abcdefghij23/original.sql");
    assert!(original.contains("CREATE TABLE acme.orders") && !original.contains("acme_r"));

    let archive: Archive =
        serde_json::from_str(&storage.text("work/abcdefghij23/1/archive.json")).unwrap();
    agrees_with_pg_restore(&archive, &storage);
    let orders = entry(&archive, "TABLE", "orders");
    assert_eq!(
        (orders.namespace.as_deref(), orders.owner.as_str()),
        (Some("acme_r"), "olga")
    );
    assert!(orders.sql.contains("CREATE TABLE acme_r.orders"));
    let key = entry(&archive, "FK CONSTRAINT", "orders orders_customer_fkey");
    assert!(
        key.sql
            .contains("REFERENCES \"Acme-1.b\"\"x_r\".customer(id)"),
        "{}",
        key.sql
    );
    let table = entry(&archive, "TABLE", "secret");
    let protection = entry(&archive, "ROW SECURITY", "secret");
    assert!(
        protection.sql.contains("ENABLE ROW LEVEL SECURITY")
            && protection.depends_on.contains(&table.dump_id)
    );
    assert!(table.sql.contains("FORCE ROW LEVEL SECURITY"));
    assert_eq!(
        entry(&archive, "VIEW", "big_orders").namespace.as_deref(),
        Some("acme_r")
    );
}

#[tokio::test]
async fn each_table_gets_the_mover_that_carries_its_values() {
    let cluster = tenant().await;
    let (storage, mut context) = surroundings(&cluster, |_| ());
    let report = extracted(&mut context).await;

    let mover = |table: &str| {
        let plan = report.tables.iter().find(|plan| plan.table == table);
        plan.map(|plan| (plan.mover, plan.reason.as_str()))
    };
    assert_eq!(
        mover("accounts").unwrap().0,
        Mover::Dms,
        "{:?}",
        mover("accounts")
    );
    for (table, reason) in [
        ("orders", "text"),
        ("customer", "document how the name"),
        ("readings", "NaN"),
        ("deadlines", "infinities"),
        ("secret", "row level security"),
        ("part_1", "partition"),
        ("nokey", "primary key"),
        ("gone_after_crash", "LOB"),
    ] {
        let (chosen, why) = mover(table).unwrap();
        assert_eq!(chosen, Mover::Copy, "{table}");
        assert!(why.contains(reason), "{table}: {why}");
    }
    assert_eq!(
        mover("parted"),
        None,
        "a partitioned table has no rows of its own"
    );
    assert!(
        report
            .tables
            .is_sorted_by(|one, next| one.bytes >= next.bytes)
    );
    let plan: ExtractReport =
        serde_json::from_str(&storage.text("work/abcdefghij23/1/plan.json")).unwrap();
    assert_eq!(plan, report);
}

#[tokio::test]
async fn text_that_surely_names_a_schema_is_mended_and_listed_with_its_places() {
    let cluster = tenant().await;
    let (storage, mut context) = surroundings(&cluster, |_| ());
    let report = extracted(&mut context).await;

    let places = |what: &str, object: &str| {
        let found = report
            .mended
            .iter()
            .find(|mended| mended.what == what && mended.object == object);
        let found = found.unwrap_or_else(|| panic!("{what} {object}: {:#?}", report.mended));
        found
            .places
            .iter()
            .map(|place| (place.line, place.column, place.to.as_str()))
            .collect::<Vec<_>>()
    };
    let body = "function body";
    assert_eq!(places(body, "acme_r.note_change()"), [(3, 15, "acme_r")]);
    assert_eq!(
        places(body, "acme_r.aliased(integer)"),
        [(1, 22, "acme_r"), (1, 41, "Acme-1.b\"x_r")]
    );
    assert_eq!(
        places(body, "acme_r.next_ticket(bigint)"),
        [(1, 26, "acme_r")]
    );
    assert_eq!(
        places("function setting", "acme_r.pathed()"),
        [(1, 1, "acme_r")]
    );
    assert_eq!(
        places("default", "acme_r.orders.ticket"),
        [(1, 11, "acme_r")]
    );
    assert_eq!(places("default", "acme_r.ticket"), [(1, 11, "acme_r")]);
    assert_eq!(
        places("policy", "acme_r.orders ticketed"),
        [(1, 21, "acme_r")]
    );
    assert_eq!(report.mended.len(), 7, "{:#?}", report.mended);

    let archive: Archive =
        serde_json::from_str(&storage.text("work/abcdefghij23/1/archive.json")).unwrap();
    let sql = |desc: &str, tag: &str| entry(&archive, desc, tag).sql.as_str();
    assert!(
        sql("FUNCTION", "note_change()")
            .contains("begin -- acme.comment\n  insert into acme_r.nokey values (new.id);")
    );
    assert!(
        sql("FUNCTION", "aliased(integer)")
            .contains("from acme_r.nokey acme, \"Acme-1.b\"\"x_r\".customer where acme.n = $1")
    );
    assert!(sql("FUNCTION", "pathed()").contains("SET search_path TO 'acme_r', 'pg_temp'"));
    assert!(
        sql("FUNCTION", "innocent()").contains("'the acme company' /* acme.t */"),
        "what merely looks alike stays"
    );
}

#[tokio::test]
async fn text_that_cant_be_decided_is_reported_with_its_place() {
    let cluster = tenant().await;
    let script = "create function acme.sealed() returns bigint language sql leakproof as 'select count(*) from acme.nokey';
        alter function acme.sealed() owner to olga";
    cluster.script("app", script).await;
    let (_, mut context) = surroundings(&cluster, |_| ());
    extracted(&mut context).await;

    let remark = |code: &str, object: &str, words: &str| {
        let matching = |remark: &&tenant_restore_core::job::Remark| {
            remark.code == code && remark.object == object && remark.message.contains(words)
        };
        assert_eq!(
            context.remarks.iter().filter(matching).count(),
            1,
            "{code} {object}: {:#?}",
            context.remarks
        );
    };
    remark("FunctionNamesOldSchema", "acme_r.dynamic()", "possibly");
    remark("NotMended", "acme_r.sealed()", "leakproof");
    remark(
        "FunctionNamesOldSchema",
        "acme_r.sealed()",
        "line 1, column 22",
    );
    remark("UnloggedTable", "acme_r.gone_after_crash", "structure only");
    remark("LargeObjectColumn", "acme_r.scans.page", "large objects");
    let named = context
        .remarks
        .iter()
        .filter(|remark| remark.code.ends_with("NamesOldSchema"));
    assert_eq!(named.count(), 2, "{:#?}", context.remarks);
}

#[tokio::test]
async fn a_second_run_continues_after_the_rename_and_gives_the_same() {
    let cluster = tenant().await;
    let (storage, mut context) = surroundings(&cluster, |_| ());
    let first = extracted(&mut context).await;
    let archive = storage.text("work/abcdefghij23/1/archive.json");
    let original = storage.text(&first.original_ddl);

    assert_eq!(
        visible_secrets(&cluster).await,
        2,
        "row level security no longer filters the owner's member"
    );
    let second = extracted(&mut context).await;
    assert_eq!(second, first);
    assert_eq!(storage.text(&second.original_ddl), original);
    let of = |text: &str| serde_json::from_str::<Archive>(text).unwrap().entries;
    let statements = |text: &str| {
        of(text)
            .into_iter()
            .map(|entry| (entry.desc, entry.tag, entry.sql))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        statements(&storage.text("work/abcdefghij23/1/archive.json")),
        statements(&archive)
    );
    assert_eq!(visible_secrets(&cluster).await, 2);
}

#[tokio::test]
async fn two_workers_of_a_restore_that_ecs_started_twice_extract_one_after_the_other() {
    let cluster = tenant().await;
    let (_, mut first) = surroundings(&cluster, |_| ());
    let (_, mut second) = surroundings(&cluster, |_| ());
    let (first, second) = tokio::join!(extracted(&mut first), extracted(&mut second));
    assert_eq!(first.tables, second.tables);
}

#[tokio::test]
async fn who_asks_for_dms_gets_it_for_the_tables_that_it_carries_and_for_no_other() {
    let cluster = tenant().await;
    let movers = async |mover| {
        let (_, mut context) = surroundings(&cluster, |job| job.mover = mover);
        let tables = extracted(&mut context).await.tables;
        let mover = |table: TablePlan| (table.schema, table.table, table.mover);
        tables.into_iter().map(mover).collect::<Vec<_>>()
    };
    let by_dms = movers(MoverChoice::Dms).await;
    assert_eq!(by_dms, movers(MoverChoice::Auto).await);
    let all = |wanted| by_dms.iter().filter(|(.., mover)| *mover == wanted).count();
    assert_eq!(all(Mover::Copy), 9, "{by_dms:?}");
    assert!(all(Mover::Dms) > 0, "{by_dms:?}");
}

#[tokio::test]
async fn all_missing_schemas_are_named() {
    let cluster = tenant().await;
    let (_, mut context) = surroundings(&cluster, |job| {
        job.schemas[0].schema = "absent".to_owned();
        job.schemas[1].schema = "ACME".to_owned();
    });
    let failed = extract::run(&mut context).await.unwrap_err();
    assert_eq!(kinds(&failed), [ErrorKind::SchemaMissing; 2]);

    let (_, mut context) = surroundings(&cluster, |job| job.database = "absent".to_owned());
    assert_eq!(
        kinds(&extract::run(&mut context).await.unwrap_err()),
        [ErrorKind::DatabaseMissing]
    );
}

#[tokio::test]
async fn what_uses_an_extension_of_the_schema_uses_the_live_one() {
    let cluster = tenant().await;
    let script = "create extension citext schema acme;
        create table acme.people (id int primary key, email acme.citext unique check (email <> ''));
        alter table acme.people owner to olga;
        create index on acme.people (lower(email))";
    cluster.script("app", script).await;
    let (storage, mut context) = surroundings(&cluster, |_| ());
    extracted(&mut context).await;

    let archive: Archive =
        serde_json::from_str(&storage.text("work/abcdefghij23/1/archive.json")).unwrap();
    let people = entry(&archive, "TABLE", "people");
    assert!(
        people.sql.contains("email \"acme\".citext"),
        "{}",
        people.sql
    );
    assert!(
        !archive
            .entries
            .iter()
            .any(|entry| entry.sql.contains("acme_r.citext"))
    );
    assert!(
        context
            .remarks
            .iter()
            .any(|remark| remark.code == "ExtensionInSchema" && remark.object == "citext")
    );
    assert!(
        !archive
            .entries
            .iter()
            .any(|entry| entry.desc == "EXTENSION")
    );
}

#[tokio::test]
async fn a_master_that_owner_in_rds_iam_would_lock_out_can_still_log_in() {
    let cluster = tenant().await;
    cluster.script("app", "grant rds_iam to olga").await;
    let (_, mut context) = surroundings(&cluster, |_| ());
    extracted(&mut context).await;
    let client = cluster.superuser("app").await;
    let row = client
        .query_one(
            &format!("select pg_has_role('{MASTER}', 'rds_iam', 'member')"),
            &[],
        )
        .await
        .unwrap();
    assert!(!row.get::<_, bool>(0));
}

#[tokio::test]
async fn a_rename_that_a_lock_blocks_fails_in_bounded_time_with_the_reason() {
    let cluster = tenant().await;
    let holder = cluster.superuser("app").await;
    holder
        .batch_execute("begin; alter schema acme owner to reader; prepare transaction 'x'")
        .await
        .unwrap();
    let (_, mut context) = surroundings(&cluster, |_| ());
    let failed = extract::run(&mut context).await.unwrap_err();
    let cause = failed.causes().next().unwrap();
    assert_eq!(cause.kind, ErrorKind::ExtractFailed);
    assert!(
        cause.message.contains("prepared transaction"),
        "{}",
        cause.message
    );
    holder.batch_execute("rollback prepared 'x'").await.unwrap();
}

fn kinds(failed: &Failed) -> Vec<ErrorKind> {
    failed.causes().map(|cause| cause.kind).collect()
}

async fn visible_secrets(cluster: &Cluster) -> i64 {
    let client = cluster.superuser("app").await;
    client
        .batch_execute(&format!("set role {MASTER}"))
        .await
        .unwrap();
    client
        .query_one("select count(*) from acme_r.secret", &[])
        .await
        .unwrap()
        .get(0)
}

/// `pg_restore -l` counts the same entries, and lists those that it would restore with the same fields.
fn agrees_with_pg_restore(archive: &Archive, storage: &Memory) {
    let path = std::env::temp_dir().join(format!("tr-worker-list-{}", std::process::id()));
    std::fs::write(&path, storage.bytes("work/abcdefghij23/1/schema.dump")).unwrap();
    let output = Command::new(Cluster::programs().join("pg_restore"))
        .arg("-l")
        .arg(&path)
        .output()
        .unwrap();
    std::fs::remove_file(&path).unwrap();
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.contains(&format!("TOC Entries: {}\n", archive.entries.len())),
        "{text}"
    );
    let ours: Vec<String> = archive.entries.iter().map(as_listed).collect();
    let listed: Vec<&str> = text.lines().filter(|line| !line.starts_with(';')).collect();
    assert!(listed.len() > 20, "{text}");
    for line in listed {
        assert!(
            ours.iter().any(|our| our == line),
            "{line} is not among {ours:#?}"
        );
    }
}

fn as_listed(entry: &Entry) -> String {
    let Entry {
        dump_id,
        catalog_oid,
        oid,
        desc,
        tag,
        owner,
        ..
    } = entry;
    let namespace = entry.namespace.as_deref().unwrap_or("-");
    format!("{dump_id}; {catalog_oid} {oid} {desc} {namespace} {tag} {owner}")
}

#[tokio::test]
async fn what_the_schemas_need_outside_is_looked_for_in_production_before_anything_is_made_there() {
    let temporary = tenant().await;
    let outside = "create schema shared; create type shared.mood as enum ('good');
         create function shared.twice(int) returns int immutable language sql as 'select 2 * $1';
         create extension citext schema public;
         create table acme.feelings (
             id int primary key, mood shared.mood, note public.citext, twice int default shared.twice(1)
         );
         alter table acme.feelings owner to olga";
    temporary.script("app", outside).await;
    let production = temporary.physical_copy();
    let attempt = async || {
        let storage = Arc::new(Memory::default());
        let job = job("app", SCHEMAS, &production, Some(&temporary));
        let mut context = context(job, &storage, &[&temporary, &production]);
        let outcome = extract::run(&mut context).await;
        (outcome, context.remarks)
    };
    let later = "create or replace function shared.twice(int) returns int immutable language sql as 'select 3 * $1'";
    production.script("app", later).await;
    let (outcome, remarks) = attempt().await;
    assert!(outcome.is_ok(), "{outcome:?}");
    let changed: Vec<_> = remarks
        .iter()
        .filter(|remark| remark.code == "OutsideChanged")
        .map(|remark| remark.object.as_str())
        .collect();
    assert_eq!(changed, ["shared.twice(integer)"]);

    let lost = "drop table acme.feelings; drop type shared.mood; drop extension citext";
    production.script("app", lost).await;
    let (outcome, _) = attempt().await;
    let causes: Vec<_> = outcome.unwrap_err().causes().cloned().collect();
    let all_missing = causes
        .iter()
        .all(|cause| cause.kind == ErrorKind::OutsideMissing);
    assert!(all_missing, "{causes:?}");
    let said: String = causes.iter().map(|cause| cause.message.as_str()).collect();
    assert_eq!(causes.len(), 2, "{said}");
    assert!(
        said.contains("extension citext (version") && said.contains("type shared.mood"),
        "{said}"
    );
}
