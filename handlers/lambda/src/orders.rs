//! `RestoreCancelRequested` and `RestoreReplayRequested`: what a person orders about a restore that exists.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use tenant_restore_core::decision::Wake;
use tenant_restore_core::naming::{RestoreId, restore_id};
use tenant_restore_core::restore::Restore;
use tenant_restore_events::Envelope;
use tenant_restore_events::request::RestoreReference;
use tracing::info;

use crate::batch::Delivery;
use crate::engine::{Engine, Woken};
use crate::fault::Fault;
use crate::store::{LogEntry, Refused, Saved, Stored};

const REPLAY: &str = "RestoreReplayRequested";

/// What is ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// End it now.
    Cancel,
    /// Try it again.
    Replay,
}

/// Takes an order. One that can't be followed is kept in the queue `dead`, with the reason.
///
/// # Errors
/// When a call failed; the message is then delivered again.
pub async fn receive(
    engine: &Engine,
    order: Order,
    envelope: &Envelope<Value>,
    body: &str,
    delivery: &Delivery,
) -> Result<(), Fault> {
    let refused = match reference(engine, &envelope.detail) {
        Ok((id, requested_by)) => {
            let who = Who {
                event_source: &envelope.source,
                requested_by: requested_by.as_deref(),
            };
            follow(engine, order, &id, who, delivery).await?
        }
        Err(problem) => Err(problem),
    };
    match refused {
        Ok(()) => Ok(()),
        Err(problem) => crate::letters::keep(engine, body, delivery, &problem).await,
    }
}

fn reference(engine: &Engine, detail: &Value) -> Result<(RestoreId, Option<String>), String> {
    let reference = RestoreReference::deserialize(detail)
        .map_err(|error| format!("the detail is invalid: {error}"))?;
    let id = match (&reference.restore_id, &reference.request_id) {
        (Some(id), None) => RestoreId::try_from(id.clone())?,
        (None, Some(request_id)) => restore_id(&engine.config.setting.deployment.name, request_id),
        _ => return Err("give `restoreId` or `requestId`, one of them".to_owned()),
    };
    Ok((id, reference.requested_by))
}

/// An order that was given up may have been followed, up to the save: what that causes is sent. It isn't followed now.
///
/// # Errors
/// When a call failed.
pub async fn abandon(engine: &Engine, envelope: &Envelope<Value>) -> Result<(), Fault> {
    let Ok((id, _)) = reference(engine, &envelope.detail) else {
        return Ok(());
    };
    match engine.load(&id).await? {
        Some(stored) => engine.send_outbox(&stored.restore.outbox).await,
        None => Ok(()),
    }
}

/// Who orders it.
#[derive(Clone, Copy)]
struct Who<'a> {
    event_source: &'a str,
    requested_by: Option<&'a str>,
}

/// Whoever may request a restore may also cancel and replay it.
async fn follow(
    engine: &Engine,
    order: Order,
    id: &RestoreId,
    who: Who<'_>,
    delivery: &Delivery,
) -> Result<Result<(), String>, Fault> {
    let Some(Stored { version, restore }) = engine.load(id).await? else {
        return Ok(Err(format!("no restore has the id {id}")));
    };
    let requesters = &engine.config.requesters;
    if let Err(causes) = requesters.check(who.event_source, &restore.request) {
        let problems: Vec<_> = causes.iter().map(ToString::to_string).collect();
        return Ok(Err(problems.join("; ")));
    }
    match order {
        Order::Cancel => cancel(engine, restore, version, who, delivery).await,
        Order::Replay => replay(engine, &restore, version, who, delivery).await,
    }
}

async fn cancel(
    engine: &Engine,
    restore: Restore,
    version: u64,
    who: Who<'_>,
    delivery: &Delivery,
) -> Result<Result<(), String>, Fault> {
    let mut next = restore.clone();
    if let Err(problem) = next.cancel(who.requested_by, Timestamp::now()) {
        // A second delivery of the same order finds its work done, but perhaps not its command sent.
        if delivery.again {
            engine.send_outbox(&restore.outbox).await?;
            return Ok(Ok(()));
        }
        return Ok(Err(problem));
    }
    let woken = Woken {
        wake: Wake::Request,
        name: "RestoreCancelRequested".to_owned(),
        delivery,
    };
    let entry = LogEntry {
        moved: true,
        ..engine.entry(&woken, &restore, &next, &[])
    };
    if engine.save(&next, version, &entry).await? == Saved::Conflict {
        return Box::pin(follow(engine, Order::Cancel, &restore.id, who, delivery)).await;
    }
    info!(restore = %next.id, phase = %restore.phase, cause = "RestoreCancelRequested", "restore cancelled");
    engine.send_outbox(&next.outbox).await?;
    Ok(Ok(()))
}

/// A held restore goes on at the step that failed; one that ended gets another attempt.
async fn replay(
    engine: &Engine,
    restore: &Restore,
    version: u64,
    who: Who<'_>,
    delivery: &Delivery,
) -> Result<Result<(), String>, Fault> {
    if restore.held.is_some() {
        return resume(engine, restore, version, who, delivery).await;
    }
    let next = match restore.next_attempt(Timestamp::now()) {
        Ok(next) => next,
        // A second delivery finds the work done, but perhaps not what it causes.
        Err(_) if delivery.again => {
            engine.send_outbox(&restore.outbox).await?;
            restore.clone()
        }
        Err(problem) => return Ok(Err(problem)),
    };
    if next.attempt != restore.attempt {
        match engine.reopen(&next, version).await? {
            Ok(()) => {
                info!(restore = %next.id, phase = "intake", cause = REPLAY, attempt = next.attempt, "restore reopened");
            }
            Err(Refused::Exists) => {
                return Ok(Err(format!(
                    "the restore {} was changed by another order",
                    next.id
                )));
            }
            Err(Refused::Claimed(position)) => {
                let name = &next.request.schemas[position].restored_as;
                return Ok(Err(format!(
                    "another restore claims the target schema {name:?}"
                )));
            }
        }
    }
    let woken = Woken {
        wake: Wake::Request,
        name: REPLAY.to_owned(),
        delivery,
    };
    engine.advance(&next.id, Some(next.attempt), woken).await?;
    Ok(Ok(()))
}

async fn resume(
    engine: &Engine,
    restore: &Restore,
    version: u64,
    who: Who<'_>,
    delivery: &Delivery,
) -> Result<Result<(), String>, Fault> {
    let mut next = restore.clone();
    if let Err(problem) = next.resume(Timestamp::now()) {
        return Ok(Err(problem));
    }
    let woken = Woken {
        wake: Wake::Request,
        name: REPLAY.to_owned(),
        delivery,
    };
    let entry = LogEntry {
        moved: true,
        ..engine.entry(&woken, restore, &next, &[])
    };
    if engine.save(&next, version, &entry).await? == Saved::Conflict {
        return Box::pin(follow(engine, Order::Replay, &restore.id, who, delivery)).await;
    }
    info!(restore = %next.id, phase = %next.phase, cause = REPLAY, "held restore resumed");
    engine.send_outbox(&next.outbox).await?;
    Ok(Ok(()))
}
