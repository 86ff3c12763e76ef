//! `DeleteDBInstance`.

use std::sync::Arc;

use jiff::Timestamp;
use local_cloud_wire::AwsError;
use local_cloud_wire::query::{Form, Xml};

use super::create::result;
use super::member;
use crate::fleet::Fleet;
use crate::life::Life;
use crate::parameters::{boolean, identifier_of, required};
use crate::record::{Choices, Holder, Instance, Retained, State};
use crate::refusal::{invalid_combination, invalid_state, no_instance};
use crate::status::Status;

/// Starts the deletion.
///
/// # Errors
/// As documented for the operation.
pub async fn delete(fleet: &Arc<Fleet>, form: &Form) -> Result<Xml, AwsError> {
    let identifier = identifier_of(required(form, "DBInstanceIdentifier")?);
    let found = fleet.instance(&identifier);
    match found.filter(|one| one.membership.is_some()) {
        // The data stay with the cluster, so there is nothing to take a final snapshot of.
        Some(_) if form.get("FinalDBSnapshotIdentifier").is_some() => {
            return Err(invalid_combination(
                "FinalDBSnapshotIdentifier can not be specified for an instance of a cluster.",
            ));
        }
        Some(_) => {}
        None => refuse_final_snapshot(form)?,
    }
    let retains = boolean(form, "DeleteAutomatedBackups")? == Some(false);
    let latest = fleet.latest_restorable_time(&Holder::Instance(identifier.clone()));
    let most = fleet.config.retained_backups;
    let deleting = fleet.change(|state| {
        let one = state
            .instances
            .get(&identifier)
            .ok_or_else(|| no_instance(&identifier))?;
        may_be_deleted(state, one)?;
        if retains && one.choices.backup_retention > 0 && one.membership.is_none() {
            let retained = retained(one, latest).ok_or_else(|| nothing_to_retain(&identifier))?;
            if state.retained.len() >= most {
                return Err(too_many_retained());
            }
            state.retained.insert(one.resource_id.clone(), retained);
        }
        let mut deleting = one.clone();
        deleting.status = Status::Deleting;
        state.instances.insert(identifier.clone(), deleting.clone());
        Ok::<_, AwsError>(deleting)
    });
    let deleting = deleting.await?;
    match member::life(fleet, &deleting) {
        Some(life) => fleet.start_work(life.end()),
        None => fleet.start_work(Life::of(fleet, &identifier).end()),
    }
    Ok(result(fleet, "DeleteDBInstance", &deleting))
}

fn may_be_deleted(state: &State, one: &Instance) -> Result<(), AwsError> {
    let cluster = one.membership.as_ref();
    let cluster = cluster.and_then(|membership| state.clusters.get(&membership.cluster));
    if cluster.is_some_and(|cluster| cluster.choices.multi_az.is_some()) {
        let problem = "The instances of a Multi-AZ DB cluster go with it: use DeleteDBCluster.";
        return Err(invalid_combination(problem));
    }
    if !one.status.may_become(Status::Deleting) {
        return Err(invalid_state(&one.identifier, one.status));
    }
    if one.choices.deletion_protection {
        let problem = "Cannot delete protected DB Instance, please disable deletion protection and try again.";
        return Err(invalid_combination(problem));
    }
    Ok(())
}

/// What stays of an instance whose automated backups are kept; nothing if nothing could be restored from them.
fn retained(one: &Instance, latest: Option<Timestamp>) -> Option<Retained<Choices>> {
    let window = one.window(latest)?;
    Some(Retained {
        portrait: one.portrait(),
        backups: one.backups.clone(),
        latest: window.latest,
        tags: Vec::new(),
    })
}

fn nothing_to_retain(identifier: &str) -> AwsError {
    let message = format!(
        "The automated backups of {identifier} can't be retained: it has no restorable time yet."
    );
    AwsError::new("InvalidDBInstanceState", message)
}

fn too_many_retained() -> AwsError {
    AwsError::new(
        "DBInstanceAutomatedBackupQuotaExceeded",
        "The quota for retained automated backups has been exceeded for this AWS Region.",
    )
}

/// The local cloud takes no final snapshots, and says so instead of ignoring the wish.
///
/// # Errors
/// `InvalidParameterCombination`.
pub fn refuse_final_snapshot(form: &Form) -> Result<(), AwsError> {
    let skips = boolean(form, "SkipFinalSnapshot")?.unwrap_or(false);
    if !skips && form.get("FinalDBSnapshotIdentifier").is_none() {
        let problem =
            "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified.";
        return Err(invalid_combination(problem));
    }
    if form.get("FinalDBSnapshotIdentifier").is_some() {
        return Err(invalid_combination(
            "The local cloud takes no final snapshot: call CreateDBSnapshot first, then set SkipFinalSnapshot alone.",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_deleted_while_the_wish_for_a_final_snapshot_can_not_be_fulfilled() {
        let check = |body: &str| refuse_final_snapshot(&Form::decode(body.as_bytes()));
        assert!(check("SkipFinalSnapshot=true").is_ok());
        for bad in ["", "FinalDBSnapshotIdentifier=last"] {
            assert_eq!(
                check(bad).unwrap_err().code,
                "InvalidParameterCombination",
                "{bad}"
            );
        }
    }
}
