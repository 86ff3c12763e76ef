//! USAGE on the other schemas that the restored ones refer to, so that the loader can look up names there, and on the
//! servers of foreign tables. It is taken back with the role.

use tenant_restore_core::error::{Cause, ErrorKind};
use tenant_restore_core::job::Job;
use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

use crate::context::Context;
use crate::failed::OrCause;
use crate::names::quote_ident;
use crate::production::statements::{Statement, apply_together, run_alone};
use crate::production::{handover_role, outside, restored_names};

/// Grants it where it is missing.
pub async fn grant(context: &Context, master: &Client, temporary: &Client) -> Result<(), Cause> {
    let job = &context.job;
    let edges = outside::edges(temporary, &restored_names(job)).await?;
    let mut schemas: Vec<&str> = edges.iter().map(|edge| edge.outside.as_str()).collect();
    schemas.dedup();
    let originals = with_extensions(job, temporary).await?;
    schemas.extend(originals.iter().map(String::as_str));
    for schema in schemas {
        grant_on(context, master, ("schema", schema)).await?;
    }
    for server in servers(job, temporary).await? {
        grant_on(context, master, ("foreign server", &server)).await?;
    }
    Ok(())
}

/// The servers of the foreign tables in the schemas.
async fn servers(job: &Job, temporary: &Client) -> Result<Vec<String>, Cause> {
    let sql = "select distinct s.srvname::text from pg_foreign_table f \
               join pg_foreign_server s on s.oid = f.ftserver join pg_class c on c.oid = f.ftrelid \
               join pg_namespace n on n.oid = c.relnamespace where n.nspname = any ($1)";
    let rows = temporary
        .query(sql, &[&restored_names(job)])
        .await
        .or_cause(
            ErrorKind::ApplyFailed,
            || "look for the servers of foreign tables",
        )?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// The live schemas with extensions that restored objects use there instead of in their own schema.
async fn with_extensions(job: &Job, temporary: &Client) -> Result<Vec<String>, Cause> {
    let sql = "select distinct n.nspname::text from pg_extension e \
               join pg_namespace n on n.oid = e.extnamespace where n.nspname = any ($1)";
    let rows = temporary
        .query(sql, &[&restored_names(job)])
        .await
        .or_cause(
            ErrorKind::ApplyFailed,
            || "look for extensions in the restored schemas",
        )?;
    let holding: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    let originals = job
        .schemas
        .iter()
        .filter(|name| holding.contains(&name.restored_as));
    Ok(originals.map(|name| name.schema.clone()).collect())
}

/// Where the master may not grant, the owner does: the role that hands over steps into its place for this one statement.
async fn grant_on(context: &Context, master: &Client, thing: (&str, &str)) -> Result<(), Cause> {
    let job = &context.job;
    if owner_of_closed(job, master, thing).await?.is_none() {
        return Ok(());
    }
    let (what, name) = thing;
    tracing::info!(
        what,
        name,
        "the login role gets USAGE for the time of the restore"
    );
    let role = quote_ident(&job.loader.role);
    let grant = format!("grant usage on {what} {} to {role}", quote_ident(name));
    match run_alone(master, &grant).await {
        // A master without any right on the schema is refused, one with some is only warned.
        Err(error) if error.code() == Some(&SqlState::INSUFFICIENT_PRIVILEGE) => {}
        outcome => outcome.or_cause(ErrorKind::ApplyFailed, || doing(thing))?,
    }
    let Some(owner) = owner_of_closed(job, master, thing).await? else {
        return Ok(());
    };
    as_owner(context, master, &owner, grant).await
}

/// Takes back what owners of other schemas granted: the master's DROP OWNED passes it by, and then the role can't go.
pub async fn take_back(context: &Context, master: &Client) -> Result<(), Cause> {
    let job = &context.job;
    let granted = master
        .query(include_str!("usage_granted.sql"), &[&job.loader.role])
        .await
        .or_cause(
            ErrorKind::ApplyFailed,
            || "look for what the login role may use",
        )?;
    if granted.is_empty() {
        return Ok(());
    }
    for row in granted {
        let (what, name, owner): (String, String, String) = (row.get(0), row.get(1), row.get(2));
        let revoke = format!(
            "revoke usage on {what} {} from {}",
            quote_ident(&name),
            quote_ident(&job.loader.role)
        );
        as_owner(context, master, &owner, revoke).await?;
    }
    Ok(())
}

/// Runs the statement as the owner, whose member the role that hands over is for as long as that takes.
async fn as_owner(
    context: &Context,
    master: &Client,
    owner: &str,
    sql: String,
) -> Result<(), Cause> {
    let mut session = handover_role::session(context, master).await?;
    handover_role::seat(master, &context.job, &[owner.to_owned()]).await?;
    let statements = [Statement {
        sql: format!(
            "set local role {}; {sql}; set local role none",
            quote_ident(owner)
        ),
        name: sql,
    }];
    let outcome = apply_together(&mut session, &statements)
        .await
        .map_err(|refused| refused.cause(&statements));
    handover_role::unseat(master, &context.job).await?;
    outcome
}

/// The owner of the schema or server, if it exists and the loader may not use it.
async fn owner_of_closed(
    job: &Job,
    master: &Client,
    thing: (&str, &str),
) -> Result<Option<String>, Cause> {
    let (what, name) = thing;
    let row = master
        .query_opt(
            include_str!("owner_of_closed.sql"),
            &[&what, &name, &job.loader.role],
        )
        .await
        .or_cause(ErrorKind::ApplyFailed, || doing(thing))?;
    Ok(row.map(|row| row.get(0)))
}

fn doing((what, name): (&str, &str)) -> String {
    format!("let the login role use {what} {name:?}")
}
