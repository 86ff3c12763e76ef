//! What an event does to the world: a handler's next step, or something outside.

use std::sync::Arc;

use tenant_restore_core::decision;
use tenant_restore_core::error::ErrorKind;
use tenant_restore_events::Phase;

use crate::act::Act;
use crate::aws::{Change, Production};
use crate::fact::Fact;
use crate::hand::{Hand, Plan, RefusedCall, Stage, Step};
use crate::message::{Content, Message};
use crate::promise::Promise;
use crate::record::Record;
use crate::shape::{Order, Shape};
use crate::world::{Event, Stale, Twist, World};

impl World {
    /// The world after an event.
    pub fn after(&self, event: Event, shape: &Shape) -> Self {
        let mut world = self.clone();
        match event {
            Event::Deliver(message, keep, twist) => {
                let mut hand = world.taken_up(message, keep);
                if shape.reduced {
                    world.step(hand, twist, Stale::Nobody, shape);
                } else {
                    hand.stage = Stage::Look(Arc::clone(&self.record));
                    world.hands.push(hand);
                }
            }
            Event::Fall(message, keep, twist) => {
                let hand = world.taken_up(message, keep);
                world.fall(&hand, twist);
            }
            Event::Step(at, twist, stale) => {
                let hand = world.hands.remove(at);
                world.step(hand, twist, stale, shape);
            }
            Event::Change(change, lost) => world.change(change, lost),
            Event::LateCreatorsGone => world.pass_late_creators(),
            Event::HoldEnds => world.pass_hold(),
            Event::Deadline(phase) => {
                world.left.deadlines -= 1;
                world.pass_deadline(phase);
            }
            Event::Cancel => {
                world.left.cancels -= 1;
                world.order(Content::Cancel);
            }
            Event::Replay => {
                world.left.replays -= 1;
                world.order(Content::Replay);
            }
        }
        world.seal(shape);
        world
    }

    fn order(&mut self, content: Content) {
        self.queue.push(Message::new(Phase::Intake, content, 0));
    }

    fn taken_up(&mut self, message: Message, keep: bool) -> Hand {
        if keep {
            self.left.doubled -= 1;
        } else if let Some(at) = self.queue.iter().position(|it| *it == message) {
            self.queue.remove(at);
        }
        Hand::new(message)
    }

    fn step(&mut self, mut hand: Hand, twist: Twist, stale: Stale, shape: &Shape) {
        if matches!(twist, Twist::Refused | Twist::Unanswered) {
            self.left.refusals -= 1;
        }
        self.left.denials -= u8::from(twist == Twist::Denied);
        let goes_on = match hand.stage.clone() {
            Stage::Load if shape.reduced => {
                let record = Arc::clone(&self.record);
                self.look(&mut hand, &record, twist, shape)
            }
            Stage::Load => {
                hand.stage = Stage::Look(Arc::clone(&self.record));
                true
            }
            Stage::Look(record) => self.look(&mut hand, &record, twist, shape),
            Stage::Do(plan, at) => {
                let step = plan.steps[at];
                let early = self.loaded(stale);
                let goes_on = self.take(&mut hand, step, twist, early, shape);
                goes_on && self.send_on(&mut hand, step, twist, shape)
            }
        };
        if matches!(twist, Twist::Crash | Twist::CrashSending(_) | Twist::GiveUp) {
            self.fall(&hand, twist);
        } else if goes_on {
            self.hands.push(hand);
        }
    }

    /// Takes those out who load the record before the save that comes now.
    fn loaded(&mut self, stale: Stale) -> Option<Hand> {
        match stale {
            Stale::Nobody => None,
            Stale::Of(message, keep) => Some(self.taken_up(message, keep)),
            Stale::Other => {
                let loads = |hand: &Hand| matches!(hand.stage, Stage::Load);
                let at = self.hands.iter().position(loads)?;
                Some(self.hands.remove(at))
            }
        }
    }

    /// What only sends goes with the step before it: a message may be late anyway, so nobody can tell.
    fn send_on(&mut self, hand: &mut Hand, after: Step, twist: Twist, shape: &Shape) -> bool {
        let most = match twist {
            Twist::CrashSending(most) => most,
            Twist::Crash | Twist::GiveUp => 0,
            _ => u8::MAX,
        };
        if !shape.reduced || matches!(after, Step::Tick(..)) {
            return true;
        }
        for _ in 0..most {
            let Some(step @ (Step::Send(_) | Step::Tick(..))) = hand.step() else {
                break;
            };
            if !self.take(hand, step, Twist::Smooth, None, shape) {
                return false;
            }
        }
        true
    }

