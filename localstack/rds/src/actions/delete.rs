//! `DeleteDBInstance`.

use std::sync::Arc;

use local_cloud_wire::AwsError;
use local_cloud_wire::query::{Form, Xml};

use super::create::result;
use crate::fleet::Fleet;
use crate::life::Life;
use crate::parameters::{boolean, identifier_of, required};
use crate::record::Instance;
use crate::refusal::{invalid_combination, invalid_state, no_instance};
use crate::status::Status;

/// Starts the deletion.
///
/// # Errors
/// As documented for the operation.
pub async fn delete(fleet: &Arc<Fleet>, form: &Form) -> Result<Xml, AwsError> {
    let identifier = identifier_of(required(form, "DBInstanceIdentifier")?);
    refuse_remains(form)?;
    let deleting = fleet.change(|state| {
        let one = state
            .instances
            .get_mut(&identifier)
            .ok_or_else(|| no_instance(&identifier))?;
        may_be_deleted(one)?;
        one.status = Status::Deleting;
        Ok::<_, AwsError>(one.clone())
    });
    let deleting = deleting.await?;
    tokio::spawn(Life::of(fleet, &identifier).end());
    Ok(result(fleet, "DeleteDBInstance", &deleting))
}

fn may_be_deleted(one: &Instance) -> Result<(), AwsError> {
    if !one.status.may_become(Status::Deleting) {
        return Err(invalid_state(&one.identifier, one.status));
    }
    if one.choices.deletion_protection {
        let problem = "Cannot delete protected DB Instance, please disable deletion protection and try again.";
        return Err(invalid_combination(problem));
    }
    Ok(())
}

/// What would stay behind in AWS: snapshots and retained backups, which the local cloud doesn't keep.
fn refuse_remains(form: &Form) -> Result<(), AwsError> {
    let skips = boolean(form, "SkipFinalSnapshot")?.unwrap_or(false);
    if !skips && form.get("FinalDBSnapshotIdentifier").is_none() {
        let problem =
            "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified.";
        return Err(invalid_combination(problem));
    }
    if form.get("FinalDBSnapshotIdentifier").is_some() {
        return Err(invalid_combination(
            "The local cloud takes no final snapshot: set SkipFinalSnapshot alone.",
        ));
    }
    if boolean(form, "DeleteAutomatedBackups")? == Some(false) {
        return Err(invalid_combination(
            "The local cloud keeps no backups of deleted instances: set DeleteAutomatedBackups.",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_deleted_while_a_wish_for_its_remains_can_not_be_fulfilled() {
        let check = |body: &str| refuse_remains(&Form::decode(body.as_bytes()));
        assert!(check("SkipFinalSnapshot=true").is_ok());
        assert!(check("SkipFinalSnapshot=true&DeleteAutomatedBackups=true").is_ok());
        for bad in [
            "",
            "SkipFinalSnapshot=true&DeleteAutomatedBackups=false",
            "FinalDBSnapshotIdentifier=last",
        ] {
            assert_eq!(
                check(bad).unwrap_err().code,
                "InvalidParameterCombination",
                "{bad}"
            );
        }
    }
}
