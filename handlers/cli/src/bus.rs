//! Publishing on the deployment's event bus.

use aws_config::SdkConfig;
use aws_sdk_eventbridge::types::PutEventsRequestEntry;

use crate::trouble::Trouble;

/// `source` of the events that the command line publishes.
const SOURCE: &str = "tenant-restore.cli";

/// Publishes an event with this JSON as its detail, and returns the event's id.
///
/// # Errors
/// The call failed, or EventBridge took the call but not the event (`FailedEntryCount`, EventBridge API reference).
pub async fn publish(
    config: &SdkConfig,
    bus: &str,
    detail_type: &str,
    detail: String,
) -> Result<String, Trouble> {
    let context = format!("publish {detail_type} on the bus {bus}");
    let entry = PutEventsRequestEntry::builder()
        .event_bus_name(bus)
        .source(SOURCE)
        .detail_type(detail_type)
        .detail(detail)
        .build();
    let client = aws_sdk_eventbridge::Client::new(config);
    let answer = client
        .put_events()
        .entries(entry)
        .send()
        .await
        .map_err(|error| Trouble::aws(&context, &error))?;
    let entry = answer.entries().first();
    match entry.and_then(|entry| entry.event_id()) {
        Some(id) if answer.failed_entry_count() == 0 => Ok(id.to_owned()),
        _ => {
            let code = entry
                .and_then(|entry| entry.error_code())
                .unwrap_or("no error code");
            let message = entry
                .and_then(|entry| entry.error_message())
                .unwrap_or("no message");
            let what =
                format!("Could not {context}: EventBridge refused the event: {code}: {message}");
            Err(Trouble::new(
                what,
                "Correct what it names and try again; nothing was published.",
            ))
        }
    }
}
