//! Loads the sample tenants. What is there stays as it is, so that a second run changes nothing.

use sample_tenants::by_database;
use serde::Serialize;
use tenant_restore_core::error::{Cause, ErrorKind};
use tenant_restore_worker::failed::OrCause;
use tenant_restore_worker::names::quote_ident;
use tokio_postgres::Client;

use crate::door::Door;

/// The database that every PostgreSQL server has, to make others from.
const HOME: &str = "postgres";

/// Any number that nobody else locks: the schema's first letters in ASCII.
const LOCK: i64 = 0x0063_7573_746f_6d65;

/// What a run made, and what it found and left alone.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Loaded {
    /// Schemas that are new.
    pub made: Vec<&'static str>,
    /// Schemas that were there.
    pub found: Vec<&'static str>,
}

/// Creates the databases and tenants that are missing, each tenant whole or not at all.
///
/// # Errors
/// Why a connection, a database or a tenant could not be made.
pub async fn load(door: &Door) -> Result<Loaded, Cause> {
    let home = door.enter(HOME).await?;
    // CloudFormation's order may come twice. The lock ends with the session; the function's own time-out bounds the wait.
    home.batch_execute("set lock_timeout = 0")
        .await
        .or_cause(ErrorKind::Internal, || "wait for another run")?;
    home.execute("select pg_advisory_lock($1)", &[&LOCK])
        .await
        .or_cause(ErrorKind::Internal, || "wait for another run")?;
    let mut loaded = Loaded::default();
    for (database, tenants) in by_database() {
        create_database(&home, database).await?;
        let client = door.enter(database).await?;
        for tenant in tenants {
            if has_schema(&client, tenant.schema).await? {
                loaded.found.push(tenant.schema);
                continue;
            }
            load_tenant(&client, tenant.schema).await?;
            loaded.made.push(tenant.schema);
        }
    }
    Ok(loaded)
}

async fn create_database(home: &Client, database: &str) -> Result<(), Cause> {
    let doing = || format!("create the database {database}");
    let known = home
        .query_opt("select from pg_database where datname = $1", &[&database])
        .await
        .or_cause(ErrorKind::ApplyFailed, doing)?;
    if known.is_some() {
        return Ok(());
    }
    home.batch_execute(&format!("create database {}", quote_ident(database)))
        .await
        .or_cause(ErrorKind::ApplyFailed, doing)
}

async fn has_schema(client: &Client, schema: &str) -> Result<bool, Cause> {
    let known = client
        .query_opt("select from pg_namespace where nspname = $1", &[&schema])
        .await
        .or_cause(ErrorKind::ApplyFailed, || {
            format!("look for the sample tenant {schema}")
        })?;
    Ok(known.is_some())
}

async fn load_tenant(client: &Client, schema: &str) -> Result<(), Cause> {
    client
        .batch_execute(&sample_tenants::script(schema))
        .await
        .or_cause(ErrorKind::ApplyFailed, || {
            format!("load the sample tenant {schema}")
        })
}
