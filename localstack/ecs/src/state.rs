//! What the service knows.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use local_cloud_wire::AwsError;
use serde::{Deserialize, Serialize};

use crate::cluster::Cluster;
use crate::definition::Definition;
use crate::failure::no_cluster;
use crate::request::last_part;
use crate::task::Task;
use crate::token::Token;

/// Clusters, task definitions, tasks and the client tokens they were started with.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct State {
    pub(crate) clusters: BTreeMap<String, Cluster>,
    pub(crate) definitions: Vec<Definition>,
    pub(crate) tasks: BTreeMap<String, Task>,
    pub(crate) tokens: Vec<Token>,
}

impl State {
    /// The cluster by name or ARN; without either, the one called `default`.
    pub(crate) fn cluster(&self, name_or_arn: Option<&str>) -> Result<&Cluster, AwsError> {
        self.clusters
            .get(last_part(name_or_arn.unwrap_or("default")))
            .ok_or_else(no_cluster)
    }

    /// The task by id or ARN, if it is in that cluster.
    pub(crate) fn task(&self, cluster: &Cluster, id_or_arn: &str) -> Option<&Task> {
        self.tasks
            .get(last_part(id_or_arn))
            .filter(|task| task.cluster_arn == cluster.arn)
    }

    /// Forgets what AWS would have forgotten by now.
    pub(crate) fn forget(&mut self, now: Timestamp, visible_seconds: i64) {
        let visible = SignedDuration::from_secs(visible_seconds);
        let State { tasks, tokens, .. } = self;
        tokens.retain(|token| token.lives(tasks, now));
        tasks.retain(|_, task| {
            task.stopped_at
                .is_none_or(|stopped| now.duration_since(stopped) < visible)
        });
    }
}
