//! Sending: commands and ticks to the phases' queues, events to the bus.

use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use tenant_restore_core::decision::Tick;
use tenant_restore_core::error::ErrorKind;
use tenant_restore_core::restore::{Outbox, OutgoingEvent};
use tenant_restore_events::{Command, outgoing};

use crate::engine::Engine;
use crate::fault::{Fault, fault};

/// SQS delays a message by at most this many seconds (SQS API reference, SendMessage).
const MOST_DELAY: i64 = 900;

impl Engine {
    /// Sends what a change of phase causes: events first, the main command last.
    pub async fn send_outbox(&self, outbox: &Outbox) -> Result<(), Fault> {
        for event in &outbox.events {
            self.publish(event).await?;
        }
        for command in &outbox.commands {
            self.send(command, 0).await?;
        }
        Ok(())
    }

    /// Sends a tick.
    pub async fn send_tick(&self, tick: &Tick) -> Result<(), Fault> {
        self.send(&tick.command, tick.delay.clamp(1, MOST_DELAY))
            .await
    }

    /// Publishes an event on our bus.
    pub async fn publish(&self, event: &OutgoingEvent) -> Result<(), Fault> {
        let entry = PutEventsRequestEntry::builder()
            .event_bus_name(&self.config.bus)
            .source(outgoing::SOURCE)
            .detail_type(&event.detail_type)
            .detail(event.detail.to_string())
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
        match answer.entries().iter().find_map(|entry| entry.error_code()) {
            Some(code) => Err(Fault::new(
                ErrorKind::ServiceFault,
                format!("{doing}: the entry was refused: {code}"),
            )),
            None => Ok(()),
        }
    }

    /// Sends a command, after so many seconds.
    pub async fn send(&self, command: &Command, delay: i64) -> Result<(), Fault> {
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
            .delay_seconds(delay);
        request.send().await.map_err(fault(&doing))?;
        Ok(())
    }
}
