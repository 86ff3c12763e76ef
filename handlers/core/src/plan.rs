//! A plan: what a restore would do, create, cost and take. It goes the way of a restore as far as the preflight, and is
//! the answer to `RestorePlanRequested`.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tenant_restore_events::outgoing::{
    Charged, Estimate, Planned, PlannedTable, PlannedVolume, Subject, Upkeep,
};

use crate::error::Cause;
use crate::job::{ExpectedTable, Mover, PreflightReport};
use crate::naming::RestoreId;
use crate::price::Hourly;
use crate::request::Request;
use crate::restore::{ResourceKind, Restore, outgoing_cause, rejection, shortened};
use crate::room::{self, size};
use crate::sight::{Made, RoomSight};

/// An event on the bus holds 256 KB (EventBridge quotas); a table with three names and a reason takes up to 500 bytes.
const MOST_TABLES: usize = 200;

/// A plan is soon outdated; its record is kept for questions about it.
const KEPT_SECONDS: i64 = 7 * 24 * 3600;

/// How long RDS takes until a restored instance is available: an operator saw 10 minutes for 20 GB; more log to replay
/// takes longer. An assumption, as all of these.
const DATABASE_SECONDS: u64 = 15 * 60;
/// Starting the worker's tasks and deleting what is temporary.
const AROUND_SECONDS: u64 = 10 * 60;
/// Reading, writing, indexing and comparing, together.
const BYTES_A_SECOND: u64 = 20 << 20;

/// The answer to a `RestorePlanRequested` that never got a record, as it is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Refusal {
    /// The event; by its id whoever published it tells its answer from those to others of the same request id.
    pub event_id: String,
    /// When it was refused.
    pub at: Timestamp,
    /// The answer.
    pub planned: Planned,
}

impl Refusal {
    /// When it may be forgotten, epoch seconds.
    pub fn expires_at(&self) -> i64 {
        self.at.as_second() + KEPT_SECONDS
    }
}

/// What a record is for.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Purpose {
    /// To bring schemas back.
    #[default]
    Restore,
    /// To say what bringing them back would be. It claims no name, takes no place, and ends after the preflight.
    Plan {
        /// What the preflight led to; none before, and if it failed.
        draft: Option<Box<Draft>>,
    },
}

/// What a restore would do, as far as the live catalog tells.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Draft {
    /// Whether DMS would be used.
    pub replication_expected: bool,
    /// The largest tables.
    pub tables: Vec<PlannedTable>,
    /// All of them together; none if production couldn't be looked at.
    pub volume: Option<PlannedVolume>,
    /// What would be created and is charged by the hour.
    pub creates: Upkeep,
    /// How long it would take and what it would cost; none without volume.
    pub estimate: Option<Estimate>,
    /// S3 URI of the preflight's whole result.
    pub report: String,
}

/// What a preflight leads to.
pub fn draft(
    restore: &Restore,
    report: &PreflightReport,
    room: &RoomSight,
    report_uri: String,
) -> Draft {
    let with_dms = room::with_dms(restore.request.mover, report);
    let creates = creates(&room.makes, with_dms);
    let bytes = report.volume.and_then(|volume| volume.schemas);
    let volume = bytes.map(|bytes| PlannedVolume {
        tables: report.tables.len() as u64,
        rows: report.tables.iter().map(|table| table.rows).sum(),
        bytes,
    });
    let planned = report.tables.iter().map(|table| planned(restore, table));
    Draft {
        replication_expected: with_dms,
        tables: planned.take(MOST_TABLES).collect(),
        estimate: volume
            .as_ref()
            .map(|volume| estimate(volume.bytes, &creates)),
        volume,
        creates,
        report: report_uri,
    }
}

fn planned(restore: &Restore, table: &ExpectedTable) -> PlannedTable {
    let mut pairs = restore.request.schemas.iter();
    let pair = pairs.find(|pair| pair.schema == table.schema);
    PlannedTable {
        schema: table.schema.clone(),
        restored_as: pair.map(|pair| pair.restored_as.clone()),
        table: table.table.clone(),
        mover: table.mover.map(|mover| match mover {
            Mover::Dms => "dms".to_owned(),
            Mover::Copy => "copy".to_owned(),
        }),
        reason: table.reason.clone(),
        rows: table.rows,
        bytes: table.bytes,
    }
}

