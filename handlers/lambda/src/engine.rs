//! The loop of every handler: load, look, decide, save, act, send.
//!
//! The order is what keeps the promises. A tick is sent before the save that expects it, so that a crash between the
//! two costs a superfluous tick, not the chain. The record is saved before the calls that create something, so that
//! the cleanup finds what a crash left behind. The next phase's command is in that record, so that whoever meets the
//! restore again sends it.

use jiff::Timestamp;
use tenant_restore_core::decision::{self, Decision, Then, Wake};
use tenant_restore_core::effect::Learned;
use tenant_restore_core::error::{Cause, Class, ErrorKind};
use tenant_restore_core::naming::RestoreId;
use tenant_restore_core::phases::{self, cleanup};
use tenant_restore_core::restore::{Outbox, Restore};
use tenant_restore_events::Phase;
use tracing::{info, warn};

use crate::batch::Delivery;
use crate::clients::Clients;
use crate::config::Config;
use crate::fault::Fault;
use crate::message::Message;
use crate::store::{LogEntry, Saved, Stored};

/// More rounds than any decision needs: beyond, something goes in circles.
const MOST_ROUNDS: usize = 24;

/// A handler.
pub struct Engine {
    /// What it is told.
    pub config: Config,
    /// Whom it calls.
    pub clients: Clients,
}

/// What woke the handler, for decision and log.
pub struct Woken<'a> {
    /// For the decision.
    pub wake: Wake,
    /// For the log.
    pub name: String,
    /// The message.
    pub delivery: &'a Delivery,
}

/// Whether a round was the last.
enum Round {
    Done,
    Again,
}

impl Engine {
    /// A handler with this configuration.
    pub fn new(config: Config, clients: Clients) -> Self {
        Self { config, clients }
    }

    /// Handles a message that is ours.
    pub async fn receive(
        &self,
        message: Message,
        body: &str,
        delivery: &Delivery,
    ) -> Result<(), Fault> {
        match message {
            Message::Request(envelope) if self.config.handler == Phase::Intake => {
                crate::requests::receive(self, &envelope, delivery).await
            }
            Message::Request(_) => {
                crate::letters::keep(
                    self,
                    body,
                    delivery,
                    "a request belongs on the queue of intake",
                )
                .await
            }
            Message::Restore {
                id,
                attempt,
                recipient,
                wake,
                name,
            } => {
                if let Some(phase) = recipient.filter(|phase| *phase != self.config.handler) {
                    return self.pass_on(body, phase).await;
                }
                let is_command = matches!(wake, Wake::Command(_));
                let known = self
                    .advance(
                        &id,
                        attempt,
                        Woken {
                            wake,
                            name,
                            delivery,
                        },
                    )
                    .await?;
                if !known && is_command {
                    return crate::letters::keep(self, body, delivery, "no restore has this id")
                        .await;
                }
                Ok(())
            }
        }
    }

    /// Redriving works to any queue: what belongs to another phase is passed on.
    async fn pass_on(&self, body: &str, phase: Phase) -> Result<(), Fault> {
        let queue = &self.config.queues[&phase];
        let request = self
            .clients
            .sqs
            .send_message()
            .queue_url(queue)
            .message_body(body);
        request
            .send()
            .await
            .map_err(crate::fault::fault("pass a message on"))?;
        Ok(())
    }

    /// Brings a restore as far as it goes now. False if there is none of this id.
    pub async fn advance(
        &self,
        id: &RestoreId,
        attempt: Option<u32>,
        woken: Woken<'_>,
    ) -> Result<bool, Fault> {
        let mut learned = Vec::new();
        for round in 0..MOST_ROUNDS {
            let Some(stored) = self.load(id).await? else {
                return Ok(false);
            };
            let stale = attempt.is_some_and(|attempt| attempt != stored.restore.attempt);
            if stale || !decision::may_act(self.config.handler, &stored.restore) {
                self.step_aside(&stored, &woken).await?;
                return Ok(true);
            }
            match Box::pin(self.round(stored, &woken, &mut learned, round)).await? {
                Round::Done => return Ok(true),
                Round::Again => {}
            }
        }
        Err(Fault::new(
            ErrorKind::Internal,
            format!("the restore {id} did not come to rest in {MOST_ROUNDS} rounds"),
        ))
    }

    /// The restore isn't in this handler's hands (any more). If the handler crashed on this message after saving, the
    /// next command still waits in the outbox.
    async fn step_aside(&self, stored: &Stored, woken: &Woken<'_>) -> Result<(), Fault> {
        let before = stored
            .restore
            .phases
            .iter()
            .rev()
            .nth(1)
            .map(|time| time.phase);
        if woken.delivery.again && before == Some(self.config.handler) {
            self.send_outbox(&stored.restore.outbox).await?;
        }
        // What concerns another phase is logged there.
        if !matches!(woken.wake, Wake::Command(_)) {
            return Ok(());
        }
        let entry = self.entry(woken, &stored.restore, &stored.restore, &[]);
        self.log(&stored.restore.id, stored.version, &entry).await
    }

