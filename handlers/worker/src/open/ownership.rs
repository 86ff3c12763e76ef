//! Who gets which object of the restored schemas.

use std::collections::BTreeMap;

use tenant_restore_core::error::{Cause, ErrorKind};
use tokio_postgres::Client;

use crate::extract::extensions::Spelling;
use crate::failed::OrCause;
use crate::names::quote_ident;
use crate::production::statements::Statement;

/// An object that has an owner of its own.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Owned {
    /// As ALTER names the kind.
    pub kind: String,
    /// As ALTER names the object.
    pub object: String,
    /// Its schema.
    pub schema: String,
}

impl Owned {
    /// In words, for reports.
    pub fn title(&self) -> String {
        format!("{} {}", self.kind, self.object)
    }

    /// The statement that hands it over.
    pub fn hand_to(&self, owner: &str) -> Statement {
        Statement {
            sql: format!(
                "alter {} {} owner to {}",
                self.kind,
                self.object,
                quote_ident(owner)
            ),
            name: format!("the owner of {}", self.title()),
        }
    }
}

/// The objects of the schemas with their owners.
pub async fn read(client: &Client, schemas: &[&str]) -> Result<BTreeMap<Owned, String>, Cause> {
    let rows = client
        .query(include_str!("owners.sql"), &[&schemas])
        .await
        .or_cause(ErrorKind::ApplyFailed, || "read the owners of the objects")?;
    let owners = rows.iter().map(|row| {
        let owned = Owned {
            kind: row.get("kind"),
            object: row.get("object"),
            schema: row.get("schema"),
        };
        (owned, row.get("owner"))
    });
    Ok(owners.collect())
}

/// The same as production spells it.
pub fn spelled(owners: BTreeMap<Owned, String>, spelling: &Spelling) -> BTreeMap<Owned, String> {
    let respell = |(owned, owner): (Owned, String)| {
        let object = spelling.in_production(owned.object);
        (Owned { object, ..owned }, owner)
    };
    owners.into_iter().map(respell).collect()
}

/// The owners of the schemas themselves.
pub async fn of_schemas(
    client: &Client,
    schemas: &[&str],
) -> Result<BTreeMap<String, String>, Cause> {
    let sql = "select nspname::text, pg_get_userbyid(nspowner)::text from pg_namespace where nspname = any ($1)";
    let rows = client
        .query(sql, &[&schemas])
        .await
        .or_cause(ErrorKind::ApplyFailed, || "read the schemas' owners")?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}

/// The objects that the loader still owns, by the owner that they get. What the temporary database doesn't have goes
/// to the owner of its schema, and is in the second list.
pub fn pending(
    present: &BTreeMap<Owned, String>,
    wanted: &BTreeMap<Owned, String>,
    schema_owners: &BTreeMap<String, String>,
    loader: &str,
) -> (BTreeMap<String, Vec<Owned>>, Vec<Owned>) {
    let mut pending: BTreeMap<String, Vec<Owned>> = BTreeMap::new();
    let mut surplus = Vec::new();
    for (owned, _) in present.iter().filter(|(_, owner)| *owner == loader) {
        if let Some(owner) = wanted.get(owned) {
            pending
                .entry(owner.clone())
                .or_default()
                .push(owned.clone());
        } else if let Some(owner) = schema_owners.get(&owned.schema) {
            pending
                .entry(owner.clone())
                .or_default()
                .push(owned.clone());
            surplus.push(owned.clone());
        }
    }
    (pending, surplus)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(name: &str) -> Owned {
        Owned {
            kind: "table".to_owned(),
            object: format!("s.{name}"),
            schema: "s".to_owned(),
        }
    }

    fn owners(pairs: &[(&str, &str)]) -> BTreeMap<Owned, String> {
        pairs
            .iter()
            .map(|(name, owner)| (table(name), (*owner).to_owned()))
            .collect()
    }

    #[test]
    fn only_what_the_loader_owns_is_handed_over_and_a_stranger_goes_to_the_schemas_owner() {
        let present = owners(&[("a", "loader"), ("b", "app"), ("c", "loader")]);
        let wanted = owners(&[("a", "app"), ("b", "app")]);
        let schemas = BTreeMap::from([("s".to_owned(), "boss".to_owned())]);
        let (pending, surplus) = pending(&present, &wanted, &schemas, "loader");
        assert_eq!(pending.get("app"), Some(&vec![table("a")]));
        assert_eq!(
            (pending.get("boss"), surplus),
            (Some(&vec![table("c")]), vec![table("c")])
        );
    }
}
