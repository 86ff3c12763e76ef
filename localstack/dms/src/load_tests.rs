//! Loads between two real databases.

use serde_json::json;

use super::*;
use crate::cluster::Cluster;

/// Remembers what it hears.
#[derive(Default)]
struct Heard {
    steps: Mutex<Vec<(String, TableState)>>,
    moved: Mutex<Vec<u64>>,
    broken: Option<&'static str>,
    changed: Option<&'static str>,
}

impl Heard {
    fn tables(&self, state: TableState) -> Vec<String> {
        let steps = self.steps.lock().unwrap();
        let mut names: Vec<String> = steps
            .iter()
            .filter(|(_, of)| *of == state)
            .map(|(name, _)| name.clone())
            .collect();
        names.sort();
        names
    }
}

impl Observer for Heard {
    fn selected(&self, _: &[Table]) {}

    fn step(&self, table: &Table, state: TableState) {
        self.steps.lock().unwrap().push((table.name.clone(), state));
    }

    fn moved(&self, _: &Table, rows: u64) {
        self.moved.lock().unwrap().push(rows);
    }

    fn fault(&self, table: &Table) -> Option<String> {
        (self.broken == Some(table.name.as_str())).then(|| "broken on purpose".into())
    }

    fn changes(&self, table: &Table) -> bool {
        self.changed == Some(table.name.as_str())
    }
}

fn job(cluster: &Cluster, selected: &str, settings: &str) -> Job {
    let mappings = json!({"rules": [
        {"rule-type": "selection", "rule-id": "1", "rule-name": "s", "rule-action": "include",
         "object-locator": {"schema-name": selected, "table-name": "%"}},
        {"rule-type": "transformation", "rule-id": "2", "rule-name": "r", "rule-action": "rename", "rule-target": "schema",
         "object-locator": {"schema-name": selected}, "value": "restored"}]});
    let settings = Settings::parse(Some(settings)).unwrap();
    let rules = Rules {
        lobs: settings.lobs,
        trim_char: true,
        boolean: false,
        numeric_as_string: false,
        varchar_bytes: 8000,
    };
    Job {
        source: cluster.login("source"),
        target: cluster.login("target"),
        mappings: Mappings::parse(&mappings.to_string()).unwrap(),
        settings,
        rules,
        fail_on_cut: false,
    }
}

fn row(values: &[&str]) -> Vec<Option<String>> {
    values
        .iter()
        .map(|&value| (value != "NULL").then(|| value.to_owned()))
        .collect()
}

#[tokio::test]
async fn rows_arrive_under_the_new_schema_and_a_wildcard_brings_the_neighbour_too() {
    let table = "(id bigint primary key, name varchar(20), ok boolean, at timestamptz, raw bytea)";
    let source = format!(
        "create schema a_1; create table a_1.t {table}; insert into a_1.t values (1, 'tab\tquote\" \\', true, '2024-02-29 12:00:00.123456+01', '\\x00ff'), (2, null, null, null, null);
         create schema ax1; create table ax1.u (id int); insert into ax1.u values (7);"
    );
    let target = format!(
        "create schema restored; create table restored.t {table}; create table restored.u (id int)"
    );
    let cluster = Cluster::with(&source, &target).await;

    job(&cluster, "a_1", "{}")
        .run(&Heard::default())
        .await
        .unwrap();

    let rows = cluster
        .target("select id, name, ok, at at time zone 'UTC', raw from restored.t order by id")
        .await;
    let first = row(&[
        "1",
        "tab\tquote\" \\",
        "t",
        "2024-02-29 11:00:00.123456",
        "\\x00ff",
    ]);
    assert_eq!(rows, [first, row(&["2", "NULL", "NULL", "NULL", "NULL"])]);
    assert_eq!(
        cluster.target("select id from restored.u").await,
        [row(&["7"])]
    );
    cluster.target("truncate restored.t, restored.u").await;
    job(&cluster, "a[_]1", "{}")
        .run(&Heard::default())
        .await
        .unwrap();
    assert!(cluster.target("select id from restored.u").await.is_empty());
}

