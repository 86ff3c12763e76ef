//! Finalize and complete.

use tenant_restore_events::Phase;
use tenant_restore_events::outgoing::Outcome;

use crate::decision::Then;
use crate::effect::Effect;
use crate::error::{Cause, ErrorKind};
use crate::job::Mode;
use crate::restore::{MOST_CAUSES, outcome_id};
use crate::scene::{Scene, done, failure, kinds, result};

fn validated(differences: usize) -> Scene {
    let mut report = result();
    report.validate.as_mut().unwrap().differences = vec!["t differs".into(); differences];
    Scene::at(Phase::Finalize).with_result("finalize", report)
}

#[test]
fn finalize_applies_validates_and_opens_in_one_task() {
    let decision = Scene::at(Phase::Finalize).decide();
    let [Effect::RunTask { job, .. }] = &decision.effects[..] else {
        panic!("{:?}", decision.effects);
    };
    assert_eq!(job.modes, [Mode::ApplyPostData, Mode::Validate, Mode::Open]);
}

#[test]
fn a_restore_without_differences_goes_on_without_a_cause() {
    let restore = validated(0).decide().restore;
    assert!(restore.opened && restore.causes.is_empty());
    assert_eq!(restore.phase, Phase::Cleanup);
}

#[test]
fn kept_differences_fail_the_restore_but_its_schemas_stay_open() {
    let mut restore = validated(1).decide().restore;
    assert_eq!(kinds(&restore), [ErrorKind::ValidationMismatch]);
    assert!(restore.opened);
    let ended = restore.decide_outcome("s3://bucket/audit/x/1", crate::scene::begin());
    assert_eq!(ended.outcome, Outcome::Failed);
}

#[test]
fn differences_that_the_worker_refused_leave_the_schemas_to_be_dropped() {
    let report = failure(Mode::Validate, ErrorKind::ValidationMismatch);
    let restore = Scene::at(Phase::Finalize)
        .with_result("finalize", report)
        .decide()
        .restore;
    assert!(!restore.opened);
    assert_eq!(restore.failed_in, Some(Phase::Finalize));
}

#[test]
fn thousands_of_differences_fit_the_record_and_are_counted() {
    let restore = validated(5000).decide().restore;
    assert_eq!(restore.causes.len(), MOST_CAUSES);
    assert!(
        restore.causes[MOST_CAUSES - 1]
            .message
            .contains("4980 more")
    );
}

#[test]
fn a_message_of_any_length_fits_the_record() {
    let mut restore = Scene::at(Phase::Finalize).restore;
    restore.blame([Cause::new(ErrorKind::ApplyFailed, "é".repeat(100_000))]);
    assert!(restore.causes[0].message.len() < 2100);
}

#[test]
fn a_failure_without_a_cause_is_a_failure_all_the_same() {
    let mut restore = Scene::at(Phase::Migrate).restore;
    restore.fail(Vec::new(), crate::scene::begin());
    assert_eq!(kinds(&restore), [ErrorKind::Internal]);
}

#[test]
fn the_outcome_is_decided_once_and_told_until_it_was_told() {
    let scene = Scene::at(Phase::Complete);
    let first = scene.decide();
    assert_eq!(first.then, Then::LookAgain);
    assert_eq!(done(&first).last().unwrap(), "announce RestoreCompleted");
    let mut again = scene.later(60);
    again.restore = first.restore.clone();
    // A second delivery tells the very same outcome.
    assert_eq!(again.decide().effects, first.effects);
    again.restore.announced = true;
    let told = again.decide();
    assert!(told.effects.is_empty() && told.then == Then::Rest);
}

#[test]
fn what_failed_before_anything_was_made_is_rejected_and_later_it_has_failed() {
    for (phase, outcome) in [
        (Phase::Intake, Outcome::Rejected),
        (Phase::Provision, Outcome::Failed),
        (Phase::Finalize, Outcome::Failed),
    ] {
        let mut restore = Scene::failed_in(phase).restore;
        let ended = restore.decide_outcome("s3://bucket/audit/x/1", crate::scene::begin());
        assert_eq!(ended.outcome, outcome, "{phase}");
    }
}

#[test]
fn an_outcome_id_is_stable_and_differs_by_attempt() {
    let id = Scene::at(Phase::Intake).restore.id;
    assert_eq!(outcome_id(&id, 1), outcome_id(&id, 1));
    assert_ne!(outcome_id(&id, 1), outcome_id(&id, 2));
}

#[test]
fn entering_a_phase_ends_the_one_before_and_tells_of_it() {
    let mut restore = Scene::at(Phase::Ddl).restore;
    restore.enter(Phase::Migrate, &[], crate::scene::begin());
    let ended: Vec<_> = restore.phases.iter().map(|it| it.ended.is_some()).collect();
    assert_eq!(ended, [true, true, true, false]);
    assert_eq!(restore.outbox.events[0].detail["phase"], "migrate");
    assert_eq!(restore.outbox.events[0].detail["previous"], "ddl");
}
