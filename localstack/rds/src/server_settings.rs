//! With which settings the servers run: those of their parameter groups among them.

use std::collections::BTreeMap;
use std::sync::Arc;

use local_cloud_wire::AwsError;

use crate::actions::parameter_groups::Kind;
use crate::fleet::Fleet;
use crate::postgres::Settings;
use crate::record::{DbCluster, Holder, Instance, ParameterGroup, State};
use crate::refusal::internal;

/// The settings of an instance's server.
pub fn of_instance(fleet: &Fleet, one: &Instance) -> Settings {
    Settings {
        port: one.port,
        max_connections: fleet.config.max_connections,
        parameters: of_group(&fleet.state(), Kind::Instance, &one.choices.parameter_group),
        archive: one.choices.backup_retention > 0,
        recovery: None,
    }
}

/// The settings of a cluster's server: what its own group sets, and over it the group of the instance that writes.
pub fn of_cluster(fleet: &Fleet, one: &DbCluster) -> Settings {
    let state = fleet.state();
    let mut parameters = of_group(&state, Kind::Cluster, &one.choices.parameter_group);
    let writer = one
        .writer
        .as_ref()
        .and_then(|name| state.instances.get(name));
    if let Some(writer) = writer {
        let group = &writer.choices.parameter_group;
        parameters.extend(of_group(&state, Kind::Instance, group));
    }
    Settings {
        port: one.port,
        max_connections: fleet.config.max_connections,
        parameters,
        archive: true,
        recovery: None,
    }
}

fn of_group(state: &State, kind: Kind, name: &str) -> BTreeMap<String, String> {
    let group = kind.groups(state).get(name);
    group.map(ParameterGroup::values).unwrap_or_default()
}

/// Has the servers that run with a group take what it says now, as far as they can without a restart.
///
/// # Errors
/// `InternalFailure` if a server doesn't.
pub async fn reconfigure(fleet: &Arc<Fleet>, kind: Kind, group: &str) -> Result<(), AwsError> {
    for (holder, settings) in running_with(fleet, kind, group) {
        let Some(server) = fleet.server(&holder) else {
            continue;
        };
        server
            .reconfigure(&settings)
            .await
            .map_err(|error| internal("pass parameters on to a server", &error))?;
    }
    Ok(())
}

fn running_with(fleet: &Fleet, kind: Kind, group: &str) -> Vec<(Holder, Settings)> {
    let instances: Vec<Instance> = fleet.state().instances.values().cloned().collect();
    let clusters: Vec<DbCluster> = fleet.state().clusters.values().cloned().collect();
    let uses = |one: &&Instance| {
        kind == Kind::Instance && one.membership.is_none() && one.choices.parameter_group == group
    };
    let writes_with = |cluster: &DbCluster| {
        let mut writers = instances.iter();
        let writer = writers.find(|one| cluster.writer.as_ref() == Some(&one.identifier));
        writer.is_some_and(|writer| writer.choices.parameter_group == group)
    };
    let serves = |one: &&DbCluster| match kind {
        Kind::Instance => writes_with(one),
        Kind::Cluster => one.choices.parameter_group == group,
    };
    let of_instances = instances
        .iter()
        .filter(uses)
        .map(|one| (one.holder(), of_instance(fleet, one)));
    let of_clusters = clusters
        .iter()
        .filter(serves)
        .map(|one| (one.holder(), of_cluster(fleet, one)));
    of_instances.chain(of_clusters).collect()
}
