//! `CreateDBSnapshot`, `DescribeDBSnapshots`, `DeleteDBSnapshot`.

use std::sync::Arc;

use local_cloud_wire::query::{Form, Xml};
use local_cloud_wire::{AwsError, ids};

use super::page::{paged, passes};
use crate::answer;
use crate::event::SnapshotStep;
use crate::fleet::Fleet;
use crate::parameters::{identifier_of, new_identifier, required, tags};
use crate::postgres::remove_folder;
use crate::quotas;
use crate::record::{
    Choices, Files, Instance, Origin, Snapshot, SnapshotKind, SnapshotStatus, State, Tag,
};
use crate::refusal::{
    internal, invalid_snapshot_state, invalid_state, invalid_value, no_instance, no_snapshot,
};
use crate::snapshots::{tags as source_tags, take, tell};
use crate::status::Status;

/// Begins a snapshot.
///
/// # Errors
/// As documented for the operation.
pub async fn create(fleet: &Arc<Fleet>, form: &Form) -> Result<Xml, AwsError> {
    let identifier = new_identifier(form, "DBSnapshotIdentifier")?;
    let source = identifier_of(required(form, "DBInstanceIdentifier")?);
    let own = tags(form)?;
    let begun = fleet.change(|state| {
        let one = state
            .instances
            .get(&source)
            .ok_or_else(|| no_instance(&source))?;
        if one.membership.is_some() {
            return Err(invalid_value(format!(
                "The instance {source} is a member of a cluster and a snapshot cannot be created directly. Please use CreateDBClusterSnapshot instead."
            )));
        }
        if one.status != Status::Available {
            return Err(invalid_state(&source, one.status));
        }
        if state.snapshots.contains_key(&identifier) {
            let message = format!("Cannot create the snapshot because a snapshot with the identifier {identifier} already exists.");
            return Err(AwsError::new("DBSnapshotAlreadyExists", message));
        }
        quotas::check_snapshot(state, &fleet.config.quotas)?;
        let one = state
            .instances
            .get_mut(&source)
            .ok_or_else(|| no_instance(&source))?;
        one.status = Status::BackingUp;
        let snapshot = manual(identifier, one, own);
        let entry = snapshot.identifier.clone();
        state.snapshots.insert(entry, snapshot.clone());
        Ok(snapshot)
    });
    let begun = begun.await?;
    let answer = answer::snapshot(&fleet.world.region, &begun);
    fleet.start_work(take(Arc::clone(fleet), begun));
    Ok(Xml::parent("CreateDBSnapshotResult").child(answer))
}

fn manual(identifier: String, one: &Instance, own: Vec<Tag>) -> Snapshot<Choices> {
    Snapshot {
        identifier,
        kind: SnapshotKind::Manual,
        status: SnapshotStatus::Creating,
        taken_at: None,
        tags: source_tags(&one.portrait(), own),
        portrait: one.portrait(),
        files: Files::Own(ids::hex(8)),
    }
}

/// Describes one snapshot or all that are asked for.
///
/// # Errors
/// `DBSnapshotNotFound`, or an invalid type, filter or page.
pub fn describe(fleet: &Fleet, form: &Form) -> Result<Xml, AwsError> {
    let wanted = form.get("DBSnapshotIdentifier").map(snapshot_name);
    let kind = snapshot_type(form)?;
    let source = form.get("DBInstanceIdentifier").map(identifier_of);
    let resource = form.get("DbiResourceId");
    let all: Vec<_> = fleet.state().snapshots.values().cloned().collect();
    let mut found = Vec::new();
    for one in all {
        let asked = wanted.as_ref().is_none_or(|name| *name == one.identifier)
            && kind.is_none_or(|kind| kind == one.kind.to_string())
            && source
                .as_ref()
                .is_none_or(|name| *name == one.portrait.identifier)
            && resource.is_none_or(|id| id == one.portrait.resource_id);
        if asked && passes(form, |name, value| filter(&one, name, value))? {
            found.push(one);
        }
    }
    if let (Some(name), true) = (wanted, found.is_empty()) {
        return Err(no_snapshot(&name));
    }
    let render = |one: &Snapshot<Choices>| answer::snapshot(&fleet.world.region, one);
    let lists = ("DescribeDBSnapshots", "DBSnapshots");
    paged(form, lists, &found, |one| one.identifier.clone(), render)
}

/// `SnapshotType`. Of the types that RDS has, only manual and automated snapshots exist here.
///
/// # Errors
/// `InvalidParameterValue` for a type that RDS doesn't have.
pub fn snapshot_type(form: &Form) -> Result<Option<&str>, AwsError> {
    const TYPES: [&str; 5] = ["manual", "automated", "shared", "public", "awsbackup"];
    match form.get("SnapshotType") {
        Some(other) if !TYPES.contains(&other) => {
            Err(invalid_value(format!("Invalid SnapshotType: {other}")))
        }
        kind => Ok(kind),
    }
}

fn filter(one: &Snapshot<Choices>, name: &str, value: &str) -> Option<bool> {
    match name {
        "db-instance-id" => Some(one.portrait.identifier == identifier_of(value)),
        "db-snapshot-id" => Some(one.identifier == snapshot_name(value)),
        "dbi-resource-id" => Some(one.portrait.resource_id == value),
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
    let name = snapshot_name(required(form, "DBSnapshotIdentifier")?);
    let taken = fleet.change(|state| {
        may_be_deleted(state, &name)?;
        state
            .snapshots
            .remove(&name)
            .ok_or_else(|| no_snapshot(&name))
    });
    let taken = taken.await?;
    if let Files::Own(folder) = &taken.files {
        remove_folder(&fleet.site.snapshot(folder))
            .await
            .map_err(|error| internal("remove a snapshot", &error))?;
    }
    tell(fleet, &taken, SnapshotStep::Deleted).await;
    let answer = answer::snapshot(&fleet.world.region, &taken);
    Ok(Xml::parent("DeleteDBSnapshotResult").child(answer))
}

fn may_be_deleted(state: &State, name: &str) -> Result<(), AwsError> {
    let one = state.snapshots.get(name).ok_or_else(|| no_snapshot(name))?;
    if one.kind == SnapshotKind::Automated {
        let problem =
            "Automated snapshots can't be deleted by themselves: they go with their instance.";
        return Err(invalid_snapshot_state(problem));
    }
    if one.status == SnapshotStatus::Creating {
        let problem = format!("The snapshot {name} can't be deleted while it is being created.");
        return Err(invalid_snapshot_state(problem));
    }
    let copied =
        |origin: &Origin| matches!(origin, Origin::Snapshot { files, .. } if *files == one.files);
    if state.is_restoring(copied) {
        let problem = format!("The snapshot {name} is being restored.");
        return Err(invalid_snapshot_state(problem));
    }
    Ok(())
}

/// The identifier in a snapshot's identifier or ARN, in lower case.
pub fn snapshot_name(text: &str) -> String {
    let name = text
        .split_once(":snapshot:")
        .map_or(text, |(_, identifier)| identifier);
    name.to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_is_named_by_identifier_or_by_arn_automated_ones_too() {
        let arn = "arn:aws:rds:eu-west-3:000000000000:snapshot:rds:Prod-2026-03-04-10-11";
        assert_eq!(snapshot_name(arn), "rds:prod-2026-03-04-10-11");
        assert_eq!(
            snapshot_name("rds:prod-2026-03-04-10-11"),
            "rds:prod-2026-03-04-10-11"
        );
        assert_eq!(snapshot_name("Before-Release"), "before-release");
    }
}
