//! The loop of every handler: load, look, decide, save, act, send.
//!
//! The order is what keeps the promises. A tick is sent before the save that expects it, so that a crash between the
//! two costs a superfluous tick, not the chain. The record is saved before the calls that create something, so that
//! the cleanup finds what a crash left behind. The next phase's command is in that record, so that whoever meets the
//! restore again sends it.

use jiff::Timestamp;
use tenant_restore_core::decision::{self, Decision, Then, Wake};
use tenant_restore_core::effect::{Effect, Learned};
use tenant_restore_core::error::ErrorKind;
use tenant_restore_core::naming::RestoreId;
use tenant_restore_core::phases;
use tenant_restore_core::restore::{Outbox, Restore};
use tenant_restore_core::trace::{self, Call};
use tenant_restore_events::Phase;
use tracing::{info, warn};

use crate::batch::Delivery;
use crate::clients::Clients;
use crate::config::Config;
use crate::fault::Fault;
use crate::letters::Owner;
use crate::message::Message;
use crate::post::in_trace;
use crate::setbacks::give_up;
use crate::store::{LogEntry, Saved, Stored};
use crate::trace::{Daemon, Doing};

/// More rounds than any decision needs: beyond, something goes in circles.
pub(crate) const MOST_ROUNDS: usize = 24;

/// A handler.
pub struct Engine {
    /// What it is told.
    pub config: Config,
    /// Whom it calls.
    pub clients: Clients,
    /// Whom it tells what it does.
    pub daemon: Daemon,
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
pub(crate) enum Round {
    Done,
    Again,
    /// The save of this was refused: somebody else saved, or our own save was done and its answer lost.
    Unsaved(Box<Restore>),
}

/// What an invocation knows and the record doesn't.
#[derive(Default)]
pub(crate) struct Known {
    learned: Vec<Learned>,
    refused: Option<RefusedCall>,
}

/// A call that AWS refused.
struct RefusedCall {
    effect: Effect,
    /// How often the restore had been resumed: what was refused before says nothing about what is done since.
    resumed: u32,
    fault: Fault,
}

impl Known {
    /// The refusal of one of these calls. Asked again at once, AWS would say the same.
    fn refusal_of(&self, effects: &[Effect], restore: &Restore) -> Option<&Fault> {
        let call = self.refused.as_ref()?;
        let is_same = call.resumed == restore.resumed.count && effects.contains(&call.effect);
        is_same.then_some(&call.fault)
    }
}

impl Engine {
    /// A handler with this configuration.
    pub fn new(config: Config, clients: Clients, daemon: Daemon) -> Self {
        Self {
            config,
            clients,
            daemon,
        }
    }

    /// Handles a message that is ours.
    pub async fn receive(
        &self,
        message: Message,
        body: &str,
        delivery: &Delivery,
    ) -> Result<(), Fault> {
        match message {
            Message::Request(ask, envelope) if self.config.handler == Phase::Intake => {
                crate::requests::receive(self, ask, &envelope, body, delivery).await
            }
            Message::Order(order, envelope) if self.config.handler == Phase::Intake => {
                crate::orders::receive(self, order, &envelope, body, delivery).await
            }
            Message::Request(..) | Message::Order(..) => {
                self.pass_on(body, Phase::Intake, delivery).await
            }
            Message::Restore {
                id,
                attempt,
                recipient,
                wake,
                name,
            } => {
                if let Some(phase) = recipient.filter(|phase| *phase != self.config.handler) {
                    return self.pass_on(body, phase, delivery).await;
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
                    let (reason, owner) = ("no restore has this id", Owner::Nobody);
                    return crate::letters::keep(self, body, delivery, reason, owner).await;
                }
                Ok(())
            }
        }
    }

    /// Redriving works to any queue: what belongs to another phase is passed on.
    async fn pass_on(&self, body: &str, phase: Phase, delivery: &Delivery) -> Result<(), Fault> {
        self.send_later(body, phase, 0, delivery).await
    }

    /// Puts a message that was delivered into a phase's queue, to be delivered again after so many seconds.
    pub(crate) async fn send_later(
        &self,
        body: &str,
        phase: Phase,
        seconds: i32,
        delivery: &Delivery,
    ) -> Result<(), Fault> {
        let queue = &self.config.queues[&phase];
        let request = self
            .clients
            .sqs
            .send_message()
            .queue_url(queue)
            .delay_seconds(seconds)
            .message_body(body)
            .set_message_system_attributes(in_trace(delivery.trace.as_ref()));
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
        let (mut known, mut attempt, mut unsaved) = (Known::default(), attempt, None);
        for round in 0..MOST_ROUNDS {
            let Some(stored) = self.load(id).await? else {
                return Ok(false);
            };
            // An event names no attempt. But what it woke for one, and learned there, isn't for the next.
            let stale = *attempt.get_or_insert(stored.restore.attempt) != stored.restore.attempt;
            if stale || !decision::may_act(self.config.handler, &stored.restore) {
                self.step_aside(&stored, &woken, unsaved.as_deref()).await?;
                return Ok(true);
            }
            // Later rounds may have replaced the wait of their own tick.
            if round == 0
                && decision::is_outdated(&stored.restore, self.config.handler, &woken.wake)
            {
                let entry = self.entry(&woken, &stored.restore, &stored.restore, &[]);
                self.log(id, stored.version, &entry).await?;
                return Ok(true);
            }
            match Box::pin(self.round(stored, &woken, &mut known, round)).await? {
                Round::Done => return Ok(true),
                Round::Again => {}
                Round::Unsaved(tried) => unsaved = Some(tried),
            }
        }
        Err(Fault::new(
            ErrorKind::Internal,
            format!("the restore {id} did not come to rest in {MOST_ROUNDS} rounds"),
        ))
    }

