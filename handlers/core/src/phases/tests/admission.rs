//! The wait for a place among the restores that run, and giving it back.

use jiff::SignedDuration;
use tenant_restore_events::Phase;

use crate::admission::{Admission, Limits};
use crate::decision::{Choreography, Then, Tick, Wake, settle};
use crate::error::{Cause, ErrorKind};
use crate::phases::intake::Intake;
use crate::scene::{Scene, begin, done, result, setting};
use crate::sight::{Look, Seen};
use crate::wait::{Pace, WaitFor};

/// A restore that passed its preflight and isn't admitted yet.
fn waiting(position: usize) -> Scene {
    let mut scene = Scene::at(Phase::Provision);
    scene.restore.phase = Phase::Intake;
    scene.restore.tasks.clear();
    let mut scene = scene.with_result("preflight", result());
    scene.restore = scene.decide().restore;
    let limits = Limits::default();
    scene.seen = Seen {
        admission: Some(Admission::Waiting { position, limits }),
        ..Seen::default()
    };
    scene
}

#[test]
fn a_restore_over_the_limits_waits_for_its_turn_and_creates_nothing() {
    let decision = waiting(2).decide();
    let limits = "at most 10 restores run at a time, 3 of one source or target";
    let told = format!("waiting for admission, position 2; {limits}");
    assert_eq!(decision.then, Then::Wait(WaitFor::Admission, told));
    assert!(decision.effects.is_empty());
    assert!(decision.restore.outbox.is_empty());
}

#[test]
fn a_restore_that_waits_asks_again_and_goes_on_once_it_is_admitted() {
    let mut scene = waiting(1);
    for _ in 0..2 {
        scene.restore = scene.decide().restore;
        let looks = Intake.looks(&scene.restore, &setting());
        assert!(matches!(looks[..], [Look::Admission { attempt: 1, .. }]));
    }
    scene.seen.admission = Some(Admission::Admitted);
    assert_eq!(scene.decide().restore.phase, Phase::Provision);
}

#[test]
fn a_wait_for_admission_ends_after_a_day_and_says_what_the_limits_are() {
    let decision = waiting(7).decide();
    let mut restore = decision.restore;
    let mut settle_after = |hours: i64| -> Result<Option<Tick>, Cause> {
        let generation = restore.generation;
        let now = begin() + SignedDuration::from_hours(hours);
        let wake = Wake::Tick {
            generation,
            gap: None,
        };
        let then = &decision.then;
        settle(
            &mut restore,
            Phase::Intake,
            then,
            &wake,
            &Pace::default(),
            now,
        )
    };
    let first = settle_after(0).unwrap().unwrap();
    assert_eq!(first.delay, 60, "the end of another restore tells sooner");
    assert!(settle_after(24).unwrap().is_some());
    let cause = settle_after(25).unwrap_err();
    assert_eq!(cause.kind, ErrorKind::DeadlineExceeded);
    assert!(
        cause.message.contains("3 of one source or target"),
        "{cause}"
    );
    assert!(cause.remedy.contains("`admission`"), "{}", cause.remedy);
}

#[test]
fn every_end_gives_the_place_back_before_it_is_told() {
    let completed = Scene::at(Phase::Complete);
    let mut rejected = Scene::failed_in(Phase::Intake);
    rejected.restore.phase = Phase::Complete;
    for scene in [completed, rejected] {
        let done = done(&scene.decide());
        let position = |text: &str| done.iter().position(|it| it.starts_with(text)).unwrap();
        assert!(
            position("release the admission") < position("announce"),
            "{done:?}"
        );
    }
}
