//! Clusters.

use local_cloud_wire::arn::arn;
use local_cloud_wire::{AwsError, Call};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::failure::{invalid, no_cluster};
use crate::request::{Tag, last_part, read};
use crate::state::State;

/// A cluster: a name for tasks to be in.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Cluster {
    pub(crate) name: String,
    pub(crate) arn: String,
    pub(crate) settings: Value,
    pub(crate) tags: Vec<Tag>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Create {
    cluster_name: Option<String>,
    #[serde(default)]
    settings: Vec<Value>,
    #[serde(default)]
    tags: Vec<Tag>,
}

#[derive(Deserialize)]
struct Describe {
    #[serde(default)]
    clusters: Vec<String>,
}

#[derive(Deserialize)]
struct Delete {
    cluster: String,
}

impl State {
    /// CreateCluster: a second one of the same name is the first.
    pub(crate) fn create_cluster(&mut self, call: &Call, body: Value) -> Result<Value, AwsError> {
        let input: Create = read(body)?;
        let name = input.cluster_name.unwrap_or_else(|| "default".into());
        let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if name.is_empty() || name.len() > 255 || !name.chars().all(allowed) {
            return Err(invalid("Cluster name must match [a-zA-Z0-9-_]{1,255}."));
        }
        let cluster = self
            .clusters
            .entry(name.clone())
            .or_insert_with(|| Cluster {
                arn: arn("ecs", &call.region, &format!("cluster/{name}")),
                name,
                settings: input.settings.into(),
                tags: input.tags,
            });
        let name = cluster.name.clone();
        Ok(json!({"cluster": self.view_cluster(&self.clusters[&name], "ACTIVE")}))
    }

    /// DescribeClusters.
    pub(crate) fn describe_clusters(&self, body: Value) -> Result<Value, AwsError> {
        let input: Describe = read(body)?;
        let wanted = if input.clusters.is_empty() {
            vec!["default".to_owned()]
        } else {
            input.clusters
        };
        let mut found = Vec::new();
        let mut failures = Vec::new();
        for name in wanted {
            match self.cluster(Some(&name)) {
                Ok(cluster) => found.push(self.view_cluster(cluster, "ACTIVE")),
                Err(_) => failures.push(json!({"arn": name, "reason": "MISSING"})),
            }
        }
        Ok(json!({"clusters": found, "failures": failures}))
    }

    /// ListClusters, all on one page.
    pub(crate) fn list_clusters(&self) -> Value {
        json!({"clusterArns": self.clusters.values().map(|cluster| &cluster.arn).collect::<Vec<_>>()})
    }

    /// DeleteCluster: only without tasks.
    pub(crate) fn delete_cluster(&mut self, body: Value) -> Result<Value, AwsError> {
        let input: Delete = read(body)?;
        let cluster = self.cluster(Some(&input.cluster))?;
        if self
            .tasks
            .values()
            .any(|task| task.cluster_arn == cluster.arn && task.stopped_at.is_none())
        {
            return Err(AwsError::new(
                "ClusterContainsTasksException",
                "The Cluster cannot be deleted while Tasks are active.",
            ));
        }
        let view = self.view_cluster(cluster, "INACTIVE");
        self.clusters
            .remove(last_part(&input.cluster))
            .ok_or_else(no_cluster)?;
        Ok(json!({"cluster": view}))
    }

    fn view_cluster(&self, cluster: &Cluster, status: &str) -> Value {
        let here = || {
            self.tasks
                .values()
                .filter(|task| task.cluster_arn == cluster.arn)
        };
        json!({
            "clusterArn": cluster.arn,
            "clusterName": cluster.name,
            "status": status,
            "registeredContainerInstancesCount": 0,
            "runningTasksCount": here().filter(|task| task.is_running()).count(),
            "pendingTasksCount": here().filter(|task| task.is_pending()).count(),
            "activeServicesCount": 0,
            "statistics": [],
            "tags": cluster.tags,
            "settings": cluster.settings,
            "capacityProviders": [],
            "defaultCapacityProviderStrategy": [],
        })
    }
}
