//! Mode `preflight`: a look at production, reading only, before anything is created. Reports everything at once.

mod facts;
mod findings;

use tenant_restore_core::error::ErrorKind;
use tenant_restore_core::job::{self, ExpectedTable, Finding, Mover, MoverChoice, PreflightReport};

use crate::context::{Context, Report};
use crate::failed::{Failed, OrCause as _};
use crate::movers::{self, Table};
use crate::pg_dump_program;
use facts::Live;

/// Runs the mode.
pub async fn run(context: &mut Context) -> Result<Report, Failed> {
    let client = match context.production().await {
        Ok(client) => client,
        // Whatever else is wrong is told too, by who asked for this look.
        Err(cause) if cause.kind == ErrorKind::DatabaseMissing => {
            return Ok(Report::Preflight(PreflightReport {
                findings: vec![Finding::critical(cause)],
                ..PreflightReport::default()
            }));
        }
        Err(cause) => return Err(cause.into()),
    };
    let live = live(context).await?;
    let look = facts::read(&client, &live, &context.job)
        .await
        .or_cause(ErrorKind::PreflightCritical, || "look at production")?;
    let dump_version = pg_dump_program::major_version(context).await?;
    let tables = expected(context.job.mover, &look.tables);
    Ok(Report::Preflight(PreflightReport {
        server_version: look.facts.server_version,
        findings: findings::judge(&context.job, &look.facts, &look.tables, dump_version),
        dms_expected: tables.iter().any(|table| table.mover == Some(Mover::Dms)),
        tables,
        volume: Some(look.volume),
        connections: Some(look.connections),
    }))
}

/// Where the live schemas are. A source whose database was dropped has none any more, as one that was deleted.
async fn live(context: &Context) -> Result<Live, Failed> {
    let server = match &context.job.live {
        job::Live::Production => return Ok(Live::Production),
        job::Live::Nowhere => return Ok(Live::Nowhere),
        job::Live::Elsewhere(server) => server,
    };
    match context.connect(server, &context.job.database).await {
        Ok(client) => Ok(Live::Elsewhere(client)),
        Err(cause) if cause.kind == ErrorKind::DatabaseMissing => Ok(Live::Nowhere),
        Err(cause) => Err(cause.into()),
    }
}

/// From the live catalog: values are only looked at where the restore point's rows are.
fn expected(requested: MoverChoice, tables: &[Table]) -> Vec<ExpectedTable> {
    tables
        .iter()
        .filter(|table| table.extension.is_none())
        .map(|table| {
            let choice = movers::choose(requested, table, None);
            ExpectedTable {
                schema: table.schema.clone(),
                table: table.name.clone(),
                mover: Some(choice.mover),
                reason: choice.reason,
                rows: table.rows,
                bytes: table.bytes,
            }
        })
        .collect()
}
