//! The login role of a restore: without memberships it owns and loads everything, and goes at the end.

use std::time::{Duration, Instant};

use tenant_restore_core::error::{Cause, ErrorKind};
use tenant_restore_core::job::Job;
use tokio_postgres::Client;

use super::statements::run_alone;
use super::{current_role, major_version};
use crate::context::Context;
use crate::failed::OrCause;
use crate::names::{quote_ident, quote_literal};
use crate::secrets::Login;

/// How long a terminated session may take to end.
const END_OF_SESSIONS: Duration = Duration::from_secs(30);

/// Whether the role exists, and whose it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// No role of that name.
    Absent,
    /// Made by this restore.
    Ours,
    /// Somebody else's role of the same name.
    Foreign,
}

/// The comment that says whose the role is. Roles have no other place for it.
fn comment(job: &Job) -> String {
    format!("tenant-restore: login role of restore {}", job.restore_id)
}

/// Whether the loader exists.
pub async fn presence(master: &Client, job: &Job) -> Result<Presence, Cause> {
    let sql = "select coalesce(shobj_description(oid, 'pg_authid') = $2, false) from pg_roles where rolname = $1";
    let found = master
        .query_opt(sql, &[&job.loader.role, &comment(job)])
        .await
        .or_cause(ErrorKind::ApplyFailed, || {
            format!("look for role {}", job.loader.role)
        })?;
    Ok(match found {
        None => Presence::Absent,
        Some(row) if row.get(0) => Presence::Ours,
        Some(_) => Presence::Foreign,
    })
}

/// Creates the role, or gives the one that is ours the password again, and lets the master act for it.
pub async fn ensure(master: &mut Client, job: &Job, login: &Login) -> Result<(), Cause> {
    if login.username != job.loader.role {
        let message = format!(
            "the secret of login role {} holds another user name",
            job.loader.role
        );
        return Err(Cause::new(ErrorKind::Internal, message));
    }
    match presence(master, job).await? {
        Presence::Foreign => {
            let message = format!(
                "role {} exists in production and isn't of this restore",
                job.loader.role
            );
            return Err(Cause::new(ErrorKind::NameCollision, message));
        }
        Presence::Absent => create(master, job, login).await?,
        Presence::Ours => {
            let sql = format!(
                "alter role {} login password {}",
                quote_ident(&job.loader.role),
                verifier(login)
            );
            run(master, &sql, || "set the login role's password").await?;
        }
    }
    let connect = "select has_database_privilege($1::text, current_database(), 'connect'), quote_ident(current_database())";
    let row = master
        .query_one(connect, &[&job.loader.role])
        .await
        .or_cause(
            ErrorKind::ApplyFailed,
            || "look whether the login role may connect",
        )?;
    if !row.get::<_, bool>(0) {
        let database: String = row.get(1);
        let sql = format!(
            "grant connect on database {database} to {}",
            quote_ident(&job.loader.role)
        );
        run(master, &sql, || "let the login role connect").await?;
    }
    seat_master(master, job).await
}

/// The same for a role that an earlier mode created: its absence means that the restore has ended already.
pub async fn resume(master: &mut Client, job: &Job, login: &Login) -> Result<(), Cause> {
    match presence(master, job).await? {
        Presence::Ours => ensure(master, job, login).await,
        Presence::Absent | Presence::Foreign => {
            let message = format!(
                "login role {} of this restore isn't in production",
                job.loader.role
            );
            Err(Cause::new(ErrorKind::ApplyFailed, message))
        }
    }
}

async fn create(master: &mut Client, job: &Job, login: &Login) -> Result<(), Cause> {
    let role = quote_ident(&job.loader.role);
    let doing = || format!("create role {role}");
    let transaction = master
        .transaction()
        .await
        .or_cause(ErrorKind::ApplyFailed, doing)?;
    let sql = format!(
        "create role {role} login noinherit nocreatedb nocreaterole password {}; comment on role {role} is {}",
        verifier(login),
        quote_literal(&comment(job))
    );
    transaction
        .batch_execute(&sql)
        .await
        .or_cause(ErrorKind::ApplyFailed, doing)?;
    transaction
        .commit()
        .await
        .or_cause(ErrorKind::ApplyFailed, doing)
}

/// A session of the role with a new password: at the end its secret may be gone already.
pub async fn fresh_session(context: &Context, master: &Client) -> Result<Client, Cause> {
    let mut random = [0_u8; 24];
    getrandom::fill(&mut random)
        .map_err(|error| Cause::new(ErrorKind::Internal, format!("no random password: {error}")))?;
    let password: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
    let login = Login::new(context.job.loader.role.clone(), password);
    let sql = format!(
        "alter role {} login password {}",
        quote_ident(&context.job.loader.role),
        verifier(&login)
    );
    run(master, &sql, || "set the login role's password").await?;
    context
        .connector
        .connect(&context.job.production, &login, &context.job.database)
        .await
}

/// The password as a SCRAM verifier: the server's log may hold the statement, and must not hold the password.
fn verifier(login: &Login) -> String {
    quote_literal(&postgres_protocol::password::scram_sha_256(
        login.password().as_bytes(),
    ))
}

