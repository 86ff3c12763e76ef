//! Several sessions that take one piece after the other.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use futures::future::{join_all, try_join_all};
use jiff::Timestamp;
use tenant_restore_core::error::{Cause, ErrorKind};
use tokio_postgres::Client;

use super::pieces::Piece;
use super::stream;
use super::unit::Unit;
use crate::context::Context;
use crate::failed::{Failed, OrCause as _};
use crate::production::ledger::Moved;
use crate::production::tenants_path;

/// What a piece moved, and when; not known of one that an earlier task had loaded.
#[derive(Debug, Clone, Copy)]
pub struct Loaded {
    /// How much.
    pub moved: Moved,
    /// When.
    pub taken: Option<Taken>,
}

/// The time that something took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    /// When it began.
    pub began: Timestamp,
    /// When it ended.
    pub ended: Timestamp,
}

impl Taken {
    /// The milliseconds between.
    pub fn millis(self) -> u64 {
        let millis = self.ended.as_millisecond() - self.began.as_millisecond();
        u64::try_from(millis).unwrap_or(0)
    }
}

/// From the first beginning to the last end.
pub fn span(parts: impl Iterator<Item = Taken>) -> Option<Taken> {
    parts.reduce(|all, part| Taken {
        began: all.began.min(part.began),
        ended: all.ended.max(part.ended),
    })
}

/// The pieces that are left to do, and what became of those that are done.
struct Work {
    todo: Vec<usize>,
    loaded: Vec<Option<Loaded>>,
}

/// Loads the pieces with several streams; what each moved, in the pieces' order.
pub async fn load_all(
    context: &Context,
    units: &[Unit],
    pieces: &[Piece],
    streams: usize,
    done: &HashMap<String, Moved>,
) -> Result<Vec<Loaded>, Failed> {
    let earlier = |piece: &Piece| {
        let moved = *done.get(&piece.step)?;
        Some(Loaded { moved, taken: None })
    };
    let loaded: Vec<Option<Loaded>> = pieces.iter().map(earlier).collect();
    let todo = (0..pieces.len())
        .rev()
        .filter(|at| loaded[*at].is_none())
        .collect();
    let work = Mutex::new(Work { todo, loaded });
    // All are opened before the first row: loading may run a tenant's code, which could give the login role another password.
    let needed = streams.min(locked(&work).todo.len());
    let sessions = try_join_all((0..needed).map(|_| Sessions::open(context))).await?;
    let home = context.job.schemas[0].restored_as.as_str();
    let streams = sessions
        .into_iter()
        .map(|sessions| stream_of_pieces(sessions, home, (units, pieces), &work));
    let causes: Vec<Cause> = join_all(streams)
        .await
        .into_iter()
        .filter_map(Result::err)
        .collect();
    Failed::from_causes(causes)?;
    let work = work.into_inner().unwrap_or_else(PoisonError::into_inner);
    Ok(work.loaded.into_iter().flatten().collect())
}

/// The two ends of a stream.
struct Sessions {
    temporary: Client,
    loader: Client,
}

impl Sessions {
    async fn open(context: &Context) -> Result<Self, Cause> {
        let temporary = context.temporary_rows().await?;
        let loader = context.loader().await?;
        let path = tenants_path::setting(&temporary, &context.job).await?;
        loader
            .batch_execute(&path)
            .await
            .or_cause(ErrorKind::CopyFailed, || "prepare the login role's session")?;
        Ok(Self { temporary, loader })
    }
}

/// One stream: piece after piece, and its sessions end with it; an error leaves nothing to the others.
async fn stream_of_pieces(
    sessions: Sessions,
    home: &str,
    (units, pieces): (&[Unit], &[Piece]),
    work: &Mutex<Work>,
) -> Result<(), Cause> {
    loop {
        let Some(at) = locked(work).todo.pop() else {
            return Ok(());
        };
        let (piece, began) = (&pieces[at], Timestamp::now());
        let unit = &units[piece.unit];
        let outcome = stream::load(&sessions.temporary, &sessions.loader, home, unit, piece).await;
        let moved = outcome.inspect_err(|_| locked(work).todo.clear())?;
        let taken = Some(Taken {
            began,
            ended: Timestamp::now(),
        });
        locked(work).loaded[at] = Some(Loaded { moved, taken });
    }
}

fn locked(work: &Mutex<Work>) -> MutexGuard<'_, Work> {
    work.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_took_from_its_first_piece_to_its_last() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let taken = |began, ended| Taken {
            began: at(began),
            ended: at(ended),
        };
        let all = span([taken(5, 7), taken(4, 6)].into_iter()).unwrap();
        assert_eq!((all, all.millis()), (taken(4, 7), 3000));
        assert_eq!(span(std::iter::empty()), None);
    }
}
