//! The small search, and proofs that the search can fail.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::time::Duration;

use tenant_restore_events::Phase;
use tenant_restore_model::look::Plan;
use tenant_restore_model::promise::Promise;
use tenant_restore_model::search::{search, shortest};
use tenant_restore_model::shape::{Order, Shape, Trouble};
use tenant_restore_model::world::World;

const COPY: Plan = Plan {
    dms_expected: false,
    logs_in: true,
    dms: false,
    copy: true,
};

const CALM: Trouble = Trouble::NONE;

const LONG: Duration = Duration::from_secs(3600);

fn alone(trouble: Trouble) -> Shape {
    Shape::new(1, COPY, trouble).with_hands(1)
}

fn assert_good(shape: Shape) {
    let found = search(shape, 1, LONG);
    println!("{found}");
    assert!(found.is_good(), "{found}");
}

fn assert_breaks(order: Order, trouble: Trouble, hands: usize, promises: &[Promise]) {
    assert_broken(
        Shape::new(1, COPY, trouble)
            .with_hands(hands)
            .in_order(order),
        promises,
    );
}

fn assert_broken(shape: Shape, promises: &[Promise]) {
    let order = shape.order;
    let found = shortest(shape, 1, LONG);
    println!("{order:?}: {found}");
    let broken = found.broken.map(|(promise, _)| promise);
    let expected: Vec<_> = promises.iter().map(|promise| promise.text()).collect();
    assert!(
        broken.is_some_and(|promise| expected.contains(&promise)),
        "{order:?} broke {broken:?}, not {expected:?}"
    );
}

#[test]
fn a_restore_ends_well_whatever_happens_to_its_messages() {
    let lost = Trouble {
        lost: 1,
        crashes: 1,
        ..CALM
    };
    assert_good(alone(lost));
    let doubled = Trouble {
        doubled: 1,
        crashes: 1,
        ..CALM
    };
    assert_good(alone(doubled));
}

#[test]
fn a_restore_ends_well_when_a_message_is_given_up() {
    let trouble = Trouble { letters: 1, ..CALM };
    assert_good(Shape {
        until: Phase::Ddl,
        ..alone(trouble)
    });
}

#[test]
fn a_restore_ends_well_when_no_version_of_the_secret_logs_in() {
    let trouble = Trouble { crashes: 1, ..CALM };
    let reset = Plan {
        logs_in: false,
        ..COPY
    };
    assert_good(Shape::new(1, reset, trouble).with_hands(1));
}

#[test]
fn another_attempt_of_a_failed_restore_ends_well_too() {
    let trouble = Trouble {
        faults: 1,
        replays: 1,
        ..CALM
    };
    assert_good(alone(trouble));
}

/// A restore that came to its cleanup, after a failure or without.
fn cleaning(trouble: Trouble) -> Shape {
    let failed = Trouble { faults: 1, ..CALM };
    alone(trouble).between(failed, Phase::Cleanup, Phase::Complete)
}

#[test]
fn a_held_restore_ends_well_whether_it_is_replayed_or_not() {
    let trouble = Trouble { replays: 1, ..CALM };
    assert_good(cleaning(trouble).held());
}

#[test]
fn a_held_restore_ends_well_when_it_is_cancelled() {
    let trouble = Trouble { cancels: 1, ..CALM };
    assert_good(cleaning(trouble).held());
}

#[test]
fn a_restore_ends_well_whatever_fails() {
    let trouble = Trouble { faults: 1, ..CALM };
    assert_good(alone(trouble));
}

#[test]
fn a_restore_whose_database_has_no_capacity_ends_well() {
    let crashing = Trouble {
        shortages: 1,
        crashes: 1,
        ..CALM
    };
    let lost = Trouble {
        shortages: 1,
        lost: 1,
        ..CALM
    };
    assert_good(alone(crashing));
    assert_good(alone(lost));
}

#[test]
fn a_restore_ends_well_when_a_call_is_refused_or_loses_its_answer() {
    let trouble = Trouble {
        refusals: 1,
        ..CALM
    };
    assert_good(alone(trouble));
}

#[test]
fn a_restore_ends_well_when_waits_last_too_long() {
    let trouble = Trouble {
        deadlines: 1,
        ..CALM
    };
    assert_good(alone(trouble));
}

#[test]
fn a_cancelled_restore_ends_well() {
    let trouble = Trouble { cancels: 1, ..CALM };
    assert_good(alone(trouble));
}

#[test]
fn two_handlers_that_meet_in_a_phase_end_it_well() {
    let crash = Trouble { crashes: 1, ..CALM };
    let doubled = Trouble {
        doubled: 1,
        ..crash
    };
    let pair = |trouble| Shape::new(1, COPY, trouble);
    let failed = Trouble { faults: 1, ..CALM };
    assert_good(pair(crash).between(CALM, Phase::Finalize, Phase::Finalize));
    assert_good(pair(doubled).between(failed, Phase::Complete, Phase::Complete));
}

#[test]
fn two_handlers_whose_calls_are_refused_for_good_end_a_phase_well() {
    let trouble = Trouble { denials: 2, ..CALM };
    let pair = Shape::new(1, COPY, trouble);
    assert_good(pair.between(CALM, Phase::Finalize, Phase::Finalize));
}

