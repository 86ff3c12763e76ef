//! `ModifyDBCluster`.

use std::sync::Arc;

use local_cloud_wire::AwsError;
use local_cloud_wire::query::{Form, Xml};
use postgres_protocol::password::scram_sha_256;

use super::create::result;
use crate::choices::refuse_managed_password;
use crate::cluster_choices::{check_groups, overlay};
use crate::cluster_life::ClusterLife;
use crate::cluster_status::ClusterStatus;
use crate::fleet::Fleet;
use crate::parameters::{cluster_identifier_of, cluster_password, required};
use crate::record::{DbCluster, NewPassword, State};
use crate::refusal::{invalid_cluster_state, invalid_combination, no_cluster};

/// Changes what can be changed at once and starts the change of the master's password. A new password is applied
/// as soon as possible whatever `ApplyImmediately` says (RDS API reference); so is the rest here.
///
/// # Errors
/// As documented for the operation.
pub async fn modify(fleet: &Arc<Fleet>, form: &Form) -> Result<Xml, AwsError> {
    let identifier = cluster_identifier_of(required(form, "DBClusterIdentifier")?);
    refuse_unsupported(form)?;
    let verifier = cluster_password(form)?.map(|password| scram_sha_256(password.as_bytes()));
    let resets = verifier.is_some();
    let major = fleet.machine.installation.major();
    let changed = fleet.change(|state| {
        let one = state.clusters.get(&identifier);
        let one = one.ok_or_else(|| no_cluster(&identifier))?;
        if one.status != ClusterStatus::Available {
            let problem = format!(
                "DB cluster {identifier} can't be modified, because its status is {}.",
                one.status
            );
            return Err(invalid_cluster_state(problem));
        }
        let mut changed = one.clone();
        changed.choices = overlay(form, one.choices.clone())?;
        check_groups(state, &changed.choices, changed.engine, major)?;
        if let Some(verifier) = verifier {
            changed.new_password = Some(NewPassword {
                verifier,
                shown: true,
            });
        }
        state.clusters.insert(identifier.clone(), changed.clone());
        pass_on(state, &changed);
        Ok(changed)
    });
    let changed = changed.await?;
    if resets {
        let life = ClusterLife::of(fleet, &identifier);
        fleet.start_task(&changed.holder(), life.change_password());
    }
    Ok(result(fleet, "ModifyDBCluster", &changed))
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
    refuse_managed_password(form)?;
    let unsupported = ["NewDBClusterIdentifier", "EngineVersion", "Port"];
    match unsupported.iter().find(|name| form.get(name).is_some()) {
        Some(name) => Err(invalid_combination(format!(
            "The local cloud can't change {name}."
        ))),
        None => Ok(()),
    }
}
