//! What a decision asks the shell to do. Each effect is idempotent: its names are derived from the restore.

use jiff::Timestamp;
use tenant_restore_events::outgoing::{Ended, Planned};

use crate::job::Job;
use crate::origin::{ClusterOrigin, DatabaseOrigin};
use crate::restore::ResourceKind;
use crate::source_kind::{Scaling, Storage};

/// What a parameter group is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum GroupScope {
    /// Instances.
    Instance,
    /// Clusters.
    Cluster,
}

impl From<GroupScope> for ResourceKind {
    fn from(scope: GroupScope) -> Self {
        match scope {
            GroupScope::Instance => Self::ParameterGroup,
            GroupScope::Cluster => Self::ClusterParameterGroup,
        }
    }
}

/// One thing to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Make a parameter group of the source's parameters, but for what would let the copy act; or make it so again.
    DeriveParameterGroup {
        /// Its name.
        name: String,
        /// Of instances or clusters.
        scope: GroupScope,
        /// Its family.
        family: String,
        /// The source's group; none if that is gone with its source.
        source_group: Option<String>,
    },
    /// Restore a DB instance.
    RestoreDatabase {
        /// The new instance.
        name: String,
        /// From what.
        origin: DatabaseOrigin,
        /// Its parameter group.
        parameter_group: Option<String>,
        /// Its storage, where it must be asked for.
        storage: Option<Storage>,
        /// The first place to try; those before had no capacity.
        first_place: u32,
    },
    /// Restore an Aurora cluster, without an instance.
    RestoreCluster {
        /// The new cluster.
        name: String,
        /// From what.
        origin: ClusterOrigin,
        /// The engine's version: one of a snapshot isn't taken over by itself (RDS API reference).
        engine_version: String,
        /// Its parameter group.
        parameter_group: String,
        /// Its storage, if it isn't the default.
        storage_type: Option<String>,
        /// Its bounds, if its writer is to be Serverless v2.
        scaling: Option<Scaling>,
    },
    /// `CreateDBInstance` in a cluster: its writer.
    CreateWriter {
        /// The instance.
        name: String,
        /// The cluster.
        cluster: String,
        /// `DBInstanceClass`.
        class: String,
        /// Its parameter group.
        parameter_group: String,
        /// The first place to try; those before had no capacity.
        first_place: u32,
    },
    /// Make a secret with a generated password, unless it is there and ours.
    CreateSecret {
        /// Its name.
        name: String,
        /// User name in it.
        username: String,
        /// Address in it.
        host: String,
        /// Port in it.
        port: u16,
    },
    /// `ModifyDBInstance` with the password of a secret.
    ResetPassword {
        /// The instance.
        database: String,
        /// The secret.
        secret: String,
    },
    /// Write the job's document and run a worker task.
    RunTask {
        /// The job's name within the restore.
        name: String,
        /// S3 key of its document.
        key: String,
        /// Who starts it.
        started_by: String,
        /// Idempotency token.
        token: String,
        /// The document.
        job: Box<Job>,
    },
    /// `StopTask`.
    StopTask {
        /// The task.
        arn: String,
    },
    /// `CreateReplicationInstance`.
    CreateReplicationInstance {
        /// Its name.
        name: String,
    },
    /// `CreateEndpoint`.
    CreateEndpoint {
        /// Its name.
        name: String,
        /// Source or target.
        source: bool,
        /// The secret with its login, host and port.
        secret: String,
        /// The database.
        database: String,
    },
    /// `TestConnection`.
    TestConnection {
        /// The replication instance.
        instance: String,
        /// The endpoint.
        endpoint: String,
    },
    /// `CreateReplicationTask`.
    CreateReplicationTask {
        /// Its name.
        name: String,
        /// The replication instance.
        instance: String,
        /// Source endpoint.
        source: String,
        /// Target endpoint.
        target: String,
        /// The schema, under its restored name on both sides.
        schema: String,
        /// Its tables.
        tables: Vec<String>,
    },
    /// `StartReplicationTask`.
    StartReplicationTask {
        /// Its name.
        name: String,
        /// Whether it ran before and is to load its tables again.
        reload: bool,
    },
    /// `StopReplicationTask`.
    StopReplicationTask {
        /// Its name.
        name: String,
    },
    /// `DeleteReplicationTask`.
    DeleteReplicationTask {
        /// Its name.
        name: String,
    },
    /// `DeleteEndpoint`.
    DeleteEndpoint {
        /// Its name.
        name: String,
    },
    /// `DeleteReplicationInstance`.
    DeleteReplicationInstance {
        /// Its name.
        name: String,
    },
    /// `DeleteDBInstance`.
    DeleteDatabase {
        /// Its name.
        name: String,
    },
    /// `DeleteDBCluster`; its instances are gone.
    DeleteCluster {
        /// Its name.
        name: String,
    },
    /// `DeleteDBParameterGroup` or `DeleteDBClusterParameterGroup`.
    DeleteParameterGroup {
        /// Its name.
        name: String,
        /// Of instances or clusters.
        scope: GroupScope,
    },
    /// `DeleteSecret` without a recovery window.
    DeleteSecret {
        /// Its name.
        name: String,
    },
    /// Delete all objects under a prefix.
    DeleteObjects {
        /// The prefix.
        prefix: String,
    },
    /// Write the report, publish the outcome and send the notice.
    Announce {
        /// The outcome.
        ended: Box<Ended>,
        /// S3 key of the report as JSON.
        report_key: String,
        /// S3 key of the report as a page.
        page_key: String,
        /// S3 keys of the jobs' results.
        results: Vec<String>,
    },
    /// Tell what a restore would do.
    TellPlan {
        /// The answer.
        planned: Box<Planned>,
    },
    /// Tell that a failed restore is held.
    TellHeld {
        /// The phase that failed.
        phase: tenant_restore_events::Phase,
        /// Until when.
        until: Timestamp,
    },
    /// Give the claimed target names back.
    ReleaseClaims,
    /// Give the place among the admitted back, and call those who may go now.
    ReleaseAdmission,
}

