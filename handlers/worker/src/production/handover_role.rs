//! The role that hands over: the only one that becomes a member of tenants' roles, for as long as a step takes.
//!
//! To give an object to another owner one must own it and be a member of the new owner (PostgreSQL manual, ALTER TABLE). The
//! login role owns the objects, but a tenant's functions have run with its rights; as a member of other owners it would give
//! them theirs: an object that it hands to a role runs with that role's rights. So this role, a member of the login role,
//! steps in. It runs no query on anything that is restored, only DDL, which evaluates none of a tenant's expressions.
//!
//! The master isn't a member of it meanwhile: one that became, even indirectly, a member of `rds_iam` could no longer log in
//! with its password, and a tenant's role that is a member of the master would close a circle.

use tenant_restore_core::error::{Cause, ErrorKind};
use tenant_restore_core::job::Job;
use tokio_postgres::Client;

use super::loader::{grant, verifier};
use super::role::{self, run};
use super::statements::run_alone;
use crate::context::Context;
use crate::failed::OrCause as _;
use crate::names::{quote_ident, quote_literal};
use crate::secrets::Login;

/// Its name, after the login role's.
pub fn name(job: &Job) -> String {
    format!("{}-h", job.loader.role)
}

/// What its comment says from its creation on, and once only the schemas and what is held back are left to hand over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// It doesn't exist.
    Absent,
    /// It exists.
    Made,
    /// Everything in the schemas has its protection, and its owner but for what is held back to the end.
    Opening,
}

fn comment(job: &Job, stage: Stage) -> String {
    let of = &job.restore_id;
    match stage {
        Stage::Opening => format!("tenant-restore: hands over for restore {of}, opening"),
        Stage::Absent | Stage::Made => format!("tenant-restore: hands over for restore {of}"),
    }
}

/// How far it is. A role of that name that isn't of this restore is a `NameCollision`.
///
/// Only the master may comment on it, so that a tenant's function can't pretend that the protection is there.
pub async fn stage(master: &Client, job: &Job) -> Result<Stage, Cause> {
    let Some(said) = role::comment(master, &name(job), ErrorKind::ApplyFailed).await? else {
        return Ok(Stage::Absent);
    };
    [Stage::Made, Stage::Opening]
        .into_iter()
        .find(|stage| said == comment(job, *stage))
        .ok_or_else(|| role::foreign(&name(job)))
}

/// Notes that only the schemas themselves are left to hand over.
pub async fn note_opening(master: &Client, job: &Job) -> Result<(), Cause> {
    let sql = format!(
        "comment on role {} is {}",
        quote_ident(&name(job)),
        quote_literal(&comment(job, Stage::Opening))
    );
    run(master, &sql, || "note that the schemas are being opened").await
}

/// A session of it, which nobody else can have: its password is drawn here and it can't log in again afterwards.
pub async fn session(context: &Context, master: &Client) -> Result<Client, Cause> {
    let job = &context.job;
    let role = quote_ident(&name(job));
    if stage(master, job).await? == Stage::Absent {
        // Up to 15 a role inherits from all whose member it is, or from none.
        let sql = format!(
            "create role {role} nologin inherit nocreatedb nocreaterole; comment on role {role} is {}",
            quote_literal(&comment(job, Stage::Made))
        );
        run(master, &sql, || "create the role that hands over").await?;
    }
    unseat(master, job).await?;
    grant(
        master,
        &job.loader.role,
        &name(job),
        "with inherit true, set true",
    )
    .await?;
    let login = Login::drawn(name(job))?;
    let sql = format!("alter role {role} login password {}", verifier(&login));
    run(master, &sql, || "let the role that hands over log in").await?;
    let session = context
        .connector
        .connect(&job.production, &login, &job.database)
        .await;
    let sql = format!("alter role {role} nologin password null");
    run(
        master,
        &sql,
        || "keep the role that hands over from logging in again",
    )
    .await?;
    session
}

/// Makes it a member of these roles.
pub async fn seat(master: &Client, job: &Job, roles: &[String]) -> Result<(), Cause> {
    for role in roles {
        grant(master, role, &name(job), "with inherit false, set true").await?;
    }
    Ok(())
}

/// Ends its memberships but that in the login role, also those that an interrupted run left behind.
pub async fn unseat(master: &Client, job: &Job) -> Result<(), Cause> {
    let sql = "select distinct r.rolname::text from pg_auth_members m \
               join pg_roles r on r.oid = m.roleid join pg_roles h on h.oid = m.member \
               where h.rolname = $1 and r.rolname <> $2";
    let joined = master
        .query(sql, &[&name(job), &job.loader.role])
        .await
        .or_cause(
            ErrorKind::ApplyFailed,
            || "look for memberships of the role that hands over",
        )?;
    for row in joined {
        let sql = format!(
            "revoke {} from {}",
            quote_ident(row.get(0)),
            quote_ident(&name(job))
        );
        run(
            master,
            &sql,
            || "end a membership of the role that hands over",
        )
        .await?;
    }
    Ok(())
}

/// Lets it change the owners of schemas, which takes CREATE on the database (PostgreSQL manual, ALTER SCHEMA).
pub async fn let_change_schema_owners(master: &Client, job: &Job) -> Result<(), Cause> {
    let sql = format!(
        "grant create on database {} to {}",
        quote_ident(&job.database),
        quote_ident(&name(job))
    );
    run(
        master,
        &sql,
        || "let a role change the owners of the schemas",
    )
    .await
}

/// Drops it; nothing if it isn't there. It owns nothing.
pub async fn drop(master: &Client, job: &Job, kind: ErrorKind) -> Result<(), Cause> {
    if stage(master, job).await? == Stage::Absent {
        return Ok(());
    }
    unseat(master, job).await?;
    let role = quote_ident(&name(job));
    let sql = format!(
        "revoke create on database {} from {role}; drop role {role}",
        quote_ident(&job.database)
    );
    run_alone(master, &sql)
        .await
        .or_cause(kind, || format!("drop role {role}"))
}
