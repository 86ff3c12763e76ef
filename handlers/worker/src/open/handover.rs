//! Objects and privileges, each changed by the role that may: the master, or the role that hands over as a member of it.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use tenant_restore_core::error::{Cause, ErrorKind};
use tenant_restore_core::job::{Job, Remark};
use tokio_postgres::Client;

use super::held_back::HeldBack;
use super::ownership::{self, Owned};
use super::privileges::{self, Change, Privileges};
use crate::context::Context;
use crate::extract::extensions::Spelling;
use crate::failed::OrCause;
use crate::names::quote_ident;
use crate::production::statements::{Statement, apply, apply_together};
use crate::production::{current_role, handover_role, restored_names};

/// Objects per transaction.
const BATCH: usize = 200;

/// A chain of grants longer than this isn't settled but reported.
const LONGEST_CHAIN: usize = 10;

/// The grantees, by schema; `None` is PUBLIC.
pub type EarlyUsers = BTreeMap<String, BTreeSet<Option<String>>>;

/// The connections of the mode.
pub struct Handover {
    /// The job.
    pub job: Job,
    /// The master's session on production.
    pub master: Client,
    /// The session of the role that hands over; opened before it becomes a member of any owner. DDL only, see
    /// [`handover_role`].
    pub hands: Client,
    /// The master's session on the temporary database.
    pub temporary: Client,
    /// The master's name.
    pub me: String,
    /// What was not restored as it was.
    pub remarks: Vec<Remark>,
}

impl Handover {
    /// The same connections for the whole mode.
    pub async fn new(context: &Context, master: Client) -> Result<Self, Cause> {
        Ok(Self {
            job: context.job.clone(),
            me: current_role(&master).await?,
            hands: handover_role::session(context, &master).await?,
            temporary: context.temporary().await?,
            master,
            remarks: Vec::new(),
        })
    }

    /// Notes what was not restored as it was, once.
    pub fn remark(&mut self, code: &str, object: impl Into<String>, message: impl Into<String>) {
        let remark = Remark {
            code: code.to_owned(),
            object: object.into(),
            message: message.into(),
        };
        if !self.remarks.contains(&remark) {
            self.remarks.push(remark);
        }
    }

    /// Tells what the temporary database doesn't have.
    pub(super) fn tell_surplus(&mut self, surplus: &[Owned]) {
        for owned in surplus {
            self.remark(
                "Surplus",
                owned.title(),
                "the temporary database doesn't have it; it goes to its schema's owner",
            );
        }
    }

    /// Gives every object but those [held back](HeldBack) to its owner, the master's own first. Nothing leaves the login role
    /// before all is known to be as it was.
    pub async fn hand_over_objects(&mut self) -> Result<(), Cause> {
        let schemas = restored_names(&self.job);
        let spelling = Spelling::read(&self.temporary, &self.job.schemas).await?;
        let wanted =
            ownership::spelled(ownership::read(&self.temporary, &schemas).await?, &spelling);
        let mut present = ownership::read(&self.master, &schemas).await?;
        let schema_owners = ownership::of_schemas(&self.temporary, &schemas).await?;
        self.check_code(&schemas).await?;
        let held_back = HeldBack::read(&self.master, &schemas, &self.job.loader.role).await?;
        present.retain(|owned, _| !held_back.contains(owned));
        let (mut pending, surplus) =
            ownership::pending(&present, &wanted, &schema_owners, &self.job.loader.role);
        self.tell_surplus(&surplus);
        if let Some(own) = pending.remove(&self.me) {
            let statements: Vec<Statement> =
                own.iter().map(|owned| owned.hand_to(&self.me)).collect();
            apply(&mut self.master, &statements).await?;
        }
        let owners: Vec<String> = pending.keys().cloned().collect();
        handover_role::seat(&self.master, &self.job, &owners).await?;
        for (owner, objects) in &pending {
            for batch in objects.chunks(BATCH) {
                let statements = with_create(owner, batch);
                apply_together(&mut self.hands, &statements)
                    .await
                    .map_err(|refused| refused.cause(&statements))?;
            }
        }
        handover_role::unseat(&self.master, &self.job).await?;
        // A transaction that somebody began while the login role's rights could be had may have ended since the first look, or
        // a session in which it is still the current role may have gone on.
        self.check_code(&restored_names(&self.job)).await
    }