#[test]
fn rows_that_dms_moves_are_moved_whatever_fails() {
    let dms = Plan {
        dms_expected: true,
        dms: true,
        copy: false,
        ..COPY
    };
    let trouble = Trouble { faults: 1, ..CALM };
    let moving = Shape::new(1, dms, trouble).with_hands(1);
    assert_good(moving.between(CALM, Phase::Migrate, Phase::Migrate));
}

#[test]
fn a_letter_that_sends_nothing_again_would_leave_a_restore_forever() {
    let trouble = Trouble { letters: 1, ..CALM };
    assert_breaks(Order::LettersWithoutOutbox, trouble, 1, &[Promise::Ends]);
}

#[test]
fn without_an_outbox_a_crash_would_leave_a_restore_forever() {
    let trouble = Trouble { crashes: 1, ..CALM };
    assert_breaks(Order::NoOutbox, trouble, 1, &[Promise::Ends]);
}

#[test]
fn acting_before_noting_would_leave_resources_behind_or_a_restore_unmoved() {
    let trouble = Trouble {
        crashes: 1,
        deadlines: 1,
        cancels: 1,
        ..CALM
    };
    assert_breaks(Order::ActBeforeSave, trouble, 1, &[Promise::NothingLeft]);
}

#[test]
fn a_tick_after_the_save_would_be_lost_by_a_crash() {
    let trouble = Trouble {
        crashes: 1,
        lost: 1,
        ..CALM
    };
    assert_breaks(Order::TickAfterSave, trouble, 1, &[Promise::Ends]);
}

#[test]
fn commands_sent_before_the_save_would_be_lost_by_a_second_handler() {
    assert_breaks(Order::SendBeforeSave, CALM, 2, &[Promise::Ends]);
}

#[test]
fn without_an_announcement_a_late_creator_would_leave_what_it_makes() {
    let trouble = Trouble { cancels: 1, ..CALM };
    assert_breaks(Order::Unannounced, trouble, 2, &[Promise::NothingLeft]);
}

#[test]
fn resuming_at_once_would_start_a_task_beside_the_one_that_is_stopped() {
    let trouble = Trouble {
        deadlines: 1,
        replays: 1,
        ..CALM
    };
    let shape = alone(trouble).held().in_order(Order::ResumeAtOnce);
    assert_broken(shape, &[Promise::InOrder]);
}

#[test]
fn saving_blindly_would_undo_what_others_saved() {
    let trouble = Trouble { cancels: 1, ..CALM };
    let promises = [
        Promise::NothingLeft,
        Promise::OneOutcome,
        Promise::Production,
        Promise::InOrder,
        Promise::Ends,
    ];
    assert_breaks(Order::SaveBlindly, trouble, 2, &promises);
}

/// The prints of all states, each with those that follow, and of those without a handler at work; the newest state first
/// or the oldest.
fn steps(shape: &Shape, newest_first: bool) -> (HashMap<u64, Vec<u64>>, BTreeSet<u64>) {
    let (mut steps, mut resting) = (HashMap::new(), BTreeSet::new());
    let mut waiting = VecDeque::from([World::new(shape)]);
    let mut events = Vec::new();
    while let Some(world) = if newest_first {
        waiting.pop_back()
    } else {
        waiting.pop_front()
    } {
        if steps.contains_key(&world.print) {
            continue;
        }
        if world.hands.is_empty() && world.record.restore.phase <= shape.until {
            resting.insert(world.print);
        }
        world.events(shape, &mut events);
        let next: Vec<_> = events.drain(..).map(|it| world.after(it, shape)).collect();
        let mut prints: Vec<_> = next.iter().map(|world| world.print).collect();
        prints.sort_unstable();
        steps.insert(world.print, prints);
        waiting.extend(next);
    }
    (steps, resting)
}

#[test]
fn states_that_are_taken_for_the_same_behave_the_same() {
    let shape = alone(Trouble { crashes: 1, ..CALM });
    assert!(steps(&shape, false).0 == steps(&shape, true).0);
}

/// Where no handler is at work, a search that leaves out what nobody can tell apart comes to exactly the states of one
/// that takes every order of all steps.
fn assert_reduction_loses_nothing(trouble: Trouble, hands: usize, until: Phase) {
    let reduced = Shape {
        until,
        ..Shape::new(1, COPY, trouble).with_hands(hands)
    };
    let whole = Shape {
        reduced: false,
        ..reduced.clone()
    };
    let (few, all) = (steps(&reduced, false), steps(&whole, false));
    println!("{} states instead of {}", few.0.len(), all.0.len());
    assert!(
        few.1 == all.1,
        "{} and {} at rest",
        few.1.len(),
        all.1.len()
    );
    assert!(few.0.len() < all.0.len());
}

#[test]
fn what_the_reduction_leaves_out_leads_nowhere_else() {
    let trouble = Trouble {
        crashes: 1,
        lost: 1,
        doubled: 1,
        ..CALM
    };
    assert_reduction_loses_nothing(trouble, 1, Phase::Provision);
    let letters = Trouble { letters: 1, ..CALM };
    assert_reduction_loses_nothing(letters, 1, Phase::Provision);
}

#[test]
fn nor_does_it_with_two_handlers_at_once() {
    assert_reduction_loses_nothing(CALM, 2, Phase::Provision);
    let crash = Trouble { crashes: 1, ..CALM };
    assert_reduction_loses_nothing(crash, 2, Phase::Intake);
    let cancel = Trouble { cancels: 1, ..CALM };
    assert_reduction_loses_nothing(cancel, 2, Phase::Intake);
}
