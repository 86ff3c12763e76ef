//! A batch of SQS messages: one after the other, with partial failures, so that one bad message costs no other.

mod untried;

use std::time::{Duration, SystemTime};

use aws_lambda_events::event::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use jiff::Timestamp;
use tenant_restore_core::error::Cause;
use tenant_restore_core::trace::Header;
use tracing::{Instrument, error, info_span, warn};

use crate::engine::Engine;
use crate::fault::Fault;

/// What is known of a message besides its body.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// Its id.
    pub message_id: String,
    /// When it was sent.
    pub sent_at: Option<Timestamp>,
    /// Whether it was delivered before, so that its handler may have crashed on it.
    pub again: bool,
    /// The trace that its sender's header names, if that is well-formed; AWS's own events have none.
    pub trace: Option<Header>,
    /// Whether it comes from the dead-letter queue.
    pub is_letter: bool,
}

/// A message that is begun has at least so long.
const ENOUGH: Duration = Duration::from_secs(25);

/// Handles a batch; what failed is named, and SQS delivers it again.
///
/// What isn't begun well before the function's time is up is given back untried: a killed function would have the whole
/// batch delivered again.
pub async fn handle(engine: &Engine, event: SqsEvent, deadline: SystemTime) -> SqsBatchResponse {
    let mut response = SqsBatchResponse::default();
    for message in event.records {
        let delivery = delivery(&message);
        let left = deadline
            .duration_since(SystemTime::now())
            .unwrap_or_default();
        if left < ENOUGH {
            untried::give_back(engine, &message).await;
            response.batch_item_failures.push(failed(delivery));
            continue;
        }
        let span = info_span!("message", phase = %engine.config.handler, message_id = %delivery.message_id);
        let body = message.body.unwrap_or_default();
        let outcome = Box::pin(one(engine, &body, &delivery))
            .instrument(span.clone())
            .await;
        if let Err(fault) = outcome {
            let _entered = span.enter();
            tell(engine, &delivery, &fault);
            response.batch_item_failures.push(failed(delivery));
        }
    }
    response
}

/// What fails once is mended by the second delivery, mostly, and costs minutes. What fails again is for the alarm: Lambda counts
/// no error where a function names what failed.
fn tell(engine: &Engine, delivery: &Delivery, fault: &Fault) {
    let Cause { kind, message, .. } = &fault.cause;
    if !delivery.again {
        warn!(%kind, error = %message, "message failed, to be delivered again");
        return;
    }
    error!(%kind, error = %message, "message failed again, to be delivered again");
    let deployment = &engine.config.setting.deployment.name;
    let phase = engine.config.handler.as_str();
    crate::metric::count(deployment, phase, "MessagesFailedAgain");
}

fn failed(delivery: Delivery) -> BatchItemFailure {
    let mut failure = BatchItemFailure::default();
    failure.item_identifier = delivery.message_id;
    failure
}

async fn one(engine: &Engine, body: &str, delivery: &Delivery) -> Result<(), Fault> {
    if delivery.is_letter {
        return crate::letters::receive(engine, body, delivery).await;
    }
    match crate::message::read(body, &engine.config.setting.deployment) {
        Ok(message) => engine.receive(message, body, delivery).await,
        Err(reason) => {
            let owner = crate::letters::Owner::Nobody;
            crate::letters::keep(engine, body, delivery, &reason, owner).await
        }
    }
}

fn delivery(message: &SqsMessage) -> Delivery {
    let millis = message
        .attributes
        .get("SentTimestamp")
        .and_then(|text| text.parse().ok());
    Delivery {
        message_id: message.message_id.clone().unwrap_or_default(),
        sent_at: millis.and_then(|millis| Timestamp::from_millisecond(millis).ok()),
        again: message
            .attributes
            .get("ApproximateReceiveCount")
            .is_some_and(|count| count != "1"),
        trace: message
            .attributes
            .get("AWSTraceHeader")
            .and_then(|text| Header::read(text, Timestamp::now())),
        is_letter: message
            .event_source_arn
            .as_ref()
            .is_some_and(|arn| arn.ends_with("-dlq")),
    }
}
