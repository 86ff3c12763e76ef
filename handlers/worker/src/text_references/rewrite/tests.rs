use super::*;

fn acme() -> Vec<Renamed> {
    let renamed = |from: &str, to: &str, identifier: &str| Renamed {
        from: from.to_owned(),
        to: to.to_owned(),
        identifier: identifier.to_owned(),
    };
    vec![
        renamed("acme", "acme_r", "acme_r"),
        renamed("Acme-1", "Acme-1_r", "\"Acme-1_r\""),
    ]
}

fn rewritten(text: &str) -> String {
    rewrite(text, &acme(), &[]).map_or_else(|| "unchanged".to_owned(), |new| new.text)
}

#[test]
fn qualified_names_get_the_new_schema_and_all_else_stays_byte_for_byte() {
    assert_eq!(
        rewritten(
            "begin -- acme.t\n  insert into  ACME . t select 'acme.t is full', x from \"acme\".u;\nend"
        ),
        "begin -- acme.t\n  insert into  acme_r . t select 'acme.t is full', x from acme_r.u;\nend"
    );
    assert_eq!(
        rewritten("select \"Acme-1\".f(acme.g($1)) operator(acme.+) null::acme.kind"),
        "select \"Acme-1_r\".f(acme_r.g($1)) operator(acme_r.+) null::acme_r.kind"
    );
    assert_eq!(
        rewritten("declare r acme.t%rowtype; n acme.t.id%type;"),
        "declare r acme_r.t%rowtype; n acme_r.t.id%type;"
    );
}

#[test]
fn a_literal_that_is_taken_for_a_name_is_one() {
    assert_eq!(
        rewritten(
            "select to_tsvector('acme.words', t) @@ plainto_tsquery('acme.words'::text, q), ts_lexize('acme.d', x)"
        ),
        "select to_tsvector('acme_r.words', t) @@ plainto_tsquery('acme_r.words'::text, q), ts_lexize('acme_r.d', x)"
    );
    assert_eq!(
        rewritten("select 'acme.words'::regconfig, 'acme'::regnamespace, to_regnamespace('acme')"),
        "select 'acme_r.words'::regconfig, 'acme_r'::regnamespace, to_regnamespace('acme_r')"
    );
    assert_eq!(rewritten("select to_tsvector('acme.words')"), "unchanged");
}

#[test]
fn names_that_merely_look_alike_stay() {
    for text in [
        "select acme2.t, xacme.t, \"Acme\".t, t.acme from u",
        "select current_setting('acme.tenant')",
        "select 'acme', $$acme.t$$, E'acme.t'",
        "/* acme.t */ select 1 -- acme.t",
        "select other.acme.t",
        "set acme.tenant = 'x'; set local acme.tenant to y; reset acme.tenant",
    ] {
        assert_eq!(rewritten(text), "unchanged", "{text}");
    }
}

#[test]
fn an_alias_or_variable_of_that_name_keeps_its_columns() {
    assert_eq!(
        rewritten(
            "select acme.id from acme.t acme join acme.u on u.id = acme.id where acme.f(acme.id) is distinct from acme.id"
        ),
        "select acme.id from acme_r.t acme join acme_r.u on u.id = acme.id where acme_r.f(acme.id) is distinct from acme.id"
    );
    assert_eq!(
        rewritten(
            "declare acme record; begin select * into acme from acme.t; return extract(year from acme.born); end"
        ),
        "declare acme record; begin select * into acme from acme_r.t; return extract(year from acme.born); end"
    );
    assert_eq!(
        rewritten(
            "select f(1, acme.id) from acme.t acme join v on v.id = (acme.id), acme.u order by 1, acme.id"
        ),
        "select f(1, acme.id) from acme_r.t acme join v on v.id = (acme.id), acme_r.u order by 1, acme.id"
    );
    assert_eq!(
        rewritten("declare acme record; kind acme.kind; begin select x into acme.field; end"),
        "unchanged",
        "what can't be told is left, and reported"
    );
}

#[test]
fn a_parameter_or_the_routine_itself_may_have_the_schemas_name() {
    let text = "begin return acme.id; end";
    let bound = ["acme".to_owned()];
    assert_eq!(rewrite(text, &acme(), &bound), None);
    assert!(rewrite(text, &acme(), &[]).is_some());
}

