//! `cancel` and `replay`: events about a restore that exists.

use std::process::ExitCode;

use aws_config::SdkConfig;
use jiff::Timestamp;
use serde_json::json;
use tenant_restore_core::restore::Restore;
use tenant_restore_events::request::RestoreReference;

use crate::arguments::{Deployment, Output, Reference};
use crate::bus;
use crate::record::{Found, Records};
use crate::teller;
use crate::trouble::Trouble;

/// What is wished of a restore.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// That it ends now.
    Cancel,
    /// That it begins again.
    Replay,
}

impl Wish {
    fn detail_type(self) -> &'static str {
        match self {
            Self::Cancel => "RestoreCancelRequested",
            Self::Replay => "RestoreReplayRequested",
        }
    }
}

/// Publishes the wish, if the restore's record says that it can be granted. The pipeline decides again when the event
/// arrives.
///
/// # Errors
/// There is no such restore, it is in the wrong state, or AWS can't be reached.
pub async fn publish(
    config: &SdkConfig,
    deployment: &Deployment,
    output: Output,
    wish: Wish,
    named: &Reference,
) -> Result<ExitCode, Trouble> {
    let records = Records::new(config, deployment);
    let restore = match records.find(&named.id).await? {
        Some(Found::Restore(restore)) => restore,
        Some(Found::Plan(_) | Found::RefusedPlan(_)) => return Err(only_planned(&named.id)),
        Some(Found::Rejection(_)) => return Err(never_opened(&named.id)),
        None => return Err(records.unknown(&named.id)),
    };
    check(wish, &restore, Timestamp::now())?;
    let detail = reference(&restore, named.requested_by.clone())?;
    let (bus, published) = (deployment.bus(), Timestamp::now());
    let event_id = bus::publish(config, bus, wish.detail_type(), detail).await?;
    let (id, detail_type) = (&restore.id, wish.detail_type());
    teller::write(&match output {
        Output::Text => format!(
            "Published {detail_type} on the bus {bus}.\n  request  {}\n  restore  {id}, attempt {}\n\
             See what becomes of it with: tenant-restore status {id}\n",
            restore.request.request_id, restore.attempt
        ),
        Output::Json => {
            let document = json!({
                "event": "published", "detailType": detail_type, "at": published, "eventId": event_id, "bus": bus,
                "requestId": restore.request.request_id, "restoreId": id, "attempt": restore.attempt
            });
            format!("{document}\n")
        }
    })?;
    Ok(ExitCode::SUCCESS)
}

fn only_planned(id: &str) -> Trouble {
    Trouble::new(
        format!("{id:?} is a plan: it ends by itself, and a second try is a plan of its own."),
        "Name a restore, or ask for another plan with `tenant-restore plan`.",
    )
}

fn check(wish: Wish, restore: &Restore, now: Timestamp) -> Result<(), Trouble> {
    let id = &restore.id;
    let (granted, remedy) = match (wish, &restore.ended) {
        (Wish::Cancel, _) => (
            restore.clone().cancel(None, now),
            format!("See how it ends or ended with `tenant-restore status {id}`."),
        ),
        (Wish::Replay, None) if restore.held.is_some() => (
            restore.clone().resume(now),
            format!("See where it is with `tenant-restore status {id}`."),
        ),
        (Wish::Replay, Some(_)) if restore.is_being_told() => return Ok(()),
        (Wish::Replay, None) => (
            restore.next_attempt(now).map(drop),
            format!("Wait for its end with `tenant-restore watch {id}`."),
        ),
        (Wish::Replay, Some(_)) => (
            restore.next_attempt(now).map(drop),
            "To restore the schemas once more, request it anew under another suffix.".to_owned(),
        ),
    };
    granted.map_err(|problem| Trouble::new(format!("Nothing was published: {problem}."), remedy))
}

/// The restore id always names the restore; a request id could look like the restore id of another.
fn reference(restore: &Restore, requested_by: Option<String>) -> Result<String, Trouble> {
    let reference = RestoreReference {
        restore_id: Some(restore.id.to_string()),
        request_id: None,
        requested_by,
    };
    serde_json::to_string(&reference).map_err(|error| {
        let what = format!("Could not write the event's detail: {error}.");
        Trouble::new(what, "This is a defect of the command line; report it.")
    })
}

fn never_opened(request_id: &str) -> Trouble {
    Trouble::new(
        format!("The request {request_id:?} was rejected and nothing was started for it."),
        "Correct what `tenant-restore status` names and request again.",
    )
}

#[cfg(test)]
mod tests {
    use serde_json::Value;
    use tenant_restore_core::error::{Cause, ErrorKind};
    use tenant_restore_events::Phase;

    use super::*;
    use crate::status::samples;

    fn now() -> Timestamp {
        "2024-01-29T08:13:30Z".parse().unwrap()
    }

    fn ended(mut restore: Restore) -> Restore {
        restore.enter(Phase::Complete, &[], now());
        restore.decide_outcome("s3://bucket/audit/x/1", now());
        restore.announced = true;
        restore
    }

    fn failed() -> Restore {
        let mut restore = samples::in_ddl();
        restore.fail(vec![Cause::new(ErrorKind::ApplyFailed, "x")], now());
        ended(restore)
    }

    #[test]
    fn only_a_restore_under_way_is_cancelled() {
        assert_eq!(check(Wish::Cancel, &samples::in_ddl(), now()), Ok(()));
        let trouble = check(Wish::Cancel, &failed(), now()).unwrap_err();
        assert!(
            trouble.what.starts_with("Nothing was published"),
            "{trouble}"
        );
        assert!(trouble.remedy.contains("status mfrggzdfmztw"), "{trouble}");
    }

    #[test]
    fn only_a_failed_restore_is_replayed_and_each_other_is_told_what_to_do_instead() {
        assert_eq!(check(Wish::Replay, &failed(), now()), Ok(()));
        let completed = ended(samples::in_ddl());
        for (restore, remedy) in [(samples::in_ddl(), "watch"), (completed, "request it anew")] {
            let trouble = check(Wish::Replay, &restore, now()).unwrap_err();
            assert!(trouble.remedy.contains(remedy), "{trouble}");
        }
    }

    #[test]
    fn a_failure_that_is_being_told_is_replayed_as_soon_as_it_was() {
        let mut restore = failed();
        restore.announced = false;
        assert_eq!(check(Wish::Replay, &restore, now()), Ok(()));
    }

    #[test]
    fn the_event_names_the_restore_by_its_id_alone() {
        let restore = samples::in_ddl();
        let detail = reference(&restore, Some("Ada".into())).unwrap();
        let detail: Value = serde_json::from_str(&detail).unwrap();
        assert_eq!(
            detail,
            json!({"restoreId": restore.id, "requestedBy": "Ada"})
        );
    }
}
