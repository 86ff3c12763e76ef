//! `DescribeDBClusterAutomatedBackups`, `DeleteDBClusterAutomatedBackup`.

use local_cloud_wire::AwsError;
use local_cloud_wire::query::{Form, Xml};

use crate::actions::page::{paged, passes};
use crate::answer::{AutomatedBackup, BackupStatus, cluster_backup};
use crate::fleet::Fleet;
use crate::parameters::{cluster_identifier_of, required};
use crate::postgres::remove_backups;
use crate::record::{ClusterChoices, DbCluster, Retained};
use crate::refusal::{internal, no_cluster_backup};
use crate::snapshots;

/// Describes the automated backups of clusters, and those that outlived theirs.
///
/// # Errors
/// `DBClusterAutomatedBackupNotFoundFault`, or an invalid filter or page.
pub fn automated(fleet: &Fleet, form: &Form) -> Result<Xml, AwsError> {
    let wanted = form.get("DBClusterIdentifier").map(cluster_identifier_of);
    let resource = form.get("DbClusterResourceId").map(str::to_owned);
    let mut found = Vec::new();
    for one in all(fleet) {
        let of = &one.portrait;
        let named = wanted.as_ref().is_none_or(|name| *name == of.identifier)
            && resource.as_ref().is_none_or(|id| *id == of.resource_id);
        if named && passes(form, |name, value| filter(&one, name, value))? {
            found.push(one);
        }
    }
    if let (Some(name), true) = (wanted.or(resource), found.is_empty()) {
        return Err(no_cluster_backup(&name));
    }
    let render = |one: &AutomatedBackup<ClusterChoices>| cluster_backup(&fleet.world.region, one);
    let lists = (
        "DescribeDBClusterAutomatedBackups",
        "DBClusterAutomatedBackups",
    );
    let key = |one: &AutomatedBackup<ClusterChoices>| {
        format!("{} {}", one.portrait.identifier, one.portrait.resource_id)
    };
    paged(form, lists, &found, key, render)
}

/// Of present clusters first, then retained ones.
fn all(fleet: &Fleet) -> Vec<AutomatedBackup<ClusterChoices>> {
    let state = fleet.state();
    let present = |one: &&DbCluster| !state.retained_clusters.contains_key(&one.resource_id);
    let active = state.clusters.values().filter(present).map(|one| {
        let window = one.window(fleet.latest_restorable_time(&one.holder()));
        AutomatedBackup {
            portrait: one.portrait(),
            status: BackupStatus::of(window),
            window,
            tags: Vec::new(),
        }
    });
    let retained = |one: &Retained<ClusterChoices>| AutomatedBackup {
        portrait: one.portrait.clone(),
        window: one.window(),
        status: BackupStatus::Retained,
        tags: one.tags.clone(),
    };
    active
        .chain(state.retained_clusters.values().map(retained))
        .collect()
}

fn filter(one: &AutomatedBackup<ClusterChoices>, name: &str, value: &str) -> Option<bool> {
    match name {
        "status" => Some(value == one.status.name()),
        "db-cluster-id" => Some(one.portrait.identifier == cluster_identifier_of(value)),
        "db-cluster-resource-id" => Some(one.portrait.resource_id == value),
        _ => None,
    }
}

/// Deletes retained automated backups.
///
/// # Errors
/// As documented for the operation.
pub async fn delete(fleet: &Fleet, form: &Form) -> Result<Xml, AwsError> {
    let id = required(form, "DbClusterResourceId")?.to_owned();
    let taken = fleet.change(|state| {
        if state.clusters.values().any(|one| one.resource_id == id) {
            let message = format!("The cluster of the automated backup {id} is still there.");
            return Err(AwsError::new(
                "InvalidDBClusterAutomatedBackupStateFault",
                message,
            ));
        }
        let taken = state.retained_clusters.remove(&id);
        taken.ok_or_else(|| no_cluster_backup(&id))
    });
    let taken = taken.await?;
    snapshots::drop_automated(fleet, &id).await;
    fleet.until_unread(&id).await;
    remove_backups(&fleet.site.vault(&id))
        .await
        .map_err(|error| internal("remove automated backups", &error))?;
    let gone = AutomatedBackup {
        window: taken.window(),
        portrait: taken.portrait,
        status: BackupStatus::Retained,
        tags: taken.tags,
    };
    let answer = cluster_backup(&fleet.world.region, &gone);
    Ok(Xml::parent("DeleteDBClusterAutomatedBackupResult").child(answer))
}
