//! A handler at work on one message, in steps between which others act and after each of which it may crash: the loop
//! of `handlers/lambda/src/engine.rs`, with the decisions of the core itself.

use std::sync::Arc;

use tenant_restore_core::decision::{self, Decision, Then, Tick, Wake};
use tenant_restore_core::effect::{Effect, Learned};
use tenant_restore_core::error::{Cause, Class, ErrorKind};
use tenant_restore_core::letter::{self, Verdict};
use tenant_restore_core::order::{self, Answer, Ordered};
use tenant_restore_core::phases;
use tenant_restore_core::restore::{Outbox, Restore, TaskState};
use tenant_restore_events::{Instruction, Phase};

use crate::act::Act;
use crate::aws::Aws;
use crate::fact::Fact;
use crate::look::look;
use crate::message::{Content, Letter, Message};
use crate::names::NOW;
use crate::record::Record;
use crate::shape::{Order, Shape};

/// One step of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// Send a tick of this generation to a phase.
    Tick(Phase, u32, Option<bool>),
    /// Save the record, unless others did since it was loaded.
    Save,
    /// Call AWS.
    Act(Act),
    /// Save that calls are no longer refused.
    Taken,
    /// Send a command.
    Send(Instruction),
}

/// What a round decided.
#[derive(Debug, Clone)]
pub struct Plan {
    /// What to do, in order.
    pub steps: Vec<Step>,
    /// The record as it is to be saved.
    pub next: Arc<Record>,
    /// Whether another round follows in any case.
    pub again: bool,
    /// Whether a save that is refused ends it: its tick is sent, and a twin is at work.
    pub yields: bool,
    /// The attempt that its commands and ticks name.
    pub attempt: u8,
}

/// A call that AWS refused, and how often the restore had been resumed then.
#[derive(Debug, Clone, Copy)]
pub struct RefusedCall {
    act: Act,
    resumed: u32,
    kind: ErrorKind,
}

impl RefusedCall {
    /// One of this record's.
    pub fn new(act: Act, record: &Record, kind: ErrorKind) -> Self {
        let resumed = record.restore.resumed.count;
        Self { act, resumed, kind }
    }

    /// What of it decisions depend on.
    pub fn print(self) -> (Act, u32, u8) {
        (self.act, self.resumed, self.kind as u8)
    }

    fn is_among(self, effects: &[Effect], restore: &Restore, shape: &Shape) -> bool {
        let mut acts = effects
            .iter()
            .map(|effect| Act::of(effect, restore, &shape.names));
        self.resumed == restore.resumed.count && acts.any(|act| act == self.act)
    }
}

/// Where a handler is.
#[derive(Debug, Clone)]
pub enum Stage {
    /// About to load the record and to look.
    Load,
    /// About to look, with the record that it loaded before others saved.
    Look(Arc<Record>),
    /// About to take the step at this position.
    Do(Arc<Plan>, usize),
}

/// A handler at work.
#[derive(Debug, Clone)]
pub struct Hand {
    /// Its message; delivered again if it crashes.
    pub message: Message,
    /// Whether this is its first round.
    pub first: bool,
    /// Whether nobody saved since it loaded the record.
    pub fresh: bool,
    /// Whether it loaded the record before the cleanup began.
    pub early: bool,
    /// What its calls taught and the record doesn't know yet.
    pub learned: Vec<Fact>,
    /// Why a call of the cleanup was refused.
    pub trouble: Option<ErrorKind>,
    /// A call whose refusal fails the restore, as long as that isn't saved.
    pub refused: Option<RefusedCall>,
    /// Where it is.
    pub stage: Stage,
}

impl Hand {
    /// A handler that has just been given a message.
    pub fn new(message: Message) -> Self {
        Self {
            message,
            first: true,
            fresh: true,
            early: false,
            learned: Vec::new(),
            trouble: None,
            refused: None,
            stage: Stage::Load,
        }
    }

    /// Begins another round.
    pub fn again(&mut self) {
        self.first = false;
        self.trouble = None;
        self.fresh = true;
        self.early = false;
        self.stage = Stage::Load;
    }

    /// Its next step, if it is in the middle of a plan.
    pub fn step(&self) -> Option<Step> {
        match &self.stage {
            Stage::Do(plan, at) => plan.steps.get(*at).copied(),
            _ => None,
        }
    }

    /// How many sendings follow its next step at once.
    pub fn sendings(&self) -> u8 {
        let Stage::Do(plan, at) = &self.stage else {
            return 0;
        };
        let rest = plan.steps[*at..].iter().skip(1);
        let sends = rest.take_while(|step| matches!(step, Step::Send(_) | Step::Tick(..)));
        u8::try_from(sends.count()).unwrap_or(u8::MAX)
    }

    /// Whether it is about to create something.
    pub fn creates(&self) -> bool {
        let Stage::Do(plan, at) = &self.stage else {
            return false;
        };
        let creates = |step: &Step| matches!(step, Step::Act(act) if act.creates().is_some());
        plan.steps[*at..].iter().any(creates)
    }

