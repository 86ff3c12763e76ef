//! Text that names a renamed schema: mended where it surely does, and listed so that it can be undone.

#![allow(clippy::unwrap_used, reason = "what a test can't prepare fails it")]

mod cluster;

use std::collections::BTreeMap;
use std::sync::Arc;

use cluster::Cluster;
use cluster::servers::{Servers, UNTIL_VALIDATED};
use cluster::surroundings::Memory;
use tenant_restore_core::job::{Job, JobResult, Mode, Remark, SchemaName};

const SCHEMAS: [(&str, &str); 2] = [("acme", "acme_r"), ("Other-1", "Other-1_r")];

/// Production with this tenant, and a copy of it.
async fn servers(tenant: &str) -> Servers {
    let production = Cluster::start("app").await;
    production.script("app", tenant).await;
    let temporary = production.physical_copy();
    Servers {
        production,
        temporary,
        storage: Arc::new(Memory::default()),
    }
}

fn of_both(job: &mut Job) {
    let name = |(schema, restored_as): (&str, &str)| SchemaName {
        schema: schema.to_owned(),
        restored_as: restored_as.to_owned(),
    };
    job.schemas = SCHEMAS.map(name).to_vec();
}

/// The restore up to the comparison, which must find nothing, and its opening.
async fn restored(servers: &Servers) -> JobResult {
    let result = servers.run_with(UNTIL_VALIDATED, of_both).await;
    assert_eq!(result.failure, None, "{:#?}", result.remarks);
    let differences = &result.validate.as_ref().unwrap().differences;
    assert_eq!(*differences, Vec::<String>::new());
    let opened = servers.run_with(&[Mode::Open], of_both).await;
    assert_eq!(opened.failure, None, "{:#?}", opened.remarks);
    result
}

/// Every text of the schemas that may be mended, as the list names it.
const TEXTS: &str = r#"
    with routine as (
        select *, oid::regprocedure::text as name from pg_proc where pronamespace::regnamespace::text ~* 'acme|other'
    ), relation as (
        select *, oid::regclass::text as name from pg_class where relnamespace::regnamespace::text ~* 'acme|other'
    )
    select 'function body' as what, name as object, '' as part, coalesce(nullif(prosrc, ''), pg_get_function_sqlbody(oid)) as text
      from routine
    union all
    select 'function argument default', name, '', pg_get_function_arguments(oid) from routine
    union all
    select 'function setting', name, split_part(setting, '=', 1), substr(setting, position('=' in setting) + 1)
      from routine, unnest(proconfig) setting
    union all
    select 'default', format('%s.%I', name, a.attname), '', pg_get_expr(d.adbin, d.adrelid)
      from relation join pg_attrdef d on d.adrelid = relation.oid join pg_attribute a on a.attrelid = d.adrelid and a.attnum = d.adnum
    union all
    select 'default', oid::regtype::text, '', pg_get_expr(typdefaultbin, 0) from pg_type where typtype = 'd' and typdefaultbin is not null
    union all
    select 'policy', format('%s %I', name, polname), 'using', pg_get_expr(polqual, polrelid)
      from relation join pg_policy on polrelid = relation.oid
    union all
    select 'policy', format('%s %I', name, polname), 'with check', pg_get_expr(polwithcheck, polrelid)
      from relation join pg_policy on polrelid = relation.oid
    union all
    select 'view definition', name, '', pg_get_viewdef(oid) from relation where relkind in ('v', 'm')
    union all
    select 'constraint', format('%s %I', coalesce(name, contypid::regtype::text), conname), '', pg_get_constraintdef(k.oid)
      from pg_constraint k left join relation on relation.oid = conrelid
     where contype = 'c' and connamespace::regnamespace::text ~* 'acme|other'
    union all
    select 'trigger', format('%s %I', name, tgname), '', pg_get_triggerdef(t.oid)
      from relation join pg_trigger t on tgrelid = relation.oid
    union all
    select 'rule', format('%s %I', name, w.rulename), '', pg_get_ruledef(w.oid)
      from relation join pg_rewrite w on w.ev_class = relation.oid and w.rulename <> '_RETURN'"#;

/// By what, object and part.
type Texts = BTreeMap<(String, String, String), String>;

async fn texts(cluster: &Cluster) -> Texts {
    let client = cluster.superuser("app").await;
    client.batch_execute("set search_path = ''").await.unwrap();
    let rows = client.query(TEXTS, &[]).await.unwrap();
    let text = |row: &tokio_postgres::Row| {
        let name = (row.get(0), row.get(1), row.get(2));
        (name, row.get::<_, Option<String>>(3).unwrap_or_default())
    };
    rows.iter().map(text).collect()
}

