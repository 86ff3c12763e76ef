//! The last step: what was held back gets its owners, then each schema goes to its owner and its users, and loses its marker.

use std::collections::{BTreeMap, BTreeSet};

use tenant_restore_core::error::Cause;

use super::handover::Handover;
use super::privileges::{self, Privilege, Privileges};
use super::{kept_remarks, ownership};
use crate::archive::Archive;
use crate::context::Context;
use crate::names::{qualified, quote_ident};
use crate::production::statements::{Statement, apply_together};
use crate::production::{handover_role, ledger, marker};

impl Handover {
    /// All that comes before these schemas themselves. Afterwards everything in them is as it was, or is told.
    pub async fn complete(&mut self, schemas: &[&str], archive: &Archive) -> Result<(), Cause> {
        self.hand_over_held_back(schemas, archive).await?;
        self.settle_privileges(schemas).await?;
        self.compare_owners(schemas).await?;
        // As after the first objects: something that began before may have ended since.
        self.check_code(schemas).await?;
        self.check_protection(archive, schemas).await
    }

    /// Hands over these schemas, those of the master first, then all others together.
    pub async fn close(&mut self, context: &Context, schemas: &[&str]) -> Result<(), Cause> {
        let owners = ownership::of_schemas(&self.temporary, schemas).await?;
        let wanted = privileges::wanted(&self.temporary, &self.job, schemas).await?;
        self.tell_grantors(&wanted);
        kept_remarks::keep(context, &self.remarks).await?;
        let (wanted, _) = privileges::possible(wanted, &self.roles().await?, |_, _| true);
        let early = self.early_users(schemas).await?;
        let (own, others): (BTreeMap<_, _>, BTreeMap<_, _>) =
            owners.into_iter().partition(|(_, owner)| *owner == self.me);
        let close = |schemas: &BTreeMap<String, String>, as_member| -> Vec<Statement> {
            let each = schemas.iter().flat_map(|(schema, owner)| {
                close_schema(schema, owner, early.get(schema), &wanted, as_member)
            });
            each.collect()
        };

        let statements = close(&own, false);
        apply_together(&mut self.master, &statements)
            .await
            .map_err(|refused| refused.cause(&statements))?;
        if !others.is_empty() {
            handover_role::let_change_schema_owners(&self.master, &self.job).await?;
            let owners: Vec<String> = others.values().cloned().collect();
            handover_role::seat(&self.master, &self.job, &owners).await?;
        }
        // Users of one schema may lead into another at once, by a foreign key.
        let statements = close(&others, true);
        apply_together(&mut self.hands, &statements)
            .await
            .map_err(|refused| refused.cause(&statements))?;
        handover_role::unseat(&self.master, &self.job).await?;
        self.compare_schema_privileges(schemas, &wanted).await?;
        kept_remarks::keep(context, &self.remarks).await
    }

    /// Reports every privilege on the schemas that isn't as it was.
    async fn compare_schema_privileges(
        &mut self,
        schemas: &[&str],
        wanted: &Privileges,
    ) -> Result<(), Cause> {
        let of_schema = |privileges: &Privileges| -> BTreeSet<String> {
            let of_schema = privileges.iter().filter(|(held, _)| held.class == "schema");
            // The owner gives them all here, see above.
            of_schema
                .map(|(held, how)| {
                    format!(
                        "{}{}",
                        held.title(),
                        if how.grantable { ", to pass on" } else { "" }
                    )
                })
                .collect()
        };
        let wanted = of_schema(wanted);
        let present = of_schema(&privileges::read(&self.master, schemas).await?);
        for title in wanted.difference(&present) {
            self.remark(super::DIFFERENCE, title, "it is missing");
        }
        for title in present.difference(&wanted) {
            self.remark(super::DIFFERENCE, title, "it wasn't there");
        }
        Ok(())
    }

    /// On a schema, its owner gives every privilege; elsewhere they come from whom they came.
    fn tell_grantors(&mut self, wanted: &Privileges) {
        let by_others = wanted
            .iter()
            .filter(|(held, grant)| held.class == "schema" && held.grantor != grant.owner);
        for title in by_others.map(|(held, _)| held.title()) {
            let message = "given by the schema's owner instead of its former grantor";
            self.remark("GrantorReplaced", title, message);
        }
    }
}

