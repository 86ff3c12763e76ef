//! `RestoreRequested` and `RestorePlanRequested`: validated, de-duplicated, opened; or rejected, with nothing created.

use jiff::Timestamp;
use serde_json::Value;
use tenant_restore_core::decision::Wake;
use tenant_restore_core::error::{Cause, Class, ErrorKind};
use tenant_restore_core::plan::{self, Refusal};
use tenant_restore_core::request::{self, Arrival, Ask, Request};
use tenant_restore_core::restore::rejection;
use tenant_restore_core::restore_point::SnapshotSight;
use tenant_restore_events::{Envelope, Phase};
use tracing::info;

use crate::batch::Delivery;
use crate::engine::{Engine, Woken};
use crate::fault::Fault;
use crate::message::event_time;
use crate::store::Refused;

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
    let now = Timestamp::now();
    let snapshot = match look_at_snapshot(engine, ask, envelope, delivery).await {
        Ok(Looked::At(sight)) => sight,
        Ok(Looked::OpenedBefore) => return Ok(()),
        Ok(Looked::Refused(cause)) => return reject(engine, ask, envelope, &[cause], now).await,
        Err(fault) => return put_off(engine, body, fault).await,
    };
    let arrival = Arrival {
        event_id: &envelope.id,
        time: event_time(envelope, now),
        replayed: envelope.replay_name.is_some(),
        now,
        default_source: &engine.config.default_source,
        snapshot: snapshot.as_ref(),
    };
    let judged = match judge(engine, envelope, &arrival).await {
        Ok(judged) => judged,
        Err(fault) => return put_off(engine, body, fault).await,
    };
    let causes = match judged {
        Ok(request) => match open(engine, ask, request, delivery, now).await? {
            Ok(()) => return Ok(()),
            Err(cause) => vec![cause],
        },
        Err(causes) => causes,
    };
    reject(engine, ask, envelope, &causes, now).await
}

/// Tells what is wrong with a request that nothing was created for.
async fn reject(
    engine: &Engine,
    ask: Ask,
    envelope: &Envelope<Value>,
    causes: &[Cause],
    now: Timestamp,
) -> Result<(), Fault> {
    let request_id = request::request_id(&envelope.detail, &envelope.id);
    info!(%request_id, asked = ask.detail_type(), problems = causes.len(), "request rejected");
    if ask == Ask::Plan {
        let refusal = Refusal {
            event_id: envelope.id.clone(),
            at: now,
            planned: plan::refusal(&request_id, &envelope.detail, causes, now),
        };
        engine.keep_refused_plan(&refusal).await?;
        return engine.publish_plan(&refusal.planned).await;
    }
    let ended = rejection(&request_id, &envelope.detail, causes, now);
    let ended = engine.keep_rejection(&ended, now).await?;
    engine.announce(&ended).await
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
    let named = [Some(&request.source), request.target.as_ref()];
    let mut clusters = [None, None];
    for (database, cluster) in named.into_iter().zip(&mut clusters) {
        let Some(database) = database else { continue };
        match refused_for_good(engine.cluster_of_member(database).await)? {
            Ok(found) => *cluster = found,
            Err(cause) => return Ok(Err(vec![cause])),
        }
    }
    [request.source_cluster, request.target_cluster] = clusters;
    let requesters = &engine.config.requesters;
    let permitted = requesters.check(&envelope.source, &request);
    Ok(permitted.map(|()| request))
}

/// What RDS refuses for good, such as a right that the handler lacks, is the answer to the request: delivered again it
/// would be refused again, until the request lay in the queue `dead` and whoever asked had heard nothing.
fn refused_for_good<T>(looked: Result<T, Fault>) -> Result<Result<T, Cause>, Fault> {
    match looked {
        Ok(found) => Ok(Ok(found)),
        Err(fault) if fault.cause.kind.class() == Class::Expected => Err(fault),
        Err(fault) => Ok(Err(fault.cause)),
    }
}

/// Between two looks at what RDS refuses to show for a time.
const PUT_OFF_SECONDS: i32 = 15;

/// Takes the request later, if what kept from it passes. The detail is read again then; an event that is too old by that
/// time is rejected as stale.
async fn put_off(engine: &Engine, body: &str, fault: Fault) -> Result<(), Fault> {
    if fault.cause.kind.class() != Class::Expected {
        return Err(fault);
    }
    info!(kind = %fault.cause.kind, error = %fault, "request put off");
    engine
        .send_later(body, Phase::Intake, PUT_OFF_SECONDS)
        .await
}

/// What came of looking at a request's snapshot.
enum Looked {
    /// This; nothing if the request names none.
    At(Option<SnapshotSight>),
    /// The request is delivered again and had opened its restore before: the snapshot may be gone by now, and the restore
    /// goes on.
    OpenedBefore,
    /// RDS refuses to show it, for good.
    Refused(Cause),
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
    let request_id = request::request_id(&envelope.detail, &envelope.id);
    let id = ask.id(&engine.config.setting.deployment.name, &request_id);
    let stored = engine.load(&id).await?;
    let fingerprint = request::fingerprint(&envelope.detail);
    if stored.is_some_and(|stored| stored.restore.request.fingerprint == fingerprint) {
        let woken = Woken {
            wake: Wake::Request,
            name: ask.detail_type().to_owned(),
            delivery,
        };
        engine.advance(&id, Some(1), woken).await?;
        return Ok(Looked::OpenedBefore);
    }
    Ok(match refused_for_good(engine.snapshot(&name).await)? {
        Ok(sight) => Looked::At(Some(sight)),
        Err(cause) => Looked::Refused(cause),
    })
}

/// Fails the restore that a request opened before it was given up. A request that opened none is only kept.
///
/// # Errors
/// When a call failed.
pub async fn abandon(
    engine: &Engine,
    ask: Ask,
    envelope: &Envelope<Value>,
    cause: Cause,
    delivery: &Delivery,
) -> Result<(), Fault> {
    let request_id = request::request_id(&envelope.detail, &envelope.id);
    let id = ask.id(&engine.config.setting.deployment.name, &request_id);
    let Some(stored) = engine.load(&id).await? else {
        return Ok(());
    };
    if stored.restore.request.fingerprint != request::fingerprint(&envelope.detail) {
        return Ok(());
    }
    let abandoned = engine.abandon(&id, 1, Phase::Intake, cause, delivery);
    abandoned.await.map(drop)
}

async fn open(
    engine: &Engine,
    ask: Ask,
    request: Request,
    delivery: &Delivery,
    now: Timestamp,
) -> Result<Result<(), Cause>, Fault> {
    let restore = ask.open(&engine.config.setting.deployment.name, request, now);
    let id = restore.id.clone();
    match engine.open(&restore).await? {
        Ok(()) => {
            info!(restore = %id, phase = "intake", cause = ask.detail_type(), "opened")
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
    let woken = Woken {
        wake: Wake::Request,
        name: ask.detail_type().to_owned(),
        delivery,
    };
    engine.advance(&id, Some(1), woken).await?;
    Ok(Ok(()))
}