#[test]
fn literals_that_postgresql_takes_for_names_are_rewritten() {
    for (text, expected) in [
        ("nextval('acme.s')", "nextval('acme_r.s')"),
        (
            "pg_catalog.nextval('\"Acme-1\".s'::regclass)",
            "pg_catalog.nextval('\"Acme-1_r\".s'::regclass)",
        ),
        (
            "nextval(('acme.s'::text)::regclass)",
            "nextval(('acme_r.s'::text)::regclass)",
        ),
        (
            "'acme.f(int)'::regprocedure",
            "'acme_r.f(int)'::regprocedure",
        ),
        ("cast('acme.t' as regclass)", "cast('acme_r.t' as regclass)"),
        ("regclass 'acme.t'", "regclass 'acme_r.t'"),
        (
            "set_config('search_path', 'acme, public', true)",
            "set_config('search_path', 'acme_r, public', true)",
        ),
    ] {
        assert_eq!(rewritten(text), expected);
    }
    for text in [
        "acme_tools.nextval('acme.s')",
        "execute 'select nextval(''acme.s'')'",
        "select 'acme.t'::text",
        "nextval(E'acme.s')",
    ] {
        assert_eq!(rewritten(text), "unchanged", "{text}");
    }
}

#[test]
fn of_what_postgresql_has_written_out_only_literals_are_rewritten() {
    let view = " SELECT acme.id, nextval(('acme.s'::text)::regclass) AS n FROM (acme_r.t acme CROSS JOIN acme_r.u);";
    assert_eq!(
        rewrite_literals(view, &acme()).unwrap().text,
        view.replace("'acme.s'", "'acme_r.s'")
    );
    assert_eq!(rewrite_literals("acme.id > 0", &acme()), None);
}

#[test]
fn search_paths_and_statements_about_the_schema_follow() {
    assert_eq!(
        rewritten("set local search_path = acme, pg_temp; set schema 'acme'; select 1"),
        "set local search_path = acme_r, pg_temp; set schema 'acme_r'; select 1"
    );
    assert_eq!(
        rewritten("grant usage on schema acme to x; create schema if not exists acme"),
        "grant usage on schema acme_r to x; create schema if not exists acme_r"
    );
    assert_eq!(
        rewritten("set search_path to 'Acme-1', \"$user\""),
        "set search_path to 'Acme-1_r', \"$user\""
    );
}

#[test]
fn every_place_is_told_as_it_stands_in_the_new_text() {
    let new = rewrite("select *\nfrom ACME.t, \"Acme-1\".u, acme.v", &acme(), &[]).unwrap();
    let places: Vec<_> = new
        .places
        .iter()
        .map(|place| {
            (
                place.line,
                place.column,
                place.old.as_str(),
                place.new.as_str(),
            )
        })
        .collect();
    assert_eq!(
        new.text,
        "select *\nfrom acme_r.t, \"Acme-1_r\".u, acme_r.v"
    );
    assert_eq!(
        places,
        [
            (2, 6, "ACME", "acme_r"),
            (2, 16, "\"Acme-1\"", "\"Acme-1_r\""),
            (2, 30, "acme", "acme_r")
        ]
    );
}

#[test]
fn a_functions_search_path_is_written_item_by_item() {
    let setting = |text| {
        let new = rewrite_setting(text, &acme())?;
        let place = &new.places[0];
        assert_eq!(
            (place.line, place.old.as_str(), place.new.as_str()),
            (1, "acme", "acme_r")
        );
        Some((new.name, new.value, place.column))
    };
    let expected =
        |name: &str, value: &str, column| Some((name.to_owned(), value.to_owned(), column));
    assert_eq!(
        setting("search_path=pg_temp, acme, \"$user\""),
        expected("search_path", "'pg_temp', 'acme_r', '$user'", 10)
    );
    assert_eq!(
        setting("default_text_search_config=acme.german"),
        expected("default_text_search_config", "'acme_r.german'", 1)
    );
    assert_eq!(setting("search_path=acme_r, pg_temp"), None);
    assert_eq!(setting("application_name=acme"), None);
}
