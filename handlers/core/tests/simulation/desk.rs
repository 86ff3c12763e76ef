//! What is done about orders and dead letters, as the Lambda shell does it, in steps between which others act and after
//! which it may crash: load and judge; save; send.

use jiff::Timestamp;
use tenant_restore_core::decision::Wake;
use tenant_restore_core::error::{Cause, ErrorKind};
use tenant_restore_core::letter::{self, Verdict};
use tenant_restore_core::order::{self, Answer, Order};
use tenant_restore_core::restore::Restore;
use tenant_restore_events::Phase;

use crate::handler::send_outbox;
use crate::way::Way;
use crate::world::{Message, World};

/// A person's order, with the id of its event.
#[derive(Debug, Clone)]
pub struct Ordered {
    pub order: Order,
    pub event_id: String,
}

#[derive(Debug, Clone)]
pub enum Paper {
    Order(Ordered),
    /// A message that its handler was crashed on too often.
    Letter(Message),
    OrderAsLetter(Ordered),
}

pub struct Desk {
    pub paper: Paper,
    pub crashes: u32,
    pub cursed: bool,
    pub started: Timestamp,
    stage: Stage,
}

enum Stage {
    Judge,
    Save(u64, Box<Restore>),
    Send(Box<Restore>),
}

impl Desk {
    pub fn new(paper: Paper, cursed: bool, started: Timestamp) -> Self {
        Self {
            paper,
            crashes: 0,
            cursed,
            started,
            stage: Stage::Judge,
        }
    }

    /// The paper comes again after a crash.
    pub fn again(self, at: Timestamp) -> Self {
        Self {
            started: at,
            crashes: self.crashes + 1,
            stage: Stage::Judge,
            ..self
        }
    }

    /// Takes the next step.
    pub fn go_on(mut self: Box<Self>, world: &mut World) {
        let next = match std::mem::replace(&mut self.stage, Stage::Judge) {
            Stage::Judge => self.judge(world),
            Stage::Save(version, next) => Some(save(version, *next, world)),
            Stage::Send(restore) => {
                send_outbox(&restore, world);
                None
            }
        };
        if let Some(stage) = next {
            self.stage = stage;
            world.go_on_at_desk(self);
        }
    }

    fn judge(&self, world: &mut World) -> Option<Stage> {
        let (version, restore) = world.stored.clone();
        match &self.paper {
            Paper::Order(ordered) => follow(ordered, version, &restore, world),
            Paper::OrderAsLetter(ordered) => {
                if restore.orders.contains(&ordered.event_id) {
                    world.walked(Way::OrderAbandoned);
                }
                Some(Stage::Send(Box::new(restore)))
            }
            Paper::Letter(message) => bury(message, version, &restore, world),
        }
    }
}

/// Seconds until an order that was put off comes again.
const SOON: i64 = 15;

fn follow(ordered: &Ordered, version: u64, restore: &Restore, world: &mut World) -> Option<Stage> {
    let event = order::Ordered {
        order: ordered.order,
        event_id: &ordered.event_id,
        replayed: false,
        requested_by: None,
    };
    match order::answer(restore, &event, world.now) {
        Answer::Follow(next) => Some(Stage::Save(version, next)),
        Answer::Followed => {
            world.walked(Way::OrderComesAgain);
            Some(Stage::Send(Box::new(restore.clone())))
        }
        Answer::Soon => {
            world.walked(Way::OrderPutOff);
            world.deliver_order(ordered, SOON);
            None
        }
        Answer::Refuse(_) => {
            world.walked(Way::OrderRefused);
            if ordered.order == Order::Replay {
                world.order_again(ordered);
            }
            None
        }
    }
}

fn save(version: u64, next: Restore, world: &mut World) -> Stage {
    let (stored, before) = &world.stored;
    if *stored != version {
        return Stage::Judge;
    }
    if next.orders.len() > before.orders.len() {
        world.walked(match (before.held.is_some(), next.phase) {
            (true, Phase::Cleanup) => Way::HeldIsCancelled,
            (false, Phase::Cleanup) => Way::Cancelled,
            (true, _) => Way::Resumed,
            (false, _) => Way::NextAttempt,
        });
    }
    world.stored = (version + 1, next.clone());
    world.is_mended();
    Stage::Send(Box::new(next))
}

/// The engine's `abandon` and `arm_again`.
fn bury(message: &Message, version: u64, restore: &Restore, world: &mut World) -> Option<Stage> {
    let cause = Cause::new(ErrorKind::DeadLetter, "given up");
    let (handler, now) = (message.handler, world.now);
    let is_command = matches!(message.wake, Wake::Command(_) | Wake::Request);
    let verdict = if is_command {
        let attempt = message.attempt.unwrap_or(1);
        letter::command(restore, attempt, handler, cause, now)
    } else {
        letter::hint(restore, cause, &world.setting.pace, now)
    };
    match verdict {
        Verdict::Fail(next) => {
            world.walked(Way::CommandFailsRestore);
            Some(Stage::Save(version, next))
        }
        Verdict::Rearm(ticks) => {
            if is_command {
                world.walked(Way::CommandIsOfThePast);
            }
            if !restore.outbox.is_empty() {
                world.walked(Way::OutboxSentByLetter);
            }
            for tick in &ticks {
                world.walked(Way::WaitArmedAgain);
                world.send_tick(tick);
            }
            Some(Stage::Send(Box::new(restore.clone())))
        }
    }
}