    async fn round(
        &self,
        stored: Stored,
        woken: &Woken<'_>,
        known: &mut Known,
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
        decision::learn(&mut restore, &known.learned, now);
        if decision::is_next_command(&restore, &woken.wake) {
            restore.outbox = Outbox::default();
        }
        let phase = phases::of(handler);
        let seen = match self.look(&phase.looks(&restore, setting)).await {
            Ok(seen) => seen,
            Err(fault) => return self.refused(&restore, version, woken, &fault, now).await,
        };
        restore.price(&seen);
        let Decision {
            restore: mut next,
            effects,
            mut then,
        } = phase.decide(restore, &seen, setting, now);
        // Others saved meanwhile, and it is still to be done. Calling again, two would undo each other's saves for ever.
        if let Some(fault) = known.refusal_of(&effects, &next) {
            return self.refused(&next, version, woken, fault, now).await;
        }
        let effects = self
            .settle(&mut next, &mut then, effects, woken, now)
            .await?;
        if effects.is_empty() {
            next.refusals.remove(&handler);
        }
        decision::announce(&mut next, &effects, setting, now);
        let described: Vec<String> = effects.iter().map(Effect::describe).collect();
        let mut saved_version = version;
        let entry = LogEntry {
            moved: decision::moved(&before, &next, &effects),
            ..self.entry(woken, &before, &next, &described)
        };
        if next != before {
            if self.save(&next, version, &entry).await? == Saved::Conflict {
                return Ok(Round::Unsaved(next.into()));
            }
            self.measure_step(&before, &next, &entry);
            saved_version += 1;
        } else if round == 0 || !effects.is_empty() {
            self.log(&next.id, version, &entry).await?;
        }
        known.learned.clear();
        let mut doing = Doing {
            began: Some(now),
            jobs: trace::jobs(&before, &next, &seen),
            ..Doing::default()
        };
        let acted = self
            .act(&effects, &next, woken, known, &mut doing.calls)
            .await;
        self.trace(Some(&before), &next, &entry, doing);
        if let Err(fault) = acted {
            decision::learn(&mut next, &known.learned, now);
            return self.refused(&next, saved_version, woken, &fault, now).await;
        }
        if next.refusals.contains_key(&handler) {
            let mut taken = next.clone();
            taken.refusals.remove(&handler);
            let entry = self.entry(woken, &next, &taken, &[]);
            if self.save(&taken, saved_version, &entry).await? == Saved::Conflict {
                return Ok(Round::Unsaved(taken.into()));
            }
        }
        if next.phase != before.phase {
            info!(restore = %next.id, phase = %handler, cause = %woken.name, next = %next.phase, "phase ended");
            self.send_outbox(&next).await?;
        }
        // What the effects taught goes into the record in the next round.
        Ok(if then == Then::LookAgain || !known.learned.is_empty() {
            Round::Again
        } else {
            Round::Done
        })
    }

    /// Does what was decided. The first refusal ends it, except in the cleanup: there one resource that can't be deleted
    /// doesn't keep the others.
    async fn act(
        &self,
        effects: &[Effect],
        restore: &Restore,
        woken: &Woken<'_>,
        known: &mut Known,
        calls: &mut Vec<Call>,
    ) -> Result<(), Fault> {
        let handler = self.config.handler;
        let mut trouble = None;
        for (position, effect) in effects.iter().enumerate() {
            let text = effect.describe();
            info!(restore = %restore.id, phase = %handler, cause = %woken.name, effect = %text, "act");
            let began = Timestamp::now();
            let answer = Box::pin(self.perform(effect, restore)).await;
            let refused = answer.as_ref().err().map(|fault| fault.cause.kind);
            calls.extend(trace::call(effect, (began, Timestamp::now()), refused));
            match (answer, effect.deletes()) {
                (Ok(facts), _) => {
                    known.learned.extend(facts);
                    known.learned.extend(effect.answered());
                }
                (Err(fault), Some((kind, name)))
                    if fault.cause.kind == ErrorKind::NameCollision =>
                {
                    warn!(restore = %restore.id, phase = %handler, error = %fault, "left alone");
                    let name = name.to_owned();
                    known.learned.push(Learned::NotOurs { kind, name });
                }
                (Err(fault), _) if handler == Phase::Cleanup => {
                    let this = std::slice::from_ref(effect);
                    known
                        .learned
                        .extend(decision::refused(this, fault.cause.kind));
                    trouble.get_or_insert(fault);
                }
                (Err(fault), _) => {
                    let rest = &effects[position..];
                    known
                        .learned
                        .extend(decision::refused(rest, fault.cause.kind));
                    known.refused = Some(RefusedCall {
                        effect: effect.clone(),
                        resumed: restore.resumed.count,
                        fault: fault.clone(),
                    });
                    return Err(fault);
                }
            }
        }
        trouble.map_or(Ok(()), Err)
    }

    /// Begins, keeps or ends the wait; past its deadline the restore fails instead.
    async fn settle(
        &self,
        next: &mut Restore,
        then: &mut Then,
        effects: Vec<Effect>,
        woken: &Woken<'_>,
        now: Timestamp,
    ) -> Result<Vec<Effect>, Fault> {
        let handler = self.config.handler;
        match decision::settle(
            next,
            handler,
            then,
            &woken.wake,
            &self.config.setting.pace,
            now,
        ) {
            Ok(Some(tick)) => self.send_tick(&tick, next).await?,
            Ok(None) => {}
            Err(cause) => {
                give_up(next, handler, cause, now);
                *then = Then::Rest;
                return Ok(Vec::new());
            }
        }
        Ok(effects)
    }

    /// A log entry about what woke us, with what it found and left.
    pub fn entry(
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
            expires_at: after.expires_at(),
        }
    }
}