impl Effect {
    /// What is deleted, if it is a deletion.
    pub fn deletes(&self) -> Option<(ResourceKind, &str)> {
        Some(match self {
            Self::DeleteReplicationTask { name } => (ResourceKind::ReplicationTask, name),
            Self::DeleteEndpoint { name } => (ResourceKind::Endpoint, name),
            Self::DeleteReplicationInstance { name } => (ResourceKind::ReplicationInstance, name),
            Self::DeleteDatabase { name } => (ResourceKind::Database, name),
            Self::DeleteCluster { name } => (ResourceKind::Cluster, name),
            Self::DeleteParameterGroup { name, scope } => (ResourceKind::from(*scope), name),
            Self::DeleteSecret { name } => (ResourceKind::Secret, name),
            Self::DeleteObjects { prefix } => (ResourceKind::Objects, prefix),
            _ => return None,
        })
    }

    /// What may exist afterwards that has to be deleted again, if anything may.
    pub fn creates(&self) -> Option<(ResourceKind, &str)> {
        match self {
            Self::DeriveParameterGroup { name, scope, .. } => {
                Some((ResourceKind::from(*scope), name))
            }
            Self::RestoreDatabase { name, .. } | Self::CreateWriter { name, .. } => {
                Some((ResourceKind::Database, name))
            }
            Self::RestoreCluster { name, .. } => Some((ResourceKind::Cluster, name)),
            Self::CreateSecret { name, .. } => Some((ResourceKind::Secret, name)),
            // Its job lies there.
            Self::RunTask { job, .. } => Some((ResourceKind::Objects, &job.work_prefix)),
            Self::CreateReplicationInstance { name } => {
                Some((ResourceKind::ReplicationInstance, name))
            }
            Self::CreateEndpoint { name, .. } => Some((ResourceKind::Endpoint, name)),
            Self::CreateReplicationTask { name, .. } => Some((ResourceKind::ReplicationTask, name)),
            Self::ResetPassword { .. }
            | Self::StopTask { .. }
            | Self::TestConnection { .. }
            | Self::StartReplicationTask { .. }
            | Self::StopReplicationTask { .. }
            | Self::DeleteReplicationTask { .. }
            | Self::DeleteEndpoint { .. }
            | Self::DeleteReplicationInstance { .. }
            | Self::DeleteDatabase { .. }
            | Self::DeleteCluster { .. }
            | Self::DeleteParameterGroup { .. }
            | Self::DeleteSecret { .. }
            | Self::DeleteObjects { .. }
            | Self::Announce { .. }
            | Self::TellPlan { .. }
            | Self::TellHeld { .. }
            | Self::ReleaseClaims
            | Self::ReleaseAdmission => None,
        }
    }

    /// What its answer teaches in any case, or that it won't be made: what it creates is no longer on its way.
    pub fn answered(&self) -> Option<Learned> {
        let (kind, name) = self.creates()?;
        let name = name.to_owned();
        Some(Learned::Answered { kind, name })
    }

