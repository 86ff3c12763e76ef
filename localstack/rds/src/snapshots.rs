//! How snapshots of instances and clusters are taken, step by step.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use local_cloud_wire::faults::Service;
use tokio::time::sleep;

use crate::cluster_status::ClusterStatus;
use crate::event::{SnapshotOf, SnapshotStep, Subject, snapshot_telling};
use crate::faults::{PROVISION_SLOWLY, SNAPSHOT_FAILS};
use crate::fleet::Fleet;
use crate::postgres::{ServerError, copy_at_rest, make_folder, remove_folder};
use crate::record::{
    Choices, ClusterChoices, Files, Holder, Portrait, Snapshot, SnapshotKind, SnapshotStatus,
    State, Tag, automated_name,
};
use crate::status::Status;

/// What snapshots can be of: instances and clusters, known by what can be chosen for them.
pub trait Snapshotted: Clone + Send + Sync + Sized + 'static {
    /// Which of the two.
    const OF: SnapshotOf;

    /// All snapshots of such things.
    fn all(state: &mut State) -> &mut BTreeMap<String, Snapshot<Self>>;

    /// The holder of the data.
    fn holder(identifier: &str) -> Holder;

    /// Ends the status in which a source is while its snapshot is taken.
    fn release(state: &mut State, identifier: &str);

    /// `CopyTagsToSnapshot`.
    fn copies_tags(&self) -> bool;
}

impl Snapshotted for Choices {
    const OF: SnapshotOf = SnapshotOf::Instance;

    fn all(state: &mut State) -> &mut BTreeMap<String, Snapshot<Self>> {
        &mut state.snapshots
    }

    fn holder(identifier: &str) -> Holder {
        Holder::Instance(identifier.to_owned())
    }

    fn release(state: &mut State, identifier: &str) {
        let source = state.instances.get_mut(identifier);
        if let Some(one) = source.filter(|one| one.status == Status::BackingUp) {
            one.status = Status::Available;
        }
    }

    fn copies_tags(&self) -> bool {
        self.copy_tags_to_snapshot
    }
}

impl Snapshotted for ClusterChoices {
    const OF: SnapshotOf = SnapshotOf::Cluster;

    fn all(state: &mut State) -> &mut BTreeMap<String, Snapshot<Self>> {
        &mut state.cluster_snapshots
    }

    fn holder(identifier: &str) -> Holder {
        Holder::Cluster(identifier.to_owned())
    }

    fn release(state: &mut State, identifier: &str) {
        let source = state.clusters.get_mut(identifier);
        if let Some(one) = source.filter(|one| one.status == ClusterStatus::BackingUp) {
            one.status = ClusterStatus::Available;
        }
    }

    fn copies_tags(&self) -> bool {
        self.copy_tags_to_snapshot
    }
}

/// Takes a manual snapshot whose record is there: from `creating` to `available` or `failed`.
pub async fn take<C: Snapshotted>(fleet: Arc<Fleet>, snapshot: Snapshot<C>) {
    let (identifier, source) = (&snapshot.identifier, &snapshot.portrait.identifier);
    let fault = |name| fleet.world.faults.strikes(Service::Rds, name, identifier);
    tell(&fleet, &snapshot, SnapshotStep::Begun).await;
    let extra = fault(PROVISION_SLOWLY).and_then(|fault| fault.ms);
    let waits = fleet.config.snapshot_ms + extra.unwrap_or(0);
    sleep(Duration::from_millis(waits)).await;
    let taken = match fault(SNAPSHOT_FAILS) {
        Some(_) => None,
        None => copied(&fleet, &snapshot).await,
    };
    let end = |one: &mut Snapshot<C>| {
        one.taken_at = taken;
        one.status = if taken.is_some() {
            SnapshotStatus::Available
        } else {
            SnapshotStatus::Failed
        };
    };
    fleet
        .change(|state| {
            C::all(state).get_mut(identifier).map(end);
            C::release(state, source);
        })
        .await;
    if taken.is_some() {
        tell(&fleet, &snapshot, SnapshotStep::Whole).await;
    }
}

