//! Mode `copy`: COPY streams from the temporary database to production, several tables or pieces of one at once.
//!
//! Memory stays bounded, whatever a table's size: a stream reads on only as fast as production takes its rows. One row is
//! held as a whole, since PostgreSQL sends a row as one message.
//!
//! Pieces of a table are read in different transactions. They fit together because nothing writes in the temporary
//! database: nobody else reaches it, and our sessions there are read-only. A row's place changes by writing alone; vacuum,
//! which runs there too, moves none. A comparison of all rows would show a mistake in that; one of counts may not.

pub mod pieces;
mod stream;
mod streams;
pub mod unit;

use std::collections::{HashMap, HashSet};

use tenant_restore_core::error::{Cause, ErrorKind};
use tenant_restore_core::job::{CopiedTable, CopyReport, ExtractReport, Mover};
use tokio_postgres::Client;

use crate::archive::PLAN_FILE;
use crate::context::{Context, Report};
use crate::failed::Failed;
use crate::production::ledger::Moved;
use crate::production::statements::{Statement, apply_together};
use crate::production::{at_once, claim, ledger, loader, major_version, restored_names};
use crate::storage;
use pieces::{Division, Piece, division, division_step, moved, pieces};
use streams::{Loaded, Taken, span};
use unit::{TableName, Unit, Versions};

/// Runs the mode.
pub async fn run(context: &mut Context) -> Result<Report, Failed> {
    let plan: ExtractReport =
        storage::read_json(context.storage.as_ref(), &context.work_key(PLAN_FILE)).await?;
    let mut master = context.production().await?;
    claim(&master, &context.job).await?;
    loader::resume(&mut master, &context.job, &context.loader_login().await?).await?;
    loader::end_leftovers(&master, &context.job).await?;
    let temporary = context.temporary().await?;
    let versions = Versions {
        temporary: major_version(&temporary).await?,
        production: major_version(&master).await?,
    };
    let units = planned_units(context, &plan, &temporary, versions).await?;
    let home = context.job.schemas[0].restored_as.as_str();
    let done = ledger::moved(&context.loader().await?, home).await?;
    let pieces = divide(context, &units, versions, &done).await?;
    let streams = at_once::connections(&master, context.bounds.connections).await?;
    tracing::info!(streams, tables = units.len(), pieces = pieces.len(), "copy");
    let loaded = streams::load_all(context, &units, &pieces, streams, &done).await?;
    Ok(Report::Copy(report(&units, &pieces, &loaded)))
}

/// The pieces of all units, in their order. Targets that several transactions load are empty from here on: that can only
/// be made so once, by a transaction that also notes where the pieces begin, and before the first of them.
async fn divide(
    context: &Context,
    units: &[Unit],
    versions: Versions,
    done: &HashMap<String, Moved>,
) -> Result<Vec<Piece>, Cause> {
    let home = context.job.schemas[0].restored_as.as_str();
    let mut session = context.loader().await?;
    let noted = ledger::beginnings(&session, home).await?;
    let mut all = Vec::new();
    for (at, unit) in units.iter().enumerate() {
        let division = if done.contains_key(&unit.step()) {
            Division::Whole
        } else {
            division(unit, &noted, context.bounds.piece_bytes, versions)
        };
        if let Division::Pieces {
            beginnings,
            noted: false,
        } = &division
        {
            empty_once(&mut session, home, unit, beginnings).await?;
        }
        all.extend(pieces(at, unit, &division));
    }
    Ok(all)
}

async fn empty_once(
    session: &mut Client,
    home: &str,
    unit: &Unit,
    beginnings: &[Vec<u32>],
) -> Result<(), Cause> {
    let mut statements = vec![Statement {
        sql: unit.empty(),
        name: format!("emptying {}", unit.target.quoted()),
    }];
    for (source, beginnings) in unit.sources.iter().zip(beginnings) {
        let step = division_step(source);
        statements.push(ledger::noting_beginnings(home, &step, beginnings));
    }
    apply_together(session, &statements)
        .await
        .map_err(|refused| refused.cause(&statements))?;
    let noted = ledger::beginnings(session, home).await?;
    let is_noted = |(source, beginnings): (&unit::Source, &Vec<u32>)| {
        noted.get(&division_step(source)) == Some(beginnings)
    };
    if unit.sources.iter().zip(beginnings).all(is_noted) {
        return Ok(());
    }
    // A trigger that a tenant's function put on the ledger keeps it out. A second run would empty the table of pieces that are
    // noted as loaded.
    let message = format!(
        "could not note where the pieces of {} begin",
        unit.target.quoted()
    );
    Err(Cause::new(ErrorKind::CopyFailed, message))
}

fn report(units: &[Unit], pieces: &[Piece], loaded: &[Loaded]) -> CopyReport {
    let of_unit = |at: usize| {
        pieces
            .iter()
            .zip(loaded)
            .filter(move |(piece, _)| piece.unit == at)
            .map(|(_, loaded)| loaded)
    };
    let tables = units.iter().enumerate().map(|(at, unit)| {
        let moved = moved(of_unit(at).map(|loaded| &loaded.moved));
        let taken = span(of_unit(at).filter_map(|loaded| loaded.taken));
        CopiedTable {
            schema: unit.target.schema.clone(),
            table: unit.target.name.clone(),
            rows: moved.rows,
            bytes: moved.bytes,
            began: taken.map(|taken| taken.began),
            millis: taken.map(Taken::millis),
        }
    });
    CopyReport {
        tables: tables.collect(),
    }
}

/// What the plan leaves to COPY, largest first. A hash partitioned tree is copied whole if any of its leaves is.
async fn planned_units(
    context: &Context,
    plan: &ExtractReport,
    temporary: &Client,
    versions: Versions,
) -> Result<Vec<Unit>, Cause> {
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
