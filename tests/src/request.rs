//! Publishing on the pipeline's bus, as an upstream system does.

use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::cloud::Cloud;
use crate::error::{Context, Error, Result};

/// The `source` of the events that this crate publishes.
pub const EVENT_SOURCE: &str = "demo.operator";

/// A well-formed `RestoreRequested`; add optional fields to [`Request::detail`].
#[derive(Debug, Clone)]
pub struct Request {
    /// The event's detail.
    pub detail: Value,
}

impl Request {
    /// Asks for schemas of a database of the default source, at a restore point (whole seconds).
    pub fn new(
        request_id: &str,
        database: &str,
        schemas: &[&str],
        restore_time: Timestamp,
    ) -> Self {
        Self {
            detail: json!({
                "requestId": request_id,
                "database": database,
                "schemas": schemas,
                "restoreTime": restore_time.to_string(),
            }),
        }
    }

    /// The same request with one field set.
    #[must_use]
    pub fn with(mut self, field: &str, value: impl Into<Value>) -> Self {
        self.detail[field] = value.into();
        self
    }

    /// The same request without a field.
    #[must_use]
    pub fn without(mut self, field: &str) -> Self {
        if let Some(fields) = self.detail.as_object_mut() {
            fields.remove(field);
        }
        self
    }

    /// Publishes it; answers the event's id.
    ///
    /// # Errors
    /// What EventBridge answers.
    pub async fn publish(&self, cloud: &Cloud) -> Result<String> {
        publish(cloud, "RestoreRequested", &self.detail.to_string()).await
    }
}

/// Publishes any event on the bus, well-formed or not; answers its id.
///
/// # Errors
/// What EventBridge answers, for the call or for the entry.
pub async fn publish(cloud: &Cloud, detail_type: &str, detail: &str) -> Result<String> {
    publish_as(cloud, EVENT_SOURCE, detail_type, detail).await
}

/// Publishes any event as another event source; answers its id.
///
/// # Errors
/// What EventBridge answers, for the call or for the entry.
pub async fn publish_as(
    cloud: &Cloud,
    event_source: &str,
    detail_type: &str,
    detail: &str,
) -> Result<String> {
    let doing = || format!("publish {detail_type} as {event_source}");
    let entry = entry(cloud, event_source, detail_type, detail);
    let answer = cloud
        .events
        .put_events()
        .entries(entry)
        .send()
        .await
        .context(doing())?;
    let result = answer.entries().first().context(doing())?;
    match (result.event_id(), result.error_code()) {
        (Some(id), None) => Ok(id.to_owned()),
        (_, code) => Err(Error::new(format!(
            "{}: {} {}",
            doing(),
            code.unwrap_or("no id"),
            result.error_message().unwrap_or("")
        ))),
    }
}

/// Publishes any event with an X-Ray trace header, well-formed or not.
///
/// # Errors
/// What EventBridge answers, for the call or for the entry.
pub async fn publish_traced(
    cloud: &Cloud,
    detail_type: &str,
    detail: &Value,
    trace_header: &str,
) -> Result<()> {
    let entry = PutEventsRequestEntry::builder()
        .event_bus_name(&cloud.deployment)
        .source(EVENT_SOURCE)
        .detail_type(detail_type)
        .detail(detail.to_string())
        .trace_header(trace_header);
    let call = cloud.events.put_events().entries(entry.build());
    let doing = || format!("publish {detail_type} in a trace");
    let answer = call.send().await.context(doing())?;
    match answer.failed_entry_count() {
        0 => Ok(()),
        _ => Err(Error::new(format!("{}: it was refused", doing()))),
    }
}

/// Publishes up to ten events with one call.
///
/// # Errors
/// What EventBridge answers, for the call or for an entry.
pub async fn publish_all(cloud: &Cloud, detail_type: &str, details: &[Value]) -> Result<()> {
    let doing = || format!("publish {} {detail_type}", details.len());
    let entries = details
        .iter()
        .map(|detail| entry(cloud, EVENT_SOURCE, detail_type, &detail.to_string()));
    let call = cloud.events.put_events();
    let call = call.set_entries(Some(entries.collect()));
    let answer = call.send().await.context(doing())?;
    match answer.failed_entry_count() {
        0 => Ok(()),
        failed => Err(Error::new(format!("{}: {failed} failed", doing()))),
    }
}

fn entry(
    cloud: &Cloud,
    event_source: &str,
    detail_type: &str,
    detail: &str,
) -> PutEventsRequestEntry {
    PutEventsRequestEntry::builder()
        .event_bus_name(&cloud.deployment)
        .source(event_source)
        .detail_type(detail_type)
        .detail(detail)
        .build()
}
