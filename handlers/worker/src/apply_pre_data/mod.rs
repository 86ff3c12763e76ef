//! Mode `apply-pre-data`: the login role, the schemas with their markers, and the objects that rows need.
//!
//! Only the role, the schemas and USAGE outside are the master's work. Everything of the tenant is created by the
//! login role, so that none of the tenant's expressions runs with the master's rights.

mod owners;
mod primary_keys;
pub mod usage_outside;

use tenant_restore_core::error::Cause;

use crate::apply_post_data::checks;
use crate::archive::{ARCHIVE_FILE, Archive};
use crate::context::{Context, Report};
use crate::failed::Failed;
use crate::production::entries::{self, Part};
use crate::production::loader::Presence;
use crate::production::statements::{Statement, apply_once};
use crate::production::{claim, handed_over, loader, marker, restored_names, tenants_path};
use crate::storage;

/// Runs the mode.
pub async fn run(context: &mut Context) -> Result<Report, Failed> {
    let archive = archive(context).await?;
    let mut master = context.production().await?;
    claim(&master, &context.job).await?;
    owners::check(&master, &archive).await?;
    marker::check_free(&master, &context.job).await?;
    let login = context.loader_login().await?;
    if loader::presence(&master, &context.job).await? == Presence::Absent {
        handed_over::forget(context).await?;
    }
    loader::ensure(&mut master, &context.job, &login).await?;
    for schema in restored_names(&context.job) {
        marker::ensure_schema(&mut master, &context.job, schema).await?;
    }
    let temporary = context.temporary().await?;
    usage_outside::grant(context, &master, &temporary).await?;
    let mut session = context.loader().await?;
    remark_left_out(context, &archive);

    tenants_path::ready_for_ddl(&session, &temporary, &context.job).await?;
    let mut statements: Vec<Statement> = entries::of(&archive, Part::PreData)
        .map(entries::statement)
        .collect();
    statements.extend(checks::take_off(&temporary, &context.job).await?);
    statements.extend(primary_keys::early(context, &archive, &temporary).await?);
    apply_once(
        &mut session,
        &context.job.schemas[0].restored_as,
        &statements,
    )
    .await?;
    Ok(Report::Done)
}

/// The archive that `extract` left.
pub async fn archive(context: &Context) -> Result<Archive, Cause> {
    storage::read_json(context.storage.as_ref(), &context.work_key(ARCHIVE_FILE)).await
}

fn remark_left_out(context: &mut Context, archive: &Archive) {
    for entry in entries::of(archive, Part::LeftOut) {
        let why = "not part of a schema, so it isn't created in production; create it there if it is missing";
        context.remark("LeftOut", entries::title(entry), why);
    }
    for entry in archive.entries.iter().filter(|entry| {
        entry
            .tablespace
            .as_ref()
            .is_some_and(|name| !name.is_empty())
    }) {
        context.remark(
            "TablespaceIgnored",
            entries::title(entry),
            "restored into the default tablespace",
        );
    }
}
