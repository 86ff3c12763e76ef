//! Messages that nobody could handle. They are kept in the queue `dead` with their cause; a command of a restore's
//! current phase and attempt that was given up starts the cleanup of its restore first.

use aws_sdk_sqs::types::MessageAttributeValue;
use tenant_restore_core::decision::Wake;
use tenant_restore_core::error::{Cause, ErrorKind};
use tracing::warn;

use crate::batch::Delivery;
use crate::engine::Engine;
use crate::fault::{Fault, fault};
use crate::message::{self, Message};
use crate::metric;
use crate::post::in_trace;

/// Whether a message belongs to a restore; what belongs to none raises a metric of its own, for an alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// It does, or to a request that was to open one.
    Restore,
    /// It can't be read, or names a restore that there isn't.
    Nobody,
}

/// Takes a letter from the dead-letter queue.
///
/// # Errors
/// When the letter could not be kept.
pub async fn receive(engine: &Engine, body: &str, delivery: &Delivery) -> Result<(), Fault> {
    let (reason, owner) = match message::read(body, &engine.config.setting.deployment) {
        Ok(Message::Restore {
            id,
            attempt: Some(attempt),
            recipient: Some(phase),
            wake: Wake::Command(_),
            name,
        }) => {
            let cause = Cause::new(
                ErrorKind::DeadLetter,
                format!("the command {name} to {phase} was given up"),
            );
            let known = engine.abandon(&id, attempt, phase, cause, delivery).await?;
            (format!("the command {name} to {phase} was given up"), known)
        }
        Ok(Message::Restore { id, name, .. }) => {
            let reason = format!("{name} was given up after repeated failures of its handler");
            let cause = Cause::new(ErrorKind::DeadLetter, reason.clone());
            (reason, engine.arm_again(&id, cause, delivery).await?)
        }
        Ok(Message::Request(ask, envelope)) => {
            let reason = "the request was given up after repeated failures of its handler";
            let cause = Cause::new(ErrorKind::DeadLetter, reason);
            let untold = crate::refusals::abandon(engine, ask, &envelope, cause, delivery).await?;
            (with_fault(reason, untold.as_ref()), Owner::Restore)
        }
        Ok(Message::Order(_, envelope)) => {
            let reason = "given up after repeated failures of its handler".to_owned();
            (reason, crate::orders::abandon(engine, &envelope).await?)
        }
        Err(reason) => (reason, Owner::Nobody),
    };
    keep(engine, body, delivery, &reason, owner).await
}

/// A letter is kept even if whoever asked can't be told: whoever reads it learns both.
fn with_fault(reason: &str, untold: Option<&Fault>) -> String {
    match untold {
        Some(fault) => format!("{reason}; its answer could not be told: {fault}"),
        None => reason.to_owned(),
    }
}

/// Keeps a message in the queue `dead`, with its cause.
///
/// # Errors
/// When SQS refuses.
pub async fn keep(
    engine: &Engine,
    body: &str,
    delivery: &Delivery,
    reason: &str,
    owner: Owner,
) -> Result<(), Fault> {
    warn!(%reason, "message kept in the queue dead");
    let reason: String = reason
        .chars()
        .filter(|c| !c.is_control())
        .take(500)
        .collect();
    let sender = engine
        .clients
        .sqs
        .send_message()
        .queue_url(&engine.config.dead_queue)
        .message_body(body)
        .set_message_system_attributes(in_trace(delivery.trace.as_ref()));
    sender
        .message_attributes("cause", attribute(&reason)?)
        .message_attributes("phase", attribute(engine.config.handler.as_str())?)
        .message_attributes("messageId", attribute(&delivery.message_id)?)
        .send()
        .await
        .map_err(fault("keep the message in the queue dead"))?;
    let deployment = &engine.config.setting.deployment.name;
    let phase = engine.config.handler.as_str();
    metric::count(deployment, phase, "DeadLetters");
    if owner == Owner::Nobody {
        metric::count(deployment, phase, "MessagesOfNobody");
    }
    Ok(())
}

fn attribute(value: &str) -> Result<MessageAttributeValue, Fault> {
    let built = MessageAttributeValue::builder()
        .data_type("String")
        .string_value(value)
        .build();
    built.map_err(|error| {
        Fault::new(
            ErrorKind::Internal,
            format!("build a message attribute: {error}"),
        )
    })
}
