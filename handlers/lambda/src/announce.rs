//! The outcome: the event on the bus and the notice on the topic, with the same content; by e-mail as text.

use aws_sdk_sns::types::MessageAttributeValue;
use jiff::Timestamp;
use tenant_restore_core::effect::Learned;
use tenant_restore_core::error::ErrorKind;
use tenant_restore_core::restore::{OutgoingEvent, Restore};
use tenant_restore_core::trace::Trace;
use tenant_restore_events::Phase;
use tenant_restore_events::outgoing::{Ended, Planned};
use tenant_restore_report::Notice;
use tracing::info;

use crate::engine::Engine;
use crate::fault::{Fault, fault};

impl Engine {
    /// Tells an outcome. May be called again; the `outcomeId` stays the same.
    pub async fn announce(
        &self,
        ended: &Ended,
        notice: &Notice,
        trace: Option<&Trace>,
    ) -> Result<(), Fault> {
        let detail = serde_json::to_value(ended)
            .map_err(|error| Fault::new(ErrorKind::Internal, error.to_string()))?;
        let message = notice.message(&detail.to_string());
        let event = OutgoingEvent {
            detail_type: ended.outcome.detail_type().to_owned(),
            detail,
        };
        self.publish(&event, trace).await?;
        let mut publication = self
            .clients
            .sns
            .publish()
            .topic_arn(&self.config.topic)
            .subject(&notice.subject)
            .message(message.text)
            .set_message_structure(message.structure.map(str::to_owned));
        let subject = &ended.subject;
        let attributes = [
            ("outcome", Some(ended.outcome.as_str())),
            ("database", subject.database.as_deref()),
            ("source", subject.source.as_deref()),
            ("target", subject.target.as_deref()),
        ];
        for (name, value) in attributes {
            // SNS refuses empty attributes (SNS API reference, MessageAttributeValue).
            let Some(value) = value.filter(|value| !value.is_empty()) else {
                continue;
            };
            let built = MessageAttributeValue::builder()
                .data_type("String")
                .string_value(value)
                .build();
            let value = built.map_err(|error| {
                Fault::new(ErrorKind::Internal, format!("build {name}: {error}"))
            })?;
            publication = publication.message_attributes(name, value);
        }
        let publication = publication.customize();
        let publication = match trace.map(|trace| trace.header().to_string()) {
            // SNS knows no other place for it. The SDK's own would name the trace of this invocation.
            Some(header) => publication.mutate_request(move |request| {
                request
                    .headers_mut()
                    .insert("x-amzn-trace-id", header.clone());
            }),
            None => publication,
        };
        let sent = publication.send().await;
        sent.map_err(fault("send the notice"))?;
        self.count_outcome(ended.outcome);
        let restore = subject.restore_id.as_deref().unwrap_or("none");
        info!(restore, outcome = ended.outcome.as_str(), outcome_id = %ended.outcome_id, "outcome announced");
        Ok(())
    }

    /// Tells what a restore would do.
    pub async fn tell_plan(
        &self,
        restore: &Restore,
        planned: &Planned,
    ) -> Result<Vec<Learned>, Fault> {
        self.publish_plan(planned, restore.trace.as_ref()).await?;
        Ok(vec![Learned::Announced])
    }

    /// Publishes the answer to a wish for a plan, on the bus alone: it is no outcome.
    pub async fn publish_plan(
        &self,
        planned: &Planned,
        trace: Option<&Trace>,
    ) -> Result<(), Fault> {
        let detail = serde_json::to_value(planned)
            .map_err(|error| Fault::new(ErrorKind::Internal, error.to_string()))?;
        let event = OutgoingEvent {
            detail_type: "RestorePlanned".to_owned(),
            detail,
        };
        self.publish(&event, trace).await
    }

    /// Tells that a failed restore is held, until when, and why it failed.
    pub async fn tell_held(
        &self,
        restore: &Restore,
        phase: Phase,
        until: Timestamp,
    ) -> Result<Vec<Learned>, Fault> {
        let held = restore.held_detail(phase, until);
        let detail = serde_json::to_value(held)
            .map_err(|error| Fault::new(ErrorKind::Internal, error.to_string()))?;
        let event = OutgoingEvent {
            detail_type: "RestoreHeld".to_owned(),
            detail,
        };
        self.publish(&event, restore.trace.as_ref()).await?;
        Ok(vec![Learned::HeldTold { until }])
    }
}
