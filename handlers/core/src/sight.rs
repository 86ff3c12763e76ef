//! What a handler looks at before it decides, and what it sees there. Plain data: no AWS types.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::admission::{Admission, Databases};
use crate::credentials::SecretVersion;
use crate::effect::GroupScope;
use crate::job::{JobResult, TablePlan};
use crate::naming::RestoreId;
use crate::price::Cost;
use crate::restore::ResourceKind;
use crate::restore_point::{DeletedSecret, SnapshotName, SnapshotSight};
use crate::source_kind::{Scaling, Storage};

/// Something to look at.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Look {
    /// The source: the DB instance or cluster, its secret and the window of its backups.
    Source(String),
    /// The target: as the source.
    Target(String),
    /// Whether the restore may go on to what costs quotas. The first look makes it wait, if it may not.
    Admission {
        /// The restore.
        id: RestoreId,
        /// Its attempt.
        attempt: u32,
        /// What it bears upon.
        databases: Databases,
    },
    /// How much room there is for a restore.
    Room {
        /// Of this instance or cluster.
        source: String,
        /// What is known of a source that was deleted, which Describe doesn't show; none of one that is there.
        remains: Option<Remains>,
        /// Into this one.
        target: String,
    },
    /// A snapshot.
    Snapshot(SnapshotName),
    /// A DB instance.
    Database(String),
    /// A DB cluster.
    Cluster(String),
    /// A parameter group.
    ParameterGroup {
        /// Its name.
        name: String,
        /// Of instances or clusters.
        scope: GroupScope,
    },
    /// A worker task, by its ARN or, before that is known, by who started it; its result too once it has stopped.
    Task {
        /// The job's name within the restore.
        job: String,
        /// The ARN, if known.
        arn: Option<String>,
        /// Who started it.
        started_by: String,
        /// S3 key of its result.
        result_key: String,
    },
    /// Every task at work that was started so, also what no record knows.
    Strays {
        /// Who started it.
        started_by: Vec<String>,
    },
    /// A DMS replication instance.
    ReplicationInstance(String),
    /// A DMS endpoint.
    Endpoint(String),
    /// The connection between a replication instance and an endpoint.
    Connection {
        /// The instance.
        instance: String,
        /// The endpoint.
        endpoint: String,
    },
    /// A DMS task.
    ReplicationTask {
        /// Its name.
        name: String,
        /// Whether to look at its tables too, once it has stopped.
        tables: bool,
    },
    /// The tables and their movers, from a job's result at this S3 key.
    Plan(String),
    /// A secret.
    Secret(String),
    /// All versions of a secret, the deprecated ones too.
    SecretVersions(String),
    /// Objects under an S3 prefix.
    Objects(String),
}

/// What was seen. A look that isn't in its map wasn't taken; a look that found nothing is there with `None`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Seen {
    /// The source.
    pub source: Option<SourceSight>,
    /// The target.
    pub target: Option<SourceSight>,
    /// The admission.
    pub admission: Option<Admission>,
    /// The room for it.
    pub room: Option<RoomSight>,
    /// The snapshot.
    pub snapshot: Option<SnapshotSight>,
    /// DB clusters.
    pub clusters: BTreeMap<String, Option<ClusterSight>>,
    /// Parameter groups: whether they exist.
    pub parameter_groups: BTreeMap<String, bool>,
    /// DB instances.
    pub databases: BTreeMap<String, Option<DatabaseSight>>,
    /// Worker tasks, by job.
    pub tasks: BTreeMap<String, Option<TaskSight>>,
    /// Worker tasks at work, whether a record knows them or not: ARN and `lastStatus`. None if that was not looked at.
    pub strays: Option<Vec<(String, String)>>,
    /// Replication instances.
    pub replication_instances: BTreeMap<String, Option<String>>,
    /// Endpoints, with their status.
    pub endpoints: BTreeMap<String, Option<String>>,
    /// Connections by endpoint: status and failure message.
    pub connections: BTreeMap<String, Option<(String, String)>>,
    /// DMS tasks.
    pub replication_tasks: BTreeMap<String, Option<ReplicationTaskSight>>,
    /// The plan.
    pub plan: Option<Vec<TablePlan>>,
    /// Secrets: whether they exist.
    pub secrets: BTreeMap<String, bool>,
    /// Versions of secrets; none of one that doesn't exist.
    pub secret_versions: BTreeMap<String, Vec<SecretVersion>>,
    /// Objects left, by prefix.
    pub objects: BTreeMap<String, usize>,
    /// What those that were found cost; a secret may have the name of an endpoint.
    pub costs: BTreeMap<(ResourceKind, String), Cost>,
}