    /// Makes the privileges inside of these schemas those of the temporary database.
    pub async fn settle_privileges(&mut self, schemas: &[&str]) -> Result<(), Cause> {
        let wanted = self.wanted_privileges(schemas).await?;
        for _ in 0..LONGEST_CHAIN {
            let changes = privileges::changes(&wanted, &self.present_privileges(schemas).await?);
            if changes.is_empty() {
                break;
            }
            self.make(changes).await?;
        }
        let present = self.present_privileges(schemas).await?;
        // What the login role lacks in an owner's stead is told once that owner lacks it.
        let missing = wanted.iter().filter(|(privilege, grant)| {
            privilege.grantee.as_ref() != Some(&self.job.loader.role)
                && present
                    .get(*privilege)
                    .is_none_or(|present| present.grantable != grant.grantable)
        });
        let missing: Vec<String> = missing.map(|(privilege, _)| privilege.title()).collect();
        for title in missing {
            self.remark(
                "PrivilegeNotRestored",
                title,
                "its grantor may not grant it in production",
            );
        }
        match privileges::changes(&wanted, &present).first() {
            None => Ok(()),
            Some(change) => {
                let message = format!("could not settle privileges, still to do: {}", change.sql);
                Err(Cause::new(ErrorKind::ApplyFailed, message))
            }
        }
    }

    async fn wanted_privileges(&mut self, schemas: &[&str]) -> Result<Privileges, Cause> {
        let spelling = Spelling::read(&self.temporary, &self.job.schemas).await?;
        let wanted = privileges::wanted(&self.temporary, &self.job, schemas).await?;
        let wanted = privileges::spelled(wanted, &spelling);
        let owners = self.inherited_roles().await?;
        let acts_as_owner =
            |grantor: &str, owner: &str| grantor == self.me && owners.contains(owner);
        let (wanted, gone) = privileges::possible(wanted, &self.roles().await?, acts_as_owner);
        for role in gone {
            self.remark(
                "RoleMissing",
                quote_ident(&role),
                "doesn't exist in production any more; its privileges are left out",
            );
        }
        let loader = &self.job.loader.role;
        let held_back = HeldBack::read(&self.master, schemas, loader).await?;
        Ok(held_back.of_the_stand_in(inside(wanted), loader, &self.me))
    }

    async fn present_privileges(&self, schemas: &[&str]) -> Result<Privileges, Cause> {
        Ok(inside(privileges::read(&self.master, schemas).await?))
    }

    /// The roles whose rights the master has by itself.
    async fn inherited_roles(&self) -> Result<HashSet<String>, Cause> {
        let sql = "select rolname::text from pg_roles where pg_has_role(oid, 'usage')";
        let rows = self
            .master
            .query(sql, &[])
            .await
            .or_cause(ErrorKind::ApplyFailed, || "list the master's roles")?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }

    /// The names of all roles in production.
    pub async fn roles(&self) -> Result<HashSet<String>, Cause> {
        let rows = self
            .master
            .query("select rolname::text from pg_roles", &[])
            .await
            .or_cause(ErrorKind::ApplyFailed, || "list the roles of production")?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }

    /// Who may use which of these schemas besides the login role: owners of what was held back.
    pub(super) async fn early_users(&self, schemas: &[&str]) -> Result<EarlyUsers, Cause> {
        let mut early = EarlyUsers::new();
        for (held, grant) in privileges::read(&self.master, schemas).await? {
            if held.class == "schema" && held.grantee.as_ref() != Some(&grant.owner) {
                early.entry(grant.schema).or_default().insert(held.grantee);
            }
        }
        Ok(early)
    }

