//! `RestoreDBClusterFromSnapshot`.

use std::sync::Arc;

use local_cloud_wire::AwsError;
use local_cloud_wire::query::{Form, Xml};

use super::create::{admit, engine, result};
use super::restore::restored;
use super::snapshots::cluster_snapshot_name;
use crate::choices::refuse_managed_password;
use crate::fleet::Fleet;
use crate::parameters::{new_identifier, required};
use crate::record::{ClusterChoices, Origin, Snapshot, SnapshotStatus};
use crate::refusal::{
    cluster_exists, invalid_cluster_snapshot_state, invalid_combination, no_cluster_snapshot,
};

/// Starts the restore of a cluster's snapshot.
///
/// # Errors
/// As documented for the operation.
pub async fn restore(fleet: &Arc<Fleet>, form: &Form) -> Result<Xml, AwsError> {
    let identifier = new_identifier(form, "DBClusterIdentifier")?;
    refuse_managed_password(form)?;
    let engine = engine(form)?;
    let name = cluster_snapshot_name(required(form, "SnapshotIdentifier")?);
    let found = fleet.state().cluster_snapshots.get(&name).cloned();
    let snapshot = found.ok_or_else(|| no_cluster_snapshot(&name))?;
    check_status(&snapshot)?;
    if engine != snapshot.portrait.engine {
        return Err(invalid_combination(format!(
            "The snapshot {name} is of the engine {}, not of {}.",
            snapshot.portrait.engine.name(),
            engine.name()
        )));
    }
    check_version(form, &snapshot)?;
    if fleet.db_cluster(&identifier).is_some() {
        return Err(cluster_exists(&identifier));
    }
    let origin = Origin::Snapshot {
        snapshot: snapshot.identifier,
        files: snapshot.files,
    };
    let wish = restored(fleet, form, identifier, snapshot.portrait, origin)?;
    let made = admit(fleet, wish).await?;
    Ok(result(fleet, "RestoreDBClusterFromSnapshot", &made))
}

fn check_status(snapshot: &Snapshot<ClusterChoices>) -> Result<(), AwsError> {
    if snapshot.status == SnapshotStatus::Available {
        return Ok(());
    }
    Err(invalid_cluster_snapshot_state(format!(
        "Cannot restore from the snapshot {}, because its status is {}.",
        snapshot.identifier, snapshot.status
    )))
}

/// Without `EngineVersion`, AWS takes the engine's default version, which need not be the snapshot's. The default here
/// is always a later one, and the local cloud can't upgrade.
fn check_version(form: &Form, snapshot: &Snapshot<ClusterChoices>) -> Result<(), AwsError> {
    let have = &snapshot.portrait.engine_version;
    match form.get("EngineVersion") {
        Some(wanted) if wanted == have => Ok(()),
        Some(wanted) => Err(invalid_combination(format!(
            "The snapshot can't be restored to the version {wanted}: it is of {have}."
        ))),
        None => Err(invalid_combination(format!(
            "Without EngineVersion the cluster would get the engine's default version, which is later than the snapshot's, {have}: the local cloud can't upgrade."
        ))),
    }
}
