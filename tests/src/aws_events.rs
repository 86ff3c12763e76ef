//! The events of RDS, DMS and ECS about restores, recorded as EventBridge delivers them, to be delivered once more.

use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_eventbridge::types::Target;
use aws_sdk_sqs::types::QueueAttributeName;
use serde_json::{Value, json};

use crate::cloud::Cloud;
use crate::error::{Context, Result};
use crate::queues::Queue;

/// A recorder; clones share what it has heard.
#[derive(Debug, Clone)]
pub struct AwsEvents {
    cloud: Cloud,
    heard: Arc<Mutex<Result<Vec<String>, String>>>,
}

impl AwsEvents {
    /// Records under `name` until the process ends; queue and rule go with the cloud.
    ///
    /// # Errors
    /// What AWS answers.
    pub async fn start(cloud: &Cloud, name: &str) -> Result<Self> {
        let url = listen(cloud, name).await?;
        let recorder = Self {
            cloud: cloud.clone(),
            heard: Arc::new(Mutex::new(Ok(Vec::new()))),
        };
        let (heard, cloud) = (Arc::clone(&recorder.heard), cloud.clone());
        tokio::spawn(async move {
            loop {
                let received = receive(&cloud, &url).await;
                let mut heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
                match (received, heard.as_mut()) {
                    (Ok(bodies), Ok(all)) => all.extend(bodies),
                    (Err(error), _) => {
                        *heard = Err(error.to_string());
                        return;
                    }
                    (_, Err(_)) => return,
                }
            }
        });
        Ok(recorder)
    }

    /// The events about a restore so far, as they were delivered.
    ///
    /// # Errors
    /// When recording has failed.
    pub fn about(&self, restore_id: &str) -> Result<Vec<String>> {
        let heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        let all = heard
            .as_ref()
            .map_err(|error| crate::Error::new(format!("recording events failed: {error}")))?;
        let about = all.iter().filter(|body| body.contains(restore_id));
        Ok(about.cloned().collect())
    }

    /// Delivers events once more, to every queue whose rule takes them.
    ///
    /// # Errors
    /// What SQS answers.
    pub async fn deliver_again(&self, events: &[String]) -> Result<usize> {
        let mut delivered = 0;
        for body in events {
            for queue in queues(body)? {
                Queue::find(&self.cloud, &queue).await?.send(body).await?;
                delivered += 1;
            }
        }
        Ok(delivered)
    }
}

/// Whom an event wakes: RDS and DMS each phase that waits for them, ECS the phase that started the task.
fn queues(body: &str) -> Result<Vec<String>> {
    let event: Value = serde_json::from_str(body).context("read a recorded event")?;
    let names: &[&str] = match event["source"].as_str() {
        Some("aws.rds") => &["provision", "ddl", "cleanup"],
        Some("aws.dms") => &["migrate", "cleanup"],
        _ => {
            let started_by = event["detail"]["startedBy"].as_str();
            let phase = started_by.and_then(|by| by.split('/').nth(1));
            return Ok(vec![phase.context("read who started a task")?.to_owned()]);
        }
    };
    Ok(names.iter().map(|&name| name.to_owned()).collect())
}

async fn listen(cloud: &Cloud, name: &str) -> Result<String> {
    let doing = || format!("record events under {name}");
    let create = cloud.sqs.create_queue().queue_name(name);
    let created = create.send().await.context(doing())?;
    let url = created.queue_url.context(doing())?;
    let ask = cloud.sqs.get_queue_attributes().queue_url(&url);
    let ask = ask.attribute_names(QueueAttributeName::QueueArn);
    let attributes = ask.send().await.context(doing())?.attributes;
    let arn = attributes
        .and_then(|mut all| all.remove(&QueueAttributeName::QueueArn))
        .context(doing())?;
    let pattern = json!({ "source": ["aws.rds", "aws.dms", "aws.ecs"] });
    let rule = cloud.events.put_rule().name(name);
    let rule = rule.event_pattern(pattern.to_string());
    rule.send().await.context(doing())?;
    let target = Target::builder().id("queue").arn(arn);
    let target = target.build().context(doing())?;
    let targets = cloud.events.put_targets().rule(name).targets(target);
    targets.send().await.context(doing())?;
    Ok(url)
}

async fn receive(cloud: &Cloud, url: &str) -> Result<Vec<String>> {
    let doing = "receive recorded events";
    let receive = cloud.sqs.receive_message().queue_url(url);
    let receive = receive.max_number_of_messages(10).wait_time_seconds(5);
    let messages = receive.send().await.context(doing)?.messages;
    let mut bodies = Vec::new();
    for message in messages.unwrap_or_default() {
        let delete = cloud.sqs.delete_message().queue_url(url);
        let delete = delete.set_receipt_handle(message.receipt_handle);
        delete.send().await.context(doing)?;
        bodies.extend(message.body);
    }
    Ok(bodies)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_wakes_the_phases_that_wait_for_it() {
        let told = |event: Value| queues(&event.to_string()).unwrap();
        let rds = told(json!({ "source": "aws.rds" }));
        assert_eq!(rds, ["provision", "ddl", "cleanup"]);
        let by = json!({ "startedBy": "tr-main/finalize/abc/1/finalize" });
        let ecs = told(json!({ "source": "aws.ecs", "detail": by }));
        assert_eq!(ecs, ["finalize"]);
    }
}
