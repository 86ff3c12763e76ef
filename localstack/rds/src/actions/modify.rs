//! `ModifyDBInstance`.

use std::sync::Arc;

use local_cloud_wire::AwsError;
use local_cloud_wire::query::{Form, Xml};

use super::create::result;
use super::member;
use crate::choices::{check_groups, overlay};
use crate::fleet::Fleet;
use crate::life::Life;
use crate::managed_secret::{Change, forget, give_back};
use crate::parameters::{identifier_of, password, required};
use crate::record::{Choices, Instance, NewPassword, State};
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
    let given = password(form)?;
    let present = fleet.instance(&identifier);
    let present = present.ok_or_else(|| no_instance(&identifier))?;
    // Before a secret is made: a call that is refused makes nothing.
    check(fleet, form, &fleet.state(), &present)?;
    let before = present.managed_secret.clone();
    let whose = (present.master.as_str(), before.clone());
    let change = Change::read(fleet, form, &present.holder(), whose, given).await?;
    let entered = fleet
        .change(|state| enter(fleet, form, state, &identifier, &change))
        .await;
    let changed = match entered {
        Ok(changed) => changed,
        Err(refused) => {
            let made = change.secret.filter(|_| before.is_none());
            return Err(give_back(fleet, made, refused).await);
        }
    };
    if let Some(obsolete) = &change.obsolete {
        forget(fleet, obsolete).await;
    }
    if change.verifier.is_some() {
        let life = Life::of(fleet, &identifier);
        fleet.start_task(&changed.holder(), life.change_password(change.password));
    }
    Ok(result(fleet, "ModifyDBInstance", &changed))
}

/// What the instance's choices become, if it may be modified now.
fn check(fleet: &Fleet, form: &Form, state: &State, one: &Instance) -> Result<Choices, AwsError> {
    if one.status != Status::Available {
        return Err(invalid_state(&one.identifier, one.status));
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
        check_groups(state, &choices, fleet.machine.installation.major())?;
    }
    Ok(choices)
}

fn enter(
    fleet: &Fleet,
    form: &Form,
    state: &mut State,
    identifier: &str,
    change: &Change,
) -> Result<Instance, AwsError> {
    let one = state.instances.get(identifier);
    let mut changed = one.ok_or_else(|| no_instance(identifier))?.clone();
    changed.choices = check(fleet, form, state, &changed)?;
    changed.managed_secret.clone_from(&change.secret);
    if let Some(verifier) = &change.verifier {
        changed.new_password = Some(NewPassword {
            verifier: verifier.clone(),
            shown: true,
        });
    }
    let entry = identifier.to_owned();
    state.instances.insert(entry, changed.clone());
    Ok(changed)
}

/// What RDS can change and the local cloud can't: better refused than ignored.
fn refuse_unsupported(form: &Form) -> Result<(), AwsError> {
    let unsupported = ["NewDBInstanceIdentifier", "EngineVersion", "DBPortNumber"];
    match unsupported.iter().find(|name| form.get(name).is_some()) {
        Some(name) => Err(invalid_combination(format!(
            "The local cloud can't change {name}."
        ))),
        None => Ok(()),
    }
}
