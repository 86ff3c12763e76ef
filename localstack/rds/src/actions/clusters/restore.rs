//! `RestoreDBClusterToPointInTime`.

use std::sync::Arc;

use local_cloud_wire::AwsError;
use local_cloud_wire::query::{Form, Xml};

use super::create::{Wish, admit, result};
use crate::actions::create::wished_port;
use crate::actions::restore::{Source, Target};
use crate::choices::refuse_managed_password;
use crate::cluster_choices::choices_of_restored;
use crate::cluster_status::ClusterStatus;
use crate::fleet::Fleet;
use crate::parameters::{cluster_identifier_of, new_identifier, tags};
use crate::record::{ClusterChoices, DbCluster, Origin, Portrait};
use crate::refusal::{
    cluster_exists, invalid_cluster_state, invalid_combination, invalid_value, no_cluster,
    no_cluster_backup,
};

/// Starts the restore: a full copy of a past time, or a clone of now.
///
/// # Errors
/// As documented for the operation.
pub async fn restore(fleet: &Arc<Fleet>, form: &Form) -> Result<Xml, AwsError> {
    let identifier = new_identifier(form, "DBClusterIdentifier")?;
    refuse_managed_password(form)?;
    let target = Target::read(form, "RestoreToTime")?;
    let (portrait, origin) = match form.get("RestoreType").unwrap_or("full-copy") {
        "full-copy" => {
            let source = find_source(fleet, form)?;
            let origin = source.origin(target.within(source.window)?)?;
            (source.portrait, origin)
        }
        "copy-on-write" => clone(fleet, form, target)?,
        other => {
            return Err(invalid_value(format!(
                "RestoreType must be full-copy or copy-on-write: {other}"
            )));
        }
    };
    if fleet.db_cluster(&identifier).is_some() {
        return Err(cluster_exists(&identifier));
    }
    let wish = restored(fleet, form, identifier, portrait, origin)?;
    let made = admit(fleet, wish).await?;
    Ok(result(fleet, "RestoreDBClusterToPointInTime", &made))
}

/// A restored cluster: what the call names, else what its source had and RDS inherits.
///
/// # Errors
/// An invalid parameter.
pub fn restored(
    fleet: &Fleet,
    form: &Form,
    identifier: String,
    source: Portrait<ClusterChoices>,
    origin: Origin,
) -> Result<Wish, AwsError> {
    let major = fleet.machine.installation.major();
    Ok(Wish {
        identifier,
        choices: choices_of_restored(form, &source.choices, source.engine, major)?,
        engine: source.engine,
        master: source.master,
        database: source.database,
        tags: if form.structures("Tags").is_empty() {
            source.tags
        } else {
            tags(form)?
        },
        origin,
        port: wished_port(form)?,
        managed_secret: None,
    })
}

/// A clone is of the present only, and of a cluster that has an instance (Aurora user guide, cloning a volume).
fn clone(
    fleet: &Fleet,
    form: &Form,
    target: Target,
) -> Result<(Portrait<ClusterChoices>, Origin), AwsError> {
    if target != Target::Latest {
        return Err(invalid_combination(
            "RestoreToTime can't be given when RestoreType is copy-on-write: set UseLatestRestorableTime.",
        ));
    }
    let one = present(fleet, form)?;
    check_status(&one)?;
    if fleet.server(&one.holder()).is_none() {
        let problem = format!(
            "DB cluster {} has no available instance: it can't be cloned.",
            one.identifier
        );
        return Err(invalid_cluster_state(problem));
    }
    let origin = Origin::Clone {
        source: one.identifier.clone(),
    };
    Ok((one.portrait(), origin))
}

fn present(fleet: &Fleet, form: &Form) -> Result<DbCluster, AwsError> {
    let state = fleet.state();
    match sources(form)? {
        Named::Identifier(name) => {
            let found = state.clusters.get(&cluster_identifier_of(name));
            found.cloned().ok_or_else(|| no_cluster(name))
        }
        Named::Resource(id) => {
            let found = state.clusters.values().find(|one| one.resource_id == id);
            found.cloned().ok_or_else(|| no_cluster_backup(id))
        }
    }
}

enum Named<'a> {
    Identifier(&'a str),
    Resource(&'a str),
}

fn sources(form: &Form) -> Result<Named<'_>, AwsError> {
    let identifier = form.get("SourceDBClusterIdentifier");
    match (identifier, form.get("SourceDbClusterResourceId")) {
        (Some(name), None) => Ok(Named::Identifier(name)),
        (None, Some(id)) => Ok(Named::Resource(id)),
        _ => Err(invalid_combination(
            "Exactly one of SourceDBClusterIdentifier and SourceDbClusterResourceId must be given.",
        )),
    }
}

fn find_source(fleet: &Fleet, form: &Form) -> Result<Source<ClusterChoices>, AwsError> {
    if let Named::Resource(id) = sources(form)? {
        let retained = fleet.state().retained_clusters.get(id).cloned();
        if let Some(retained) = retained {
            let window = retained.window().ok_or_else(|| no_cluster_backup(id))?;
            return Ok(Source {
                window,
                portrait: retained.portrait,
                backups: retained.backups,
            });
        }
    }
    let one = present(fleet, form)?;
    check_status(&one)?;
    let latest = fleet.latest_restorable_time(&one.holder());
    let problem = || invalid_value(format!("{} has no restorable time yet.", one.identifier));
    Ok(Source {
        window: one.window(latest).ok_or_else(problem)?,
        portrait: one.portrait(),
        backups: one.backups,
    })
}

fn check_status(one: &DbCluster) -> Result<(), AwsError> {
    let status = one.status;
    if status.is_beginning() || status.is_failure() || status == ClusterStatus::Deleting {
        let problem = format!(
            "DB cluster {} can't be restored, because its status is {status}.",
            one.identifier
        );
        return Err(invalid_cluster_state(problem));
    }
    Ok(())
}
