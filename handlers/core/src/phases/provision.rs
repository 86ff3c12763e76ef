//! Phase 2: the temporary database. An instance is restored; of Aurora the cluster is, and then its writer is made. Waits
//! for RDS to make each, then, without an event, for each to become available; hands on `ExtractDdl`.

use jiff::Timestamp;
use tenant_restore_events::{Instruction, Phase};

use crate::decision::{Choreography, Decision, Setting};
use crate::effect::{Effect, GroupScope};
use crate::error::{Cause, ErrorKind};
use crate::naming::Names;
use crate::origin::{Backups, ClusterOrigin, DatabaseOrigin};
use crate::restore::{Resource, ResourceKind, Restore, Source, internal};
use crate::restore_point::RestorePoint;
use crate::sight::{ClusterSight, DatabaseSight, Look, Seen};
use crate::source_kind::{ClusterCopy, ClusterSource, InstanceSource, Presence, SourceKind};
use crate::status::{self, Meaning};
use crate::wait::WaitFor;

/// The phase.
pub struct Provision;

impl Choreography for Provision {
    fn looks(&self, restore: &Restore, setting: &Setting) -> Vec<Look> {
        let names = restore.names(&setting.deployment);
        let mut looks = vec![Look::Database(names.temporary_database())];
        looks.extend(restore.given_up(&names).into_iter().map(Look::Database));
        if cluster_of(restore).is_some() {
            looks.push(Look::Cluster(names.temporary_cluster()));
        }
        looks
    }

    fn decide(&self, restore: Restore, seen: &Seen, setting: &Setting, now: Timestamp) -> Decision {
        let Some(source) = restore.source.clone() else {
            return Decision::fail(restore, vec![internal("the source is not known")], now);
        };
        let names = restore.names(&setting.deployment);
        match &source.kind {
            SourceKind::SingleAz(instance) | SourceKind::MultiAz(instance) => {
                let name = names.temporary_database();
                let Some(sight) = our_database(&restore, seen, &name) else {
                    return unless_deleting(restore, seen, &names, |restore| {
                        restore_instance(restore, &source, instance, &names, now)
                    });
                };
                await_instance(restore, &name, sight, now)
            }
            SourceKind::AuroraProvisioned { cluster, .. }
            | SourceKind::AuroraServerless { cluster, .. } => {
                provision_cluster(restore, &source, cluster, seen, &names, now)
            }
        }
    }
}

fn cluster_of(restore: &Restore) -> Option<&ClusterSource> {
    restore.source.as_ref()?.kind.cluster()
}

/// The instance of that name, if it is known to be ours. Another one is asked for (again): AWS answers that the name is
/// taken, and its tags tell by whom.
fn our_database<'a>(restore: &Restore, seen: &'a Seen, name: &str) -> Option<&'a DatabaseSight> {
    let sight = seen.databases.get(name).and_then(Option::as_ref);
    sight.filter(|_| restore.owns(ResourceKind::Database, name))
}

fn backups(name: &str, presence: &Presence) -> Backups {
    match presence {
        Presence::Live => Backups::Of(name.to_owned()),
        Presence::Retained { resource_id } => Backups::RetainedOf(resource_id.clone()),
    }
}

fn restore_instance(
    mut restore: Restore,
    source: &Source,
    instance: &InstanceSource,
    names: &Names,
    now: Timestamp,
) -> Decision {
    let origin = match &restore.request.restore_point {
        RestorePoint::RestoreTime(at) => DatabaseOrigin::PointInTime {
            backups: backups(&restore.request.source, &instance.presence),
            at: *at,
        },
        RestorePoint::Snapshot(snapshot) => DatabaseOrigin::Snapshot {
            id: snapshot.id.clone(),
        },
    };
    let mut effects = Vec::new();
    let parameter_group = match &instance.family {
        Some(family) => {
            effects.push(own_group(&mut restore, source, family, names, now));
            Some(names.parameter_group())
        }
        None => source.parameter_group.clone(),
    };
    let name = names.temporary_database();
    restore.note(ResourceKind::Database, &name, now);
    effects.push(Effect::RestoreDatabase {
        name,
        origin,
        parameter_group,
        storage: instance.storage.clone(),
        first_place: restore.placing.from,
    });
    Decision::wait(restore, effects, WaitFor::TemporaryDatabase, "asked for")
}

