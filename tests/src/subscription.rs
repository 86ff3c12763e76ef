//! One subscription of the outcomes' topic with a filter policy of its own: a queue's, or an e-mail address's.

use std::collections::HashMap;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::cloud::Cloud;
use crate::error::{Context, Result};
use crate::subscriber::{Inbox, inbox, topic};
use crate::wait;

/// A queue that hears some of the outcomes.
#[derive(Debug)]
pub struct Queue {
    cloud: Cloud,
    inbox: Inbox,
}

impl Queue {
    /// Subscribes a new queue; `raw` messages come without SNS's envelope.
    ///
    /// # Errors
    /// What AWS answers.
    pub async fn subscribe(cloud: &Cloud, name: &str, filter: &Value, raw: bool) -> Result<Self> {
        let (inbox, arn) = inbox(cloud, name, "sns.amazonaws.com").await?;
        let attributes = [
            ("FilterPolicy", filter.to_string()),
            ("RawMessageDelivery", raw.to_string()),
        ];
        subscribe(cloud, "sqs", &arn, &attributes).await?;
        let cloud = cloud.clone();
        Ok(Self { cloud, inbox })
    }

    /// The next message's body.
    ///
    /// # Errors
    /// When none comes within `limit`, or it isn't JSON.
    pub async fn next(&mut self, limit: Duration) -> Result<Value> {
        let body = self.inbox.next(&self.cloud, "a notice", limit).await?;
        serde_json::from_str(&body).context("read a notice")
    }
}

/// An e-mail that the topic sent.
#[derive(Debug, Clone, Deserialize)]
pub struct Mail {
    /// To whom.
    to: String,
    /// Its subject.
    pub subject: String,
    /// What it says.
    pub text: String,
    /// What confirms a subscription.
    #[serde(default)]
    token: Option<String>,
}

/// An e-mail address that hears some of the outcomes.
#[derive(Debug)]
pub struct Address {
    cloud: Cloud,
    address: String,
}

impl Address {
    /// Subscribes an address that nobody else uses, and confirms it as its owner does.
    ///
    /// # Errors
    /// What AWS answers; when no mail asks for the confirmation.
    pub async fn subscribe(cloud: &Cloud, address: &str, filter: &Value) -> Result<Self> {
        let attributes = [("FilterPolicy", filter.to_string())];
        subscribe(cloud, "email", address, &attributes).await?;
        let (cloud, address) = (cloud.clone(), address.to_owned());
        let address = Self { cloud, address };
        let asked = address.mails().await?.into_iter().next();
        let token = asked.and_then(|mail| mail.token);
        let topic = topic(&address.cloud).await?;
        let confirm = address.cloud.sns.confirm_subscription().topic_arn(topic);
        let confirm = confirm.token(token.context("find the token of the subscription")?);
        confirm.send().await.context("confirm the subscription")?;
        Ok(address)
    }

    /// The first mail that tells an outcome.
    ///
    /// # Errors
    /// When none comes within `limit`.
    pub async fn outcome(&self, limit: Duration) -> Result<Mail> {
        wait::until("a mail", limit, async || {
            let mails = self.mails().await?;
            Ok(mails.into_iter().find(|mail| mail.token.is_none()))
        })
        .await
    }

    /// All mails to it, in order.
    ///
    /// # Errors
    /// When the local cloud doesn't show them.
    pub async fn mails(&self) -> Result<Vec<Mail>> {
        let doing = "read the mails of the local cloud";
        let answer = reqwest::get(format!("{}/_local/mails", self.cloud.endpoint));
        let body = answer.await.context(doing)?.text().await.context(doing)?;
        let mut sent: HashMap<String, Vec<Mail>> = serde_json::from_str(&body).context(doing)?;
        let sent = sent.remove("mails").unwrap_or_default();
        let ours = sent.into_iter().filter(|mail| mail.to == self.address);
        Ok(ours.collect())
    }
}

async fn subscribe(
    cloud: &Cloud,
    protocol: &str,
    endpoint: &str,
    attributes: &[(&str, String)],
) -> Result<()> {
    let topic = topic(cloud).await?;
    let mut subscribe = cloud
        .sns
        .subscribe()
        .topic_arn(topic)
        .protocol(protocol)
        .endpoint(endpoint);
    for (name, value) in attributes {
        subscribe = subscribe.attributes(*name, value);
    }
    let sent = subscribe.send().await;
    sent.context(format!("subscribe {endpoint} to the outcomes"))?;
    Ok(())
}

/// A filter policy that lets through what has this outcome and this database.
pub fn only(outcome: &str, database: &str) -> Value {
    json!({ "outcome": [outcome], "database": [database] })
}
