//! Where a search begins: with the request, or with every state in which a restore comes to a later phase.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet, VecDeque};

use tenant_restore_events::Phase;

use crate::shape::Shape;
use crate::world::{Event, World};

/// A state to begin with, and the way to it.
#[derive(Debug, Clone)]
pub struct Start {
    /// The state.
    pub world: World,
    /// What happened before.
    pub way: Vec<Event>,
}

/// Every state in which a search of this shape begins. What comes before a later phase is searched with lone handlers and
/// the trouble of [`Shape::before`]; then the shape's own bounds hold.
pub fn starts(shape: &Shape) -> Vec<Start> {
    if shape.from == Phase::Intake {
        let world = World::new(shape);
        return vec![Start {
            world,
            way: Vec::new(),
        }];
    }
    let before = Shape {
        hands: 1,
        trouble: shape.before,
        until: before(shape.from),
        ..shape.clone()
    };
    let first = World::new(&before);
    let mut came = HashMap::from([(first.print, None)]);
    let mut waiting = VecDeque::from([first]);
    let (mut starts, mut known) = (Vec::new(), HashSet::new());
    let mut events = Vec::new();
    while let Some(world) = waiting.pop_front() {
        if world.record.restore.phase == shape.from {
            let way = way(&came, world.print);
            let mut world = world;
            world.left = shape.trouble;
            world.seal(shape);
            if known.insert(world.print) {
                starts.push(Start { world, way });
            }
            continue;
        }
        world.events(&before, &mut events);
        for event in events.drain(..) {
            let next = world.after(event, &before);
            if let Entry::Vacant(unknown) = came.entry(next.print) {
                unknown.insert(Some((world.print, event)));
                waiting.push_back(next);
            }
        }
    }
    starts
}

fn before(phase: Phase) -> Phase {
    let earlier = Phase::ALL.into_iter().filter(|other| *other < phase);
    earlier.max().unwrap_or(phase)
}

fn way(came: &HashMap<u64, Option<(u64, Event)>>, to: u64) -> Vec<Event> {
    let mut way = Vec::new();
    let mut at = to;
    while let Some(Some((earlier, event))) = came.get(&at) {
        way.push(*event);
        at = *earlier;
    }
    way.reverse();
    way
}
