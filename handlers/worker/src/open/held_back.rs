//! The tables that live traffic reads: they stay with the login role until all the rest is as it was.
//!
//! Whoever deletes a live row, or changes its key, makes PostgreSQL look for it in the restored tables that refer to it, as the
//! owner of these (`ri_PerformCheck`). An owner who may not use the schema yet would have the live statement refused. So their
//! privileges are settled while the login role owns them, and each gets its owner, who may use the schema from then on, by
//! itself: a transaction that locks one table and waits for no other can't be in a deadlock with a live one.
//!
//! Triggers of restored tables that a live delete reaches by CASCADE run as the tables' owner as well. Until the end that is the
//! login role, which may not use what was handed over before; such a delete is refused in the meantime.

use std::collections::BTreeMap;

use tenant_restore_core::error::{Cause, ErrorKind};
use tokio_postgres::Client;

use super::handover::Handover;
use super::ownership::{self, Owned};
use super::privileges::Privileges;
use crate::extract::extensions::Spelling;
use crate::failed::OrCause as _;
use crate::names::quote_ident;
use crate::production::handover_role;
use crate::production::live_tables::{LiveTable, Moment, Stops};
use crate::production::statements::{Refused, Statement, try_batch};

/// Class and object, as GRANT names them, with the table.
#[derive(Debug, Default)]
pub struct HeldBack(BTreeMap<(String, String), LiveTable>);

impl HeldBack {
    /// Those of these schemas that the login role owns.
    pub async fn read(master: &Client, schemas: &[&str], loader: &str) -> Result<Self, Cause> {
        let rows = master
            .query(include_str!("held_back.sql"), &[&schemas, &loader])
            .await
            .or_cause(
                ErrorKind::ApplyFailed,
                || "list the restored tables that live traffic reads",
            )?;
        let tables = rows.iter().map(|row| {
            let table = LiveTable {
                schema: row.get("schema"),
                table: row.get("name"),
            };
            ((row.get("class"), row.get("object")), table)
        });
        Ok(Self(tables.collect()))
    }

    /// Whether this is one of them.
    pub fn contains(&self, owned: &Owned) -> bool {
        self.find(owned).is_some()
    }

    fn find(&self, owned: &Owned) -> Option<&LiveTable> {
        self.0.get(&(owned.kind.clone(), owned.object.clone()))
    }

    /// The same privileges while the login role stands in for the owners: ALTER … OWNER passes on what an owner has and gave
    /// (PostgreSQL's `aclnewowner`). The master, as a member of the login role, grants as that too.
    pub fn of_the_stand_in(&self, wanted: Privileges, loader: &str, master: &str) -> Privileges {
        let mut held = Privileges::new();
        for (mut privilege, mut grant) in wanted {
            let object = (privilege.class.clone(), privilege.object.clone());
            if self.0.contains_key(&object) {
                let owner = std::mem::replace(&mut grant.owner, loader.to_owned());
                if privilege.grantor == owner || privilege.grantor == master {
                    loader.clone_into(&mut privilege.grantor);
                }
                if privilege.grantee.as_ref() == Some(&owner) {
                    privilege.grantee = Some(loader.to_owned());
                }
            }
            let grantable = grant.grantable;
            held.entry(privilege).or_insert(grant).grantable |= grantable;
        }
        held
    }
}

