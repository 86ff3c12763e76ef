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
use super::role::{self, run};
use super::statements::run_alone;
use crate::context::Context;
use crate::failed::OrCause as _;
use crate::names::{quote_ident, quote_literal};
use crate::secrets::Login;

/// A longer count would hold back vacuum of live tables.
const READ_ONLY: &str = "begin read only; set local statement_timeout = '60s'";

fn name(job: &Job) -> String {
    format!("{}-c", job.loader.role)
}

fn comment(job: &Job) -> String {
    format!("tenant-restore: counts for restore {}", job.restore_id)
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

/// The only value of the query, once the master has let the role read. `None` when it may not, or can't, or not in a minute:
/// without the number the report says less, and nothing else is lost.
pub async fn count(
    context: &Context,
    master: &Client,
    reads: &[Read],
    sql: &str,
) -> Result<Option<i64>, Cause> {
    let job = &context.job;
    drop(master, job, ErrorKind::ApplyFailed).await?;
    let counted = as_the_role(context, master, reads, sql).await;
    drop(master, job, ErrorKind::ApplyFailed).await?;
    if let Err(cause) = &counted {
        tracing::warn!(%cause, "rows without a parent aren't counted");
    }
    Ok(counted.ok().flatten())
}

async fn as_the_role(
    context: &Context,
    master: &Client,
    reads: &[Read],
    sql: &str,
) -> Result<Option<i64>, Cause> {
    let job = &context.job;
    let (role, login) = (quote_ident(&name(job)), Login::drawn(name(job))?);
    let create = format!(
        "create role {role} login noinherit password {}; comment on role {role} is {}",
        verifier(&login),
        quote_literal(&comment(job))
    );
    run(master, &create, || "create the role that counts").await?;
    if !may_read(master, &role, reads).await? {
        return Ok(None);
    }
    let session = context
        .connector
        .connect(&job.production, &login, &job.database)
        .await?;
    let doing = || "count rows without a parent";
    session
        .batch_execute(READ_ONLY)
        .await
        .or_cause(ErrorKind::ApplyFailed, doing)?;
    let row = session
        .query_one(sql, &[])
        .await
        .or_cause(ErrorKind::ApplyFailed, doing)?;
    Ok(Some(row.get(0)))
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

/// Drops it with what was granted to it; nothing if it isn't there. Another's role of its name is a `NameCollision`.
pub async fn drop(master: &Client, job: &Job, kind: ErrorKind) -> Result<(), Cause> {
    match role::comment(master, &name(job), kind).await? {
        None => return Ok(()),
        Some(said) if said == comment(job) => {}
        Some(_) => return Err(role::foreign(&name(job))),
    }
    // What is granted to a role goes with DROP OWNED, which takes its rights. It is a member of nobody.
    let me = current_role(master).await?;
    grant(master, &name(job), &me, "with inherit true, set true").await?;
    let role = quote_ident(&name(job));
    run_alone(master, &format!("drop owned by {role}; drop role {role}"))
        .await
        .or_cause(kind, || format!("drop role {role}"))
}
