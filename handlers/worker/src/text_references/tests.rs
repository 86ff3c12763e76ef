use super::*;

fn named(text: &str) -> Vec<(usize, usize)> {
    of(text, Certainty::Named)
}

fn possible(text: &str) -> Vec<(usize, usize)> {
    of(text, Certainty::Possible)
}

fn of(text: &str, certainty: Certainty) -> Vec<(usize, usize)> {
    let mentions = in_sql(text, "acme", false).into_iter();
    mentions
        .filter(|mention| mention.certainty == certainty)
        .map(|mention| (mention.line, mention.column))
        .collect()
}

#[test]
fn a_qualified_name_is_found_with_line_and_column_however_it_is_spelled() {
    assert_eq!(
        named("begin\n  insert into acme.t values (1);\nend"),
        [(2, 15)]
    );
    assert_eq!(
        named("select * from ACME . \"T\", \"acme\".u"),
        [(1, 15), (1, 27)]
    );
    assert_eq!(
        named("select é, acme.f(1) operator(acme.+) 2"),
        [(1, 11), (1, 30)]
    );
    assert_eq!(named("declare r acme.t%rowtype;"), [(1, 11)]);
}

#[test]
fn another_spelling_is_another_schema() {
    assert_eq!(
        in_sql(
            "select * from \"Acme\".t, acme2.t, xacme.t, acme_r.t",
            "acme",
            false
        ),
        []
    );
    assert_eq!(in_sql("select acme, x.acme from t", "acme", false), []);
    assert_eq!(
        in_sql("select * from Acme.t", "Acme", false),
        [],
        "unquoted text means acme"
    );
    assert_eq!(in_sql("select * from \"Acme\".t", "Acme", false).len(), 1);
}

#[test]
fn comments_are_no_references() {
    assert_eq!(
        in_sql("-- acme.t\n/* acme.t */ select 1", "acme", false),
        []
    );
}

#[test]
fn a_literal_that_may_become_a_statement_is_possible() {
    assert_eq!(possible("execute 'select * from acme.t'"), [(1, 9)]);
    assert_eq!(
        possible("execute 'insert into acme.' || tg_table_name"),
        [(1, 9)]
    );
    assert_eq!(
        possible("execute format('select 1 from %I.t', 'acme')"),
        [(1, 38)]
    );
    assert_eq!(
        possible("execute $x$ select 'acme.s'::regclass $x$"),
        [(1, 9)]
    );
    assert_eq!(
        possible("perform my_config('search_path', 'acme, public', true)"),
        [(1, 34)]
    );
    assert_eq!(possible("select 'the acme company'"), []);
    assert_eq!(possible("select current_setting('acmecorp.tenant')"), []);
    assert_eq!(
        possible(
            "select current_setting('acme.tenant', true), set_config('acme.tenant', 'x', true)"
        ),
        [],
        "a setting of the application"
    );
}

#[test]
fn the_name_in_a_list_behind_the_word_schema_is_named() {
    assert_eq!(
        named("grant usage on schema public, acme to clerk; drop schema if exists acme"),
        [(1, 31), (1, 68)]
    );
    assert_eq!(named("select x.schema, acme from t"), []);
}

#[test]
fn items_of_a_search_path_are_named() {
    assert_eq!(
        named("set local search_path = pg_temp, acme; select acme"),
        [(1, 34)]
    );
    assert_eq!(named("SET search_path TO 'acme', \"$user\""), [(1, 20)]);
    assert_eq!(named("set search_path = public; select acme"), []);
}

#[test]
fn a_functions_own_setting_is_read_item_by_item() {
    assert!(in_setting("search_path=acme, pg_temp", "acme"));
    assert!(in_setting("search_path=\"$user\", \"Acme-1\"", "Acme-1"));
    assert!(!in_setting("search_path=\"$user\", acme_r", "acme"));
    assert!(!in_setting("application_name=acme", "acme"));
}

#[test]
fn a_body_in_another_language_is_searched_for_the_word() {
    let found = in_other_language(
        "plpy.execute(\"select * from acme.t\")\n# acmes.t acme",
        "acme",
    );
    assert_eq!(
        found,
        [Mention {
            certainty: Certainty::Possible,
            line: 1,
            column: 29
        }]
    );
    let places = |text: &str| in_other_language(text, "acme").len();
    assert_eq!(
        places("spi_exec_query('set search_path to acme, public')"),
        1
    );
    assert_eq!(places("spi_exec_query(\"drop schema acme cascade\")"), 1);
    assert_eq!(places("{'schema': \"acme\"}; x = 'acme' + y"), 2);
    assert_eq!(places("# the acme company"), 0);
}

#[test]
fn a_place_that_may_be_a_variable_or_a_type_is_possible() {
    assert_eq!(
        possible("declare acme record; kind acme.kind; begin select x into acme.field; end"),
        [(1, 27), (1, 58)]
    );
    assert_eq!(
        in_sql(
            "select acme.id from t acme where acme.id > 1",
            "acme",
            false
        ),
        [],
        "a column of an alias"
    );
}