    async fn round(
        &self,
        stored: Stored,
        woken: &Woken<'_>,
        learned: &mut Vec<Learned>,
        round: usize,
    ) -> Result<Round, Fault> {
        let Stored {
            version,
            restore: before,
        } = stored;
        let handler = self.config.handler;
        let setting = &self.config.setting;
        let now = Timestamp::now();
        let mut restore = before.clone();
        decision::heed(&mut restore, &setting.deployment, &woken.wake);
        decision::learn(&mut restore, learned);
        if is_next_command(&restore, &woken.wake) {
            restore.outbox = Outbox::default();
        }
        let phase = phases::of(handler);
        let decided = match self.look(&phase.looks(&restore, setting)).await {
            Ok(seen) => phase.decide(restore, &seen, setting, now),
            Err(fault) => return self.refused(&restore, version, woken, &fault, now).await,
        };
        let Decision {
            restore: mut next,
            effects,
            mut then,
        } = decided;
        let effects = self
            .settle(&mut next, &mut then, effects, woken, now)
            .await?;
        let described: Vec<String> = effects
            .iter()
            .map(tenant_restore_core::effect::Effect::describe)
            .collect();
        let mut saved_version = version;
        if next != before {
            let moved = decision::moved(&before, &next, &effects);
            let entry = LogEntry {
                moved,
                ..self.entry(woken, &before, &next, &described)
            };
            if self.save(&next, version, &entry).await? == Saved::Conflict {
                return Ok(Round::Again);
            }
            saved_version += 1;
        } else if round == 0 || !effects.is_empty() {
            let moved = !effects.is_empty();
            let entry = LogEntry {
                moved,
                ..self.entry(woken, &before, &next, &described)
            };
            self.log(&next.id, version, &entry).await?;
        }
        learned.clear();
        for (effect, text) in effects.iter().zip(&described) {
            info!(restore = %next.id, phase = %handler, cause = %woken.name, effect = %text, "act");
            match Box::pin(self.perform(effect, &next)).await {
                Ok(facts) => learned.extend(facts),
                Err(fault) => return self.refused(&next, saved_version, woken, &fault, now).await,
            }
        }
        if next.refusal.is_some() && !effects.is_empty() {
            let taken = Restore {
                refusal: None,
                ..next.clone()
            };
            let entry = self.entry(woken, &next, &taken, &[]);
            if self.save(&taken, saved_version, &entry).await? == Saved::Conflict {
                return Ok(Round::Again);
            }
        }
        if next.phase != before.phase {
            info!(restore = %next.id, phase = %handler, cause = %woken.name, next = %next.phase, "phase ended");
            self.send_outbox(&next.outbox).await?;
        }
        // What the effects taught goes into the record in the next round.
        Ok(if then == Then::LookAgain || !learned.is_empty() {
            Round::Again
        } else {
            Round::Done
        })
    }

    /// Begins, keeps or ends the wait; past its deadline the restore fails instead.
    async fn settle(
        &self,
        next: &mut Restore,
        then: &mut Then,
        effects: Vec<tenant_restore_core::effect::Effect>,
        woken: &Woken<'_>,
        now: Timestamp,
    ) -> Result<Vec<tenant_restore_core::effect::Effect>, Fault> {
        let handler = self.config.handler;
        match decision::settle(
            next,
            handler,
            then,
            &woken.wake,
            &self.config.setting.pace,
            now,
        ) {
            Ok(Some(tick)) => self.send_tick(&tick).await?,
            Ok(None) => {}
            Err(cause) => {
                give_up(next, handler, cause, now);
                *then = Then::Rest;
                return Ok(Vec::new());
            }
        }
        Ok(effects)
    }

    /// A call was refused: for a time, then it is repeated; or for good, then the restore fails.
    async fn refused(
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
            if restore.attempt != attempt || !decision::may_act(phase, &restore) {
                return Ok(());
            }
            if matches!(phase, Phase::Cleanup | Phase::Complete) {
                return Ok(());
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

    fn entry(
        &self,
        woken: &Woken<'_>,
        before: &Restore,
        after: &Restore,
        effects: &[String],
    ) -> LogEntry {
        let wait = before.waits.get(&self.config.handler);
        let cause = match woken.wake {
            Wake::Request => "request",
            Wake::Command(_) => "command",
            Wake::Tick { .. } => "tick",
            Wake::Hint(_) => "event",
        };
        LogEntry {
            at: Timestamp::now(),
            handler: self.config.handler.to_string(),
            cause: cause.to_owned(),
            name: woken.name.clone(),
            message_id: woken.delivery.message_id.clone(),
            sent_at: woken.delivery.sent_at,
            waited_for: wait.map(|wait| format!("{:?}", wait.what)),
            gap: wait.is_some_and(|wait| wait.what.is_gap()),
            moved: before.phase != after.phase,
            phase: before.phase.to_string(),
            next_phase: after.phase.to_string(),
            effects: effects.to_vec(),
            trouble: None,
        }
    }
}

/// Whether this is the command that the outbox holds for the restore's phase: then all in it was sent.
fn is_next_command(restore: &Restore, wake: &Wake) -> bool {
    let Wake::Command(instruction) = wake else {
        return false;
    };
    let mut commands = restore.outbox.commands.iter();
    instruction.recipient() == restore.phase
        && commands.any(|command| command.instruction == *instruction)
}

fn give_up(restore: &mut Restore, handler: Phase, cause: Cause, now: Timestamp) {
    warn!(restore = %restore.id, phase = %handler, kind = %cause.kind, error = %cause.message, "gave up");
    if handler == Phase::Cleanup {
        cleanup::give_up(restore, &cause, now);
    } else {
        restore.fail(vec![cause], now);
    }
}
