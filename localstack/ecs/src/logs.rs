//! The output of a task: a file here, and the log stream that the task definition names.

use std::io;
use std::path::Path;

use jiff::Timestamp;
use local_cloud_wire::cloud::{Caller, Cloud, CloudError, Scope};
use serde_json::{Value, json};
use tokio::fs::File;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWriteExt, BufReader};
use tokio::process::{ChildStderr, ChildStdout};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::definition::Container;

/// A log stream of CloudWatch Logs.
#[derive(Debug)]
pub(crate) struct Stream {
    cloud: Cloud,
    region: String,
    group: String,
    name: String,
}

impl Stream {
    /// Creates the stream that a container's `awslogs` configuration names; none without such a configuration.
    ///
    /// # Errors
    /// The log group doesn't exist, which in AWS keeps the task from starting.
    pub(crate) async fn open(
        cloud: &Cloud,
        region: &str,
        container: &Container,
        task: &str,
    ) -> Result<Option<Self>, CloudError> {
        let Some(configuration) = container
            .log_configuration
            .as_ref()
            .filter(|one| one.log_driver == "awslogs")
        else {
            return Ok(None);
        };
        let option = |name: &str| configuration.options.get(name).cloned();
        let prefix = option("awslogs-stream-prefix").unwrap_or_else(|| "ecs".into());
        let stream = Self {
            cloud: cloud.clone(),
            region: option("awslogs-region").unwrap_or_else(|| region.to_owned()),
            group: option("awslogs-group").unwrap_or_default(),
            name: format!("{prefix}/{}/{task}", container.name),
        };
        if option("awslogs-create-group").as_deref() == Some("true") {
            stream
                .create("CreateLogGroup", &json!({"logGroupName": stream.group}))
                .await?;
        }
        stream
            .create(
                "CreateLogStream",
                &json!({"logGroupName": stream.group, "logStreamName": stream.name}),
            )
            .await?;
        Ok(Some(stream))
    }

    async fn create(&self, operation: &str, body: &Value) -> Result<(), CloudError> {
        match self.call(operation, body).await {
            Err(error) if error.code() != Some("ResourceAlreadyExistsException") => Err(error),
            _ => Ok(()),
        }
    }

    async fn put(&self, lines: &[Line]) -> Result<(), CloudError> {
        let event =
            |line: &Line| json!({"timestamp": line.at.as_millisecond(), "message": line.text});
        let events: Vec<Value> = lines
            .iter()
            .filter(|line| !line.text.is_empty())
            .map(event)
            .collect();
        if events.is_empty() {
            return Ok(());
        }
        let body =
            json!({"logGroupName": self.group, "logStreamName": self.name, "logEvents": events});
        self.call("PutLogEvents", &body).await.map(drop)
    }

    async fn call(&self, operation: &str, body: &Value) -> Result<Value, CloudError> {
        let scope = Scope {
            service: "logs",
            region: &self.region,
            caller: Caller::Root,
        };
        self.cloud
            .json(scope, &format!("Logs_20140328.{operation}"), body)
            .await
    }
}

/// A line of output.
struct Line {
    at: Timestamp,
    text: String,
}

/// The most lines in one call (CloudWatch Logs allows 10,000).
const BATCH: usize = 1000;

/// Carries a process's output to the file and the stream until the process closes it.
pub(crate) async fn carry(
    stdout: ChildStdout,
    stderr: ChildStderr,
    file: &Path,
    stream: Option<&Stream>,
) -> io::Result<()> {
    if let Some(folder) = file.parent() {
        tokio::fs::create_dir_all(folder).await?;
    }
    let file = File::create(file).await?;
    let (sender, receiver) = unbounded_channel();
    let (out, err, written) = tokio::join!(
        read(stdout, sender.clone()),
        read(stderr, sender),
        write(receiver, file, stream)
    );
    out.and(err).and(written)
}

async fn read(output: impl AsyncRead + Unpin, lines: UnboundedSender<Line>) -> io::Result<()> {
    let mut output = BufReader::new(output).split(b'\n');
    while let Some(line) = output.next_segment().await? {
        let line = Line {
            at: Timestamp::now(),
            text: String::from_utf8_lossy(&line).into_owned(),
        };
        if lines.send(line).is_err() {
            return Ok(());
        }
    }
    Ok(())
}

async fn write(
    mut lines: UnboundedReceiver<Line>,
    mut file: File,
    stream: Option<&Stream>,
) -> io::Result<()> {
    let mut batch = Vec::new();
    while lines.recv_many(&mut batch, BATCH).await > 0 {
        for line in &batch {
            file.write_all(format!("{}\n", line.text).as_bytes())
                .await?;
        }
        file.flush().await?;
        if let Some(stream) = stream
            && let Err(error) = stream.put(&batch).await
        {
            tracing::warn!(stream = stream.name, %error, "log lines are only in the task's file");
        }
        batch.clear();
    }
    Ok(())
}
