//! The secret of a source or target, if the deployment may use it.

use aws_sdk_rds::types::{MasterUserSecret, Tag};
use tenant_restore_core::restore_point::DeletedSecret;
use tracing::info;

use super::super::TAG_DEPLOYMENT;
use crate::engine::Engine;
use crate::fault::{Fault, fault};

/// Tag with which a source opts in: the secret of its master, or `managed`.
const TAG_SECRET: &str = "tenant-restore:secret";

impl Engine {
    /// The deployment's default source has its secret in the configuration; any other opts in by a tag, and its
    /// secret must carry the deployment's.
    pub(super) async fn source_secret(
        &self,
        name: &str,
        tags: &[Tag],
        managed: Option<&MasterUserSecret>,
    ) -> Result<Result<String, String>, Fault> {
        if name == self.config.default_source {
            return Ok(Ok(self.config.default_source_secret.clone()));
        }
        let secret = match tag_of(tags) {
            None => return Ok(Err(format!("{name:?} has no tag {TAG_SECRET}"))),
            Some("managed") => match managed.and_then(|secret| secret.secret_arn()) {
                Some(arn) => return Ok(Ok(arn.to_owned())),
                None => {
                    return Ok(Err(format!(
                        "{name:?} has no secret managed by RDS, although its tag says so"
                    )));
                }
            },
            Some(secret) => secret,
        };
        self.tagged_secret(name, secret).await
    }

    /// The secret of a source whose automated backups are retained. They opt in by a tag of their own, the default
    /// source's too: IAM allows the restore of tagged ones alone, since their ARNs don't name their source. (Automated
    /// backups have tags since December 2025.)
    pub(super) async fn secret_of_retained(
        &self,
        name: &str,
        tags: &[Tag],
    ) -> Result<DeletedSecret, Fault> {
        let Some(tag) = tag_of(tags) else {
            return Ok(Err(format!(
                "the retained backups of {name:?} have no tag {TAG_SECRET}"
            )));
        };
        self.secret_of_deleted(name, tag).await
    }

    /// The secret of a snapshot's source, should that be deleted: then the snapshot must have the tag.
    pub(super) async fn secret_of_snapshot(
        &self,
        name: &str,
        snapshot: &str,
        tags: &[Tag],
    ) -> Result<DeletedSecret, Fault> {
        match tag_of(tags) {
            Some(tag) => self.secret_of_deleted(name, tag).await,
            None if name == self.config.default_source => {
                Ok(Ok(Some(self.config.default_source_secret.clone())))
            }
            None => Ok(Err(format!(
                "the snapshot {snapshot:?} has no tag {TAG_SECRET}"
            ))),
        }
    }

    /// Without a secret that may be used, the temporary database gets a new password.
    async fn secret_of_deleted(&self, name: &str, tag: &str) -> Result<DeletedSecret, Fault> {
        if name == self.config.default_source {
            return Ok(Ok(Some(self.config.default_source_secret.clone())));
        }
        // RDS deletes a secret of its own with the database.
        if tag == "managed" {
            return Ok(Ok(None));
        }
        match self.tagged_secret(name, tag).await? {
            Ok(secret) => Ok(Ok(Some(secret))),
            Err(reason) => {
                info!(
                    source = name,
                    reason, "no secret of the deleted source can be used"
                );
                Ok(Ok(None))
            }
        }
    }

    /// A secret that carries the deployment's tag; or why it can't be used.
    async fn tagged_secret(
        &self,
        name: &str,
        secret: &str,
    ) -> Result<Result<String, String>, Fault> {
        let deployment = &self.config.setting.deployment.name;
        let described = self
            .clients
            .secretsmanager
            .describe_secret()
            .secret_id(secret)
            .send()
            .await;
        let described = match described.map_err(fault("describe the secret of a source")) {
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

fn tag_of(tags: &[Tag]) -> Option<&str> {
    let tag = tags.iter().find(|tag| tag.key() == Some(TAG_SECRET))?;
    tag.value()
}
