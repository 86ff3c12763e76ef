//! What a person may do to a restore: cancel it, or have another attempt made of one that ended badly.

use jiff::Timestamp;
use tenant_restore_events::outgoing::Outcome;
use tenant_restore_events::{Instruction, Phase};

use crate::error::{Cause, ErrorKind};
use crate::naming::{Deployment, Names};
use crate::restore::Restore;

impl Restore {
    /// The names of this attempt's resources.
    pub fn names(&self, deployment: &Deployment) -> Names {
        let attempt = if self.named_by_attempt {
            self.attempt
        } else {
            1
        };
        let names = deployment.names_of(&self.id, attempt);
        names.at_place(self.placing.from)
    }

    /// Cancels a restore: whatever was made is cleaned up next. A held one isn't held any longer.
    ///
    /// # Errors
    /// Why there is nothing to cancel.
    pub fn cancel(&mut self, requested_by: Option<&str>, now: Timestamp) -> Result<(), String> {
        if self.held.is_some() {
            self.held = None;
            self.enter(Phase::Cleanup, &[Instruction::CleanUp], now);
            return Ok(());
        }
        if matches!(self.phase, Phase::Cleanup | Phase::Complete) {
            return Err(format!(
                "the restore {} is in phase {} already",
                self.id, self.phase
            ));
        }
        let by = requested_by
            .map(|name| format!(" by {name}"))
            .unwrap_or_default();
        let message = format!("the restore was cancelled{by} in phase {}", self.phase);
        self.fail(vec![Cause::new(ErrorKind::Cancelled, message)], now);
        Ok(())
    }

    /// Whether it ended badly and this is being told, or perhaps was told already.
    pub fn is_being_told(&self) -> bool {
        let ended = self.ended.as_ref();
        !self.announced && ended.is_some_and(|ended| ended.outcome != Outcome::Completed)
    }

    /// Another attempt of the same request: a fresh start under the same id, with the earlier outcomes kept.
    ///
    /// # Errors
    /// Why there can be none.
    pub fn next_attempt(&self, now: Timestamp) -> Result<Self, String> {
        if self.is_plan() {
            return Err(format!(
                "{} is a plan; publish RestorePlanRequested again",
                self.id
            ));
        }
        let not_ended = || {
            format!(
                "the restore {} has not ended; it is in phase {}",
                self.id, self.phase
            )
        };
        let ended = self.ended.as_ref().ok_or_else(not_ended)?;
        if ended.outcome == Outcome::Completed {
            return Err(format!(
                "the restore {} has completed; there is nothing to replay",
                self.id
            ));
        }
        if !self.announced {
            return Err(not_ended());
        }
        let mut earlier = self.earlier.clone();
        earlier.push(ended.clone());
        Ok(Self {
            attempt: self.attempt + 1,
            generation: self.generation,
            earlier,
            orders: self.orders.clone(),
            ..Self::open(self.id.clone(), self.request.clone(), now)
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::naming::restore_id;
    use crate::request::{Arrival, read};

    fn now() -> Timestamp {
        "2024-02-01T00:00:00Z".parse().unwrap()
    }

    fn restore() -> Restore {
        let detail =
            json!({"database": "d", "schemas": ["s"], "restoreTime": "2024-01-28T14:30:00Z"});
        let arrival = Arrival {
            event_id: "e",
            time: now(),
            replayed: false,
            now: now(),
            default_source: "production",
            snapshot: None,
        };
        Restore::open(
            restore_id("tenant-restore", "e"),
            read(&detail, &arrival).unwrap(),
            now(),
        )
    }

    fn ended(phase: Phase) -> Restore {
        let mut restore = restore();
        restore.phase = phase;
        restore.cancel(Some("ann"), now()).unwrap();
        restore.phase = Phase::Complete;
        restore.decide_outcome("s3://bucket/audit/x/1", now());
        restore.announced = true;
        restore
    }

    #[test]
    fn a_cancelled_restore_is_cleaned_up_and_ends_as_failed() {
        let restore = ended(Phase::Migrate);
        let outcome = restore.ended.unwrap();
        assert_eq!(outcome.outcome, Outcome::Failed);
        assert_eq!(outcome.causes[0].kind, "Cancelled");
        assert!(outcome.causes[0].message.contains("by ann"));
    }

    #[test]
    fn what_is_being_cleaned_up_cannot_be_cancelled() {
        let mut restore = restore();
        restore.cancel(None, now()).unwrap();
        assert!(restore.cancel(None, now()).is_err());
    }

    #[test]
    fn a_replay_is_another_attempt_with_an_outcome_of_its_own() {
        let first = ended(Phase::Migrate);
        let mut second = first.next_attempt(now()).unwrap();
        assert_eq!((second.attempt, second.phase), (2, Phase::Intake));
        assert_eq!(second.earlier, [first.ended.clone().unwrap()]);
        assert!(second.resources.is_empty() && second.causes.is_empty());
        let outcome = second
            .decide_outcome("s3://bucket/audit/x/1", now())
            .clone();
        assert_ne!(outcome.outcome_id, first.ended.unwrap().outcome_id);
    }

    #[test]
    fn an_attempt_bears_names_of_its_own_unless_its_record_is_from_before_it_did() {
        let deployment = Deployment {
            name: "tenant-restore".into(),
            tag: "main".into(),
        };
        let first = ended(Phase::Migrate);
        let mut second = first.next_attempt(now()).unwrap();
        let database = |restore: &Restore| restore.names(&deployment).temporary_database();
        assert_eq!(database(&second), format!("tr-main-{}-2", first.id));
        second.named_by_attempt = false;
        assert_eq!(database(&second), database(&first));
    }

    #[test]
    fn only_what_ended_badly_is_replayed() {
        assert!(restore().next_attempt(now()).is_err());
        let mut completed = restore();
        completed.phase = Phase::Complete;
        completed.decide_outcome("s3://bucket/audit/x/1", now());
        completed.announced = true;
        assert!(completed.next_attempt(now()).is_err());
    }
}
