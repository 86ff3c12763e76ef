//! What production says about itself.

use tenant_restore_core::job::Job;
use tokio_postgres::{Client, Row};

/// Facts for the judgement.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Facts {
    /// `server_version_num`.
    pub server_version: u32,
    /// Whether the server only replays another's log.
    pub is_replica: bool,
    /// Whether the master may create roles.
    pub can_create_roles: bool,
    /// Whether the master may create schemas in the database.
    pub can_create_schemas: bool,
    /// Schemas of the database, as far as the job names them, under old or new names.
    pub schemas: Vec<String>,
    /// Enabled event triggers.
    pub event_triggers: Vec<String>,
    /// Publications FOR ALL TABLES.
    pub publications_of_all: Vec<String>,
    /// Replication slots that nobody reads.
    pub idle_slots: Vec<String>,
    /// Extensions that live in one of the live schemas, as `extension in schema`.
    pub extensions: Vec<String>,
}

/// Asks production, in one read-only statement.
pub(super) async fn read(client: &Client, job: &Job) -> Result<Facts, tokio_postgres::Error> {
    let live: Vec<&str> = job
        .schemas
        .iter()
        .map(|name| name.schema.as_str())
        .collect();
    let targets: Vec<&str> = job
        .schemas
        .iter()
        .map(|name| name.restored_as.as_str())
        .collect();
    client
        .batch_execute("set default_transaction_read_only = on")
        .await?;
    facts(
        &client
            .query_one(include_str!("facts.sql"), &[&live, &targets])
            .await?,
    )
}

fn facts(row: &Row) -> Result<Facts, tokio_postgres::Error> {
    let server_version: i32 = row.try_get("server_version")?;
    Ok(Facts {
        server_version: server_version.unsigned_abs(),
        is_replica: row.try_get("is_replica")?,
        can_create_roles: row.try_get("can_create_roles")?,
        can_create_schemas: row.try_get("can_create_schemas")?,
        schemas: row.try_get("schemas")?,
        event_triggers: row.try_get("event_triggers")?,
        publications_of_all: row.try_get("publications_of_all")?,
        idle_slots: row.try_get("idle_slots")?,
        extensions: row.try_get("extensions")?,
    })
}
