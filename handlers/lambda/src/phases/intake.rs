//! Phase 1 in AWS: what the source is, which secret it may be entered with, how far back its backups reach.

use aws_sdk_rds::primitives::DateTime;
use aws_sdk_rds::types::DbInstance;
use jiff::Timestamp;
use tenant_restore_core::sight::{SourceInstance, SourceSight};

use super::TAG_DEPLOYMENT;
use super::provision::sight;
use crate::engine::Engine;
use crate::fault::{Fault, fault};

/// Tag with which a source opts in: the secret of its master, or `managed`.
const TAG_SECRET: &str = "tenant-restore:secret";

impl Engine {
    /// Looks at the source.
    pub async fn source(&self, name: &str) -> Result<SourceSight, Fault> {
        let Some(database) = self.describe_database(name).await? else {
            let cluster = self
                .clients
                .rds
                .describe_db_clusters()
                .db_cluster_identifier(name)
                .send()
                .await;
            return match cluster.map_err(fault("describe the source cluster")) {
                Ok(answer) if !answer.db_clusters().is_empty() => Ok(SourceSight::Cluster),
                Ok(_) => Ok(SourceSight::Unknown),
                Err(fault) if fault.is(&["DBClusterNotFound"]) => Ok(SourceSight::Unknown),
                Err(fault) => Err(fault),
            };
        };
        if database.db_cluster_identifier().is_some() {
            return Ok(SourceSight::Cluster);
        }
        let earliest = self.earliest_restorable_time(name).await?;
        let group = database
            .db_parameter_groups()
            .first()
            .and_then(|group| group.db_parameter_group_name());
        Ok(SourceSight::Instance(Box::new(SourceInstance {
            database: sight(&database),
            engine: database.engine().unwrap_or_default().to_owned(),
            master_username: database.master_username().unwrap_or_default().to_owned(),
            parameter_group: group.map(str::to_owned),
            secret: self.source_secret(name, &database).await?,
            earliest,
            latest: database.latest_restorable_time().and_then(timestamp),
        })))
    }

    /// The start of the window isn't on the instance, but on its automated backup (RDS API reference).
    async fn earliest_restorable_time(&self, name: &str) -> Result<Option<Timestamp>, Fault> {
        let request = self
            .clients
            .rds
            .describe_db_instance_automated_backups()
            .db_instance_identifier(name);
        let answer = match request
            .send()
            .await
            .map_err(fault("describe the source's automated backups"))
        {
            Ok(answer) => answer,
            Err(fault) if fault.is(&["DBInstanceAutomatedBackupNotFound"]) => return Ok(None),
            Err(fault) => return Err(fault),
        };
        let backups = answer.db_instance_automated_backups().iter();
        let earliest = backups
            .filter_map(|backup| backup.restore_window()?.earliest_time().and_then(timestamp));
        Ok(earliest.min())
    }

    /// The deployment's default source has its secret in the configuration; any other opts in by a tag, and its
    /// secret must carry the deployment's.
    async fn source_secret(
        &self,
        name: &str,
        database: &DbInstance,
    ) -> Result<Result<String, String>, Fault> {
        if name == self.config.default_source {
            return Ok(Ok(self.config.default_source_secret.clone()));
        }
        let tags = database.tag_list().iter();
        let tag = tags
            .filter(|tag| tag.key() == Some(TAG_SECRET))
            .find_map(|tag| tag.value());
        let secret = match tag {
            None => return Ok(Err(format!("{name:?} has no tag {TAG_SECRET}"))),
            Some("managed") => match database
                .master_user_secret()
                .and_then(|secret| secret.secret_arn())
            {
                Some(arn) => return Ok(Ok(arn.to_owned())),
                None => {
                    return Ok(Err(format!(
                        "{name:?} has no secret managed by RDS, although its tag says so"
                    )));
                }
            },
            Some(secret) => secret,
        };
        let deployment = &self.config.setting.deployment.name;
        let described = self
            .clients
            .secretsmanager
            .describe_secret()
            .secret_id(secret)
            .send()
            .await;
        let described = match described.map_err(fault("describe the source's secret")) {
            Ok(described) => described,
            Err(fault) if fault.is(&["ResourceNotFoundException"]) => {
                return Ok(Err(format!(
                    "the secret {secret:?} of {name:?} doesn't exist"
                )));
            }
            // The role may only see secrets with that tag, so IAM refuses one that lacks it, and one that isn't there.
            Err(fault) if fault.is(&["AccessDeniedException"]) => {
                return Ok(Err(format!(
                    "the secret {secret:?} of {name:?} has no tag {TAG_DEPLOYMENT}={deployment}, doesn't exist, \
                     or a policy forbids it: {}",
                    fault.cause.message
                )));
            }
            Err(fault) => return Err(fault),
        };
        let mut tags = described.tags().iter();
        let allowed =
            tags.any(|tag| tag.key() == Some(TAG_DEPLOYMENT) && tag.value() == Some(deployment));
        Ok(if allowed {
            Ok(described.arn().unwrap_or(secret).to_owned())
        } else {
            Err(format!(
                "the secret {secret:?} of {name:?} has no tag {TAG_DEPLOYMENT}={deployment}"
            ))
        })
    }
}

fn timestamp(time: &DateTime) -> Option<Timestamp> {
    Timestamp::from_second(time.secs()).ok()
}
