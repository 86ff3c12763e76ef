//! What was handed over, held against the temporary database once more, before anybody may use it.
//!
//! While rows were loaded and indexes built, functions of the schemas ran as the login role, which owned everything then. One
//! tenant's function may have put its own code into an object of another owner, or made a new one; with that owner it would
//! run with that owner's rights. Where everything has one owner, there is nothing to gain, and what differs is reported only.

use std::collections::{BTreeMap, BTreeSet};

use tenant_restore_core::error::{Cause, ErrorKind};

use super::handover::Handover;
use super::ownership::Owned;
use crate::extract::extensions::Spelling;
use crate::failed::OrCause as _;
use crate::production::restored_names;
use crate::validate::inventory::{self, Inventory};

impl Handover {
    /// Fails when an object isn't the one of the restore point and more than one role owns something.
    pub(super) async fn check_code(
        &self,
        owners: &BTreeMap<Owned, String>,
        schema_owners: &BTreeMap<String, String>,
        spelling: &Spelling,
    ) -> Result<(), Cause> {
        let owners: BTreeSet<&String> = owners.values().chain(schema_owners.values()).collect();
        if owners.len() < 2 {
            return Ok(());
        }
        let schemas = restored_names(&self.job);
        let expected =
            inventory::spelled(inventory::read(&self.temporary, &schemas).await?, spelling);
        let present = inventory::read(&self.master, &schemas).await?;
        let mut planted = planted(&expected, &present);
        planted.extend(self.planted_policies(&schemas).await?);
        match planted.as_slice() {
            [] => Ok(()),
            [first, ..] => {
                let message = format!(
                    "{} objects are not those of the restore point, and more than one role owns what is restored; first: {first}",
                    planted.len()
                );
                let mut cause = Cause::new(ErrorKind::ValidationMismatch, message);
                "Nothing was opened. Look at what the schema's checks, defaults, generated columns and index expressions \
                 call: one of them may have changed what another role would run."
                    .clone_into(&mut cause.remedy);
                Err(cause)
            }
        }
    }

    async fn planted_policies(&self, schemas: &[&str]) -> Result<Vec<String>, Cause> {
        let sql = include_str!("policies.sql");
        let mut sides = Vec::new();
        for client in [&self.temporary, &self.master] {
            let rows = client
                .query(sql, &[&schemas])
                .await
                .or_cause(ErrorKind::ApplyFailed, || "read the policies")?;
            let policies: BTreeMap<String, Option<String>> =
                rows.iter().map(|row| (row.get(0), row.get(1))).collect();
            sides.push(policies);
        }
        let (expected, present) = (&sides[0], &sides[1]);
        let planted = present
            .iter()
            .filter(|(policy, definition)| expected.get(*policy) != Some(*definition));
        Ok(planted
            .map(|(policy, _)| format!("policy {policy}"))
            .collect())
    }
}

/// What is there and wasn't, or was otherwise. What is missing runs nothing; a constraint may have become NOT VALID.
fn planted(expected: &Inventory, present: &Inventory) -> Vec<String> {
    let may_be = |expected: &str, present: &str| {
        expected == present || present.strip_suffix(" NOT VALID") == Some(expected)
    };
    let is_planted = |(object, definition): &(&inventory::ObjectName, &String)| {
        object.kind != "filled materialized view"
            && !expected
                .get(*object)
                .is_some_and(|expected| may_be(expected, definition))
    };
    present
        .iter()
        .filter(is_planted)
        .map(|(object, _)| format!("{} {}", object.kind, object.name))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::inventory::ObjectName;

    fn of(objects: &[(&str, &str, &str)]) -> Inventory {
        let entry = |(kind, name, definition): &(&str, &str, &str)| {
            let (kind, name) = ((*kind).to_owned(), (*name).to_owned());
            (ObjectName { kind, name }, (*definition).to_owned())
        };
        objects.iter().map(entry).collect()
    }

    #[test]
    fn what_is_new_or_other_is_planted_and_what_is_missing_or_not_valid_is_not() {
        let expected = of(&[
            ("function", "s.f()", "a"),
            ("constraint", "k on s.t", "CHECK (x)"),
            ("view", "s.v", "a"),
        ]);
        let present = of(&[
            ("function", "s.f()", "b"),
            ("constraint", "k on s.t", "CHECK (x) NOT VALID"),
            ("trigger", "t on s.t", "a"),
        ]);
        assert_eq!(
            planted(&expected, &present),
            ["function s.f()", "trigger t on s.t"]
        );
    }
}
