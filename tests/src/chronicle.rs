//! Everything the pipeline tells the outside world, kept from the moment of listening on, for many tests at once.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Value;

use crate::cloud::Cloud;
use crate::error::{Context, Error, Result};
use crate::outcome::{self, Outcome};
use crate::subscriber::{Event, Notice, Subscriber};
use crate::wait;

/// One listening costs the deployment one rule and one subscription, however many tests ask.
#[derive(Debug, Clone)]
pub struct Chronicle {
    heard: Arc<Mutex<Heard>>,
}

#[derive(Debug, Default)]
struct Heard {
    events: Vec<Event>,
    notices: Vec<Notice>,
    queue_requests: u64,
    failure: Option<String>,
}

impl Chronicle {
    /// Listens under `name` until the process ends; the queues go with the cloud.
    ///
    /// # Errors
    /// What AWS answers.
    pub async fn start(cloud: &Cloud, name: &str) -> Result<Self> {
        let mut subscriber = Subscriber::start(cloud, name).await?;
        let chronicle = Self {
            heard: Arc::default(),
        };
        let listener = chronicle.clone();
        tokio::spawn(async move {
            loop {
                let heard = subscriber.hear().await;
                let mut kept = listener.heard();
                kept.queue_requests = subscriber.queue_requests();
                match heard {
                    Ok((events, notices)) => {
                        kept.events.extend(events);
                        kept.notices.extend(notices);
                    }
                    Err(error) => {
                        kept.failure = Some(error.to_string());
                        return;
                    }
                }
            }
        });
        Ok(chronicle)
    }

    /// Events about a request so far, in the order of arrival.
    pub fn events(&self, request_id: &str) -> Vec<Event> {
        let heard = self.heard();
        let about = |event: &&Event| event.detail["requestId"] == request_id;
        heard.events.iter().filter(about).cloned().collect()
    }

    /// Events about all requests whose ids begin so, in the order of arrival.
    pub fn events_of(&self, beginning: &str) -> Vec<Event> {
        let heard = self.heard();
        let about = |event: &&Event| {
            let id = event.detail["requestId"].as_str();
            id.is_some_and(|id| id.starts_with(beginning))
        };
        heard.events.iter().filter(about).cloned().collect()
    }

    /// Notices about a request so far, in the order of arrival.
    pub fn notices(&self, request_id: &str) -> Vec<Notice> {
        let heard = self.heard();
        let about = |notice: &&Notice| notice.detail["requestId"] == request_id;
        heard.notices.iter().filter(about).cloned().collect()
    }

    /// SQS requests that listening took so far, of its own and of its rule and its subscription.
    pub fn queue_requests(&self) -> u64 {
        self.heard().queue_requests
    }

    /// Waits for an event about a request.
    ///
    /// # Errors
    /// When it doesn't come within `limit`, or listening failed.
    pub async fn wait_for(
        &self,
        request_id: &str,
        detail_type: &str,
        limit: Duration,
    ) -> Result<Event> {
        let what = format!("{detail_type} of {request_id}");
        wait::until(&what, limit, async || {
            self.check()?;
            let events = self.events(request_id);
            Ok(events
                .into_iter()
                .find(|event| event.detail_type == detail_type))
        })
        .await
    }

    /// Waits for a request's first outcome on the bus and for its notice.
    ///
    /// # Errors
    /// When they don't come within `limit`, or listening failed.
    pub async fn wait_for_end(&self, request_id: &str, limit: Duration) -> Result<Outcome> {
        self.wait_for_end_of(request_id, None, limit).await
    }

    /// The same of one attempt.
    ///
    /// # Errors
    /// As [`Chronicle::wait_for_end`].
    pub async fn wait_for_end_of(
        &self,
        request_id: &str,
        attempt: Option<u32>,
        limit: Duration,
    ) -> Result<Outcome> {
        let its = |detail: &Value| attempt.is_none_or(|attempt| detail["attempt"] == attempt);
        let ended = wait::until(&format!("the end of {request_id}"), limit, async || {
            self.check()?;
            let notices = self.notices(request_id);
            if !notices.iter().any(|notice| its(&notice.detail)) {
                return Ok(None);
            }
            let events = self.events(request_id);
            Ok(events
                .into_iter()
                .find(|event| outcome::is_end(&event.detail_type) && its(&event.detail)))
        })
        .await?;
        serde_json::from_value(ended.detail).context("read an outcome")
    }

    fn check(&self) -> Result<()> {
        match &self.heard().failure {
            Some(failure) => Err(Error::new(format!(
                "listening to the pipeline failed: {failure}"
            ))),
            None => Ok(()),
        }
    }

    /// What was heard is whole after every addition, so it stays true after a panic elsewhere.
    fn heard(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
