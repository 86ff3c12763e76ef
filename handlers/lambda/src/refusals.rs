//! What a request that never became a restore is answered: once, whatever it was delivered or died of.

use jiff::Timestamp;
use serde_json::Value;
use tenant_restore_core::error::{Cause, Class};
use tenant_restore_core::plan::{self, Refusal};
use tenant_restore_core::request::{self, Ask};
use tenant_restore_core::restore::{given_up, rejection};
use tenant_restore_core::trace::Trace;
use tenant_restore_events::{Envelope, Phase};
use tenant_restore_report::Notice;
use tracing::info;

use crate::batch::Delivery;
use crate::engine::Engine;
use crate::fault::Fault;
use crate::trace;

/// Tells what is wrong with a request that nothing was created for.
///
/// # Errors
/// When a call failed; the message is then delivered again.
pub async fn reject(
    engine: &Engine,
    ask: Ask,
    envelope: &Envelope<Value>,
    causes: &[Cause],
    delivery: &Delivery,
) -> Result<(), Fault> {
    let request_id = request::request_id(&envelope.detail, &envelope.id);
    info!(%request_id, asked = ask.detail_type(), problems = causes.len(), "request rejected");
    if ask == Ask::Plan {
        return refuse_plan(engine, envelope, causes, delivery).await;
    }
    let now = Timestamp::now();
    let ended = rejection(&request_id, &envelope.detail, causes, now);
    let message_id = &delivery.message_id;
    let ended = engine.keep_rejection(&ended, message_id, now).await?;
    let trace = trace::begin(delivery);
    let notice = Notice::of_refusal(&ended);
    engine.announce(&ended, &notice, trace.as_ref()).await?;
    trace_rejection(engine, ask, &request_id, trace.as_ref(), causes);
    Ok(())
}

fn trace_rejection(
    engine: &Engine,
    ask: Ask,
    request_id: &str,
    trace: Option<&Trace>,
    causes: &[Cause],
) {
    let id = ask.id(&engine.config.setting.deployment.name, request_id);
    engine.trace_rejection(&id, trace, causes);
}

async fn refuse_plan(
    engine: &Engine,
    envelope: &Envelope<Value>,
    causes: &[Cause],
    delivery: &Delivery,
) -> Result<(), Fault> {
    let request_id = request::request_id(&envelope.detail, &envelope.id);
    let now = Timestamp::now();
    let refusal = Refusal {
        event_id: envelope.id.clone(),
        at: now,
        planned: plan::refusal(&request_id, &envelope.detail, causes, now),
    };
    engine.keep_refused_plan(&refusal).await?;
    let trace = trace::begin(delivery);
    engine
        .publish_plan(&refusal.planned, trace.as_ref())
        .await?;
    trace_rejection(engine, Ask::Plan, &request_id, trace.as_ref(), causes);
    Ok(())
}

/// Tells the rejection again that this message got before. It may have been told to some only: the bus before SNS refused
/// it, say. Judged anew, the request could get another answer. False if it got none.
///
/// # Errors
/// As [`reject`].
pub async fn tell_again(
    engine: &Engine,
    ask: Ask,
    envelope: &Envelope<Value>,
    delivery: &Delivery,
) -> Result<bool, Fault> {
    if ask == Ask::Plan {
        return Ok(false);
    }
    let request_id = request::request_id(&envelope.detail, &envelope.id);
    let message_id = &delivery.message_id;
    match engine.kept_rejection(&request_id, message_id).await? {
        Some(ended) => {
            let trace = trace::begin(delivery);
            let notice = Notice::of_refusal(&ended);
            engine
                .announce(&ended, &notice, trace.as_ref())
                .await
                .map(|()| true)
        }
        None => Ok(false),
    }
}

/// Answers a request that was given up: the restore that it opened before fails, and one that opened none is rejected, since
/// nobody else would ever tell whoever asked. Gives the fault of an answer that can't be told, unless it passes.
///
/// # Errors
/// When a call failed, and may go through later.
pub async fn abandon(
    engine: &Engine,
    ask: Ask,
    envelope: &Envelope<Value>,
    cause: Cause,
    delivery: &Delivery,
) -> Result<Option<Fault>, Fault> {
    let request_id = request::request_id(&envelope.detail, &envelope.id);
    let id = ask.id(&engine.config.setting.deployment.name, &request_id);
    let fingerprint = request::fingerprint(&envelope.detail);
    let stored = engine.load(&id).await?;
    if stored.is_some_and(|stored| stored.restore.request.fingerprint == fingerprint) {
        let abandoned = engine.abandon(&id, 1, Phase::Intake, cause, delivery);
        return abandoned.await.map(|_| None);
    }
    let answered = match ask {
        Ask::Restore => answer_letter(engine, envelope, &cause, delivery).await,
        Ask::Plan => answer_letter_of_plan(engine, envelope, cause, delivery).await,
    };
    match answered {
        Err(fault) if fault.cause.kind.class() == Class::Terminal => Ok(Some(fault)),
        answered => answered.map(|()| None),
    }
}

/// A request that died while its rejection was being told has its outcome.
async fn answer_letter(
    engine: &Engine,
    envelope: &Envelope<Value>,
    cause: &Cause,
    delivery: &Delivery,
) -> Result<(), Fault> {
    if tell_again(engine, Ask::Restore, envelope, delivery).await? {
        return Ok(());
    }
    let request_id = request::request_id(&envelope.detail, &envelope.id);
    info!(%request_id, "request given up");
    let (message_id, now) = (&delivery.message_id, Timestamp::now());
    let ended = given_up(&request_id, &envelope.detail, message_id, cause, now);
    let ended = engine.keep_rejection(&ended, message_id, now).await?;
    let trace = trace::begin(delivery);
    let notice = Notice::of_refusal(&ended);
    engine.announce(&ended, &notice, trace.as_ref()).await?;
    let causes = std::slice::from_ref(cause);
    trace_rejection(engine, Ask::Restore, &request_id, trace.as_ref(), causes);
    Ok(())
}

async fn answer_letter_of_plan(
    engine: &Engine,
    envelope: &Envelope<Value>,
    cause: Cause,
    delivery: &Delivery,
) -> Result<(), Fault> {
    let request_id = request::request_id(&envelope.detail, &envelope.id);
    match engine.kept_refused_plan(&request_id, &envelope.id).await? {
        Some(planned) => {
            let trace = trace::begin(delivery);
            engine.publish_plan(&planned, trace.as_ref()).await
        }
        None => refuse_plan(engine, envelope, &[cause], delivery).await,
    }
}
