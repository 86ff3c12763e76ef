//! Time, queues and the record; messages that are late, doubled, lost or out of order.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use tenant_restore_core::decision::{Hint, Setting, Tick, Wake};
use tenant_restore_core::naming::Deployment;
use tenant_restore_core::order::Order;
use tenant_restore_core::restore::Restore;
use tenant_restore_core::wait::Pace;
use tenant_restore_events::outgoing::Ended;
use tenant_restore_events::{Command, Instruction, Phase};

use crate::cloud::{After, Change, Cloud, Told};
use crate::desk::{Desk, Ordered, Paper};
use crate::fate::Fate;
use crate::handler::Run;
use crate::person::{News, Person};
use crate::place::Place;
use crate::way::{Walked, Way};

/// Lambda's time-out, in seconds.
pub const HANDLER_TIMEOUT: i64 = 60;

/// SQS shows a message again after so many seconds when its handler crashed on it.
const VISIBILITY: i64 = 360;

/// After so many receives SQS puts a message into the dead-letter queue.
const MOST_RECEIVES: u32 = 5;

#[derive(Debug, Clone)]
pub struct Message {
    pub handler: Phase,
    pub wake: Wake,
    /// What commands, ticks and events of ECS name, and those of RDS and DMS don't.
    pub attempt: Option<u32>,
    pub again: bool,
    pub crashes: u32,
    /// Its handler crashes on it more often than not.
    pub cursed: bool,
}

enum Happening {
    Message(Message),
    Run(Box<Run>),
    Desk(Box<Desk>),
    Change(Change),
    OtherEnds,
}

pub struct World {
    pub cloud: Cloud,
    pub place: Place,
    pub now: Timestamp,
    pub setting: Setting,
    pub stored: (u64, Restore),
    pub outcomes: Vec<Ended>,
    /// Messages handled, and how many of them were ticks.
    pub handled: (usize, usize),
    pub ways: Walked,
    person: Person,
    /// Whether messages may be cursed.
    letters: bool,
    orders: u32,
    agenda: BTreeMap<(Timestamp, u64), Happening>,
    sequence: u64,
}

impl World {
    pub fn new(
        cloud: Cloud,
        (person, letters): (Person, bool),
        restore: Restore,
        now: Timestamp,
    ) -> Self {
        let setting = Setting {
            deployment: Deployment {
                name: "tenant-restore".to_owned(),
                tag: "main".to_owned(),
            },
            pace: Pace::default(),
            handler_timeout: HANDLER_TIMEOUT,
            bucket: "bucket".to_owned(),
            loads_of_class: 10,
            writer_class: None,
        };
        let mut world = Self {
            place: Place::taken_by_another(&restore.request.source, now),
            cloud,
            now,
            setting,
            stored: (1, restore),
            outcomes: Vec::new(),
            handled: (0, 0),
            ways: Walked::default(),
            person,
            letters,
            orders: 0,
            agenda: BTreeMap::new(),
            sequence: 0,
        };
        world.deliver(Phase::Intake, Wake::Request, Some(1), 0);
        let seconds = world.cloud.luck.between(0, 1200);
        world.plan(seconds, Happening::OtherEnds);
        world.hear(News::Requested);
        world
    }

    /// Lets the next thing happen; false when there is nothing more.
    pub fn step(&mut self) -> bool {
        let Some(((at, _), happening)) = self.agenda.pop_first() else {
            return false;
        };
        self.now = at;
        match happening {
            Happening::Change(change) => {
                let after = self.cloud.change(&change);
                self.follow(after);
            }
            Happening::OtherEnds => self.other_ends(),
            Happening::Message(message) => {
                self.handled.0 += 1;
                self.handled.1 += usize::from(matches!(message.wake, Wake::Tick { .. }));
                Box::new(Run::new(message, self.now)).go_on(self);
            }
            Happening::Run(run) => {
                if self.crashes(run.started, run.message.cursed, run.message.crashes) {
                    self.crash(run.message);
                } else {
                    run.go_on(self);
                }
            }
            Happening::Desk(desk) => {
                if self.crashes(desk.started, desk.cursed, desk.crashes) {
                    self.crash_desk(*desk);
                } else {
                    desk.go_on(self);
                }
            }
        }
        true
    }

    /// What isn't cursed crashes too seldom to be given up.
    fn crashes(&mut self, started: Timestamp, cursed: bool, before: u32) -> bool {
        let overdue = self.now > started + SignedDuration::from_secs(HANDLER_TIMEOUT);
        overdue
            || if cursed {
                self.cloud.luck.once_in(2)
            } else {
                before < 3 && self.cloud.luck.once_in(40)
            }
    }

    pub fn walked(&mut self, way: Way) {
        self.ways.note(way);
    }

    /// The person hears of it, and may order something.
    pub fn hear(&mut self, news: News) {
        if let Some((seconds, order)) = self.person.orders(news, &mut self.cloud.luck) {
            // Once: the news may be told twice.
            if self.orders == 0 {
                self.order(order, seconds);
            }
        }
    }

    fn order(&mut self, order: Order, seconds: i64) {
        self.orders += 1;
        let event_id = format!("order-{}", self.orders);
        self.deliver_order(&Ordered { order, event_id }, seconds);
    }

    pub fn deliver_order(&mut self, ordered: &Ordered, seconds: i64) {
        let cursed = self.is_cursed();
        for _ in 0..self.copies() {
            let late = seconds + self.cloud.luck.between(0, 3);
            let paper = Paper::Order(ordered.clone());
            let at = self.now + SignedDuration::from_secs(late);
            self.plan(
                late,
                Happening::Desk(Box::new(Desk::new(paper, cursed, at))),
            );
        }
    }

