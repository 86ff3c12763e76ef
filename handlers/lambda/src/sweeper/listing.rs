//! Everything in the account that bears our prefix, page by page. AWS narrows only the list of secrets by prefix.

use aws_sdk_secretsmanager::types::{Filter, FilterNameStringType};
use tenant_restore_core::naming::RestoreId;
use tenant_restore_core::price::Size;
use tenant_restore_core::sweep::Kind;

use crate::engine::Engine;
use crate::fault::{Fault, fault};

/// A resource with our prefix.
pub struct Listed {
    pub kind: Kind,
    /// Its name; the ARN of a worker task.
    pub name: String,
    /// Its ARN; empty where nothing asks for it.
    pub arn: String,
    pub status: String,
    /// The restore that it names, if it names one.
    pub id: Option<RestoreId>,
    /// What its tag must call it: its name, or the job of a worker task.
    pub label: String,
    /// Its tags, where the list shows them.
    pub tags: Option<Vec<(String, String)>>,
    /// What its price depends on, if it has one and Describe shows it.
    pub size: Option<Size>,
}

impl Engine {
    /// Lists all temporary resources of this deployment.
    pub(super) async fn list_temporary(&self) -> Result<Vec<Listed>, Fault> {
        let mut listed = self.list_databases().await?;
        listed.extend(self.list_clusters().await?);
        listed.extend(self.list_parameter_groups().await?);
        listed.extend(self.list_cluster_parameter_groups().await?);
        listed.extend(self.list_secrets().await?);
        listed.extend(self.list_replication_tasks().await?);
        listed.extend(self.list_endpoints().await?);
        listed.extend(self.list_replication_instances().await?);
        listed.extend(self.list_worker_tasks().await?);
        Ok(listed)
    }

    fn named(&self, kind: Kind, name: Option<String>) -> Option<Listed> {
        let deployment = &self.config.setting.deployment;
        let name = name.filter(|name| name.starts_with(&deployment.prefix()))?;
        Some(Listed {
            kind,
            arn: String::new(),
            status: String::new(),
            id: deployment.restore_of(&name),
            label: name.clone(),
            name,
            tags: None,
            size: None,
        })
    }

    async fn list_databases(&self) -> Result<Vec<Listed>, Fault> {
        let pages = self.clients.rds.describe_db_instances().into_paginator();
        let instances = pages.items().send().collect::<Result<Vec<_>, _>>().await;
        let instances = instances.map_err(fault("list the DB instances"))?;
        let mut listed = Vec::new();
        for instance in instances {
            let name = instance.db_instance_identifier.clone();
            let Some(named) = self.named(Kind::Database, name) else {
                continue;
            };
            let size = self.size_of(&instance).await?;
            let status = instance.db_instance_status.unwrap_or_default();
            let tags = instance.tag_list.unwrap_or_default();
            listed.push(Listed {
                size,
                status: status.to_ascii_lowercase(),
                tags: Some(pairs(tags, |tag| (tag.key, tag.value))),
                ..named
            });
        }
        Ok(listed)
    }

    async fn list_clusters(&self) -> Result<Vec<Listed>, Fault> {
        let pages = self.clients.rds.describe_db_clusters().into_paginator();
        let clusters = pages.items().send().collect::<Result<Vec<_>, _>>().await;
        let clusters = clusters.map_err(fault("list the DB clusters"))?;
        let listed = clusters.into_iter().filter_map(|cluster| {
            let tags = cluster.tag_list.unwrap_or_default();
            Some(Listed {
                status: cluster.status.unwrap_or_default().to_ascii_lowercase(),
                tags: Some(pairs(tags, |tag| (tag.key, tag.value))),
                ..self.named(Kind::Cluster, cluster.db_cluster_identifier)?
            })
        });
        Ok(listed.collect())
    }

    async fn list_parameter_groups(&self) -> Result<Vec<Listed>, Fault> {
        let pages = self.clients.rds.describe_db_parameter_groups();
        let pages = pages.into_paginator().items().send();
        let groups = pages.collect::<Result<Vec<_>, _>>().await;
        let groups = groups.map_err(fault("list the parameter groups"))?;
        let listed = groups.into_iter().filter_map(|group| {
            Some(Listed {
                arn: group.db_parameter_group_arn.unwrap_or_default(),
                ..self.named(Kind::ParameterGroup, group.db_parameter_group_name)?
            })
        });
        Ok(listed.collect())
    }

