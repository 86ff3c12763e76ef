//! The small search, and proofs that the search can fail.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use tenant_restore_model::look::Plan;
use tenant_restore_model::promise::Promise;
use tenant_restore_model::search::{Found, search};
use tenant_restore_model::shape::{Order, Shape, Trouble};
use tenant_restore_model::world::World;

const COPY: Plan = Plan {
    dms_expected: false,
    logs_in: true,
    dms: false,
    copy: true,
};

const CALM: Trouble = Trouble {
    lost: 0,
    doubled: 0,
    crashes: 0,
    faults: 0,
    refusals: 0,
    deadlines: 0,
    cancels: 0,
};

fn run(shape: Shape) -> Found {
    search(shape, 1, Duration::from_secs(300))
}

fn alone(trouble: Trouble) -> Shape {
    Shape::new(1, COPY, trouble).with_hands(1)
}

fn assert_good(shape: Shape) {
    let found = run(shape);
    println!("{found}");
    assert!(found.is_good(), "{found}");
}

fn assert_breaks(order: Order, trouble: Trouble, hands: usize, promises: &[Promise]) {
    let found = run(Shape::new(1, COPY, trouble)
        .with_hands(hands)
        .in_order(order));
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
    let trouble = Trouble {
        lost: 1,
        doubled: 1,
        crashes: 1,
        ..CALM
    };
    assert_good(alone(trouble));
}

#[test]
fn a_restore_ends_well_when_no_version_of_the_secret_logs_in() {
    let trouble = Trouble {
        lost: 1,
        doubled: 1,
        crashes: 1,
        ..CALM
    };
    let reset = Plan {
        logs_in: false,
        ..COPY
    };
    assert_good(Shape::new(1, reset, trouble).with_hands(1));
}

#[test]
fn a_restore_ends_well_whatever_fails() {
    let trouble = Trouble { faults: 2, ..CALM };
    assert_good(alone(trouble));
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

/// The prints of all states, each with those that follow; the newest state first or the oldest.
fn steps(shape: &Shape, newest_first: bool) -> HashMap<u64, Vec<u64>> {
    let mut steps = HashMap::new();
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
        world.events(shape, &mut events);
        let next: Vec<_> = events.drain(..).map(|it| world.after(it, shape)).collect();
        let mut prints: Vec<_> = next.iter().map(|world| world.print).collect();
        prints.sort_unstable();
        steps.insert(world.print, prints);
        waiting.extend(next);
    }
    steps
}

#[test]
fn states_that_are_taken_for_the_same_behave_the_same() {
    let shape = alone(Trouble { crashes: 1, ..CALM });
    assert!(steps(&shape, false) == steps(&shape, true));
}
