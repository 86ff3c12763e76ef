//! `ModifyDBCluster`.

use std::sync::Arc;

use local_cloud_wire::AwsError;
use local_cloud_wire::query::{Form, Xml};

use super::create::result;
use crate::cluster_choices::{check_groups, overlay};
use crate::cluster_life::ClusterLife;
use crate::cluster_status::ClusterStatus;
use crate::fleet::Fleet;
use crate::managed_secret::{Change, forget, give_back};
use crate::parameters::{cluster_identifier_of, cluster_password, required};
use crate::record::{ClusterChoices, DbCluster, NewPassword, State};
use crate::refusal::{invalid_cluster_state, invalid_combination, no_cluster};

/// Changes what can be changed at once and starts the change of the master's password. A new password is applied
/// as soon as possible whatever `ApplyImmediately` says (RDS API reference); so is the rest here.
///
/// # Errors
/// As documented for the operation.
pub async fn modify(fleet: &Arc<Fleet>, form: &Form) -> Result<Xml, AwsError> {
    let identifier = cluster_identifier_of(required(form, "DBClusterIdentifier")?);
    refuse_unsupported(form)?;
    let given = cluster_password(form)?;
    let present = fleet.db_cluster(&identifier);
    let present = present.ok_or_else(|| no_cluster(&identifier))?;
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
        let life = ClusterLife::of(fleet, &identifier);
        fleet.start_task(&changed.holder(), life.change_password(change.password));
    }
    Ok(result(fleet, "ModifyDBCluster", &changed))
}

/// What the cluster's choices become, if it may be modified now.
fn check(
    fleet: &Fleet,
    form: &Form,
    state: &State,
    one: &DbCluster,
) -> Result<ClusterChoices, AwsError> {
    if one.status != ClusterStatus::Available {
        let problem = format!(
            "DB cluster {} can't be modified, because its status is {}.",
            one.identifier, one.status
        );
        return Err(invalid_cluster_state(problem));
    }
    let choices = overlay(form, one.choices.clone())?;
    let major = fleet.machine.installation.major();
    check_groups(state, &choices, one.engine, major)?;
    Ok(choices)
}

fn enter(
    fleet: &Fleet,
    form: &Form,
    state: &mut State,
    identifier: &str,
    change: &Change,
) -> Result<DbCluster, AwsError> {
    let one = state.clusters.get(identifier);
    let mut changed = one.ok_or_else(|| no_cluster(identifier))?.clone();
    changed.choices = check(fleet, form, state, &changed)?;
    changed.managed_secret.clone_from(&change.secret);
    if let Some(verifier) = &change.verifier {
        changed.new_password = Some(NewPassword {
            verifier: verifier.clone(),
            shown: true,
        });
    }
    let entry = identifier.to_owned();
    state.clusters.insert(entry, changed.clone());
    pass_on(state, &changed);
    Ok(changed)
}

/// What of a cluster's choices its instances show too.
fn pass_on(state: &mut State, cluster: &DbCluster) {
    let of = &cluster.choices;
    for one in state.instances.values_mut() {
        let mine = one.membership.as_ref();
        if mine.is_none_or(|membership| membership.cluster != cluster.identifier) {
            continue;
        }
        one.choices.security_groups.clone_from(&of.security_groups);
        one.choices.backup_retention = of.backup_retention;
        one.choices.iam_authentication = of.iam_authentication;
    }
}

/// What RDS can change and the local cloud can't: better refused than ignored.
fn refuse_unsupported(form: &Form) -> Result<(), AwsError> {
    let unsupported = ["NewDBClusterIdentifier", "EngineVersion", "Port"];
    match unsupported.iter().find(|name| form.get(name).is_some()) {
        Some(name) => Err(invalid_combination(format!(
            "The local cloud can't change {name}."
        ))),
        None => Ok(()),
    }
}
