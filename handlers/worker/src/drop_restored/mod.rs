//! Mode `drop`: takes back what this restore put into production, and nothing else.
//!
//! Only a schema with this restore's marker is dropped. While the marker is there the schema belongs to the login role,
//! and a schema's owner may drop everything in it, whoever owns that by now (PostgreSQL manual, DROP TABLE). What others have
//! put into it, or made depend on it, must not go along: then nothing is dropped, and they are named.

mod objects;
mod ours;

use tenant_restore_core::error::{Cause, ErrorKind};
use tenant_restore_core::job::DropReport;
use tokio_postgres::Client;

use crate::apply_pre_data::usage_outside;
use crate::context::{Context, Report};
use crate::failed::Failed;
use crate::names::quote_ident;
use crate::production::loader::Presence;
use crate::production::marker::{self, Standing};
use crate::production::{claim, handover_role, loader};
use ours::Ours;

/// Runs the mode.
pub async fn run(context: &mut Context) -> Result<Report, Failed> {
    let mut master = context.production().await?;
    let mut report = DropReport {
        dropped: Vec::new(),
        role_dropped: false,
        left: Vec::new(),
    };
    match loader::presence(&master, &context.job).await? {
        // Without the role there is no marker that could be ours: everything is dropped already, was never made, or is
        // handed over.
        Presence::Absent => {
            handover_role::drop(&master, &context.job, ErrorKind::DropFailed).await?;
            report.left = unmarked(&marker::standings(&master, &context.job).await?);
            tell(context, &report.left);
            return Ok(Report::Drop(report));
        }
        Presence::Foreign => {
            let message =
                "a role of this name exists and isn't of this restore; nothing is dropped";
            context.remark(
                "RoleNotOurs",
                quote_ident(&context.job.loader.role),
                message,
            );
            return Ok(Report::Drop(report));
        }
        Presence::Ours => {}
    }
    loader::seat_master(&master, &context.job).await?;
    // Whoever still works on this restore stops here, and with it the locks that it holds.
    loader::end_sessions(&master, &context.job).await?;
    claim(&master, &context.job).await?;

    let standings = marker::standings(&master, &context.job).await?;
    report.left = unmarked(&standings);
    let marked = standings
        .iter()
        .filter(|(_, standing)| *standing == Standing::Ours)
        .map(|(name, _)| (*name).to_owned());
    let ours = Ours::of(context, marked.collect()).await?;
    tell(context, &report.left);
    ours.check(&master).await?;
    objects::drop_keys(&mut master, &ours).await?;
    for schema in &ours.schemas {
        objects::drop_schema(&mut master, schema, &ours).await?;
        report.dropped.push(schema.clone());
    }
    // What the role owns in a schema without marker would be dropped with the strays. It stays, and so does the role.
    if report.left.is_empty() {
        drop_strays(context, &master).await?;
    }
    usage_outside::take_back(context, &master).await?;
    loader::drop_role(&master, &context.job, ErrorKind::DropFailed).await?;
    report.role_dropped = true;
    Ok(Report::Drop(report))
}

/// What a tenant's function made in the login role's name outside of the schemas. Only code that ran in this restore can have.
async fn drop_strays(context: &mut Context, master: &Client) -> Result<(), Cause> {
    let strays = loader::owned_outside(master, &context.job).await?;
    if strays.is_empty() {
        return Ok(());
    }
    for stray in &strays {
        let message = "a function of the restored schemas made it outside of them while it ran as the login role; dropped";
        context.remark("StrayDropped", stray, message);
    }
    loader::drop_owned_outside(master, &context.job).await
}

/// Schemas of the restored names that this restore can't prove to be its own: another's, or handed over by a run that
/// nobody heard of.
fn unmarked(standings: &[(&str, Standing)]) -> Vec<String> {
    let unmarked = standings
        .iter()
        .filter(|(_, standing)| *standing == Standing::Unmarked);
    unmarked.map(|(name, _)| (*name).to_owned()).collect()
}

fn tell(context: &mut Context, left: &[String]) {
    for schema in left {
        let message = "exists without this restore's marker, so it is left alone";
        context.remark("NotOurs", quote_ident(schema), message);
    }
}
