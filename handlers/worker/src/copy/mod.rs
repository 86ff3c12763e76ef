//! Mode `copy`: COPY streams from the temporary database to production, several tables at once.
//!
//! Memory stays bounded: a stream reads on only as fast as production takes its rows.

mod stream;
pub mod unit;

use std::collections::{HashMap, HashSet};
use std::sync::Mutex;
use std::time::Instant;

use futures::future::join_all;
use jiff::Timestamp;
use tenant_restore_core::error::{Cause, ErrorKind};
use tenant_restore_core::job::{CopiedTable, CopyReport, ExtractReport, Mover};
use tokio_postgres::Client;

use crate::archive::PLAN_FILE;
use crate::context::{Context, Report};
use crate::failed::{Failed, OrCause as _};
use crate::production::ledger::{self, Moved};
use crate::production::{claim, loader, major_version, restored_names, tenants_path};
use crate::storage;
use unit::{TableName, Unit, Versions};

/// Tables at once, at most. Each takes a connection on both servers.
const MOST_STREAMS: usize = 4;

/// Runs the mode.
pub async fn run(context: &mut Context) -> Result<Report, Failed> {
    let plan: ExtractReport =
        storage::read_json(context.storage.as_ref(), &context.work_key(PLAN_FILE)).await?;
    let mut master = context.production().await?;
    claim(&master, &context.job).await?;
    loader::resume(&mut master, &context.job, &context.loader_login().await?).await?;
    let temporary = context.temporary().await?;
    let units = planned_units(context, &plan, &temporary, &master).await?;
    let home = context.job.schemas[0].restored_as.as_str();
    let done = ledger::moved(&master, home).await?;
    let streams = streams(&master).await?;
    tracing::info!(streams, tables = units.len(), "copy");
    let moved = load_all(context, home, (&units, streams), &done).await?;
    let tables = units
        .iter()
        .zip(moved)
        .map(|(unit, Loaded { moved, taken })| CopiedTable {
            schema: unit.target.schema.clone(),
            table: unit.target.name.clone(),
            rows: moved.rows,
            bytes: moved.bytes,
            began: taken.map(|taken| taken.began),
            millis: taken.map(|taken| taken.millis),
        });
    Ok(Report::Copy(CopyReport {
        tables: tables.collect(),
    }))
}

/// What a unit moved, and when; not known of one that an earlier task had loaded.
#[derive(Clone, Copy)]
struct Loaded {
    moved: Moved,
    taken: Option<Taken>,
}

/// The time that a unit took.
#[derive(Clone, Copy)]
struct Taken {
    began: Timestamp,
    millis: u64,
}

/// What the plan leaves to COPY, largest first. A hash partitioned tree is copied whole if any of its leaves is.
async fn planned_units(
    context: &Context,
    plan: &ExtractReport,
    temporary: &Client,
    production: &Client,
) -> Result<Vec<Unit>, Cause> {
    let versions = Versions {
        temporary: major_version(temporary).await?,
        production: major_version(production).await?,
    };
    let sources = unit::sources(temporary, &restored_names(&context.job), versions).await?;
    let planned = plan
        .tables
        .iter()
        .filter(|table| table.mover == Mover::Copy);
    let mut bytes: HashMap<TableName, u64> = HashMap::new();
    for table in planned {
        bytes.insert(
            TableName {
                schema: table.schema.clone(),
                name: table.table.clone(),
            },
            table.bytes,
        );
    }
    let mut wanted: HashSet<&TableName> = bytes.keys().collect();
    wanted.extend(
        sources
            .iter()
            .filter(|source| bytes.contains_key(&source.table))
            .filter_map(|s| s.hash_root.as_ref()),
    );
    let mut units: Vec<Unit> = unit::units(sources.clone())
        .into_iter()
        .filter(|unit| wanted.contains(&unit.target))
        .collect();
    missing(&bytes, &sources)?;
    let size = |unit: &Unit| -> u64 {
        unit.sources
            .iter()
            .filter_map(|source| bytes.get(&source.table))
            .sum()
    };
    units.sort_by_key(|unit| std::cmp::Reverse(size(unit)));
    Ok(units)
}

/// A planned table that the temporary database doesn't have would otherwise be passed by in silence.
fn missing(planned: &HashMap<TableName, u64>, sources: &[unit::Source]) -> Result<(), Cause> {
    let present: HashSet<&TableName> = sources
        .iter()
        .flat_map(|source| std::iter::once(&source.table).chain(&source.hash_root))
        .collect();
    let gone = planned.keys().find(|table| !present.contains(table));
    match gone {
        None => Ok(()),
        Some(table) => {
            let message = format!(
                "the plan names {}, which the temporary database doesn't have",
                table.quoted()
            );
            Err(Cause::new(ErrorKind::CopyFailed, message))
        }
    }
}

/// A quarter of what production has left, since other restores and DMS load too, and its tenants go on.
async fn streams(production: &Client) -> Result<usize, Cause> {
    let row = production
        .query_one(include_str!("connections_left.sql"), &[])
        .await
        .or_cause(ErrorKind::CopyFailed, || "count production's connections")?;
    let left: i32 = row.get("connections_left");
    Ok(usize::try_from(left / 4)
        .unwrap_or(0)
        .clamp(1, MOST_STREAMS))
}

/// Loads the units with several streams; what each unit moved, in the units' order.
async fn load_all(
    context: &Context,
    home: &str,
    (units, streams): (&[Unit], usize),
    done: &HashMap<String, Moved>,
) -> Result<Vec<Loaded>, Failed> {
    let earlier = |unit: &Unit| {
        let moved = *done.get(&unit.step())?;
        Some(Loaded { moved, taken: None })
    };
    let loaded: Mutex<Vec<Option<Loaded>>> = Mutex::new(units.iter().map(earlier).collect());
    let todo = Mutex::new(
        (0..units.len())
            .rev()
            .filter(|at| !done.contains_key(&units[*at].step()))
            .collect::<Vec<_>>(),
    );
    let next = || {
        todo.lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .pop()
    };
    let streams = (0..streams).map(|_| async {
        // Connections are opened once there is something to do with them.
        let Some(mut at) = next() else { return Ok(()) };
        let temporary = context.temporary().await?;
        let session = context.loader().await?;
        let path = tenants_path::setting(&temporary, &context.job).await?;
        session
            .batch_execute(&path)
            .await
            .or_cause(ErrorKind::CopyFailed, || "prepare the login role's session")?;
        loop {
            let (began, clock) = (Timestamp::now(), Instant::now());
            let outcome = stream::load(&temporary, &session, home, &units[at]).await;
            let moved = outcome.inspect_err(|_| {
                todo.lock()
                    .unwrap_or_else(std::sync::PoisonError::into_inner)
                    .clear()
            })?;
            let millis = u64::try_from(clock.elapsed().as_millis()).unwrap_or(u64::MAX);
            let taken = Some(Taken { began, millis });
            loaded
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner)[at] =
                Some(Loaded { moved, taken });
            match next() {
                Some(other) => at = other,
                None => return Ok(()),
            }
        }
    });
    let causes: Vec<Cause> = join_all(streams)
        .await
        .into_iter()
        .filter_map(Result::err)
        .collect();
    Failed::from_causes(causes)?;
    let loaded = loaded
        .into_inner()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    Ok(loaded.into_iter().flatten().collect())
}