    /// What is done, for log and audit: no secret, no row value.
    pub fn describe(&self) -> String {
        match self {
            Self::DeriveParameterGroup { name, family, .. } => {
                format!("make the parameter group {name} of family {family}")
            }
            Self::RestoreDatabase { name, origin, .. } => format!("restore {origin} as {name}"),
            Self::RestoreCluster { name, origin, .. } => {
                format!("restore {origin} as cluster {name}")
            }
            Self::CreateWriter { name, cluster, .. } => {
                format!("create {name} as the writer of {cluster}")
            }
            Self::CreateSecret { name, .. } => format!("create secret {name}"),
            Self::ResetPassword { database, .. } => {
                format!("reset the master password of {database}")
            }
            Self::RunTask { name, .. } => format!("run task {name}"),
            Self::StopTask { arn } => format!("stop task {arn}"),
            Self::CreateReplicationInstance { name } => {
                format!("create replication instance {name}")
            }
            Self::CreateEndpoint { name, .. } => format!("create endpoint {name}"),
            Self::TestConnection { endpoint, .. } => format!("test the connection of {endpoint}"),
            Self::CreateReplicationTask { name, tables, .. } => {
                format!("create replication task {name} for {} tables", tables.len())
            }
            Self::StartReplicationTask { name, reload: true } => {
                format!("start replication task {name} again")
            }
            Self::StartReplicationTask { name, .. } => format!("start replication task {name}"),
            Self::TellPlan { planned } => {
                let verdict = if planned.possible {
                    "possible"
                } else {
                    "impossible"
                };
                format!("tell the plan: {verdict}")
            }
            Self::TellHeld { until, .. } => format!("tell that it is held until {until}"),
            Self::StopReplicationTask { name } => format!("stop replication task {name}"),
            Self::DeleteReplicationTask { name } => format!("delete replication task {name}"),
            Self::DeleteEndpoint { name } => format!("delete endpoint {name}"),
            Self::DeleteReplicationInstance { name } => {
                format!("delete replication instance {name}")
            }
            Self::DeleteDatabase { name } => format!("delete temporary database {name}"),
            Self::DeleteCluster { name } => format!("delete temporary cluster {name}"),
            Self::DeleteParameterGroup { name, .. } => format!("delete parameter group {name}"),
            Self::DeleteSecret { name } => format!("delete secret {name}"),
            Self::DeleteObjects { prefix } => format!("delete objects under {prefix}"),
            Self::Announce { ended, .. } => format!("announce {}", ended.outcome.detail_type()),
            Self::ReleaseClaims => "release the claimed names".to_owned(),
            Self::ReleaseAdmission => "release the admission".to_owned(),
        }
    }
}

/// What an effect taught the shell; the record takes it in before the next decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Learned {
    /// A task runs under this ARN.
    Task {
        /// Who started it: tells the runs of a job from each other.
        started_by: String,
        /// The ARN.
        arn: String,
    },
    /// A task was started of this revision of the task definition.
    Worker {
        /// The ARN, with its revision.
        definition: String,
        /// The one that the restore kept to and that is gone, if so.
        in_place_of: Option<String>,
    },
    /// A resource is made for us; Describe may not show it yet.
    Made {
        /// Its name.
        name: String,
    },
    /// A resource exists and is ours.
    Exists {
        /// Its name.
        name: String,
    },
    /// A database was made elsewhere than wanted, for lack of capacity.
    Elsewhere {
        /// The database.
        name: String,
        /// The number of the place, from 0.
        number: u32,
        /// Where, and of which class.
        place: String,
        /// What was tried before.
        refused: Vec<String>,
    },
    /// RDS took the new master password.
    PasswordAccepted {
        /// Whether its answer shows it as pending.
        pending: bool,
    },
    /// Something of this name exists and isn't this restore's; it stays.
    NotOurs {
        /// The kind of the resource.
        kind: ResourceKind,
        /// Its name.
        name: String,
    },
    /// A call that creates this has its answer, or won't be made.
    Answered {
        /// The kind of the resource.
        kind: ResourceKind,
        /// Its name.
        name: String,
    },
    /// The outcome was told.
    Announced,
    /// The hold was told.
    HeldTold {
        /// Until when it is.
        until: Timestamp,
    },
    /// A DMS task was started, or a connection's test; it need not be done over again.
    Repeated {
        /// The task or endpoint.
        name: String,
        /// How often the restore had been resumed.
        resumed: u32,
    },
}
