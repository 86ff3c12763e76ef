//! When things go wrong: calls that are refused, messages that are given up.

use jiff::Timestamp;
use tenant_restore_core::decision::{self, Wake};
use tenant_restore_core::error::{Cause, Class, ErrorKind};
use tenant_restore_core::letter::{self, Verdict};
use tenant_restore_core::naming::RestoreId;
use tenant_restore_core::restore::Restore;
use tenant_restore_events::Phase;
use tracing::{info, warn};

use crate::batch::Delivery;
use crate::engine::{Engine, MOST_ROUNDS, Round, Woken};
use crate::fault::Fault;
use crate::letters::Owner;
use crate::store::{LogEntry, Saved, Stored};
use crate::trace::Doing;

#[cfg(test)]
mod tests;

impl Engine {
    /// A call was refused: for a time, then it is repeated; or for good, then the restore fails.
    pub(crate) async fn refused(
        &self,
        restore: &Restore,
        version: u64,
        woken: &Woken<'_>,
        fault: &Fault,
        now: Timestamp,
    ) -> Result<Round, Fault> {
        let handler = self.config.handler;
        if handler == Phase::Complete {
            return Err(fault.clone());
        }
        let mut next = restore.clone();
        // The cleanup never gives up on a resource at the first refusal.
        let again = fault.cause.kind.class() == Class::Expected || handler == Phase::Cleanup;
        let overdue = if again {
            match decision::put_off(
                &mut next,
                handler,
                &fault.cause,
                &self.config.setting.pace,
                now,
            ) {
                Ok(tick) => {
                    info!(restore = %next.id, phase = %handler, kind = %fault.cause.kind, error = %fault, "put off");
                    self.send_tick(&tick, &next).await?;
                    None
                }
                Err(cause) => Some(cause),
            }
        } else {
            Some(fault.cause.clone())
        };
        let failed = overdue.is_some();
        if let Some(cause) = overdue {
            give_up(&mut next, handler, cause, now);
        }
        let entry = LogEntry {
            trouble: Some(fault.to_string()),
            ..self.entry(woken, restore, &next, &[])
        };
        if self.save(&next, version, &entry).await? == Saved::Conflict {
            if failed {
                return Ok(Round::Unsaved(next.into()));
            }
            // A twin is at work, and our tick is sent. Acting again at once, each would undo the other's save for ever.
            self.log(&restore.id, version, &entry).await?;
            return Ok(Round::Done);
        }
        let doing = Doing {
            began: Some(now),
            trouble: Some(fault.cause.kind),
            ..Doing::default()
        };
        self.trace(Some(restore), &next, &entry, doing);
        if failed {
            self.send_outbox(&next).await?;
        }
        Ok(Round::Done)
    }

    /// Fails a restore whose command was given up, if it still is in that phase and attempt.
    pub async fn abandon(
        &self,
        id: &RestoreId,
        attempt: u32,
        phase: Phase,
        cause: Cause,
        delivery: &Delivery,
    ) -> Result<Owner, Fault> {
        let judge = |restore: &Restore| {
            letter::command(restore, attempt, phase, cause.clone(), Timestamp::now())
        };
        self.bury(id, judge, &cause, delivery).await
    }

    /// Arms the waits of a restore again after one of its ticks or hints was given up.
    pub async fn arm_again(
        &self,
        id: &RestoreId,
        cause: Cause,
        delivery: &Delivery,
    ) -> Result<Owner, Fault> {
        let pace = &self.config.setting.pace;
        let judge =
            |restore: &Restore| letter::hint(restore, cause.clone(), pace, Timestamp::now());
        self.bury(id, judge, &cause, delivery).await
    }

    async fn bury(
        &self,
        id: &RestoreId,
        judge: impl Fn(&Restore) -> Verdict,
        cause: &Cause,
        delivery: &Delivery,
    ) -> Result<Owner, Fault> {
        for _ in 0..MOST_ROUNDS {
            let Some(Stored { version, restore }) = self.load(id).await? else {
                return Ok(Owner::Nobody);
            };
            let next = match judge(&restore) {
                Verdict::Fail(next) => next,
                Verdict::Rearm(ticks) => {
                    for tick in &ticks {
                        self.send_tick(tick, &restore).await?;
                    }
                    self.send_outbox(&restore).await?;
                    let entry = self.letter(cause, delivery, &restore, &restore);
                    self.log(id, version, &entry).await?;
                    return Ok(Owner::Restore);
                }
            };
            let entry = self.letter(cause, delivery, &restore, &next);
            if self.save(&next, version, &entry).await? == Saved::Yes {
                let doing = Doing {
                    trouble: Some(cause.kind),
                    ..Doing::default()
                };
                self.trace(Some(&restore), &next, &entry, doing);
                self.send_outbox(&next).await?;
                return Ok(Owner::Restore);
            }
        }
        Err(Fault::new(
            ErrorKind::Internal,
            format!("the restore {id} was always changed by others"),
        ))
    }

    fn letter(
        &self,
        cause: &Cause,
        delivery: &Delivery,
        before: &Restore,
        after: &Restore,
    ) -> LogEntry {
        let woken = Woken {
            wake: Wake::Request,
            name: "letter".to_owned(),
            delivery,
        };
        LogEntry {
            cause: "letter".to_owned(),
            trouble: Some(cause.to_string()),
            ..self.entry(&woken, before, after, &[])
        }
    }
}

/// Fails the restore, or the cleanup, which then ends with what is left.
pub(crate) fn give_up(restore: &mut Restore, handler: Phase, cause: Cause, now: Timestamp) {
    warn!(restore = %restore.id, phase = %handler, kind = %cause.kind, error = %cause.message, "gave up");
    decision::give_up(restore, handler, cause, now);
}