/// The parameter group of the temporary instance: the source's, but for what would let the copy act.
fn own_group(
    restore: &mut Restore,
    source: &Source,
    family: &str,
    names: &Names,
    now: Timestamp,
) -> Effect {
    let name = names.parameter_group();
    restore.note(ResourceKind::ParameterGroup, &name, now);
    Effect::DeriveParameterGroup {
        name,
        scope: GroupScope::Instance,
        family: family.to_owned(),
        source_group: source.parameter_group.clone(),
    }
}

fn await_instance(
    mut restore: Restore,
    name: &str,
    sight: &DatabaseSight,
    now: Timestamp,
) -> Decision {
    restore.confirm(name);
    if status::lacks_capacity(&sight.status) {
        restore.give_up_place();
        return delete_given_up(restore, name);
    }
    match (status::database(&sight.status), &sight.endpoint) {
        (Meaning::Fatal, _) => Decision::fail(restore, vec![stuck(name, &sight.status)], now),
        (Meaning::Usable, Some(endpoint)) => {
            if let Some(unapplied) = &sight.unapplied {
                return await_parameters(restore, name, unapplied, now);
            }
            restore.temporary = Some(endpoint.clone());
            restore.enter(Phase::Ddl, &[Instruction::ExtractDdl], now);
            Decision::rest(restore)
        }
        _ => {
            let what = if restore.database_announced || sight.status != "creating" {
                WaitFor::TemporaryDatabaseAvailable
            } else {
                WaitFor::TemporaryDatabase
            };
            let text = format!("{name} is {}", sight.status);
            Decision::wait(restore, Vec::new(), what, text)
        }
    }
}

fn delete_given_up(restore: Restore, name: &str) -> Decision {
    let text = format!("{name} had no capacity and is to be deleted");
    let name = name.to_owned();
    let effects = vec![Effect::DeleteDatabase { name }];
    Decision::wait(restore, effects, WaitFor::Deletion, text)
}

/// Before the next instance is made, one without capacity is gone: it counts in the quota, and among a cluster's members.
fn unless_deleting(
    restore: Restore,
    seen: &Seen,
    names: &Names,
    make: impl FnOnce(Restore) -> Decision,
) -> Decision {
    let given_up = restore.given_up(names);
    let shown = given_up.iter().find_map(|name| {
        let sight = seen.databases.get(name)?.as_ref()?;
        Some((name, sight))
    });
    let Some((name, sight)) = shown else {
        return make(restore);
    };
    if !status::is_deleting(&sight.status) {
        return delete_given_up(restore, name);
    }
    let told = |resource: &Resource| resource.name == *name && resource.deletion_announced;
    let what = if restore.resources.iter().any(told) {
        WaitFor::DeletionShown
    } else {
        WaitFor::Deletion
    };
    let text = format!("{name}, which had no capacity, is {}", sight.status);
    Decision::wait(restore, Vec::new(), what, text)
}

/// Without its parameters the copy could act: run scheduled jobs, or answer subscriptions.
fn await_parameters(restore: Restore, name: &str, unapplied: &str, now: Timestamp) -> Decision {
    if unapplied == "applying" {
        let text = format!("{name} applies its parameters");
        let what = WaitFor::TemporaryDatabaseAvailable;
        return Decision::wait(restore, Vec::new(), what, text);
    }
    let message = format!(
        "the parameter group of the temporary database {name} is {unapplied:?}, not in-sync"
    );
    let cause = Cause {
        remedy: "Replay the restore: RDS may take minutes until a new parameter group can be used; if it lasts, look at the \
                 group's parameters."
            .to_owned(),
        ..Cause::new(ErrorKind::ProvisioningFailed, message)
    };
    Decision::fail(restore, vec![cause], now)
}

