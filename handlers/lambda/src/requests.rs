//! `RestoreRequested` and `RestorePlanRequested`: validated, de-duplicated, opened; or rejected, with nothing created.

use jiff::Timestamp;
use serde_json::Value;
use tenant_restore_core::decision::Wake;
use tenant_restore_core::error::{Cause, Class, ErrorKind};
use tenant_restore_core::request::{self, Arrival, Ask, Request};
use tenant_restore_core::restore_point::SnapshotSight;
use tenant_restore_events::{Envelope, Phase};
use tracing::info;

use crate::batch::Delivery;
use crate::engine::{Engine, Woken};
use crate::fault::Fault;
use crate::message::event_time;
use crate::refusals::{reject, tell_again};
use crate::store::Refused;
use crate::trace::{self, Doing};

/// Takes a request.
///
/// # Errors
/// When a call failed; the message is then delivered again.
pub async fn receive(
    engine: &Engine,
    ask: Ask,
    envelope: &Envelope<Value>,
    body: &str,
    delivery: &Delivery,
) -> Result<(), Fault> {
    if delivery.again && tell_again(engine, ask, envelope, delivery).await? {
        return Ok(());
    }
    let now = Timestamp::now();
    let arrival = Arrival {
        event_id: &envelope.id,
        time: event_time(envelope, now),
        replayed: envelope.replay_name.is_some(),
        now,
        default_source: &engine.config.default_source,
        snapshot: None,
    };
    // What came of it was told then: a rejection now would contradict that.
    if arrival.stale().is_some() && opened_before(engine, ask, envelope, delivery).await? {
        return Ok(());
    }
    let snapshot = match look_at_snapshot(engine, ask, envelope, delivery).await {
        Ok(Looked::At(sight)) => sight,
        Ok(Looked::OpenedBefore) => return Ok(()),
        Err(fault) => {
            return turn_away(engine, ask, &arrival, envelope, (body, delivery), fault).await;
        }
    };
    let arrival = Arrival {
        snapshot: snapshot.as_ref(),
        ..arrival
    };
    let judged = match judge(engine, envelope, &arrival).await {
        Ok(judged) => judged,
        Err(fault) => {
            return turn_away(engine, ask, &arrival, envelope, (body, delivery), fault).await;
        }
    };
    let causes = match judged {
        Ok(request) => match open(engine, ask, request, delivery, now).await? {
            Ok(()) => return Ok(()),
            Err(cause) => vec![cause],
        },
        Err(causes) => causes,
    };
    reject(engine, ask, envelope, &causes, delivery).await
}

/// Reads a request and judges whether this deployment can serve it, and may for whoever published it.
async fn judge(
    engine: &Engine,
    envelope: &Envelope<Value>,
    arrival: &Arrival<'_>,
) -> Result<Result<Request, Vec<Cause>>, Fault> {
    let foreign = engine.config.home.refuse_foreign(&envelope.detail);
    let mut request = match request::read(&envelope.detail, arrival) {
        Ok(request) if foreign.is_empty() => request,
        Ok(_) => return Ok(Err(foreign)),
        Err(causes) => return Ok(Err([causes, foreign].concat())),
    };
    request.source_cluster = engine.cluster_of_member(&request.source).await?;
    if let Some(target) = &request.target {
        request.target_cluster = engine.cluster_of_member(target).await?;
    }
    let requesters = &engine.config.requesters;
    let permitted = requesters.check(&envelope.source, &request);
    Ok(permitted.map(|()| request))
}

/// Between two looks at what RDS refuses to show for a time.
const PUT_OFF_SECONDS: i32 = 15;

