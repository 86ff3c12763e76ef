//! What is known about instances, snapshots, backups and groups, and kept over restarts.

mod backup;
mod cluster;
mod groups;
mod holder;
mod instance;
mod origin;
mod secret;
mod snapshot;

use std::collections::{BTreeMap, VecDeque};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use backup::{Backup, Portrait, Retained, backup_for, window};
pub use cluster::{Capacity, ClusterChoices, DbCluster, MultiAz, Scaling};
pub use groups::{ParameterGroup, Setting, SubnetGroup};
pub use holder::{Engine, Holder};
pub use instance::{Choices, Instance, Membership, NewPassword};
pub use origin::{Files, Origin};
pub use secret::{ManagedSecret, SecretStatus};
pub use snapshot::{Snapshot, SnapshotKind, SnapshotStatus, automated_name};

use crate::status::Status;

/// A tag.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tag {
    /// Its key.
    pub key: String,
    /// Its value, which may be empty.
    pub value: String,
}

/// An event that was sent, as `DescribeEvents` tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PastEvent {
    /// `SourceType`, for example `db-instance`.
    pub kind: String,
    /// The source's identifier.
    pub identifier: String,
    /// The source's ARN.
    pub arn: String,
    /// Its categories.
    pub categories: Vec<String>,
    /// Its text.
    pub message: String,
    /// When.
    pub at: Timestamp,
}

/// How many events are kept; AWS keeps them for 14 days.
const KEPT_EVENTS: usize = 2000;

/// Everything that is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// The instances by identifier.
    pub instances: BTreeMap<String, Instance>,
    /// The clusters by identifier.
    #[serde(default)]
    pub clusters: BTreeMap<String, DbCluster>,
    /// The snapshots of clusters by identifier.
    #[serde(default)]
    pub cluster_snapshots: BTreeMap<String, Snapshot<ClusterChoices>>,
    /// The automated backups of deleted clusters by resource id.
    #[serde(default)]
    pub retained_clusters: BTreeMap<String, Retained<ClusterChoices>>,
    /// The snapshots of instances by identifier.
    #[serde(default)]
    pub snapshots: BTreeMap<String, Snapshot<Choices>>,
    /// The automated backups of deleted instances by resource id.
    #[serde(default)]
    pub retained: BTreeMap<String, Retained<Choices>>,
    /// The subnet groups by name.
    pub subnet_groups: BTreeMap<String, SubnetGroup>,
    /// The parameter groups by name.
    pub parameter_groups: BTreeMap<String, ParameterGroup>,
    /// The cluster parameter groups by name.
    #[serde(default)]
    pub cluster_parameter_groups: BTreeMap<String, ParameterGroup>,
    /// The events, oldest first.
    pub events: VecDeque<PastEvent>,
}

impl State {
    /// Keeps an event.
    pub fn remember(&mut self, event: PastEvent) {
        if self.events.len() == KEPT_EVENTS {
            self.events.pop_front();
        }
        self.events.push_back(event);
    }

    /// Whether something is just being made from an origin of that kind, whose files must stay until it is.
    pub fn is_restoring(&self, wanted: impl Fn(&Origin) -> bool) -> bool {
        let creating = |one: &&Instance| one.status == Status::Creating;
        let instances = self.instances.values().filter(creating);
        let beginning = |one: &&DbCluster| one.status.is_beginning();
        let clusters = self.clusters.values().filter(beginning);
        instances
            .map(|one| &one.origin)
            .chain(clusters.map(|one| &one.origin))
            .any(wanted)
    }

    /// The resource id and the base backups of a holder.
    pub fn backups_of(&mut self, holder: &Holder) -> Option<(&str, &mut Vec<Backup>)> {
        match holder {
            Holder::Instance(identifier) => {
                let one = self.instances.get_mut(identifier)?;
                Some((&one.resource_id, &mut one.backups))
            }
            Holder::Cluster(identifier) => {
                let one = self.clusters.get_mut(identifier)?;
                Some((&one.resource_id, &mut one.backups))
            }
            Holder::Member(_) => None,
        }
    }

    /// The instances of a cluster.
    pub fn members<'a>(&'a self, cluster: &'a str) -> impl Iterator<Item = &'a Instance> {
        let of = move |one: &&Instance| {
            let mine = one.membership.as_ref();
            mine.is_some_and(|membership| membership.cluster == cluster)
        };
        self.instances.values().filter(of)
    }

    /// What an instance's or cluster's record says of a secret that RDS manages.
    pub fn managed_secret(&mut self, holder: &Holder) -> Option<&mut Option<ManagedSecret>> {
        match holder {
            Holder::Instance(identifier) | Holder::Member(identifier) => {
                let one = self.instances.get_mut(identifier)?;
                Some(&mut one.managed_secret)
            }
            Holder::Cluster(identifier) => {
                let one = self.clusters.get_mut(identifier)?;
                Some(&mut one.managed_secret)
            }
        }
    }
}
