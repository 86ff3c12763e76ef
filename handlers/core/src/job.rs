//! What a handler asks of the ECS worker, and what the worker answers.
//!
//! A handler writes a [`Job`] to S3 and starts a task with its key (task overrides are limited to 8,192
//! characters, ECS API reference). The worker writes a [`JobResult`] to [`Job::result_key`], always, and exits
//! 0 when every mode succeeded. Neither document ever holds a secret or a row's value.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::error::Cause;
use crate::restore::Endpoint;

mod mended;
mod preflight;

pub use mended::{Mended, MendedPlace};
pub use preflight::{
    Acceptance, Connections, ExpectedTable, Finding, PreflightReport, Severity, Volume,
};

/// One kind of work; the worker has a module of the same name for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Look at production before anything is created.
    Preflight,
    /// Find the version of the source's secret that logs in to the temporary database, and keep its login in the
    /// temporary secret. If none does, the modes after it are left out.
    Probe,
    /// Rename in the temporary database, dump, split the archive, decide the mover of each table.
    Extract,
    /// Create the login role, the schemas with their markers and the pre-data objects in production.
    ApplyPreData,
    /// Move the rows of the tables whose mover is `copy`.
    Copy,
    /// Indexes, constraints, sequences, materialized views, statistics; not yet open to its users.
    ApplyPostData,
    /// Compare the restored schemas with the temporary database.
    Validate,
    /// Policies, row level security, owners, grants, then USAGE; the marker and the login role go.
    Open,
    /// Drop the schemas in production that carry this restore's marker, and its login role.
    Drop,
}

impl Mode {
    /// The name, as in a job's document and a task's `startedBy`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Preflight => "preflight",
            Self::Probe => "probe",
            Self::Extract => "extract",
            Self::ApplyPreData => "apply-pre-data",
            Self::Copy => "copy",
            Self::ApplyPostData => "apply-post-data",
            Self::Validate => "validate",
            Self::Open => "open",
            Self::Drop => "drop",
        }
    }
}

/// A server and the secret with its login.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Server {
    /// Address, as Describe gives it.
    pub host: String,
    /// Port, as Describe gives it.
    pub port: u16,
    /// Name or ARN of a secret with at least `username` and `password`.
    pub secret: String,
}

impl Server {
    /// Where it listens.
    pub fn endpoint(&self) -> Endpoint {
        Endpoint {
            host: self.host.clone(),
            port: self.port,
        }
    }
}

/// Where the schemas that a restore brings back are now.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Live {
    /// In production, where the restored ones go too.
    #[default]
    Production,
    /// On another server, the source; its master's secret with it.
    Elsewhere(Server),
    /// Nowhere: the source was deleted.
    Nowhere,
}

impl Live {
    /// Whether they are where the restored ones go.
    pub fn is_production(&self) -> bool {
        *self == Self::Production
    }
}

/// A schema and the name that it gets.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SchemaName {
    /// Its name at the restore point, exact catalog spelling.
    pub schema: String,
    /// Its name beside the live one.
    pub restored_as: String,
}

/// How rows are moved, as requested.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum MoverChoice {
    /// DMS where it is faithful, COPY for the rest.
    Auto,
    /// As `Auto`, and whoever asks for it is warned of each table that DMS doesn't get.
    Dms,
    /// COPY for every table.
    Copy,
}

/// How much is compared at the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ValidateChoice {
    /// Row counts and content hashes.
    Full,
    /// Row counts.
    Counts,
    /// Nothing.
    None,
}

/// What happens to foreign keys to tables outside the restored schemas.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ExternalForeignKeys {
    /// Added NOT VALID, committed, then validated.
    Validate,
    /// Added NOT VALID and left so.
    NotValid,
    /// Left out and reported.
    Skip,
}

/// What becomes of the restored schemas when validation finds a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum OnMismatch {
    /// They stay and are opened to their users; the outcome is a failure all the same.
    Keep,
    /// They are dropped: mode `validate` fails.
    Drop,
}

/// A job for the worker: some modes, run in order, in one task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Job {
    /// Version of this document; 1.
    pub version: u32,
    /// The restore.
    pub restore_id: String,
    /// Its attempt, from 1.
    pub attempt: u32,
    /// What to do, in this order; the first failure ends the job.
    pub modes: Vec<Mode>,
    /// The database, on both servers.
    pub database: String,
    /// The schemas and their new names.
    pub schemas: Vec<SchemaName>,
    /// The server that the schemas go into, with its master's secret.
    pub production: Server,
    /// Where the schemas that are brought back are now.
    #[serde(default, skip_serializing_if = "Live::is_production")]
    pub live: Live,
    /// The temporary server, with its master's secret; absent before it exists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temporary: Option<Server>,
    /// What mode `probe` tries; absent in a job without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probe: Option<Probe>,
    /// The login role of this restore on production.
    pub loader: Loader,
    /// How to move rows.
    pub mover: MoverChoice,
    /// How much to compare.
    pub validate: ValidateChoice,
    /// What to do with the schemas when they differ.
    pub on_mismatch: OnMismatch,
    /// What to do with foreign keys to tables outside.
    pub external_foreign_keys: ExternalForeignKeys,
    /// Findings of the preflight that don't forbid this restore.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accept: Vec<Acceptance>,
    /// S3 prefix for working files, ends in `/`; deleted by the cleanup.
    pub work_prefix: String,
    /// S3 prefix for what stays, ends in `/`.
    pub audit_prefix: String,
    /// S3 key at which the result is written.
    pub result_key: String,
}

