//! What the pipeline publishes: events on the bus, source `tenant-restore`, and notices on the SNS topic.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Phase;

/// The `source` of every event that the pipeline publishes.
pub const SOURCE: &str = "tenant-restore";

/// A requested schema and the name that its copy gets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RestoredSchema {
    /// Its name.
    pub schema: String,
    /// The name of the copy; absent where a rejected request didn't lead to one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub restored_as: Option<String>,
}

/// One cause of a rejection or failure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Cause {
    /// A stable code.
    pub kind: String,
    /// What happened.
    pub message: String,
    /// What a person can do.
    pub remedy: String,
    /// The request's field that is to blame.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub field: Option<String>,
}

/// What every detail carries. A rejected request may lack what it didn't say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Subject {
    /// The restore, if one was opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", regex(pattern = "^[a-z2-7]{12}$"))]
    pub restore_id: Option<String>,
    /// The request's id, or the id of its event.
    pub request_id: String,
    /// The DB instance or cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub source: Option<String>,
    /// The DB instance or cluster that the schemas go into, if it isn't the source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub target: Option<String>,
    /// The database.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub database: Option<String>,
    /// The schemas.
    #[serde(default)]
    pub schemas: Vec<RestoredSchema>,
    /// The snapshot, as the request names it, if that is what is brought back; `restorePoint` is then when it was taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub snapshot_id: Option<String>,
}

/// Detail of `RestoreAccepted`: the preflight found nothing against it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Accepted {
    /// What it is about.
    #[serde(flatten)]
    pub subject: Subject,
    /// The attempt, from 1.
    #[schemars(range(min = 1))]
    pub attempt: u32,
    /// The instant that is brought back.
    pub restore_point: Timestamp,
    /// Findings of the preflight that don't forbid the restore.
    #[serde(default)]
    pub warnings: Vec<Cause>,
}

/// Detail of `RestoreProgressed`: a phase began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Progressed {
    /// What it is about.
    #[serde(flatten)]
    pub subject: Subject,
    /// The attempt, from 1.
    #[schemars(range(min = 1))]
    pub attempt: u32,
    /// The phase that begins.
    pub phase: Phase,
    /// The phase that ended.
    pub previous: Phase,
    /// When.
    pub at: Timestamp,
}

/// A temporary resource that AWS charges for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Charged {
    /// What it is.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// What it is made of, for people; absent if it was never seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub size: Option<String>,
    /// US dollars an hour; absent if its price isn't known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "f64", range(min = 0))]
    pub usd_per_hour: Option<f64>,
}

/// What temporary resources cost while they exist: on-demand prices, without taxes and discounts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Upkeep {
    /// US dollars an hour of all whose price is known.
    #[schemars(range(min = 0))]
    pub usd_per_hour: f64,
    /// Names of those whose price isn't known: the true sum is higher.
    #[serde(default)]
    pub unpriced: Vec<String>,
    /// Region and date of the prices; absent if there are none for the region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub prices: Option<String>,
    /// Each resource.
    pub resources: Vec<Charged>,
}

/// Detail of `RestoreHeld`: it failed, and its temporary resources are kept for a replay.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Held {
    /// What it is about.
    #[serde(flatten)]
    pub subject: Subject,
    /// The attempt, from 1.
    #[schemars(range(min = 1))]
    pub attempt: u32,
    /// The phase in which it failed.
    pub phase: Phase,
    /// When the resources are deleted all the same.
    pub until: Timestamp,
    /// Why it failed.
    pub causes: Vec<Cause>,
    /// What is kept, and what that costs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Upkeep")]
    pub upkeep: Option<Upkeep>,
}

/// A live table, and how its namesake of the restore point would probably be moved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PlannedTable {
    /// Its schema.
    pub schema: String,
    /// The name that the schema's copy would get.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub restored_as: Option<String>,
    /// Its name.
    pub table: String,
    /// `dms` or `copy`. Earlier versions left it out if the requested mover couldn't carry the table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub mover: Option<String>,
    /// Why this mover.
    pub reason: String,
    /// Rows, as PostgreSQL's statistics count them.
    pub rows: u64,
    /// Bytes on disk, without indexes.
    pub bytes: u64,
}

/// What would be moved, judged by the live schemas.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PlannedVolume {
    /// Tables with rows of their own.
    pub tables: u64,
    /// Their rows, as PostgreSQL's statistics count them.
    pub rows: u64,
    /// Bytes on disk, with indexes.
    pub bytes: u64,
}

/// How long a restore would take, and what it would cost.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Estimate {
    /// Seconds from request to outcome.
    pub seconds: u64,
    /// US dollars; absent if some price isn't known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "f64", range(min = 0))]
    pub usd: Option<f64>,
    /// What the figures are based on.
    pub basis: String,
}

/// Detail of `RestorePlanned`: what the preflight says about a `RestorePlanRequested`. Nothing was created.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Planned {
    /// What it is about; never a restore, since none was opened.
    #[serde(flatten)]
    pub subject: Subject,
    /// Whether the same request would be accepted now.
    pub possible: bool,
    /// The instant that would be brought back, if the request named one that exists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Timestamp")]
    pub restore_point: Option<Timestamp>,
    /// Whether some table would be moved by DMS, judged by the live catalog.
    pub replication_expected: bool,
    /// Why it would be rejected; empty when it is possible.
    #[serde(default)]
    pub causes: Vec<Cause>,
    /// Findings of the preflight that don't forbid the restore.
    #[serde(default)]
    pub warnings: Vec<Cause>,
    /// The largest tables of the live schemas, 200 at most; the report has all.
    #[serde(default)]
    pub tables: Vec<PlannedTable>,
    /// All tables together; absent if production couldn't be looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "PlannedVolume")]
    pub volume: Option<PlannedVolume>,
    /// What would be created and is charged by the hour; absent if production couldn't be looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Upkeep")]
    pub creates: Option<Upkeep>,
    /// How long it would take; absent if production couldn't be looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Estimate")]
    pub estimate: Option<Estimate>,
    /// S3 URI of all that the preflight found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub report: Option<String>,
}

/// How an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Outcome {
    /// Nothing was created.
    Rejected,
    /// The schemas are restored.
    Completed,
    /// They aren't, or they differ.
    Failed,
}

impl Outcome {
    /// The value of the message attribute `outcome`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rejected => "REJECTED",
            Self::Completed => "COMPLETED",
            Self::Failed => "FAILED",
        }
    }

    /// The detail-type that announces it.
    pub fn detail_type(self) -> &'static str {
        match self {
            Self::Rejected => "RestoreRejected",
            Self::Completed => "RestoreCompleted",
            Self::Failed => "RestoreFailed",
        }
    }
}

/// Detail of `RestoreRejected`, `RestoreCompleted` and `RestoreFailed`, and the message of their notice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Ended {
    /// What it is about.
    #[serde(flatten)]
    pub subject: Subject,
    /// How it ended.
    pub outcome: Outcome,
    /// The same for every delivery of this outcome.
    pub outcome_id: String,
    /// The attempt, from 1.
    #[schemars(range(min = 1))]
    pub attempt: u32,
    /// The instant that was asked for, if the request named one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Timestamp")]
    pub restore_point: Option<Timestamp>,
    /// When the request was taken.
    pub started_at: Timestamp,
    /// When the outcome was decided.
    pub ended_at: Timestamp,
    /// Why it didn't complete; empty for a completed one.
    #[serde(default)]
    pub causes: Vec<Cause>,
    /// S3 URI of the JSON report, if one was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub report: Option<String>,
    /// S3 URI of the same report as an HTML page for people, if one was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub report_page: Option<String>,
}