fn creates(makes: &[Made], with_dms: bool) -> Upkeep {
    let made: Vec<_> = makes
        .iter()
        .filter(|made| with_dms || made.kind != ResourceKind::ReplicationInstance)
        .collect();
    let hourly = |made: &Made| made.cost.as_ref().and_then(|cost| cost.hourly);
    let resources = made.iter().map(|made| Charged {
        kind: format!("{:?}", made.kind),
        name: made.what.clone(),
        size: made.cost.as_ref().map(|cost| cost.size.clone()),
        usd_per_hour: hourly(made).map(Hourly::usd),
    });
    let unpriced = made.iter().filter(|made| hourly(made).is_none());
    let sum: Hourly = made.iter().filter_map(|made| hourly(made)).sum();
    Upkeep {
        usd_per_hour: sum.usd(),
        unpriced: unpriced.map(|made| made.what.clone()).collect(),
        prices: made
            .iter()
            .find_map(|made| made.cost.as_ref()?.list.clone()),
        resources: resources.collect(),
    }
}

fn estimate(bytes: u64, creates: &Upkeep) -> Estimate {
    let seconds = DATABASE_SECONDS + AROUND_SECONDS + bytes.div_ceil(BYTES_A_SECOND);
    // Hours of a restore are far below what a float holds exactly.
    let hours = u32::try_from(seconds).unwrap_or(u32::MAX);
    let usd = (!creates.resources.is_empty() && creates.unpriced.is_empty())
        .then(|| creates.usd_per_hour * f64::from(hours) / 3600.0);
    let basis = format!(
        "assumed, not measured: {} minutes until the temporary database is there, {} for starting tasks and deleting, \
         {} a second for moving, indexing and comparing {}; the cost is that of all resources for the whole time, without \
         worker tasks",
        DATABASE_SECONDS / 60,
        AROUND_SECONDS / 60,
        size(BYTES_A_SECOND),
        size(bytes)
    );
    Estimate {
        seconds,
        usd,
        basis,
    }
}

impl Restore {
    /// A new plan, in its first phase.
    pub fn plan(id: RestoreId, request: Request, now: Timestamp) -> Self {
        Self {
            purpose: Purpose::Plan { draft: None },
            ..Self::open(id, request, now)
        }
    }

    /// When the record may be forgotten, epoch seconds; never that of a restore.
    pub fn expires_at(&self) -> Option<i64> {
        self.is_plan()
            .then(|| self.opened_at.as_second() + KEPT_SECONDS)
    }

    /// Whether nothing but a plan is wanted.
    pub fn is_plan(&self) -> bool {
        matches!(self.purpose, Purpose::Plan { .. })
    }

    /// The answer to who wanted a plan; none if this is a restore.
    pub fn planned(&self) -> Option<Planned> {
        let Purpose::Plan { draft } = &self.purpose else {
            return None;
        };
        let mut subject = self.subject();
        subject.restore_id = None;
        let mut planned = Planned {
            possible: self.causes.is_empty(),
            restore_point: Some(self.request.restore_point.instant()),
            causes: self.causes.iter().map(outgoing_cause).collect(),
            warnings: self.warnings.iter().map(outgoing_cause).collect(),
            ..refused(subject)
        };
        if let Some(draft) = draft.as_deref().cloned() {
            planned.replication_expected = draft.replication_expected;
            planned.tables = draft.tables;
            planned.volume = draft.volume;
            planned.creates = Some(draft.creates);
            planned.estimate = draft.estimate;
            planned.report = Some(draft.report);
        }
        Some(planned)
    }
}

/// The answer to a `RestorePlanRequested` whose request isn't valid.
pub fn refusal(request_id: &str, detail: &Value, causes: &[Cause], now: Timestamp) -> Planned {
    let causes: Vec<_> = causes.iter().cloned().map(shortened).collect();
    let rejected = rejection(request_id, detail, &causes, now);
    Planned {
        restore_point: rejected.restore_point,
        causes: rejected.causes,
        ..refused(rejected.subject)
    }
}

fn refused(subject: Subject) -> Planned {
    Planned {
        subject,
        possible: false,
        restore_point: None,
        replication_expected: false,
        causes: Vec::new(),
        warnings: Vec::new(),
        tables: Vec::new(),
        volume: None,
        creates: None,
        estimate: None,
        report: None,
    }
}
