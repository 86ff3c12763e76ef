//! Temporary resources that no restore made: each kind by its name and tags, through the same calls as the pipeline's.

pub mod databases;
pub mod replication;
pub mod worker;

use aws_sdk_secretsmanager::types::Tag;

use crate::cloud::{Cloud, DEPLOYMENT};
use crate::error::{Context, Result};

/// What a resource is called and tagged.
#[derive(Debug, Clone)]
pub struct Label {
    /// Its name; the job of a worker task.
    pub name: String,
    /// Its tags.
    pub tags: [(String, String); 2],
}

impl Label {
    /// As a restore labels what it makes.
    pub fn of(restore_id: &str, name: &str) -> Self {
        Self::copied(restore_id, name, name)
    }

    /// Named like a restore's, with the tags of another resource of its, as a copy of that has them.
    pub fn copied(restore_id: &str, name: &str, from: &str) -> Self {
        let tag = |key: &str, value: String| (format!("tenant-restore:{key}"), value);
        Self {
            name: name.to_owned(),
            tags: [
                tag("deployment", DEPLOYMENT.to_owned()),
                tag("restore", format!("{restore_id}/{from}")),
            ],
        }
    }

    /// The tags, each as this service writes it.
    fn tags_as<T>(&self, tag: impl Fn(&str, &str) -> T) -> Vec<T> {
        let tags = self.tags.iter();
        tags.map(|(key, value)| tag(key, value)).collect()
    }
}

fn tags_of(label: &Label) -> Vec<Tag> {
    label.tags_as(|key, value| Tag::builder().key(key).value(value).build())
}

/// Creates a secret.
///
/// # Errors
/// What Secrets Manager answers.
pub async fn create_secret(cloud: &Cloud, label: &Label, content: &str) -> Result<()> {
    let create = cloud.secrets.create_secret().name(&label.name);
    let create = create.secret_string(content);
    let created = create.set_tags(Some(tags_of(label))).send().await;
    created.context(format!("create the secret {}", label.name))?;
    Ok(())
}

/// Gives a secret these tags.
///
/// # Errors
/// What Secrets Manager answers.
pub async fn tag_secret(cloud: &Cloud, label: &Label) -> Result<()> {
    let tag = cloud.secrets.tag_resource().secret_id(&label.name);
    let tagged = tag.set_tags(Some(tags_of(label))).send().await;
    tagged.context(format!("tag the secret {}", label.name))?;
    Ok(())
}
