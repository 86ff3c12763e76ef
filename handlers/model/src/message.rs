//! Messages on the phases' queues.

use tenant_restore_core::decision::{self, Wake};
use tenant_restore_events::{Instruction, Phase};

use crate::aws::Job;
use crate::names::{Names, RUNS};

/// An AWS event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Hint {
    /// RDS-EVENT-0019.
    DatabaseRestored(usize),
    /// RDS-EVENT-0016.
    PasswordReset(usize),
    /// RDS-EVENT-0003.
    DatabaseDeleted(usize),
    /// DMS-EVENT-0005.
    InstanceCreated,
    /// DMS-EVENT-0003.
    InstanceDeleted,
    /// DMS-EVENT-0073.
    LoadDeleted(usize),
    /// Any other of DMS, or one of which everything is known already.
    OfDms,
    /// One of RDS of which everything is known already.
    OfRds,
    /// An ECS task is `STOPPED`, of this run of its job.
    Worker(Job, u8),
}

impl Hint {
    /// Whether AWS may lose it: events of RDS and DMS are best effort, those of ECS durable (EventBridge user guide,
    /// "Events from AWS services").
    pub fn may_be_lost(self) -> bool {
        !matches!(self, Self::Worker(..))
    }

    /// The phases whose queues it goes to (`infra/lib/phases`).
    pub fn recipients(self) -> Vec<Phase> {
        match self {
            Self::DatabaseRestored(_)
            | Self::PasswordReset(_)
            | Self::DatabaseDeleted(_)
            | Self::OfRds => {
                vec![Phase::Provision, Phase::Ddl, Phase::Cleanup]
            }
            Self::InstanceCreated | Self::InstanceDeleted | Self::OfDms | Self::LoadDeleted(_) => {
                vec![Phase::Migrate, Phase::Cleanup]
            }
            Self::Worker(job, _) => vec![job.phase()],
        }
    }

    fn read(self, names: &Names) -> decision::Hint {
        let (resource, event) = match self {
            Self::DatabaseRestored(at) => (names.databases[at].clone(), "RDS-EVENT-0019"),
            Self::PasswordReset(at) => (names.databases[at].clone(), "RDS-EVENT-0016"),
            Self::DatabaseDeleted(at) => (names.databases[at].clone(), "RDS-EVENT-0003"),
            Self::InstanceCreated => (names.instance.clone(), "DMS-EVENT-0005"),
            Self::InstanceDeleted => (names.instance.clone(), "DMS-EVENT-0003"),
            Self::OfDms => (names.loads[0].clone(), "DMS-EVENT-0079"),
            Self::OfRds => (names.databases[0].clone(), "RDS-EVENT-0001"),
            Self::LoadDeleted(at) => (names.loads[at].clone(), "DMS-EVENT-0073"),
            Self::Worker(job, run) => (names.run(job.name(), run), "STOPPED"),
        };
        decision::Hint {
            resource,
            event: event.to_owned(),
        }
    }
}

/// What was given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Letter {
    /// A command, or the request.
    Command,
    /// A tick or event.
    Hint,
    /// An order of a person.
    Order,
}

/// What a message says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Content {
    /// The request that opened the restore.
    Request,
    /// A person cancels the restore.
    Cancel,
    /// A person wants it tried again.
    Replay,
    /// A message that was given up on the queue of this phase.
    Letter(Phase, Letter),
    /// A command.
    Command(Instruction),
    /// A tick, its generation, and whether it was sent for a gap.
    Tick(u32, Option<bool>),
    /// An AWS event.
    Hint(Hint),
}

/// A message on a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Message {
    /// The phase whose queue it is on.
    pub to: Phase,
    /// What it says.
    pub content: Content,
    /// The attempt that it names; 0 if none.
    pub attempt: u8,
    /// Whether it was delivered before.
    pub again: bool,
}

impl Message {
    /// A message that wasn't delivered before.
    pub fn new(to: Phase, content: Content, attempt: u8) -> Self {
        Self {
            to,
            content,
            attempt,
            again: false,
        }
    }

    /// A command or tick.
    pub fn of(instruction: Instruction, attempt: u8) -> Self {
        let to = instruction.recipient();
        if let Instruction::Reconcile {
            generation, gap, ..
        } = instruction
        {
            return Self::new(to, Content::Tick(generation, gap), attempt);
        }
        Self::new(to, Content::Command(instruction), attempt)
    }

    /// An event on a phase's queue.
    pub fn hint(to: Phase, hint: Hint) -> Self {
        let attempt = match hint {
            Hint::Worker(_, run) => run / RUNS + 1,
            _ => 0,
        };
        Self::new(to, Content::Hint(hint), attempt)
    }

    /// The letter that it becomes when its handler fails too often; none on the queues that the cleanup doesn't read.
    pub fn given_up(&self) -> Option<Self> {
        let letter = match self.content {
            Content::Request | Content::Command(_) => Letter::Command,
            Content::Tick(..) | Content::Hint(_) => Letter::Hint,
            Content::Cancel | Content::Replay => Letter::Order,
            Content::Letter(..) => return None,
        };
        let content = Content::Letter(self.to, letter);
        let ours = self.to < Phase::Cleanup;
        ours.then(|| Self::new(Phase::Cleanup, content, self.attempt))
    }

    /// What the core is told of it.
    pub fn wake(&self, names: &Names) -> Wake {
        match self.content {
            Content::Request | Content::Cancel | Content::Replay | Content::Letter(..) => {
                Wake::Request
            }
            Content::Command(instruction) => Wake::Command(instruction),
            Content::Tick(generation, gap) => Wake::Tick { generation, gap },
            Content::Hint(hint) => Wake::Hint(hint.read(names)),
        }
    }
}
