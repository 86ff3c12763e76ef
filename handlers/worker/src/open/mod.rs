//! Mode `open`: row level security, owners, privileges, and last of all the schemas themselves go to their users.
//!
//! Until a schema is handed over nobody but the login role may use it, so nobody sees a table whose protection is not
//! complete. The marker goes in the transaction that hands the schema over.

mod closing;
mod comparison;
mod handover;
mod ownership;
mod privileges;
mod protection;

use tenant_restore_core::error::{Cause, ErrorKind};

use crate::apply_pre_data::{archive, usage_outside};
use crate::context::{Context, Report};
use crate::failed::Failed;
use crate::names::quote_ident;
use crate::production::loader::Presence;
use crate::production::marker::{self, Standing};
use crate::production::{claim, loader};
use handover::Handover;

/// Runs the mode.
pub async fn run(context: &mut Context) -> Result<Report, Failed> {
    let mut master = context.production().await?;
    claim(&master, &context.job).await?;
    let standings = marker::standings(&master, &context.job).await?;
    let stage = stage(&standings, loader::presence(&master, &context.job).await?)?;
    match stage {
        Stage::Done => return Ok(Report::Done),
        Stage::RoleLeft => {
            usage_outside::take_back(context, &master).await?;
            loader::drop_role(&master, &context.job, ErrorKind::ApplyFailed).await?;
            return Ok(Report::Done);
        }
        Stage::Begin | Stage::Closing => {}
    }
    let left: Vec<String> = standings
        .iter()
        .filter(|(_, standing)| is_ours(*standing))
        .map(|(schema, _)| (*schema).to_owned())
        .collect();
    loader::resume(&mut master, &context.job, &context.loader_login().await?).await?;
    let archive = archive(context).await?;
    let mut handover = Handover::new(context, master).await?;
    if stage == Stage::Begin {
        handover.protect(&archive).await?;
        handover.hand_over_objects().await?;
        handover.settle_privileges().await?;
        handover.default_privileges(&archive).await?;
        handover.check_protection(&archive).await?;
        handover.compare().await?;
    }
    handover.close(&left).await?;
    let Handover {
        master, remarks, ..
    } = handover;
    usage_outside::take_back(context, &master).await?;
    loader::drop_role(&master, &context.job, ErrorKind::ApplyFailed).await?;
    context.remarks.extend(remarks);
    Ok(Report::Done)
}

/// How far an earlier run of this mode came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// It still has to do everything, or most.
    Begin,
    /// Only schemas themselves are left.
    Closing,
    /// Only the login role is left.
    RoleLeft,
    /// Nothing is left.
    Done,
}

fn is_ours(standing: Standing) -> bool {
    matches!(standing, Standing::Ours { .. })
}

/// A schema loses its marker only when it is handed over, which begins after all markers say `opening`.
fn stage(standings: &[(&str, Standing)], role: Presence) -> Result<Stage, Cause> {
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
    let count = |wanted: Standing| {
        standings
            .iter()
            .filter(|(_, standing)| *standing == wanted)
            .count()
    };
    let (loading, opening) = (
        count(Standing::Ours { opening: false }),
        count(Standing::Ours { opening: true }),
    );
    match (loading, opening, role) {
        (0, 0, Presence::Absent) => Ok(Stage::Done),
        (0, 0, Presence::Ours) => Ok(Stage::RoleLeft),
        (0, 1.., Presence::Ours) => Ok(Stage::Closing),
        (1.., _, Presence::Ours) if loading + opening == standings.len() => Ok(Stage::Begin),
        _ => {
            let message = "a schema to be opened has no marker of this restore, or its login role isn't there";
            Err(Cause::new(ErrorKind::ApplyFailed, message))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOADING: Standing = Standing::Ours { opening: false };
    const OPENING: Standing = Standing::Ours { opening: true };

    #[test]
    fn a_second_run_goes_on_where_the_first_ended() {
        let at = |a, b, role| stage(&[("a", a), ("b", b)], role).unwrap();
        assert_eq!(at(LOADING, LOADING, Presence::Ours), Stage::Begin);
        assert_eq!(at(OPENING, OPENING, Presence::Ours), Stage::Closing);
        assert_eq!(
            at(Standing::Unmarked, OPENING, Presence::Ours),
            Stage::Closing
        );
        assert_eq!(
            at(Standing::Unmarked, Standing::Unmarked, Presence::Ours),
            Stage::RoleLeft
        );
        assert_eq!(
            at(Standing::Unmarked, Standing::Unmarked, Presence::Absent),
            Stage::Done
        );
    }

    #[test]
    fn a_schema_that_is_missing_or_not_ours_is_never_opened() {
        assert!(stage(&[("a", Standing::Absent)], Presence::Absent).is_err());
        assert!(stage(&[("a", LOADING), ("b", Standing::Unmarked)], Presence::Ours).is_err());
        assert!(stage(&[("a", LOADING)], Presence::Foreign).is_err());
    }
}
