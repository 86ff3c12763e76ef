//! An instance or a cluster that nobody has opened to restores, and what opens one wrongly.

use std::time::Duration;

use aws_sdk_rds::primitives::DateTime;
use aws_sdk_rds::types::{DbInstance, Tag};

use crate::cloud::Cloud;
use crate::error::{Context, Result};
use crate::wait;

const AVAILABLE_WITHIN: Duration = Duration::from_secs(120);

/// An instance without the tag `tenant-restore:secret`.
#[derive(Debug, Clone)]
pub struct Stranger {
    /// DB instance identifier.
    pub identifier: String,
    arn: String,
    cloud: Cloud,
}

impl Stranger {
    /// Creates it and waits until it is available.
    ///
    /// # Errors
    /// What RDS answers, or that it takes more than two minutes.
    pub async fn create(cloud: &Cloud, identifier: &str) -> Result<Self> {
        Self::create_tagged(cloud, identifier, &[]).await
    }

    /// The same with tags.
    ///
    /// # Errors
    /// What RDS answers, or that it takes more than two minutes.
    pub async fn create_tagged(
        cloud: &Cloud,
        identifier: &str,
        tags: &[(String, String)],
    ) -> Result<Self> {
        Self::ask_for(cloud, identifier, tags).await?;
        Self::await_made(cloud, identifier).await
    }

    /// Asks for one: from then on the identifier is taken.
    ///
    /// # Errors
    /// What RDS answers.
    pub async fn ask_for(cloud: &Cloud, identifier: &str, tags: &[(String, String)]) -> Result<()> {
        let doing = || format!("create the instance {identifier}");
        let password = random_password(cloud).await.context(doing())?;
        let create = cloud
            .rds
            .create_db_instance()
            .db_instance_identifier(identifier)
            .engine("postgres")
            .db_instance_class("db.t4g.micro")
            .allocated_storage(20)
            .master_username("stranger")
            .master_user_password(password)
            .backup_retention_period(1)
            .set_tags(Some(tags_of(tags)));
        create.send().await.context(doing())?;
        Ok(())
    }

    /// Waits until one that was asked for is available.
    ///
    /// # Errors
    /// What RDS answers, or that it takes more than two minutes.
    pub async fn await_made(cloud: &Cloud, identifier: &str) -> Result<Self> {
        let doing = || format!("create the instance {identifier}");
        let available = wait::until(
            &format!("the instance {identifier}"),
            AVAILABLE_WITHIN,
            async || {
                let instance = describe(cloud, identifier).await?;
                Ok((instance.db_instance_status() == Some("available")).then_some(instance))
            },
        )
        .await?;
        Ok(Self {
            identifier: identifier.to_owned(),
            arn: available.db_instance_arn.context(doing())?,
            cloud: cloud.clone(),
        })
    }

    /// Its status, and when it was made.
    ///
    /// # Errors
    /// When it isn't there.
    pub async fn stands(&self) -> Result<(String, Option<i64>)> {
        let instance = describe(&self.cloud, &self.identifier).await?;
        let made = instance.instance_create_time().map(DateTime::secs);
        Ok((instance.db_instance_status.unwrap_or_default(), made))
    }

    /// Asks for its deletion.
    ///
    /// # Errors
    /// What RDS answers.
    pub async fn delete(&self) -> Result<()> {
        let delete = self.cloud.rds.delete_db_instance();
        let delete = delete.db_instance_identifier(&self.identifier);
        let sent = delete.skip_final_snapshot(true).send().await;
        sent.context(format!("delete the instance {}", self.identifier))?;
        Ok(())
    }

    /// Sets the tag that names its secret, whether or not there is such a secret.
    ///
    /// # Errors
    /// What RDS answers.
    pub async fn name_secret(&self, secret: &str) -> Result<()> {
        let tag = Tag::builder()
            .key("tenant-restore:secret")
            .value(secret)
            .build();
        let add = self
            .cloud
            .rds
            .add_tags_to_resource()
            .resource_name(&self.arn)
            .tags(tag);
        add.send()
            .await
            .context(format!("tag the instance {}", self.identifier))?;
        Ok(())
    }
}

/// Creates an Aurora cluster and its writer, each by its name and tags, and waits until the writer is available.
///
/// # Errors
/// What RDS answers, or that it takes more than two minutes.
pub async fn create_cluster(
    cloud: &Cloud,
    (cluster, its_tags): &(&str, [(String, String); 2]),
    (writer, tags_of_writer): &(&str, [(String, String); 2]),
) -> Result<()> {
    let doing = || format!("create the cluster {cluster} with {writer}");
    let password = random_password(cloud).await.context(doing())?;
    let create = cloud.rds.create_db_cluster();
    let create = create
        .db_cluster_identifier(*cluster)
        .engine("aurora-postgresql")
        .master_username("stranger")
        .master_user_password(password)
        .set_tags(Some(tags_of(its_tags)));
    create.send().await.context(doing())?;
    let create = cloud.rds.create_db_instance();
    let create = create
        .db_instance_identifier(*writer)
        .db_cluster_identifier(*cluster)
        .engine("aurora-postgresql")
        .db_instance_class("db.r6g.large")
        .set_tags(Some(tags_of(tags_of_writer)));
    create.send().await.context(doing())?;
    Stranger::await_made(cloud, writer).await.map(drop)
}

fn tags_of(pairs: &[(String, String)]) -> Vec<Tag> {
    let tag = |(key, value): &(String, String)| Tag::builder().key(key).value(value).build();
    pairs.iter().map(tag).collect()
}

async fn random_password(cloud: &Cloud) -> Result<String> {
    let request = cloud.secrets.get_random_password();
    let answer = request.exclude_punctuation(true).send().await;
    let doing = "make a password";
    answer.context(doing)?.random_password.context(doing)
}

/// Creates a secret with credentials, but without the tag that lets a deployment use it.
///
/// # Errors
/// What Secrets Manager answers.
pub async fn create_unopened_secret(cloud: &Cloud, name: &str) -> Result<()> {
    let credentials = r#"{"username":"stranger","password":"of no server"}"#;
    let create = cloud
        .secrets
        .create_secret()
        .name(name)
        .secret_string(credentials);
    create
        .send()
        .await
        .context(format!("create the secret {name}"))?;
    Ok(())
}

async fn describe(cloud: &Cloud, identifier: &str) -> Result<DbInstance> {
    let doing = || format!("describe the instance {identifier}");
    let describe = cloud
        .rds
        .describe_db_instances()
        .db_instance_identifier(identifier);
    let answer = describe.send().await.context(doing())?;
    answer
        .db_instances
        .and_then(|mut found| found.pop())
        .context(doing())
}