    /// A replay that came too early is ordered again.
    pub fn order_again(&mut self, refused: &Ordered) {
        if refused.event_id == format!("order-{}", self.orders) && !self.is_over() {
            self.order(refused.order, 30);
        }
    }

    fn is_over(&self) -> bool {
        let restore = &self.stored.1;
        restore.attempt > 1 || restore.resumed.count > 0
    }

    /// An order was followed: by then what went wrong has been mended.
    pub fn is_mended(&mut self) {
        if self.is_over() {
            self.cloud.fate = Fate::Good;
        }
    }

    /// The command to those who are called can get lost: the other's handler crashes before it, for good.
    fn other_ends(&mut self) {
        for entry in self.place.other_ends() {
            if !self.cloud.luck.once_in(4) {
                let admit = Instruction::Admit;
                self.send(&Command::new(entry.id.as_str(), entry.attempt, admit));
            }
        }
    }

    fn crash(&mut self, message: Message) {
        let again = Message {
            again: true,
            crashes: message.crashes + 1,
            ..message
        };
        if again.crashes < MOST_RECEIVES {
            return self.plan(VISIBILITY, Happening::Message(again));
        }
        self.give_up(Paper::Letter(again));
    }

    fn crash_desk(&mut self, desk: Desk) {
        let at = self.now + SignedDuration::from_secs(VISIBILITY);
        let again = desk.again(at);
        if again.crashes < MOST_RECEIVES {
            return self.plan(VISIBILITY, Happening::Desk(Box::new(again)));
        }
        match again.paper {
            Paper::Order(ordered) => self.give_up(Paper::OrderAsLetter(ordered)),
            letter => self.give_up(letter),
        }
    }

    fn give_up(&mut self, paper: Paper) {
        let at = self.now + SignedDuration::from_secs(VISIBILITY);
        let desk = Box::new(Desk::new(paper, false, at));
        self.plan(VISIBILITY, Happening::Desk(desk));
    }

    fn plan(&mut self, seconds: i64, happening: Happening) {
        self.sequence += 1;
        let at = self.now + SignedDuration::from_secs(seconds);
        self.agenda.insert((at, self.sequence), happening);
    }

    /// The next step of a handler; it may be some seconds until then.
    pub fn go_on_later(&mut self, run: Box<Run>) {
        let seconds = self.cloud.luck.pause();
        self.plan(seconds, Happening::Run(run));
    }

    /// The same at the desk.
    pub fn go_on_at_desk(&mut self, desk: Box<Desk>) {
        let seconds = self.cloud.luck.pause();
        self.plan(seconds, Happening::Desk(desk));
    }

    /// Changes and events that follow a call or a change.
    pub fn follow(&mut self, after: After) {
        for (seconds, change) in after.changes {
            self.plan(seconds, Happening::Change(change));
        }
        for told in after.told {
            self.tell(told);
        }
    }

    fn tell(&mut self, told: Told) {
        let hint = |resource, event: &str| {
            let event = event.to_owned();
            Wake::Hint(Hint { resource, event })
        };
        match told {
            Told::Rds(event, name) => {
                for phase in [Phase::Provision, Phase::Ddl, Phase::Cleanup] {
                    self.best_effort(phase, &hint(name.clone(), event));
                }
            }
            Told::Dms(event, name) => {
                for phase in [Phase::Migrate, Phase::Cleanup] {
                    self.best_effort(phase, &hint(name.clone(), event));
                }
            }
            Told::Ecs { started_by } => {
                let deployment = &self.setting.deployment;
                let whose = deployment.started_by(&started_by).unwrap();
                let delay = self.cloud.luck.between(0, 20);
                let wake = hint(whose.job, "STOPPED");
                self.deliver(whose.phase, wake, Some(whose.attempt), delay);
            }
        }
    }

    fn best_effort(&mut self, phase: Phase, wake: &Wake) {
        if !self.cloud.luck.once_in(6) {
            let delay = self.cloud.luck.between(0, 40);
            self.deliver(phase, wake.clone(), None, delay);
        }
    }

    /// SQS and EventBridge deliver at least once.
    fn copies(&mut self) -> usize {
        if self.cloud.luck.once_in(10) { 2 } else { 1 }
    }

    fn is_cursed(&mut self) -> bool {
        self.letters && self.cloud.luck.once_in(6)
    }

    /// Puts a message on a queue, now and then twice.
    fn deliver(&mut self, handler: Phase, wake: Wake, attempt: Option<u32>, delay: i64) {
        // What cleanup and complete give up goes to the queue `dead`, and the sweeper sets them going.
        let cursed = !matches!(handler, Phase::Cleanup | Phase::Complete) && self.is_cursed();
        for _ in 0..self.copies() {
            let late = self.cloud.luck.between(0, 3);
            let message = Message {
                handler,
                wake: wake.clone(),
                attempt,
                again: false,
                crashes: 0,
                cursed,
            };
            self.plan(delay + late, Happening::Message(message));
        }
    }

    pub fn send(&mut self, command: &Command) {
        let (to, instruction) = (command.instruction.recipient(), command.instruction);
        self.deliver(to, Wake::Command(instruction), Some(command.attempt), 0);
    }

    pub fn send_tick(&mut self, tick: &Tick) {
        let Instruction::Reconcile {
            phase,
            generation,
            gap,
        } = tick.command.instruction
        else {
            panic!("a tick is a Reconcile");
        };
        let attempt = Some(tick.command.attempt);
        self.deliver(phase, Wake::Tick { generation, gap }, attempt, tick.delay);
    }
}
