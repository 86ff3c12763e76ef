//! The tables that [live traffic reads](crate::production::read_by_live): they stay with the login role until all the rest is as
//! it was.
//!
//! An owner who may not use the schema yet would have the live statement refused. So their privileges are settled while the
//! login role owns them, and each gets its owner, who may use the schema from then on, by itself: a transaction that locks one
//! table and waits for no other can't be in a deadlock with a live one.
//!
//! Triggers, checks and the like of restored tables that a live delete reaches by CASCADE or SET NULL run as the tables' owner as
//! well. Until the end that is the login role, which may not use what was handed over before; such a delete may be refused in
//! the meantime. And whatever such code makes of a table as the login role must not reach the table's owner: what is handed over
//! is, under a lock, what was looked at.

use std::collections::BTreeMap;

use tenant_restore_core::error::{Cause, ErrorKind};
use tokio_postgres::{Client, GenericClient};

use super::handover::Handover;
use super::ownership::{self, Owned};
use super::privileges::Privileges;
use crate::archive::Archive;
use crate::connection::describe;
use crate::extract::extensions::Spelling;
use crate::failed::OrCause as _;
use crate::names::{qualified, quote_ident};
use crate::production::live_tables::{LiveTable, Moment, Stops};
use crate::production::{handover_role, read_by_live};

/// Class and object, as GRANT names them, with the table.
#[derive(Debug, Default)]
pub struct HeldBack(BTreeMap<(String, String), LiveTable>);

impl HeldBack {
    /// Those of these schemas that the login role owns.
    pub async fn read(master: &Client, schemas: &[&str], loader: &str) -> Result<Self, Cause> {
        let tables = read_by_live::list(master, schemas).await?;
        let held_back = tables.into_iter().filter(|table| table.owner == loader);
        Ok(Self(
            held_back
                .map(|it| {
                    let table = LiveTable {
                        schema: it.schema,
                        table: it.name,
                    };
                    ((it.class, it.object), table)
                })
                .collect(),
        ))
    }

    /// Whether this is one of them.
    pub fn contains(&self, owned: &Owned) -> bool {
        let object = (owned.kind.clone(), owned.object.clone());
        self.0.contains_key(&object)
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
    pub(super) async fn hand_over_held_back(
        &mut self,
        schemas: &[&str],
        archive: &Archive,
    ) -> Result<(), Cause> {
        let loader = self.job.loader.role.clone();
        let held_back = HeldBack::read(&self.master, schemas, &loader).await?;
        let mut looked_at = BTreeMap::new();
        for (object, table) in &held_back.0 {
            let print = fingerprint(&self.master, table).await;
            let print = print.or_cause(ErrorKind::ApplyFailed, || "look at a restored table")?;
            looked_at.insert(object, print);
        }
        self.check_code(schemas).await?;
        self.check_protection(archive, schemas).await?;

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
            for owned in tables {
                let object = (owned.kind.clone(), owned.object.clone());
                let (Some(table), Some(print)) = (held_back.0.get(&object), looked_at.get(&object))
                else {
                    continue;
                };
                self.hand_over_in_a_moment(table, owned, owner, print)
                    .await?;
            }
        }
        handover_role::unseat(&self.master, &self.job).await
    }

    /// A live transaction that has looked into the table keeps it until it ends, and others queue behind us.
    async fn hand_over_in_a_moment(
        &mut self,
        table: &LiveTable,
        owned: &Owned,
        owner: &str,
        looked_at: &str,
    ) -> Result<(), Cause> {
        let mut moment = Moment::new(std::slice::from_ref(table), Stops::Everybody);
        let to_the_master = owner == self.me;
        loop {
            let bounds = moment
                .come(&self.master)
                .await
                .map_err(|error| refused(owned, &error))?;
            let (session, sql) = if to_the_master {
                (&mut self.master, owned.hand_to(owner).sql)
            } else {
                (&mut self.hands, with_usage(owner, owned))
            };
            match try_once(session, &bounds, table, looked_at, &sql).await {
                Ok(true) => return Ok(()),
                Ok(false) => return Err(changed(owned)),
                Err(error) if moment.bears(&error).await => {}
                Err(error) => return Err(refused(owned, &error)),
            }
        }
    }
}

/// Whether the table still is what was looked at; only then the statement has run.
async fn try_once(
    session: &mut Client,
    bounds: &str,
    table: &LiveTable,
    looked_at: &str,
    sql: &str,
) -> Result<bool, tokio_postgres::Error> {
    let transaction = session.transaction().await?;
    transaction.batch_execute(bounds).await?;
    let lock = format!(
        "lock table only {} in access exclusive mode",
        qualified(&table.schema, &table.table)
    );
    transaction.batch_execute(&lock).await?;
    if fingerprint(&transaction, table).await? != looked_at {
        return Ok(false);
    }
    transaction.batch_execute(sql).await?;
    transaction.commit().await?;
    Ok(true)
}

async fn fingerprint(
    client: &impl GenericClient,
    table: &LiveTable,
) -> Result<String, tokio_postgres::Error> {
    let sql = include_str!("fingerprint.sql");
    let row = client
        .query_one(sql, &[&table.schema, &table.table])
        .await?;
    Ok(row.get::<_, Option<String>>(0).unwrap_or_default())
}

fn refused(owned: &Owned, error: &tokio_postgres::Error) -> Cause {
    let message = format!(
        "could not apply the owner of {}: {}",
        owned.title(),
        describe(error)
    );
    Cause::new(ErrorKind::ApplyFailed, message)
}

fn changed(owned: &Owned) -> Cause {
    let message = format!(
        "{} was changed while the schemas were being opened, after it had been compared with the restore point",
        owned.title()
    );
    let mut cause = Cause::new(ErrorKind::ValidationMismatch, message);
    "Its schema stays closed. Look at what triggers, checks and defaults of tables do to which live rows lead by ON DELETE or ON \
     UPDATE: live statements run them."
        .clone_into(&mut cause.remedy);
    cause
}

/// USAGE stays until the schema is closed, which gives everybody what he had. The master has it by the login role.
fn with_usage(owner: &str, owned: &Owned) -> String {
    let (schema, role) = (quote_ident(&owned.schema), quote_ident(owner));
    format!(
        "grant usage, create on schema {schema} to {role}; {}; revoke create on schema {schema} from {role}",
        owned.hand_to(owner).sql
    )
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