    async fn list_cluster_parameter_groups(&self) -> Result<Vec<Listed>, Fault> {
        let pages = self.clients.rds.describe_db_cluster_parameter_groups();
        let pages = pages.into_paginator().items().send();
        let groups = pages.collect::<Result<Vec<_>, _>>().await;
        let groups = groups.map_err(fault("list the cluster parameter groups"))?;
        let listed = groups.into_iter().filter_map(|group| {
            let name = group.db_cluster_parameter_group_name;
            Some(Listed {
                arn: group.db_cluster_parameter_group_arn.unwrap_or_default(),
                ..self.named(Kind::ClusterParameterGroup, name)?
            })
        });
        Ok(listed.collect())
    }

    async fn list_secrets(&self) -> Result<Vec<Listed>, Fault> {
        let prefix = self.config.setting.deployment.prefix();
        let by_name = Filter::builder()
            .key(FilterNameStringType::Name)
            .values(prefix)
            .build();
        let pages = self
            .clients
            .secretsmanager
            .list_secrets()
            .filters(by_name)
            .into_paginator();
        let pages = pages.send().collect::<Result<Vec<_>, _>>().await;
        let pages = pages.map_err(fault("list the secrets"))?;
        let secrets = pages
            .into_iter()
            .flat_map(|page| page.secret_list.unwrap_or_default());
        let listed = secrets.filter_map(|secret| {
            let tags = secret.tags.unwrap_or_default();
            Some(Listed {
                size: Some(Size::Secret),
                tags: Some(pairs(tags, |tag| (tag.key, tag.value))),
                ..self.named(Kind::Secret, secret.name)?
            })
        });
        Ok(listed.collect())
    }

    async fn list_replication_tasks(&self) -> Result<Vec<Listed>, Fault> {
        let request = self.clients.databasemigration.describe_replication_tasks();
        let pages = request.without_settings(true).into_paginator().send();
        let pages = pages.collect::<Result<Vec<_>, _>>().await;
        let pages = pages.map_err(fault("list the DMS tasks"))?;
        let tasks = pages
            .into_iter()
            .flat_map(|page| page.replication_tasks.unwrap_or_default());
        let listed = tasks.filter_map(|task| {
            Some(Listed {
                arn: task.replication_task_arn.unwrap_or_default(),
                status: task.status.unwrap_or_default(),
                ..self.named(Kind::ReplicationTask, task.replication_task_identifier)?
            })
        });
        Ok(listed.collect())
    }

    async fn list_endpoints(&self) -> Result<Vec<Listed>, Fault> {
        let request = self.clients.databasemigration.describe_endpoints();
        let pages = request.into_paginator().send();
        let pages = pages.collect::<Result<Vec<_>, _>>().await;
        let pages = pages.map_err(fault("list the DMS endpoints"))?;
        let endpoints = pages
            .into_iter()
            .flat_map(|page| page.endpoints.unwrap_or_default());
        let listed = endpoints.filter_map(|endpoint| {
            Some(Listed {
                arn: endpoint.endpoint_arn.unwrap_or_default(),
                status: endpoint.status.unwrap_or_default(),
                ..self.named(Kind::Endpoint, endpoint.endpoint_identifier)?
            })
        });
        Ok(listed.collect())
    }

    async fn list_replication_instances(&self) -> Result<Vec<Listed>, Fault> {
        let request = self
            .clients
            .databasemigration
            .describe_replication_instances();
        let pages = request.into_paginator().send();
        let pages = pages.collect::<Result<Vec<_>, _>>().await;
        let pages = pages.map_err(fault("list the replication instances"))?;
        let instances = pages
            .into_iter()
            .flat_map(|page| page.replication_instances.unwrap_or_default());
        let listed = instances.filter_map(|instance| {
            let name = instance.replication_instance_identifier;
            let class = instance.replication_instance_class.unwrap_or_default();
            Some(Listed {
                size: Some(Size::ReplicationInstance { class }),
                arn: instance.replication_instance_arn.unwrap_or_default(),
                status: instance.replication_instance_status.unwrap_or_default(),
                ..self.named(Kind::ReplicationInstance, name)?
            })
        });
        Ok(listed.collect())
    }
}

/// The tags that have a key and a value.
pub(super) fn pairs<T>(
    tags: Vec<T>,
    pair: impl Fn(T) -> (Option<String>, Option<String>),
) -> Vec<(String, String)> {
    let pairs = tags.into_iter().map(pair);
    pairs
        .filter_map(|(key, value)| Some((key?, value?)))
        .collect()
}
