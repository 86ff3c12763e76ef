//! `ModifyDBInstance`.

use std::sync::Arc;

use local_cloud_wire::AwsError;
use local_cloud_wire::query::{Form, Xml};
use postgres_protocol::password::scram_sha_256;

use super::create::result;
use super::member;
use crate::choices::{check_groups, overlay, refuse_managed_password};
use crate::fleet::Fleet;
use crate::life::Life;
use crate::parameters::{identifier_of, password, required};
use crate::record::NewPassword;
use crate::refusal::{invalid_combination, invalid_state, no_instance};
use crate::status::Status;

/// Changes what can be changed at once and starts the change of the master's password. A new password is applied
/// as soon as possible whatever `ApplyImmediately` says (RDS API reference); so is the rest here.
///
/// # Errors
/// As documented for the operation.
pub async fn modify(fleet: &Arc<Fleet>, form: &Form) -> Result<Xml, AwsError> {
    let identifier = identifier_of(required(form, "DBInstanceIdentifier")?);
    refuse_unsupported(form)?;
    let verifier = password(form)?.map(|password| scram_sha_256(password.as_bytes()));
    let resets = verifier.is_some();
    let major = fleet.machine.installation.major();
    let changed = fleet.change(|state| {
        let one = state
            .instances
            .get(&identifier)
            .ok_or_else(|| no_instance(&identifier))?;
        if one.status != Status::Available {
            return Err(invalid_state(&identifier, one.status));
        }
        if one.membership.is_some() {
            member::refuse_modification(form)?;
        }
        let choices = overlay(form, one.choices.clone())?;
        if (choices.backup_retention == 0) != (one.choices.backup_retention == 0) {
            return Err(invalid_combination(
                "The local cloud can't turn automated backups on or off later.",
            ));
        }
        if one.membership.is_none() {
            check_groups(state, &choices, major)?;
        }
        let mut changed = one.clone();
        changed.choices = choices;
        if let Some(verifier) = verifier {
            changed.new_password = Some(NewPassword {
                verifier,
                shown: true,
            });
        }
        state.instances.insert(identifier.clone(), changed.clone());
        Ok(changed)
    });
    let changed = changed.await?;
    if resets {
        let life = Life::of(fleet, &identifier);
        fleet.start_task(&changed.holder(), life.change_password());
    }
    Ok(result(fleet, "ModifyDBInstance", &changed))
}

/// What RDS can change and the local cloud can't: better refused than ignored.
fn refuse_unsupported(form: &Form) -> Result<(), AwsError> {
    refuse_managed_password(form)?;
    let unsupported = ["NewDBInstanceIdentifier", "EngineVersion", "DBPortNumber"];
    match unsupported.iter().find(|name| form.get(name).is_some()) {
        Some(name) => Err(invalid_combination(format!(
            "The local cloud can't change {name}."
        ))),
        None => Ok(()),
    }
}
