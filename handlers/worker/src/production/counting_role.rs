//! A role that counts rows without a parent in a live table, and may do nothing else.
//!
//! The login role may not read the live table, and the master must not: to plan a query, PostgreSQL evaluates the expressions
//! of the tables' indexes, and a cast of the tenant's may be called, as whoever asks. This role may read the columns of the
//! key, in one transaction that can't write.

use tenant_restore_core::error::{Cause, ErrorKind};
use tenant_restore_core::job::Job;
use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

use super::current_role;
use super::loader::{grant, verifier};
use super::statements::run_alone;
use crate::context::Context;
use crate::failed::OrCause as _;
use crate::names::quote_ident;
use crate::secrets::Login;

/// A longer count would hold back vacuum of live tables.
const READ_ONLY: &str = "begin read only; set local statement_timeout = '60s'";

fn name(job: &Job) -> String {
    format!("{}-c", job.loader.role)
}

/// Columns of a table that are read, both quoted.
pub struct Read {
    /// The schema.
    pub schema: String,
    /// The table, with its schema.
    pub table: String,
    /// The columns, with commas.
    pub columns: String,
}

/// The only value of the query, once the master has let the role read. `None` when it may not, or in a minute can't.
pub async fn count(
    context: &Context,
    master: &Client,
    reads: &[Read],
    sql: &str,
) -> Result<Option<i64>, Cause> {
    let job = &context.job;
    drop(master, job, ErrorKind::ApplyFailed).await?;
    let (role, login) = (quote_ident(&name(job)), Login::drawn(name(job))?);
    let create = format!(
        "create role {role} login noinherit password {}",
        verifier(&login)
    );
    run_alone(master, &create)
        .await
        .or_cause(ErrorKind::ApplyFailed, || "create the role that counts")?;
    let mut counted = Ok(None);
    if may_read(master, &role, reads).await? {
        let session = context
            .connector
            .connect(&job.production, &login, &job.database)
            .await?;
        counted = match session.batch_execute(READ_ONLY).await {
            Ok(()) => session
                .query_one(sql, &[])
                .await
                .map(|row| Some(row.get(0))),
            Err(error) => Err(error),
        };
    }
    drop(master, job, ErrorKind::ApplyFailed).await?;
    let unable = [SqlState::INSUFFICIENT_PRIVILEGE, SqlState::QUERY_CANCELED];
    match counted {
        Err(error) if error.code().is_some_and(|code| unable.contains(code)) => Ok(None),
        outcome => outcome.or_cause(ErrorKind::ApplyFailed, || "count rows without a parent"),
    }
}

/// Whether the master may let the role read.
async fn may_read(master: &Client, role: &str, reads: &[Read]) -> Result<bool, Cause> {
    for read in reads {
        let sql = format!(
            "grant usage on schema {} to {role}; grant select ({}) on table {} to {role}",
            read.schema, read.columns, read.table
        );
        match run_alone(master, &sql).await {
            Err(error) if error.code() == Some(&SqlState::INSUFFICIENT_PRIVILEGE) => {
                return Ok(false);
            }
            outcome => outcome.or_cause(ErrorKind::ApplyFailed, || {
                format!("let the role that counts read {}", read.table)
            })?,
        }
    }
    Ok(true)
}

/// Drops it with what was granted to it; nothing if it isn't there. Its name is the login role's, so it is of this restore.
pub async fn drop(master: &Client, job: &Job, kind: ErrorKind) -> Result<(), Cause> {
    let there = master
        .query_opt("select from pg_roles where rolname = $1", &[&name(job)])
        .await
        .or_cause(kind, || "look for the role that counts")?;
    if there.is_none() {
        return Ok(());
    }
    // What is granted to a role goes with DROP OWNED, which takes its rights. It is a member of nobody.
    let me = current_role(master).await?;
    grant(master, &name(job), &me, "with inherit true, set true").await?;
    let role = quote_ident(&name(job));
    run_alone(master, &format!("drop owned by {role}; drop role {role}"))
        .await
        .or_cause(kind, || format!("drop role {role}"))
}