impl Handover {
    /// Gives what was held back in these schemas to its owners, who may use the schemas from here on.
    pub(super) async fn hand_over_held_back(&mut self, schemas: &[&str]) -> Result<(), Cause> {
        let loader = self.job.loader.role.clone();
        let held_back = HeldBack::read(&self.master, schemas, &loader).await?;
        let spelling = Spelling::read(&self.temporary, &self.job.schemas).await?;
        let wanted =
            ownership::spelled(ownership::read(&self.temporary, schemas).await?, &spelling);
        let mut present = ownership::read(&self.master, schemas).await?;
        present.retain(|owned, _| held_back.contains(owned));
        let schema_owners = ownership::of_schemas(&self.temporary, schemas).await?;
        let (pending, surplus) = ownership::pending(&present, &wanted, &schema_owners, &loader);
        self.tell_surplus(&surplus);
        let owners: Vec<String> = pending
            .keys()
            .filter(|owner| **owner != self.me)
            .cloned()
            .collect();
        handover_role::seat(&self.master, &self.job, &owners).await?;
        for (owner, tables) in &pending {
            for (owned, table) in tables.iter().filter_map(|t| Some((t, held_back.find(t)?))) {
                let statement = if *owner == self.me {
                    owned.hand_to(owner)
                } else {
                    with_usage(owner, owned)
                };
                self.hand_over_in_a_moment(table, &statement, *owner == self.me)
                    .await
                    .map_err(|refused| refused.cause(&[&statement]))?;
            }
        }
        handover_role::unseat(&self.master, &self.job).await
    }

    /// A live transaction that has looked into the table keeps it until it ends, and others queue behind us.
    async fn hand_over_in_a_moment(
        &mut self,
        table: &LiveTable,
        statement: &Statement,
        to_the_master: bool,
    ) -> Result<(), Refused> {
        let tables = std::slice::from_ref(table);
        let mut moment = Moment::new(tables, Stops::Everybody);
        loop {
            let bounds = moment
                .come(&self.master)
                .await
                .map_err(|error| Refused { at: 0, error })?;
            let session = if to_the_master {
                &mut self.master
            } else {
                &mut self.hands
            };
            match try_batch(session, &bounds, None, &[statement]).await {
                Err(refused) if moment.bears(&refused.error).await => {}
                outcome => return outcome.map(drop),
            }
        }
    }
}

/// USAGE stays until the schema is closed, which gives everybody what he had. The master has it by the login role.
fn with_usage(owner: &str, owned: &Owned) -> Statement {
    let (schema, role) = (quote_ident(&owned.schema), quote_ident(owner));
    let hand_over = owned.hand_to(owner);
    Statement {
        sql: format!(
            "grant usage, create on schema {schema} to {role}; {}; revoke create on schema {schema} from {role}",
            hand_over.sql
        ),
        name: hand_over.name,
    }
}

#[cfg(test)]
mod tests {
    use super::super::privileges::{Grant, Privilege};
    use super::*;

    fn privilege(object: &str, grantee: &str, grantor: &str) -> (Privilege, Grant) {
        let privilege = Privilege {
            class: "table".to_owned(),
            object: object.to_owned(),
            column: None,
            grantee: Some(grantee.to_owned()),
            privilege: "SELECT".to_owned(),
            grantor: grantor.to_owned(),
        };
        let grant = Grant {
            schema: "s".to_owned(),
            owner: "o".to_owned(),
            grantable: grantee == "o",
        };
        (privilege, grant)
    }

    #[test]
    fn the_login_role_stands_in_for_the_owner_of_what_was_held_back_only() {
        let table = LiveTable {
            schema: "s".to_owned(),
            table: "late".to_owned(),
        };
        let late = ("table".to_owned(), "s.late".to_owned());
        let held_back = HeldBack(BTreeMap::from([(late, table)]));
        let wanted = Privileges::from([
            privilege("s.late", "o", "o"),
            privilege("s.late", "app", "o"),
            privilege("s.late", "b", "app"),
            privilege("s.late", "c", "master"),
            privilege("s.other", "app", "o"),
        ]);
        let held = held_back.of_the_stand_in(wanted, "loader", "master");
        let found: Vec<_> = held
            .iter()
            .map(|(privilege, grant)| {
                (
                    privilege.object.as_str(),
                    privilege.grantee.as_deref().unwrap(),
                    privilege.grantor.as_str(),
                    grant.owner.as_str(),
                )
            })
            .collect();
        assert_eq!(
            found,
            [
                ("s.late", "app", "loader", "loader"),
                ("s.late", "b", "app", "loader"),
                ("s.late", "c", "loader", "loader"),
                ("s.late", "loader", "loader", "loader"),
                ("s.other", "app", "o", "o"),
            ]
        );
    }
}
