//! Mode `drop`: takes back what this restore put into production, and nothing else.
//!
//! Only a schema with this restore's marker is dropped. While the marker is there the schema belongs to the login role,
//! and a schema's owner may drop everything in it, whoever owns that by now (PostgreSQL manual, DROP TABLE).

mod objects;

use tenant_restore_core::error::{Cause, ErrorKind};
use tenant_restore_core::job::DropReport;
use tokio_postgres::Client;

use crate::apply_pre_data::usage_outside;
use crate::context::{Context, Report};
use crate::failed::Failed;
use crate::names::quote_ident;
use crate::production::loader::Presence;
use crate::production::marker::{self, Standing};
use crate::production::{claim, handover_role, loader, outside};

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
    let ours: Vec<&str> = standings
        .iter()
        .filter(|(_, standing)| *standing == Standing::Ours)
        .map(|(name, _)| *name)
        .collect();
    report.left = unmarked(&standings);
    let mut causes = Vec::new();
    for schema in &ours {
        match objects::drop_schema(&mut master, schema, &ours).await {
            Ok(()) => report.dropped.push((*schema).to_owned()),
            Err(cause) => causes.push(cause),
        }
    }
    tell(context, &report.left);
    Failed::from_causes(causes)?;
    drop_strays(context, &master).await?;
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

/// Refuses to drop a schema on which something outside depends: CASCADE would take it along.
async fn check_dependents(master: &Client, schema: &str, ours: &[&str]) -> Result<(), Cause> {
    let dependents = outside::dependents(master, schema, ours, ErrorKind::DropFailed).await?;
    if dependents.is_empty() {
        return Ok(());
    }
    let (count, some) = (
        dependents.len(),
        dependents
            .into_iter()
            .take(10)
            .collect::<Vec<_>>()
            .join(", "),
    );
    let message = format!(
        "{count} objects outside of schema {} depend on it: {some}",
        quote_ident(schema)
    );
    Err(Cause::new(ErrorKind::DropFailed, message))
}