    /// Looks and decides. Returns the plan, and the tick that is sent before it; none if there is nothing to do.
    pub fn look(
        &mut self,
        record: &Record,
        aws: &Aws,
        refused: bool,
        shape: &Shape,
    ) -> Option<Plan> {
        let before = &record.restore;
        let handler = self.message.to;
        let wake = self.message.wake(&shape.names);
        match self.message.content {
            Content::Cancel => return self.follow(before, order::Order::Cancel, shape),
            Content::Replay => return self.follow(before, order::Order::Replay, shape),
            Content::Letter(phase, letter) => return self.bury(before, phase, letter, shape),
            _ => {}
        }
        let stale = self.message.attempt != 0 && u32::from(self.message.attempt) != before.attempt;
        if stale || !decision::may_act(handler, before) {
            return self.step_aside(before, &wake);
        }
        if self.first && decision::is_outdated(before, handler, &wake) {
            return None;
        }
        let mut restore = before.clone();
        decision::heed(&mut restore, &shape.setting.deployment, &wake);
        let learned = self.learned(&restore, shape);
        decision::learn(&mut restore, &learned, NOW);
        if decision::is_next_command(&restore, &wake) {
            restore.outbox = Outbox::default();
        }
        let phase = phases::of(handler);
        let looks = phase.looks(&restore, &shape.setting);
        if refused && !looks.is_empty() {
            return Some(refusal(handler, &restore, ErrorKind::Throttled, shape));
        }
        let seen = look(aws, &looks, shape.plan, &restore, &shape.names);
        let decided = phase.decide(restore, &seen, &shape.setting, NOW);
        if let Some(call) = self.refused
            && call.is_among(&decided.effects, &decided.restore, shape)
        {
            return Some(refusal(handler, &decided.restore, call.kind, shape));
        }
        Some(self.settle(before, decided, &wake, shape))
    }

    fn learned(&self, restore: &Restore, shape: &Shape) -> Vec<Learned> {
        let facts = self.learned.iter();
        facts
            .map(|fact| fact.learned(restore, &shape.names))
            .collect()
    }

    fn settle(&mut self, before: &Restore, decided: Decision, wake: &Wake, shape: &Shape) -> Plan {
        let handler = self.message.to;
        let Decision {
            restore: mut next,
            mut effects,
            mut then,
        } = decided;
        let pace = &shape.setting.pace;
        let mut tick = None;
        match decision::settle(&mut next, handler, &then, wake, pace, NOW) {
            Ok(sent) => tick = sent.as_ref().map(step_of),
            Err(cause) => {
                decision::give_up(&mut next, handler, cause, NOW);
                then = Then::Rest;
                effects.clear();
            }
        }
        if effects.is_empty() {
            next.refusals.remove(&handler);
        }
        forget_sight(&mut next, handler);
        if shape.order != Order::Unannounced {
            decision::announce(&mut next, &effects, &shape.setting, NOW);
        }
        let acts = effects
            .iter()
            .map(|effect| Act::of(effect, &next, &shape.names));
        let acts: Vec<_> = acts.map(Step::Act).collect();
        let entered = next.phase != before.phase;
        let sends = if entered {
            sends(&next.outbox)
        } else {
            Vec::new()
        };
        if shape.order == Order::NoOutbox {
            next.outbox = Outbox::default();
        }
        let save = (next != *before).then_some(Step::Save);
        if save.is_none() {
            self.learned.clear();
        }
        let taken = next.refusals.contains_key(&handler).then_some(Step::Taken);
        let parts: [Vec<Step>; 4] = [
            tick.into_iter().collect(),
            save.into_iter().collect(),
            acts,
            sends,
        ];
        let order: [usize; 4] = match shape.order {
            Order::SendBeforeSave => [0, 3, 1, 2],
            Order::ActBeforeSave => [0, 2, 1, 3],
            Order::TickAfterSave => [1, 0, 2, 3],
            _ => [0, 1, 2, 3],
        };
        let attempt = attempt_of(&next);
        let mut steps = Vec::new();
        for part in order {
            steps.extend_from_slice(&parts[part]);
            if part == 2 {
                steps.extend(taken);
            }
        }
        Plan {
            steps,
            next: Arc::new(Record::new(next)),
            again: then == Then::LookAgain,
            yields: false,
            attempt,
        }
    }

    /// The engine's `step_aside`. No answer to a save is lost here, so none is refused by its own work.
    fn step_aside(&self, restore: &Restore, wake: &Wake) -> Option<Plan> {
        let ends_a_stop = decision::ends_a_stop(restore, wake);
        if !ends_a_stop && !self.message.again {
            return None;
        }
        let mut steps = sends(&restore.outbox);
        if ends_a_stop && restore.outbox.is_empty() {
            steps.push(Step::Send(Instruction::CleanUp));
        }
        Some(only(steps, restore))
    }

