//! An outside subscriber: one queue for the notices of the SNS topic, one for the events on the bus.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use aws_sdk_eventbridge::types::Target;
use aws_sdk_sqs::types::QueueAttributeName;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::cloud::Cloud;
use crate::error::{Context, Error, Result};

/// The `source` of every deployment's events.
const OF_PIPELINES: &str = "tenant-restore";

/// The longest that SQS holds a receive call open, in seconds (SQS API reference, `WaitTimeSeconds`).
const LONGEST_POLL: u64 = 20;

/// A notice of the SNS topic.
#[derive(Debug, Clone)]
pub struct Notice {
    /// Its message attributes (`outcome`, `database`, `source`, `target`).
    pub attributes: HashMap<String, String>,
    /// The message, which is the outcome's `detail`.
    pub detail: Value,
}

/// An event on the pipeline's bus, published by the pipeline.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Event {
    /// The event's id.
    pub id: String,
    /// Such as `RestoreProgressed`.
    pub detail_type: String,
    /// Its content.
    pub detail: Value,
}

/// Both queues, with what they hold not yet read.
#[derive(Debug)]
pub struct Subscriber {
    cloud: Cloud,
    name: String,
    notices: Inbox,
    events: Inbox,
    subscription: String,
}

#[derive(Debug)]
pub(crate) struct Inbox {
    url: String,
    unread: VecDeque<String>,
    requests: u64,
}

#[derive(Deserialize)]
struct Envelope {
    #[serde(rename = "Message")]
    message: String,
    #[serde(rename = "MessageAttributes", default)]
    attributes: HashMap<String, Attribute>,
}

#[derive(Deserialize)]
struct Attribute {
    #[serde(rename = "Value")]
    value: String,
}

impl Subscriber {
    /// Creates the queues, the subscription and the rule, all called `name`.
    ///
    /// # Errors
    /// What AWS answers; when the deployment has no topic.
    pub async fn start(cloud: &Cloud, name: &str) -> Result<Self> {
        let topic = topic(cloud).await?;
        let (notices, notices_arn) =
            inbox(cloud, &format!("{name}-notices"), "sns.amazonaws.com").await?;
        let (events, events_arn) =
            inbox(cloud, &format!("{name}-events"), "events.amazonaws.com").await?;
        let subscribe = cloud
            .sns
            .subscribe()
            .topic_arn(&topic)
            .protocol("sqs")
            .endpoint(notices_arn)
            .return_subscription_arn(true);
        let answer = subscribe
            .send()
            .await
            .context("subscribe to the outcomes")?;
        let subscription = answer
            .subscription_arn
            .context("subscribe to the outcomes")?;
        let pattern = json!({ "source": [OF_PIPELINES] }).to_string();
        let rule = cloud
            .events
            .put_rule()
            .name(name)
            .event_bus_name(&cloud.deployment)
            .event_pattern(pattern);
        rule.send().await.context("put a rule on the bus")?;
        let target = Target::builder()
            .id("queue")
            .arn(events_arn)
            .build()
            .context("describe the rule's target")?;
        let targets = cloud
            .events
            .put_targets()
            .rule(name)
            .event_bus_name(&cloud.deployment)
            .targets(target);
        targets.send().await.context("put the rule's target")?;
        Ok(Self {
            cloud: cloud.clone(),
            name: name.to_owned(),
            notices,
            events,
            subscription,
        })
    }

    /// The next event, in the order of arrival.
    ///
    /// # Errors
    /// When none comes within `limit`, or it is not JSON.
    pub async fn next_event(&mut self, limit: Duration) -> Result<Event> {
        let body = self.events.next(&self.cloud, "an event", limit).await?;
        event(&body)
    }

    /// The next notice, in the order of arrival.
    ///
    /// # Errors
    /// When none comes within `limit`, or it is not JSON.
    pub async fn next_notice(&mut self, limit: Duration) -> Result<Notice> {
        let body = self.notices.next(&self.cloud, "a notice", limit).await?;
        notice(&body)
    }

    /// Everything that has come since the last look, waiting a second for both queues.
    ///
    /// # Errors
    /// What SQS answers, or that something is not JSON.
    pub async fn hear(&mut self) -> Result<(Vec<Event>, Vec<Notice>)> {
        let cloud = &self.cloud;
        futures::try_join!(
            self.events.receive(cloud, 1),
            self.notices.receive(cloud, 1)
        )?;
        let events = self.events.unread.drain(..).map(|body| event(&body));
        let notices = self.notices.unread.drain(..).map(|body| notice(&body));
        Ok((
            events.collect::<Result<_>>()?,
            notices.collect::<Result<_>>()?,
        ))
    }

    /// SQS requests made by this subscriber, or for it by its rule and its subscription, since it started.
    pub fn queue_requests(&self) -> u64 {
        self.notices.requests + self.events.requests
    }

