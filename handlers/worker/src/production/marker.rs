//! The marker table: made in the transaction that creates a restored schema, it proves later what is ours.

use tenant_restore_core::error::{Cause, ErrorKind};
use tenant_restore_core::job::Job;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, GenericClient};

use super::{LOCK_TIMEOUT, Patience};
use crate::failed::{Failed, OrCause};
use crate::names::{MAX_NAME_BYTES, qualified, quote_ident, quote_literal};

/// Name of the marker's table in each restored schema.
pub const TABLE: &str = "tenant_restore_marker";

/// What a schema in production is to this restore.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// No schema of this name exists.
    Absent,
    /// This restore made it and hasn't handed it over.
    Ours,
    /// It exists without a marker of this restore: hands off, unless `open` has already ended.
    Unmarked,
}

/// What the schema is to this restore.
///
/// Only catalogs are read. A query on the marker would be planned first, and an index on it, which a tenant's function may
/// have made while it ran as the login role, has PostgreSQL evaluate its expressions then, as whoever asks.
pub async fn standing(
    client: &impl GenericClient,
    job: &Job,
    schema: &str,
) -> Result<Standing, tokio_postgres::Error> {
    let found = client
        .query_opt(
            include_str!("standing.sql"),
            &[&schema, &TABLE, &job.loader.role, &job.restore_id],
        )
        .await?;
    Ok(match found.map(|row| row.get::<_, bool>("marked")) {
        None => Standing::Absent,
        Some(true) => Standing::Ours,
        Some(false) => Standing::Unmarked,
    })
}

/// The same for every schema of the job, in its order.
pub async fn standings<'a>(
    client: &Client,
    job: &'a Job,
) -> Result<Vec<(&'a str, Standing)>, Cause> {
    let mut all = Vec::new();
    for schema in super::restored_names(job) {
        let doing = || format!("look for the marker of schema {}", quote_ident(schema));
        let standing = standing(client, job, schema)
            .await
            .or_cause(ErrorKind::ApplyFailed, doing)?;
        all.push((schema, standing));
    }
    Ok(all)
}

/// Fails with one `TargetNameTaken` per schema that exists and isn't ours, before anything is created.
pub async fn check_free(master: &Client, job: &Job) -> Result<(), Failed> {
    let standings = standings(master, job).await?;
    let taken = standings
        .iter()
        .filter(|(_, standing)| *standing == Standing::Unmarked)
        .map(|(schema, _)| taken(schema));
    Failed::from_causes(taken.collect())
}

/// Creates the schema, owned by the loader, with its marker; a schema that is ours already is left as it is.
///
/// Fails with `TargetNameTaken` when a schema of that name exists and isn't ours.
pub async fn ensure_schema(master: &mut Client, job: &Job, schema: &str) -> Result<(), Cause> {
    if schema.len() > MAX_NAME_BYTES {
        let message = format!(
            "schema name {schema:?} has {} bytes, PostgreSQL keeps {MAX_NAME_BYTES}",
            schema.len()
        );
        return Err(Cause::new(ErrorKind::InvalidRequest, message).at("suffix"));
    }
    let mut patience = Patience::default();
    loop {
        match try_ensure(master, job, schema).await {
            Err(error) if patience.bears(&error).await => {}
            Err(error) if error.code() == Some(&SqlState::DUPLICATE_SCHEMA) => {
                return Err(taken(schema));
            }
            Ok(Standing::Unmarked) => return Err(taken(schema)),
            outcome => {
                let doing = || format!("create schema {}", quote_ident(schema));
                return outcome.map(drop).or_cause(ErrorKind::ApplyFailed, doing);
            }
        }
    }
}

fn taken(schema: &str) -> Cause {
    let message = format!(
        "schema {} exists in production and isn't of this restore",
        quote_ident(schema)
    );
    Cause::new(ErrorKind::TargetNameTaken, message)
}

async fn try_ensure(
    master: &mut Client,
    job: &Job,
    schema: &str,
) -> Result<Standing, tokio_postgres::Error> {
    let transaction = master.transaction().await?;
    transaction.batch_execute(LOCK_TIMEOUT).await?;
    let before = standing(&transaction, job, schema).await?;
    if before != Standing::Absent {
        return Ok(before);
    }
    let (quoted, loader) = (quote_ident(schema), quote_ident(&job.loader.role));
    transaction
        .batch_execute(&format!("create schema {quoted} authorization {loader}"))
        .await?;
    transaction
        .batch_execute(&format!("set local role {loader}"))
        .await?;
    transaction
        .batch_execute(&include_str!("marker.sql").replace("{schema}", &quoted))
        .await?;
    // Finds the schema by its exact name: a name that was cut, or fell upon another schema, has no marker then.
    let sql = "select pg_catalog.format('restore %s, schema %s', $1::text, oid) \
               from pg_catalog.pg_namespace where nspname = $2 and nspowner = $3::text::pg_catalog.regrole";
    let proof: String = transaction
        .query_one(sql, &[&job.restore_id, &schema, &loader])
        .await?
        .get(0);
    let comment = format!(
        "comment on table {} is {}",
        qualified(schema, TABLE),
        quote_literal(&proof)
    );
    transaction.batch_execute(&comment).await?;
    transaction.commit().await?;
    Ok(Standing::Ours)
}
