//! The quotas of the account, and what is used of them (RDS user guide, quotas and constraints).

use local_cloud_wire::AwsError;
use serde::Deserialize;

use crate::record::{SnapshotKind, State};

/// The limits, with the defaults of AWS.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Quotas {
    /// `DBInstances`, instances of clusters included.
    pub instances: usize,
    /// `DBClusters`.
    pub clusters: usize,
    /// `AllocatedStorage` of all instances, in GiB.
    pub allocated_storage: usize,
    /// `ManualSnapshots`.
    pub manual_snapshots: usize,
    /// `ManualClusterSnapshots`.
    pub manual_cluster_snapshots: usize,
    /// `DBParameterGroups`.
    pub parameter_groups: usize,
    /// `DBClusterParameterGroups`.
    pub cluster_parameter_groups: usize,
    /// `DBSubnetGroups`.
    pub subnet_groups: usize,
}

impl Default for Quotas {
    fn default() -> Self {
        Self {
            instances: 40,
            clusters: 40,
            allocated_storage: 100_000,
            manual_snapshots: 100,
            manual_cluster_snapshots: 100,
            parameter_groups: 50,
            cluster_parameter_groups: 50,
            subnet_groups: 50,
        }
    }
}

/// What is used of a quota, and its limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// `AccountQuotaName`.
    pub name: &'static str,
    /// `Used`.
    pub used: usize,
    /// `Max`.
    pub most: usize,
}

/// All quotas, counted from what exists.
pub fn all(state: &State, limits: &Quotas) -> Vec<Quota> {
    let quota = |name, used, most| Quota { name, used, most };
    vec![
        quota("DBInstances", state.instances.len(), limits.instances),
        quota("DBClusters", state.clusters.len(), limits.clusters),
        quota("AllocatedStorage", storage(state), limits.allocated_storage),
        quota("ManualSnapshots", manual(state), limits.manual_snapshots),
        quota(
            "ManualClusterSnapshots",
            manual_of_clusters(state),
            limits.manual_cluster_snapshots,
        ),
        quota(
            "DBParameterGroups",
            state.parameter_groups.len(),
            limits.parameter_groups,
        ),
        quota(
            "DBClusterParameterGroups",
            state.cluster_parameter_groups.len(),
            limits.cluster_parameter_groups,
        ),
        quota(
            "DBSubnetGroups",
            state.subnet_groups.len(),
            limits.subnet_groups,
        ),
    ]
}

/// The storage of instances outside of Aurora, in GiB.
fn storage(state: &State) -> usize {
    let outside = state
        .instances
        .values()
        .filter(|one| one.membership.is_none());
    outside
        .map(|one| one.choices.allocated_storage as usize)
        .sum()
}

fn manual(state: &State) -> usize {
    let all = state.snapshots.values();
    all.filter(|one| one.kind == SnapshotKind::Manual).count()
}

fn manual_of_clusters(state: &State) -> usize {
    let all = state.cluster_snapshots.values();
    all.filter(|one| one.kind == SnapshotKind::Manual).count()
}

/// Whether there is room for one more instance of that storage (GiB).
///
/// # Errors
/// `InstanceQuotaExceeded`, `StorageQuotaExceeded`.
pub fn check_instance(state: &State, limits: &Quotas, gib: u32) -> Result<(), AwsError> {
    if state.instances.len() >= limits.instances {
        let message = "The quota of DB instances for this AWS Region has been exceeded.";
        return Err(AwsError::new("InstanceQuotaExceeded", message));
    }
    if storage(state) + gib as usize > limits.allocated_storage {
        let message = "The quota of total allocated storage for this AWS Region has been exceeded.";
        return Err(AwsError::new("StorageQuotaExceeded", message));
    }
    Ok(())
}

/// Whether there is room for one more cluster.
///
/// # Errors
/// `DBClusterQuotaExceededFault`.
pub fn check_cluster(state: &State, limits: &Quotas) -> Result<(), AwsError> {
    if state.clusters.len() < limits.clusters {
        return Ok(());
    }
    let message = "The quota of DB clusters for this AWS Region has been exceeded.";
    Err(AwsError::new("DBClusterQuotaExceededFault", message).with_status(403))
}

/// Whether there is room for one more manual snapshot of an instance.
///
/// # Errors
/// `SnapshotQuotaExceeded`.
pub fn check_snapshot(state: &State, limits: &Quotas) -> Result<(), AwsError> {
    if manual(state) < limits.manual_snapshots {
        return Ok(());
    }
    Err(too_many_snapshots())
}

/// Whether there is room for one more manual snapshot of a cluster.
///
/// # Errors
/// `SnapshotQuotaExceeded`.
pub fn check_cluster_snapshot(state: &State, limits: &Quotas) -> Result<(), AwsError> {
    if manual_of_clusters(state) < limits.manual_cluster_snapshots {
        return Ok(());
    }
    Err(too_many_snapshots())
}

fn too_many_snapshots() -> AwsError {
    let message = "The quota of manual snapshots for this AWS Region has been exceeded.";
    AwsError::new("SnapshotQuotaExceeded", message)
}