fn provision_cluster(
    mut restore: Restore,
    source: &Source,
    cluster: &ClusterSource,
    seen: &Seen,
    names: &Names,
    now: Timestamp,
) -> Decision {
    let name = names.temporary_cluster();
    let sight = seen.clusters.get(&name).and_then(Option::as_ref);
    let Some(sight) = sight.filter(|_| restore.owns(ResourceKind::Cluster, &name)) else {
        return restore_cluster(restore, source, cluster, names, now);
    };
    restore.confirm(&name);
    match status::cluster(&sight.status) {
        Meaning::Fatal => Decision::fail(restore, vec![stuck(&name, &sight.status)], now),
        Meaning::Wait => {
            let what = if restore.cluster_announced {
                WaitFor::TemporaryClusterAvailable
            } else {
                WaitFor::TemporaryCluster
            };
            let text = format!("{name} is {}", sight.status);
            Decision::wait(restore, Vec::new(), what, text)
        }
        // A cluster is available long before it has a writer.
        Meaning::Usable => {
            let writer = names.temporary_database();
            match our_database(&restore, seen, &writer) {
                Some(database) => await_writer(restore, &writer, database, sight, now),
                None => unless_deleting(restore, seen, names, |restore| {
                    create_writer(restore, source, cluster, names, now)
                }),
            }
        }
    }
}

fn restore_cluster(
    mut restore: Restore,
    source: &Source,
    cluster: &ClusterSource,
    names: &Names,
    now: Timestamp,
) -> Decision {
    let group = names.cluster_parameter_group();
    restore.note(ResourceKind::ClusterParameterGroup, &group, now);
    let name = names.temporary_cluster();
    restore.note(ResourceKind::Cluster, &name, now);
    let scaling = match &source.kind {
        SourceKind::AuroraServerless { scaling, .. } => Some(*scaling),
        _ => None,
    };
    let effects = vec![
        Effect::DeriveParameterGroup {
            name: group.clone(),
            scope: GroupScope::Cluster,
            family: cluster.family.clone(),
            source_group: cluster.parameter_group.clone(),
        },
        Effect::RestoreCluster {
            name,
            origin: origin_of(&restore.request.restore_point, cluster),
            engine_version: cluster.engine_version.clone(),
            parameter_group: group,
            storage_type: cluster.storage_type.clone(),
            scaling,
        },
    ];
    Decision::wait(restore, effects, WaitFor::TemporaryCluster, "asked for")
}

fn origin_of(point: &RestorePoint, cluster: &ClusterSource) -> ClusterOrigin {
    match (point, cluster.copy, &cluster.presence) {
        (RestorePoint::Snapshot(snapshot), _, _) => ClusterOrigin::Snapshot {
            id: snapshot.id.clone(),
        },
        (RestorePoint::RestoreTime(_), ClusterCopy::Clone, Presence::Live) => {
            ClusterOrigin::Clone {
                source: cluster.name.clone(),
            }
        }
        (RestorePoint::RestoreTime(at), _, presence) => ClusterOrigin::PointInTime {
            backups: backups(&cluster.name, presence),
            at: *at,
        },
    }
}

fn create_writer(
    mut restore: Restore,
    source: &Source,
    cluster: &ClusterSource,
    names: &Names,
    now: Timestamp,
) -> Decision {
    let group = own_group(&mut restore, source, &cluster.family, names, now);
    let name = names.temporary_database();
    restore.note(ResourceKind::Database, &name, now);
    let class = match &source.kind {
        SourceKind::AuroraProvisioned { class, .. } => class.clone(),
        _ => "db.serverless".to_owned(),
    };
    let writer = Effect::CreateWriter {
        name,
        cluster: names.temporary_cluster(),
        class,
        parameter_group: names.parameter_group(),
        first_place: restore.placing.from,
    };
    let effects = vec![group, writer];
    Decision::wait(restore, effects, WaitFor::TemporaryDatabase, "asked for")
}

/// An instance that is available may not be shown as the cluster's writer yet.
fn await_writer(
    mut restore: Restore,
    name: &str,
    database: &DatabaseSight,
    cluster: &ClusterSight,
    now: Timestamp,
) -> Decision {
    let writes = cluster.writer.as_deref() == Some(name);
    if writes || status::database(&database.status) != Meaning::Usable {
        return await_instance(restore, name, database, now);
    }
    restore.confirm(name);
    let text = format!("{name} is {}, but not the writer yet", database.status);
    let what = WaitFor::TemporaryDatabaseAvailable;
    Decision::wait(restore, Vec::new(), what, text)
}

/// The cause when a database ended in a status it can't leave.
pub(crate) fn stuck(name: &str, status: &str) -> Cause {
    let message = format!("the temporary database {name} ended in status {status:?}");
    if status::lacks_key(status) {
        return Cause::new(ErrorKind::KeyUnusable, message);
    }
    Cause {
        remedy: status::database_remedy(status).to_owned(),
        ..Cause::new(ErrorKind::ProvisioningFailed, message)
    }
}
