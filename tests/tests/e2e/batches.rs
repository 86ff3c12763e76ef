//! What becomes of messages that a handler gets in one batch.

use std::time::Duration;

use serde_json::json;
use tenant_restore_tests::Context;
use tenant_restore_tests::invocation::invoke;

use crate::stage::play;

/// As that of the deployed queues: whoever waits for it waits too long.
const VISIBILITY_TIMEOUT: &str = "360";

#[test]
fn a_message_that_a_batch_has_no_time_for_is_delivered_again_at_once() {
    play(async |stage| {
        let sqs = &stage.cloud.sqs;
        let queue = sqs
            .create_queue()
            .queue_name(stage.request_id("batch"))
            .attributes("VisibilityTimeout".into(), VISIBILITY_TIMEOUT)
            .send()
            .await
            .context("create a queue")?
            .queue_url
            .context("read the queue's URL")?;
        let name = queue.rsplit('/').next().unwrap_or_default();
        let sent = sqs.send_message().queue_url(&queue).message_body("{}");
        let sent = sent.send().await.context("send a message")?;
        let message = first_message(sqs, &queue)
            .await?
            .context("receive the message")?;

        let event = json!({ "Records": [{
            "messageId": sent.message_id,
            "receiptHandle": message.receipt_handle,
            "body": "{}",
            "attributes": { "ApproximateReceiveCount": "1" },
            "messageAttributes": {},
            "eventSource": "aws:sqs",
            "eventSourceARN": format!("arn:aws:sqs:{}:000000000000:{name}", stage.cloud.region),
            "awsRegion": stage.cloud.region,
        }] });
        let response = invoke(&stage.cloud, "complete", &event, Duration::from_secs(5)).await?;
        assert_eq!(
            response["batchItemFailures"],
            json!([{ "itemIdentifier": sent.message_id }])
        );
        let again = first_message(sqs, &queue).await?;
        let again = again.and_then(|message| message.message_id);
        assert_eq!(again, sent.message_id, "it is still hidden");
        sqs.delete_queue()
            .queue_url(&queue)
            .send()
            .await
            .context("delete the queue")?;
        Ok(())
    });
}

async fn first_message(
    sqs: &aws_sdk_sqs::Client,
    queue: &str,
) -> tenant_restore_tests::Result<Option<aws_sdk_sqs::types::Message>> {
    let received = sqs.receive_message().queue_url(queue).wait_time_seconds(5);
    let received = received.send().await.context("receive")?;
    Ok(received.messages.unwrap_or_default().into_iter().next())
}
