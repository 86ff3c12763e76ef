//! Each kind of temporary resource: how it is looked at, what shows of it, and how it is deleted.

use crate::effect::{Effect, GroupScope};
use crate::restore::{Resource, ResourceKind};
use crate::sight::{Look, Seen};

/// How to look at it.
pub(super) fn look(resource: &Resource) -> Look {
    let name = resource.name.clone();
    match resource.kind {
        ResourceKind::Database => Look::Database(name),
        ResourceKind::Cluster => Look::Cluster(name),
        ResourceKind::ParameterGroup => Look::ParameterGroup {
            name,
            scope: GroupScope::Instance,
        },
        ResourceKind::ClusterParameterGroup => Look::ParameterGroup {
            name,
            scope: GroupScope::Cluster,
        },
        ResourceKind::Secret => Look::Secret(name),
        ResourceKind::ReplicationInstance => Look::ReplicationInstance(name),
        ResourceKind::Endpoint => Look::Endpoint(name),
        ResourceKind::ReplicationTask => Look::ReplicationTask {
            name,
            tables: false,
        },
        ResourceKind::Objects => Look::Objects(name),
    }
}

/// The status of a resource; `None` if it isn't there. Secrets and objects are simply present. What wasn't looked at
/// isn't known to be gone.
pub(super) fn status_of(resource: &Resource, seen: &Seen) -> Option<String> {
    let name = &resource.name;
    let status = match resource.kind {
        ResourceKind::Database => seen
            .databases
            .get(name)
            .map(|sight| sight.as_ref().map(|sight| sight.status.clone())),
        ResourceKind::Cluster => seen
            .clusters
            .get(name)
            .map(|sight| sight.as_ref().map(|sight| sight.status.clone())),
        ResourceKind::ParameterGroup | ResourceKind::ClusterParameterGroup => {
            seen.parameter_groups.get(name).map(|there| present(*there))
        }
        ResourceKind::ReplicationInstance => seen.replication_instances.get(name).cloned(),
        ResourceKind::Endpoint => seen.endpoints.get(name).cloned(),
        ResourceKind::ReplicationTask => seen
            .replication_tasks
            .get(name)
            .map(|sight| sight.as_ref().map(|sight| sight.status.clone())),
        ResourceKind::Secret => seen.secrets.get(name).map(|there| present(*there)),
        ResourceKind::Objects => seen.objects.get(name).map(|count| present(*count > 0)),
    };
    status.unwrap_or_else(|| Some("not looked at".to_owned()))
}

fn present(there: bool) -> Option<String> {
    there.then(|| "present".to_owned())
}

/// What must be gone before that can be deleted: a cluster's instances, and whatever uses a parameter group (RDS API
/// reference, DeleteDBCluster and DeleteDBParameterGroup).
pub(super) fn users(kind: ResourceKind) -> &'static [ResourceKind] {
    match kind {
        ResourceKind::Cluster | ResourceKind::ParameterGroup => &[ResourceKind::Database],
        ResourceKind::ClusterParameterGroup => &[ResourceKind::Cluster],
        _ => &[],
    }
}

/// Secrets, objects and parameter groups have no status of being deleted.
pub(super) fn is_gone_at_once(kind: ResourceKind) -> bool {
    matches!(
        kind,
        ResourceKind::Secret
            | ResourceKind::Objects
            | ResourceKind::ParameterGroup
            | ResourceKind::ClusterParameterGroup
    )
}

/// The call that deletes it.
pub(super) fn deletion(resource: &Resource) -> Effect {
    let name = resource.name.clone();
    match resource.kind {
        ResourceKind::Database => Effect::DeleteDatabase { name },
        ResourceKind::Cluster => Effect::DeleteCluster { name },
        ResourceKind::ParameterGroup => Effect::DeleteParameterGroup {
            name,
            scope: GroupScope::Instance,
        },
        ResourceKind::ClusterParameterGroup => Effect::DeleteParameterGroup {
            name,
            scope: GroupScope::Cluster,
        },
        ResourceKind::Secret => Effect::DeleteSecret { name },
        ResourceKind::ReplicationInstance => Effect::DeleteReplicationInstance { name },
        ResourceKind::Endpoint => Effect::DeleteEndpoint { name },
        ResourceKind::ReplicationTask => Effect::DeleteReplicationTask { name },
        ResourceKind::Objects => Effect::DeleteObjects { prefix: name },
    }
}
