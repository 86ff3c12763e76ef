//! One piece's rows from the temporary database to production, in one transaction, nothing kept in between.

use bytes::{Bytes, BytesMut};
use futures::{SinkExt as _, TryStreamExt as _};
use tenant_restore_core::error::{Cause, ErrorKind};
use tokio_postgres::Client;

use super::pieces::Piece;
use super::unit::{Format, Unit};
use crate::extract::reader;
use crate::failed::OrCause;
use crate::production::ledger::{self, Moved};
use crate::production::{LOCK_TIMEOUT, Patience};

/// Rows are gathered up to this size before they go on. PostgreSQL sends a message per row, and each message that we send
/// passes two tasks and makes TLS records of its own.
const GATHERED: usize = 64 * 1024;

/// Loads the piece and notes it in the ledger, both or neither.
///
/// Rows of an interrupted try were never committed: what is committed is in the ledger.
pub async fn load(
    temporary: &Client,
    loader: &Client,
    home: &str,
    unit: &Unit,
    piece: &Piece,
) -> Result<Moved, Cause> {
    let doing = || format!("load {}", unit.target.quoted());
    begin(loader, unit, piece)
        .await
        .or_cause(ErrorKind::CopyFailed, doing)?;
    let moved = stream(temporary, loader, unit, piece).await?;
    ledger::note_moved(loader, home, &piece.step, moved)
        .await
        .or_cause(ErrorKind::CopyFailed, || format!("note {}", piece.step))?;
    loader
        .batch_execute("commit")
        .await
        .or_cause(ErrorKind::CopyFailed, doing)?;
    Ok(moved)
}

/// Opens a transaction that may write into the target; one that loads a whole table holds it empty. An error later ends
/// the session, and the transaction with it.
async fn begin(loader: &Client, unit: &Unit, piece: &Piece) -> Result<(), tokio_postgres::Error> {
    let ready = if piece.whole {
        unit.empty()
    } else {
        unit.lock()
    };
    let begin = format!("begin; {LOCK_TIMEOUT}; {ready}");
    let mut patience = Patience::default();
    while let Err(error) = loader.batch_execute(&begin).await {
        // Of a session that is gone, the first error says why.
        let undone = loader.batch_execute("rollback").await;
        if undone.is_err() || !patience.bears(&error).await {
            return Err(error);
        }
    }
    Ok(())
}

async fn stream(
    temporary: &Client,
    loader: &Client,
    unit: &Unit,
    piece: &Piece,
) -> Result<Moved, Cause> {
    let source = &unit.sources[piece.source];
    let read = || format!("read {} in the temporary database", source.table.quoted());
    let write = || format!("write {}", unit.target.quoted());
    temporary
        .batch_execute(reader::BEGIN)
        .await
        .or_cause(ErrorKind::CopyFailed, read)?;
    let rows = temporary
        .copy_out(&source.read(piece.blocks))
        .await
        .or_cause(ErrorKind::CopyFailed, read)?;
    let sink = loader
        .copy_in::<_, Bytes>(&source.write(&unit.target, piece.whole))
        .await
        .or_cause(ErrorKind::CopyFailed, write)?;
    let (mut rows, mut sink) = (std::pin::pin!(rows), std::pin::pin!(sink));
    let (mut messages, mut bytes) = (0_u64, 0_u64);
    let mut gathered = BytesMut::with_capacity(GATHERED);
    while let Some(row) = rows
        .try_next()
        .await
        .or_cause(ErrorKind::CopyFailed, read)?
    {
        messages += 1;
        bytes += u64::try_from(row.len()).unwrap_or(u64::MAX);
        if gathered.len() + row.len() > GATHERED && !gathered.is_empty() {
            sink.feed(gathered.split().freeze())
                .await
                .or_cause(ErrorKind::CopyFailed, write)?;
            gathered.reserve(GATHERED);
        }
        if row.len() > GATHERED {
            sink.feed(row)
                .await
                .or_cause(ErrorKind::CopyFailed, write)?;
        } else {
            gathered.extend_from_slice(&row);
        }
    }
    sink.feed(gathered.freeze())
        .await
        .or_cause(ErrorKind::CopyFailed, write)?;
    let written = sink.finish().await.or_cause(ErrorKind::CopyFailed, write)?;
    temporary
        .batch_execute("commit")
        .await
        .or_cause(ErrorKind::CopyFailed, read)?;
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
