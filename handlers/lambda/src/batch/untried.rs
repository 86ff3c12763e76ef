//! Messages of a batch that there was no time for.

use aws_lambda_events::event::sqs::SqsMessage;
use tracing::{info, warn};

use crate::engine::Engine;
use crate::fault::fault;

/// Lets another invocation have a message at once. SQS would hide it for the rest of the queue's visibility time-out, which
/// is six times the function's time-out: a restore that waits for nothing else would stand still for minutes.
///
/// It counts as received (`maxReceiveCount`): as many batches in a row would have to run out of time before it becomes a
/// dead letter.
pub async fn give_back(engine: &Engine, message: &SqsMessage) {
    let message_id = message.message_id.as_deref().unwrap_or_default();
    info!(
        message_id,
        "no time left, given back to be delivered at once"
    );
    let arn = message.event_source_arn.as_deref().unwrap_or_default();
    let request = engine
        .clients
        .sqs
        .change_message_visibility()
        .set_queue_url(queue_beside(
            &engine.config.queues[&engine.config.handler],
            arn,
        ))
        .set_receipt_handle(message.receipt_handle.clone())
        .visibility_timeout(0);
    if let Err(error) = request.send().await {
        let fault = fault("give a message back")(error);
        warn!(message_id, error = %fault.cause.message, "it is delivered after the visibility time-out");
    }
}

/// The URL of the queue with that ARN, given the URL of another one of the same account and region: URLs end with the
/// queue's name (SQS developer guide, queue and message identifiers).
fn queue_beside(url: &str, arn: &str) -> Option<String> {
    let (place, _) = url.rsplit_once('/')?;
    let (_, name) = arn.rsplit_once(':')?;
    Some(format!("{place}/{name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_goes_back_to_the_queue_that_it_came_from() {
        let own = "https://sqs.eu-west-1.amazonaws.com/111122223333/tenant-restore-cleanup";
        let letters = "arn:aws:sqs:eu-west-1:111122223333:tenant-restore-dlq";
        assert_eq!(
            queue_beside(own, letters).as_deref(),
            Some("https://sqs.eu-west-1.amazonaws.com/111122223333/tenant-restore-dlq")
        );
    }
}