/// The source as RDS and Secrets Manager show it.
#[derive(Debug, Clone, PartialEq)]
pub enum SourceSight {
    /// Nothing of that name.
    Unknown,
    /// An instance of its own.
    Instance(Box<SourceInstance>),
    /// A cluster, named itself or by a member.
    Cluster(Box<SourceCluster>),
    /// Deleted, but automated backups of it are retained.
    Retained(Box<RetainedBackup>),
    /// It isn't where the deployment is.
    Elsewhere {
        /// Its VPC.
        vpc: String,
        /// The deployment's.
        home: String,
    },
}

/// A DB instance as source.
#[derive(Debug, Clone, PartialEq)]
pub struct SourceInstance {
    /// What Describe shows.
    pub database: DatabaseSight,
    /// The engine, for example `postgres`.
    pub engine: String,
    /// The engine's version.
    pub engine_version: String,
    /// Resource id, which outlives a change of name.
    pub resource_id: String,
    /// Whether it has a standby.
    pub multi_az: bool,
    /// Its storage.
    pub storage: Storage,
    /// Master user.
    pub master_username: String,
    /// Parameter group.
    pub parameter_group: Option<String>,
    /// The secret with its master credentials, or why there is none that may be used.
    pub secret: Result<String, String>,
    /// How far back and forth its backups reach.
    pub window: Window,
}

/// A DB cluster as source.
#[derive(Debug, Clone, PartialEq)]
pub struct SourceCluster {
    /// Its identifier.
    pub name: String,
    /// `Status`, lower case.
    pub status: String,
    /// Address of its writer and port.
    pub endpoint: Option<(String, u16)>,
    /// The engine, for example `aurora-postgresql`; `postgres` for a Multi-AZ DB cluster.
    pub engine: String,
    /// The engine's version.
    pub engine_version: String,
    /// `provisioned`, also of Serverless v2; `serverless` of version 1.
    pub engine_mode: String,
    /// Resource id, which outlives a change of name.
    pub resource_id: String,
    /// Master user.
    pub master_username: String,
    /// Cluster parameter group.
    pub parameter_group: Option<String>,
    /// `StorageType`, if it isn't the default.
    pub storage_type: Option<String>,
    /// Bounds of Serverless v2.
    pub scaling: Option<Scaling>,
    /// The writer.
    pub writer: Option<SourceWriter>,
    /// The secret with its master credentials, or why there is none that may be used.
    pub secret: Result<String, String>,
    /// How far back and forth its backups reach.
    pub window: Window,
}

/// The writer of a source cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceWriter {
    /// `DBInstanceStatus`, lower case.
    pub status: String,
    /// `DBInstanceClass`.
    pub class: String,
    /// Parameter group.
    pub parameter_group: Option<String>,
}

/// Retained automated backups of an instance or cluster that was deleted.
#[derive(Debug, Clone, PartialEq)]
pub struct RetainedBackup {
    /// Of what; some properties of a cluster aren't in its backups.
    pub of: RetainedOf,
    /// Its resource id.
    pub resource_id: String,
    /// The engine.
    pub engine: String,
    /// The engine's version.
    pub engine_version: String,
    /// Its storage.
    pub storage: Storage,
    /// `AllocatedStorage`; none of a cluster.
    pub gigabytes: Option<u32>,
    /// Master user.
    pub master_username: String,
    /// The secret with its master credentials.
    pub secret: DeletedSecret,
    /// How far back and forth they reach.
    pub window: Window,
}

