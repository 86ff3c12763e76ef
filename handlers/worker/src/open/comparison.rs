//! What the opening gave the schemas, held against the temporary database before the schemas are handed over: the
//! validation came before it. Privileges are compared where they are settled.

use std::collections::BTreeMap;

use tenant_restore_core::error::{Cause, ErrorKind};
use tokio_postgres::Client;

use super::handover::Handover;
use super::ownership;
use crate::extract::extensions::Spelling;
use crate::failed::OrCause as _;
use crate::production::restored_names;

/// Definitions by kind and name.
type Opened = BTreeMap<String, String>;

impl Handover {
    /// Reports every policy, comment and default privilege that isn't as it was.
    pub async fn compare(&mut self) -> Result<(), Cause> {
        let schemas = restored_names(&self.job);
        let spelling = Spelling::read(&self.temporary, &self.job.schemas).await?;
        let expected = spelled(read(&self.temporary, &schemas).await?, &spelling);
        let found = unlike(&expected, &read(&self.master, &schemas).await?);
        self.tell_unlike(found);
        Ok(())
    }

    /// Reports every owner in these schemas that isn't who it was.
    pub async fn compare_owners(&mut self, schemas: &[&str]) -> Result<(), Cause> {
        let spelling = Spelling::read(&self.temporary, &self.job.schemas).await?;
        let owners = ownership::read(&self.temporary, schemas).await?;
        let owners = by_title(ownership::spelled(owners, &spelling));
        let present = by_title(ownership::read(&self.master, schemas).await?);
        // An object that is missing was told by the validation, and what an extension owns doesn't travel.
        let handed = present
            .into_iter()
            .filter(|(object, _)| owners.contains_key(object));
        let handed: Opened = handed.collect();
        let owners: Opened = owners
            .into_iter()
            .filter(|(object, _)| handed.contains_key(object))
            .collect();
        self.tell_unlike(unlike(&owners, &handed));
        Ok(())
    }

    fn tell_unlike(&mut self, found: Vec<(String, String)>) {
        for (object, message) in found {
            self.remark(super::DIFFERENCE, object, message);
        }
    }
}

async fn read(client: &Client, schemas: &[&str]) -> Result<Opened, Cause> {
    let sql = concat!(
        include_str!("../production/located.sql"),
        include_str!("opened.sql")
    );
    let rows = client.query(sql, &[&schemas]).await.or_cause(
        ErrorKind::ApplyFailed,
        || "read policies, comments and default privileges",
    )?;
    let opened = rows.iter().map(|row| {
        let (kind, name): (&str, &str) = (row.get(0), row.get(1));
        let definition: Option<String> = row.get(2);
        (format!("{kind} {name}"), definition.unwrap_or_default())
    });
    Ok(opened.collect())
}

fn spelled(opened: Opened, spelling: &Spelling) -> Opened {
    let respell = |(object, definition): (String, String)| {
        (
            spelling.in_production(object),
            spelling.in_production(definition),
        )
    };
    opened.into_iter().map(respell).collect()
}

fn by_title(owners: BTreeMap<ownership::Owned, String>) -> Opened {
    owners
        .into_iter()
        .map(|(owned, owner)| (format!("owner of {}", owned.title()), owner))
        .collect()
}

/// The objects that differ, with how.
fn unlike(expected: &Opened, present: &Opened) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (object, definition) in expected {
        match present.get(object) {
            None => found.push((object.clone(), "it is missing".to_owned())),
            Some(other) if other != definition => {
                found.push((object.clone(), "it is another than it was".to_owned()));
            }
            Some(_) => {}
        }
    }
    let surplus = present
        .keys()
        .filter(|object| !expected.contains_key(*object));
    found.extend(surplus.map(|object| (object.clone(), "it wasn't there".to_owned())));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_other_or_new_is_told_apart() {
        let opened = |pairs: &[(&str, &str)]| -> Opened {
            pairs
                .iter()
                .map(|(object, what)| ((*object).to_owned(), (*what).to_owned()))
                .collect()
        };
        let expected = opened(&[("policy a", "x"), ("policy b", "x"), ("policy c", "x")]);
        let present = opened(&[("policy b", "y"), ("policy c", "x"), ("policy d", "x")]);
        let found = unlike(&expected, &present);
        let objects: Vec<&str> = found.iter().map(|(object, _)| object.as_str()).collect();
        assert_eq!(objects, ["policy a", "policy b", "policy d"]);
    }
}
