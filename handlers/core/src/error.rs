//! Every way a restore can go wrong, in one table: the kind, how it is met, and what a person can do.
//!
//! The same words reach the log, the audit record, the notice and the command line.

use serde::{Deserialize, Serialize};

/// What went wrong. The serialized name is a stable code that subscribers may match on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub enum ErrorKind {
    /// A field of the request is missing, unknown or has a wrong value.
    InvalidRequest,
    /// The request id was used before for a request with another body.
    RequestIdReused,
    /// The event is a replay from an archive, or older than 24 hours.
    StaleEvent,
    /// The request asks for something that this version doesn't do.
    NotSupported,
    /// The deployment's configuration doesn't let this event source request it.
    NotPermitted,
    /// No instance or cluster of that name exists.
    SourceUnknown,
    /// The source may not be used: no opt-in tag, or an unusable secret.
    SourceNotAllowed,
    /// The database lies in another VPC than the deployment.
    OtherNetwork,
    /// The key of source or target, or of what was made of the source, can't be used.
    KeyUnusable,
    /// The source is in a state that can't be restored from.
    SourceState,
    /// No instance or cluster has the target's name.
    TargetUnknown,
    /// The target may not be used: no opt-in tag, or an unusable secret.
    TargetNotAllowed,
    /// The target is in a state in which nothing can be restored into it.
    TargetState,
    /// The target's PostgreSQL is older than that of what is restored.
    TargetOlder,
    /// The restore point lies outside the window of the source's backups.
    RestorePointOutOfWindow,
    /// No snapshot of that name exists.
    SnapshotUnknown,
    /// The snapshot is still being taken, or can't be used in its status.
    SnapshotNotReady,
    /// The snapshot is another database's than the source's.
    SnapshotOfAnother,
    /// The snapshot is shared by another account and encrypted.
    SnapshotShared,
    /// The database doesn't exist.
    DatabaseMissing,
    /// The schema doesn't exist at the restore point.
    SchemaMissing,
    /// The target name is taken by a schema in production.
    TargetNameTaken,
    /// The target name is claimed by another restore.
    TargetClaimed,
    /// A check before the restore found something that would harm production.
    PreflightCritical,
    /// Enabled event triggers would see the restore's DDL.
    EventTriggers,
    /// A publication FOR ALL TABLES would publish the restored tables.
    PublicationOfAllTables,
    /// A replication slot holds back the log.
    SlotBehind,
    /// Production has too little storage for the copy.
    StorageShort,
    /// Production has too few connections left.
    ConnectionsShort,
    /// The lock table is too small for so many objects.
    LocksShort,
    /// The master can't act for the owner of an object.
    OwnerUnreachable,
    /// The database's texts have no known encoding.
    EncodingUnknown,
    /// A collation sorts otherwise than when it was first used.
    CollationChanged,
    /// What a temporary resource costs can't be told.
    PriceUnknown,
    /// Something outside the schemas, which they need, isn't in production any more.
    OutsideMissing,
    /// AWS refused the call for lack of permission.
    AccessDenied,
    /// AWS asked to slow down.
    Throttled,
    /// The resource is busy with another change.
    Busy,
    /// AWS has no capacity at the moment.
    NoCapacity,
    /// A quota of the account is exhausted.
    QuotaExceeded,
    /// AWS had an internal fault.
    ServiceFault,
    /// The name of a temporary resource is taken by something that isn't ours.
    NameCollision,
    /// AWS refused a call for another reason.
    CallRefused,
    /// A temporary resource ended in a status it can't leave.
    ProvisioningFailed,
    /// A wait took longer than its deadline.
    DeadlineExceeded,
    /// The worker's task could not be started.
    TaskFailedToStart,
    /// The worker's task ended without a result.
    TaskFailed,
    /// PostgreSQL refused the credentials.
    CredentialsRefused,
    /// PostgreSQL could not be reached.
    ConnectionFailed,
    /// The server's certificate could not be verified.
    CertificateRefused,
    /// Reading the schema from the temporary database failed.
    ExtractFailed,
    /// Creating objects in production failed.
    ApplyFailed,
    /// Copying rows failed.
    CopyFailed,
    /// A DMS task failed or left tables behind.
    ReplicationFailed,
    /// DMS could not connect to a database.
    ConnectionTestFailed,
    /// DMS was requested, and a table goes by COPY since DMS would damage it.
    MoverUnable,
    /// Restored data differs from the temporary database.
    ValidationMismatch,
    /// Dropping what this restore created failed.
    DropFailed,
    /// A temporary resource could not be deleted.
    DeleteFailed,
    /// A command was given up by its queue.
    DeadLetter,
    /// A person cancelled the restore.
    Cancelled,
    /// Something happened that the program should have made impossible.
    Internal,
}

