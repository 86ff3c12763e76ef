//! Policies, row level security, comments and default privileges: entries of the archive, and the check that tables
//! are as protected as they were.

use std::collections::BTreeSet;

use tenant_restore_core::error::{Cause, ErrorKind};
use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

use super::handover::Handover;
use super::policies::{self, PolicyName};
use crate::archive::{Archive, Entry};
use crate::connection::describe;
use crate::context::Context;
use crate::failed::OrCause;
use crate::names::{qualified, quote_ident};
use crate::production::entries::{self, Part};
use crate::production::statements::{Statement, apply, apply_together};
use crate::production::{handover_role, restored_names};

/// Policies and row level security, then comments, as the login role, who owns everything by now.
///
/// A policy for a role that is gone is left out, which gives nobody more rows as long as row level security is on,
/// unless the policy is restrictive: then nothing is opened.
/// A comment on something that was left out, and reported, is left out too.
///
/// The ledger isn't asked: until here a tenant's function could note there what it wanted to be passed by. All of this may be
/// repeated instead.
pub async fn protect(context: &mut Context, archive: &Archive) -> Result<(), Cause> {
    let mut session = context.loader().await?;
    take_away_policies(context, &mut session).await?;
    let (comments, protection): (Vec<&Entry>, Vec<&Entry>) =
        entries::of(archive, Part::Opening).partition(|entry| entry.desc == "COMMENT");
    for entry in protection {
        let restricts = entry.sql.contains(" AS RESTRICTIVE ");
        let tolerated: &[SqlState] = if entry.desc == "POLICY" && !restricts {
            &[SqlState::UNDEFINED_OBJECT]
        } else {
            &[]
        };
        replay(context, &mut session, entry, ("PolicyLeftOut", tolerated)).await?;
    }
    for entry in comments {
        let tolerated = [
            SqlState::UNDEFINED_OBJECT,
            SqlState::UNDEFINED_TABLE,
            SqlState::UNDEFINED_COLUMN,
            SqlState::UNDEFINED_FUNCTION,
            SqlState::INSUFFICIENT_PRIVILEGE,
        ];
        replay(context, &mut session, entry, ("CommentLeftOut", &tolerated)).await?;
    }
    Ok(())
}

/// Policies that are to be made and are there: an interrupted run made them, or a tenant's function, with other words.
async fn take_away_policies(context: &Context, session: &mut Client) -> Result<(), Cause> {
    let schemas = restored_names(&context.job);
    let wanted = policies::read(&context.temporary().await?, &schemas).await?;
    let present = policies::read(session, &schemas).await?;
    let drop = |name: &PolicyName| Statement {
        sql: format!("drop policy {}", name.on_table()),
        name: format!("taking away policy {}", name.on_table()),
    };
    let known = present.keys().filter(|name| wanted.contains_key(*name));
    let statements: Vec<Statement> = known.map(drop).collect();
    apply(session, &statements).await
}

/// Runs an entry as the login role; a refusal that is tolerated is reported.
async fn replay(
    context: &mut Context,
    session: &mut Client,
    entry: &Entry,
    (code, tolerated): (&str, &[SqlState]),
) -> Result<(), Cause> {
    let statements = [entries::statement(entry)];
    let Err(refused) = apply_together(session, &statements).await else {
        return Ok(());
    };
    let is_tolerated = |code: &SqlState| tolerated.contains(code);
    if !refused.error.code().is_some_and(is_tolerated) {
        return Err(refused.cause(&statements));
    }
    context.remark(code, entries::title(entry), describe(&refused.error));
    Ok(())
}

impl Handover {
    /// `ALTER DEFAULT PRIVILEGES`, each as the role that it is for. May be repeated, so the ledger isn't needed.
    pub async fn default_privileges(&mut self, archive: &Archive) -> Result<(), Cause> {
        let roles = self.roles().await?;
        for entry in entries::of(archive, Part::DefaultPrivileges) {
            if !roles.contains(&entry.owner) {
                self.remark(
                    "RoleMissing",
                    quote_ident(&entry.owner),
                    "its default privileges are left out",
                );
                continue;
            }
            self.default_privilege(entry).await?;
        }
        Ok(())
    }

