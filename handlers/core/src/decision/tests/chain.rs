//! Waits, their chains of ticks and their deadlines.

use super::*;

#[test]
fn a_wait_begins_with_one_tick_and_events_send_no_other() {
    let mut restore = Scene::at(Phase::Ddl).restore;
    let first = settle_at(&mut restore, WaitFor::Task, &wake(), begin()).unwrap();
    assert_eq!(first.delay, 60);
    for _ in 0..3 {
        assert_eq!(
            settle_at(
                &mut restore,
                WaitFor::Task,
                &hint("ddl", "RUNNING"),
                after(5)
            ),
            None
        );
    }
    assert!(is_current(&restore, Phase::Ddl, generation(&first)));
}

#[test]
fn only_the_current_tick_arms_the_next_one_and_it_comes_later_each_time() {
    let mut restore = Scene::at(Phase::Ddl).restore;
    let first = settle_at(&mut restore, WaitFor::Task, &wake(), begin()).unwrap();
    let woken = tick(generation(&first));
    let second = settle_at(&mut restore, WaitFor::Task, &woken, after(60)).unwrap();
    assert!(second.delay > first.delay);
    assert!(is_outdated(&restore, Phase::Ddl, &woken));
    assert_eq!(
        settle_at(&mut restore, WaitFor::Task, &woken, after(61)),
        None
    );
}

#[test]
fn a_tick_whose_save_was_lost_keeps_the_chain_alive() {
    let mut restore = Scene::at(Phase::Ddl).restore;
    settle_at(&mut restore, WaitFor::Task, &wake(), begin());
    let mut lost = restore.clone();
    let sent = settle_at(&mut lost, WaitFor::Task, &tick(1), after(60)).unwrap();
    let next = settle_at(
        &mut restore,
        WaitFor::Task,
        &tick(generation(&sent)),
        after(150),
    )
    .unwrap();
    assert!(generation(&next) > generation(&sent));
}

#[test]
fn what_is_waited_for_next_has_a_chain_and_a_deadline_of_its_own() {
    let mut restore = Scene::at(Phase::Ddl).restore;
    let first = settle_at(&mut restore, WaitFor::Password, &wake(), begin()).unwrap();
    let second = settle_at(&mut restore, WaitFor::Task, &hint("x", ""), after(1000)).unwrap();
    assert!(is_outdated(&restore, Phase::Ddl, &tick(generation(&first))));
    assert!(!is_outdated(
        &restore,
        Phase::Ddl,
        &tick(generation(&second))
    ));
    assert_eq!(restore.waits[&Phase::Ddl].since, after(1000));
}

#[test]
fn a_quick_tick_of_a_handler_that_could_not_save_does_not_look_before_the_event_of_the_wait_that_was_saved()
 {
    let mut restore = Scene::at(Phase::Ddl).restore;
    let mut other = restore.clone();
    let lost = settle_at(&mut other, WaitFor::PasswordUsable, &wake(), begin()).unwrap();
    let saved = settle_at(&mut restore, WaitFor::Password, &wake(), begin()).unwrap();
    assert_eq!(generation(&lost), generation(&saved));
    assert!(is_outdated(&restore, Phase::Ddl, &woken_by(&lost)));
    assert!(!is_outdated(&restore, Phase::Ddl, &woken_by(&saved)));
    assert!(!is_outdated(&other, Phase::Ddl, &woken_by(&lost)));
}

#[test]
fn a_tick_without_a_wait_is_not_outdated() {
    let restore = Scene::at(Phase::Ddl).restore;
    assert!(!is_outdated(&restore, Phase::Ddl, &tick(1)));
    assert!(!is_current(&restore, Phase::Ddl, 1));
}

#[test]
fn a_wait_fails_past_its_deadline_with_what_was_last_seen() {
    let mut restore = Scene::at(Phase::Ddl).restore;
    settle_at(&mut restore, WaitFor::Password, &wake(), begin());
    settle_at(&mut restore, WaitFor::Password, &hint("x", ""), after(1800));
    let then = wait(WaitFor::Password);
    let cause = settle(
        &mut restore,
        Phase::Ddl,
        &then,
        &wake(),
        &setting().pace,
        after(1801),
    );
    let cause = cause.unwrap_err();
    assert_eq!(cause.kind, ErrorKind::DeadlineExceeded);
    assert!(cause.message.ends_with("creating"), "{cause}");
}

#[test]
fn the_cleanup_has_one_deadline_for_all_that_it_waits_for() {
    let mut restore = Scene::at(Phase::Cleanup).restore;
    let pace = setting().pace;
    let mut settle_at = |what, seconds| {
        settle(
            &mut restore,
            Phase::Cleanup,
            &wait(what),
            &wake(),
            &pace,
            after(seconds),
        )
    };
    let end = pace.cleanup_deadline;
    assert!(settle_at(WaitFor::Task, 0).is_ok());
    assert!(settle_at(WaitFor::Deletion, end - 1).is_ok());
    assert!(settle_at(WaitFor::DeletionShown, end + 1).is_err());
}

#[test]
fn a_phase_at_rest_waits_for_nothing() {
    let mut restore = Scene::at(Phase::Ddl).restore;
    settle_at(&mut restore, WaitFor::Task, &wake(), begin());
    let settled = settle(
        &mut restore,
        Phase::Ddl,
        &Then::Rest,
        &wake(),
        &setting().pace,
        after(1),
    );
    assert_eq!(settled, Ok(None));
    assert!(restore.waits.is_empty());
}

#[test]
fn a_refused_call_is_repeated_ever_later_until_its_deadline() {
    let mut restore = Scene::at(Phase::Ddl).restore;
    let first = put_off_at(&mut restore, begin()).unwrap();
    let second = put_off_at(&mut restore, after(2)).unwrap();
    assert_eq!((first.delay, second.delay), (2, 3));
    assert!(is_outdated(&restore, Phase::Ddl, &tick(generation(&first))));
    let cause = put_off_at(&mut restore, after(1801)).unwrap_err();
    assert!(cause.remedy.contains("then replay"), "{cause:?}");
    assert_eq!(cause.kind, ErrorKind::Throttled);
    assert!(cause.message.contains("refused 3 times"), "{cause}");
}

#[test]
fn the_refusals_of_one_handler_are_not_counted_for_another() {
    let mut restore = Scene::at(Phase::Ddl).with_dms(None).restore;
    put_off_at(&mut restore, begin()).unwrap();
    let cause = Cause::new(ErrorKind::Throttled, "slow down");
    let other = put_off(
        &mut restore,
        Phase::Migrate,
        &cause,
        &setting().pace,
        after(1801),
    );
    assert!(other.is_ok());
}

#[test]
fn a_refusal_does_not_give_the_wait_that_it_interrupts_more_time() {
    let mut restore = Scene::at(Phase::Ddl).restore;
    settle_at(&mut restore, WaitFor::Password, &wake(), begin());
    put_off_at(&mut restore, after(1000)).unwrap();
    put_off_at(&mut restore, after(1002)).unwrap();
    settle_at(&mut restore, WaitFor::Password, &wake(), after(1005));
    assert_eq!(restore.waits[&Phase::Ddl].since, begin());
    assert_eq!(restore.waits[&Phase::Ddl].deadline, after(1800));
}
