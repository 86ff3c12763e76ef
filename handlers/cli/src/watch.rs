//! Following a restore to its end.
//!
//! The record is read once a second: DynamoDB tells nobody of a change without a stream, and a stream's reader would
//! need rights and resources of its own. A consistent read of one item costs next to nothing.

use std::process::ExitCode;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::arguments::Output;
use crate::detail::Detail;
use crate::plan;
use crate::record::{Found, Records};
use crate::status::Status;
use crate::teller::{self, Teller};
use crate::trouble::Trouble;

const INTERVAL: Duration = Duration::from_secs(1);

/// How long nothing may be found of a request that was just published.
const PATIENCE: SignedDuration = SignedDuration::from_secs(60);

/// Follows what an id leads to. Returns 0 if it completed and 1 if it was rejected or failed; of a plan, 0 if the restore
/// would be accepted and 1 if not.
///
/// # Errors
/// AWS can't be reached, or there is nothing of that id after the grace.
pub async fn follow(
    records: &Records,
    id: &str,
    grace: SignedDuration,
    output: Output,
) -> Result<ExitCode, Trouble> {
    let deadline = after(grace);
    let mut teller = Teller::new(output);
    loop {
        match records.find(id).await? {
            Some(found) => {
                if let Some(code) = tell(&mut teller, &found, output)? {
                    return Ok(code);
                }
            }
            None if Timestamp::now() >= deadline => return Err(records.unknown(id)),
            None => {}
        }
        tokio::time::sleep(INTERVAL).await;
    }
}

/// Follows a request that was published at this moment, and no other of the same id.
///
/// # Errors
/// As [`follow`].
pub async fn follow_request(
    records: &Records,
    detail: &Detail,
    published: Timestamp,
    output: Output,
) -> Result<ExitCode, Trouble> {
    let deadline = after(PATIENCE);
    let mut teller = Teller::new(output);
    loop {
        // A rejection from before may be of an earlier try; it counts only when nothing newer comes.
        let patient = Timestamp::now() < deadline;
        match ours(records, detail).await? {
            Some(Found::Rejection(ended)) if patient && ended.ended_at < published => {}
            Some(found) => {
                if let Some(code) = tell(&mut teller, &found, output)? {
                    return Ok(code);
                }
            }
            None if !patient => return Err(records.unknown(&detail.request_id)),
            None => {}
        }
        tokio::time::sleep(INTERVAL).await;
    }
}

/// A restore of the same request id may have been opened by another request; then ours is rejected.
async fn ours(records: &Records, detail: &Detail) -> Result<Option<Found>, Trouble> {
    let restore = records.restore(&detail.request_id).await?;
    if let Some(restore) =
        restore.filter(|restore| restore.request.fingerprint == detail.fingerprint)
    {
        return Ok(Some(Found::Restore(Box::new(restore))));
    }
    let rejection = records.rejection(&detail.request_id).await?;
    Ok(rejection.map(|ended| Found::Rejection(Box::new(ended))))
}

/// Tells what is new, and returns the exit code once nothing more will be.
fn tell(teller: &mut Teller, found: &Found, output: Output) -> Result<Option<ExitCode>, Trouble> {
    match found {
        // A plan has nothing to follow: it is told once, whole.
        Found::Plan(plan) => match plan::answer_of(plan) {
            Some(planned) => {
                teller::write(&plan::shown(&planned, output))?;
                Ok(Some(plan::verdict(&planned)))
            }
            None => Ok(None),
        },
        Found::RefusedPlan(planned) => {
            teller::write(&plan::shown(planned, output))?;
            Ok(Some(plan::verdict(planned)))
        }
        Found::Rejection(ended) => teller.rejection(ended).map(|()| Some(ExitCode::from(1))),
        Found::Restore(restore) => {
            let status = Status::of(restore, Timestamp::now());
            teller.status(&status)?;
            Ok(status
                .state
                .is_final()
                .then(|| ExitCode::from(u8::from(!status.state.is_success()))))
        }
    }
}

fn after(grace: SignedDuration) -> Timestamp {
    Timestamp::now()
        .saturating_add(grace)
        .unwrap_or(Timestamp::MAX)
}