    /// Makes the changes, each as its actor.
    async fn make(&mut self, changes: Vec<Change>) -> Result<(), Cause> {
        let mut by_actor: BTreeMap<String, Vec<Change>> = BTreeMap::new();
        for change in changes {
            by_actor
                .entry(change.actor.clone())
                .or_default()
                .push(change);
        }
        if let Some(own) = by_actor.remove(&self.me) {
            let statements: Vec<Statement> = own.iter().map(statement).collect();
            apply(&mut self.master, &statements).await?;
        }
        // As a member of the login role, which owns the schemas and must not lose its USAGE.
        if let Some(stand_in) = by_actor.remove(&self.job.loader.role) {
            let statements: Vec<Statement> = stand_in.iter().map(statement).collect();
            apply(&mut self.hands, &statements).await?;
        }
        if by_actor.is_empty() {
            return Ok(());
        }
        let actors: Vec<String> = by_actor.keys().cloned().collect();
        let early = self.early_users(&restored_names(&self.job)).await?;
        handover_role::seat(&self.master, &self.job, &actors).await?;
        for (actor, changes) in &by_actor {
            for batch in changes.chunks(BATCH) {
                let statements = acting_as(actor, batch, &early);
                apply_together(&mut self.hands, &statements)
                    .await
                    .map_err(|refused| refused.cause(&statements))?;
            }
        }
        handover_role::unseat(&self.master, &self.job).await
    }
}

/// Privileges on the schemas themselves are not among them: they come with the schemas, at the very end.
fn inside(mut privileges: Privileges) -> Privileges {
    privileges.retain(|privilege, _| privilege.class != "schema");
    privileges
}

fn statement(change: &Change) -> Statement {
    Statement {
        sql: change.sql.clone(),
        name: change.sql.clone(),
    }
}

fn bare(sql: String) -> Statement {
    Statement {
        name: sql.clone(),
        sql,
    }
}

/// An owner must be able to create in the schema at the moment of ALTER … OWNER (PostgreSQL manual), and only then.
fn with_create(owner: &str, objects: &[Owned]) -> Vec<Statement> {
    let role = quote_ident(owner);
    let schemas: HashSet<&str> = objects.iter().map(|owned| owned.schema.as_str()).collect();
    let mut schemas: Vec<String> = schemas.into_iter().map(quote_ident).collect();
    schemas.sort();
    let schemas = schemas.join(", ");
    let mut statements = vec![bare(format!("grant create on schema {schemas} to {role}"))];
    statements.extend(objects.iter().map(|owned| owned.hand_to(owner)));
    statements.push(bare(format!(
        "revoke create on schema {schemas} from {role}"
    )));
    statements
}

/// Statements as another role, which must be able to look up names in the schema, and only for the transaction if it isn't one of
/// the early users.
fn acting_as(actor: &str, changes: &[Change], early: &EarlyUsers) -> Vec<Statement> {
    let role = quote_ident(actor);
    let uses = |schema: &str| {
        let users = early.get(schema);
        users.is_some_and(|users| users.contains(&Some(actor.to_owned())))
    };
    let schemas: BTreeSet<&str> = changes
        .iter()
        .map(|change| change.schema.as_str())
        .filter(|schema| !uses(schema))
        .collect();
    let schemas: Vec<String> = schemas.into_iter().map(quote_ident).collect();
    let schemas = schemas.join(", ");
    let usage = |sql: String| (!schemas.is_empty()).then(|| bare(sql));
    let mut statements = Vec::new();
    statements.extend(usage(format!("grant usage on schema {schemas} to {role}")));
    statements.push(bare(format!("set local role {role}")));
    statements.extend(changes.iter().map(statement));
    statements.push(bare("set local role none".to_owned()));
    statements.extend(usage(format!(
        "revoke usage on schema {schemas} from {role}"
    )));
    statements
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rights_on_the_schema_last_only_as_long_as_the_transaction() {
        let change = Change {
            actor: "A".to_owned(),
            schema: "s".to_owned(),
            sql: "grant x".to_owned(),
        };
        let sql = |early: &EarlyUsers| -> Vec<String> {
            let statements = acting_as("A", std::slice::from_ref(&change), early);
            statements
                .into_iter()
                .map(|statement| statement.sql)
                .collect()
        };
        let early = EarlyUsers::from([("s".to_owned(), BTreeSet::from([Some("A".to_owned())]))]);
        assert_eq!(
            sql(&early),
            ["set local role \"A\"", "grant x", "set local role none"],
            "who may use the schema already, and must"
        );
        assert_eq!(
            sql(&EarlyUsers::new()),
            [
                "grant usage on schema \"s\" to \"A\"",
                "set local role \"A\"",
                "grant x",
                "set local role none",
                "revoke usage on schema \"s\" from \"A\""
            ]
        );
    }
}
