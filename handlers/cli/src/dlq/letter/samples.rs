//! Letters for the tests, made from messages as SQS delivers them.

use aws_sdk_sqs::types::builders::MessageBuilder;
use aws_sdk_sqs::types::{Message, MessageAttributeValue, MessageSystemAttributeName};
use jiff::SignedDuration;
use serde_json::json;
use tenant_restore_events::{Command, Instruction};

use super::Letter;

/// 2024-01-29T08:00:00Z
const SENT: &str = "1706515200000";

fn message(id: &str, body: &str) -> MessageBuilder {
    Message::builder()
        .message_id(id)
        .receipt_handle(format!("receipt of {id}"))
        .body(body)
        .attributes(MessageSystemAttributeName::SentTimestamp, SENT)
}

fn kept(message: MessageBuilder, handler: &str, original: &str, cause: &str) -> MessageBuilder {
    let attribute = |value: &str| {
        let built = MessageAttributeValue::builder().data_type("String");
        built.string_value(value).build().unwrap()
    };
    message
        .message_attributes("phase", attribute(handler))
        .message_attributes("messageId", attribute(original))
        .message_attributes("cause", attribute(cause))
}

fn read(message: MessageBuilder) -> Letter {
    let retention = SignedDuration::from_hours(14 * 24);
    Letter::read(&message.build(), "tenant-restore", retention).unwrap()
}

/// Kept by the handler that could not read it; its body would clear a terminal.
pub fn garbage() -> Letter {
    let message = message("m-1", "not json\u{1b}[2J");
    read(kept(message, "ddl", "o-1", "the body is not JSON"))
}

/// Kept by the cleanup, which reads the dead-letter queue.
pub fn command() -> Letter {
    let body = json!(Command::new("mfrggzdfmztw", 1, Instruction::ExtractDdl));
    let cause = "the command ExtractDdl to ddl was given up";
    let message = message("m-2", &body.to_string());
    read(kept(message, "cleanup", "o-2", cause))
}

/// An event that SQS moved from the queue of that name.
pub fn moved(queue: &str) -> Letter {
    let body = json!({
        "id": "e-1", "detail-type": "RDS DB Instance Event", "source": "aws.rds", "time": "2024-01-29T08:00:00Z",
        "detail": {"SourceArn": "arn:aws:rds:eu-west-3:111122223333:db:tr-main-mfrggzdfmztw"}
    });
    let arn = format!("arn:aws:sqs:eu-west-3:111122223333:{queue}");
    let source = MessageSystemAttributeName::DeadLetterQueueSourceArn;
    read(message("m-3", &body.to_string()).attributes(source, arn))
}

/// Sent to the queue by nobody that we know.
pub fn stranger() -> Letter {
    read(message("m-4", "{}"))
}

/// One of each.
pub fn all() -> Vec<Letter> {
    vec![
        garbage(),
        command(),
        moved("tenant-restore-dlq"),
        stranger(),
    ]
}
