//! Mode `open`: row level security, owners, privileges, and last of all the schemas themselves go to their users.
//!
//! Until a schema is handed over nobody but the login role may use it, so nobody sees a table whose protection is not
//! complete. The marker goes in the transaction that hands the schema over.

mod closing;
mod code;
mod comparison;
mod definition;
mod handover;
mod held_back;
mod kept_remarks;
mod ownership;
mod policies;
mod privileges;
mod protection;

use tenant_restore_core::error::{Cause, ErrorKind};
use tenant_restore_core::job::{OnMismatch, Remark, ValidateChoice};
use tokio_postgres::Client;

use crate::apply_pre_data::{archive, usage_outside};
use crate::archive::Archive;
use crate::context::{Context, Report};
use crate::failed::Failed;
use crate::names::quote_ident;
use crate::production::loader::Presence;
use crate::production::marker::{self, Standing};
use crate::production::{claim, handed_over, handover_role, loader, outside, restored_names};
use handover::Handover;

/// Runs the mode.
pub async fn run(context: &mut Context) -> Result<Report, Failed> {
    let mut master = context.production().await?;
    claim(&master, &context.job).await?;
    let standings = marker::standings(&master, &context.job).await?;
    let role = loader::presence(&master, &context.job).await?;
    let handing = handover_role::stage(&master, &context.job).await?;
    let stage = stage(&standings, role, handing)?;
    let left: Vec<String> = standings
        .iter()
        .filter(|(_, standing)| *standing == Standing::Ours)
        .map(|(schema, _)| (*schema).to_owned())
        .collect();
    let left: Vec<&str> = left.iter().map(String::as_str).collect();
    let begun = handed_over::has_begun(context).await?;
    if begun {
        kept_remarks::tell(context).await?;
    }
    match stage {
        Stage::Done => {}
        Stage::RoleLeft => end(context, &master).await?,
        Stage::Begin | Stage::Closing => {
            let archive = archive(context).await?;
            if !begun {
                prepare(context, &mut master, &archive).await?;
            }
            go_on(context, master, &archive, stage, &left).await?;
        }
    }
    Ok(Report::Opened(differences(context)))
}

/// All that the login role itself does here, while it owns everything still. An opening that goes on has it behind it.
async fn prepare(
    context: &mut Context,
    master: &mut Client,
    archive: &Archive,
) -> Result<(), Failed> {
    loader::resume_alone(master, &context.job, &context.loader_login().await?).await?;
    check_strays(context, master).await?;
    protection::protect(context, archive).await?;
    kept_remarks::keep(context, &[]).await?;
    Ok(())
}

async fn go_on(
    context: &mut Context,
    master: Client,
    archive: &Archive,
    stage: Stage,
    left: &[&str],
) -> Result<(), Failed> {
    // From here on no function of the tenant runs any more as the role that owns what is handed over, but those that a live
    // statement leads to, and nobody but that role may use the schemas.
    loader::seat_master(&master, &context.job).await?;
    loader::seal(&master, &context.job).await?;
    check_strays(context, &master).await?;
    if stage == Stage::Begin {
        check_nothing_leads_in(context, &master).await?;
    }
    let mut handover = Handover::new(context, master).await?;
    if stage == Stage::Begin {
        let restored = restored_names(&context.job);
        handed_over::note(context, &handover.master).await?;
        handover.hand_over_objects().await?;
        handover.settle_privileges(&restored).await?;
        handover.default_privileges(archive).await?;
        handover.check_protection(archive, &restored).await?;
        handover.compare().await?;
        kept_remarks::keep(context, &handover.remarks).await?;
        handover_role::note_opening(&handover.master, &context.job).await?;
    }
    handover.complete(left, archive).await?;
    refuse_differences(context, &handover.remarks)?;
    handover.close(context, left).await?;
    let Handover {
        master, remarks, ..
    } = handover;
    kept_remarks::tell_once(context, remarks);
    end(context, &master).await?;
    Ok(())
}

/// The restore's own roles go.
async fn end(context: &Context, master: &Client) -> Result<(), Cause> {
    usage_outside::take_back(context, master).await?;
    loader::drop_role(master, &context.job, ErrorKind::ApplyFailed).await
}

/// What the validation compares is compared before anything has its owner; the rest is compared here, and counts alike.
const DIFFERENCE: &str = "NotAsItWas";

/// With `drop`, schemas that differ are never opened.
fn refuse_differences(context: &Context, remarks: &[Remark]) -> Result<(), Failed> {
    let job = &context.job;
    if job.on_mismatch != OnMismatch::Drop || job.validate == ValidateChoice::None {
        return Ok(());
    }
    let all = context.remarks.iter().chain(remarks);
    let causes = all
        .filter(|remark| remark.code == DIFFERENCE)
        .map(|remark| Cause::new(ErrorKind::ValidationMismatch, words(remark)));
    Failed::from_causes(causes.collect())
}

