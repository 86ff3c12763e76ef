//! A source that was deleted: what its retained backups or a snapshot say of it. Its schemas go into another database.

use super::database::{self, AURORA, POSTGRES, Part};
use super::source::{
    Found, RESTORED_STORAGE, SERVERLESS_CLASS, judge_snapshot, storage_to_ask_for, within,
};
use crate::error::{Cause, ErrorKind};
use crate::restore::{Restore, Source};
use crate::restore_point::{DeletedSecret, FoundSnapshot, RestorePoint, SnapshotKind};
use crate::sight::{self, RetainedBackup, RetainedOf, Seen};
use crate::source_kind::{
    ClusterCopy, ClusterSource, InstanceSource, Presence, SourceKind, Storage, family,
};

/// Judges a source of which automated backups are retained.
pub(super) fn by_backups(
    restore: &Restore,
    backup: &RetainedBackup,
    seen: &Seen,
    writer_class: Option<&str>,
) -> Result<Found, Cause> {
    let name = &restore.request.source;
    let at = match &restore.request.restore_point {
        RestorePoint::RestoreTime(at) => *at,
        RestorePoint::Snapshot(_) => {
            let id = &backup.resource_id;
            return by_snapshot(restore, id, seen, writer_class);
        }
    };
    want_target(restore, "its retained automated backups")?;
    let remains = Remains {
        name,
        kind: match backup.of {
            RetainedOf::Instance => SnapshotKind::Instance,
            RetainedOf::Cluster { .. } => SnapshotKind::Cluster,
        },
        engine: &backup.engine,
        engine_mode: match &backup.of {
            RetainedOf::Instance => "",
            RetainedOf::Cluster { engine_mode } => engine_mode,
        },
        version: &backup.engine_version,
        storage: &backup.storage,
        gigabytes: backup.gigabytes,
        master_username: &backup.master_username,
        secret: &backup.secret,
        presence: Presence::Retained {
            resource_id: backup.resource_id.clone(),
        },
    };
    Ok(Found {
        objection: within(name, backup.window, at).err(),
        ..remains.found(writer_class)?
    })
}

/// Judges a source that is gone, with a snapshot of it. The resource id is empty where nothing else tells of the source.
pub(super) fn by_snapshot(
    restore: &Restore,
    resource_id: &str,
    seen: &Seen,
    writer_class: Option<&str>,
) -> Result<Found, Cause> {
    let name = &restore.request.source;
    let RestorePoint::Snapshot(snapshot) = &restore.request.restore_point else {
        return Err(Part::Source.unknown(name));
    };
    let kind = snapshot.kind;
    let found = judge_snapshot(snapshot, seen, kind, name, resource_id)?;
    want_target(restore, "a snapshot of it")?;
    Remains::of_snapshot(name, found).found(writer_class)
}

/// What a restore's copy will be made of if its source was deleted.
pub(super) fn remains(restore: &Restore) -> Option<sight::Remains> {
    let source = restore.source.as_ref()?;
    if source.endpoint.is_some() {
        return None;
    }
    Some(match &source.kind {
        SourceKind::SingleAz(facts) | SourceKind::MultiAz(facts) => sight::Remains::Instance {
            storage_type: match &facts.storage {
                Some(storage) => storage.storage_type.clone(),
                None => RESTORED_STORAGE.to_owned(),
            },
            gigabytes: facts.gigabytes,
        },
        SourceKind::AuroraProvisioned { class, .. } => sight::Remains::Cluster {
            class: class.clone(),
        },
        SourceKind::AuroraServerless { .. } => return None,
    })
}

fn want_target(restore: &Restore, remains: &str) -> Result<(), Cause> {
    if restore.request.target.is_some() {
        return Ok(());
    }
    let name = &restore.request.source;
    let message = format!(
        "{name:?} was deleted; {remains} can be restored, but there is no database left that the schemas could go into"
    );
    let mut cause = Cause::new(ErrorKind::SourceUnknown, message).at("target");
    cause.remedy =
        "Name the DB instance or cluster that the schemas go into in `target`.".to_owned();
    Err(cause)
}