#[tokio::test]
async fn applied_backwards_the_list_gives_every_text_as_it_was() {
    let servers = servers(include_str!("mending.sql")).await;
    let before = texts(&servers.production).await;
    let result = restored(&servers).await;
    let named = |remark: &&Remark| remark.code.ends_with("NamesOldSchema");
    let named = result.remarks.iter().filter(named);
    assert_eq!(
        named.map(|remark| &remark.object).collect::<Vec<_>>(),
        ["acme_r.of_it"],
        "the text that only may be a name"
    );

    let live = |name: &str| {
        name.replace("acme_r", "acme")
            .replace("Other-1_r", "Other-1")
    };
    // What is kept parsed is mended in the archive alone; a source text is the same under every name.
    let parsed = texts(&servers.temporary).await;
    let as_it_was = |name: &(String, String, String)| {
        let (what, object, part) = name.clone();
        match what.as_str() {
            "function body" | "function setting" => before[&(what, live(&object), part)].clone(),
            _ => parsed[name].clone(),
        }
    };
    let now = texts(&servers.production).await;
    let mut undone = BTreeMap::new();
    for text in &result.extract.unwrap().mended {
        let part = text.part.clone().unwrap_or_default();
        let name = (text.what.clone(), text.object.clone(), part);
        let old = text.undone(&now[&name]);
        assert_eq!(old, Some(as_it_was(&name)), "{text:#?}");
        assert!(undone.insert(name, old).is_none(), "twice: {text:?}");
    }
    let changed = now
        .iter()
        .filter(|(name, text)| parsed.contains_key(*name) && as_it_was(name) != **text);
    assert_eq!(changed.count(), undone.len(), "nothing else was changed");
    let kinds = undone.keys().map(|(what, ..)| what.clone());
    let mut kinds: Vec<String> = kinds.collect();
    kinds.dedup();
    assert_eq!(
        kinds,
        [
            "constraint",
            "default",
            "function argument default",
            "function body",
            "function setting",
            "policy",
            "rule",
            "trigger",
            "view definition"
        ]
    );
}

/// Texts with constants whose reading evaluates the check of `acme.baited`.
const BAIT: &str = "create role olga nologin;
    grant create on database app to olga;
    create table public.loot (who text);
    grant all on public.loot to master;
    set role olga;
    create schema acme;
    create schema \"Other-1\";
    create sequence acme.s;
    create function acme.strike() returns void language plpgsql as $f$
    begin insert into public.loot values (current_user); exception when others then null; end $f$;
    create function acme.bait(text) returns boolean language plpgsql immutable as $f$
    begin perform acme.strike(); return true; exception when others then return true; end $f$;
    create domain acme.baited as text check (acme.bait(value));
    create type acme.baits as (word acme.baited);
    create table acme.t (
        id bigint,
        words acme.baited[] default case when nextval('acme.s'::text) > 0 then '{x}'::acme.baited[] end
    );
    create view acme.v as select nextval('acme.s'::text) as n, '(x)'::acme.baits as b;
    create function acme.f(b acme.baits default '(x)'::acme.baits) returns bigint language sql as
        $f$select nextval('acme.s')$f$;
    create function acme.g(b acme.baited default 'x'::acme.baited) returns bigint language sql as
        $f$select nextval('acme.s')$f$;
    reset role";

#[tokio::test]
async fn no_domains_check_runs_as_the_master_when_a_text_is_set_anew() {
    let servers = servers(BAIT).await;
    let result = restored(&servers).await;
    for server in [&servers.production, &servers.temporary] {
        let client = server.superuser("app").await;
        let loot = client.query("select who from public.loot", &[]).await;
        assert_eq!(loot.unwrap().len(), 0);
    }
    let left = result
        .remarks
        .iter()
        .filter(|remark| remark.code == "NotMended");
    assert_eq!(
        left.map(|remark| &remark.object).collect::<Vec<_>>(),
        ["acme_r.f(acme_r.baits)"]
    );
    let mended = result.extract.unwrap().mended;
    assert_eq!(
        mended.iter().map(|text| &text.object).collect::<Vec<_>>(),
        [
            "acme_r.bait(text)",
            "acme_r.g(acme_r.baited)",
            "acme_r.t.words",
            "acme_r.v"
        ]
    );
}
