//! Time, queues and the record; messages that are late, doubled, lost or out of order.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use tenant_restore_core::decision::{Hint, Setting, Tick, Wake};
use tenant_restore_core::naming::Deployment;
use tenant_restore_core::restore::Restore;
use tenant_restore_core::wait::Pace;
use tenant_restore_events::outgoing::Ended;
use tenant_restore_events::{Command, Instruction, Phase};

use crate::cloud::{After, Change, Cloud, Told};
use crate::fate::Fate;
use crate::handler::Run;
use crate::place::Place;

/// Lambda's time-out, in seconds.
pub const HANDLER_TIMEOUT: i64 = 60;

/// SQS shows a message again after so many seconds when its handler crashed on it.
const VISIBILITY: i64 = 360;

#[derive(Debug, Clone)]
pub struct Message {
    pub handler: Phase,
    pub wake: Wake,
    pub again: bool,
    pub crashes: u32,
}

enum Happening {
    Message(Message),
    Run(Box<Run>),
    Change(Change),
    Cancel,
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
    agenda: BTreeMap<(Timestamp, u64), Happening>,
    sequence: u64,
}

impl World {
    pub fn new(cloud: Cloud, restore: Restore, now: Timestamp) -> Self {
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
            agenda: BTreeMap::new(),
            sequence: 0,
        };
        world.deliver(Phase::Intake, Wake::Request, 0);
        let seconds = world.cloud.luck.between(0, 1200);
        world.plan(seconds, Happening::OtherEnds);
        if world.cloud.fate == Fate::Cancelled {
            let seconds = world.cloud.luck.between(0, 4000);
            world.plan(seconds, Happening::Cancel);
        }
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
            Happening::Cancel => self.cancel(),
            Happening::OtherEnds => self.other_ends(),
            Happening::Message(message) => {
                self.handled.0 += 1;
                self.handled.1 += usize::from(matches!(message.wake, Wake::Tick { .. }));
                Box::new(Run::new(message, self.now)).go_on(self);
            }
            Happening::Run(run) => {
                let overdue = self.now > run.started + SignedDuration::from_secs(HANDLER_TIMEOUT);
                // A message that crashed its handler often enough is let live: the queue of the dead isn't simulated.
                if overdue || (run.message.crashes < 3 && self.cloud.luck.once_in(40)) {
                    return self.crash(run.message);
                }
                run.go_on(self);
            }
        }
        true
    }

    fn cancel(&mut self) {
        let (version, mut restore) = self.stored.clone();
        if restore.cancel(None, self.now).is_ok() {
            self.stored = (version + 1, restore.clone());
            for command in &restore.outbox.commands {
                self.send(command);
            }
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

    fn crash(&mut self, message: Message) -> bool {
        let again = Message {
            again: true,
            crashes: message.crashes + 1,
            ..message
        };
        self.plan(VISIBILITY, Happening::Message(again));
        true
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
        let names = self.setting.deployment.names(&self.stored.1.id);
        let database = names.temporary_database();
        let hint = |resource, event: &str| {
            let event = event.to_owned();
            Wake::Hint(Hint { resource, event })
        };
        match told {
            Told::Rds(event) => {
                for phase in [Phase::Provision, Phase::Ddl, Phase::Cleanup] {
                    self.best_effort(phase, &hint(database.clone(), event));
                }
            }
            Told::Dms(event, suffix) => {
                for phase in [Phase::Migrate, Phase::Cleanup] {
                    self.best_effort(phase, &hint(format!("{database}{suffix}"), event));
                }
            }
            Told::Ecs { started_by } => {
                let deployment = &self.setting.deployment;
                let whose = deployment.started_by(&started_by).unwrap();
                let delay = self.cloud.luck.between(0, 20);
                self.deliver(whose.phase, hint(whose.job, "STOPPED"), delay);
            }
        }
    }

    fn best_effort(&mut self, phase: Phase, wake: &Wake) {
        if !self.cloud.luck.once_in(6) {
            let delay = self.cloud.luck.between(0, 40);
            self.deliver(phase, wake.clone(), delay);
        }
    }

    /// Puts a message on a queue, now and then twice.
    fn deliver(&mut self, handler: Phase, wake: Wake, delay: i64) {
        let copies = if self.cloud.luck.once_in(10) { 2 } else { 1 };
        for _ in 0..copies {
            let late = self.cloud.luck.between(0, 3);
            let message = Message {
                handler,
                wake: wake.clone(),
                again: false,
                crashes: 0,
            };
            self.plan(delay + late, Happening::Message(message));
        }
    }

    pub fn send(&mut self, command: &Command) {
        self.deliver(
            command.instruction.recipient(),
            Wake::Command(command.instruction),
            0,
        );
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
        self.deliver(phase, Wake::Tick { generation, gap }, tick.delay);
    }
}