/// Answers a request that couldn't be judged. What passes puts it off, until the event is too old to be taken. What AWS refuses for good, such as a right that the handler lacks, is the
/// answer, unless an earlier delivery opened a restore: delivered again, the request would only be refused again, until it
/// lay in the queue `dead` and whoever asked had heard nothing.
async fn turn_away(
    engine: &Engine,
    ask: Ask,
    arrival: &Arrival<'_>,
    envelope: &Envelope<Value>,
    (body, delivery): (&str, &Delivery),
    fault: Fault,
) -> Result<(), Fault> {
    let stale = arrival.stale();
    if fault.cause.kind.class() == Class::Expected && stale.is_none() {
        info!(kind = %fault.cause.kind, error = %fault, "request put off");
        return engine
            .send_later(body, Phase::Intake, PUT_OFF_SECONDS, delivery)
            .await;
    }
    if opened_before(engine, ask, envelope, delivery).await? {
        return Ok(());
    }
    let causes: Vec<_> = stale.into_iter().chain([fault.cause]).collect();
    reject(engine, ask, envelope, &causes, delivery).await
}

/// What came of looking at a request's snapshot.
enum Looked {
    /// This; nothing if the request names none.
    At(Option<SnapshotSight>),
    /// The request is delivered again and had opened its restore before: the snapshot may be gone by now, and the restore
    /// goes on.
    OpenedBefore,
}

/// The suffix of the restored names comes from the snapshot's time by default, so it is needed before the restore is
/// opened.
async fn look_at_snapshot(
    engine: &Engine,
    ask: Ask,
    envelope: &Envelope<Value>,
    delivery: &Delivery,
) -> Result<Looked, Fault> {
    let Some(name) = request::snapshot_name(&envelope.detail) else {
        return Ok(Looked::At(None));
    };
    if opened_before(engine, ask, envelope, delivery).await? {
        return Ok(Looked::OpenedBefore);
    }
    Ok(Looked::At(Some(engine.snapshot(&name).await?)))
}

/// Whether an earlier delivery of the request opened its restore; that goes on then.
async fn opened_before(
    engine: &Engine,
    ask: Ask,
    envelope: &Envelope<Value>,
    delivery: &Delivery,
) -> Result<bool, Fault> {
    let request_id = request::request_id(&envelope.detail, &envelope.id);
    let id = ask.id(&engine.config.setting.deployment.name, &request_id);
    let stored = engine.load(&id).await?;
    let fingerprint = request::fingerprint(&envelope.detail);
    if stored.is_none_or(|stored| stored.restore.request.fingerprint != fingerprint) {
        return Ok(false);
    }
    let woken = Woken {
        wake: Wake::Request,
        name: ask.detail_type().to_owned(),
        delivery,
    };
    engine.advance(&id, Some(1), woken).await?;
    Ok(true)
}

async fn open(
    engine: &Engine,
    ask: Ask,
    request: Request,
    delivery: &Delivery,
    now: Timestamp,
) -> Result<Result<(), Cause>, Fault> {
    let mut restore = ask.open(&engine.config.setting.deployment.name, request, now);
    restore.trace = trace::begin(delivery);
    let id = restore.id.clone();
    let woken = Woken {
        wake: Wake::Request,
        name: ask.detail_type().to_owned(),
        delivery,
    };
    match engine.open(&restore).await? {
        Ok(()) => {
            info!(restore = %id, phase = "intake", cause = ask.detail_type(), "opened");
            let entry = engine.entry(&woken, &restore, &restore, &[]);
            engine.trace(None, &restore, &entry, Doing::default());
        }
        Err(Refused::Exists) => {
            let Some(stored) = engine.load(&id).await? else {
                return Err(Fault::new(
                    ErrorKind::Internal,
                    format!("the record of {id} came and went"),
                ));
            };
            if stored.restore.request.fingerprint != restore.request.fingerprint {
                let message = format!(
                    "`requestId` {:?} was used for another request",
                    restore.request.request_id
                );
                return Ok(Err(
                    Cause::new(ErrorKind::RequestIdReused, message).at("requestId")
                ));
            }
        }
        Err(Refused::Claimed(position)) => {
            let name = &restore.request.schemas[position].restored_as;
            let message = format!("another restore claims the target schema {name:?}");
            return Ok(Err(
                Cause::new(ErrorKind::TargetClaimed, message).at("suffix")
            ));
        }
    }
    engine.advance(&id, Some(1), woken).await?;
    Ok(Ok(()))
}
