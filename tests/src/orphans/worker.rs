//! A worker's task that goes nowhere: its storage never answers, until it is let go.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_ecs::types::{
    AwsVpcConfiguration, ContainerOverride, KeyValuePair, NetworkConfiguration, Tag, TaskOverride,
};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, watch};
use tokio::time::timeout;

use super::Label;
use crate::cloud::{Cloud, DEPLOYMENT};
use crate::error::{Context, Result};
use crate::wait;

const STARTED_WITHIN: Duration = Duration::from_secs(60);

/// An answer that the worker doesn't ask for again.
const REFUSAL: &[u8] = b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

fn tags_of(label: &Label) -> Vec<Tag> {
    label.tags_as(|key, value| Tag::builder().key(key).value(value).build())
}

/// A running task that waits for its job's document.
pub struct Waiting {
    /// The task's ARN.
    pub arn: String,
    storage: Silent,
    cloud: Cloud,
}

impl Waiting {
    /// Starts one as a phase of a restore would have, and waits until it runs.
    ///
    /// # Errors
    /// What ECS answers, or that it takes more than a minute.
    pub async fn start(cloud: &Cloud, restore_id: &str, tag: &str, label: &Label) -> Result<Self> {
        let doing = || format!("start a worker's task {} of {restore_id}", label.name);
        let storage = Silent::listen().await?;
        let variable =
            |name: &str, value: &str| KeyValuePair::builder().name(name).value(value).build();
        let address = format!("http://{}", storage.address);
        let container = ContainerOverride::builder()
            .name("worker")
            .environment(variable("JOB", "work/of-nobody.json"))
            .environment(variable("AWS_ENDPOINT_URL_S3", &address));
        let network = AwsVpcConfiguration::builder().subnets("subnet-of-nobody");
        let network = NetworkConfiguration::builder()
            .awsvpc_configuration(network.build().context(doing())?)
            .build();
        let run = cloud.ecs.run_task();
        let run = run
            .cluster(DEPLOYMENT)
            .task_definition(format!("{DEPLOYMENT}-worker"))
            .started_by(format!("tr-{tag}/ddl/{restore_id}/1/{}", label.name))
            .network_configuration(network)
            .overrides(
                TaskOverride::builder()
                    .container_overrides(container.build())
                    .build(),
            )
            .set_tags(Some(tags_of(label)));
        let answer = run.send().await.context(doing())?;
        let task = answer.tasks().first().and_then(|task| task.task_arn());
        let waiting = Self {
            arn: task.context(doing())?.to_owned(),
            storage,
            cloud: cloud.clone(),
        };
        waiting.storage.asked().await?;
        Ok(waiting)
    }

    /// What ECS is to bring the task to, and what it has come to.
    ///
    /// # Errors
    /// What ECS answers.
    pub async fn statuses(&self) -> Result<[String; 2]> {
        let doing = || format!("describe the task {}", self.arn);
        let describe = self.cloud.ecs.describe_tasks().cluster(DEPLOYMENT);
        let described = describe.tasks(&self.arn).send().await.context(doing())?;
        let task = described.tasks().first().context(doing())?;
        let statuses = [task.desired_status(), task.last_status()];
        Ok(statuses.map(|status| status.unwrap_or_default().to_owned()))
    }

    /// Gives the task these tags.
    ///
    /// # Errors
    /// What ECS answers.
    pub async fn tag(&self, label: &Label) -> Result<()> {
        let tag = self.cloud.ecs.tag_resource().resource_arn(&self.arn);
        let tagged = tag.set_tags(Some(tags_of(label))).send().await;
        tagged.context(format!("tag the task {}", self.arn))?;
        Ok(())
    }

    /// Answers it at last, and waits for its end.
    ///
    /// # Errors
    /// What ECS answers, or that it takes more than a minute.
    pub async fn let_go(self) -> Result<()> {
        self.storage.speak();
        wait::until("the worker's end", STARTED_WITHIN, async || {
            let [_, last] = self.statuses().await?;
            Ok((last == "STOPPED").then_some(()))
        })
        .await
    }
}

/// A server that takes every connection and says nothing until it is told to.
struct Silent {
    address: SocketAddr,
    begun: Arc<Notify>,
    speaks: watch::Sender<bool>,
}

impl Silent {
    async fn listen() -> Result<Self> {
        let doing = "listen in the place of S3";
        let listener = TcpListener::bind("127.0.0.1:0").await.context(doing)?;
        let (speaks, told) = watch::channel(false);
        let silent = Self {
            address: listener.local_addr().context(doing)?,
            begun: Arc::default(),
            speaks,
        };
        let begun = Arc::clone(&silent.begun);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                begun.notify_one();
                tokio::spawn(refuse(stream, told.clone()));
            }
        });
        Ok(silent)
    }

    /// Until somebody waits for an answer.
    async fn asked(&self) -> Result<()> {
        let asked = timeout(STARTED_WITHIN, self.begun.notified());
        asked.await.context("wait for the worker's first call")
    }

    fn speak(&self) {
        self.speaks.send_replace(true);
    }
}

/// A client that has left needs no answer.
async fn refuse(mut stream: TcpStream, mut told: watch::Receiver<bool>) {
    drop(told.wait_for(|speaks| *speaks).await);
    drop(stream.write_all(REFUSAL).await);
}
