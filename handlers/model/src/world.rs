//! The whole world of one restore, and everything that can happen next.

use std::sync::Arc;

use tenant_restore_core::decision;
use tenant_restore_events::Phase;

use crate::aws::{Aws, Change, Database, Production, Worker};
use crate::hand::{Hand, Stage, Step};
use crate::message::{Content, Hint, Message};
use crate::names::{NOW, restore};
use crate::promise::Promise;
use crate::record::Record;
use crate::shape::{Shape, Trouble};

/// A state of the search.
#[derive(Debug, Clone)]
pub struct World {
    /// The record in the table.
    pub record: Arc<Record>,
    /// Messages on all queues, in no order.
    pub queue: Vec<Message>,
    /// Handlers at work.
    pub hands: Vec<Hand>,
    /// AWS and the workers.
    pub aws: Aws,
    /// Trouble that may still come.
    pub left: Trouble,
    /// The outcomes that were told, by attempt.
    pub told: [Option<u64>; 2],
    /// A promise that was broken.
    pub broken: Option<Promise>,
    /// Hash of all that matters.
    pub print: u64,
}

/// What goes wrong with a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Twist {
    /// Nothing.
    Smooth,
    /// The handler crashes after it.
    Crash,
    /// The handler crashes after it and so many sendings that follow.
    CrashSending(u8),
    /// The handler crashes after it, and its message is given up.
    GiveUp,
    /// AWS refuses the call for a time.
    Refused,
    /// AWS refuses the call for good.
    Denied,
    /// AWS takes the call, but its answer is lost.
    Unanswered,
}

/// Who has loaded the record before a save, and looks after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stale {
    /// Nobody.
    Nobody,
    /// The other handler at work, which was about to.
    Other,
    /// The handler of this message; where asked for, it will be delivered once more.
    Of(Message, bool),
}

/// Something that happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// A message is delivered, and its handler looks; where asked for, it will be delivered once more.
    Deliver(Message, bool, Twist),
    /// A handler crashes or gives up before it has done anything; where asked for, its message will be delivered once more
    /// in any case.
    Fall(Message, bool, Twist),
    /// A handler takes a step.
    Step(usize, Twist, Stale),
    /// Something happens in AWS; its event may be lost.
    Change(Change, bool),
    /// No handler that began before the cleanup can be at work any more, and no call is on its way.
    LateCreatorsGone,
    /// The time of a held restore is up.
    HoldEnds,
    /// The deadline of a phase's wait passes.
    Deadline(Phase),
    /// A person cancels.
    Cancel,
    /// A person wants it tried again.
    Replay,
}

impl World {
    /// A restore that was just opened.
    pub fn new(shape: &Shape) -> Self {
        let mut world = Self {
            record: Arc::new(Record::new(restore(shape.schemas, shape.hold))),
            queue: vec![Message::new(Phase::Intake, Content::Request, 1)],
            hands: Vec::new(),
            aws: Aws::default(),
            left: shape.trouble,
            told: [None; 2],
            broken: None,
            print: 0,
        };
        world.seal(shape);
        world
    }

    /// Whether nothing is on its way that is sure to come: no message, no handler, no worker whose end ECS tells.
    pub fn is_quiet(&self) -> bool {
        let working = self.aws.workers.iter().any(|worker| worker.is_alive());
        self.queue.is_empty() && self.hands.is_empty() && !working
    }

    /// Everything that can happen now.
    pub fn events(&self, shape: &Shape, events: &mut Vec<Event>) {
        if self.broken.is_some() || self.record.restore.phase > shape.until {
            return;
        }
        if self.hands.len() < shape.hands {
            self.deliveries(shape, events);
        }
        for (at, hand) in self.hands.iter().enumerate() {
            self.steps(at, hand, shape, events);
        }
        self.changes(shape, events);
        self.passing_time(events);
        self.orders(events);
    }

    fn deliveries(&self, shape: &Shape, events: &mut Vec<Event>) {
        for message in self.distinct_messages() {
            self.delivery(message, false, shape, events);
            if self.left.doubled > 0 {
                self.delivery(message, true, shape, events);
            }
        }
    }

    fn delivery(&self, message: Message, keep: bool, shape: &Shape, events: &mut Vec<Event>) {
        events.push(Event::Deliver(message, keep, Twist::Smooth));
        if self.left.refusals > 0 && shape.reduced {
            events.push(Event::Deliver(message, keep, Twist::Refused));
        }
        for twist in self.falls(message) {
            events.push(Event::Fall(message, keep, twist));
            if shape.reduced {
                events.push(Event::Deliver(message, keep, twist));
            }
        }
    }

    fn distinct_messages(&self) -> impl Iterator<Item = Message> {
        let mut last = None;
        let all = self.queue.iter().copied();
        all.filter(move |message| last.replace(*message) != Some(*message))
    }

    /// How the handler of a message may fall out after a step.
    fn falls(&self, message: Message) -> impl Iterator<Item = Twist> + use<> {
        let crash = (self.left.crashes > 0).then_some(Twist::Crash);
        let letter = self.left.letters > 0 && message.given_up().is_some();
        crash.into_iter().chain(letter.then_some(Twist::GiveUp))
    }

