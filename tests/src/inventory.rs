//! What a schema consists of, as the catalog has it, so that two can be compared under different names.

use std::collections::BTreeMap;

use crate::database::{Database, identifier};
use crate::error::{Context, Result};

/// Kind and name of an object, such as `("index", "orders_open_idx")`.
pub type Object = (String, String);

/// Every object of a schema with its definition, without the schema's own name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inventory(BTreeMap<Object, String>);

impl Inventory {
    /// How many objects of each kind.
    pub fn counts(&self) -> BTreeMap<&str, usize> {
        let mut counts = BTreeMap::new();
        for (kind, _) in self.0.keys() {
            *counts.entry(kind.as_str()).or_default() += 1;
        }
        counts
    }

    /// How `self`, the restored schema, differs from `truth`, one sentence per difference; none if it is faithful.
    pub fn differences_from(&self, truth: &Self) -> Vec<String> {
        let lost = truth
            .0
            .iter()
            .filter_map(|(object, definition)| match self.0.get(object) {
                None => Some(format!("{} {} is missing", object.0, object.1)),
                Some(restored) if restored != definition => Some(format!(
                    "{} {} is {restored:?} instead of {definition:?}",
                    object.0, object.1
                )),
                Some(_) => None,
            });
        let extra = self
            .0
            .keys()
            .filter(|object| !truth.0.contains_key(*object))
            .map(|(kind, name)| format!("{kind} {name} is extra"));
        lost.chain(extra).collect()
    }
}

/// Reads the inventory of `schema`. `other_names` are further names of the same schema (the live one's, for a
/// restored schema): they are taken out of the definitions too, since text in a function's body may still hold them.
///
/// # Errors
/// When the connection is gone.
pub async fn read(
    database: &mut Database,
    schema: &str,
    other_names: &[&str],
) -> Result<Inventory> {
    let doing = || format!("read the inventory of {schema}");
    let transaction = database.transaction().await.context(doing())?;
    transaction
        .execute(
            "select set_config('search_path', quote_ident($1), true)",
            &[&schema],
        )
        .await
        .context(doing())?;
    let rows = transaction
        .query(include_str!("sql/inventory.sql"), &[&schema])
        .await
        .context(doing())?;
    transaction.commit().await.context(doing())?;
    let mut objects = BTreeMap::new();
    for row in &rows {
        let definition: Option<String> = row.try_get(2).context(doing())?;
        let definition = other_names
            .iter()
            .chain([&schema])
            .fold(definition.unwrap_or_default(), |text, name| {
                without(&text, name)
            });
        objects.insert(
            (
                row.try_get(0).context(doing())?,
                row.try_get(1).context(doing())?,
            ),
            definition,
        );
    }
    Ok(Inventory(objects))
}

/// Functions of `schema` whose body holds the name `other` as a qualifier.
///
/// # Errors
/// When the connection is gone.
pub async fn functions_that_name(
    database: &Database,
    schema: &str,
    other: &str,
) -> Result<Vec<String>> {
    let doing = || format!("look for {other} in the functions of {schema}");
    let found = "select p.proname::text
                   from pg_proc p
                   join pg_namespace n on n.oid = p.pronamespace
                  where n.nspname = $1 and strpos(p.prosrc, quote_ident($2) || '.') > 0
                  order by 1";
    let rows = database
        .query(found, &[&schema, &other])
        .await
        .context(doing())?;
    rows.iter()
        .map(|row| row.try_get(0))
        .collect::<Result<_, _>>()
        .context(doing())
}

/// `text` without the qualifier `name.`, quoted or not.
fn without(text: &str, name: &str) -> String {
    text.replace(&format!("{}.", identifier(name)), "")
        .replace(&format!("{name}."), "")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inventory(objects: &[(&str, &str, &str)]) -> Inventory {
        Inventory(
            objects
                .iter()
                .map(|(kind, name, text)| ((kind.to_string(), name.to_string()), text.to_string()))
                .collect(),
        )
    }

    #[test]
    fn missing_changed_and_extra_objects_are_named() {
        let truth = inventory(&[("index", "a_idx", "on a"), ("view", "v", "select 1")]);
        let restored = inventory(&[("view", "v", "select 2"), ("trigger", "t.x", "")]);
        assert_eq!(
            restored.differences_from(&truth),
            [
                "index a_idx is missing",
                "view v is \"select 2\" instead of \"select 1\"",
                "trigger t.x is extra"
            ]
        );
        assert!(truth.differences_from(&truth).is_empty());
    }

    #[test]
    fn only_the_schema_itself_is_taken_out_of_definitions() {
        assert_eq!(without("on customer_a1.users", "customer_a1"), "on users");
        assert_eq!(without("on \"Acme 1\".users", "Acme 1"), "on users");
        assert_eq!(
            without("on customer_a1_20240101.users", "customer_a1"),
            "on customer_a1_20240101.users"
        );
    }
}