    /// A handler crashes: its message is delivered again, or was once too often.
    fn fall(&mut self, hand: &Hand, twist: Twist) {
        if twist == Twist::GiveUp {
            self.left.letters -= 1;
            self.queue.extend(hand.message.given_up());
        } else {
            self.left.crashes -= 1;
            self.deliver_again(hand.message);
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
    fn follow(&mut self, hand: &mut Hand, plan: Plan) -> bool {
        let mut at = 0;
        if let Some(Step::Tick(phase, generation, gap)) = plan.steps.first() {
            let tick = Content::Tick(*generation, *gap);
            self.queue.push(Message::new(*phase, tick, plan.attempt));
            at = 1;
        }
        let over = at == plan.steps.len();
        let again = plan.again;
        hand.stage = Stage::Do(Arc::new(plan), at);
        if over { end_round(hand, again) } else { true }
    }

    fn take(
        &mut self,
        hand: &mut Hand,
        step: Step,
        twist: Twist,
        early: Option<Hand>,
        shape: &Shape,
    ) -> bool {
        let Stage::Do(plan, at) = hand.stage.clone() else {
            return false;
        };
        match step {
            Step::Tick(phase, generation, gap) => {
                let tick = Content::Tick(generation, gap);
                self.queue.push(Message::new(phase, tick, plan.attempt));
            }
            Step::Send(instruction) => {
                self.queue.push(Message::of(instruction, plan.attempt));
            }
            Step::Save | Step::Taken => {
                if !hand.fresh && shape.order != Order::SaveBlindly {
                    if plan.yields {
                        return false;
                    }
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
                self.save(hand, saved, early);
            }
            Step::Act(act) => {
                let taken = self.act(hand, act, twist);
                hand.note_answers(&plan.steps[at..], taken);
                if !taken {
                    let next = &plan.next;
                    let kind = hand.trouble.take().unwrap_or(ErrorKind::Internal);
                    let Some(plan) = hand.refused(&next.restore, kind, shape) else {
                        self.deliver_again(hand.message);
                        return false;
                    };
                    // Whoever puts it off ends, whether that is saved or not.
                    hand.refused = (!plan.yields).then(|| RefusedCall::new(act, next, kind));
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
        let refusal = match twist {
            Twist::Refused => Some(ErrorKind::Throttled),
            Twist::Denied => Some(ErrorKind::CallRefused),
            _ => None,
        };
        if let Some(kind) = refusal {
            hand.trouble.get_or_insert(kind);
            return hand.message.to == Phase::Cleanup;
        }
        if self.broken.is_none() {
            self.broken = act.breaks(&self.aws);
        }
        if let Act::Announce(outcome, attempt) = act {
            let told = self.told.get_mut(usize::from(attempt) - 1);
            if told.is_none_or(|told| *told.get_or_insert(outcome) != outcome) {
                self.broken = Some(Promise::OneOutcome);
            }
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
                true
            }
            Err(kind) => {
                hand.trouble.get_or_insert(kind);
                hand.message.to == Phase::Cleanup
            }
        }
    }

    fn save(&mut self, saver: &mut Hand, record: Arc<Record>, early: Option<Hand>) {
        let cleaning = |record: &Record| record.restore.phase == Phase::Cleanup;
        let begins = cleaning(&record) && !cleaning(&self.record);
        saver.early |= begins;
        let loaded = |hand: &&mut Hand| !matches!(hand.stage, Stage::Load);
        for hand in self.hands.iter_mut().filter(loaded) {
            hand.fresh = false;
            hand.early |= begins;
        }
        if let Some(mut hand) = early {
            hand.stage = Stage::Look(Arc::clone(&self.record));
            hand.fresh = false;
            hand.early = begins;
            self.hands.push(hand);
        }
        if record.restore.attempt > self.record.restore.attempt {
            self.aws.production = Production::Untouched;
            self.aws.was_short = false;
            self.aws.was_available = false;
            self.aws.was_tested = [false; 2];
        }
        self.record = record;
    }

    fn change(&mut self, change: Change, lost: bool) {
        self.left.faults -= u8::from(change.is_fault());
        self.left.shortages -= u8::from(change.is_shortage());
        self.left.lost -= u8::from(lost);
        let Some(hint) = self.aws.change(change).filter(|_| !lost) else {
            return;
        };
        for phase in hint.recipients() {
            let heard = decision::may_act(phase, &self.record.restore) || !hint.may_be_lost();
            if heard {
                self.queue.push(Message::hint(phase, hint));
            }
        }
    }
}

impl Hand {
    /// What creates something and has an answer now, or won't be made, is no longer on its way.
    fn note_answers(&mut self, steps: &[Step], taken: bool) {
        let steps = if taken { &steps[..1] } else { steps };
        let unknown = usize::from(self.trouble == Some(ErrorKind::ServiceFault));
        let acts = steps.iter().skip(unknown);
        let created = acts.filter_map(|step| match step {
            Step::Act(act) => act.creates(),
            _ => None,
        });
        self.learned.extend(created.map(Fact::Answered));
        self.learned.sort_unstable();
        self.learned.dedup();
    }
}

fn end_round(hand: &mut Hand, again: bool) -> bool {
    let goes_on = again || !hand.learned.is_empty();
    if goes_on {
        hand.again();
    }
    goes_on
}