/// The login role of a restore: without memberships, it owns and loads everything until the end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Loader {
    /// Role name.
    pub role: String,
    /// Secret with its `username` and `password`; absent before it exists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
}

/// What logins to try on the temporary database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Probe {
    /// The source's secret.
    pub secret: String,
    /// Ids of its versions, likeliest first.
    pub versions: Vec<String>,
    /// Whether DMS may have to use the login: then it must accept every character of the password.
    pub for_dms: bool,
}

/// What the worker found and did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JobResult {
    /// Version of this document; 1.
    pub version: u32,
    /// The restore.
    pub restore_id: String,
    /// Its attempt.
    pub attempt: u32,
    /// When the worker began.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Timestamp,
    /// Why it failed; absent when every mode succeeded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
    /// Of mode `preflight`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preflight: Option<PreflightReport>,
    /// Of mode `probe`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probe: Option<ProbeReport>,
    /// Of mode `extract`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extract: Option<ExtractReport>,
    /// Of mode `copy`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copy: Option<CopyReport>,
    /// Of mode `validate`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validate: Option<ValidateReport>,
    /// Of mode `drop`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drop: Option<DropReport>,
    /// What was not restored as it was, or needs a person's eye, by any mode.
    #[serde(default)]
    pub remarks: Vec<Remark>,
    /// How long each mode took.
    #[serde(default)]
    pub timings: Vec<Timing>,
}

/// The failure of one mode.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Failure {
    /// The mode that failed.
    pub mode: Mode,
    /// Every cause, at least one.
    pub causes: Vec<Cause>,
}

/// Which version of the source's secret the temporary database takes. No report ever holds a value of one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProbeReport {
    /// The version that logged in and whose login is in the temporary secret now; absent if none can be used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Each version that was tried, in order.
    pub tried: Vec<TriedVersion>,
}

/// A version of a secret and how it fared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TriedVersion {
    /// Its id.
    pub version: String,
    /// How it fared.
    pub verdict: LoginVerdict,
}

/// How a login fared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum LoginVerdict {
    /// It logs in.
    Accepted,
    /// PostgreSQL refuses it.
    Refused,
    /// It logs in, but its password has characters that DMS doesn't accept.
    NotForDms,
    /// The version is gone, its key can't be used, or it holds no user name and password.
    Unreadable,
}

/// What the temporary database holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExtractReport {
    /// Every table with rows of its own to move, and by which mover.
    pub tables: Vec<TablePlan>,
    /// S3 key of the complete original DDL.
    pub original_ddl: String,
    /// Text that named an old schema and was rewritten, so that the restored objects use each other.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mended: Vec<Mended>,
}

/// A table and its mover.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TablePlan {
    /// The restored schema (the temporary database has it under this name too, after the rename).
    pub schema: String,
    /// The table.
    pub table: String,
    /// Which mover.
    pub mover: Mover,
    /// Why this mover.
    pub reason: String,
    /// Bytes on disk, without indexes.
    pub bytes: u64,
}

/// What moves a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Mover {
    /// An AWS DMS task.
    Dms,
    /// A COPY stream of the worker.
    Copy,
}

/// What the copy moved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CopyReport {
    /// Each table.
    pub tables: Vec<CopiedTable>,
}

/// One copied table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CopiedTable {
    /// The restored schema.
    pub schema: String,
    /// The table.
    pub table: String,
    /// Rows written.
    pub rows: u64,
    /// Bytes of the COPY stream.
    pub bytes: u64,
    /// When this task began with it; absent of a table that an earlier task had copied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub began: Option<Timestamp>,
    /// How long it took, in milliseconds; absent likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub millis: Option<u64>,
}

/// What the comparison found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ValidateReport {
    /// How much was compared.
    pub level: ValidateChoice,
    /// Each table.
    pub tables: Vec<ValidatedTable>,
    /// Differences in words: tables, sequences, objects. Empty when all is equal.
    pub differences: Vec<String>,
}

/// One compared table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ValidatedTable {
    /// The restored schema.
    pub schema: String,
    /// The table.
    pub table: String,
    /// Rows in the temporary database.
    pub expected_rows: u64,
    /// Rows in production.
    pub restored_rows: u64,
    /// Whether the content hashes agree; absent when only rows were counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub same_content: Option<bool>,
    /// Of so many rows one was hashed, for the table is larger than the deployment compares whole; absent of one compared whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub one_row_in: Option<u64>,
    /// How many rows were hashed then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sampled_rows: Option<u64>,
}

/// What the drop removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DropReport {
    /// Schemas that were dropped.
    pub dropped: Vec<String>,
    /// Whether the login role was there and was dropped.
    pub role_dropped: bool,
    /// Schemas of the restored names that stand without this restore's marker, and so were left alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left: Vec<String>,
}

/// Something that was not restored as it was, or that a person should look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Remark {
    /// A stable code, for example `FunctionNamesOldSchema`.
    pub code: String,
    /// The object, quoted as PostgreSQL would.
    pub object: String,
    /// What and why, with line and column where it is about text.
    pub message: String,
}

/// How long a mode took.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Timing {
    /// The mode.
    pub mode: Mode,
    /// Milliseconds.
    pub millis: u64,
}