/// What retained automated backups are of.
#[derive(Debug, Clone, PartialEq)]
pub enum RetainedOf {
    /// An instance.
    Instance,
    /// A cluster.
    Cluster {
        /// `EngineMode`.
        engine_mode: String,
    },
}

/// The instants to which backups can be restored; without both ends there are none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Window {
    /// The first.
    pub earliest: Option<Timestamp>,
    /// The last.
    pub latest: Option<Timestamp>,
}

/// A temporary DB cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterSight {
    /// `Status`, lower case.
    pub status: String,
    /// The member that writes.
    pub writer: Option<String>,
    /// Whether a new master password is pending.
    pub password_pending: bool,
}

/// A DB instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatabaseSight {
    /// `DBInstanceStatus`.
    pub status: String,
    /// Address and port, near the end of its creation.
    pub endpoint: Option<(String, u16)>,
    /// `ParameterApplyStatus` of its parameter group, or its cluster's for it, unless that is `in-sync`.
    pub unapplied: Option<String>,
    /// Whether a new master password is pending.
    pub password_pending: bool,
}

/// The room for a restore.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomSight {
    /// Of production; none if it is gone.
    pub storage: Option<StorageSight>,
    /// Of the account; those that were told.
    pub quotas: Vec<Quota>,
    /// What a restore would create, as far as it is charged by the hour.
    pub makes: Vec<Made>,
}

/// What the copy of a source that was deleted will be made of, as far as something tells it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Remains {
    /// An instance. Its class is in neither backups nor snapshots.
    Instance {
        /// `StorageType`.
        storage_type: String,
        /// `AllocatedStorage`.
        gigabytes: Option<u32>,
    },
    /// A cluster, whose writer has the class that the configuration names.
    Cluster {
        /// `DBInstanceClass`.
        class: String,
    },
}

/// A temporary resource that a restore would create.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// What kind.
    pub kind: ResourceKind,
    /// What it is, in words.
    pub what: String,
    /// What it is made of and costs; none if that can't be told.
    pub cost: Option<Cost>,
}

/// The storage of an instance or cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StorageSight {
    /// It grows by itself (Aurora user guide, "Aurora storage").
    Grows,
    /// It has a size.
    Allocated {
        /// `AllocatedStorage`, GiB.
        gib: u64,
        /// `MaxAllocatedStorage`, GiB, if it may grow.
        most: Option<u64>,
    },
}

/// A quota of the account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quota {
    /// What is counted, for example `RDS DB instances`.
    pub name: String,
    /// How many there are.
    pub used: u64,
    /// How many there may be.
    pub most: u64,
    /// How many a restore adds.
    pub needed: u64,
}

/// A worker task.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskSight {
    /// Its ARN.
    pub arn: String,
    /// `lastStatus`.
    pub status: String,
    /// Exit code of the container `worker`, if it ran.
    pub exit_code: Option<i32>,
    /// Stop code and reason.
    pub reason: String,
    /// Its result, if it stopped and wrote one.
    pub result: Option<Box<JobResult>>,
}

impl TaskSight {
    /// The status of a task that ECS doesn't show any more, as it does an hour after the end, although its result is there.
    pub const FORGOTTEN: &str = "MISSING";

    /// Whether the task is over; exit codes may be set before, so only this status counts.
    pub fn stopped(&self) -> bool {
        matches!(
            self.status.as_str(),
            "STOPPED" | "DELETED" | Self::FORGOTTEN
        )
    }
}

/// A DMS task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplicationTaskSight {
    /// `Status`.
    pub status: String,
    /// `StopReason`.
    pub stop_reason: String,
    /// `LastFailureMessage`.
    pub failure: String,
    /// `TablesErrored`.
    pub tables_errored: i32,
    /// `schema.table` and state of each table, once stopped.
    pub tables: Vec<(String, String)>,
}
