//! `CreateDBClusterSnapshot`, `DescribeDBClusterSnapshots`, `DeleteDBClusterSnapshot`.

use std::sync::Arc;

use local_cloud_wire::query::{Form, Xml};
use local_cloud_wire::{AwsError, ids};

use crate::actions::page::{paged, passes};
use crate::actions::snapshots::snapshot_type;
use crate::answer;
use crate::cluster_status::ClusterStatus;
use crate::fleet::Fleet;
use crate::parameters::{cluster_identifier_of, new_identifier, required, tags};
use crate::postgres::remove_folder;
use crate::quotas;
use crate::record::{
    ClusterChoices, DbCluster, Files, Origin, Snapshot, SnapshotKind, SnapshotStatus, State, Tag,
};
use crate::refusal::{
    internal, invalid_cluster_snapshot_state, invalid_cluster_state, no_cluster,
    no_cluster_snapshot,
};
use crate::snapshots::{tags as source_tags, take};

/// Begins a snapshot.
///
/// # Errors
/// As documented for the operation.
pub async fn create(fleet: &Arc<Fleet>, form: &Form) -> Result<Xml, AwsError> {
    let identifier = new_identifier(form, "DBClusterSnapshotIdentifier")?;
    let source = cluster_identifier_of(required(form, "DBClusterIdentifier")?);
    let own = tags(form)?;
    let begun = fleet.change(|state| {
        let one = state.clusters.get(&source);
        let one = one.ok_or_else(|| no_cluster(&source))?;
        if one.status != ClusterStatus::Available {
            let problem = format!(
                "DB cluster {source} isn't available for a snapshot, because its status is {}.",
                one.status
            );
            return Err(invalid_cluster_state(problem));
        }
        if state.cluster_snapshots.contains_key(&identifier) {
            let message = format!("Cannot create the cluster snapshot because one with the identifier {identifier} already exists.");
            return Err(AwsError::new("DBClusterSnapshotAlreadyExistsFault", message));
        }
        quotas::check_cluster_snapshot(state, &fleet.config.quotas)?;
        let one = state.clusters.get_mut(&source);
        let one = one.ok_or_else(|| no_cluster(&source))?;
        one.status = ClusterStatus::BackingUp;
        let snapshot = manual(identifier, one, own);
        let entry = snapshot.identifier.clone();
        state.cluster_snapshots.insert(entry, snapshot.clone());
        Ok(snapshot)
    });
    let begun = begun.await?;
    let answer = answer::cluster_snapshot(&fleet.world.region, &begun);
    fleet.start_work(take(Arc::clone(fleet), begun));
    Ok(Xml::parent("CreateDBClusterSnapshotResult").child(answer))
}

fn manual(identifier: String, one: &DbCluster, own: Vec<Tag>) -> Snapshot<ClusterChoices> {
    let portrait = one.portrait();
    Snapshot {
        identifier,
        kind: SnapshotKind::Manual,
        status: SnapshotStatus::Creating,
        taken_at: None,
        tags: source_tags(&portrait, own),
        portrait,
        files: Files::Own(ids::hex(8)),
    }
}

/// Describes one snapshot or all that are asked for.
///
/// # Errors
/// `DBClusterSnapshotNotFoundFault`, or an invalid type, filter or page.
pub fn describe(fleet: &Fleet, form: &Form) -> Result<Xml, AwsError> {
    let wanted = form
        .get("DBClusterSnapshotIdentifier")
        .map(cluster_snapshot_name);
    let kind = snapshot_type(form)?;
    let source = form.get("DBClusterIdentifier").map(cluster_identifier_of);
    let resource = form.get("DbClusterResourceId");
    let all: Vec<_> = fleet.state().cluster_snapshots.values().cloned().collect();
    let mut found = Vec::new();
    for one in all {
        let of = &one.portrait;
        let asked = wanted.as_ref().is_none_or(|name| *name == one.identifier)
            && kind.is_none_or(|kind| kind == one.kind.to_string())
            && source.as_ref().is_none_or(|name| *name == of.identifier)
            && resource.is_none_or(|id| id == of.resource_id);
        if asked && passes(form, |name, value| filter(&one, name, value))? {
            found.push(one);
        }
    }
    if let (Some(name), true) = (wanted, found.is_empty()) {
        return Err(no_cluster_snapshot(&name));
    }
    let region = &fleet.world.region;
    let render = |one: &Snapshot<ClusterChoices>| answer::cluster_snapshot(region, one);
    let lists = ("DescribeDBClusterSnapshots", "DBClusterSnapshots");
    paged(form, lists, &found, |one| one.identifier.clone(), render)
}

fn filter(one: &Snapshot<ClusterChoices>, name: &str, value: &str) -> Option<bool> {
    match name {
        "db-cluster-id" => Some(one.portrait.identifier == cluster_identifier_of(value)),
        "db-cluster-snapshot-id" => Some(one.identifier == cluster_snapshot_name(value)),
        "snapshot-type" => Some(one.kind.to_string() == value),
        "engine" => Some(one.portrait.engine.name() == value),
        _ => None,
    }
}

/// Deletes a manual snapshot.
///
/// # Errors
/// As documented for the operation.
pub async fn delete(fleet: &Fleet, form: &Form) -> Result<Xml, AwsError> {
    let name = cluster_snapshot_name(required(form, "DBClusterSnapshotIdentifier")?);
    let taken = fleet.change(|state| {
        may_be_deleted(state, &name)?;
        let taken = state.cluster_snapshots.remove(&name);
        taken.ok_or_else(|| no_cluster_snapshot(&name))
    });
    let taken = taken.await?;
    if let Files::Own(folder) = &taken.files {
        remove_folder(&fleet.site.snapshot(folder))
            .await
            .map_err(|error| internal("remove a snapshot", &error))?;
    }
    let answer = answer::cluster_snapshot(&fleet.world.region, &taken);
    Ok(Xml::parent("DeleteDBClusterSnapshotResult").child(answer))
}

fn may_be_deleted(state: &State, name: &str) -> Result<(), AwsError> {
    let one = state.cluster_snapshots.get(name);
    let one = one.ok_or_else(|| no_cluster_snapshot(name))?;
    let copied =
        |origin: &Origin| matches!(origin, Origin::Snapshot { files, .. } if *files == one.files);
    let problem = if one.kind == SnapshotKind::Automated {
        "it is automated and goes with its cluster"
    } else if one.status == SnapshotStatus::Creating {
        "it is being created"
    } else if state.is_restoring(copied) {
        "it is being restored"
    } else {
        return Ok(());
    };
    Err(invalid_cluster_snapshot_state(format!(
        "The snapshot {name} can't be deleted: {problem}."
    )))
}

/// The identifier in the identifier or ARN of a cluster's snapshot, in lower case.
pub fn cluster_snapshot_name(text: &str) -> String {
    let name = text
        .split_once(":cluster-snapshot:")
        .map_or(text, |(_, identifier)| identifier);
    name.to_ascii_lowercase()
}
