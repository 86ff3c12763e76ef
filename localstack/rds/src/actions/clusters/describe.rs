//! `DescribeDBClusters`.

use std::time::Duration;

use jiff::Timestamp;
use local_cloud_wire::AwsError;
use local_cloud_wire::faults::Service;
use local_cloud_wire::query::{Form, Xml};

use crate::actions::page::{paged, passes};
use crate::answer::{ClusterScene, cluster};
use crate::faults::DESCRIBE_LAG;
use crate::fleet::Fleet;
use crate::parameters::cluster_identifier_of;
use crate::record::DbCluster;
use crate::refusal::no_cluster;

/// Describes one cluster or all that pass the filters.
///
/// # Errors
/// `DBClusterNotFoundFault`, or an invalid filter or page.
pub fn clusters(fleet: &Fleet, form: &Form) -> Result<Xml, AwsError> {
    let wanted = form
        .get("DBClusterIdentifier")
        .filter(|name| !name.is_empty())
        .map(cluster_identifier_of);
    let all: Vec<DbCluster> = fleet.state().clusters.values().cloned().collect();
    let mut found = Vec::new();
    for one in all {
        let asked = wanted.as_ref().is_none_or(|name| *name == one.identifier);
        if asked
            && passes(form, |name, value| filter(&one, name, value))?
            && !is_hidden(fleet, &one)
        {
            found.push(one);
        }
    }
    if let (Some(name), true) = (wanted, found.is_empty()) {
        return Err(no_cluster(&name));
    }
    let state = fleet.state();
    let render = |one: &DbCluster| {
        let scene = ClusterScene {
            region: &fleet.world.region,
            state: &state,
            latest: fleet.latest_restorable_time(&one.holder()),
        };
        cluster(&scene, one)
    };
    let lists = ("DescribeDBClusters", "DBClusters");
    paged(form, lists, &found, |one| one.identifier.clone(), render)
}

fn filter(one: &DbCluster, name: &str, value: &str) -> Option<bool> {
    match name {
        "db-cluster-id" => Some(one.identifier == cluster_identifier_of(value)),
        "db-cluster-resource-id" => Some(one.resource_id == value),
        "engine" => Some(one.engine.name() == value),
        _ => None,
    }
}

/// Whether a fault hides the cluster because it was asked for only just now.
fn is_hidden(fleet: &Fleet, one: &DbCluster) -> bool {
    let lag = fleet
        .world
        .faults
        .strikes(Service::Rds, DESCRIBE_LAG, &one.identifier)
        .and_then(|fault| fault.ms);
    let age = Timestamp::now().duration_since(one.asked_at).unsigned_abs();
    lag.is_some_and(|ms| age < Duration::from_millis(ms))
}