#[tokio::test]
async fn values_are_damaged_as_documented() {
    let columns =
        "(id int primary key, n numeric, b numeric(8,2), d timestamp, t time, x text, e text)";
    let source = format!(
        "create type public.mood as enum ('sad', 'glad'); create schema a; create table a.t {columns};
         alter table a.t alter e type public.mood using null;
         insert into a.t values (1, 0.611111104488373, 'NaN', 'infinity', '01:02:03.456789', repeat('é', 2000), 'glad'), (2, 'NaN', 1.5, '-infinity', null, null, null)"
    );
    let cluster = Cluster::with(
        &source,
        &format!("create schema restored; create table restored.t {columns}"),
    )
    .await;

    job(&cluster, "a", r#"{"TargetMetadata":{"LobMaxSize":1}}"#)
        .run(&Heard::default())
        .await
        .unwrap();

    let rows = cluster
        .target("select id, n, b, d, t, octet_length(x), e from restored.t order by id")
        .await;
    let first = row(&[
        "1",
        "0.611111",
        "0.00",
        "9999-12-31 23:59:59",
        "01:02:03",
        "1024",
        "NULL",
    ]);
    let second = row(&[
        "2",
        "0",
        "1.50",
        "4713-01-01 00:00:00 BC",
        "NULL",
        "NULL",
        "NULL",
    ]);
    assert_eq!(rows, [first, second]);
}

#[tokio::test]
async fn a_partitioned_parent_and_its_partition_both_bring_their_rows() {
    let tables = |schema: &str| {
        format!(
            "create schema {schema}; create table {schema}.parent (id int) partition by range (id);
             create table {schema}.child partition of {schema}.parent for values from (0) to (10);"
        )
    };
    let source = tables("a") + "insert into a.parent values (1), (2)";
    let cluster = Cluster::with(&source, &tables("restored")).await;
    job(&cluster, "a", "{}")
        .run(&Heard::default())
        .await
        .unwrap();
    assert_eq!(
        cluster.target("select count(*) from restored.parent").await,
        [row(&["4"])]
    );
}

const BROKEN_SOURCE: &str = "create type public.mood as enum ('sad'); create schema a;
    create table a.good (id int); insert into a.good values (1), (2), (3), (4), (5);
    create table a.enums (e public.mood); insert into a.enums values ('sad');
    create table a.arrays (x int[]); insert into a.arrays values ('{1}');
    create table a.missing (id int);";
const BROKEN_TARGET: &str = "create schema restored; create table restored.good (id int);
    create table restored.enums (e text not null); create table restored.arrays (x int[]);";

#[tokio::test]
async fn broken_tables_are_left_behind_and_the_others_arrive_in_batches() {
    let cluster = Cluster::with(BROKEN_SOURCE, BROKEN_TARGET).await;
    let heard = Heard::default();
    let settings = r#"{"FullLoadSettings":{"CommitRate":2,"MaxFullLoadSubTasks":1}}"#;
    job(&cluster, "a", settings).run(&heard).await.unwrap();
    assert_eq!(
        heard.tables(TableState::Error),
        ["arrays", "enums", "missing"]
    );
    assert_eq!(heard.tables(TableState::Completed), ["good"]);
    assert_eq!(*heard.moved.lock().unwrap(), [2, 4, 5]);
}

#[tokio::test]
async fn a_broken_table_is_the_tasks_failure_if_the_settings_say_so() {
    let cluster = Cluster::with(BROKEN_SOURCE, BROKEN_TARGET).await;
    let failure = async |settings| {
        job(&cluster, "a", settings)
            .run(&Heard::default())
            .await
            .unwrap_err()
    };
    let by_table = failure(r#"{"ErrorBehavior":{"TableErrorPolicy":"STOP_TASK"},"FullLoadSettings":{"MaxFullLoadSubTasks":1}}"#).await;
    assert!(
        by_table.message().contains("a.arrays") && by_table.message().contains("FATAL_ERROR"),
        "{}",
        by_table.message()
    );
    let by_data = failure(r#"{"ErrorBehavior":{"DataErrorPolicy":"STOP_TASK"},"FullLoadSettings":{"MaxFullLoadSubTasks":1}}"#).await;
    assert!(
        by_data.problem.contains("a.enums") && by_data.problem.contains("23502"),
        "{}",
        by_data.problem
    );
}

#[tokio::test]
async fn a_task_without_tables_fails_unless_it_is_told_not_to() {
    let cluster = Cluster::with("", "").await;
    let failure = job(&cluster, "nothing", "{}")
        .run(&Heard::default())
        .await
        .unwrap_err();
    assert!(
        failure.problem.starts_with("No tables were found"),
        "{}",
        failure.problem
    );
    let told = r#"{"ErrorBehavior":{"FailOnNoTablesCaptured":false}}"#;
    job(&cluster, "nothing", told)
        .run(&Heard::default())
        .await
        .unwrap();
}

#[tokio::test]
async fn too_large_an_object_fails_the_task_where_that_is_asked_for() {
    let source =
        "create schema a; create table a.t (x text); insert into a.t values (repeat('x', 2000))";
    let cluster = Cluster::with(
        source,
        "create schema restored; create table restored.t (x text)",
    )
    .await;
    let mut job = job(&cluster, "a", r#"{"TargetMetadata":{"LobMaxSize":1}}"#);
    job.fail_on_cut = true;
    let failure = job
        .run(&Heard {
            broken: None,
            ..Heard::default()
        })
        .await
        .unwrap_err();
    assert!(
        failure.problem.contains("LobMaxSize"),
        "{}",
        failure.problem
    );
}

#[tokio::test]
async fn a_table_can_be_broken_on_purpose() {
    let script = "create schema a; create table a.t (x int); create table a.u (x int)";
    let cluster = Cluster::with(
        script,
        &script
            .replace("a.", "restored.")
            .replace("schema a", "schema restored"),
    )
    .await;
    let heard = Heard {
        broken: Some("u"),
        ..Heard::default()
    };
    job(&cluster, "a", "{}").run(&heard).await.unwrap();
    assert_eq!(
        (
            heard.tables(TableState::Error),
            heard.tables(TableState::Completed)
        ),
        (vec!["u".into()], vec!["t".into()])
    );
}

#[tokio::test]
async fn what_is_not_supported_is_not_loaded_and_what_is_not_documented_is_lost() {
    let tables = |schema: &str| {
        format!(
            "create schema {schema};
             create table {schema}.coalesced (x int); create unique index on {schema}.coalesced (coalesce(x, 0));
             create table {schema}.deferred (x int unique deferrable);
             create table {schema}.numbered (x int generated always as identity);
             create table {schema}.odd (id int primary key, m money, i interval, f float8, w varchar(9), o oid, x int[], l text);"
        )
    };
    let source = tables("a")
        + "insert into a.odd values (1, '-1234.56', '1 mon 00:00:01.5', 'NaN', 'a😀b', 7, '{1,2}', repeat('é', 300) || '😀')";
    let cluster = Cluster::with(&source, &tables("restored")).await;
    let heard = Heard::default();
    let settings = r#"{"TargetMetadata":{"LobMaxSize":1}}"#;
    job(&cluster, "a", settings).run(&heard).await.unwrap();
    assert_eq!(
        heard.tables(TableState::Error),
        ["coalesced", "deferred", "numbered"]
    );
    let rows = cluster
        .target("select m::numeric, i, f, w, o, x, char_length(l) from restored.odd")
        .await;
    let lossy = row(&[
        "-1234.56",
        "1 mon 00:00:01",
        "0",
        "a?b",
        "NULL",
        "{1,2}",
        "256",
    ]);
    assert_eq!(rows, [lossy]);
}

#[tokio::test]
async fn tables_whose_names_differ_only_by_case_get_each_others_rows() {
    let tables = |schema: &str| {
        format!(
            "create schema {schema}; create table {schema}.\"T\" (x int); create table {schema}.t (x int);"
        )
    };
    let source = tables("a") + "insert into a.\"T\" values (1); insert into a.t values (2)";
    let cluster = Cluster::with(&source, &tables("restored")).await;
    let heard = Heard::default();
    job(&cluster, "a", "{}").run(&heard).await.unwrap();
    assert_eq!(heard.tables(TableState::Completed), ["T", "t"]);
    let all = "select x from restored.\"T\" order by x";
    assert_eq!(cluster.target(all).await, [row(&["1"]), row(&["2"])]);
    assert!(cluster.target("select x from restored.t").await.is_empty());
}

#[tokio::test]
async fn a_text_that_is_cut_is_what_the_settings_make_of_it() {
    let source = "create schema a; create table a.t (x varchar);
                  insert into a.t values (repeat('x', 9000)), ('short')";
    let target = "create schema restored; create table restored.t (x varchar)";
    let cluster = Cluster::with(source, target).await;
    let loaded = async |policy| {
        cluster.target("truncate restored.t").await;
        let settings = format!(r#"{{"ErrorBehavior":{{"DataTruncationErrorPolicy":"{policy}"}}}}"#);
        let heard = Heard::default();
        let stopped = job(&cluster, "a", &settings).run(&heard).await.is_err();
        let lengths = cluster
            .target("select length(x) from restored.t order by x")
            .await;
        (stopped, heard.tables(TableState::Error).len(), lengths)
    };
    let (short, cut) = (row(&["5"]), row(&["8000"]));
    assert_eq!(
        loaded("LOG_ERROR").await,
        (false, 0, vec![short.clone(), cut])
    );
    assert_eq!(loaded("IGNORE_RECORD").await, (false, 0, vec![short]));
    assert_eq!(loaded("SUSPEND_TABLE").await, (false, 1, vec![]));
    assert_eq!(loaded("STOP_TASK").await, (true, 1, vec![]));
}

#[tokio::test]
async fn a_value_can_be_changed_on_purpose_without_a_word() {
    let table = "(id int primary key, x int, y text)";
    let source =
        format!("create schema a; create table a.t {table}; insert into a.t values (1, 7, 'text')");
    let target = format!("create schema restored; create table restored.t {table}");
    let cluster = Cluster::with(&source, &target).await;
    let heard = Heard {
        changed: Some("t"),
        ..Heard::default()
    };
    job(&cluster, "a", "{}").run(&heard).await.unwrap();
    assert_eq!(heard.tables(TableState::Completed), ["t"]);
    let rows = cluster.target("select id, x, y from restored.t").await;
    assert_eq!(rows, [row(&["1", "8", "text"])]);
}
