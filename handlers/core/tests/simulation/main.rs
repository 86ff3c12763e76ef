//! Whole restores against a tiny AWS: events are lost, doubled, late and out of order, calls are refused or their answers
//! lost, handlers run at once and crash after any step, some on the same message until it is given up; a person cancels,
//! and replays what is held or has ended. Whatever happens, each attempt ends once, in its order, as its case demands, with
//! nothing left and no flood of ticks.

#![allow(clippy::unwrap_used, reason = "what a test can't prepare fails it")]

mod case;
mod cloud;
mod desk;
mod fate;
mod handler;
mod luck;
mod person;
mod place;
mod way;
mod world;

use jiff::Timestamp;
use serde_json::json;
use tenant_restore_core::naming::restore_id;
use tenant_restore_core::request::{Arrival, read};
use tenant_restore_core::restore::Restore;
use tenant_restore_events::Phase;
use tenant_restore_events::outgoing::{Ended, Outcome};

use case::Case;
use cloud::Cloud;
use fate::Fate;
use luck::Luck;
use person::Person;
use way::Walked;
use world::World;

/// Seeds for each case; every second one is stormy.
const SEEDS: u64 = 80;

/// Room for crashes and refusals, but not for a second chain of ticks.
const MOST_TICKS: usize = 200;

/// Two holds of four hours, with a tick every five minutes.
const MOST_TICKS_OF_HOLDS: usize = 2 * 48;

/// Four hours of ticks every 30 seconds, until the deadline of a database that never becomes available.
const MOST_TICKS_UNTIL_DEADLINE: usize = 4 * 120 + 2 * MOST_TICKS;

fn restore(case: Case, now: Timestamp) -> Restore {
    let on_failure = if case.hold { "hold" } else { "cleanup" };
    let detail = json!({
        "database": "shop", "schemas": ["customer_a1", "customer_b2"], "restoreTime": "2024-01-28T14:30:00Z",
        "onFailure": on_failure
    });
    let arrival = Arrival {
        event_id: "event-1",
        time: now,
        replayed: false,
        now,
        default_source: "production",
        snapshot: None,
    };
    let request = read(&detail, &arrival).unwrap();
    Restore::open(restore_id("tenant-restore", "event-1"), request, now)
}

fn run(case: Case, seed: u64) -> World {
    let now: Timestamp = "2024-02-01T00:00:00Z".parse().unwrap();
    let cloud = Cloud::new(case.fate, Luck::new(seed));
    let mut world = World::new(cloud, (case.person, case.letters), restore(case, now), now);
    for _ in 0..200_000 {
        if !world.step() {
            return world;
        }
    }
    panic!("{case:?}, seed {seed}: no end in sight");
}

/// Each attempt told one outcome, however often, and the last one an allowed one.
fn check_outcomes(world: &World, case: Case, what: &str) -> Outcome {
    let restore = &world.stored.1;
    assert!(restore.announced, "{what}: not told: {:?}", restore.waits);
    let mut last = None;
    for (attempt, id) in (1..).zip(Case::outcome_ids(restore)) {
        let its = |told: &&Ended| told.attempt == attempt;
        let told: Vec<_> = world.outcomes.iter().filter(its).collect();
        let first = *told
            .first()
            .unwrap_or_else(|| panic!("{what}: attempt {attempt} untold"));
        for told in told {
            assert_eq!((&told.outcome_id, told), (&id, first), "{what}");
        }
        last = Some(first);
    }
    let last = last.expect("there is a first attempt");
    assert!(case.allows(restore, last.outcome), "{what}: {last:?}");
    last.outcome
}

fn check(world: &World, case: Case, seed: u64) {
    let restore = &world.stored.1;
    let what = format!("{case:?}, seed {seed}");
    let outcome = check_outcomes(world, case, &what);
    let phases: Vec<_> = restore.phases.iter().map(|time| time.phase).collect();
    let in_order = phases.is_sorted_by(|a, b| a < b);
    // A held restore goes back, and a hold that runs out is a cleanup of its own.
    assert!(in_order || case.hold, "{what}: {phases:?}");
    let cloud = &world.cloud;
    let database = cloud.database.as_ref().map(|it| &it.name);
    assert_eq!(database, None, "{what}");
    assert_eq!(cloud.instance.as_ref().map(|it| &it.name), None, "{what}");
    assert!(cloud.endpoints.is_empty(), "{what}: {:?}", cloud.endpoints);
    assert!(cloud.dms_tasks.is_empty(), "{what}");
    assert!(cloud.secrets.is_empty(), "{what}: {:?}", cloud.secrets);
    let groups = &cloud.parameter_groups;
    assert!(groups.is_empty(), "{what}: {groups:?}");
    assert!(cloud.objects.is_empty(), "{what}: {:?}", cloud.objects);
    assert!(!cloud.is_at_work(), "{what}");
    assert!(world.place.is_free(), "{what}: its place isn't given back");
    assert_eq!(cloud.schemas, case.leaves_schemas(outcome), "{what}");
    let most = match case.fate {
        Fate::DatabaseNeverAvailable => MOST_TICKS_UNTIL_DEADLINE,
        _ if case.hold => MOST_TICKS + MOST_TICKS_OF_HOLDS,
        _ => MOST_TICKS * restore.attempt as usize,
    };
    assert!(world.handled.1 <= most, "{what}: {:?}", world.handled);
}

#[test]
fn every_restore_ends_once_in_order_and_leaves_nothing_behind_and_every_way_was_walked() {
    let mut ways = Walked::default();
    for case in Case::all() {
        let mut most = 0;
        for seed in 0..SEEDS {
            let world = run(case, seed);
            check(&world, case, seed);
            most = most.max(world.handled.1);
            ways.add(&world.ways);
        }
        println!("{case:?}: at most {most} ticks");
    }
    println!("{ways:?}");
    assert_eq!(ways.never(), [], "never walked");
}

#[test]
fn the_password_is_reset_only_if_no_version_of_the_secret_logs_in() {
    for (fate, reset) in [(Fate::Good, false), (Fate::NoVersionLogsIn, true)] {
        let world = run(Case::of(fate, Person::Waits), 1);
        let restore = &world.stored.1;
        assert_eq!(restore.secret_version.is_none(), reset, "{fate:?}");
        assert_eq!(restore.task("ddl-reset").is_some(), reset, "{fate:?}");
    }
}

#[test]
fn a_good_restore_goes_through_all_seven_phases() {
    let world = run(Case::of(Fate::Good, Person::Waits), 1);
    let phases: Vec<_> = world.stored.1.phases.iter().map(|it| it.phase).collect();
    assert_eq!(phases, Phase::ALL);
}
