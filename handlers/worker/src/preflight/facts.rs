//! What production says about itself.

use tenant_restore_core::job::{Connections, Job, Volume};
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Row};

use crate::movers::{Sizes, Table, read_tables};

/// An active slot that holds back more log than this lags.
const LAG: u64 = 1 << 30;

/// Facts for the judgement.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Facts {
    /// `server_version_num`.
    pub server_version: u32,
    /// Whether the server only replays another's log.
    pub is_replica: bool,
    /// Whether the master may create roles.
    pub can_create_roles: bool,
    /// Whether the master is a superuser.
    pub is_superuser: bool,
    /// Whether the master may create schemas in the database.
    pub can_create_schemas: bool,
    /// The database's encoding.
    pub encoding: String,
    /// Schemas of the database, as far as the job names them, under old or new names.
    pub schemas: Vec<String>,
    /// Enabled event triggers.
    pub event_triggers: Vec<String>,
    /// Publications FOR ALL TABLES.
    pub publications_of_all: Vec<String>,
    /// Replication slots that hold back log.
    pub slots: Vec<Slot>,
    /// Extensions that live in one of the live schemas, as `extension in schema`.
    pub extensions: Vec<String>,
    /// Collations of the schemas, and of the database, whose version isn't the one of their first use.
    pub changed_collations: Vec<String>,
    /// Who owns something of the live schemas, besides the master.
    pub owners: Vec<Owner>,
    /// The lock table.
    pub locks: Locks,
}

/// A replication slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Slot {
    /// Its name.
    pub name: String,
    /// Whether somebody reads it now.
    pub active: bool,
    /// Bytes of log that it holds back.
    pub kept: u64,
}

impl Slot {
    /// Whether the log of a restore would stay because of it.
    pub fn is_behind(&self) -> bool {
        !self.active || self.kept > LAG
    }
}

/// An owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Owner {
    /// Its name.
    pub name: String,
    /// Whether it is a superuser.
    pub is_superuser: bool,
    /// Whether the master holds it with ADMIN OPTION.
    pub may_grant: bool,
}

/// The lock table, shared by all sessions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Locks {
    /// How many locks it has room for.
    pub room: u64,
    /// How many are held.
    pub held: u64,
    /// Tables of the live schemas.
    pub tables: u64,
    /// Relations of the live schemas, with indexes and TOAST.
    pub relations: u64,
}

/// Everything that is known of production.
pub(super) struct Look {
    pub facts: Facts,
    pub tables: Vec<Table>,
    pub volume: Volume,
    pub connections: Connections,
}

/// Asks production, in read-only statements.
pub(super) async fn read(client: &Client, job: &Job) -> Result<Look, tokio_postgres::Error> {
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
        .batch_execute("set default_transaction_read_only = on; set lock_timeout = '1s'")
        .await?;
    let row = client
        .query_one(include_str!("facts.sql"), &[&live, &targets])
        .await?;
    let mut facts = facts(&row)?;
    if facts.server_version >= 150_000 && database_collation_changed(client).await? {
        facts
            .changed_collations
            .insert(0, "the database's own".to_owned());
    }
    for row in client.query(include_str!("slots.sql"), &[]).await? {
        facts.slots.push(slot(&row)?);
    }
    for row in client.query(include_str!("owners.sql"), &[&live]).await? {
        facts.owners.push(owner(&row)?);
    }
    let (tables, room, measured) = sizes(client, &live).await?;
    facts.locks = locks(&room)?;
    Ok(Look {
        volume: volume(&room, &facts.slots, measured)?,
        connections: connections(&room)?,
        facts,
        tables,
    })
}

/// Measured, unless somebody holds a table so that its size can't be asked for.
async fn sizes(
    client: &Client,
    live: &[&str],
) -> Result<(Vec<Table>, Row, bool), tokio_postgres::Error> {
    match sized(client, live, true).await {
        Ok((tables, room)) => Ok((tables, room, true)),
        Err(error) if error.code() == Some(&SqlState::LOCK_NOT_AVAILABLE) => {
            tracing::info!("a table is locked; sizes are those of the last ANALYZE");
            let (tables, room) = sized(client, live, false).await?;
            Ok((tables, room, false))
        }
        Err(error) => Err(error),
    }
}

async fn sized(
    client: &Client,
    live: &[&str],
    measured: bool,
) -> Result<(Vec<Table>, Row), tokio_postgres::Error> {
    let sizes = if measured {
        Sizes::Measured
    } else {
        Sizes::Estimated
    };
    let tables = read_tables(client, live, sizes).await?;
    let room = client
        .query_one(include_str!("room.sql"), &[&live, &measured])
        .await?;
    Ok((tables, room))
}

async fn database_collation_changed(client: &Client) -> Result<bool, tokio_postgres::Error> {
    let row = client
        .query_one(include_str!("database_collation.sql"), &[])
        .await?;
    row.try_get("changed")
}

fn facts(row: &Row) -> Result<Facts, tokio_postgres::Error> {
    let server_version: i32 = row.try_get("server_version")?;
    Ok(Facts {
        server_version: server_version.unsigned_abs(),
        is_replica: row.try_get("is_replica")?,
        can_create_roles: row.try_get("can_create_roles")?,
        is_superuser: row.try_get("is_superuser")?,
        can_create_schemas: row.try_get("can_create_schemas")?,
        encoding: row.try_get("encoding")?,
        schemas: row.try_get("schemas")?,
        event_triggers: row.try_get("event_triggers")?,
        publications_of_all: row.try_get("publications_of_all")?,
        extensions: row.try_get("extensions")?,
        changed_collations: row.try_get("changed_collations")?,
        ..Facts::default()
    })
}

fn slot(row: &Row) -> Result<Slot, tokio_postgres::Error> {
    Ok(Slot {
        name: row.try_get("name")?,
        active: row.try_get("active")?,
        kept: count(row, "kept")?,
    })
}

fn owner(row: &Row) -> Result<Owner, tokio_postgres::Error> {
    Ok(Owner {
        name: row.try_get("name")?,
        is_superuser: row.try_get("is_superuser")?,
        may_grant: row.try_get("may_grant")?,
    })
}

fn locks(row: &Row) -> Result<Locks, tokio_postgres::Error> {
    Ok(Locks {
        room: count(row, "locks")?,
        held: count(row, "held_locks")?,
        tables: count(row, "tables")?,
        relations: count(row, "relations")?,
    })
}

fn volume(row: &Row, slots: &[Slot], measured: bool) -> Result<Volume, tokio_postgres::Error> {
    let kept = slots.iter().map(|slot| slot.kept).max().unwrap_or(0);
    Ok(Volume {
        schemas: count(row, "schemas")?,
        databases: count(row, "databases")?,
        log: count(row, "most_log")?.max(kept),
        log_is_kept: slots.iter().any(Slot::is_behind),
        measured,
    })
}

fn connections(row: &Row) -> Result<Connections, tokio_postgres::Error> {
    let number = |column: &str| row.try_get::<_, i32>(column).map(i32::unsigned_abs);
    Ok(Connections {
        most: number("most_connections")?,
        reserved: number("reserved_connections")?,
        used: number("used_connections")?,
    })
}

fn count(row: &Row, column: &str) -> Result<u64, tokio_postgres::Error> {
    row.try_get::<_, i64>(column).map(i64::unsigned_abs)
}