async fn copied<C: Snapshotted>(fleet: &Fleet, snapshot: &Snapshot<C>) -> Option<Timestamp> {
    let Files::Own(name) = &snapshot.files else {
        return None;
    };
    let folder = fleet.site.snapshot(name);
    match copy(fleet, &snapshot.portrait, &folder).await {
        Ok(taken) => Some(taken),
        Err(error) => {
            tracing::error!(snapshot = snapshot.identifier, %error, "the snapshot failed");
            None
        }
    }
}

/// Copies what a server serves, or what lies there at rest: a cluster without instances has no server.
async fn copy<C: Snapshotted>(
    fleet: &Fleet,
    source: &Portrait<C>,
    folder: &Path,
) -> Result<Timestamp, ServerError> {
    if let Some(parent) = folder.parent() {
        make_folder(&fleet.machine, parent)?;
    }
    remove_folder(folder).await?;
    let holder = C::holder(&source.identifier);
    match (fleet.server(&holder), C::OF) {
        (Some(server), _) => server.copy_to(folder).await,
        (None, SnapshotOf::Cluster) => {
            let layout = fleet.layout(&holder, &source.resource_id);
            copy_at_rest(&fleet.machine, &layout, folder).await
        }
        (None, SnapshotOf::Instance) => Err(ServerError::Program {
            program: "snapshot",
            output: "the source doesn't run".to_owned(),
        }),
    }
}

/// Keeps a base backup as an automated snapshot too: the one that goes with the first backup.
pub async fn keep_automated<C: Snapshotted>(
    fleet: &Fleet,
    portrait: Portrait<C>,
    backup: String,
    at: Timestamp,
) {
    let snapshot = Snapshot {
        identifier: automated_name(&portrait.identifier, at),
        kind: SnapshotKind::Automated,
        status: SnapshotStatus::Available,
        taken_at: Some(at),
        files: Files::Backup {
            resource_id: portrait.resource_id.clone(),
            name: backup,
        },
        tags: tags(&portrait, Vec::new()),
        portrait,
    };
    tell(fleet, &snapshot, SnapshotStep::Begun).await;
    fleet
        .change(|state| C::all(state).insert(snapshot.identifier.clone(), snapshot.clone()))
        .await;
    tell(fleet, &snapshot, SnapshotStep::Whole).await;
}

/// A snapshot's tags: the given ones, and its source's others if that says so (`CopyTagsToSnapshot`).
pub fn tags<C: Snapshotted>(source: &Portrait<C>, own: Vec<Tag>) -> Vec<Tag> {
    if !source.choices.copies_tags() {
        return own;
    }
    let given = |tag: &&Tag| own.iter().any(|mine| mine.key == tag.key);
    let others = source.tags.iter().filter(|tag| !given(tag)).cloned();
    let others: Vec<Tag> = others.collect();
    own.into_iter().chain(others).collect()
}

/// Forgets the automated snapshots whose files go with the backups under that resource id.
pub async fn drop_automated(fleet: &Fleet, resource_id: &str) {
    fleet
        .change(|state| {
            let gone = |files: &Files| files.are_backups_of(resource_id);
            state.snapshots.retain(|_, one| !gone(&one.files));
            state.cluster_snapshots.retain(|_, one| !gone(&one.files));
        })
        .await;
}

/// Snapshots that a stop of the local cloud interrupted don't become whole any more.
pub async fn give_up_begun(fleet: &Fleet) {
    fleet
        .change(|state| {
            give_up::<Choices>(state);
            give_up::<ClusterChoices>(state);
        })
        .await;
}

fn give_up<C: Snapshotted>(state: &mut State) {
    let begun = |one: &&mut Snapshot<C>| one.status == SnapshotStatus::Creating;
    let all = C::all(state).values_mut();
    all.filter(begun)
        .for_each(|one| one.status = SnapshotStatus::Failed);
}

/// Tells a step of a snapshot's life.
pub async fn tell<C: Snapshotted>(fleet: &Fleet, snapshot: &Snapshot<C>, step: SnapshotStep) {
    if let Some(telling) = snapshot_telling(C::OF, snapshot.kind, step) {
        let subject = match C::OF {
            SnapshotOf::Instance => Subject::snapshot(&snapshot.identifier),
            SnapshotOf::Cluster => Subject::cluster_snapshot(&snapshot.identifier),
        };
        fleet.announce(&subject, telling).await;
    }
}
