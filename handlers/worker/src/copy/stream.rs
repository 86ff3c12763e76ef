//! One unit's rows from the temporary database to production, in one transaction, nothing kept in between.

use bytes::Bytes;
use futures::{SinkExt as _, TryStreamExt as _};
use tenant_restore_core::error::{Cause, ErrorKind};
use tokio_postgres::Client;

use super::unit::{Format, Source, Unit};
use crate::failed::OrCause;
use crate::production::ledger::{self, Moved};
use crate::production::{LOCK_TIMEOUT, Patience};

/// Loads the unit and notes it in the ledger, both or neither.
///
/// Rows that are there already are of an interrupted try that the ledger doesn't know, so they go first.
pub async fn load(
    temporary: &Client,
    loader: &Client,
    home: &str,
    unit: &Unit,
) -> Result<Moved, Cause> {
    let doing = || format!("load {}", unit.target.quoted());
    begin_empty(loader, unit)
        .await
        .or_cause(ErrorKind::CopyFailed, doing)?;
    let mut moved = Moved { rows: 0, bytes: 0 };
    for source in &unit.sources {
        let part = stream(temporary, loader, source, unit).await?;
        moved.rows += part.rows;
        moved.bytes += part.bytes;
    }
    ledger::note_moved(loader, home, &unit.step(), moved)
        .await
        .or_cause(ErrorKind::CopyFailed, doing)?;
    loader
        .batch_execute("commit")
        .await
        .or_cause(ErrorKind::CopyFailed, doing)?;
    Ok(moved)
}

/// Opens a transaction that holds the empty target. An error later ends the session, and the transaction with it.
///
/// ONLY, because another stream may have loaded a table that inherits from this one.
async fn begin_empty(loader: &Client, unit: &Unit) -> Result<(), tokio_postgres::Error> {
    let only = if unit.is_tree() { "" } else { "only " };
    let begin = format!(
        "begin; {LOCK_TIMEOUT}; truncate {only}{}",
        unit.target.quoted()
    );
    let mut patience = Patience::default();
    while let Err(error) = loader.batch_execute(&begin).await {
        loader.batch_execute("rollback").await?;
        if !patience.bears(&error).await {
            return Err(error);
        }
    }
    Ok(())
}

async fn stream(
    temporary: &Client,
    loader: &Client,
    source: &Source,
    unit: &Unit,
) -> Result<Moved, Cause> {
    let read = || format!("read {} in the temporary database", source.table.quoted());
    let write = || format!("write {}", unit.target.quoted());
    let rows = temporary
        .copy_out(&source.read())
        .await
        .or_cause(ErrorKind::CopyFailed, read)?;
    let sink = loader
        .copy_in::<_, Bytes>(&source.write(&unit.target))
        .await
        .or_cause(ErrorKind::CopyFailed, write)?;
    let (mut rows, mut sink) = (std::pin::pin!(rows), std::pin::pin!(sink));
    let (mut messages, mut bytes) = (0_u64, 0_u64);
    while let Some(chunk) = rows
        .try_next()
        .await
        .or_cause(ErrorKind::CopyFailed, read)?
    {
        messages += 1;
        bytes += u64::try_from(chunk.len()).unwrap_or(u64::MAX);
        sink.feed(chunk)
            .await
            .or_cause(ErrorKind::CopyFailed, write)?;
    }
    let written = sink.finish().await.or_cause(ErrorKind::CopyFailed, write)?;
    let sent = rows_in(messages, source.format);
    if written != sent {
        let message = format!(
            "{} sent {sent} rows and {written} arrived",
            source.table.quoted()
        );
        return Err(Cause::new(ErrorKind::CopyFailed, message));
    }
    Ok(Moved {
        rows: written,
        bytes,
    })
}

/// The backend sends one CopyData message per row (PostgreSQL manual, "COPY operations"); binary ends with one more, the trailer.
fn rows_in(messages: u64, format: Format) -> u64 {
    match format {
        Format::Text => messages,
        Format::Binary => messages.saturating_sub(1),
    }
}
