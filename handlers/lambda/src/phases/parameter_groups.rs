//! Parameter groups of temporary databases: made of the source's, deleted with the restore.

use aws_sdk_rds::types::{ApplyMethod, Parameter, Tag};
use tenant_restore_core::effect::GroupScope;
use tenant_restore_core::error::{Cause, ErrorKind};
use tenant_restore_core::naming::RestoreId;
use tenant_restore_core::parameters::{self, derived};
use tenant_restore_core::restore::Restore;

use super::cleanup::{done, foreign};
use crate::engine::Engine;
use crate::fault::{Fault, fault};

/// RDS changes at most so many parameters in a call (RDS API reference, ModifyDBParameterGroup).
const MOST_AT_ONCE: usize = 20;

/// Codes that say that there is no such group.
const ABSENT: [&str; 2] = [
    "DBParameterGroupNotFound",
    "DBClusterParameterGroupNotFound",
];

impl Engine {
    /// Makes a parameter group of the source's parameters, but for what would let the copy act. One that is ours is made
    /// so again: a handler may have crashed half-way.
    pub async fn derive_parameter_group(
        &self,
        restore: &Restore,
        name: &str,
        scope: GroupScope,
        family: &str,
        source_group: Option<&str>,
    ) -> Result<(), Fault> {
        let of_source = match source_group {
            Some(group) => self.set_parameters(scope, group, family).await?,
            None => Vec::new(),
        };
        match self.create_group(restore, name, scope, family).await {
            Ok(()) => {}
            Err(fault) if fault.is(&["DBParameterGroupAlreadyExists"]) => {
                namesake(name, self.group_is_ours(&restore.id, name, scope).await?)?;
            }
            Err(fault) => return Err(fault),
        }
        let wanted = derived(&of_source, scope, family);
        for some in wanted.chunks(MOST_AT_ONCE) {
            self.set(scope, name, some).await.map_err(made_anew)?;
        }
        Ok(())
    }

    async fn create_group(
        &self,
        restore: &Restore,
        name: &str,
        scope: GroupScope,
        family: &str,
    ) -> Result<(), Fault> {
        let tags = Some(self.rds_tags(restore, name));
        let description = format!("Temporary database of the restore {}", restore.id);
        let doing = format!("create the parameter group {name}");
        let rds = &self.clients.rds;
        match scope {
            GroupScope::Instance => {
                let request = rds
                    .create_db_parameter_group()
                    .db_parameter_group_name(name);
                let request = request.db_parameter_group_family(family);
                let request = request.description(description).set_tags(tags);
                request.send().await.map_err(fault(&doing))?;
            }
            GroupScope::Cluster => {
                let request = rds.create_db_cluster_parameter_group();
                let request = request.db_cluster_parameter_group_name(name);
                let request = request.db_parameter_group_family(family);
                let request = request.description(description).set_tags(tags);
                request.send().await.map_err(fault(&doing))?;
            }
        }
        Ok(())
    }

    /// What a user has set in the source's group; nothing if the group is of another family, as that of a source that was
    /// upgraded since the snapshot: its parameters may not exist there.
    async fn set_parameters(
        &self,
        scope: GroupScope,
        group: &str,
        family: &str,
    ) -> Result<Vec<parameters::Parameter>, Fault> {
        if self.family_of(scope, group).await?.as_deref() != Some(family) {
            tracing::warn!(
                group,
                family,
                "the source's parameter group is of another family: its parameters are left out"
            );
            return Ok(Vec::new());
        }
        let doing = format!("describe the parameters of {group}");
        let rds = &self.clients.rds;
        let found = match scope {
            GroupScope::Instance => {
                let request = rds.describe_db_parameters().db_parameter_group_name(group);
                let pages = request.source("user").into_paginator().items().send();
                pages
                    .collect::<Result<Vec<_>, _>>()
                    .await
                    .map_err(fault(&doing))?
            }
            GroupScope::Cluster => {
                let request = rds.describe_db_cluster_parameters();
                let request = request.db_cluster_parameter_group_name(group);
                let pages = request.source("user").into_paginator().items().send();
                pages
                    .collect::<Result<Vec<_>, _>>()
                    .await
                    .map_err(fault(&doing))?
            }
        };
        let changeable = found
            .into_iter()
            .filter(|parameter| parameter.is_modifiable() != Some(false));
        Ok(changeable
            .filter_map(|parameter| Some((parameter.parameter_name?, parameter.parameter_value?)))
            .collect())
    }