    async fn default_privilege(&mut self, entry: &Entry) -> Result<(), Cause> {
        let mut statement = entries::statement(entry);
        if entry.owner == self.me {
            return apply(&mut self.master, &[statement]).await;
        }
        let owner = std::slice::from_ref(&entry.owner);
        handover_role::seat(&self.master, &self.job, owner).await?;
        statement.sql = format!(
            "set local role {};\n{}\nset local role none",
            quote_ident(&entry.owner),
            statement.sql
        );
        let outcome = apply_together(&mut self.hands, std::slice::from_ref(&statement)).await;
        handover_role::unseat(&self.master, &self.job).await?;
        let Err(refused) = outcome else { return Ok(()) };
        if refused.error.code() != Some(&SqlState::UNDEFINED_OBJECT) {
            return Err(refused.cause(&[statement]));
        }
        let why = describe(&refused.error);
        self.remark("DefaultPrivilegeLeftOut", entries::title(entry), why);
        Ok(())
    }

    /// Fails when row level security isn't on, or not forced, just where it was in these schemas: they must not be opened then.
    pub async fn check_protection(&self, archive: &Archive, schemas: &[&str]) -> Result<(), Cause> {
        let sql = "select n.nspname::text, c.relname::text, c.relrowsecurity, c.relforcerowsecurity \
                   from pg_class c join pg_namespace n on n.oid = c.relnamespace \
                   where n.nspname = any ($1) and c.relkind in ('r', 'p')";
        let rows = self
            .master
            .query(sql, &[&schemas])
            .await
            .or_cause(ErrorKind::ApplyFailed, || "look which tables are protected")?;
        let with = |flag: usize| -> BTreeSet<String> {
            rows.iter()
                .filter(|row| row.get(flag))
                .map(|row| qualified(row.get(0), row.get(1)))
                .collect()
        };
        let (enabled, forced) = expected_protection(archive, schemas);
        let (is_enabled, is_forced) = (with(2), with(3));
        let mut otherwise = enabled
            .symmetric_difference(&is_enabled)
            .chain(forced.symmetric_difference(&is_forced));
        match otherwise.next() {
            None => Ok(()),
            Some(table) => {
                let message = format!(
                    "row level security of table {table} isn't as it was, so nothing is opened"
                );
                Err(Cause::new(ErrorKind::ApplyFailed, message))
            }
        }
    }
}

/// The tables with row level security, and those that force it on their owners, as the archive has them: in the
/// temporary database both were switched off to read every row.
fn expected_protection(
    archive: &Archive,
    schemas: &[&str],
) -> (BTreeSet<String>, BTreeSet<String>) {
    let schema = |entry: &Entry| entry.namespace.clone().unwrap_or_default();
    let title = |entry: &Entry| qualified(&schema(entry), &entry.tag);
    let entries: Vec<&Entry> = archive
        .entries
        .iter()
        .filter(|entry| schemas.contains(&schema(entry).as_str()))
        .collect();
    let enabled = entries.iter().filter(|entry| entry.desc == "ROW SECURITY");
    // pg_dump writes FORCE into the table's own entry, on a line of its own.
    let is_forced = |entry: &&&Entry| {
        let mut lines = entry.sql.lines();
        entry.desc == "TABLE"
            && lines.any(|line| {
                line.starts_with("ALTER TABLE ") && line.ends_with(" FORCE ROW LEVEL SECURITY;")
            })
    };
    let forced = entries.iter().filter(is_forced);
    (
        enabled.map(|entry| title(entry)).collect(),
        forced.map(|entry| title(entry)).collect(),
    )
}
