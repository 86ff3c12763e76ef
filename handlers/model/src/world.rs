//! The whole world of one restore, and everything that can happen next.

use std::sync::Arc;

use jiff::Timestamp;
use tenant_restore_core::decision;
use tenant_restore_core::error::ErrorKind;
use tenant_restore_core::restore::Restore;
use tenant_restore_events::Phase;

use crate::act::{Act, Fact};
use crate::aws::{Aws, Change, Database, Worker};
use crate::hand::{Hand, Stage, Step};
use crate::message::{Content, Message};
use crate::names::{HANDLER_TIMEOUT, NOW, before, restore};
use crate::promise::Promise;
use crate::record::Record;
use crate::shape::{Order, Shape, Trouble};

/// Before every deadline that the core sets.
const LONG_AGO: i64 = 7 * 24 * 3600;

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
    /// The outcome that was told.
    pub told: Option<u64>,
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
    /// AWS refuses the call for a time.
    Refused,
    /// AWS takes the call, but its answer is lost.
    Unanswered,
}

/// Something that happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// A message is delivered; where asked for, it will be once more.
    Deliver(Message, bool, Twist),
    /// A handler takes a step.
    Step(usize, Twist),
    /// Something happens in AWS; its event may be lost.
    Change(Change, bool),
    /// No handler that began before the cleanup can be at work any more.
    LateCreatorsGone,
    /// The deadline of a phase's wait passes.
    Deadline(Phase),
    /// A person cancels.
    Cancel,
}