    /// A person's order. The model's have no event ids: one that is delivered again and can't be followed was perhaps followed
    /// before.
    fn follow(&self, restore: &Restore, order: order::Order, shape: &Shape) -> Option<Plan> {
        let mut before = restore.clone();
        let resumes = order == order::Order::Replay && restore.held.is_some();
        if resumes && shape.order == Order::ResumeAtOnce {
            before.tasks.retain(|task| task.state != TaskState::Running);
        }
        let ordered = Ordered {
            order,
            event_id: "",
            replayed: false,
            requested_by: None,
        };
        match order::answer(&before, &ordered, NOW) {
            Answer::Follow(mut next) => {
                // The model's names tell no attempt: another one is ordered when nothing of the one before is left.
                next.named_by_attempt = false;
                let mut steps = vec![Step::Save];
                steps.extend(sends(&next.outbox));
                Some(only(steps, &next))
            }
            Answer::Followed => Some(only(sends(&restore.outbox), restore)),
            // Taken later, which is the same as delivered later; messages come in any order here.
            Answer::Soon => None,
            Answer::Refuse(_) => {
                let again = self.message.again;
                again.then(|| only(sends(&restore.outbox), restore))
            }
        }
    }

    /// What the dead-letter queue's handler does.
    fn bury(&self, restore: &Restore, phase: Phase, letter: Letter, shape: &Shape) -> Option<Plan> {
        let cause = Cause::new(ErrorKind::DeadLetter, "given up");
        let attempt = u32::from(self.message.attempt);
        let verdict = match letter {
            Letter::Command => letter::command(restore, attempt, phase, cause, NOW),
            Letter::Hint => letter::hint(restore, cause, &shape.setting.pace, NOW),
            Letter::Order => Verdict::Rearm(Vec::new()),
        };
        let plan = match verdict {
            Verdict::Fail(next) => {
                let mut steps = vec![Step::Save];
                steps.extend(sends(&next.outbox));
                only(steps, &next)
            }
            Verdict::Rearm(ticks) => {
                let mut steps: Vec<_> = ticks.iter().map(step_of).collect();
                if shape.order != Order::LettersWithoutOutbox {
                    steps.extend(sends(&restore.outbox));
                }
                only(steps, restore)
            }
        };
        (!plan.steps.is_empty()).then_some(plan)
    }

    /// What follows when AWS refused a call: another plan; none if the message is to be delivered again.
    pub fn refused(&self, next: &Restore, kind: ErrorKind, shape: &Shape) -> Option<Plan> {
        let handler = self.message.to;
        let mut next = next.clone();
        let learned = self.learned(&next, shape);
        decision::learn(&mut next, &learned, NOW);
        (handler != Phase::Complete).then(|| refusal(handler, &next, kind, shape))
    }
}

/// What was last seen is for people; a save for its sake alone only makes others load again.
fn forget_sight(restore: &mut Restore, handler: Phase) {
    if let Some(wait) = restore.waits.get_mut(&handler) {
        wait.last_seen.clear();
    }
    // Nor for how long ECS has not shown a task: in the model it shows every one in the end.
    for task in &mut restore.tasks {
        task.unseen_since = None;
    }
}

/// The engine's `refused`: put off, or given up.
fn refusal(handler: Phase, restore: &Restore, kind: ErrorKind, shape: &Shape) -> Plan {
    let mut next = restore.clone();
    let cause = Cause::new(kind, "refused");
    let again = kind.class() == Class::Expected || handler == Phase::Cleanup;
    let overdue = if again {
        match decision::put_off(&mut next, handler, &cause, &shape.setting.pace, NOW) {
            Ok(tick) => {
                forget_sight(&mut next, handler);
                let plan = only(vec![step_of(&tick), Step::Save], &next);
                return Plan {
                    yields: true,
                    ..plan
                };
            }
            Err(cause) => cause,
        }
    } else {
        cause
    };
    decision::give_up(&mut next, handler, overdue, NOW);
    let mut steps = vec![Step::Save];
    steps.extend(sends(&next.outbox));
    only(steps, &next)
}

fn step_of(tick: &Tick) -> Step {
    match tick.command.instruction {
        Instruction::Reconcile {
            phase,
            generation,
            gap,
        } => Step::Tick(phase, generation, gap),
        other => Step::Send(other),
    }
}

fn sends(outbox: &Outbox) -> Vec<Step> {
    let commands = outbox.commands.iter();
    commands
        .map(|command| Step::Send(command.instruction))
        .collect()
}

fn only(steps: Vec<Step>, next: &Restore) -> Plan {
    Plan {
        steps,
        next: Arc::new(Record::new(next.clone())),
        again: false,
        yields: false,
        attempt: attempt_of(next),
    }
}

fn attempt_of(restore: &Restore) -> u8 {
    u8::try_from(restore.attempt).unwrap_or(u8::MAX)
}