    async fn family_of(&self, scope: GroupScope, group: &str) -> Result<Option<String>, Fault> {
        Ok(self
            .describe_group(scope, group)
            .await?
            .map(|(_, family)| family))
    }

    /// ARN and family of a parameter group.
    async fn describe_group(
        &self,
        scope: GroupScope,
        name: &str,
    ) -> Result<Option<(String, String)>, Fault> {
        let doing = format!("describe the parameter group {name}");
        let rds = &self.clients.rds;
        let found = match scope {
            GroupScope::Instance => {
                let request = rds.describe_db_parameter_groups();
                let answer = request.db_parameter_group_name(name).send().await;
                answer.map_err(fault(&doing)).map(|answer| {
                    let groups = answer.db_parameter_groups.unwrap_or_default();
                    groups.into_iter().next().and_then(|group| {
                        Some((
                            group.db_parameter_group_arn?,
                            group.db_parameter_group_family?,
                        ))
                    })
                })
            }
            GroupScope::Cluster => {
                let request = rds.describe_db_cluster_parameter_groups();
                let answer = request.db_cluster_parameter_group_name(name).send().await;
                answer.map_err(fault(&doing)).map(|answer| {
                    let groups = answer.db_cluster_parameter_groups.unwrap_or_default();
                    groups.into_iter().next().and_then(|group| {
                        let arn = group.db_cluster_parameter_group_arn?;
                        Some((arn, group.db_parameter_group_family?))
                    })
                })
            }
        };
        match found {
            Err(fault) if fault.is(&ABSENT) => Ok(None),
            found => found,
        }
    }

    async fn set(
        &self,
        scope: GroupScope,
        name: &str,
        some: &[parameters::Parameter],
    ) -> Result<(), Fault> {
        let wanted = some.iter().map(|(name, value)| {
            Parameter::builder()
                .parameter_name(name)
                .parameter_value(value)
                // Static parameters take nothing else, and no database uses the group yet.
                .apply_method(ApplyMethod::PendingReboot)
                .build()
        });
        let wanted = Some(wanted.collect::<Vec<_>>());
        let doing = format!("set the parameters of {name}");
        let rds = &self.clients.rds;
        match scope {
            GroupScope::Instance => {
                let request = rds
                    .modify_db_parameter_group()
                    .db_parameter_group_name(name);
                let answer = request.set_parameters(wanted).send().await;
                answer.map_err(fault(&doing))?;
            }
            GroupScope::Cluster => {
                let request = rds.modify_db_cluster_parameter_group();
                let request = request.db_cluster_parameter_group_name(name);
                let answer = request.set_parameters(wanted).send().await;
                answer.map_err(fault(&doing))?;
            }
        }
        Ok(())
    }

    /// Whether a parameter group exists.
    pub async fn group_exists(&self, scope: GroupScope, name: &str) -> Result<bool, Fault> {
        Ok(self.describe_group(scope, name).await?.is_some())
    }

