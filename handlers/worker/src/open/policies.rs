//! The policies of the restored tables, as the catalogs of both servers have them.

use std::collections::BTreeMap;

use tenant_restore_core::error::{Cause, ErrorKind};
use tokio_postgres::Client;

use super::definition::Servers;
use crate::failed::OrCause as _;
use crate::names::{qualified, quote_ident};

/// Where a policy is and what it is called.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PolicyName {
    schema: String,
    table: String,
    name: String,
}

impl PolicyName {
    /// As DROP POLICY names it.
    pub fn on_table(&self) -> String {
        format!(
            "{} on {}",
            quote_ident(&self.name),
            qualified(&self.schema, &self.table)
        )
    }
}

/// What a policy does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    permissive: bool,
    /// Everything about it.
    pub definition: String,
}

/// The policies.
pub type Policies = BTreeMap<PolicyName, Policy>;

/// The policies of the tables in these schemas.
pub async fn read(client: &Client, schemas: &[&str]) -> Result<Policies, Cause> {
    let rows = client
        .query(include_str!("policies.sql"), &[&schemas])
        .await
        .or_cause(ErrorKind::ApplyFailed, || "read the policies")?;
    let policies = rows.iter().map(|row| {
        let name = PolicyName {
            schema: row.get("schema"),
            table: row.get("table"),
            name: row.get("name"),
        };
        let policy = Policy {
            permissive: row.get("permissive"),
            definition: row.get("definition"),
        };
        (name, policy)
    });
    Ok(policies.collect())
}

/// Policies that aren't those of the restore point. One that lets rows be seen may be missing, since nobody sees more without
/// it; one that restricts may not.
pub fn planted(expected: &Policies, present: &Policies, servers: &Servers) -> Vec<String> {
    let as_it_was = |(name, policy): &(&PolicyName, &Policy)| {
        expected
            .get(*name)
            .is_some_and(|was| servers.same("policy", &was.definition, &policy.definition))
    };
    let other = present.iter().filter(|policy| !as_it_was(policy));
    let lost = expected
        .iter()
        .filter(|(name, policy)| !policy.permissive && !present.contains_key(*name));
    other
        .chain(lost)
        .map(|(name, _)| format!("policy {}", name.on_table()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(policies: &[(&str, bool, &str)]) -> Policies {
        let entry = |(name, permissive, definition): &(&str, bool, &str)| {
            let name = PolicyName {
                schema: "s".to_owned(),
                table: "t".to_owned(),
                name: (*name).to_owned(),
            };
            let policy = Policy {
                permissive: *permissive,
                definition: (*definition).to_owned(),
            };
            (name, policy)
        };
        policies.iter().map(entry).collect()
    }

    #[test]
    fn a_policy_that_is_new_or_other_is_planted_and_so_is_the_absence_of_one_that_restricts() {
        let expected = of(&[
            ("same", true, "r permissive to olga"),
            ("shows", true, "r permissive"),
            ("narrows", false, "r restrictive"),
            ("opened", true, "r permissive to olga"),
        ]);
        let present = of(&[
            ("same", true, "r permissive to olga"),
            ("opened", true, "r permissive to public"),
            ("new", true, "r permissive"),
        ]);
        assert_eq!(
            planted(&expected, &present, &Servers::alike()),
            ["new", "opened", "narrows"].map(|name| format!("policy \"{name}\" on \"s\".\"t\""))
        );
    }
}
