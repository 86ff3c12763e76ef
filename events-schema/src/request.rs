//! What upstream systems publish on the bus `tenant-restore`.
//!
//! The types here describe valid events. A handler doesn't deserialize into them: it reads field by field, so that a
//! rejection can name every problem at once.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Detail of `RestoreRequested`, and of `RestorePlanRequested`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("oneOf" = [{"required": ["restoreTime"]}, {"required": ["snapshotId"]}]))]
pub struct RestoreRequested {
    /// PostgreSQL database name.
    #[schemars(length(min = 1, max = 63))]
    pub database: String,
    /// Schema names in exact catalog spelling.
    #[schemars(length(min = 1, max = 90), inner(length(min = 1, max = 63)), extend("uniqueItems" = true))]
    pub schemas: Vec<String>,
    /// RFC 3339 instant with offset, whole seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        with = "String",
        regex(pattern = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.0+)?([Zz]|[+-][0-9]{2}:[0-9]{2})$"),
        extend("format" = "date-time")
    )]
    pub restore_time: Option<String>,
    /// Instance or cluster snapshot, identifier or ARN.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", length(min = 1))]
    pub snapshot_id: Option<String>,
    /// DB instance or cluster, identifier or ARN; default: the deployment's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", length(min = 1))]
    pub source: Option<String>,
    /// Where the schemas go, if not the source itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", length(min = 1))]
    pub target: Option<String>,
    /// Idempotency key; default: the event's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", length(min = 1, max = 128))]
    pub request_id: Option<String>,
    /// Suffix of the restored names; default: the restore point in UTC, `YYYYMMDDHHMMSS`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", length(min = 1, max = 54))]
    pub suffix: Option<String>,
    /// How rows are moved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Mover")]
    pub mover: Option<Mover>,
    /// How much is compared at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Validate")]
    pub validate: Option<Validate>,
    /// What happens to the restored schemas when they differ.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "OnMismatch")]
    pub on_mismatch: Option<OnMismatch>,
    /// What happens to the temporary resources after a failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "OnFailure")]
    pub on_failure: Option<OnFailure>,
    /// What happens to foreign keys to tables outside the restored schemas.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "ExternalForeignKeys")]
    pub external_foreign_keys: Option<ExternalForeignKeys>,
    /// Findings of the preflight that forbid a restore, and that this request accepts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Vec<Accept>", extend("uniqueItems" = true))]
    pub accept: Option<Vec<Accept>>,
    /// Free text for the audit record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", length(max = 256))]
    pub requested_by: Option<String>,
}

/// How rows are moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Mover {
    /// DMS where it is faithful, COPY for the rest (default).
    Auto,
    /// DMS for every table that it carries as it is, COPY for the rest, with a warning of each.
    Dms,
    /// COPY for every table.
    Copy,
}

/// How much is compared at the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Validate {
    /// Row counts and content hashes (default).
    Full,
    /// Row counts.
    Counts,
    /// Nothing.
    None,
}

/// What happens to the restored schemas when validation finds a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum OnMismatch {
    /// They stay (default).
    Keep,
    /// They are dropped.
    Drop,
}

/// What happens to the temporary resources after a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum OnFailure {
    /// They are deleted at once (default).
    Cleanup,
    /// They are kept for a limited time, so that a replay resumes.
    Hold,
}

/// What happens to foreign keys to tables outside the restored schemas.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ExternalForeignKeys {
    /// Added NOT VALID, then validated (default).
    Validate,
    /// Added NOT VALID.
    NotValid,
    /// Left out and reported.
    Skip,
}

/// A finding of the preflight that forbids a restore unless it is accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Accept {
    /// Enabled event triggers, which see and may stop the restore's DDL.
    EventTriggers,
    /// Publications FOR ALL TABLES, whose subscribers stop at tables that they don't have.
    Publications,
}

/// Detail of `RestoreCancelRequested` and `RestoreReplayRequested`: one of the two names the restore.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("oneOf" = [{"required": ["restoreId"]}, {"required": ["requestId"]}]))]
pub struct RestoreReference {
    /// The restore.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", regex(pattern = "^[a-z2-7]{12}$"))]
    pub restore_id: Option<String>,
    /// The request that opened it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", length(min = 1, max = 128))]
    pub request_id: Option<String>,
    /// Free text for the audit record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", length(max = 256))]
    pub requested_by: Option<String>,
}
