//! Statements in small transactions with short locks, each noted in the ledger by the transaction that ran it.

use std::time::{Duration, Instant};

use tenant_restore_core::error::{Cause, ErrorKind};
use tokio_postgres::Client;

use super::{LOCK_TIMEOUT, Patience, ledger};
use crate::connection::describe;

/// Statements per transaction: about 2,570 small tables fill the default lock table, and then live sessions fail.
const BATCH: usize = 200;

/// A transaction that has run this long is committed, so that it doesn't hold back vacuum of live tables.
const BATCH_AGE: Duration = Duration::from_secs(5);

/// What to run, and what to call it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// One statement or several.
    pub sql: String,
    /// Its name in messages and in the ledger; unique within the restore.
    pub name: String,
}

/// The statement that PostgreSQL refused.
#[derive(Debug)]
pub struct Refused {
    /// Its position in what was given.
    pub at: usize,
    /// PostgreSQL's answer.
    pub error: tokio_postgres::Error,
}

/// Runs those statements that the ledger in `home` doesn't have yet, in order.
pub async fn apply_once(
    client: &mut Client,
    home: &str,
    statements: &[Statement],
) -> Result<(), Cause> {
    let done = ledger::done(client, home).await?;
    let todo: Vec<&Statement> = statements
        .iter()
        .filter(|statement| !done.contains(&statement.name))
        .collect();
    let mut rest = todo.as_slice();
    while !rest.is_empty() {
        let batch = &rest[..rest.len().min(BATCH)];
        let committed = apply_some(client, Some(home), batch)
            .await
            .map_err(|refused| refused.cause(batch))?;
        rest = &rest[committed..];
    }
    Ok(())
}

/// Runs statements that may be repeated, in order, in batches and without the ledger.
pub async fn apply(client: &mut Client, statements: &[Statement]) -> Result<(), Cause> {
    let all: Vec<&Statement> = statements.iter().collect();
    let mut rest = all.as_slice();
    while !rest.is_empty() {
        let batch = &rest[..rest.len().min(BATCH)];
        let committed = apply_some(client, None, batch)
            .await
            .map_err(|refused| refused.cause(batch))?;
        rest = &rest[committed..];
    }
    Ok(())
}

/// Runs one statement by itself, again when it lost a fight for a lock or a catalog row.
pub async fn run_alone(client: &Client, sql: &str) -> Result<(), tokio_postgres::Error> {
    let mut patience = Patience::default();
    loop {
        match client.batch_execute(sql).await {
            Err(error) if patience.bears(&error).await => {}
            outcome => return outcome,
        }
    }
}

/// Runs all statements in one transaction, again when a lock could not be had in time.
pub async fn apply_together(client: &mut Client, statements: &[Statement]) -> Result<(), Refused> {
    let mut patience = Patience::default();
    loop {
        match together(client, statements).await {
            Err(refused) if patience.bears(&refused.error).await => {}
            outcome => return outcome,
        }
    }
}

async fn together(client: &mut Client, statements: &[Statement]) -> Result<(), Refused> {
    let transaction = client
        .transaction()
        .await
        .map_err(|error| Refused { at: 0, error })?;
    transaction
        .batch_execute(LOCK_TIMEOUT)
        .await
        .map_err(|error| Refused { at: 0, error })?;
    for (at, statement) in statements.iter().enumerate() {
        transaction
            .batch_execute(&statement.sql)
            .await
            .map_err(|error| Refused { at, error })?;
    }
    let last = statements.len().saturating_sub(1);
    transaction
        .commit()
        .await
        .map_err(|error| Refused { at: last, error })
}

/// Runs a first part of the batch in one transaction and says how many statements that were; noted in the ledger, if there
/// is one.
pub async fn apply_some(
    client: &mut Client,
    home: Option<&str>,
    batch: &[&Statement],
) -> Result<usize, Refused> {
    let mut patience = Patience::default();
    loop {
        match try_batch(client, LOCK_TIMEOUT, home, batch).await {
            Err(refused) if patience.bears(&refused.error).await => {}
            outcome => return outcome,
        }
    }
}

/// The same, once, within the bounds that the transaction's first statement sets.
pub async fn try_batch(
    client: &mut Client,
    bounds: &str,
    home: Option<&str>,
    batch: &[&Statement],
) -> Result<usize, Refused> {
    let began = Instant::now();
    let transaction = client
        .transaction()
        .await
        .map_err(|error| Refused { at: 0, error })?;
    transaction
        .batch_execute(bounds)
        .await
        .map_err(|error| Refused { at: 0, error })?;
    let mut ran = 0_usize;
    for (at, statement) in batch.iter().enumerate() {
        let refused = |error| Refused { at, error };
        transaction
            .batch_execute(&statement.sql)
            .await
            .map_err(refused)?;
        if let Some(home) = home {
            ledger::note(&transaction, home, &statement.name)
                .await
                .map_err(refused)?;
        }
        ran += 1;
        if began.elapsed() > BATCH_AGE {
            break;
        }
    }
    transaction.commit().await.map_err(|error| Refused {
        at: ran.saturating_sub(1),
        error,
    })?;
    Ok(ran)
}

impl Refused {
    /// The cause, with the name of the refused statement.
    pub fn cause<S: AsRef<Statement>>(&self, statements: &[S]) -> Cause {
        let name = statements
            .get(self.at)
            .map_or("nothing", |statement| statement.as_ref().name.as_str());
        Cause::new(
            ErrorKind::ApplyFailed,
            format!("could not apply {name}: {}", describe(&self.error)),
        )
    }
}

impl AsRef<Statement> for Statement {
    fn as_ref(&self) -> &Statement {
        self
    }
}
