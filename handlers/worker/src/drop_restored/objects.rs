//! Schemas dropped in small transactions, so that neither the lock table fills up nor a live table is locked for long.

use tenant_restore_core::error::{Cause, ErrorKind};
use tokio_postgres::{Client, Row, Transaction};

use super::ours::Ours;
use crate::connection::describe;
use crate::failed::{Failed, OrCause};
use crate::names::{qualified, quote_ident};
use crate::production::LOCK_TIMEOUT;
use crate::production::live_tables::{LiveTable, Moment, Stops};
use crate::production::statements::Statement;

/// Tables per transaction.
const BATCH: i64 = 200;

/// The look was just now. A longer wait for a lock, which may end with somebody's view on a sequence or a view of ours, begins
/// with another look.
const AT_ONCE: &str = "set local lock_timeout = '100ms'";

/// A drop, and what it locks.
struct Step {
    /// The tables that are locked first, as far as the master may lock them.
    lock: String,
    /// The drop.
    drop: Statement,
    /// The live tables that it stops for a moment, and our own that they do it for.
    live: Vec<LiveTable>,
}

/// Takes the schemas' foreign keys off live tables, each in a transaction of its own: it stops everybody there for a moment.
pub async fn drop_keys(master: &mut Client, ours: &Ours) -> Result<(), Failed> {
    let keys = master
        .query(include_str!("keys.sql"), &[&ours.schemas, &ours.is_whole()])
        .await
        .or_cause(
            ErrorKind::DropFailed,
            || "list the foreign keys to live tables",
        )?;
    for key in &keys {
        perform(master, ours, &drop_of_key(key)).await?;
    }
    while let Some(step) = drop_of_referring(master, ours).await? {
        perform(master, ours, &step).await?;
    }
    Ok(())
}

/// A live row's deletion locks the live table, then ours, where it looks for rows that refer to it. In the other order, which
/// ALTER TABLE has, both would wait for each other.
fn drop_of_key(key: &Row) -> Step {
    let table = qualified(key.get("schema"), key.get("table"));
    let name = quote_ident(key.get("name"));
    let live = qualified(key.get("live_schema"), key.get("live_table"));
    let named = |schema: &str, table: &str| LiveTable {
        schema: key.get(schema),
        table: key.get(table),
    };
    Step {
        lock: if key.get("may_lock_live") {
            live
        } else {
            String::new()
        },
        drop: Statement {
            sql: format!("alter table {table} drop constraint {name}"),
            name: format!("the drop of foreign key {name} on {table}"),
        },
        live: vec![named("live_schema", "live_table"), named("schema", "table")],
    }
}

/// A table of another owner that refers to live tables: its schema's owner may drop it, but neither alter nor lock it.
async fn drop_of_referring(master: &Client, ours: &Ours) -> Result<Option<Step>, Cause> {
    let found = master
        .query_opt(include_str!("referring.sql"), &[&ours.schemas])
        .await
        .or_cause(
            ErrorKind::DropFailed,
            || "look for tables that refer to live ones",
        )?;
    Ok(found.map(|row| {
        let schemas: Vec<String> = row.get("live_schemas");
        let tables: Vec<String> = row.get("live_tables");
        let live = schemas.into_iter().zip(tables);
        Step {
            lock: String::new(),
            drop: drop_of_tables(&qualified(row.get("schema"), row.get("table"))),
            live: live
                .map(|(schema, table)| LiveTable { schema, table })
                .collect(),
        }
    }))
}

/// Drops the schema with everything in it; the marker goes with the schema itself, last of all.
pub async fn drop_schema(master: &mut Client, schema: &str, ours: &Ours) -> Result<(), Failed> {
    while let Some(step) = drop_of_batch(master, schema).await? {
        perform(master, ours, &step).await?;
    }
    let quoted = quote_ident(schema);
    let last = Step {
        lock: String::new(),
        drop: Statement {
            sql: format!("drop schema {quoted} cascade"),
            name: format!("the drop of schema {quoted}"),
        },
        live: Vec::new(),
    };
    perform(master, ours, &last).await
}

async fn drop_of_batch(master: &Client, schema: &str) -> Result<Option<Step>, Cause> {
    let batch = master
        .query(include_str!("tables.sql"), &[&schema, &BATCH])
        .await
        .or_cause(ErrorKind::DropFailed, || {
            format!("list the tables of schema {}", quote_ident(schema))
        })?;
    let name = |row: &Row| qualified(schema, row.get("table"));
    let all: Vec<String> = batch.iter().map(name).collect();
    let lockable = batch.iter().filter(|row| row.get("is_lockable"));
    let lockable: Vec<String> = lockable.map(name).collect();
    let step = || Step {
        lock: lockable.join(", "),
        drop: drop_of_tables(&all.join(", ")),
        live: Vec::new(),
    };
    Ok((!all.is_empty()).then(step))
}

fn drop_of_tables(list: &str) -> Statement {
    Statement {
        sql: format!("drop table {list} cascade"),
        name: format!("the drop of {list}"),
    }
}

/// Why a try failed.
enum Obstacle {
    Refused(tokio_postgres::Error),
    Strangers(Failed),
}

impl From<tokio_postgres::Error> for Obstacle {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Refused(error)
    }
}

async fn perform(master: &mut Client, ours: &Ours, step: &Step) -> Result<(), Failed> {
    let mut moment = Moment::new(&step.live, Stops::Everybody);
    loop {
        match try_once(master, ours, step, &mut moment).await {
            Ok(()) => return Ok(()),
            Err(Obstacle::Strangers(failed)) => return Err(failed),
            Err(Obstacle::Refused(error)) if moment.bears(&error).await => {}
            Err(Obstacle::Refused(error)) => {
                let message = format!("could not apply {}: {}", step.drop.name, describe(&error));
                return Err(Cause::new(ErrorKind::DropFailed, message).into());
            }
        }
    }
}

async fn try_once(
    master: &mut Client,
    ours: &Ours,
    step: &Step,
    moment: &mut Moment<'_>,
) -> Result<(), Obstacle> {
    if step.live.is_empty() {
        return try_own(master, ours, step).await;
    }
    let bounds = moment.come(master).await?;
    ours.check(master).await.map_err(Obstacle::Strangers)?;
    let transaction = master.transaction().await?;
    transaction.batch_execute(&bounds).await?;
    lock(&transaction, step).await?;
    transaction.batch_execute(&step.drop.sql).await?;
    Ok(transaction.commit().await?)
}

/// Locks first, so that nobody can come to depend on the tables any more, then looks whether somebody does, then drops.
async fn try_own(master: &mut Client, ours: &Ours, step: &Step) -> Result<(), Obstacle> {
    let transaction = master.transaction().await?;
    transaction.batch_execute(LOCK_TIMEOUT).await?;
    lock(&transaction, step).await?;
    ours.check(&transaction)
        .await
        .map_err(Obstacle::Strangers)?;
    transaction.batch_execute(AT_ONCE).await?;
    transaction.batch_execute(&step.drop.sql).await?;
    Ok(transaction.commit().await?)
}

async fn lock(transaction: &Transaction<'_>, step: &Step) -> Result<(), tokio_postgres::Error> {
    if step.lock.is_empty() {
        return Ok(());
    }
    let lock = format!("lock table {} in access exclusive mode", step.lock);
    transaction.batch_execute(&lock).await
}
