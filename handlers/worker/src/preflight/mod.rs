//! Mode `preflight`: a look at production, reading only, before anything is created. Reports everything at once.

mod facts;
mod findings;

use tenant_restore_core::error::ErrorKind;
use tenant_restore_core::job::{Mover, MoverChoice, PreflightReport};

use crate::context::{Context, Report};
use crate::failed::{Failed, OrCause as _};
use crate::movers::{self, Sizes, Table, read_tables};
use crate::pg_dump_program;

/// Runs the mode.
pub async fn run(context: &mut Context) -> Result<Report, Failed> {
    let client = context.production().await?;
    let doing = || "look at production";
    let facts = facts::read(&client, &context.job)
        .await
        .or_cause(ErrorKind::PreflightCritical, doing)?;
    let live: Vec<&str> = context
        .job
        .schemas
        .iter()
        .map(|name| name.schema.as_str())
        .collect();
    let tables = read_tables(&client, &live, Sizes::Estimated)
        .await
        .or_cause(ErrorKind::PreflightCritical, doing)?;
    let dump_version = pg_dump_program::major_version(context).await?;
    let findings = findings::judge(&context.job, &facts, &tables, dump_version);
    let dms_expected = expects_dms(context.job.mover, &tables);
    Ok(Report::Preflight(PreflightReport {
        server_version: facts.server_version,
        findings,
        dms_expected,
    }))
}

/// From the live catalog: values are only looked at where the restore point's rows are.
fn expects_dms(requested: MoverChoice, tables: &[Table]) -> bool {
    tables
        .iter()
        .filter(|table| table.extension.is_none())
        .any(|table| {
            movers::choose(requested, table, None).is_ok_and(|choice| choice.mover == Mover::Dms)
        })
}