/// Takes the differences out of the remarks; without a validation they stay there.
fn differences(context: &mut Context) -> Vec<Remark> {
    if context.job.validate == ValidateChoice::None {
        return Vec::new();
    }
    let remarks = std::mem::take(&mut context.remarks);
    let (different, remarks): (Vec<_>, Vec<_>) = remarks
        .into_iter()
        .partition(|remark| remark.code == DIFFERENCE);
    context.remarks = remarks;
    different
}

/// A remark as a difference.
pub(crate) fn words(remark: &Remark) -> String {
    format!("{}: {}", remark.object, remark.message)
}

/// A tenant's function that made something outside of its schema, while it ran as the login role, gets no restore.
async fn check_strays(context: &Context, master: &Client) -> Result<(), Cause> {
    let strays = loader::owned_outside(master, &context.job).await?;
    if strays.is_empty() {
        return Ok(());
    }
    let message = format!(
        "functions of the restored schemas made {} objects outside of them while rows were loaded: {}",
        strays.len(),
        first_ten(&strays)
    );
    let mut cause = Cause::new(ErrorKind::ApplyFailed, message);
    "Look at what the schema's checks, defaults, generated columns and index expressions call; the cleanup drops what they made."
        .clone_into(&mut cause.remedy);
    Err(cause)
}

/// Nobody may use the schemas before they are opened, but a tenant's function can have let somebody: a view of his leads into
/// them by OID, whatever is taken back, and would run what is handed over with its new owner's rights.
async fn check_nothing_leads_in(context: &Context, master: &Client) -> Result<(), Cause> {
    let found = outside::leading_in(master, &restored_names(&context.job)).await?;
    if found.is_empty() {
        return Ok(());
    }
    let message = format!(
        "{} objects outside of the restored schemas depend on them already, so nothing is opened: {}",
        found.len(),
        first_ten(&found)
    );
    let mut cause = Cause::new(ErrorKind::ApplyFailed, message);
    "Drop these objects, or what in them names the restored schemas, and replay. Somebody made them while rows were loaded, \
     which takes a function of the schemas that lets others in: look at what their checks, defaults, generated columns and \
     index expressions call."
        .clone_into(&mut cause.remedy);
    Err(cause)
}

fn first_ten(objects: &[String]) -> String {
    objects[..objects.len().min(10)].join(", ")
}

/// How far an earlier run of this mode came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// It still has to do everything, or most.
    Begin,
    /// Only schemas themselves are left.
    Closing,
    /// Only the roles of the restore are left.
    RoleLeft,
    /// Nothing is left.
    Done,
}

/// A schema loses its marker only when it is handed over, which begins after the master has noted that.
fn stage(
    standings: &[(&str, Standing)],
    role: Presence,
    handing: handover_role::Stage,
) -> Result<Stage, Cause> {
    if let Some((schema, _)) = standings
        .iter()
        .find(|(_, standing)| *standing == Standing::Absent)
    {
        let message = format!(
            "schema {} isn't in production, so it can't be opened",
            quote_ident(schema)
        );
        return Err(Cause::new(ErrorKind::ApplyFailed, message));
    }
    let ours = standings
        .iter()
        .filter(|(_, standing)| *standing == Standing::Ours)
        .count();
    let opening = handing == handover_role::Stage::Opening;
    match (ours, role) {
        (0, Presence::Absent) => Ok(Stage::Done),
        (0, Presence::Ours) => Ok(Stage::RoleLeft),
        (1.., Presence::Ours) if opening => Ok(Stage::Closing),
        (1.., Presence::Ours) if ours == standings.len() => Ok(Stage::Begin),
        _ => {
            let message = "a schema to be opened has no marker of this restore, or its login role isn't there";
            Err(Cause::new(ErrorKind::ApplyFailed, message))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::handover_role::Stage::{Made, Opening};
    use super::*;

    const OURS: Standing = Standing::Ours;

    #[test]
    fn a_second_run_goes_on_where_the_first_ended() {
        let at = |a, b, role, handing| stage(&[("a", a), ("b", b)], role, handing).unwrap();
        assert_eq!(at(OURS, OURS, Presence::Ours, Made), Stage::Begin);
        assert_eq!(at(OURS, OURS, Presence::Ours, Opening), Stage::Closing);
        assert_eq!(
            at(Standing::Unmarked, OURS, Presence::Ours, Opening),
            Stage::Closing
        );
        assert_eq!(
            at(Standing::Unmarked, Standing::Unmarked, Presence::Ours, Made),
            Stage::RoleLeft
        );
        assert_eq!(
            at(
                Standing::Unmarked,
                Standing::Unmarked,
                Presence::Absent,
                handover_role::Stage::Absent
            ),
            Stage::Done
        );
    }

    #[test]
    fn a_schema_that_is_missing_or_not_ours_is_never_opened() {
        assert!(stage(&[("a", Standing::Absent)], Presence::Absent, Opening).is_err());
        let other = [("a", OURS), ("b", Standing::Unmarked)];
        assert!(stage(&other, Presence::Ours, Made).is_err());
        assert!(stage(&[("a", OURS)], Presence::Foreign, Made).is_err());
    }
}
