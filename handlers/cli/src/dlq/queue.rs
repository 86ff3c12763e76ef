//! The calls to SQS.
//!
//! SQS can't list a queue. A look receives its messages, which hides them for a moment, and makes them visible again at
//! once. A receive asks a sample of the servers that hold the queue, so no look is sure to see every letter.

use std::collections::BTreeMap;

use aws_config::SdkConfig;
use aws_sdk_sqs::types::{
    ChangeMessageVisibilityBatchRequestEntry, Message, MessageSystemAttributeName,
    QueueAttributeName,
};
use jiff::SignedDuration;
use tenant_restore_events::Phase;

use crate::arguments::Deployment;
use crate::dlq::letter::Letter;
use crate::trouble::Trouble;

/// Seconds for which a received letter is hidden: long enough to see the whole queue, short enough for those who find
/// letters hidden by a look that was interrupted.
const HIDDEN: i32 = 30;
/// Seconds that an empty queue takes; a receive that waits asks all servers (SQS developer guide, "Long polling").
const PATIENCE: i32 = 1;
/// Messages per batch, the limit of SQS.
const BATCH: usize = 10;
/// Receives per look.
const ROUNDS: usize = 200;

/// The queue `dead` of a deployment.
#[derive(Debug)]
pub struct Dead {
    client: aws_sdk_sqs::Client,
    deployment: String,
    prefix: String,
    url: String,
    /// Its name.
    pub name: String,
}

/// What was seen in the queue. The letters are hidden from others until they are released.
#[derive(Debug)]
pub struct Look {
    /// The letters, oldest first.
    pub letters: Vec<Letter>,
    /// How many SQS thinks there are, hidden ones included.
    pub count: u64,
    /// Whether there were still new letters when the look ended.
    pub stopped_early: bool,
}

impl Dead {
    /// Finds the queue.
    ///
    /// # Errors
    /// There is none, or AWS can't be reached.
    pub async fn open(config: &SdkConfig, deployment: &Deployment) -> Result<Self, Trouble> {
        let (client, name) = (aws_sdk_sqs::Client::new(config), deployment.queue("dead"));
        let url = url(&client, &name).await?;
        Ok(Self {
            client,
            deployment: deployment.deployment.clone(),
            prefix: deployment.queue(""),
            url,
            name,
        })
    }

    /// Receives letters until a round brings nothing new.
    ///
    /// # Errors
    /// SQS refuses. What was received until then is visible again after half a minute.
    pub async fn look(&self) -> Result<Look, Trouble> {
        let (count, retention) = self.figures().await?;
        let (mut seen, mut stopped_early) = (BTreeMap::new(), true);
        for _ in 0..ROUNDS {
            if !remember(&mut seen, self.receive(retention).await?) {
                stopped_early = false;
                break;
            }
        }
        let mut letters: Vec<_> = seen.into_values().collect();
        letters.sort_by_key(|letter| letter.sent_at);
        Ok(Look {
            letters,
            count,
            stopped_early,
        })
    }

    /// Makes letters visible to others.
    ///
    /// # Errors
    /// SQS refuses.
    pub async fn release(&self, letters: &[Letter]) -> Result<(), Trouble> {
        let context = format!("show the letters of the queue {} again", self.name);
        for batch in letters.chunks(BATCH) {
            let entries = batch.iter().enumerate().map(|(position, letter)| {
                ChangeMessageVisibilityBatchRequestEntry::builder()
                    .id(position.to_string())
                    .receipt_handle(&letter.receipt)
                    .visibility_timeout(0)
                    .build()
            });
            let entries = entries
                .collect::<Result<Vec<_>, _>>()
                .map_err(|error| unexpected(&context, &error.to_string()))?;
            let request = self.client.change_message_visibility_batch();
            let answer = request
                .queue_url(&self.url)
                .set_entries(Some(entries))
                .send()
                .await
                .map_err(|error| Trouble::aws(&context, &error))?;
            let refused = answer
                .failed()
                .iter()
                .find(|entry| !is_released(entry.code()));
            if let Some(entry) = refused {
                return Err(unexpected(&context, entry.code()));
            }
        }
        Ok(())
    }

    /// Sends a body to the queue of a phase.
    ///
    /// # Errors
    /// SQS refuses.
    pub async fn send(&self, phase: Phase, body: &str) -> Result<(), Trouble> {
        let queue = format!("{}{phase}", self.prefix);
        let url = url(&self.client, &queue).await?;
        let request = self.client.send_message().queue_url(url).message_body(body);
        let sent = request.send().await;
        sent.map(drop)
            .map_err(|error| Trouble::aws(&format!("send the letter to the queue {queue}"), &error))
    }

    /// Deletes a letter.
    ///
    /// # Errors
    /// SQS refuses.
    pub async fn delete(&self, letter: &Letter) -> Result<(), Trouble> {
        let request = self.client.delete_message().queue_url(&self.url);
        let deleted = request.receipt_handle(&letter.receipt).send().await;
        let context = || format!("delete the letter {}", letter.id);
        deleted
            .map(drop)
            .map_err(|error| Trouble::aws(&context(), &error))
    }