    fn steps(&self, at: usize, hand: &Hand, shape: &Shape, events: &mut Vec<Event>) {
        let step = hand.step();
        let mut twists = vec![Twist::Smooth];
        twists.extend(self.falls(hand.message));
        if self.left.crashes > 0 && shape.reduced {
            twists.extend((1..=hand.sendings()).map(Twist::CrashSending));
        }
        let looks = match hand.stage {
            Stage::Load => shape.reduced,
            Stage::Look(_) => true,
            Stage::Do(..) => false,
        };
        let calls = matches!(step, Some(Step::Act(act)) if act.is_call());
        if self.left.refusals > 0 && (calls || looks) {
            twists.push(Twist::Refused);
        }
        if self.left.refusals > 0 && calls {
            twists.push(Twist::Unanswered);
        }
        if self.left.denials > 0 && calls {
            twists.push(Twist::Denied);
        }
        let saves = hand.fresh && matches!(step, Some(Step::Save | Step::Taken));
        for twist in twists {
            events.push(Event::Step(at, twist, Stale::Nobody));
            if saves && shape.reduced {
                self.stale(at, shape, twist, events);
            }
        }
    }

    /// A record is loaded at the last moment at which it is the same, so it must be said who has loaded it before a save.
    fn stale(&self, at: usize, shape: &Shape, twist: Twist, events: &mut Vec<Event>) {
        let mut others = self.hands.iter().enumerate().filter(|(it, _)| *it != at);
        if others.any(|(_, other)| matches!(other.stage, Stage::Load)) {
            events.push(Event::Step(at, twist, Stale::Other));
        }
        if self.hands.len() == shape.hands {
            return;
        }
        for message in self.distinct_messages() {
            events.push(Event::Step(at, twist, Stale::Of(message, false)));
            if self.left.doubled > 0 {
                events.push(Event::Step(at, twist, Stale::Of(message, true)));
            }
        }
    }

    fn changes(&self, shape: &Shape, events: &mut Vec<Event>) {
        let mut changes = Vec::new();
        self.aws.changes(&mut changes);
        for change in changes {
            let bounded = (change.is_fault(), change.is_shortage());
            let left = (self.left.faults > 0, self.left.shortages > 0);
            if bounded.0 && !left.0 || bounded.1 && !left.1 {
                continue;
            }
            let hint = self.aws.clone().change(change);
            let may_act = |phase| decision::may_act(phase, &self.record.restore);
            let heard =
                |hint: &Hint| !hint.may_be_lost() || hint.recipients().into_iter().any(may_act);
            let hint = hint.filter(heard);
            if shape.reduced && self.can_wait(change, hint.is_some(), shape) {
                continue;
            }
            events.push(Event::Change(change, false));
            if hint.is_some_and(Hint::may_be_lost) && self.left.lost > 0 {
                events.push(Event::Change(change, true));
            }
        }
    }

    /// Whether something that happens in AWS may as well happen later, because nobody can tell: no handler is about to look
    /// or to make a call that meets it, and none can be woken by it.
    fn can_wait(&self, change: Change, heard: bool, shape: &Shape) -> bool {
        let full = self.hands.len() == shape.hands;
        let unmoved = |hand: &Hand| {
            let Stage::Do(plan, at) = &hand.stage else {
                return false;
            };
            let concerned = |step: &Step| matches!(step, Step::Act(act) if act.concerns(change));
            !plan.steps[*at..].iter().any(concerned)
        };
        (full || !heard) && !self.hands.is_empty() && self.hands.iter().all(unmoved)
    }

    fn passing_time(&self, events: &mut Vec<Event>) {
        let restore = &self.record.restore;
        let cleaning = restore.phase == Phase::Cleanup;
        let [first, second] = self.aws.databases;
        let hidden = [first, second, self.aws.instance].contains(&Database::Hidden)
            || self.aws.workers.contains(&Worker::Hidden);
        let late = hidden || self.hands.iter().any(|hand| hand.early || hand.creates());
        if cleaning && !late && !self.record.is_past_late_creators() {
            events.push(Event::LateCreatorsGone);
        }
        let until = restore.held.as_ref().and_then(|hold| hold.until);
        if cleaning && !late && until.is_some_and(|until| until > NOW) {
            events.push(Event::HoldEnds);
        }
        if self.left.deadlines == 0 || cleaning && late {
            return;
        }
        for (phase, wait) in &restore.waits {
            if NOW <= wait.deadline {
                events.push(Event::Deadline(*phase));
            }
        }
    }

    fn orders(&self, events: &mut Vec<Event>) {
        let restore = &self.record.restore;
        let held = restore.held.is_some();
        if self.left.cancels > 0 && (restore.phase < Phase::Cleanup || held) {
            events.push(Event::Cancel);
        }
        // Another attempt is ordered when no handler of the one before is at work any more, and nothing of it is left.
        let over = self.record.is_closed()
            && self.hands.is_empty()
            && self.aws.production != Production::Applied;
        if self.left.replays > 0 && (held || over) {
            events.push(Event::Replay);
        }
    }
}
