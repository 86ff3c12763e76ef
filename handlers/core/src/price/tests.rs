use super::*;
use crate::restore::Resource;

fn known() -> PriceList {
    PriceList::of("us-east-1", None).unwrap()
}

fn usd(list: &PriceList, size: &Size) -> Option<f64> {
    list.cost(size).hourly.map(Hourly::usd)
}

fn database(class: &str, storage: &str) -> Size {
    Size::Database {
        class: class.into(),
        storage: storage.into(),
        gigabytes: 73,
    }
}

#[test]
fn a_database_costs_its_class_and_its_storage() {
    // 73 GB are a tenth of a month's hours: 0.0115 USD an hour.
    let cost = known().cost(&database("db.t4g.medium", "gp3"));
    assert_eq!(cost.hourly.map(Hourly::usd), Some(0.0765));
    assert_eq!(cost.size, "db.t4g.medium, 73 GB gp3");
    assert_eq!(cost.list.as_deref(), Some("us-east-1, May 2026"));
}

#[test]
fn what_is_not_in_the_list_has_no_price() {
    for size in [
        database("db.x99.large", "gp3"),
        database("db.t4g.medium", "io2"),
        Size::Aurora {
            class: "db.t4g.nano".into(),
        },
        Size::ReplicationInstance {
            class: "dms.x1.large".into(),
        },
        Size::Serverless { scaling: None },
    ] {
        assert_eq!(usd(&known(), &size), None, "{size}");
    }
    let elsewhere = PriceList::of("eu-west-3", None).unwrap();
    assert_eq!(usd(&elsewhere, &database("db.t4g.medium", "gp3")), None);
}

#[test]
fn aurora_dms_tasks_and_secrets_have_prices_of_their_own() {
    let aurora = Size::Aurora {
        class: "db.t4g.medium".into(),
    };
    let dms = Size::ReplicationInstance {
        class: "dms.t3.medium".into(),
    };
    let task = Size::Task {
        cpu: 1024,
        memory: 2048,
    };
    assert_eq!(usd(&known(), &aurora), Some(0.073));
    assert_eq!(usd(&known(), &dms), Some(0.073));
    assert_eq!(usd(&known(), &task), Some(0.0395));
    assert_eq!(usd(&known(), &Size::Secret), Some(0.000_548));
}

#[test]
fn a_serverless_instance_has_the_price_of_the_most_that_it_may_take_and_says_so() {
    let scaling = Some(Scaling { min: 0.5, max: 4.0 });
    let cost = known().cost(&Size::Serverless { scaling });
    assert_eq!(cost.hourly.map(Hourly::usd), Some(0.48));
    assert!(
        cost.size.contains("0.5 to 4 ACU, priced at 4"),
        "{}",
        cost.size
    );
}

#[test]
fn a_configured_list_rules_alone() {
    let text = r#"{"name": "eu-west-3, 2026-11", "databases": {"db.t4g.medium": 0.08}, "storage": {"gp3": 0}}"#;
    let list = PriceList::of("us-east-1", Some(text)).unwrap();
    assert_eq!(usd(&list, &database("db.t4g.medium", "gp3")), Some(0.08));
    assert_eq!(usd(&list, &Size::Secret), None);
}

#[test]
fn a_list_without_name_with_an_unknown_field_or_an_impossible_price_is_refused() {
    for text in [
        "{}",
        r#"{"name": ""}"#,
        r#"{"name": "x", "secrets": 1}"#,
        r#"{"name": "x", "secret": -1}"#,
        r#"{"name": "x", "databases": {"db.t4g.medium": "cheap"}}"#,
    ] {
        assert!(PriceList::of("us-east-1", Some(text)).is_err(), "{text}");
    }
}

#[test]
fn a_total_says_what_it_leaves_out() {
    let resource = |kind, name: &str, size: Option<Size>| Resource {
        cost: size.map(|size| known().cost(&size)),
        ..Resource::noted(kind, name, jiff::Timestamp::UNIX_EPOCH)
    };
    let database = resource(
        ResourceKind::Database,
        "tr-main-x",
        Some(database("db.t4g.medium", "gp3")),
    );
    let strange = resource(ResourceKind::ReplicationInstance, "tr-main-x-i", None);
    let free = resource(ResourceKind::Endpoint, "tr-main-x-s", None);
    let said = |resources: &[&Resource]| total(resources.iter().copied()).to_string();
    let prices = "(prices of us-east-1, May 2026)";
    assert_eq!(
        said(&[&database, &free]),
        format!("0.0765 USD an hour {prices}")
    );
    assert_eq!(
        said(&[&database, &strange]),
        format!("at least 0.0765 USD an hour {prices}")
    );
    assert_eq!(said(&[&strange]), "price unknown");
    assert_eq!(
        spoken(database.kind, &database.name, database.cost.as_ref()),
        "Database tr-main-x (db.t4g.medium, 73 GB gp3: 0.0765 USD an hour)"
    );
    assert_eq!(
        spoken(free.kind, &free.name, None),
        "Endpoint tr-main-x-s (not charged by the hour)"
    );
}