/// The master is a member of the loader, and the loader of nobody: the master may do what the loader may.
pub async fn seat_master(master: &Client, job: &Job) -> Result<(), Cause> {
    revoke_memberships(master, job).await?;
    let me = current_role(master).await?;
    grant(master, &job.loader.role, &me, "with inherit true, set true").await
}

/// The loader is a member of these roles, and the master not of the loader.
///
/// So the master gains no role of a tenant by way of the loader. A master that became a member of `rds_iam` could no
/// longer log in with its password, and a tenant's role that is a member of the master would close a circle.
pub async fn seat_loader(master: &Client, job: &Job, roles: &[String]) -> Result<(), Cause> {
    let me = current_role(master).await?;
    let sql = format!(
        "revoke {} from {}",
        quote_ident(&job.loader.role),
        quote_ident(&me)
    );
    run(
        master,
        &sql,
        || "end the master's membership of the login role",
    )
    .await?;
    for role in roles {
        grant(
            master,
            role,
            &job.loader.role,
            "with inherit false, set true",
        )
        .await?;
    }
    Ok(())
}

/// Ends every membership of the loader, also those that an interrupted run left behind.
pub async fn revoke_memberships(master: &Client, job: &Job) -> Result<(), Cause> {
    let sql = "select distinct quote_ident(r.rolname) from pg_auth_members m \
               join pg_roles r on r.oid = m.roleid join pg_roles l on l.oid = m.member where l.rolname = $1";
    let doing = || "look for memberships of the login role";
    let rows = master
        .query(sql, &[&job.loader.role])
        .await
        .or_cause(ErrorKind::ApplyFailed, doing)?;
    for row in rows {
        let sql = format!(
            "revoke {} from {}",
            row.get::<_, String>(0),
            quote_ident(&job.loader.role)
        );
        run(master, &sql, || "end a membership of the login role").await?;
    }
    Ok(())
}

/// The options exist since PostgreSQL 16, where a creator's own grant has neither by default.
async fn grant(master: &Client, role: &str, member: &str, options: &str) -> Result<(), Cause> {
    let options = if major_version(master).await? >= 16 {
        options
    } else {
        ""
    };
    let sql = format!(
        "grant {} to {} {options}",
        quote_ident(role),
        quote_ident(member)
    );
    run(master, &sql, || {
        format!("make {member:?} a member of {role:?}")
    })
    .await
}

/// Ends the login role's sessions of a worker that is gone: what it had sent before it was killed may still be at work, and
/// could commit while this worker does the same anew. Only for who has claimed the restore.
pub async fn end_leftovers(master: &Client, job: &Job) -> Result<(), Cause> {
    let application = format!("tenant-restore {}", job.restore_id);
    until_ended(
        master,
        include_str!("end_leftovers.sql"),
        job,
        &application,
        ErrorKind::Busy,
    )
    .await
}

/// Keeps the loader from logging in, and ends its sessions and the other sessions of this restore.
pub async fn end_sessions(master: &Client, job: &Job) -> Result<(), Cause> {
    let sql = format!("alter role {} nologin", quote_ident(&job.loader.role));
    run(master, &sql, || "forbid the login role to log in").await?;
    let application = format!("tenant-restore {}", job.restore_id);
    until_ended(
        master,
        include_str!("end_sessions.sql"),
        job,
        &application,
        ErrorKind::DropFailed,
    )
    .await
}

/// Terminates what the query finds until it finds nothing.
async fn until_ended(
    master: &Client,
    terminate: &str,
    job: &Job,
    application: &str,
    kind: ErrorKind,
) -> Result<(), Cause> {
    let deadline = Instant::now() + END_OF_SESSIONS;
    loop {
        // Terminating again is harmless, and catches a session that was just starting.
        let ended = master
            .query(terminate, &[&job.loader.role, &application])
            .await
            .or_cause(kind, || "end the login role's sessions")?;
        if ended.is_empty() {
            return Ok(());
        }
        if Instant::now() > deadline {
            let message = format!(
                "{} sessions of role {} don't end",
                ended.len(),
                job.loader.role
            );
            return Err(Cause::new(kind, message));
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Drops the role, once it owns nothing any more; what was granted to it goes with it.
pub async fn drop_role(master: &Client, job: &Job, kind: ErrorKind) -> Result<(), Cause> {
    seat_master(master, job).await?;
    let role = quote_ident(&job.loader.role);
    let owned = master
        .query(include_str!("owned.sql"), &[&job.loader.role])
        .await
        .or_cause(kind, || format!("look what role {role} owns"))?;
    if !owned.is_empty() {
        let names: Vec<String> = owned.iter().take(20).map(|row| row.get(0)).collect();
        let message = format!(
            "role {role} still owns {} objects: {}",
            owned.len(),
            names.join(", ")
        );
        return Err(Cause::new(kind, message));
    }
    // It owns nothing, so this only takes back what was granted to it.
    run_alone(master, &format!("drop owned by {role}; drop role {role}"))
        .await
        .or_cause(kind, || format!("drop role {role}"))
}

async fn run<D: Into<String>>(
    master: &Client,
    sql: &str,
    doing: impl FnOnce() -> D,
) -> Result<(), Cause> {
    run_alone(master, sql)
        .await
        .or_cause(ErrorKind::ApplyFailed, doing)
}
