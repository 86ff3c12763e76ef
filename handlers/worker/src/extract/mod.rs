//! Mode `extract`: the temporary database is the workshop.
//!
//! Keeps the original DDL, renames the schemas there, mends text that a rename can't reach or reports it, dumps, and
//! decides how each table's rows will travel. A second run finds the rename in its ledger and continues.

mod callers_path;
mod casts;
mod connect;
mod default_privileges;
mod dump;
mod event_triggers;
pub(crate) mod extensions;
mod kin;
mod leading_back;
mod ledger;
mod mend;
pub(crate) mod outside;
mod owners;
mod passfile;
mod plan;
pub(crate) mod reader;
mod remarks;
mod rename;
mod row_security;
mod text;

use mend::Mending;
use tenant_restore_core::job::ExtractReport;

use crate::archive::{ARCHIVE_FILE, DUMP_FILE, PLAN_FILE, toc};
use crate::context::{Context, Report};
use crate::failed::Failed;
use crate::production::{claim, tenants_path};
use crate::storage;

/// File name of the original DDL below the audit prefix.
pub const ORIGINAL_DDL_FILE: &str = "original.sql";

/// Runs the mode.
pub async fn run(context: &mut Context) -> Result<Report, Failed> {
    let mut client = connect::temporary(context).await?;
    // ECS may start a task twice, and the other worker would find the schemas renamed half-way through.
    claim(&client, &context.job).await?;
    event_triggers::disable(&client).await?;
    let ledger = ledger::open(&client).await?;
    let renamed = ledger::is_renamed(&ledger, &context.job)?;
    rename::check_schemas(&client, &context.job.schemas, renamed).await?;
    let names = rename::current_names(&context.job.schemas, renamed);
    kin::check(&client, &names).await?;
    owners::join(&client, &names).await?;

    let pg_dump = dump::PgDump::new(context).await?;
    let original_ddl = format!("{}{ORIGINAL_DDL_FILE}", context.job.audit_prefix);
    if !renamed {
        let originals: Vec<&str> = context
            .job
            .schemas
            .iter()
            .map(|name| name.schema.as_str())
            .collect();
        let ddl = pg_dump.original_ddl(&originals).await?;
        context.storage.put(&original_ddl, ddl.into()).await?;
        rename::rename_all(&mut client, &context.job).await?;
    }
    let restored: Vec<String> = context
        .job
        .schemas
        .iter()
        .map(|name| name.restored_as.clone())
        .collect();
    let restored: Vec<&str> = restored.iter().map(String::as_str).collect();
    outside::check(&client, &restored, context).await?;
    reader::take_back(&client, context).await?;
    row_security::bring_back(&mut client).await?;
    let Mending {
        mut mended,
        remarks,
    } = ledger::mending(&client).await?;
    context.remarks.extend(remarks);
    mended.extend(text::report(&client, context).await?);
    callers_path::report(&client, context).await?;
    leading_back::report(&client, &restored, context).await?;
    remarks::report(&client, &restored, context).await?;

    let dumped = pg_dump.archive(&restored).await?;
    let mut archive = toc::parse(&dumped).map_err(|error| dump::unreadable(&error))?;
    casts::add(&client, &restored, &mut archive).await?;
    default_privileges::part(&mut archive);
    text::mend_archive(&client, context, &mut archive).await?;
    extensions::point_to_live(&client, &context.job.schemas, &mut archive).await?;
    context
        .storage
        .put(&context.work_key(DUMP_FILE), dumped.into())
        .await?;
    storage::write_json(&*context.storage, &context.work_key(ARCHIVE_FILE), &archive).await?;

    let tables = plan::tables(&client, &restored).await?;
    row_security::switch_off(&mut client, &restored).await?;
    reader::let_read(&client, context, &restored).await?;
    let rows = context.temporary_rows().await?;
    let path = tenants_path::setting(&client, &context.job).await?;
    let tables = plan::decide(tables, (&rows, &path), context).await?;
    let report = ExtractReport {
        tables,
        original_ddl,
        mended,
    };
    storage::write_json(&*context.storage, &context.work_key(PLAN_FILE), &report).await?;
    Ok(Report::Extract(report))
}
