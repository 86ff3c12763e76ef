//! The marker table: made in the transaction that creates a restored schema, it proves later what is ours.

use tenant_restore_core::error::{Cause, ErrorKind};
use tenant_restore_core::job::Job;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, GenericClient};

use super::{LOCK_TIMEOUT, Patience};
use crate::failed::{Failed, OrCause};
use crate::names::{MAX_NAME_BYTES, qualified, quote_ident};

/// Name of the marker's table in each restored schema.
pub const TABLE: &str = "tenant_restore_marker";

/// What a schema in production is to this restore.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// No schema of this name exists.
    Absent,
    /// This restore made it; `opening` once mode `open` has begun to hand it over.
    Ours {
        /// Whether everything but the hand-over of the schema itself is done.
        opening: bool,
    },
    /// It exists without a marker of this restore: hands off, unless `open` has already ended.
    Unmarked,
}

/// What the schema is to this restore. Only catalogs and a table owned by the loader are read.
pub async fn standing(
    client: &impl GenericClient,
    job: &Job,
    schema: &str,
) -> Result<Standing, tokio_postgres::Error> {
    let found = client
        .query_opt(
            include_str!("standing.sql"),
            &[&schema, &TABLE, &job.loader.role],
        )
        .await?;
    let Some(found) = found else {
        return Ok(Standing::Absent);
    };
    if !found.get::<_, bool>("marked") {
        return Ok(Standing::Unmarked);
    }
    let oid: u32 = found.get("oid");
    let sql = format!(
        "select opening from {} where restore_id = $1 and schema_oid = $2",
        qualified(schema, TABLE)
    );
    let marker = client.query_opt(&sql, &[&job.restore_id, &oid]).await?;
    Ok(marker.map_or(Standing::Unmarked, |marker| Standing::Ours {
        opening: marker.get(0),
    }))
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
    // Finds the schema by its exact name: a name that was cut, or fell upon another schema, ends the transaction.
    let sql = format!(
        "insert into {} (restore_id, attempt, schema_oid)
         values ($1, $2, (select oid from pg_namespace where nspname = $3 and nspowner = $4::text::regrole))",
        qualified(schema, TABLE)
    );
    let attempt = i32::try_from(job.attempt).unwrap_or(i32::MAX);
    transaction
        .execute(&sql, &[&job.restore_id, &attempt, &schema, &loader])
        .await?;
    transaction.commit().await?;
    Ok(Standing::Ours { opening: false })
}
