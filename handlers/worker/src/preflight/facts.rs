//! What production says about itself.

use tenant_restore_core::job::{Connections, Job, SchemaName, Volume};
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Row};

use crate::extract::outside;
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
    /// Where the live schemas are, and what is there.
    pub live: LiveFacts,
    /// Enabled event triggers.
    pub event_triggers: Vec<String>,
    /// Those that run a function of neither a superuser nor the master, with its owner.
    pub event_triggers_of_others: Vec<String>,
    /// Publications FOR ALL TABLES.
    pub publications_of_all: Vec<String>,
    /// Replication slots that hold back log.
    pub slots: Vec<Slot>,
    /// Collations of the schemas, and of the database, whose version isn't the one of their first use.
    pub changed_collations: Vec<String>,
    /// Who owns something of the live schemas, besides the master.
    pub owners: Vec<Owner>,
    /// The lock table.
    pub locks: Locks,
}

/// What is known of the live schemas beside their tables.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct LiveFacts {
    /// Where they are.
    pub place: LivePlace,
    /// Those that exist, by their live names.
    pub schemas: Vec<String>,
    /// Extensions that live in one of them, as `extension in schema`.
    pub extensions: Vec<String>,
    /// What they use outside of themselves and production doesn't have, in words; looked for where they are elsewhere.
    pub lacking: Vec<String>,
}

/// Where the live schemas are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) enum LivePlace {
    /// In production.
    #[default]
    Production,
    /// In a database of another server.
    Elsewhere {
        /// That database's encoding.
        encoding: String,
    },
    /// Nowhere: server or database were deleted.
    Nowhere,
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
    /// Whether production has it.
    pub is_there: bool,
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
    /// How many the lock table of the live schemas' server has room for, and that of its copy.
    pub room_of_copy: u64,
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

/// Connections to where the live schemas are.
pub(super) enum Live {
    /// In production.
    Production,
    /// Elsewhere: this one.
    Elsewhere(Client),
    /// Nowhere.
    Nowhere,
}

/// Asks production, and where the live schemas are, in read-only statements.
pub(super) async fn read(
    client: &Client,
    live: &Live,
    job: &Job,
) -> Result<Look, tokio_postgres::Error> {
    let names = |name: fn(&SchemaName) -> &String| -> Vec<&str> {
        let schemas = job.schemas.iter();
        schemas.map(|pair| name(pair).as_str()).collect()
    };
    let wanted = names(|pair| &pair.schema);
    let targets = names(|pair| &pair.restored_as);
    read_only(client).await?;
    match live {
        Live::Production => {
            let mut look = look(client, &wanted, &targets).await?;
            look.facts.owners = owners(client, client, &wanted).await?;
            Ok(look)
        }
        Live::Elsewhere(source) => {
            read_only(source).await?;
            let mut found = look(client, &[], &targets).await?;
            let there = look(source, &wanted, &[]).await?;
            let facts = &mut found.facts;
            facts.owners = owners(source, client, &wanted).await?;
            facts.locks.room_of_copy = there.facts.locks.room;
            facts.locks.tables = there.facts.locks.tables;
            facts.locks.relations = there.facts.locks.relations;
            facts.changed_collations = there.facts.changed_collations;
            facts.live = LiveFacts {
                place: LivePlace::Elsewhere {
                    encoding: there.facts.encoding,
                },
                lacking: outside::lacking(source, &wanted, client).await?,
                ..there.facts.live
            };
            found.tables = there.tables;
            found.volume.schemas = there.volume.schemas;
            found.volume.measured = there.volume.measured;
            Ok(found)
        }
        Live::Nowhere => {
            let mut found = look(client, &[], &targets).await?;
            found.facts.live.place = LivePlace::Nowhere;
            found.volume.schemas = None;
            Ok(found)
        }
    }
}

async fn read_only(client: &Client) -> Result<(), tokio_postgres::Error> {
    client
        .batch_execute("set default_transaction_read_only = on; set lock_timeout = '1s'")
        .await
}

/// One server, and those of the live schemas that are on it.
async fn look(
    client: &Client,
    live: &[&str],
    targets: &[&str],
) -> Result<Look, tokio_postgres::Error> {
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
    let (tables, room, measured) = sizes(client, live).await?;
    facts.locks = locks(&room)?;
    Ok(Look {
        volume: volume(&room, &facts.slots, measured)?,
        connections: connections(&room)?,
        facts,
        tables,
    })
}

/// Who owns something of the live schemas, as production knows them.
async fn owners(
    of_schemas: &Client,
    production: &Client,
    live: &[&str],
) -> Result<Vec<Owner>, tokio_postgres::Error> {
    let rows = of_schemas
        .query(include_str!("owners.sql"), &[&live])
        .await?;
    let names = rows.iter().map(|row| row.try_get("name"));
    let names: Vec<String> = names.collect::<Result<_, _>>()?;
    let rows = production
        .query(include_str!("roles.sql"), &[&names])
        .await?;
    rows.iter().map(owner).collect()
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
        live: LiveFacts {
            schemas: row.try_get("schemas")?,
            extensions: row.try_get("extensions")?,
            ..LiveFacts::default()
        },
        schemas: row.try_get("schemas")?,
        event_triggers: row.try_get("event_triggers")?,
        event_triggers_of_others: row.try_get("event_triggers_of_others")?,
        publications_of_all: row.try_get("publications_of_all")?,
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
        is_there: row.try_get("is_there")?,
        is_superuser: row.try_get("is_superuser")?,
        may_grant: row.try_get("may_grant")?,
    })
}

fn locks(row: &Row) -> Result<Locks, tokio_postgres::Error> {
    Ok(Locks {
        room: count(row, "locks")?,
        room_of_copy: count(row, "locks")?,
        held: count(row, "held_locks")?,
        tables: count(row, "tables")?,
        relations: count(row, "relations")?,
    })
}

fn volume(row: &Row, slots: &[Slot], measured: bool) -> Result<Volume, tokio_postgres::Error> {
    let kept = slots.iter().map(|slot| slot.kept).max().unwrap_or(0);
    Ok(Volume {
        schemas: Some(count(row, "schemas")?),
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
