//! `DeleteDBCluster`.

use std::sync::Arc;

use jiff::Timestamp;
use local_cloud_wire::AwsError;
use local_cloud_wire::query::{Form, Xml};

use super::create::result;
use crate::actions::delete::refuse_final_snapshot;
use crate::cluster_life::ClusterLife;
use crate::cluster_status::ClusterStatus;
use crate::fleet::Fleet;
use crate::parameters::{boolean, cluster_identifier_of, required};
use crate::record::{ClusterChoices, DbCluster, Holder, Instance, Retained, State};
use crate::refusal::{invalid_cluster_state, invalid_combination, no_cluster};

/// Starts the deletion of a cluster without instances. Those of a Multi-AZ DB cluster go with it.
///
/// # Errors
/// As documented for the operation.
pub async fn delete(fleet: &Arc<Fleet>, form: &Form) -> Result<Xml, AwsError> {
    let identifier = cluster_identifier_of(required(form, "DBClusterIdentifier")?);
    refuse_final_snapshot(form)?;
    let retains = boolean(form, "DeleteAutomatedBackups")? == Some(false);
    let latest = fleet.latest_restorable_time(&Holder::Cluster(identifier.clone()));
    let most = fleet.config.retained_backups;
    let deleting = fleet.change(|state| {
        let one = state.clusters.get(&identifier);
        let one = one.ok_or_else(|| no_cluster(&identifier))?;
        may_be_deleted(state, one)?;
        let mut deleting = one.clone();
        deleting.status = ClusterStatus::Deleting;
        if retains {
            let retained = retained(&deleting, latest).ok_or_else(|| {
                invalid_cluster_state(format!(
                    "The automated backups of {identifier} can't be retained: it has no restorable time yet."
                ))
            })?;
            if state.retained_clusters.len() >= most {
                return Err(too_many_retained());
            }
            let id = deleting.resource_id.clone();
            state.retained_clusters.insert(id, retained);
        }
        state.clusters.insert(identifier.clone(), deleting.clone());
        Ok::<_, AwsError>((deleting, take_members(state, &identifier)))
    });
    let (deleting, members) = deleting.await?;
    for member in members {
        fleet.end_task(&member.holder()).await;
    }
    fleet.start_work(ClusterLife::of(fleet, &identifier).end());
    Ok(result(fleet, "DeleteDBCluster", &deleting))
}

fn may_be_deleted(state: &State, one: &DbCluster) -> Result<(), AwsError> {
    if one.status == ClusterStatus::Deleting {
        let problem = format!("DB cluster {} is already being deleted.", one.identifier);
        return Err(invalid_cluster_state(problem));
    }
    if one.choices.deletion_protection {
        let problem =
            "Cannot delete protected Cluster, please disable deletion protection and try again.";
        return Err(invalid_combination(problem));
    }
    let holds = state.members(&one.identifier).next().is_some();
    if holds && one.choices.multi_az.is_none() {
        let problem =
            "Cluster cannot be deleted, it still contains DB instances in non-deleting state.";
        return Err(invalid_cluster_state(problem));
    }
    Ok(())
}

/// Takes out the instances of a Multi-AZ DB cluster; any other has none left.
fn take_members(state: &mut State, cluster: &str) -> Vec<Instance> {
    let members: Vec<Instance> = state.members(cluster).cloned().collect();
    for member in &members {
        state.instances.remove(&member.identifier);
    }
    members
}

/// What stays of a cluster whose automated backups are kept; nothing if nothing could be restored from them.
fn retained(one: &DbCluster, latest: Option<Timestamp>) -> Option<Retained<ClusterChoices>> {
    let window = one.window(latest)?;
    Some(Retained {
        portrait: one.portrait(),
        backups: one.backups.clone(),
        latest: window.latest,
        tags: Vec::new(),
    })
}

fn too_many_retained() -> AwsError {
    AwsError::new(
        "DBClusterAutomatedBackupQuotaExceededFault",
        "The quota for retained automated backups of clusters has been exceeded for this AWS Region.",
    )
}