/// Markers and early users go, the owner comes, then its users; `as_member`: by a member of the owner, who steps into its place.
fn close_schema(
    schema: &str,
    owner: &str,
    early: Option<&BTreeSet<Option<String>>>,
    wanted: &Privileges,
    as_member: bool,
) -> Vec<Statement> {
    let (quoted, role) = (quote_ident(schema), quote_ident(owner));
    let mut sql = vec![
        format!("drop table {}", qualified(schema, marker::TABLE)),
        format!("drop table {}", qualified(schema, ledger::TABLE)),
    ];
    for user in early.into_iter().flatten() {
        let user = user
            .as_deref()
            .map_or_else(|| "public".to_owned(), quote_ident);
        sql.push(format!("revoke all on schema {quoted} from {user} cascade"));
    }
    sql.push(format!("alter schema {quoted} owner to {role}"));
    if as_member {
        sql.push(format!("set local role {role}"));
    }
    sql.extend(schema_privileges(schema, owner, wanted));
    if as_member {
        sql.push("set local role none".to_owned());
    }
    let statement = |sql: String| Statement {
        name: format!("the opening of schema {quoted}: {sql}"),
        sql,
    };
    sql.into_iter().map(statement).collect()
}

/// What the owner has by default and didn't have is revoked; everything else is granted by the owner.
fn schema_privileges(schema: &str, owner: &str, wanted: &Privileges) -> Vec<String> {
    let of_schema: Vec<_> = wanted
        .iter()
        .filter(|(privilege, grant)| privilege.class == "schema" && grant.schema == schema)
        .collect();
    let has = |own: &Privilege| of_schema.iter().any(|(privilege, _)| *privilege == own);
    let defaults = ["USAGE", "CREATE"].map(|privilege| Privilege {
        class: "schema".to_owned(),
        object: quote_ident(schema),
        column: None,
        grantee: Some(owner.to_owned()),
        privilege: privilege.to_owned(),
        grantor: owner.to_owned(),
    });
    // format('%I') quotes only where it must, so the object's spelling is taken from what was read.
    let spelled = |own: Privilege| match of_schema.first() {
        Some((read, _)) => Privilege {
            object: read.object.clone(),
            ..own
        },
        None => own,
    };
    let lacking = defaults
        .into_iter()
        .map(spelled)
        .filter(|own| !has(own))
        .map(|own| own.revoke());
    let given = of_schema
        .iter()
        .filter(|(privilege, _)| privilege.grantee.as_deref() != Some(owner))
        .map(|(privilege, grant)| privilege.grant(grant.grantable));
    // Grants first: once the owner lacks a privilege it can still grant it, but this reads as it is meant.
    given.chain(lacking).collect()
}

#[cfg(test)]
mod tests {
    use super::super::privileges::Grant;
    use super::*;

    fn usage(grantee: &str, privilege: &str) -> (Privilege, Grant) {
        let privilege = Privilege {
            class: "schema".to_owned(),
            object: "s".to_owned(),
            column: None,
            grantee: Some(grantee.to_owned()),
            privilege: privilege.to_owned(),
            grantor: "o".to_owned(),
        };
        let grant = Grant {
            schema: "s".to_owned(),
            owner: "o".to_owned(),
            grantable: false,
        };
        (privilege, grant)
    }

    #[test]
    fn the_users_come_after_the_marker_and_early_users_went_and_the_owner_came() {
        let wanted = Privileges::from([usage("o", "USAGE"), usage("app", "USAGE")]);
        let early = BTreeSet::from([None, Some("p".to_owned())]);
        let sql: Vec<String> = close_schema("s", "o", Some(&early), &wanted, true)
            .into_iter()
            .map(|statement| statement.sql)
            .collect();
        assert_eq!(
            sql,
            [
                "drop table \"s\".\"tenant_restore_marker\"",
                "drop table \"s\".\"tenant_restore_ledger\"",
                "revoke all on schema \"s\" from public cascade",
                "revoke all on schema \"s\" from \"p\" cascade",
                "alter schema \"s\" owner to \"o\"",
                "set local role \"o\"",
                "grant USAGE on schema s to \"app\"",
                "revoke CREATE on schema s from \"o\" cascade",
                "set local role none",
            ]
        );
    }
}