impl World {
    /// A restore that was just opened.
    pub fn new(shape: &Shape) -> Self {
        let mut world = Self {
            record: Arc::new(Record::new(restore(shape.schemas))),
            queue: vec![Message::new(Phase::Intake, Content::Request)],
            hands: Vec::new(),
            aws: Aws::default(),
            left: shape.trouble,
            told: None,
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
        if self.broken.is_some() {
            return;
        }
        if self.hands.len() < shape.hands {
            self.deliveries(shape, events);
        }
        for (at, hand) in self.hands.iter().enumerate() {
            events.push(Event::Step(at, Twist::Smooth));
            if self.left.crashes > 0 {
                events.push(Event::Step(at, Twist::Crash));
            }
            let calls = match hand.step() {
                Some(Step::Act(act)) => !matches!(act, Act::Release | Act::Announce(_)),
                _ => false,
            };
            if self.left.refusals > 0 && (calls || matches!(hand.stage, Stage::Look(_))) {
                events.push(Event::Step(at, Twist::Refused));
            }
            if self.left.refusals > 0 && calls {
                events.push(Event::Step(at, Twist::Unanswered));
            }
        }
        self.changes(shape, events);
        self.passing_time(events);
        let cancellable = self.record.restore.phase < Phase::Cleanup;
        if self.left.cancels > 0 && cancellable {
            events.push(Event::Cancel);
        }
    }

    /// Whether something that happens in AWS may as well happen later, because nobody can tell: a lone handler that has
    /// looked only meets what its calls concern, and before the first of them.
    fn can_wait(&self, change: Change) -> bool {
        let [hand] = self.hands.as_slice() else {
            return false;
        };
        let Stage::Do(plan, at) = &hand.stage else {
            return false;
        };
        let called = |step: &Step| matches!(step, Step::Act(_));
        let concerned = |step: &Step| matches!(step, Step::Act(act) if act.concerns(change));
        plan.steps[..*at].iter().any(called) || !plan.steps[*at..].iter().any(concerned)
    }

    fn deliveries(&self, shape: &Shape, events: &mut Vec<Event>) {
        let mut last = None;
        for message in self.queue.iter().copied() {
            if last == Some(message) {
                continue;
            }
            last = Some(message);
            events.push(Event::Deliver(message, false, Twist::Smooth));
            if self.left.doubled > 0 {
                events.push(Event::Deliver(message, true, Twist::Smooth));
            }
            if self.left.crashes > 0 && !shape.split {
                events.push(Event::Deliver(message, false, Twist::Crash));
            }
        }
    }

    fn changes(&self, shape: &Shape, events: &mut Vec<Event>) {
        let mut changes = Vec::new();
        self.aws.changes(&mut changes);
        for change in changes {
            let too_soon = change == Change::Database(Database::Absent)
                && shape.deletion_outlasts_handlers
                && !self.record.is_past_late_creators();
            if change.is_fault() && self.left.faults == 0 || too_soon || self.can_wait(change) {
                continue;
            }
            events.push(Event::Change(change, false));
            let hint = self.aws.clone().change(change);
            let heard = hint.is_some_and(|hint| {
                let mut phases = hint.recipients().into_iter();
                hint.may_be_lost() && phases.any(|it| decision::may_act(it, &self.record.restore))
            });
            if heard && self.left.lost > 0 {
                events.push(Event::Change(change, true));
            }
        }
    }

    fn passing_time(&self, events: &mut Vec<Event>) {
        let restore = &self.record.restore;
        let early = self.hands.iter().any(|hand| hand.early);
        let cleaning = restore.phase == Phase::Cleanup;
        let hidden = [self.aws.database, self.aws.instance].contains(&Database::Hidden)
            || self.aws.workers.contains(&Worker::Hidden);
        if cleaning && !early && !hidden && !self.record.is_past_late_creators() {
            events.push(Event::LateCreatorsGone);
        }
        if self.left.deadlines == 0 || cleaning && (early || hidden) {
            return;
        }
        for (phase, wait) in &restore.waits {
            if NOW <= wait.deadline {
                events.push(Event::Deadline(*phase));
            }
        }
    }

    /// The world after an event.
    pub fn after(&self, event: Event, shape: &Shape) -> Self {
        let mut world = self.clone();
        match event {
            Event::Deliver(message, keep, twist) => world.deliver(message, keep, twist, shape),
            Event::Step(at, twist) => {
                let hand = world.hands.remove(at);
                world.step(hand, twist, shape);
            }
            Event::Change(change, lost) => world.change(change, lost),
            Event::LateCreatorsGone => {
                let late = |restore: &mut Restore| move_begin(restore, HANDLER_TIMEOUT);
                world.rewrite(late);
            }
            Event::Deadline(phase) => {
                world.left.deadlines -= 1;
                world.rewrite(|restore| pass_deadline(restore, phase));
            }
            Event::Cancel => {
                world.left.cancels -= 1;
                world
                    .queue
                    .push(Message::new(Phase::Intake, Content::Cancel));
            }
        }
        world.seal(shape);
        world
    }

    fn deliver(&mut self, message: Message, keep: bool, twist: Twist, shape: &Shape) {
        if keep {
            self.left.doubled -= 1;
        } else if let Some(at) = self.queue.iter().position(|it| *it == message) {
            self.queue.remove(at);
        }
        let mut hand = Hand::new(message);
        if shape.split {
            hand.stage = Stage::Look(Arc::clone(&self.record));
            self.hands.push(hand);
        } else {
            self.step(hand, twist, shape);
        }
    }

    fn step(&mut self, mut hand: Hand, twist: Twist, shape: &Shape) {
        if matches!(twist, Twist::Refused | Twist::Unanswered) {
            self.left.refusals -= 1;
        }
        let goes_on = match hand.stage.clone() {
            Stage::Load => {
                hand.fresh = true;
                hand.early = false;
                if shape.split {
                    hand.stage = Stage::Look(Arc::clone(&self.record));
                    true
                } else {
                    let record = Arc::clone(&self.record);
                    self.look(&mut hand, &record, twist, shape)
                }
            }
            Stage::Look(record) => self.look(&mut hand, &record, twist, shape),
            Stage::Do(plan, at) => {
                let step = plan.steps[at];
                self.take(&mut hand, step, twist, shape)
            }
        };
        if twist == Twist::Crash {
            self.left.crashes -= 1;
            self.deliver_again(hand.message);
        } else if goes_on {
            self.hands.push(hand);
        }
    }

    fn deliver_again(&mut self, message: Message) {
        let again = Message {
            again: true,
            ..message
        };
        self.queue.push(again);
    }

    fn look(&mut self, hand: &mut Hand, record: &Record, twist: Twist, shape: &Shape) -> bool {
        let Some(plan) = hand.look(record, &self.aws, twist == Twist::Refused, shape) else {
            return false;
        };
        self.follow(hand, plan)
    }

    /// Takes up a plan. Its tick is sent in the same step: nobody can tell.
    fn follow(&mut self, hand: &mut Hand, plan: crate::hand::Plan) -> bool {
        let mut at = 0;
        if let Some(Step::Tick(generation)) = plan.steps.first() {
            let tick = Content::Tick(*generation);
            self.queue.push(Message::new(hand.message.to, tick));
            at = 1;
        }
        let over = at == plan.steps.len();
        let again = plan.again;
        hand.stage = Stage::Do(Arc::new(plan), at);
        if over { end_round(hand, again) } else { true }
    }

    fn take(&mut self, hand: &mut Hand, step: Step, twist: Twist, shape: &Shape) -> bool {
        let Stage::Do(plan, at) = hand.stage.clone() else {
            return false;
        };
        match step {
            Step::Tick(generation) => {
                let tick = Message::new(hand.message.to, Content::Tick(generation));
                self.queue.push(tick);
            }
            Step::Send(instruction) => self.queue.push(Message::of(instruction)),
            Step::Save | Step::Taken => {
                if !hand.fresh && shape.order != Order::SaveBlindly {
                    hand.again();
                    return true;
                }
                let mut saved = Arc::clone(&plan.next);
                if step == Step::Taken {
                    let mut restore = saved.restore.clone();
                    restore.refusals.remove(&hand.message.to);
                    saved = Arc::new(Record::new(restore));
                } else {
                    hand.learned.clear();
                }
                self.save(hand, saved);
            }
            Step::Act(act) => {
                let taken = self.act(hand, act, twist);
                let rest = if taken {
                    &plan.steps[at..=at]
                } else {
                    &plan.steps[at..]
                };
                let known = usize::from(hand.trouble == Some(ErrorKind::ServiceFault));
                let creations = rest.iter().skip(known).filter_map(|step| match step {
                    Step::Act(act) => act.creates(),
                    _ => None,
                });
                hand.learned.extend(creations.map(Fact::Answered));
                hand.learned.sort_unstable();
                hand.learned.dedup();
                if !taken {
                    let next = &plan.next.restore;
                    let kind = hand.trouble.take().unwrap_or(ErrorKind::Internal);
                    let Some(plan) = hand.refused(next, kind, shape) else {
                        self.deliver_again(hand.message);
                        return false;
                    };
                    return self.follow(hand, plan);
                }
            }
        }
        let last_act = !matches!(plan.steps.get(at + 1), Some(Step::Act(_)));
        if let Some(kind) = hand.trouble.filter(|_| last_act) {
            hand.trouble = None;
            let Some(plan) = hand.refused(&plan.next.restore, kind, shape) else {
                return false;
            };
            return self.follow(hand, plan);
        }
        hand.stage = Stage::Do(Arc::clone(&plan), at + 1);
        if at + 1 == plan.steps.len() {
            return end_round(hand, plan.again);
        }
        true
    }

    /// Calls AWS. False if the handler goes on with the refusal at once: only the cleanup goes on with its other calls.
    fn act(&mut self, hand: &mut Hand, act: Act, twist: Twist) -> bool {
        if twist == Twist::Refused {
            hand.trouble.get_or_insert(ErrorKind::Throttled);
            return hand.message.to == Phase::Cleanup;
        }
        if self.broken.is_none() {
            self.broken = act.breaks(&self.aws);
        }
        if let Act::Announce(outcome) = act
            && *self.told.get_or_insert(outcome) != outcome
        {
            self.broken = Some(Promise::OneOutcome);
        }
        let answer = act.perform(&mut self.aws);
        let answer = if twist == Twist::Unanswered {
            Err(ErrorKind::ServiceFault)
        } else {
            answer
        };
        match answer {
            Ok(fact) => {
                hand.learned.extend(fact);
                hand.learned.sort_unstable();
                hand.learned.dedup();
                true
            }
            Err(kind) => {
                hand.trouble.get_or_insert(kind);
                hand.message.to == Phase::Cleanup
            }
        }
    }

    fn save(&mut self, saver: &mut Hand, record: Arc<Record>) {
        let cleaning = |record: &Record| record.restore.phase == Phase::Cleanup;
        let begins = cleaning(&record) && !cleaning(&self.record);
        saver.early |= begins;
        for hand in &mut self.hands {
            hand.fresh = false;
            hand.early |= begins && !matches!(hand.stage, Stage::Load);
        }
        self.record = record;
    }

    fn change(&mut self, change: Change, lost: bool) {
        self.left.faults -= u8::from(change.is_fault());
        self.left.lost -= u8::from(lost);
        let Some(hint) = self.aws.change(change).filter(|_| !lost) else {
            return;
        };
        for phase in hint.recipients() {
            let heard = decision::may_act(phase, &self.record.restore) || !hint.may_be_lost();
            if heard {
                self.queue.push(Message::new(phase, Content::Hint(hint)));
            }
        }
    }

    /// Time passes: what was a while ago is now long ago, in every copy of the record.
    fn rewrite(&mut self, change: impl Fn(&mut Restore)) {
        let renew = |record: &Arc<Record>| {
            let mut restore = record.restore.clone();
            change(&mut restore);
            Arc::new(Record::new(restore))
        };
        self.record = renew(&self.record);
        for hand in &mut self.hands {
            match &mut hand.stage {
                Stage::Load => {}
                Stage::Look(record) => *record = renew(record),
                Stage::Do(plan, _) => {
                    let next = renew(&plan.next);
                    Arc::make_mut(plan).next = next;
                }
            }
        }
    }
}

fn end_round(hand: &mut Hand, again: bool) -> bool {
    let goes_on = again || !hand.learned.is_empty();
    if goes_on {
        hand.again();
    }
    goes_on
}

fn move_begin(restore: &mut Restore, seconds: i64) {
    let cleaning = restore.phase == Phase::Cleanup;
    if let Some(time) = restore.phases.last_mut().filter(|_| cleaning) {
        time.began = before(seconds);
    }
    for resource in &mut restore.resources {
        resource.gone_at = resource.gone_at.map(|_| before(1));
        if let Some(creating) = &mut resource.creating {
            creating.since = before(HANDLER_TIMEOUT);
        }
    }
}

fn pass_deadline(restore: &mut Restore, phase: Phase) {
    let past: Timestamp = before(1);
    if let Some(wait) = restore.waits.get_mut(&phase) {
        wait.deadline = past;
    }
    if let Some(refusal) = restore.refusals.get_mut(&phase) {
        refusal.since = before(LONG_AGO);
        if let Some(wait) = refusal.interrupted.as_mut() {
            wait.deadline = past;
        }
    }
    if phase == Phase::Cleanup {
        move_begin(restore, LONG_AGO);
    }
}
