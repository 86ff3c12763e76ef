//! How snapshots of instances are taken, step by step.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use local_cloud_wire::faults::Service;
use tokio::time::sleep;

use crate::event::{SnapshotStep, Subject, snapshot_telling};
use crate::faults::{PROVISION_SLOWLY, SNAPSHOT_FAILS};
use crate::fleet::Fleet;
use crate::postgres::{ServerError, make_folder, remove_folder};
use crate::record::{
    Choices, Files, Holder, Snapshot, SnapshotKind, SnapshotStatus, automated_name,
};
use crate::status::Status;

/// Takes a manual snapshot whose record is there: from `creating` to `available` or `failed`.
pub async fn take(fleet: Arc<Fleet>, snapshot: Snapshot<Choices>) {
    let (identifier, source) = (&snapshot.identifier, &snapshot.portrait.identifier);
    tell(&fleet, &snapshot, SnapshotStep::Begun).await;
    let slowly = fleet
        .world
        .faults
        .strikes(Service::Rds, PROVISION_SLOWLY, identifier);
    let extra = slowly.and_then(|fault| fault.ms).unwrap_or(0);
    sleep(Duration::from_millis(fleet.config.snapshot_ms + extra)).await;
    let fails = fleet
        .world
        .faults
        .strikes(Service::Rds, SNAPSHOT_FAILS, identifier);
    let taken = match fails {
        Some(_) => None,
        None => copy(&fleet, &snapshot).await.map_or_else(
            |error| {
                tracing::error!(snapshot = identifier, %error, "the snapshot failed");
                None
            },
            Some,
        ),
    };
    let end = |one: &mut Snapshot<Choices>| {
        one.taken_at = taken;
        one.status = if taken.is_some() {
            SnapshotStatus::Available
        } else {
            SnapshotStatus::Failed
        };
    };
    fleet
        .change(|state| state.snapshots.get_mut(identifier).map(end))
        .await;
    fleet.set_status(source, Status::Available).await;
    if taken.is_some() {
        tell(&fleet, &snapshot, SnapshotStep::Whole).await;
    }
}

async fn copy(fleet: &Fleet, snapshot: &Snapshot<Choices>) -> Result<Timestamp, ServerError> {
    let Files::Own(name) = &snapshot.files else {
        return Err(gone("a manual snapshot has files of its own"));
    };
    let folder = fleet.site.snapshot(name);
    if let Some(parent) = folder.parent() {
        make_folder(&fleet.machine, parent)?;
    }
    remove_folder(&folder).await?;
    let holder = Holder::Instance(snapshot.portrait.identifier.clone());
    let server = fleet
        .server(&holder)
        .ok_or_else(|| gone("its source doesn't run"))?;
    server.copy_to(&folder).await
}

fn gone(output: &str) -> ServerError {
    ServerError::Program {
        program: "snapshot",
        output: output.to_owned(),
    }
}

/// The automated snapshot that goes with the first backup.
pub async fn keep_automated(fleet: &Fleet, identifier: &str, at: Timestamp) {
    let Some(one) = fleet.instance(identifier) else {
        return;
    };
    let Some(backup) = one.backups.first() else {
        return;
    };
    let snapshot = Snapshot {
        identifier: automated_name(identifier, at),
        kind: SnapshotKind::Automated,
        status: SnapshotStatus::Available,
        taken_at: Some(at),
        files: Files::Backup {
            resource_id: one.resource_id.clone(),
            name: backup.name.clone(),
        },
        tags: if one.choices.copy_tags_to_snapshot {
            one.tags.clone()
        } else {
            Vec::new()
        },
        portrait: one.portrait(),
    };
    tell(fleet, &snapshot, SnapshotStep::Begun).await;
    fleet
        .change(|state| {
            state
                .snapshots
                .insert(snapshot.identifier.clone(), snapshot.clone());
        })
        .await;
    tell(fleet, &snapshot, SnapshotStep::Whole).await;
}

/// Forgets the automated snapshots whose files go with the backups under that resource id.
pub async fn drop_automated(fleet: &Fleet, resource_id: &str) {
    let stays = |one: &Snapshot<Choices>| !one.files.are_backups_of(resource_id);
    fleet
        .change(|state| state.snapshots.retain(|_, one| stays(one)))
        .await;
}

/// Snapshots that a stop of the local cloud interrupted don't become whole any more.
pub async fn give_up_begun(fleet: &Fleet) {
    let begun = |one: &&mut Snapshot<Choices>| one.status == SnapshotStatus::Creating;
    fleet
        .change(|state| {
            let all = state.snapshots.values_mut();
            all.filter(begun)
                .for_each(|one| one.status = SnapshotStatus::Failed);
        })
        .await;
}

/// Tells a step of a snapshot's life.
pub async fn tell(fleet: &Fleet, snapshot: &Snapshot<Choices>, step: SnapshotStep) {
    if let Some(telling) = snapshot_telling(snapshot.kind, step) {
        let subject = Subject::snapshot(&snapshot.identifier);
        fleet.announce(&subject, telling).await;
    }
}
