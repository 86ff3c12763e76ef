//! A letter, as it lies in the queue `dead`.

use aws_sdk_sqs::types::{Message, MessageSystemAttributeName};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tenant_restore_events::Phase;

use crate::dlq::content::{self, Content, Kind};

/// A message that nobody could handle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// Its message id in this queue.
    pub id: String,
    /// The message id under which it could not be handled, if a handler kept it.
    pub original_id: Option<String>,
    /// When it was sent to this queue; of a letter that SQS moved: when the message was first sent (SQS developer
    /// guide, "Using dead-letter queues").
    pub sent_at: Timestamp,
    /// When SQS deletes it.
    pub expires_at: Timestamp,
    /// Who kept it.
    pub keeper: Keeper,
    /// Why, if a handler kept it.
    pub cause: Option<String>,
    /// The message itself.
    pub body: String,
    /// What it is.
    pub content: Content,
    /// What SQS wants to see when the letter is released or deleted.
    pub receipt: String,
}

/// Who put a letter into the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Keeper {
    /// The handler of that name, with a cause.
    Handler(String),
    /// SQS, from the queue of that role (a phase, or `dlq`) after too many failed deliveries.
    Sqs(String),
    /// Somebody else.
    Unknown,
}

impl Keeper {
    /// In words.
    pub fn words(&self) -> String {
        match self {
            Self::Handler(handler) => format!("kept by the handler {handler}"),
            Self::Sqs(role) => format!("moved by SQS from the queue {role}"),
            Self::Unknown => "of unknown origin".to_owned(),
        }
    }
}

impl Letter {
    /// Reads a received message. None if SQS left out what it always tells: id, receipt handle, body and time.
    pub fn read(message: &Message, deployment: &str, retention: SignedDuration) -> Option<Self> {
        let text = |name: &str| {
            let attribute = message.message_attributes()?.get(name)?;
            attribute.string_value().map(str::to_owned)
        };
        let system = |name| message.attributes()?.get(&name).map(String::as_str);
        let source = system(MessageSystemAttributeName::DeadLetterQueueSourceArn);
        let keeper = match (text("phase"), source) {
            (Some(handler), _) => Keeper::Handler(handler),
            (None, Some(arn)) => Keeper::Sqs(role(arn, deployment)),
            (None, None) => Keeper::Unknown,
        };
        let sent = system(MessageSystemAttributeName::SentTimestamp)?;
        let sent_at = Timestamp::from_millisecond(sent.parse().ok()?).ok()?;
        let body = message.body()?.to_owned();
        Some(Self {
            id: message.message_id()?.to_owned(),
            original_id: text("messageId"),
            sent_at,
            expires_at: sent_at.checked_add(retention).ok()?,
            keeper,
            cause: text("cause"),
            content: content::read(&body, deployment),
            body,
            receipt: message.receipt_handle()?.to_owned(),
        })
    }

    /// The phase that a replay sends it to: the one that the message is for, or else the one that it came from.
    pub fn recipient(&self) -> Option<Phase> {
        self.content.recipient.or_else(|| match &self.keeper {
            Keeper::Handler(name) | Keeper::Sqs(name) => Phase::parse(name),
            Keeper::Unknown => None,
        })
    }

    /// Seconds since it was sent.
    pub fn age(&self, now: Timestamp) -> f64 {
        now.duration_since(self.sent_at).as_secs_f64().max(0.0)
    }

    /// For programs, without the body.
    pub fn document(&self, now: Timestamp) -> Value {
        let message = match &self.content.kind {
            Kind::Command { name } => json!({"kind": "command", "name": name}),
            Kind::Event {
                source,
                detail_type,
            } => {
                json!({"kind": "event", "source": source, "name": detail_type})
            }
            Kind::Unknown => json!({"kind": "unknown"}),
        };
        let (handler, queue) = match &self.keeper {
            Keeper::Handler(handler) => (Some(handler), None),
            Keeper::Sqs(queue) => (None, Some(queue)),
            Keeper::Unknown => (None, None),
        };
        json!({
            "messageId": self.id, "originalMessageId": self.original_id, "sentAt": self.sent_at,
            "ageSeconds": self.age(now), "expiresAt": self.expires_at, "keptByHandler": handler,
            "movedFromQueue": queue, "cause": self.cause, "message": message, "restoreId": self.content.restore,
            "recipient": self.recipient()
        })
    }
}

/// The part of a queue's name after the deployment's; the whole name of another deployment's queue.
fn role(arn: &str, deployment: &str) -> String {
    let name = arn.rsplit(':').next().unwrap_or(arn);
    let ours = name
        .strip_prefix(deployment)
        .and_then(|rest| rest.strip_prefix('-'));
    ours.unwrap_or(name).to_owned()
}

#[cfg(test)]
pub mod samples;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kept_letter_tells_who_kept_it_why_and_until_when_it_stays() {
        let letter = samples::garbage();
        assert_eq!(letter.keeper, Keeper::Handler("ddl".into()));
        assert_eq!(letter.cause.as_deref(), Some("the body is not JSON"));
        assert_eq!(letter.original_id.as_deref(), Some("o-1"));
        assert_eq!(letter.expires_at.to_string(), "2024-02-12T08:00:00Z");
    }

    #[test]
    fn a_letter_goes_to_the_phase_that_its_message_is_for_whoever_kept_it() {
        let letter = samples::command();
        assert_eq!(letter.keeper, Keeper::Handler("cleanup".into()));
        assert_eq!(letter.recipient(), Some(Phase::Ddl));
    }

    #[test]
    fn a_letter_whose_message_names_no_phase_goes_back_to_where_it_came_from() {
        assert_eq!(samples::garbage().recipient(), Some(Phase::Ddl));
        let moved = samples::moved("tenant-restore-complete");
        assert_eq!(moved.keeper, Keeper::Sqs("complete".into()));
        assert_eq!(moved.recipient(), Some(Phase::Complete));
    }

    #[test]
    fn a_letter_that_was_never_on_a_phase_s_queue_goes_nowhere_by_itself() {
        for queue in ["tenant-restore-dlq", "somebody-elses-ddl"] {
            assert_eq!(samples::moved(queue).recipient(), None, "{queue}");
        }
        assert_eq!(samples::stranger().recipient(), None);
    }

    #[test]
    fn a_message_without_time_is_no_letter() {
        let message = Message::builder().message_id("m").receipt_handle("r");
        let message = message.body("x").build();
        assert_eq!(
            Letter::read(&message, "tenant-restore", SignedDuration::from_hours(1)),
            None
        );
    }
}
