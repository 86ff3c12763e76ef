//! What is to be handed over, held against the temporary database once more, before any of it gets its owner.
//!
//! While rows were loaded and indexes built, functions of the schemas ran as the login role, which owned everything then. One
//! tenant's function may have put its own code into an object of another owner, or made a new one; with that owner it would
//! run with that owner's rights, also for whom a view outside leads to it, by OID and without USAGE on the schema. Where everything has one owner, there is nothing to gain, and what differs is reported only.

use std::collections::BTreeSet;

use tenant_restore_core::error::{Cause, ErrorKind};

use super::definition::{self, Servers};
use super::handover::Handover;
use super::ownership;
use super::policies::{self, Policies};
use crate::extract::extensions::Spelling;
use crate::production::restored_names;
use crate::validate::inventory::{self, Inventory};

impl Handover {
    /// Fails when an object of these schemas isn't the one of the restore point and more than one role owns something.
    pub(super) async fn check_code(&self, schemas: &[&str]) -> Result<(), Cause> {
        let all = restored_names(&self.job);
        let owners = ownership::read(&self.temporary, &all).await?;
        let schema_owners = ownership::of_schemas(&self.temporary, &all).await?;
        let owners: BTreeSet<&String> = owners.values().chain(schema_owners.values()).collect();
        if owners.len() < 2 {
            return Ok(());
        }
        let spelling = &Spelling::read(&self.temporary, &self.job.schemas).await?;
        let servers = Servers::of(&self.temporary, &self.master).await?;
        let expected =
            inventory::spelled(inventory::read(&self.temporary, schemas).await?, spelling);
        let present = inventory::read(&self.master, schemas).await?;
        let mut planted = planted(&expected, &present, &servers);
        let expected = spelled(policies::read(&self.temporary, schemas).await?, spelling);
        let present = policies::read(&self.master, schemas).await?;
        planted.extend(policies::planted(&expected, &present, &servers));
        match planted.as_slice() {
            [] => Ok(()),
            [first, ..] => Err(refusal(first, planted.len(), &servers)),
        }
    }
}

fn refusal(first: &str, number: usize, servers: &Servers) -> Cause {
    let message = format!(
        "{number} objects are not those of the restore point, and more than one role owns what is restored; first: {first}"
    );
    let mut cause = Cause::new(ErrorKind::ValidationMismatch, message);
    "Nothing was opened. Look at what the schema's checks, defaults, generated columns and index expressions call: one of \
     them may have changed what another role would run."
        .clone_into(&mut cause.remedy);
    if !servers.write_alike() {
        cause.remedy.push_str(&format!(
            " PostgreSQL {} and {} may also write the same definition in different words; restore into a server of version {} \
             then.",
            servers.temporary, servers.production, servers.temporary
        ));
    }
    cause
}

fn spelled(mut policies: Policies, spelling: &Spelling) -> Policies {
    for policy in policies.values_mut() {
        policy.definition = spelling.in_production(std::mem::take(&mut policy.definition));
    }
    policies
}

/// What is there and wasn't, or was otherwise. What is missing runs nothing, but a trigger or a rule may have been there to
/// keep others from something, and no restore leaves one out.
fn planted(expected: &Inventory, present: &Inventory, servers: &Servers) -> Vec<String> {
    let is_planted = |(object, definition): &(&inventory::ObjectName, &String)| {
        let same = |expected: &String| servers.same(&object.kind, expected, definition);
        object.kind != "filled materialized view"
            && !definition::is_a_versions_own(object, definition)
            && !expected.get(*object).is_some_and(same)
    };
    let is_lost = |(object, _): &(&inventory::ObjectName, &String)| {
        matches!(object.kind.as_str(), "trigger" | "rule") && !present.contains_key(*object)
    };
    present
        .iter()
        .filter(is_planted)
        .chain(expected.iter().filter(is_lost))
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
            ("trigger", "guards on s.t", "a"),
        ]);
        let present = of(&[
            ("function", "s.f()", "b"),
            ("constraint", "k on s.t", "CHECK (x) NOT VALID"),
            ("constraint", "n on s.t", "NOT NULL n"),
            ("trigger", "t on s.t", "a"),
        ]);
        assert_eq!(
            planted(&expected, &present, &Servers::alike()),
            [
                "function s.f()",
                "trigger t on s.t",
                "trigger guards on s.t"
            ]
        );
    }
}
