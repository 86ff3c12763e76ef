//! The login role of a restore: a member of no role, it owns and loads everything, and goes at the end.
//!
//! A tenant's expressions run with its rights, so it counts as the tenant's: [`seal`] takes back whatever they may have
//! arranged in its name, and the role that hands over (`handover_role`) never runs any.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use tenant_restore_core::error::{Cause, ErrorKind};
use tenant_restore_core::job::Job;
use tokio_postgres::Client;
use tokio_postgres::types::ToSql;

use super::role::{self, run};
use super::statements::run_alone;
use super::{counting_role, current_role, handover_role, major_version, read_by_live};
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

/// The comment that says whose the role is.
fn comment(job: &Job) -> String {
    format!("tenant-restore: login role of restore {}", job.restore_id)
}

/// Whether the loader exists.
pub async fn presence(master: &Client, job: &Job) -> Result<Presence, Cause> {
    let said = role::comment(master, &job.loader.role, ErrorKind::ApplyFailed).await?;
    Ok(match said {
        None => Presence::Absent,
        Some(said) if said == comment(job) => Presence::Ours,
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
        Presence::Foreign => return Err(role::foreign(&job.loader.role)),
        Presence::Absent => create(master, job, login).await?,
        Presence::Ours => set_password(master, job, login).await?,
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

/// Lets the role log in with its password, whatever a tenant's function made of that.
pub(crate) async fn set_password(master: &Client, job: &Job, login: &Login) -> Result<(), Cause> {
    let sql = format!(
        "alter role {} login password {}",
        quote_ident(&job.loader.role),
        verifier(login)
    );
    run(master, &sql, || "set the login role's password").await
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

/// The same, and from here on nobody else acts as the login role: see [`seal`]. Not for a mode beside which DMS loads.
pub async fn resume_alone(master: &mut Client, job: &Job, login: &Login) -> Result<(), Cause> {
    if presence(master, job).await? == Presence::Ours {
        seat_master(master, job).await?;
        seal(master, job).await?;
    }
    resume(master, job, login).await
}

/// Takes back what a tenant's function may have arranged while it ran as the login role: another password and sessions with
/// it, settings, members, and rights on the schemas. The role can't log in afterwards, until it gets its password again.
///
/// Sessions of the role that hands over end too: one that a killed worker left behind is a member of the login role, and what it
/// was doing would go on.
pub async fn seal(master: &Client, job: &Job) -> Result<(), Cause> {
    let role = quote_ident(&job.loader.role);
    let reset = format!(
        "alter role {role} nologin; alter role {role} reset all; alter role {role} in database {} reset all",
        quote_ident(&job.database)
    );
    run(master, &reset, || "forbid the login role to log in").await?;
    end_sessions_of(master, &of_restore(job), None).await?;
    handover_role::unseat(master, job).await?;
    let me = current_role(master).await?;
    for member in members(master, job).await? {
        if member != me && member != handover_role::name(job) {
            let sql = format!("revoke {role} from {}", quote_ident(&member));
            run(master, &sql, || "end a membership in the login role").await?;
        }
    }
    close_schemas(master, job).await
}

/// Nobody but the login role may use the schemas before they are opened, and owners of tables that
/// [live traffic reads](read_by_live) who have these already.
async fn close_schemas(master: &Client, job: &Job) -> Result<(), Cause> {
    let doing = || "close the restored schemas";
    let restored = super::restored_names(job);
    let early: BTreeSet<(String, String)> = read_by_live::list(master, &restored)
        .await?
        .into_iter()
        .filter(|table| table.owner != job.loader.role)
        .map(|table| (table.schema, table.owner))
        .collect();
    let granted = master
        .query(
            include_str!("opened_early.sql"),
            &[&restored, &job.loader.role],
        )
        .await
        .or_cause(ErrorKind::ApplyFailed, doing)?;
    for row in &granted {
        let (schema, grantee): (String, Option<String>) = (row.get(0), row.get(1));
        let (in_schema, from) = (quote_ident(&schema), grantee.as_deref().map(quote_ident));
        let from = from.unwrap_or_else(|| "public".to_owned());
        let is_early = grantee.is_some_and(|grantee| early.contains(&(schema, grantee)));
        let what = if is_early { "create" } else { "all" };
        let sql = format!("revoke {what} on schema {in_schema} from {from} cascade");
        run(master, &sql, doing).await?;
    }
    Ok(())
}

async fn members(master: &Client, job: &Job) -> Result<Vec<String>, Cause> {
    let sql = "select distinct member.rolname::text from pg_auth_members m \
               join pg_roles l on l.oid = m.roleid join pg_roles member on member.oid = m.member where l.rolname = $1";
    let rows = master.query(sql, &[&job.loader.role]).await.or_cause(
        ErrorKind::ApplyFailed,
        || "look for members of the login role",
    )?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
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

/// The password as a SCRAM verifier: the server's log may hold the statement, and must not hold the password.
pub(crate) fn verifier(login: &Login) -> String {
    quote_literal(&postgres_protocol::password::scram_sha_256(
        login.password().as_bytes(),
    ))
}

/// The master is a member of the loader, and the loader of nobody: the master may do what the loader may. What the loader
/// owns is altered and dropped that way; a query on it would run a tenant's code as the master.
pub async fn seat_master(master: &Client, job: &Job) -> Result<(), Cause> {
    revoke_memberships(master, job).await?;
    let me = current_role(master).await?;
    grant(master, &job.loader.role, &me, "with inherit true, set true").await
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
pub(crate) async fn grant(
    master: &Client,
    role: &str,
    member: &str,
    options: &str,
) -> Result<(), Cause> {
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

/// Ends the sessions of a worker that is gone, of both roles: what it had sent before it was killed may still be at work, and
/// could commit while this worker does the same anew. Only for who has claimed the restore.
pub async fn end_leftovers(master: &Client, job: &Job) -> Result<(), Cause> {
    let application = format!("tenant-restore {}", job.restore_id);
    let sql = include_str!("end_leftovers.sql");
    let whose: [&(dyn ToSql + Sync); 2] = [&of_restore(job), &application];
    until_ended(master, sql, &whose, ErrorKind::Busy).await
}

/// The roles that act in production for this restore, but for a moment's `counting_role`.
fn of_restore(job: &Job) -> Vec<String> {
    vec![job.loader.role.clone(), handover_role::name(job)]
}

/// Keeps the roles of this restore from logging in, and ends their sessions and the master's other sessions of it.
pub async fn end_sessions(master: &Client, job: &Job) -> Result<(), Cause> {
    seal(master, job).await?;
    let application = format!("tenant-restore {}", job.restore_id);
    end_sessions_of(master, &of_restore(job), Some(&application)).await
}

/// Ends the sessions of these roles, and the master's own ones of this application.
async fn end_sessions_of(
    master: &Client,
    roles: &[String],
    application: Option<&str>,
) -> Result<(), Cause> {
    let sql = include_str!("end_sessions.sql");
    until_ended(master, sql, &[&roles, &application], ErrorKind::DropFailed).await
}

/// Terminates what the query finds until it finds nothing.
async fn until_ended(
    master: &Client,
    terminate: &str,
    whose: &[&(dyn ToSql + Sync)],
    kind: ErrorKind,
) -> Result<(), Cause> {
    let deadline = Instant::now() + END_OF_SESSIONS;
    loop {
        // Terminating again is harmless, and catches a session that was just starting.
        let ended = master
            .query(terminate, whose)
            .await
            .or_cause(kind, || "end the login role's sessions")?;
        if ended.is_empty() {
            return Ok(());
        }
        if Instant::now() > deadline {
            let message = format!("{} sessions of this restore don't end", ended.len());
            return Err(Cause::new(kind, message));
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// What the role owns outside of the restored schemas, in this database or any other: nothing of ours, so a tenant's function
/// made it.
pub async fn owned_outside(master: &Client, job: &Job) -> Result<Vec<String>, Cause> {
    let sql = concat!(
        include_str!("located.sql"),
        include_str!("owned_outside.sql")
    );
    let rows = master
        .query(sql, &[&job.loader.role, &super::restored_names(job)])
        .await
        .or_cause(ErrorKind::ApplyFailed, || {
            format!("look what role {} owns", job.loader.role)
        })?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// Drops what [`owned_outside`] finds in this database, unless something else depends on it.
pub async fn drop_owned_outside(master: &Client, job: &Job) -> Result<(), Cause> {
    let sql = format!("drop owned by {} restrict", quote_ident(&job.loader.role));
    run_alone(master, &sql)
        .await
        .or_cause(ErrorKind::DropFailed, || {
            format!("drop what role {} owns", job.loader.role)
        })
}

/// Drops the role, once it owns nothing any more; what was granted to it goes with it.
pub async fn drop_role(master: &Client, job: &Job, kind: ErrorKind) -> Result<(), Cause> {
    handover_role::drop(master, job, kind).await?;
    counting_role::drop(master, job, kind).await?;
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
