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
    let first = Start {
        world: World::new(&before),
        way: Vec::new(),
    };
    let mut known = HashSet::new();
    let there = |world: &World| world.record.restore.phase == shape.from;
    let came = walk(vec![first], &before, usize::MAX, there);
    let begin = |mut start: Start| {
        start.world.left = shape.trouble;
        start.world.seal(shape);
        start
    };
    let starts = came.into_iter().map(begin);
    starts
        .filter(|start| known.insert(start.world.print))
        .collect()
}

/// Goes on breadth first from these states to those that are wanted, and no further from there, until it has found so many.
pub fn walk(
    from: Vec<Start>,
    shape: &Shape,
    most: usize,
    wanted: impl Fn(&World) -> bool,
) -> Vec<Start> {
    let begins: HashMap<u64, Vec<Event>> = from
        .iter()
        .map(|start| (start.world.print, start.way.clone()))
        .collect();
    let mut came: HashMap<u64, Option<(u64, Event)>> =
        begins.keys().map(|print| (*print, None)).collect();
    let mut waiting: VecDeque<World> = from.into_iter().map(|start| start.world).collect();
    let (mut found, mut events) = (Vec::new(), Vec::new());
    while let Some(world) = waiting.pop_front() {
        if wanted(&world) {
            let way = way(&came, &begins, world.print);
            found.push(Start { world, way });
            if found.len() == most {
                break;
            }
            continue;
        }
        world.events(shape, &mut events);
        for event in events.drain(..) {
            let next = world.after(event, shape);
            if let Entry::Vacant(unknown) = came.entry(next.print) {
                unknown.insert(Some((world.print, event)));
                waiting.push_back(next);
            }
        }
    }
    found
}

fn before(phase: Phase) -> Phase {
    let earlier = Phase::ALL.into_iter().filter(|other| *other < phase);
    earlier.max().unwrap_or(phase)
}

fn way(
    came: &HashMap<u64, Option<(u64, Event)>>,
    begins: &HashMap<u64, Vec<Event>>,
    to: u64,
) -> Vec<Event> {
    let mut way = Vec::new();
    let mut at = to;
    while let Some(Some((earlier, event))) = came.get(&at) {
        way.push(*event);
        at = *earlier;
    }
    way.reverse();
    let mut whole = begins.get(&at).cloned().unwrap_or_default();
    whole.extend(way);
    whole
}