fn not_opted_in(reason: &str) -> Cause {
    let mut cause = Part::Source.not_allowed(reason);
    cause.remedy = "Tag the retained backups, or the snapshot, with tenant-restore:secret: the name of the deleted source's \
                    secret, or `managed` if it has none any more."
        .to_owned();
    cause
}

/// What is left of a source.
struct Remains<'a> {
    name: &'a str,
    kind: SnapshotKind,
    engine: &'a str,
    /// Empty of an instance, and of a cluster's snapshot.
    engine_mode: &'a str,
    version: &'a str,
    storage: &'a Storage,
    gigabytes: Option<u32>,
    master_username: &'a str,
    secret: &'a DeletedSecret,
    presence: Presence,
}

impl<'a> Remains<'a> {
    fn of_snapshot(name: &'a str, found: &'a FoundSnapshot) -> Self {
        Self {
            name,
            kind: found.kind,
            engine: &found.engine,
            engine_mode: "",
            version: &found.engine_version,
            storage: &found.storage,
            gigabytes: found.gigabytes,
            master_username: &found.master_username,
            secret: &found.secret,
            presence: Presence::Live,
        }
    }

    /// Neither parameter groups nor, of a cluster, class and bounds of its instances outlive it (RDS user guide,
    /// "Retaining automated backups").
    fn found(self, writer_class: Option<&str>) -> Result<Found, Cause> {
        let kind = match self.kind {
            SnapshotKind::Instance => self.instance()?,
            SnapshotKind::Cluster => self.cluster(writer_class)?,
        };
        let secret = self.secret.clone();
        let secret = secret.map_err(|reason| not_opted_in(&reason))?;
        let source = Source {
            endpoint: None,
            secret,
            master_username: self.master_username.to_owned(),
            parameter_group: None,
            kind,
        };
        Ok(Found {
            source,
            version: self.version.to_owned(),
            warning: None,
            objection: None,
        })
    }

    fn instance(&self) -> Result<SourceKind, Cause> {
        if self.engine != POSTGRES {
            let message = database::other_engine(self.name, self.engine);
            return Err(Part::Source.unsupported(message));
        }
        // Whether it had a standby makes no difference to its copy, which never has one.
        Ok(SourceKind::SingleAz(InstanceSource {
            presence: self.presence.clone(),
            family: Some(family(POSTGRES, self.version)),
            storage: Some(self.storage)
                .filter(|storage| !storage.storage_type.is_empty())
                .and_then(storage_to_ask_for),
            gigabytes: self.gigabytes,
        }))
    }

    fn cluster(&self, writer_class: Option<&str>) -> Result<SourceKind, Cause> {
        let name = self.name;
        database::refuse_other_clusters(Part::Source, name, self.engine, self.engine_mode)?;
        let class = writer_class.filter(|class| *class != SERVERLESS_CLASS);
        let Some(class) = class else {
            let message = format!(
                "the cluster {name:?} was deleted, and what is left of it doesn't tell the class of its instances"
            );
            let mut cause = Part::Source.unsupported(message);
            cause.remedy = "Configure `databases.writer.class`, the class of temporary writers (not db.serverless, whose bounds nobody \
                            knows), then replay the restore."
                .to_owned();
            return Err(cause);
        };
        let storage = &self.storage.storage_type;
        let cluster = ClusterSource {
            name: name.to_owned(),
            presence: self.presence.clone(),
            engine_version: self.version.to_owned(),
            family: family(AURORA, self.version),
            parameter_group: None,
            storage_type: (storage == "aurora-iopt1").then(|| storage.clone()),
            copy: ClusterCopy::Full,
        };
        let class = class.to_owned();
        Ok(SourceKind::AuroraProvisioned { cluster, class })
    }
}