/// How a handler meets an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Expected: acknowledge and try again after a delay, within the phase's deadline.
    Expected,
    /// Terminal: the restore fails and is cleaned up.
    Terminal,
}

impl ErrorKind {
    /// How a handler meets an error of this kind.
    pub fn class(self) -> Class {
        match self {
            Self::Throttled
            | Self::Busy
            | Self::NoCapacity
            | Self::QuotaExceeded
            | Self::ServiceFault => Class::Expected,
            _ => Class::Terminal,
        }
    }

    /// What a person can do about it, in one sentence.
    pub fn remedy(self) -> &'static str {
        match self {
            Self::InvalidRequest => "Correct the named field and publish the request again.",
            Self::RequestIdReused => "Publish the changed request with a requestId of its own.",
            Self::StaleEvent => "Publish the request again if it is still wanted.",
            Self::NotSupported => "Leave the named field out, or ask for what the README lists.",
            Self::NotPermitted => {
                "Ask for what the deployment's configuration `requesters` grants to the event source, or have it granted."
            }
            Self::SourceUnknown => {
                "Name an existing DB instance or cluster in `source`, or correct the deployment's default."
            }
            Self::SourceNotAllowed => {
                "Tag the source with tenant-restore:secret and its secret with tenant-restore:deployment."
            }
            Self::OtherNetwork => {
                "Name a database in the deployment's VPC, or deploy the pipeline into the VPC that the message names."
            }
            Self::KeyUnusable => {
                "Enable the KMS key of the database that the message names (a temporary one has the source's), and let the deployment's roles use it by the key's policy."
            }
            Self::SourceState => {
                "Start the source or wait until it is available, then replay the restore."
            }
            Self::TargetUnknown => "Name an existing DB instance or cluster in `target`.",
            Self::TargetNotAllowed => {
                "Tag the target with tenant-restore:secret and its secret with tenant-restore:deployment."
            }
            Self::TargetState => {
                "Start the target or wait until it is available, then replay the restore."
            }
            Self::TargetOlder => {
                "Upgrade the target, or name one whose major version is not older than the source's then."
            }
            Self::RestorePointOutOfWindow => {
                "Publish a restoreTime inside the window that the message names, under a new requestId."
            }
            Self::SnapshotUnknown => {
                "Correct `snapshotId`: the name or ARN of an instance or cluster snapshot in this region."
            }
            Self::SnapshotNotReady => {
                "Wait until the snapshot is available, then replay the restore, or publish the request again if it has no restoreId."
            }
            Self::SnapshotOfAnother => {
                "Name the snapshot's own instance or cluster in `source`, or another snapshot."
            }
            Self::SnapshotShared => {
                "Copy the snapshot into this account under a key of its own, and name the copy."
            }
            Self::DatabaseMissing => {
                "Correct `database` under a new requestId; names are case-sensitive."
            }
            Self::SchemaMissing => {
                "Correct `schemas`, or choose a restore point at which the schema existed, under a new requestId."
            }
            Self::TargetNameTaken => {
                "Drop the schema of that name and replay the restore, or choose another `suffix` under a new requestId."
            }
            Self::TargetClaimed => "Wait for the other restore, or choose another `suffix`.",
            Self::PreflightCritical => {
                "Remove the cause that the message names, then replay the restore."
            }
            Self::EventTriggers => {
                "Disable the named event triggers for the time of the restore, or accept them with `accept: [\"eventTriggers\"]`."
            }
            Self::PublicationOfAllTables => {
                "Let the named publications list their tables, or accept them with `accept: [\"publications\"]`."
            }
            Self::SlotBehind => {
                "Let the named slots' readers catch up, or drop the slots that nobody reads."
            }
            Self::StorageShort => {
                "Give production more storage, or restore fewer schemas at a time."
            }
            Self::ConnectionsShort => {
                "Raise max_connections, or restore when fewer connections are open."
            }
            Self::LocksShort => {
                "Raise max_locks_per_transaction, or restore fewer schemas at a time."
            }
            Self::OwnerUnreachable => {
                "Grant the named role to the master WITH ADMIN OPTION, or give its objects another owner."
            }
            Self::EncodingUnknown => "Use `mover: copy`, which carries bytes as they are.",
            Self::CollationChanged => {
                "Rebuild what depends on the named collations, then refresh their versions."
            }
            Self::PriceUnknown => {
                "Configure `databases.instance.class` (of Aurora `databases.writer.class`), the class of temporary databases."
            }
            Self::OutsideMissing => {
                "Create what the message names in production, then replay the restore."
            }
            Self::AccessDenied => {
                "Deploy the stack's current roles; the message names the missing permission."
            }
            Self::Throttled | Self::ServiceFault => "Nothing; the call is repeated.",
            Self::Busy => "Nothing; the call is repeated until the resource is free.",
            Self::NoCapacity => "Nothing; if it lasts, configure another instance class or zone.",
            Self::QuotaExceeded => "Ask for a higher quota, or delete unused resources.",
            Self::NameCollision => {
                "Rename or delete the resource that the message names; it isn't ours."
            }
            Self::CallRefused => "Read the message of AWS; correct the deployment's configuration.",
            Self::ProvisioningFailed => {
                "Look at the resource's events in the console, then replay the restore."
            }
            Self::DeadlineExceeded => {
                "Look at the named resource; if it was only slow, raise its deadline in the deployment's `pace`, then replay the restore."
            }
            Self::TaskFailedToStart => {
                "Check the task's image, subnets and roles; the message has the reason ECS gave."
            }
            Self::TaskFailed => "Read the task's log, which the message names.",
            Self::CredentialsRefused => "Check the secret that the message names.",
            Self::ConnectionFailed => {
                "Check security groups, subnets and that the server accepts TLS."
            }
            Self::CertificateRefused => {
                "Give the worker a CA bundle (PGSSLROOTCERT) with the authority of the server's certificate, and use \
                 the address that the certificate names."
            }
            Self::ExtractFailed => {
                "Read the message; the original DDL is kept in the audit prefix."
            }
            Self::ApplyFailed => {
                "Read the message; it names the archive entry that PostgreSQL refused."
            }
            Self::CopyFailed => "Read the message; it names the table.",
            Self::ReplicationFailed => "Read DMS's reason; `mover: copy` restores without DMS.",
            Self::ConnectionTestFailed => {
                "Check the DMS security group and the endpoint's certificate."
            }
            Self::MoverUnable => {
                "Nothing has to be done; with `mover: auto` nobody is warned of it."
            }
            Self::ValidationMismatch => {
                "Don't use the restored schemas before the named differences are understood."
            }
            Self::DropFailed => {
                "Drop the named schemas by hand; each carries this restore's marker table."
            }
            Self::DeleteFailed => {
                "Delete the named resource by hand; it costs money while it exists."
            }
            Self::DeadLetter => {
                "Read the letter in the queue `dead`, mend its cause and replay it."
            }
            Self::Cancelled => "Nothing; replay the restore if it is wanted after all.",
            Self::Internal => "Report this as a bug, with the restore's log.",
        }
    }
}

impl std::fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Debug::fmt(self, f)
    }
}

/// One cause of a rejection or failure. It never holds a secret or a row's value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Cause {
    /// The stable code.
    pub kind: ErrorKind,
    /// What happened, with the names needed to act on it.
    pub message: String,
    /// What a person can do.
    pub remedy: String,
    /// The request's field, for a rejection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}

impl Cause {
    /// A cause with the remedy of its kind.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            remedy: kind.remedy().to_owned(),
            field: None,
        }
    }

    /// The same cause, tied to a field of the request.
    #[must_use]
    pub fn at(mut self, field: impl Into<String>) -> Self {
        self.field = Some(field.into());
        self
    }
}

impl std::fmt::Display for Cause {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.kind, self.message)
    }
}