    /// What is said when a look doesn't show the letter.
    pub fn unknown(&self, letter: &str, look: &Look) -> Trouble {
        let (name, seen, count) = (&self.name, look.letters.len(), look.count);
        Trouble::new(
            format!(
                "There is no letter {letter:?} among the {seen} seen of about {count} in the queue {name}."
            ),
            "`tenant-restore dlq list` shows the ids; if others look at the queue too, try again in half a minute.",
        )
    }

    /// How many letters there are about, and how long they are kept.
    async fn figures(&self) -> Result<(u64, SignedDuration), Trouble> {
        let context = format!("read the attributes of the queue {}", self.name);
        let counted = [
            QueueAttributeName::ApproximateNumberOfMessages,
            QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
            QueueAttributeName::ApproximateNumberOfMessagesDelayed,
        ];
        let request = self.client.get_queue_attributes().queue_url(&self.url);
        let answer = request
            .set_attribute_names(Some(counted.to_vec()))
            .attribute_names(QueueAttributeName::MessageRetentionPeriod)
            .send()
            .await
            .map_err(|error| Trouble::aws(&context, &error))?;
        let figure = |name: &QueueAttributeName| {
            let text = answer.attributes().and_then(|all| all.get(name));
            text.and_then(|text| text.parse::<u32>().ok())
                .ok_or_else(|| unexpected(&context, &format!("no number under {name}")))
        };
        let mut count = 0;
        for name in &counted {
            count += u64::from(figure(name)?);
        }
        let seconds = figure(&QueueAttributeName::MessageRetentionPeriod)?;
        Ok((count, SignedDuration::from_secs(seconds.into())))
    }

    async fn receive(&self, retention: SignedDuration) -> Result<Vec<Letter>, Trouble> {
        let context = format!("receive from the queue {}", self.name);
        let request = self.client.receive_message().queue_url(&self.url);
        let answer = request
            .max_number_of_messages(10)
            .visibility_timeout(HIDDEN)
            .wait_time_seconds(PATIENCE)
            .message_attribute_names("All")
            .message_system_attribute_names(MessageSystemAttributeName::SentTimestamp)
            .message_system_attribute_names(MessageSystemAttributeName::DeadLetterQueueSourceArn)
            .send()
            .await
            .map_err(|error| Trouble::aws(&context, &error))?;
        let read = |message: &Message| {
            let letter = Letter::read(message, &self.deployment, retention);
            letter.ok_or_else(|| unexpected(&context, "a message without id, body or time"))
        };
        answer.messages().iter().map(read).collect()
    }
}

/// Whether a refusal means that there is nothing to release: the letter is visible already, or somebody else deleted it.
/// The receipt is the only parameter of ours that can be an invalid value (SQS API reference, `ChangeMessageVisibility`).
fn is_released(code: &str) -> bool {
    let codes = [
        "MessageNotInflight",
        "ReceiptHandleIsInvalid",
        "InvalidParameterValue",
    ];
    codes
        .iter()
        .any(|released| code.rsplit('.').next() == Some(released))
}

/// Adds what was received and says whether any of it is new. Of a letter received twice the later receipt counts.
fn remember(seen: &mut BTreeMap<String, Letter>, received: Vec<Letter>) -> bool {
    let mut news = false;
    for letter in received {
        news |= seen.insert(letter.id.clone(), letter).is_none();
    }
    news
}

async fn url(client: &aws_sdk_sqs::Client, name: &str) -> Result<String, Trouble> {
    let context = format!("find the queue {name}");
    let answer = client.get_queue_url().queue_name(name).send().await;
    let answer = answer.map_err(|error| Trouble::aws(&context, &error))?;
    answer
        .queue_url
        .ok_or_else(|| unexpected(&context, "an answer without URL"))
}

fn unexpected(context: &str, what: &str) -> Trouble {
    Trouble::new(
        format!("Could not {context}: SQS answered {what}."),
        "Try again; letters that were looked at are visible again after half a minute.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dlq::letter::samples;

    #[test]
    fn only_a_letter_that_is_visible_or_gone_needs_no_release() {
        assert!(is_released("AWS.SimpleQueueService.MessageNotInflight"));
        assert!(is_released("ReceiptHandleIsInvalid"));
        assert!(!is_released("InternalError"));
        assert!(!is_released("AccessDenied"));
    }

    #[test]
    fn a_round_that_only_repeats_brings_nothing_new_but_the_later_receipt() {
        let mut seen = BTreeMap::new();
        assert!(remember(&mut seen, samples::all()));
        let mut again = samples::garbage();
        again.receipt = "later".into();
        assert!(!remember(&mut seen, vec![again]));
        assert_eq!(seen.len(), samples::all().len());
        assert_eq!(seen["m-1"].receipt, "later");
        assert!(!remember(&mut seen, Vec::new()));
    }
}
