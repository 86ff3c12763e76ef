//! When things go wrong: calls that are refused, messages that are given up.

use jiff::Timestamp;
use tenant_restore_core::decision::{self, Tick, Wake};
use tenant_restore_core::error::{Cause, Class, ErrorKind};
use tenant_restore_core::naming::RestoreId;
use tenant_restore_core::restore::Restore;
use tenant_restore_events::{Command, Instruction, Phase};
use tracing::{info, warn};

use crate::batch::Delivery;
use crate::engine::{Engine, MOST_ROUNDS, Round, Woken};
use crate::fault::Fault;
use crate::store::{LogEntry, Saved, Stored};

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
                    self.send_tick(&tick).await?;
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
            return Ok(Round::Again);
        }
        if failed {
            self.send_outbox(&next.outbox).await?;
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
    ) -> Result<(), Fault> {
        for _ in 0..MOST_ROUNDS {
            let Some(Stored { version, restore }) = self.load(id).await? else {
                return Ok(());
            };
            let ending = matches!(phase, Phase::Cleanup | Phase::Complete);
            if restore.attempt != attempt || ending || !decision::may_act(phase, &restore) {
                return self.send_again(&restore, delivery).await;
            }
            let mut next = restore.clone();
            next.fail(vec![cause.clone()], Timestamp::now());
            let woken = Woken {
                wake: Wake::Request,
                name: "letter".to_owned(),
                delivery,
            };
            let entry = LogEntry {
                cause: "letter".to_owned(),
                trouble: Some(cause.to_string()),
                ..self.entry(&woken, &restore, &next, &[])
            };
            if self.save(&next, version, &entry).await? == Saved::Yes {
                return self.send_outbox(&next.outbox).await;
            }
        }
        Err(Fault::new(
            ErrorKind::Internal,
            format!("the restore {id} was always changed by others"),
        ))
    }

    /// Arms the waits of a restore again after one of its ticks or hints was given up: with it the chain of ticks may have
    /// ended. A wait that is past its deadline, which its handler evidently can't say, fails the restore.
    pub async fn arm_again(
        &self,
        id: &RestoreId,
        cause: Cause,
        delivery: &Delivery,
    ) -> Result<(), Fault> {
        let Some(Stored { restore, .. }) = self.load(id).await? else {
            return Ok(());
        };
        let now = Timestamp::now();
        for (&phase, wait) in &restore.waits {
            if now > wait.deadline {
                return self
                    .abandon(id, restore.attempt, phase, cause, delivery)
                    .await;
            }
            let generation = wait.generation;
            let reconcile = Instruction::Reconcile { phase, generation };
            let tick = Tick {
                command: Command::new(id.as_str(), restore.attempt, reconcile),
                delay: self.config.setting.pace.interval(wait.what, wait.ticks),
            };
            self.send_tick(&tick).await?;
        }
        Ok(())
    }
}

/// Fails the restore, or the cleanup, which then ends with what is left.
pub(crate) fn give_up(restore: &mut Restore, handler: Phase, cause: Cause, now: Timestamp) {
    warn!(restore = %restore.id, phase = %handler, kind = %cause.kind, error = %cause.message, "gave up");
    decision::give_up(restore, handler, cause, now);
}
