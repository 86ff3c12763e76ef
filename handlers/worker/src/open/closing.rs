//! The last step: what was held back gets its owners, then each schema goes to its owner and its users, and loses its marker, in
//! one transaction.

use std::collections::{BTreeMap, BTreeSet};

use tenant_restore_core::error::Cause;

use super::handover::Handover;
use super::ownership;
use super::privileges::{self, Privilege, Privileges};
use crate::names::{qualified, quote_ident};
use crate::production::statements::{Statement, apply_together};
use crate::production::{handover_role, ledger, marker};

impl Handover {
    /// Hands over these schemas, those of the master first.
    pub async fn close(&mut self, schemas: &[String]) -> Result<(), Cause> {
        let names: Vec<&str> = schemas.iter().map(String::as_str).collect();
        self.check_code(&names).await?;
        self.hand_over_held_back(&names).await?;
        self.settle_privileges(&names).await?;
        self.compare_owners(&names).await?;
        let early = self.early_users(&names).await?;
        let owners = ownership::of_schemas(&self.temporary, &names).await?;
        let wanted = privileges::wanted(&self.temporary, &self.job, &names).await?;
        self.tell_grantors(&wanted);
        let (wanted, _) = privileges::possible(wanted, &self.roles().await?, |_, _| true);
        let (own, others): (BTreeMap<_, _>, BTreeMap<_, _>) =
            owners.into_iter().partition(|(_, owner)| *owner == self.me);

        for (schema, owner) in &own {
            let statements = close_schema(schema, owner, users(&early, schema), &wanted, false);
            apply_together(&mut self.master, &statements)
                .await
                .map_err(|refused| refused.cause(&statements))?;
        }
        if !others.is_empty() {
            handover_role::let_change_schema_owners(&self.master, &self.job).await?;
            let owners: Vec<String> = others.values().cloned().collect();
            handover_role::seat(&self.master, &self.job, &owners).await?;
        }
        for (schema, owner) in &others {
            let statements = close_schema(schema, owner, users(&early, schema), &wanted, true);
            apply_together(&mut self.hands, &statements)
                .await
                .map_err(|refused| refused.cause(&statements))?;
        }
        handover_role::unseat(&self.master, &self.job).await?;
        self.compare_schema_privileges(&names, &wanted).await
    }

    /// Who may use the schemas besides the login role: owners of what was held back.
    async fn early_users(
        &self,
        schemas: &[&str],
    ) -> Result<BTreeMap<String, BTreeSet<String>>, Cause> {
        let mut early: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (held, grant) in privileges::read(&self.master, schemas).await? {
            if let Some(grantee) = held.grantee.filter(|grantee| *grantee != grant.owner)
                && held.class == "schema"
            {
                early.entry(grant.schema).or_default().insert(grantee);
            }
        }
        Ok(early)
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
            self.remark("NotAsItWas", title, "it is missing");
        }
        for title in present.difference(&wanted) {
            self.remark("NotAsItWas", title, "it wasn't there");
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

fn users<'a>(
    early: &'a BTreeMap<String, BTreeSet<String>>,
    schema: &str,
) -> impl Iterator<Item = &'a String> {
    early.get(schema).into_iter().flatten()
}

/// Markers and early users go, the owner comes, then its users; `as_member`: by a member of the owner, who steps into its place.
fn close_schema<'a>(
    schema: &str,
    owner: &str,
    early: impl Iterator<Item = &'a String>,
    wanted: &Privileges,
    as_member: bool,
) -> Vec<Statement> {
    let (quoted, role) = (quote_ident(schema), quote_ident(owner));
    let mut sql = vec![
        format!("drop table {}", qualified(schema, marker::TABLE)),
        format!("drop table {}", qualified(schema, ledger::TABLE)),
    ];
    sql.extend(
        early.map(|user| format!("revoke all on schema {quoted} from {}", quote_ident(user))),
    );
    sql.push(format!("alter schema {quoted} owner to {role}"));
    if as_member {
        sql.push(format!("set local role {role}"));
    }
    sql.extend(schema_privileges(schema, owner, wanted));
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
        let early = ["p".to_owned()];
        let sql: Vec<String> = close_schema("s", "o", early.iter(), &wanted, true)
            .into_iter()
            .map(|statement| statement.sql)
            .collect();
        assert_eq!(
            sql,
            [
                "drop table \"s\".\"tenant_restore_marker\"",
                "drop table \"s\".\"tenant_restore_ledger\"",
                "revoke all on schema \"s\" from \"p\"",
                "alter schema \"s\" owner to \"o\"",
                "set local role \"o\"",
                "grant USAGE on schema s to \"app\"",
                "revoke CREATE on schema s from \"o\" cascade",
            ]
        );
    }
}
