//! `RestoreCancelRequested` and `RestoreReplayRequested`: what a person orders about a restore that exists.

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::Value;
use tenant_restore_core::decision::Wake;
use tenant_restore_core::error::ErrorKind;
use tenant_restore_core::naming::{RestoreId, restore_id};
use tenant_restore_core::order::{self, Answer, Order, Ordered};
use tenant_restore_core::restore::Restore;
use tenant_restore_events::request::RestoreReference;
use tenant_restore_events::{Envelope, Phase};
use tracing::info;

use crate::batch::Delivery;
use crate::engine::{Engine, MOST_ROUNDS, Woken};
use crate::fault::Fault;
use crate::letters::Owner;
use crate::message::event_time;
use crate::store::{LogEntry, Refused, Saved, Stored};
use crate::trace::{self, Doing};

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
            let ordered = Ordered {
                order,
                event_id: &envelope.id,
                replayed: envelope.replay_name.is_some(),
                requested_by: requested_by.as_deref(),
            };
            let asked = Asked {
                ordered,
                event_source: &envelope.source,
                at: event_time(envelope, Timestamp::now()),
                body,
                delivery,
            };
            follow(engine, &id, &asked).await?
        }
        Err(problem) => Err((problem, Owner::Nobody)),
    };
    match refused {
        Ok(()) => Ok(()),
        Err((problem, owner)) => {
            crate::letters::keep(engine, body, delivery, &problem, owner).await
        }
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
pub async fn abandon(engine: &Engine, envelope: &Envelope<Value>) -> Result<Owner, Fault> {
    let Ok((id, _)) = reference(engine, &envelope.detail) else {
        return Ok(Owner::Nobody);
    };
    let Some(stored) = engine.load(&id).await? else {
        return Ok(Owner::Nobody);
    };
    engine.send_outbox(&stored.restore).await?;
    Ok(Owner::Restore)
}

struct Asked<'a> {
    ordered: Ordered<'a>,
    event_source: &'a str,
    at: Timestamp,
    body: &'a str,
    delivery: &'a Delivery,
}

impl Asked<'_> {
    fn name(&self) -> &'static str {
        match self.ordered.order {
            Order::Cancel => "RestoreCancelRequested",
            Order::Replay => "RestoreReplayRequested",
        }
    }
}

async fn follow(
    engine: &Engine,
    id: &RestoreId,
    asked: &Asked<'_>,
) -> Result<Result<(), (String, Owner)>, Fault> {
    for _ in 0..MOST_ROUNDS {
        let Some(Stored { version, restore }) = engine.load(id).await? else {
            let problem = format!("no restore has the id {id}");
            return Ok(Err((problem, Owner::Nobody)));
        };
        if let Err(problem) = permitted(engine, &restore, asked) {
            return Ok(Err((problem, Owner::Restore)));
        }
        let now = Timestamp::now();
        let next = match order::answer(&restore, &asked.ordered, now) {
            Answer::Follow(next) => with_trace(&restore, *next, asked),
            Answer::Followed => {
                engine.send_outbox(&restore).await?;
                return Ok(Ok(()));
            }
            Answer::Soon => return follow_soon(engine, &restore, asked, now).await,
            Answer::Refuse(problem) => return Ok(Err((problem, Owner::Restore))),
        };
        match save(engine, &restore, version, &next, asked).await? {
            Ok(Saved::Conflict) => {}
            Ok(Saved::Yes) => {
                info!(restore = %next.id, phase = %next.phase, cause = asked.name(), attempt = next.attempt, "order followed");
                engine.send_outbox(&next).await?;
                return Ok(Ok(()));
            }
            Err(problem) => return Ok(Err((problem, Owner::Restore))),
        }
    }
    Err(Fault::new(
        ErrorKind::Internal,
        format!("the restore {id} was always changed by others"),
    ))
}

/// Another attempt has a trace of its own: that of its order, if whoever gave it has one. The one before may be too old to be
/// added to.
fn with_trace(before: &Restore, mut next: Restore, asked: &Asked<'_>) -> Restore {
    if next.attempt != before.attempt {
        next.trace = trace::begin(asked.delivery);
    }
    next
}

/// Between two looks at whether an outcome was told.
const SOON_SECONDS: i32 = 15;

/// Telling an outcome takes seconds. Where it takes so long, somebody has to look at it, and at what waits for it.
const SOON_ENDS_AFTER: SignedDuration = SignedDuration::from_mins(15);

/// Takes the order later, once the outcome was told.
async fn follow_soon(
    engine: &Engine,
    restore: &Restore,
    asked: &Asked<'_>,
    now: Timestamp,
) -> Result<Result<(), (String, Owner)>, Fault> {
    if now.duration_since(asked.at) > SOON_ENDS_AFTER {
        let problem = format!(
            "the outcome of the restore {} could not be told for {SOON_ENDS_AFTER:#}",
            restore.id
        );
        return Ok(Err((problem, Owner::Restore)));
    }
    info!(restore = %restore.id, phase = %restore.phase, cause = asked.name(), "order put off until the outcome was told");
    engine
        .send_later(asked.body, Phase::Intake, SOON_SECONDS, asked.delivery)
        .await?;
    Ok(Ok(()))
}

/// Whoever may request a restore may also cancel and replay it.
fn permitted(engine: &Engine, restore: &Restore, asked: &Asked<'_>) -> Result<(), String> {
    let requesters = &engine.config.requesters;
    let checked = requesters.check(asked.event_source, &restore.request);
    checked.map_err(|causes| {
        let problems: Vec<_> = causes.iter().map(ToString::to_string).collect();
        problems.join("; ")
    })
}

/// Saves what an order makes of a restore. Another attempt claims its target names again, which may be refused.
async fn save(
    engine: &Engine,
    restore: &Restore,
    version: u64,
    next: &Restore,
    asked: &Asked<'_>,
) -> Result<Result<Saved, String>, Fault> {
    let woken = Woken {
        wake: Wake::Request,
        name: asked.name().to_owned(),
        delivery: asked.delivery,
    };
    let entry = LogEntry {
        moved: true,
        ..engine.entry(&woken, restore, next, &[])
    };
    if next.attempt == restore.attempt {
        let saved = engine.save(next, version, &entry).await?;
        if saved == Saved::Yes {
            engine.trace(Some(restore), next, &entry, Doing::default());
        }
        return Ok(Ok(saved));
    }
    match engine.reopen(next, version).await? {
        Ok(()) => {
            engine.log(&next.id, version + 1, &entry).await?;
            engine.trace(Some(restore), next, &entry, Doing::default());
            Ok(Ok(Saved::Yes))
        }
        Err(Refused::Exists) => Ok(Ok(Saved::Conflict)),
        Err(Refused::Claimed(position)) => {
            let name = &next.request.schemas[position].restored_as;
            Ok(Err(format!(
                "another restore claims the target schema {name:?}"
            )))
        }
    }
}
