use serde_json::json;

use super::*;

fn selection(id: u32, action: &str, schema: &str, table: &str) -> Value {
    json!({"rule-type": "selection", "rule-id": id.to_string(), "rule-name": format!("r{id}"),
        "object-locator": {"schema-name": schema, "table-name": table}, "rule-action": action, "filters": []})
}

fn mappings(rules: &[Value]) -> Result<Mappings, AwsError> {
    Mappings::parse(&json!({"rules": rules}).to_string())
}

#[test]
fn an_underscore_selects_any_character_unless_it_is_escaped() {
    let wild = mappings(&[selection(1, "include", "customer_a1", "%")]).unwrap();
    assert!(wild.takes("customer_a1", "users") && wild.takes("customerXa1", "users"));
    let escaped = mappings(&[selection(1, "include", "customer[_]a1", "%")]).unwrap();
    assert!(escaped.takes("customer_a1", "users") && !escaped.takes("customerXa1", "users"));
}

#[test]
fn a_percent_sign_selects_any_text_unless_it_is_escaped() {
    let wild = mappings(&[selection(1, "include", "a%", "%s")]).unwrap();
    assert!(wild.takes("a", "s") && wild.takes("abc", "users") && !wild.takes("b", "users"));
    let escaped = mappings(&[selection(1, "include", "a[%]", "%")]).unwrap();
    assert!(escaped.takes("a%", "t") && !escaped.takes("ab", "t"));
}

#[test]
fn brackets_select_one_of_their_characters() {
    let one = mappings(&[selection(1, "include", "s[ab]", "t[x0-3]")]).unwrap();
    assert!(one.takes("sa", "tx") && one.takes("sb", "t2"));
    assert!(!one.takes("sc", "tx") && !one.takes("sa", "t4") && !one.takes("s[ab]", "tx"));
    let escaped = mappings(&[selection(1, "include", "s[[]a]", "t[")]).unwrap();
    assert!(escaped.takes("s[a]", "t[") && !escaped.takes("sa", "t["));
}

#[test]
fn names_are_compared_with_their_case() {
    let mixed = mappings(&[selection(1, "include", "App", "Users")]).unwrap();
    assert!(mixed.takes("App", "Users") && !mixed.takes("app", "users"));
}

#[test]
fn an_exclude_wins_over_every_include() {
    let both = mappings(&[
        selection(1, "exclude", "app", "audit%"),
        selection(2, "include", "app", "%"),
    ])
    .unwrap();
    assert!(both.takes("app", "users") && !both.takes("app", "audit_log"));
}

#[test]
fn an_explicit_rule_knows_no_wildcards() {
    let explicit = mappings(&[selection(1, "explicit", "my_app", "a%")]).unwrap();
    assert!(
        explicit.takes("my_app", "a%")
            && !explicit.takes("myXapp", "a%")
            && !explicit.takes("my_app", "ab")
    );
}

#[test]
fn a_schema_is_renamed_and_others_keep_their_names() {
    let rename = json!({"rule-type": "transformation", "rule-id": "2", "rule-name": "ren", "rule-target": "schema",
        "object-locator": {"schema-name": "customer[_]a1"}, "rule-action": "rename", "value": "customer_a1_old"});
    let renamed = mappings(&[selection(1, "include", "%", "%"), rename]).unwrap();
    assert_eq!(renamed.target_schema("customer_a1"), "customer_a1_old");
    assert_eq!(renamed.target_schema("customerXa1"), "customerXa1");
}

#[test]
fn a_column_can_be_removed() {
    let remove = json!({"rule-type": "transformation", "rule-id": "2", "rule-name": "rem", "rule-target": "column",
        "object-locator": {"schema-name": "app", "table-name": "t", "column-name": "total"}, "rule-action": "remove-column"});
    let removed = mappings(&[selection(1, "include", "app", "%"), remove]).unwrap();
    assert!(removed.removes("app", "t", "total") && !removed.removes("app", "t", "other"));
}

#[test]
fn the_highest_load_order_counts() {
    let mut first = selection(1, "include", "app", "users");
    first["load-order"] = json!("5");
    let ordered = mappings(&[first, selection(2, "include", "app", "%")]).unwrap();
    assert_eq!(
        (
            ordered.load_order("app", "users"),
            ordered.load_order("app", "orders")
        ),
        (5, 0)
    );
}

#[test]
fn what_is_wrong_or_not_done_here_is_refused_by_name() {
    let mut filtered = selection(1, "include", "app", "t");
    filtered["filters"] =
        json!([{"filter-type": "source", "column-name": "id", "filter-conditions": []}]);
    let prefix = json!({"rule-type": "transformation", "rule-id": "2", "rule-name": "x", "rule-target": "table",
        "object-locator": {"schema-name": "app", "table-name": "%"}, "rule-action": "add-prefix", "value": "p"});
    for (rules, part) in [
        (vec![], "at least one selection rule"),
        (
            vec![selection(1, "exclude", "app", "%")],
            "at least one selection rule",
        ),
        (vec![filtered], "no source filters"),
        (
            vec![
                selection(1, "include", "app", "%"),
                selection(1, "include", "b", "%"),
            ],
            "twice",
        ),
        (
            vec![selection(1, "include", "app", "%"), prefix],
            "add-prefix",
        ),
    ] {
        let error = mappings(&rules).unwrap_err();
        assert!(error.message.contains(part), "{error}");
    }
}
