//! Mode `apply-post-data`: indexes, constraints, triggers, rules, foreign keys, sequence positions, contents of
//! materialized views, statistics. Not yet open to its users.
//!
//! What may run beside something else does, over several connections; what may not, or takes a moment, runs alone.

pub mod checks;
mod contents;
pub mod foreign_keys;
mod outside_keys;
pub mod sequences;
mod side_by_side;

pub use contents::EXCEPTION as VIEW_EXCEPTION;

use crate::apply_pre_data::archive;
use crate::context::{Context, Report};
use crate::failed::Failed;
use crate::production::{
    claim, handed_over, ledger, loader, parallel, restored_names, tenants_path,
};

/// Runs the mode.
pub async fn run(context: &mut Context) -> Result<Report, Failed> {
    let archive = archive(context).await?;
    let mut master = context.production().await?;
    claim(&master, &context.job).await?;
    if handed_over::has_begun(context).await? {
        return Ok(Report::Done);
    }
    loader::resume_alone(&mut master, &context.job, &context.loader_login().await?).await?;
    let temporary = context.temporary().await?;
    let mut session = context.loader().await?;
    tenants_path::ready_for_ddl(&session, &temporary, &context.job).await?;

    let home = context.job.schemas[0].restored_as.clone();
    let sizes = side_by_side::sizes(&session, &restored_names(&context.job)).await?;
    let done = ledger::done(&session, &home).await?;
    let tasks = side_by_side::tasks(&archive, &sizes, &done);
    parallel::run(context, &master, &tasks, parallel::Noting::Noted, &|_| {
        false
    })
    .await?;
    checks::put_back(context, &temporary, &mut session).await?;
    sequences::restore(context, &temporary, &session).await?;
    foreign_keys::restore(context, &temporary, &master, &mut session, &sizes).await?;
    contents::refresh(context, &temporary, &session).await?;
    contents::analyze(context, &master, &session, &sizes).await?;
    Ok(Report::Done)
}
