//! Everything that people and programs can read of a deployment, to look for what must not be there.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use aws_sdk_s3::operation::list_objects_v2::ListObjectsV2Output;
use tokio::process::Command;

use crate::cloud::{Cloud, DEPLOYMENT};
use crate::error::{Context, Error, Result};

/// The kinds of places that tell of every restore; each place's name begins with one.
pub const PLACES: [&str; 6] = ["process", "task", "object", "table", "file", "log group"];

/// Prints all messages of all log groups, one a line.
const READ_LOG_GROUPS: &str = "
import os, sys, botocore.session
logs = botocore.session.get_session().create_client('logs', endpoint_url=os.environ['AWS_ENDPOINT_URL'])
for page in logs.get_paginator('describe_log_groups').paginate():
    for group in page['logGroups']:
        for events in logs.get_paginator('filter_log_events').paginate(logGroupName=group['logGroupName']):
            for event in events['events']:
                print(group['logGroupName'], event['message'])
";

/// Texts by the place where they stand.
#[derive(Debug)]
pub struct Haystack {
    cloud: Cloud,
    texts: BTreeMap<String, String>,
}

impl Haystack {
    /// An empty one.
    pub fn of(cloud: &Cloud) -> Self {
        Self {
            cloud: cloud.clone(),
            texts: BTreeMap::new(),
        }
    }

    /// Adds a text of a place.
    pub fn add(&mut self, place: String, text: String) {
        self.texts.insert(place, text);
    }

    /// The places of a kind whose text holds a word; of every kind if that is empty.
    pub fn places_with(&self, kind: &str, word: &str) -> Vec<&str> {
        let of_kind = self
            .texts
            .iter()
            .filter(|(place, _)| place.starts_with(kind));
        of_kind
            .filter(|(_, text)| text.contains(word))
            .map(|(place, _)| place.as_str())
            .collect()
    }

    /// Arguments and environment of every process that runs now.
    pub fn add_processes(&mut self) {
        let Ok(entries) = fs::read_dir("/proc") else {
            return;
        };
        for entry in entries.flatten() {
            for part in ["cmdline", "environ"] {
                // A process may end meanwhile, or not be ours.
                let Ok(bytes) = fs::read(entry.path().join(part)) else {
                    continue;
                };
                let text = String::from_utf8_lossy(&bytes).replace('\0', "\n");
                let place = format!("process {} {part}", entry.path().display());
                self.texts.entry(place).or_default().push_str(&text);
            }
        }
    }

    /// What ECS shows of every task of the deployment.
    ///
    /// # Errors
    /// What ECS answers.
    pub async fn add_tasks(&mut self) -> Result<()> {
        let doing = "look at the tasks";
        for status in ["RUNNING", "STOPPED"] {
            let list = self.cloud.ecs.list_tasks().cluster(DEPLOYMENT);
            let arns = list
                .desired_status(status.into())
                .send()
                .await
                .context(doing)?;
            let arns = arns.task_arns.unwrap_or_default();
            if arns.is_empty() {
                continue;
            }
            let describe = self.cloud.ecs.describe_tasks().cluster(DEPLOYMENT);
            let answer = describe.set_tasks(Some(arns)).send().await.context(doing)?;
            for task in answer.tasks() {
                let place = format!("task {}", task.task_arn().unwrap_or_default());
                self.add(place, format!("{task:?}"));
            }
        }
        Ok(())
    }

    /// Every object of the deployment's bucket; what was read before and is gone now stays.
    ///
    /// # Errors
    /// What S3 answers.
    pub async fn add_objects(&mut self) -> Result<()> {
        let doing = "look at the objects";
        let buckets = self.cloud.s3.list_buckets().send().await.context(doing)?;
        for bucket in buckets.buckets() {
            let name = bucket.name().unwrap_or_default();
            if !name.starts_with(DEPLOYMENT) {
                continue;
            }
            let list = self.cloud.s3.list_objects_v2().bucket(name);
            let objects = list
                .into_paginator()
                .send()
                .collect::<Result<Vec<_>, _>>()
                .await;
            for object in objects
                .context(doing)?
                .iter()
                .flat_map(ListObjectsV2Output::contents)
            {
                let key = object.key().unwrap_or_default();
                self.add_object(name, key).await;
            }
        }
        Ok(())
    }

    async fn add_object(&mut self, bucket: &str, key: &str) {
        let place = format!("object {key}");
        if self.texts.contains_key(&place) {
            return;
        }
        let get = self.cloud.s3.get_object().bucket(bucket).key(key);
        // The cleanup may have deleted it meanwhile.
        let Ok(object) = get.send().await else {
            return;
        };
        if let Ok(body) = object.body.collect().await {
            let text = String::from_utf8_lossy(&body.into_bytes()).into_owned();
            self.add(place, text);
        }
    }

    /// Every item of the deployment's table.
    ///
    /// # Errors
    /// What DynamoDB answers.
    pub async fn add_table(&mut self) -> Result<()> {
        let scan = self.cloud.dynamodb.scan().table_name(DEPLOYMENT);
        let items = scan.into_paginator().items().send();
        let items = items.collect::<Result<Vec<_>, _>>().await;
        let items = items.context("read the table")?;
        self.add("table".to_owned(), format!("{items:?}"));
        Ok(())
    }

    /// Every log file of the local cloud.
    ///
    /// # Errors
    /// When one can't be read.
    pub fn add_log_files(&mut self) -> Result<()> {
        let folder = self.cloud.home.join("logs");
        self.add_files(&folder)
    }

    fn add_files(&mut self, folder: &Path) -> Result<()> {
        let doing = || format!("read {}", folder.display());
        for entry in fs::read_dir(folder).context(doing())? {
            let path = entry.context(doing())?.path();
            if path.is_dir() {
                self.add_files(&path)?;
                continue;
            }
            let bytes = fs::read(&path).context(doing())?;
            let text = String::from_utf8_lossy(&bytes).into_owned();
            self.add(format!("file {}", path.display()), text);
        }
        Ok(())
    }

    /// Every message in CloudWatch Logs: those of the tasks are nowhere else.
    ///
    /// # Errors
    /// When they can't be read.
    pub async fn add_log_groups(&mut self) -> Result<()> {
        let doing = "read the log groups";
        let python = concat!(env!("CARGO_MANIFEST_DIR"), "/../.local/venv/bin/python");
        let read = Command::new(python).args(["-c", READ_LOG_GROUPS]).output();
        let output = read.await.context(doing)?;
        if !output.status.success() {
            let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
            return Err(Error::new(format!("{doing}: {complaint}")));
        }
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        self.add("log groups".to_owned(), text);
        Ok(())
    }
}
