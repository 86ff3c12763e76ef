//! Temporary resources, as the record has them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Creating, Restore};
use crate::price::Cost;
use crate::sight::Seen;

/// A temporary resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Resource {
    /// What it is.
    pub kind: ResourceKind,
    /// Its name.
    pub name: String,
    /// When it was written down, before its creation.
    pub noted_at: Timestamp,
    /// Whether it is known to be this restore's: AWS took our creation of it, or its tags say so. What merely stands under
    /// our name may be a stranger's.
    #[serde(default)]
    pub owned: bool,
    /// Whether it was seen to exist.
    pub confirmed: bool,
    /// Whether the last event of its deletion has come.
    pub deletion_announced: bool,
    /// When it was seen to be gone.
    pub gone_at: Option<Timestamp>,
    /// What it costs while it exists; none before it was seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<Cost>,
    /// Calls that create it and may still be on their way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub creating: Option<Creating>,
}

impl Resource {
    /// A resource that is about to be created.
    pub fn noted(kind: ResourceKind, name: &str, now: Timestamp) -> Self {
        Self {
            kind,
            name: name.to_owned(),
            noted_at: now,
            owned: false,
            confirmed: false,
            deletion_announced: false,
            gone_at: None,
            cost: None,
            creating: None,
        }
    }
}

/// The kinds of temporary resources.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ResourceKind {
    /// The temporary DB instance.
    Database,
    /// The temporary Aurora cluster.
    Cluster,
    /// The parameter group of the temporary instance.
    ParameterGroup,
    /// The parameter group of the temporary cluster.
    ClusterParameterGroup,
    /// A secret.
    Secret,
    /// A DMS replication instance.
    ReplicationInstance,
    /// A DMS endpoint.
    Endpoint,
    /// A DMS task.
    ReplicationTask,
    /// Objects under an S3 prefix.
    Objects,
}

impl Restore {
    /// Writes a resource down, before the call that creates it.
    pub fn note(&mut self, kind: ResourceKind, name: &str, now: Timestamp) {
        if self
            .resources
            .iter()
            .any(|resource| resource.kind == kind && resource.name == name)
        {
            return;
        }
        self.resources.push(Resource::noted(kind, name, now));
    }

    /// Remembers what resources that were seen cost.
    pub fn price(&mut self, seen: &Seen) {
        for resource in &mut self.resources {
            let key = (resource.kind, resource.name.clone());
            if let Some(cost) = seen.costs.get(&key) {
                resource.cost = Some(cost.clone());
            }
        }
    }

    /// Whether the resource of that kind and name is known to be this restore's.
    pub fn owns(&self, kind: ResourceKind, name: &str) -> bool {
        let mut resources = self.resources.iter();
        resources.any(|resource| resource.kind == kind && resource.name == name && resource.owned)
    }

    /// Remembers that a resource is this restore's.
    pub fn own(&mut self, name: &str) {
        let its = |resource: &&mut Resource| resource.name == name;
        for resource in self.resources.iter_mut().filter(its) {
            resource.owned = true;
        }
    }

    /// Remembers that a resource was seen.
    pub fn confirm(&mut self, name: &str) {
        for resource in self
            .resources
            .iter_mut()
            .filter(|resource| resource.name == name)
        {
            resource.confirmed = true;
        }
    }
}
