//! What RDS says of the source and the restore point, judged before anything is created.

use jiff::Timestamp;

use crate::error::{Cause, ErrorKind};
use crate::restore::{Restore, Source, internal};
use crate::restore_point::{FoundSnapshot, RestorePoint, Snapshot, SnapshotKind, SnapshotSight};
use crate::sight::{RetainedBackup, Seen, SourceCluster, SourceInstance, SourceSight, Window};
use crate::source_kind::{
    ClusterCopy, ClusterSource, InstanceSource, Presence, Scaling, SourceKind, Storage, family,
};
use crate::status;

const POSTGRES: &str = "postgres";
const AURORA: &str = "aurora-postgresql";
const SERVERLESS_CLASS: &str = "db.serverless";

/// A source that can be restored from, and what a person should know of it.
pub(super) struct Judged {
    pub(super) source: Source,
    pub(super) warning: Option<Cause>,
}

/// Judges source and restore point.
pub(super) fn judge(restore: &Restore, seen: &Seen, now: Timestamp) -> Result<Judged, Cause> {
    let name = &restore.request.source;
    match &seen.source {
        None => Err(internal("the source was not looked at")),
        Some(SourceSight::Unknown) => {
            let message = format!("no DB instance or cluster is called {name:?}");
            Err(Cause::new(ErrorKind::SourceUnknown, message).at("source"))
        }
        Some(SourceSight::Retained(backup)) => Err(deleted(name, backup)),
        Some(SourceSight::Elsewhere { vpc, home }) => Err(elsewhere(name, vpc, home).at("source")),
        Some(SourceSight::Instance(instance)) => judge_instance(restore, instance, seen),
        Some(SourceSight::Cluster(cluster)) => judge_cluster(restore, cluster, seen, now),
    }
}

fn deleted(name: &str, backup: &RetainedBackup) -> Cause {
    let window = backup.window;
    let until = window
        .latest
        .map(|latest| format!(" up to {latest}"))
        .unwrap_or_default();
    let message = format!(
        "{name:?} was deleted; its retained backups reach{until}, but there is no database to restore into"
    );
    Cause::new(ErrorKind::SourceUnknown, message).at("source")
}

/// Nothing of ours reaches a database in another VPC.
fn elsewhere(name: &str, vpc: &str, home: &str) -> Cause {
    let message = format!(
        "{name:?} lies in the VPC {vpc}, not in the deployment's {home}: no task of it gets there"
    );
    Cause::new(ErrorKind::OtherNetwork, message)
}

fn unsupported(message: String) -> Cause {
    Cause::new(ErrorKind::NotSupported, message).at("source")
}

fn in_state(what: &str, status: &str) -> Cause {
    let message = format!("{what} is in status {status:?}");
    let kind = if status::lacks_key(status) {
        ErrorKind::KeyUnusable
    } else {
        ErrorKind::SourceState
    };
    Cause::new(kind, message).at("source")
}

fn usable_secret(secret: &Result<String, String>) -> Result<String, Cause> {
    let refuse = |reason: &String| Cause::new(ErrorKind::SourceNotAllowed, reason).at("source");
    secret.clone().map_err(|reason| refuse(&reason))
}

fn judge_instance(
    restore: &Restore,
    instance: &SourceInstance,
    seen: &Seen,
) -> Result<Judged, Cause> {
    let name = &restore.request.source;
    if instance.engine != POSTGRES {
        let engine = &instance.engine;
        return Err(unsupported(format!(
            "{name:?} runs the engine {engine:?}; only PostgreSQL is supported"
        )));
    }
    let state = &instance.database.status;
    let endpoint = instance.database.endpoint.clone();
    let (host, port) = endpoint
        .filter(|_| status::source_is_usable(state))
        .ok_or_else(|| in_state(&format!("{name:?}"), state))?;
    let secret = usable_secret(&instance.secret)?;
    let version = match &restore.request.restore_point {
        RestorePoint::RestoreTime(at) => {
            within(name, instance.window, *at)?;
            instance.engine_version.clone()
        }
        RestorePoint::Snapshot(snapshot) => {
            let id = &instance.resource_id;
            let found = judge_snapshot(snapshot, seen, SnapshotKind::Instance, name, id)?;
            found.engine_version.clone()
        }
    };
    let facts = InstanceSource {
        presence: Presence::Live,
        family: Some(family(POSTGRES, &version)),
        storage: storage_to_ask_for(&instance.storage),
    };
    let source = Source {
        host,
        port,
        secret,
        master_username: instance.master_username.clone(),
        parameter_group: instance.parameter_group.clone(),
        kind: if instance.multi_az {
            SourceKind::MultiAz(facts)
        } else {
            SourceKind::SingleAz(facts)
        },
    };
    let warning = None;
    Ok(Judged { source, warning })
}

/// RDS restores to gp3 by itself.
fn storage_to_ask_for(storage: &Storage) -> Option<Storage> {
    (storage.storage_type != "gp3").then(|| storage.clone())
}

