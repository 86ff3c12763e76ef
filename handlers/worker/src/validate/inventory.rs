//! The objects of the restored schemas, compared by kind, name and definition.

use std::collections::{BTreeMap, HashMap};

use tenant_restore_core::error::{Cause, ErrorKind};
use tokio_postgres::Client;

use crate::extract::extensions::Spelling;
use crate::failed::OrCause;

/// What an object is and what it is called.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectName {
    /// For example `index`.
    pub kind: String,
    /// Its qualified name.
    pub name: String,
}

/// The objects with their definitions.
pub type Inventory = BTreeMap<ObjectName, String>;

/// Every object of the schemas.
pub async fn read(client: &Client, schemas: &[&str]) -> Result<Inventory, Cause> {
    let rows = client
        .query(include_str!("inventory.sql"), &[&schemas])
        .await
        .or_cause(
            ErrorKind::ValidationMismatch,
            || "list the objects of the schemas",
        )?;
    let objects = rows.iter().map(|row| {
        let name = ObjectName {
            kind: row.get(0),
            name: row.get(1),
        };
        (name, row.get::<_, Option<String>>(2).unwrap_or_default())
    });
    Ok(objects.collect())
}

/// The same as production spells it.
pub fn spelled(inventory: Inventory, spelling: &Spelling) -> Inventory {
    let respell = |(object, definition): (ObjectName, String)| {
        let name = spelling.in_production(object.name);
        (
            ObjectName { name, ..object },
            spelling.in_production(definition),
        )
    };
    inventory.into_iter().map(respell).collect()
}

/// Constraints and materialized views that an earlier mode knowingly made otherwise, and reported.
#[derive(Debug, Default)]
pub struct Reported {
    /// By `name on table`.
    pub constraints: HashMap<String, String>,
    /// By qualified name.
    pub materialized_views: HashMap<String, String>,
}

impl Reported {
    fn covers(&self, object: &ObjectName, expected: &Inventory) -> bool {
        match object.kind.as_str() {
            "constraint" => self.covers_constraint(&object.name, expected),
            "filled materialized view" => self
                .materialized_views
                .keys()
                .any(|title| unquoted(title) == unquoted(&object.name)),
            // The extraction told it.
            "invalid index" => true,
            _ => false,
        }
    }

    /// A child's follows from its parent's.
    fn covers_constraint(&self, title: &str, expected: &Inventory) -> bool {
        let is_title = |known: &String| unquoted(known) == unquoted(title);
        if self.constraints.keys().any(is_title) {
            return true;
        }
        let Some((name, table)) = title.split_once(" on ") else {
            return false;
        };
        parents(table, expected)
            .any(|parent| self.covers_constraint(&format!("{name} on {parent}"), expected))
    }
}

/// The tables of which this one is a child. A name with a comma in it is none: what follows from it is told then.
fn parents<'a>(table: &str, expected: &'a Inventory) -> impl Iterator<Item = &'a str> + use<'a> {
    let inheritance = ObjectName {
        kind: "inheritance".to_owned(),
        name: table.to_owned(),
    };
    let parents = expected
        .get(&inheritance)
        .and_then(|definition| definition.strip_prefix("of "));
    parents.into_iter().flat_map(|parents| parents.split(", "))
}

/// We quote always, PostgreSQL only where it must; for this comparison the quotes don't matter.
fn unquoted(name: &str) -> String {
    name.replace('"', "")
}

/// The differences in words.
pub fn differences(expected: &Inventory, restored: &Inventory, reported: &Reported) -> Vec<String> {
    let mut words = Vec::new();
    for (object, definition) in expected
        .iter()
        .filter(|(object, _)| !reported.covers(object, expected))
    {
        match restored.get(object) {
            None => words.push(format!("{} {} is missing", object.kind, object.name)),
            Some(other) if other != definition => {
                words.push(format!(
                    "{} {} is defined otherwise",
                    object.kind, object.name
                ));
            }
            Some(_) => {}
        }
    }
    let surplus = restored
        .keys()
        .filter(|object| !expected.contains_key(object));
    words.extend(
        surplus.map(|object| format!("{} {} is in production only", object.kind, object.name)),
    );
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inventory(objects: &[(&str, &str, &str)]) -> Inventory {
        let named = |(kind, name, definition): &(&str, &str, &str)| {
            (
                ObjectName {
                    kind: (*kind).to_owned(),
                    name: (*name).to_owned(),
                },
                (*definition).to_owned(),
            )
        };
        objects.iter().map(named).collect()
    }

    #[test]
    fn missing_changed_and_surplus_objects_are_told_apart() {
        let expected = inventory(&[
            ("index", "s.a", "x"),
            ("index", "s.b", "x"),
            ("view", "s.v", "x"),
        ]);
        let restored = inventory(&[
            ("index", "s.b", "y"),
            ("view", "s.v", "x"),
            ("view", "s.w", "x"),
        ]);
        let words = differences(&expected, &restored, &Reported::default());
        assert_eq!(
            words,
            [
                "index s.a is missing",
                "index s.b is defined otherwise",
                "view s.w is in production only"
            ]
        );
    }

    #[test]
    fn a_foreign_key_that_was_reported_before_is_no_difference_but_its_neighbour_is() {
        let expected = inventory(&[
            ("constraint", "k on s.t", "x"),
            ("constraint", "l on s.t", "x"),
        ]);
        let constraints =
            HashMap::from([("\"k\" on \"s\".\"t\"".to_owned(), "left out".to_owned())]);
        let reported = Reported {
            constraints,
            ..Reported::default()
        };
        assert_eq!(
            differences(&expected, &Inventory::new(), &reported),
            ["constraint l on s.t is missing"]
        );
    }

    #[test]
    fn what_follows_from_a_parents_check_that_was_reported_is_no_difference() {
        let expected = inventory(&[
            ("constraint", "k on s.leaf", "CHECK (x)"),
            ("constraint", "k on s.other", "CHECK (x)"),
            ("inheritance", "s.branch", "of s.tree"),
            ("inheritance", "s.leaf", "of s.base, s.branch"),
        ]);
        let mut restored = expected.clone();
        for definition in restored.values_mut() {
            *definition = definition.replace("(x)", "(x) NOT VALID");
        }
        let constraints = HashMap::from([("\"k\" on \"s\".\"tree\"".to_owned(), String::new())]);
        let reported = Reported {
            constraints,
            ..Reported::default()
        };
        assert_eq!(
            differences(&expected, &restored, &reported),
            ["constraint k on s.other is defined otherwise"]
        );
    }
}
