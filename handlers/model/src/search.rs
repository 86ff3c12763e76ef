//! The search itself: the world as a model for the checker, its promises as properties, and what it found.

use std::collections::HashSet;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use stateright::{Checker, CheckerBuilder, HasDiscoveries, Model, Path, Property};

use crate::graph::without_end;
use crate::promise::{Promise, is_nothing_left, is_production_right};
use crate::shape::Shape;
use crate::start::{Start, starts, walk};
use crate::world::{Event, World};

impl Hash for World {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.print.hash(state);
    }
}

impl PartialEq for World {
    fn eq(&self, other: &Self) -> bool {
        self.print == other.print
    }
}

/// The choreography, as the checker takes it.
struct Choreography {
    shape: Shape,
    /// Where it begins.
    starts: Vec<Start>,
    /// Every step between two states, by their prints, for [`crate::graph`].
    steps: Mutex<Vec<(u64, u64)>>,
    /// The states in which the restore has ended.
    ends: Mutex<Vec<u64>>,
}

impl Choreography {
    fn keeps(&self, promise: Promise, world: &World) -> bool {
        if world.broken == Some(promise) {
            return false;
        }
        let restore = &world.record.restore;
        match promise {
            Promise::NothingLeft => {
                !restore.announced || is_nothing_left(restore, &world.aws, &self.shape.names)
            }
            Promise::Production => !restore.announced || is_production_right(restore, &world.aws),
            Promise::Ends => {
                !world.is_quiet() || world.record.is_closed() || restore.phase > self.shape.until
            }
            Promise::OneOutcome => {
                let told = |attempt: u32| world.told[attempt as usize - 1].is_some();
                !restore.announced || (1..=restore.attempt).all(told)
            }
            Promise::InOrder | Promise::OnlyOurs | Promise::FewTicks => true,
        }
    }

    /// The way to a state, from the request on.
    fn way(&self, path: Path<World, Event>) -> Vec<String> {
        let states = path.into_vec();
        let begin = states.first().map(|(world, _)| world.print);
        let mut starts = self.starts.iter();
        let start = starts.find(|start| Some(start.world.print) == begin);
        let before = start.map(|start| start.way.clone()).unwrap_or_default();
        let after = states.into_iter().filter_map(|(_, event)| event);
        let way = before.into_iter().chain(after);
        way.map(|event| format!("{event:?}")).collect()
    }
}

fn take<T>(list: &Mutex<Vec<T>>) -> Vec<T> {
    std::mem::take(&mut *list.lock().unwrap_or_else(PoisonError::into_inner))
}

fn note<T>(list: &Mutex<Vec<T>>, item: T) {
    list.lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(item);
}

impl Model for Choreography {
    type State = World;
    type Action = Event;

    fn init_states(&self) -> Vec<World> {
        let starts = self.starts.iter();
        starts.map(|start| start.world.clone()).collect()
    }

    fn actions(&self, world: &World, events: &mut Vec<Event>) {
        let over = world.record.is_closed() || world.record.restore.phase > self.shape.until;
        if over {
            note(&self.ends, world.print);
        }
        world.events(&self.shape, events);
    }

    fn next_state(&self, world: &World, event: Event) -> Option<World> {
        let next = world.after(event, &self.shape);
        note(&self.steps, (world.print, next.print));
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        // The checker takes plain functions, one for each promise.
        let conditions: [fn(&Self, &World) -> bool; 7] = [
            |model, world| model.keeps(Promise::OneOutcome, world),
            |model, world| model.keeps(Promise::NothingLeft, world),
            |model, world| model.keeps(Promise::InOrder, world),
            |model, world| model.keeps(Promise::OnlyOurs, world),
            |model, world| model.keeps(Promise::Production, world),
            |model, world| model.keeps(Promise::Ends, world),
            |model, world| model.keeps(Promise::FewTicks, world),
        ];
        let promises = Promise::ALL.into_iter().zip(conditions);
        promises
            .map(|(promise, condition)| Property::always(promise.text(), condition))
            .collect()
    }
}

/// What a search found.
#[derive(Debug)]
pub struct Found {
    /// Distinct states.
    pub states: usize,
    /// Steps between them.
    pub steps: usize,
    /// Length of the longest way that was followed.
    pub depth: usize,
    /// How long it took.
    pub took: Duration,
    /// The prints of states from which the end can't be reached; only known when every promise is kept.
    pub without_end: HashSet<u64>,
    /// Whether every state within the bounds was visited.
    pub complete: bool,
    /// A broken promise and the shortest way to it that was found.
    pub broken: Option<(&'static str, Vec<String>)>,
}

impl Found {
    /// Whether every promise is kept, everywhere.
    pub fn is_good(&self) -> bool {
        self.complete && self.broken.is_none() && self.without_end.is_empty()
    }
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.took.as_secs_f64();
        write!(
            f,
            "{} states, {} steps, depth {}, {seconds:.1} s",
            self.states, self.steps, self.depth
        )?;
        if !self.complete {
            write!(f, ", NOT COMPLETE")?;
        }
        let without_end = self.without_end.len();
        if without_end > 0 {
            write!(f, ", {without_end} STATES WITHOUT AN END")?;
        }
        let Some((promise, way)) = &self.broken else {
            return Ok(());
        };
        write!(f, "\nBROKEN: {promise}")?;
        way.iter().try_for_each(|event| write!(f, "\n  {event}"))
    }
}

/// Visits all states, by so many threads and for at most so long: depth first, which keeps few of them in memory.
pub fn search(shape: Shape, threads: usize, most: Duration) -> Found {
    let began = Instant::now();
    let checker = builder(shape, threads, most).spawn_dfs().join();
    found(&checker, began, most)
}

/// Looks for a broken promise breadth first, which finds a short way to it.
pub fn shortest(shape: Shape, threads: usize, most: Duration) -> Found {
    let began = Instant::now();
    let checker = builder(shape, threads, most).spawn_bfs().join();
    found(&checker, began, most)
}

/// A short way to a state from which the end can't be reached.
pub fn way_without_end(shape: &Shape, found: &Found) -> Vec<String> {
    let lost = |world: &World| found.without_end.contains(&world.print);
    let lost = walk(starts(shape), shape, 1, lost);
    let way = lost.iter().flat_map(|lost| &lost.way);
    way.map(|event| format!("{event:?}")).collect()
}

fn builder(shape: Shape, threads: usize, most: Duration) -> CheckerBuilder<Choreography> {
    let model = Choreography {
        starts: starts(&shape),
        shape,
        steps: Mutex::default(),
        ends: Mutex::default(),
    };
    let builder = model.checker().threads(threads).timeout(most);
    builder.finish_when(HasDiscoveries::Any)
}

fn found(checker: &impl Checker<Choreography>, began: Instant, most: Duration) -> Found {
    let model = checker.model();
    let broken = checker.discoveries().into_iter().next();
    let broken = broken.map(|(promise, path)| (promise, model.way(path)));
    let complete = broken.is_none() && began.elapsed() < most;
    let (steps, ends) = (take(&model.steps), take(&model.ends));
    Found {
        states: checker.unique_state_count(),
        steps: steps.len(),
        depth: checker.max_depth(),
        without_end: if complete {
            without_end(steps, &ends)
        } else {
            HashSet::new()
        },
        took: began.elapsed(),
        complete,
        broken,
    }
}