fn judge_cluster(
    restore: &Restore,
    cluster: &SourceCluster,
    seen: &Seen,
    now: Timestamp,
) -> Result<Judged, Cause> {
    let name = &cluster.name;
    refuse_other_clusters(cluster)?;
    let state = &cluster.status;
    let endpoint = cluster.endpoint.clone();
    let (host, port) = endpoint
        .filter(|_| status::source_cluster_is_usable(state))
        .ok_or_else(|| in_state(&format!("the cluster {name:?}"), state))?;
    let writer = cluster.writer.as_ref().ok_or_else(|| {
        let message = format!("the cluster {name:?} has no writer");
        Cause::new(ErrorKind::SourceState, message).at("source")
    })?;
    if !status::source_is_usable(&writer.status) {
        let what = format!("the writer of the cluster {name:?}");
        return Err(in_state(&what, &writer.status));
    }
    let secret = usable_secret(&cluster.secret)?;
    let (copy, warning, version) = match &restore.request.restore_point {
        RestorePoint::RestoreTime(at) => {
            let copy = copy_of(name, cluster.window, *at, now)?;
            let warning = (copy == ClusterCopy::Clone).then(|| clone_warning(*at));
            (copy, warning, cluster.engine_version.clone())
        }
        RestorePoint::Snapshot(snapshot) => {
            let id = &cluster.resource_id;
            let found = judge_snapshot(snapshot, seen, SnapshotKind::Cluster, name, id)?;
            (ClusterCopy::Full, None, found.engine_version.clone())
        }
    };
    let facts = ClusterSource {
        name: name.clone(),
        presence: Presence::Live,
        family: family(AURORA, &version),
        engine_version: version,
        parameter_group: cluster.parameter_group.clone(),
        storage_type: cluster.storage_type.clone(),
        copy,
    };
    let source = Source {
        host,
        port,
        secret,
        master_username: cluster.master_username.clone(),
        parameter_group: writer.parameter_group.clone(),
        kind: kind_of(facts, &writer.class, cluster.scaling),
    };
    Ok(Judged { source, warning })
}

fn refuse_other_clusters(cluster: &SourceCluster) -> Result<(), Cause> {
    let SourceCluster {
        name,
        engine,
        engine_mode,
        ..
    } = cluster;
    match (engine.as_str(), engine_mode.as_str()) {
        (AURORA, "serverless") => Err(unsupported(format!(
            "{name:?} is an Aurora Serverless v1 cluster; only provisioned and Serverless v2 are supported"
        ))),
        (AURORA, _) => Ok(()),
        (POSTGRES, _) => Err(unsupported(format!(
            "{name:?} is a Multi-AZ DB cluster; only instances and Aurora clusters are supported"
        ))),
        _ => Err(unsupported(format!(
            "{name:?} runs the engine {engine:?}; only PostgreSQL is supported"
        ))),
    }
}

fn kind_of(cluster: ClusterSource, class: &str, scaling: Option<Scaling>) -> SourceKind {
    if class == SERVERLESS_CLASS {
        let given = scaling.unwrap_or(Scaling { min: 0.0, max: 0.0 });
        let scaling = Scaling::awake(given.min, given.max);
        return SourceKind::AuroraServerless { cluster, scaling };
    }
    let class = class.to_owned();
    SourceKind::AuroraProvisioned { cluster, class }
}

/// What isn't in the backups yet can only be cloned: a clone takes no instant but now (RDS API reference,
/// RestoreDBClusterToPointInTime).
fn copy_of(
    name: &str,
    window: Window,
    at: Timestamp,
    now: Timestamp,
) -> Result<ClusterCopy, Cause> {
    match window.latest {
        Some(latest) if at >= latest && at <= now => Ok(ClusterCopy::Clone),
        _ => within(name, window, at).map(|()| ClusterCopy::Full),
    }
}

fn clone_warning(at: Timestamp) -> Cause {
    let message = format!(
        "{at} isn't before the latest restorable time of the cluster: what is restored is a clone of the cluster as it is \
         when the clone is made, some time later"
    );
    let mut cause = Cause::new(ErrorKind::RestorePointOutOfWindow, message);
    cause.remedy =
        "Ask again some minutes later, with the same time, if nothing that came after it may be restored."
            .to_owned();
    cause
}

fn within(name: &str, window: Window, wanted: Timestamp) -> Result<(), Cause> {
    let message = match (window.earliest, window.latest) {
        (Some(earliest), Some(latest)) if (earliest..=latest).contains(&wanted) => return Ok(()),
        (Some(earliest), Some(latest)) => {
            format!(
                "`restoreTime` {wanted} lies outside the backups' window, {earliest} to {latest}"
            )
        }
        _ => format!("{name:?} has no automated backups to restore from"),
    };
    Err(Cause::new(ErrorKind::RestorePointOutOfWindow, message).at("restoreTime"))
}

fn judge_snapshot<'a>(
    snapshot: &Snapshot,
    seen: &'a Seen,
    kind: SnapshotKind,
    source: &str,
    resource_id: &str,
) -> Result<&'a FoundSnapshot, Cause> {
    let id = &snapshot.id;
    let refuse = |kind, message: String| Err(Cause::new(kind, message).at("snapshotId"));
    let found = match &seen.snapshot {
        None => return Err(internal("the snapshot was not looked at")),
        Some(SnapshotSight::Found(found)) => found,
        Some(SnapshotSight::Unknown | SnapshotSight::Ambiguous) => {
            return refuse(
                ErrorKind::SnapshotUnknown,
                format!("the snapshot {id:?} isn't there any more"),
            );
        }
    };
    if found.shared && found.encrypted {
        return refuse(
            ErrorKind::SnapshotShared,
            format!("the snapshot {id:?} is shared by another account and encrypted"),
        );
    }
    let same_id = found.resource_id.as_deref() == Some(resource_id);
    let same_name = found.source == source && !found.shared;
    if found.kind != kind || !(same_id || same_name) {
        let of = match found.kind {
            SnapshotKind::Instance => "instance",
            SnapshotKind::Cluster => "cluster",
        };
        let message = format!(
            "the snapshot {id:?} is of the {of} {:?}, not of {source:?}",
            found.source
        );
        return refuse(ErrorKind::SnapshotOfAnother, message);
    }
    if found.status != "available" {
        let message = format!("the snapshot {id:?} is in status {:?}", found.status);
        return refuse(ErrorKind::SnapshotNotReady, message);
    }
    Ok(found)
}