    /// Deletes a parameter group of ours that nothing uses any more.
    pub async fn delete_parameter_group(
        &self,
        id: &RestoreId,
        name: &str,
        scope: GroupScope,
    ) -> Result<(), Fault> {
        self.refuse_foreign(id, name)?;
        match self.group_is_ours(id, name, scope).await? {
            None => return Ok(()),
            Some(false) => return Err(foreign(name)),
            Some(true) => {}
        }
        let doing = format!("delete the parameter group {name}");
        let rds = &self.clients.rds;
        match scope {
            GroupScope::Instance => {
                let request = rds
                    .delete_db_parameter_group()
                    .db_parameter_group_name(name);
                done(&doing, request.send().await)
            }
            GroupScope::Cluster => {
                let request = rds.delete_db_cluster_parameter_group();
                let request = request.db_cluster_parameter_group_name(name);
                done(&doing, request.send().await)
            }
        }
    }

    /// By its tags, which Describe doesn't show; none if it isn't there, or went meanwhile, as by a twin of the cleanup.
    async fn group_is_ours(
        &self,
        id: &RestoreId,
        name: &str,
        scope: GroupScope,
    ) -> Result<Option<bool>, Fault> {
        let Some((arn, _)) = self.describe_group(scope, name).await? else {
            return Ok(None);
        };
        let tags = match self.tags_of(&arn).await {
            Err(fault) if fault.is(&ABSENT) => return Ok(None),
            tags => tags?,
        };
        let tags = tags
            .iter()
            .filter_map(|tag| Some((tag.key()?, tag.value()?)));
        Ok(Some(self.is_ours(id, name, tags)))
    }

    /// The tags of an RDS resource.
    pub(crate) async fn tags_of(&self, arn: &str) -> Result<Vec<Tag>, Fault> {
        let request = self.clients.rds.list_tags_for_resource().resource_name(arn);
        let answer = request.send().await;
        let answer = answer.map_err(fault(&format!("list the tags of {arn}")))?;
        Ok(answer.tag_list.unwrap_or_default())
    }
}

/// What a group of the wanted name means, which was there when it should be made: one of ours is taken over.
///
/// # Errors
/// `Busy` if it went since (none), as by a cleanup under way: the next try makes it. `NameCollision` if it isn't ours.
fn namesake(name: &str, ours: Option<bool>) -> Result<(), Fault> {
    match ours {
        Some(true) => Ok(()),
        Some(false) => Err(Fault::new(
            ErrorKind::NameCollision,
            format!("a parameter group {name} exists and isn't this restore's"),
        )),
        None => Err(Fault::new(
            ErrorKind::Busy,
            format!("a parameter group {name} was there and is going"),
        )),
    }
}

/// A group that was there and isn't any more, or isn't shown yet: put off, it is made again if it has to be.
fn made_anew(fault: Fault) -> Fault {
    if !fault.is(&ABSENT) {
        return fault;
    }
    let cause = Cause::new(ErrorKind::Busy, &fault.cause.message);
    Fault { cause, ..fault }
}

#[cfg(test)]
mod tests {
    use tenant_restore_core::error::Class;

    use super::*;

    #[test]
    fn a_group_that_went_while_it_was_looked_at_is_made_again_and_a_strange_one_is_left_alone() {
        assert!(namesake("g", Some(true)).is_ok());
        let kind = |ours| namesake("g", ours).unwrap_err().cause.kind;
        assert_eq!(kind(Some(false)), ErrorKind::NameCollision);
        assert_eq!(
            (kind(None), kind(None).class()),
            (ErrorKind::Busy, Class::Expected)
        );
    }

    #[test]
    fn a_group_that_went_before_its_parameters_were_set_is_made_again_and_other_refusals_stay() {
        let refusal = |code: &str| Fault {
            code: code.to_owned(),
            cause: Cause::new(ErrorKind::CallRefused, "set the parameters of g"),
        };
        let kind = |code| made_anew(refusal(code)).cause.kind;
        assert_eq!(kind("DBParameterGroupNotFound"), ErrorKind::Busy);
        assert_eq!(kind("DBClusterParameterGroupNotFound"), ErrorKind::Busy);
        assert_eq!(kind("InvalidParameterValue"), ErrorKind::CallRefused);
    }
}
