//! Whole restores against a tiny AWS: events are lost, doubled, late and out of order, calls are refused or their answers
//! lost, handlers run at once and crash after any step. Whatever happens, a restore ends once, in its order, as its fate
//! demands, with nothing left and no flood of ticks.

#![allow(clippy::unwrap_used, reason = "what a test can't prepare fails it")]

mod cloud;
mod fate;
mod handler;
mod luck;
mod place;
mod world;

use jiff::Timestamp;
use serde_json::json;
use tenant_restore_core::naming::restore_id;
use tenant_restore_core::request::{Arrival, read};
use tenant_restore_core::restore::{Restore, outcome_id};
use tenant_restore_events::Phase;

use cloud::Cloud;
use fate::Fate;
use luck::Luck;
use world::World;

/// Seeds for each fate; every second one is stormy.
const SEEDS: u64 = 150;

/// Room for crashes and refusals, but not for a second chain of ticks.
const MOST_TICKS: usize = 200;

/// Four hours of ticks every 30 seconds, until the deadline of a database that never becomes available.
const MOST_TICKS_UNTIL_DEADLINE: usize = 4 * 120 + 2 * MOST_TICKS;

fn restore(now: Timestamp) -> Restore {
    let detail = json!({
        "database": "shop", "schemas": ["customer_a1", "customer_b2"], "restoreTime": "2024-01-28T14:30:00Z"
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

fn run(fate: Fate, seed: u64) -> World {
    let now: Timestamp = "2024-02-01T00:00:00Z".parse().unwrap();
    let mut world = World::new(Cloud::new(fate, Luck::new(seed)), restore(now), now);
    for _ in 0..200_000 {
        if !world.step() {
            return world;
        }
    }
    panic!("{fate:?}, seed {seed}: no end in sight");
}

fn check(world: &World, fate: Fate, seed: u64) {
    let restore = &world.stored.1;
    let what = format!("{fate:?}, seed {seed}");
    assert!(restore.announced, "{what}: not told: {:?}", restore.waits);
    let id = outcome_id(&restore.id, 1);
    for told in &world.outcomes {
        assert_eq!(told.outcome_id, id, "{what}");
        assert_eq!(told, &world.outcomes[0], "{what}");
    }
    let told = world.outcomes.first().expect("an outcome");
    assert!(fate.allows(told.outcome), "{what}: {told:?}");
    let phases: Vec<_> = restore.phases.iter().map(|time| time.phase).collect();
    assert!(phases.is_sorted_by(|a, b| a < b), "{what}: {phases:?}");
    let cloud = &world.cloud;
    assert_eq!(cloud.database, None, "{what}");
    assert_eq!(cloud.instance, None, "{what}");
    assert!(cloud.endpoints.is_empty(), "{what}: {:?}", cloud.endpoints);
    assert!(cloud.dms_tasks.is_empty(), "{what}");
    assert!(cloud.secrets.is_empty(), "{what}: {:?}", cloud.secrets);
    let groups = &cloud.parameter_groups;
    assert!(groups.is_empty(), "{what}: {groups:?}");
    assert!(cloud.objects.is_empty(), "{what}: {:?}", cloud.objects);
    assert!(!cloud.is_at_work(), "{what}");
    assert!(world.place.is_free(), "{what}: its place isn't given back");
    assert_eq!(cloud.schemas, fate.leaves_schemas(told.outcome), "{what}");
    let most = match fate {
        Fate::DatabaseNeverAvailable => MOST_TICKS_UNTIL_DEADLINE,
        _ => MOST_TICKS,
    };
    assert!(world.handled.1 <= most, "{what}: {:?}", world.handled);
}

#[test]
fn every_restore_ends_once_in_order_and_leaves_nothing_behind() {
    for fate in Fate::ALL {
        let mut most = 0;
        for seed in 0..SEEDS {
            let world = run(fate, seed);
            check(&world, fate, seed);
            most = most.max(world.handled.1);
        }
        println!("{fate:?}: at most {most} ticks");
    }
}

#[test]
fn the_password_is_reset_only_if_no_version_of_the_secret_logs_in() {
    for (fate, reset) in [(Fate::Good, false), (Fate::NoVersionLogsIn, true)] {
        let world = run(fate, 1);
        let restore = &world.stored.1;
        assert_eq!(restore.secret_version.is_none(), reset, "{fate:?}");
        assert_eq!(restore.task("ddl-reset").is_some(), reset, "{fate:?}");
    }
}

#[test]
fn a_good_restore_goes_through_all_seven_phases() {
    let world = run(Fate::Good, 1);
    let phases: Vec<_> = world.stored.1.phases.iter().map(|it| it.phase).collect();
    assert_eq!(phases, Phase::ALL);
}
