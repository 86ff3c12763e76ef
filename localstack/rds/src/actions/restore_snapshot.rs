//! `RestoreDBInstanceFromDBSnapshot`.

use std::sync::Arc;

use local_cloud_wire::AwsError;
use local_cloud_wire::query::{Form, Xml};

use super::create::{Wish, admit, result};
use super::snapshots::snapshot_name;
use crate::choices::refuse_managed_password;
use crate::fleet::Fleet;
use crate::parameters::{new_identifier, required};
use crate::record::{Choices, Origin, Snapshot, SnapshotStatus};
use crate::refusal::{instance_exists, invalid_snapshot_state, invalid_value, no_snapshot};

/// Starts the restore.
///
/// # Errors
/// As documented for the operation.
pub async fn restore(fleet: &Arc<Fleet>, form: &Form) -> Result<Xml, AwsError> {
    let identifier = new_identifier(form, "DBInstanceIdentifier")?;
    refuse_managed_password(form)?;
    check_engine(form)?;
    let name = snapshot_name(required(form, "DBSnapshotIdentifier")?);
    let found = fleet.state().snapshots.get(&name).cloned();
    let snapshot = found.ok_or_else(|| no_snapshot(&name))?;
    check_status(&snapshot)?;
    if fleet.instance(&identifier).is_some() {
        return Err(instance_exists(&identifier));
    }
    let origin = Origin::Snapshot {
        snapshot: snapshot.identifier,
        files: snapshot.files,
    };
    let wish = Wish::restored(fleet, form, identifier, snapshot.portrait, origin)?;
    let instance = admit(fleet, wish).await?;
    Ok(result(fleet, "RestoreDBInstanceFromDBSnapshot", &instance))
}

fn check_status(snapshot: &Snapshot<Choices>) -> Result<(), AwsError> {
    if snapshot.status == SnapshotStatus::Available {
        return Ok(());
    }
    Err(invalid_snapshot_state(format!(
        "Cannot restore from the snapshot {}, because its status is {}.",
        snapshot.identifier, snapshot.status
    )))
}

fn check_engine(form: &Form) -> Result<(), AwsError> {
    match form.get("Engine") {
        None | Some("postgres") => Ok(()),
        Some(other) => Err(invalid_value(format!(
            "Invalid DB engine: {other}. It must be compatible with the snapshot's, postgres."
        ))),
    }
}