    /// Deletes the rule, the subscription and the queues.
    ///
    /// # Errors
    /// What AWS answers.
    pub async fn stop(self) -> Result<()> {
        let events = &self.cloud.events;
        let targets = events
            .remove_targets()
            .rule(&self.name)
            .event_bus_name(&self.cloud.deployment)
            .ids("queue");
        targets.send().await.context("remove the rule's target")?;
        events
            .delete_rule()
            .name(&self.name)
            .event_bus_name(&self.cloud.deployment)
            .send()
            .await
            .context("delete the rule")?;
        self.cloud
            .sns
            .unsubscribe()
            .subscription_arn(&self.subscription)
            .send()
            .await
            .context("unsubscribe")?;
        for inbox in [self.notices, self.events] {
            self.cloud
                .sqs
                .delete_queue()
                .queue_url(inbox.url)
                .send()
                .await
                .context("delete a queue")?;
        }
        Ok(())
    }
}

impl Inbox {
    pub(crate) async fn next(
        &mut self,
        cloud: &Cloud,
        what: &str,
        limit: Duration,
    ) -> Result<String> {
        let deadline = Instant::now() + limit;
        loop {
            if let Some(body) = self.unread.pop_front() {
                return Ok(body);
            }
            let left = deadline.saturating_duration_since(Instant::now()).as_secs();
            self.receive(cloud, left.min(LONGEST_POLL)).await?;
            if self.unread.is_empty() && left == 0 {
                return Err(Error::new(format!(
                    "{what} did not come within {} s",
                    limit.as_secs()
                )));
            }
        }
    }

    async fn receive(&mut self, cloud: &Cloud, seconds: u64) -> Result<()> {
        let seconds = i32::try_from(seconds).context("wait for messages")?;
        let receive = cloud
            .sqs
            .receive_message()
            .queue_url(&self.url)
            .max_number_of_messages(10)
            .wait_time_seconds(seconds);
        self.requests += 1;
        for message in receive
            .send()
            .await
            .context("receive messages")?
            .messages
            .unwrap_or_default()
        {
            let handle = message.receipt_handle.context("receive messages")?;
            cloud
                .sqs
                .delete_message()
                .queue_url(&self.url)
                .receipt_handle(handle)
                .send()
                .await
                .context("delete a message")?;
            self.unread.extend(message.body);
            // One request brought it into the queue, one took it out.
            self.requests += 2;
        }
        Ok(())
    }
}

fn event(body: &str) -> Result<Event> {
    serde_json::from_str(body).context("read an event")
}

fn notice(body: &str) -> Result<Notice> {
    let envelope: Envelope = serde_json::from_str(body).context("read a notice")?;
    let detail = serde_json::from_str(&envelope.message).context("read a notice's message")?;
    let attributes = envelope
        .attributes
        .into_iter()
        .map(|(name, attribute)| (name, attribute.value))
        .collect();
    Ok(Notice { attributes, detail })
}

pub(crate) async fn topic(cloud: &Cloud) -> Result<String> {
    let deployment = &cloud.deployment;
    let wanted = format!(":{deployment}-outcomes");
    let topics = cloud
        .sns
        .list_topics()
        .send()
        .await
        .context("list the topics")?;
    let arn = topics
        .topics()
        .iter()
        .filter_map(|topic| topic.topic_arn())
        .find(|arn| arn.ends_with(&wanted));
    arn.map(str::to_owned).ok_or_else(|| {
        Error::new(format!(
            "there is no topic {deployment}-outcomes: deploy the template with `make up`"
        ))
    })
}

/// A queue that `service` may send to, and its ARN.
pub(crate) async fn inbox(cloud: &Cloud, name: &str, service: &str) -> Result<(Inbox, String)> {
    let doing = || format!("create the queue {name}");
    let url = cloud
        .sqs
        .create_queue()
        .queue_name(name)
        .send()
        .await
        .context(doing())?
        .queue_url
        .context(doing())?;
    let wanted = QueueAttributeName::QueueArn;
    let answer = cloud
        .sqs
        .get_queue_attributes()
        .queue_url(&url)
        .attribute_names(wanted.clone())
        .send()
        .await
        .context(doing())?;
    let arn = answer
        .attributes()
        .and_then(|attributes| attributes.get(&wanted))
        .cloned()
        .context(doing())?;
    let policy = json!({
        "Version": "2012-10-17",
        "Statement": [{ "Effect": "Allow", "Principal": { "Service": service }, "Action": "sqs:SendMessage", "Resource": arn }],
    });
    let set = cloud
        .sqs
        .set_queue_attributes()
        .queue_url(&url)
        .attributes(QueueAttributeName::Policy, policy.to_string());
    set.send().await.context(doing())?;
    Ok((
        Inbox {
            url,
            unread: VecDeque::new(),
            requests: 0,
        },
        arn,
    ))
}
