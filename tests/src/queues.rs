//! The pipeline's own queues, for what only an operator does: sending by hand, and looking at what was given up.

use aws_sdk_sqs::types::{Message, QueueAttributeName};
use tokio::sync::Mutex;

use crate::cloud::{Cloud, DEPLOYMENT};
use crate::error::{Context, Result};

/// What counts the messages that can be handled or are.
const WAITING: [QueueAttributeName; 2] = [
    QueueAttributeName::ApproximateNumberOfMessages,
    QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
];

/// One reader at a time: whoever receives a message makes the receipts of others invalid.
static READER: Mutex<()> = Mutex::const_new(());

/// Seconds; longer than a queue takes to read.
const HIDDEN_WHILE_READ: i32 = 30;

/// One of the pipeline's queues: `intake` … `complete`, `dlq` or `dead`.
#[derive(Debug, Clone)]
pub struct Queue {
    cloud: Cloud,
    url: String,
}

impl Queue {
    /// Finds a queue by the last part of its name.
    ///
    /// # Errors
    /// When the deployment has none of that name.
    pub async fn find(cloud: &Cloud, name: &str) -> Result<Self> {
        Self::named(cloud, &format!("{DEPLOYMENT}-{name}")).await
    }

    /// Finds a queue of any deployment.
    ///
    /// # Errors
    /// When there is none of that name.
    pub async fn named(cloud: &Cloud, name: &str) -> Result<Self> {
        let doing = || format!("find the queue {name}");
        let answer = cloud
            .sqs
            .get_queue_url()
            .queue_name(name)
            .send()
            .await
            .context(doing())?;
        Ok(Self {
            cloud: cloud.clone(),
            url: answer.queue_url.context(doing())?,
        })
    }

    /// The queues for what EventBridge could not deliver to a rule's target.
    ///
    /// # Errors
    /// What SQS answers.
    pub async fn undelivered(cloud: &Cloud) -> Result<Vec<Self>> {
        Self::beginning_with(cloud, &format!("{DEPLOYMENT}-undelivered-")).await
    }

    /// All queues of the deployment.
    ///
    /// # Errors
    /// What SQS answers.
    pub async fn all(cloud: &Cloud) -> Result<Vec<Self>> {
        Self::beginning_with(cloud, &format!("{DEPLOYMENT}-")).await
    }

    async fn beginning_with(cloud: &Cloud, prefix: &str) -> Result<Vec<Self>> {
        let list = cloud.sqs.list_queues().queue_name_prefix(prefix);
        let answer = list.send().await.context("list the queues")?;
        let urls = answer.queue_urls.unwrap_or_default().into_iter();
        let queue = |url| Self {
            cloud: cloud.clone(),
            url,
        };
        Ok(urls.map(queue).collect())
    }

    /// Sends any text.
    ///
    /// # Errors
    /// What SQS answers.
    pub async fn send(&self, body: &str) -> Result<()> {
        let send = self
            .cloud
            .sqs
            .send_message()
            .queue_url(&self.url)
            .message_body(body);
        send.send().await.context("send a message")?;
        Ok(())
    }

    /// How many messages wait, are delayed or are being handled.
    ///
    /// # Errors
    /// What SQS answers.
    pub async fn depth(&self) -> Result<u64> {
        let delayed = QueueAttributeName::ApproximateNumberOfMessagesDelayed;
        self.count(&[&WAITING[..], &[delayed]].concat()).await
    }

    /// How many messages wait or are being handled.
    ///
    /// # Errors
    /// What SQS answers.
    pub async fn waiting(&self) -> Result<u64> {
        self.count(&WAITING).await
    }

    async fn count(&self, names: &[QueueAttributeName]) -> Result<u64> {
        let request = self
            .cloud
            .sqs
            .get_queue_attributes()
            .queue_url(&self.url)
            .attribute_names(QueueAttributeName::All);
        let attributes = request
            .send()
            .await
            .context("count messages")?
            .attributes
            .unwrap_or_default();
        let mut sum = 0;
        for name in names {
            let count = attributes.get(name).context(format!("read {name}"))?;
            sum += count.parse::<u64>().context(format!("read {name}"))?;
        }
        Ok(sum)
    }

    /// How long a message stays hidden from others after it was received, in seconds.
    ///
    /// # Errors
    /// What SQS answers.
    pub async fn visibility_timeout(&self) -> Result<u32> {
        let doing = "read the visibility time-out";
        let name = QueueAttributeName::VisibilityTimeout;
        let request = self
            .cloud
            .sqs
            .get_queue_attributes()
            .queue_url(&self.url)
            .attribute_names(name.clone());
        let attributes = request.send().await.context(doing)?.attributes;
        let seconds = attributes
            .unwrap_or_default()
            .remove(&name)
            .context(doing)?;
        seconds.parse().context(doing)
    }

    /// Sets that, as an operator may.
    ///
    /// # Errors
    /// What SQS answers.
    pub async fn set_visibility_timeout(&self, seconds: u32) -> Result<()> {
        let set = self
            .cloud
            .sqs
            .set_queue_attributes()
            .queue_url(&self.url)
            .attributes(QueueAttributeName::VisibilityTimeout, seconds.to_string());
        set.send().await.context("set the visibility time-out")?;
        Ok(())
    }

    /// All messages that wait, left in the queue.
    ///
    /// # Errors
    /// What SQS answers.
    pub async fn read_all(&self) -> Result<Vec<Message>> {
        let _alone = READER.lock().await;
        let mut all = Vec::new();
        loop {
            let some = self.receive(HIDDEN_WHILE_READ).await?;
            if some.is_empty() {
                break;
            }
            all.extend(some);
        }
        for message in &all {
            let show = self.cloud.sqs.change_message_visibility();
            let show = show.queue_url(&self.url).visibility_timeout(0);
            let show = show.set_receipt_handle(message.receipt_handle().map(str::to_owned));
            show.send().await.context("show a message again")?;
        }
        Ok(all)
    }

    async fn receive(&self, hidden: i32) -> Result<Vec<Message>> {
        let receive = self
            .cloud
            .sqs
            .receive_message()
            .queue_url(&self.url)
            .max_number_of_messages(10)
            .visibility_timeout(hidden);
        let receive = receive
            .message_attribute_names("All")
            .message_system_attribute_names("All".into());
        Ok(receive
            .send()
            .await
            .context("look at messages")?
            .messages
            .unwrap_or_default())
    }

    /// Takes the messages out whose body holds `text`, of up to ten that wait; leaves the others.
    ///
    /// # Errors
    /// What SQS answers.
    pub async fn take(&self, text: &str) -> Result<Vec<Message>> {
        let _alone = READER.lock().await;
        let mut taken = Vec::new();
        for message in self.receive(0).await? {
            if !message.body().is_some_and(|body| body.contains(text)) {
                continue;
            }
            let delete = self
                .cloud
                .sqs
                .delete_message()
                .queue_url(&self.url)
                .set_receipt_handle(message.receipt_handle().map(str::to_owned));
            delete.send().await.context("take a message out")?;
            taken.push(message);
        }
        Ok(taken)
    }
}
