//! Sending: commands and ticks to the phases' queues, events to the bus.

use std::collections::HashMap;

use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use aws_sdk_sqs::types::{MessageSystemAttributeNameForSends, MessageSystemAttributeValue};
use tenant_restore_core::decision::Tick;
use tenant_restore_core::error::ErrorKind;
use tenant_restore_core::restore::{OutgoingEvent, Restore};
use tenant_restore_core::trace::{Header, Trace};
use tenant_restore_events::{Command, outgoing};

use crate::engine::Engine;
use crate::fault::{Fault, fault, kind};

/// SQS delays a message by at most this many seconds (SQS API reference, SendMessage).
const MOST_DELAY: i64 = 900;

impl Engine {
    /// Sends what a restore's change of phase causes: events first, the main command last.
    pub async fn send_outbox(&self, restore: &Restore) -> Result<(), Fault> {
        let (outbox, trace) = (&restore.outbox, restore.trace.as_ref());
        for event in &outbox.events {
            self.publish(event, trace).await?;
        }
        for command in &outbox.commands {
            self.send(command, 0, trace).await?;
        }
        Ok(())
    }

    /// Sends a tick of a restore.
    pub async fn send_tick(&self, tick: &Tick, restore: &Restore) -> Result<(), Fault> {
        let delay = tick.delay.clamp(1, MOST_DELAY);
        self.send(&tick.command, delay, restore.trace.as_ref())
            .await
    }

    /// Publishes an event on our bus. EventBridge gives its trace on to whoever is sent it.
    pub async fn publish(&self, event: &OutgoingEvent, trace: Option<&Trace>) -> Result<(), Fault> {
        let entry = PutEventsRequestEntry::builder()
            .event_bus_name(&self.config.bus)
            .source(outgoing::SOURCE)
            .detail_type(&event.detail_type)
            .detail(event.detail.to_string())
            .set_trace_header(trace.map(|trace| trace.header().to_string()))
            .build();
        let doing = format!("publish {}", event.detail_type);
        let answer = self
            .clients
            .eventbridge
            .put_events()
            .entries(entry)
            .send()
            .await
            .map_err(fault(&doing))?;
        // PutEvents answers 200 even when it refuses an entry (EventBridge API reference).
        let mut entries = answer.entries().iter();
        match entries.find_map(|entry| Some((entry.error_code()?, entry.error_message()))) {
            Some((code, message)) => Err(Fault::new(
                // What it doesn't name is taken for a fault of EventBridge that passes.
                kind(code, 500),
                format!(
                    "{doing}: the entry was refused: {code}: {}",
                    message.unwrap_or_default()
                ),
            )),
            None => Ok(()),
        }
    }

    /// Sends a command, after so many seconds.
    pub async fn send(
        &self,
        command: &Command,
        delay: i64,
        trace: Option<&Trace>,
    ) -> Result<(), Fault> {
        let phase = command.instruction.recipient();
        let doing = format!("send {} to {phase}", command.instruction.name());
        let body = serde_json::to_string(command)
            .map_err(|error| Fault::new(ErrorKind::Internal, error.to_string()))?;
        let queue = self
            .config
            .queues
            .get(&phase)
            .ok_or_else(|| Fault::new(ErrorKind::Internal, doing.clone()))?;
        let delay = i32::try_from(delay).unwrap_or(i32::MAX);
        let request = self
            .clients
            .sqs
            .send_message()
            .queue_url(queue)
            .message_body(body)
            .delay_seconds(delay)
            .set_message_system_attributes(in_trace(trace.map(Trace::header).as_ref()));
        request.send().await.map_err(fault(&doing))?;
        Ok(())
    }
}

/// What a message is sent with.
pub(crate) type SystemAttributes =
    HashMap<MessageSystemAttributeNameForSends, MessageSystemAttributeValue>;

/// The trace that a message belongs to. Without it, the SDK's own header would name that of this invocation, whose messages
/// may be of many restores; the attribute comes before that header (X-Ray developer guide, Amazon SQS).
pub(crate) fn in_trace(header: Option<&Header>) -> Option<SystemAttributes> {
    let value = MessageSystemAttributeValue::builder()
        .data_type("String")
        .string_value(header?.to_string())
        .build();
    let name = MessageSystemAttributeNameForSends::AwsTraceHeader;
    Some(HashMap::from([(name, value.ok()?)]))
}
