//! What RDS says of the source and the restore point, judged before anything is created.

use jiff::Timestamp;

use super::database::{self, AURORA, POSTGRES, Part};
use super::deleted;
use crate::error::{Cause, ErrorKind};
use crate::restore::{Restore, Source, internal};
use crate::restore_point::{FoundSnapshot, RestorePoint, Snapshot, SnapshotKind, SnapshotSight};
use crate::sight::{Seen, SourceCluster, SourceInstance, SourceSight, Window};
use crate::source_kind::{
    ClusterCopy, ClusterSource, InstanceSource, Presence, Scaling, SourceKind, Storage, family,
};

/// The storage type that RDS restores to by itself (RDS API reference, RestoreDBInstanceToPointInTime).
pub(super) const RESTORED_STORAGE: &str = "gp3";

pub(super) const SERVERLESS_CLASS: &str = "db.serverless";

/// A source that can be looked into.
pub(super) struct Found {
    pub(super) source: Source,
    /// The engine's version of what is restored.
    pub(super) version: String,
    /// What a person should know of it.
    pub(super) warning: Option<Cause>,
    /// Why it can't be restored from that restore point. The preflight looks at the rest all the same, so that everything
    /// is told at once.
    pub(super) objection: Option<Cause>,
}

/// Judges source and restore point. The class is that of temporary writers, where the configuration names one.
pub(super) fn judge(
    restore: &Restore,
    seen: &Seen,
    writer_class: Option<&str>,
    now: Timestamp,
) -> Result<Found, Cause> {
    match &seen.source {
        None => Err(internal("the source was not looked at")),
        Some(SourceSight::Unknown) => deleted::by_snapshot(restore, "", seen, writer_class),
        Some(SourceSight::Retained(backup)) => {
            deleted::by_backups(restore, backup, seen, writer_class)
        }
        Some(SourceSight::Elsewhere { vpc, home }) => {
            Err(Part::Source.elsewhere(&restore.request.source, vpc, home))
        }
        Some(SourceSight::Instance(instance)) => judge_instance(restore, instance, seen),
        Some(SourceSight::Cluster(cluster)) => judge_cluster(restore, cluster, seen, now),
    }
}

fn judge_instance(
    restore: &Restore,
    instance: &SourceInstance,
    seen: &Seen,
) -> Result<Found, Cause> {
    let name = &restore.request.source;
    let server = database::instance(Part::Source, name, instance)?;
    let of_source = || instance.engine_version.clone();
    let (version, objection) = match &restore.request.restore_point {
        RestorePoint::RestoreTime(at) => (of_source(), within(name, instance.window, *at).err()),
        RestorePoint::Snapshot(snapshot) => {
            let id = &instance.resource_id;
            match judge_snapshot(snapshot, seen, SnapshotKind::Instance, name, id) {
                Ok(found) => (found.engine_version.clone(), None),
                Err(cause) => (of_source(), Some(cause)),
            }
        }
    };
    let facts = InstanceSource {
        presence: Presence::Live,
        family: Some(family(POSTGRES, &version)),
        storage: storage_to_ask_for(&instance.storage),
        gigabytes: None,
    };
    let source = Source {
        endpoint: Some(server.endpoint()),
        secret: Some(server.secret),
        master_username: instance.master_username.clone(),
        parameter_group: instance.parameter_group.clone(),
        kind: if instance.multi_az {
            SourceKind::MultiAz(facts)
        } else {
            SourceKind::SingleAz(facts)
        },
    };
    Ok(Found {
        source,
        version,
        warning: None,
        objection,
    })
}

/// RDS restores to gp3 by itself.
pub(super) fn storage_to_ask_for(storage: &Storage) -> Option<Storage> {
    (storage.storage_type != RESTORED_STORAGE).then(|| storage.clone())
}

fn judge_cluster(
    restore: &Restore,
    cluster: &SourceCluster,
    seen: &Seen,
    now: Timestamp,
) -> Result<Found, Cause> {
    let name = &cluster.name;
    let (server, writer) = database::cluster(Part::Source, cluster)?;
    let of_source = || cluster.engine_version.clone();
    let mut copy = ClusterCopy::Full;
    let (version, objection) = match &restore.request.restore_point {
        RestorePoint::RestoreTime(at) => match copy_of(name, cluster.window, *at, now) {
            Ok(found) => {
                copy = found;
                (of_source(), None)
            }
            Err(cause) => (of_source(), Some(cause)),
        },
        RestorePoint::Snapshot(snapshot) => {
            let id = &cluster.resource_id;
            match judge_snapshot(snapshot, seen, SnapshotKind::Cluster, name, id) {
                Ok(found) => (found.engine_version.clone(), None),
                Err(cause) => (of_source(), Some(cause)),
            }
        }
    };
    let cloned = copy == ClusterCopy::Clone;
    let warning = cloned.then(|| clone_warning(restore.request.restore_point.instant()));
    let facts = ClusterSource {
        name: name.clone(),
        presence: Presence::Live,
        family: family(AURORA, &version),
        engine_version: version.clone(),
        parameter_group: cluster.parameter_group.clone(),
        storage_type: cluster.storage_type.clone(),
        copy,
    };
    let source = Source {
        endpoint: Some(server.endpoint()),
        secret: Some(server.secret),
        master_username: cluster.master_username.clone(),
        parameter_group: writer.parameter_group.clone(),
        kind: kind_of(facts, &writer.class, cluster.scaling),
    };
    Ok(Found {
        source,
        version,
        warning,
        objection,
    })
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

pub(super) fn within(name: &str, window: Window, wanted: Timestamp) -> Result<(), Cause> {
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

pub(super) fn judge_snapshot<'a>(
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
