//! The secret of a source, if the deployment may use it.

use aws_sdk_rds::types::{MasterUserSecret, Tag};

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
        let tag = tags
            .iter()
            .filter(|tag| tag.key() == Some(TAG_SECRET))
            .find_map(|tag| tag.value());
        let secret = match tag {
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
