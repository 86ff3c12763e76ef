//! What is left of a source that is deleted: its automated backups, its secret, its snapshots.

use aws_sdk_rds::types::Tag;

use crate::cloud::Cloud;
use crate::error::{Context, Result};
use crate::production::{Production, remove_keeping_backups};

const OPT_IN: &str = "tenant-restore:secret";

/// The automated backups of an instance that was deleted.
#[derive(Debug, Clone)]
pub struct RetainedBackups {
    /// Their ARN.
    pub arn: String,
    /// The resource id of the instance.
    resource_id: String,
    cloud: Cloud,
}

impl Production {
    /// Deletes the instance, but neither its automated backups nor its secret, and waits until it is gone.
    ///
    /// # Errors
    /// What RDS answers, or that it takes more than a minute.
    pub async fn delete_keeping_backups(&self) -> Result<RetainedBackups> {
        let cloud = self.cloud();
        remove_keeping_backups(cloud, &self.identifier).await?;
        let doing = || format!("find the retained backups of {}", self.identifier);
        let request = cloud.rds.describe_db_instance_automated_backups();
        let answer = request
            .db_instance_identifier(&self.identifier)
            .send()
            .await;
        let backups = answer.context(doing())?.db_instance_automated_backups;
        let mut backups = backups.unwrap_or_default().into_iter();
        let found = backups.find_map(|backup| {
            let arn = backup.db_instance_automated_backups_arn?;
            Some((arn, backup.dbi_resource_id?))
        });
        let (arn, resource_id) = found.context(doing())?;
        Ok(RetainedBackups {
            arn,
            resource_id,
            cloud: cloud.clone(),
        })
    }
}

impl RetainedBackups {
    /// Deletes them.
    ///
    /// # Errors
    /// What RDS answers.
    pub async fn delete(self) -> Result<()> {
        let request = self.cloud.rds.delete_db_instance_automated_backup();
        let answer = request.dbi_resource_id(&self.resource_id).send().await;
        answer.context("delete retained backups")?;
        Ok(())
    }
}

/// Takes the opt-in of a source or target back.
///
/// # Errors
/// What RDS answers.
pub async fn close(cloud: &Cloud, database: &Production) -> Result<()> {
    let arn = format!(
        "arn:aws:rds:{}:000000000000:db:{}",
        cloud.region, database.identifier
    );
    let request = cloud.rds.remove_tags_from_resource().resource_name(arn);
    let answer = request.tag_keys(OPT_IN).send().await;
    answer.context(format!("untag {}", database.identifier))?;
    Ok(())
}

/// Opts in what is left of a source: the name of its secret, or `managed` if it has none.
///
/// # Errors
/// What RDS answers.
pub async fn opt_in(cloud: &Cloud, arn: &str, secret: &str) -> Result<()> {
    let tag = Tag::builder().key(OPT_IN).value(secret);
    let request = cloud.rds.add_tags_to_resource().resource_name(arn);
    let answer = request.tags(tag.build()).send().await;
    answer.context(format!("tag {arn}"))?;
    Ok(())
}
