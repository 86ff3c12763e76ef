//! Messages on the phases' queues.

use tenant_restore_core::decision::{self, Wake};
use tenant_restore_events::{Instruction, Phase};

use crate::aws::Job;
use crate::names::Names;

/// An AWS event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Hint {
    /// RDS-EVENT-0019.
    DatabaseRestored,
    /// RDS-EVENT-0016.
    PasswordReset,
    /// RDS-EVENT-0003.
    DatabaseDeleted,
    /// DMS-EVENT-0005.
    InstanceCreated,
    /// DMS-EVENT-0003.
    InstanceDeleted,
    /// DMS-EVENT-0079, or the failure that has no id.
    LoadStopped(usize),
    /// DMS-EVENT-0073.
    LoadDeleted(usize),
    /// An ECS task is `STOPPED`.
    Worker(Job),
}

impl Hint {
    /// Whether AWS may lose it: events of RDS and DMS are best effort, those of ECS durable (EventBridge user guide,
    /// "Events from AWS services").
    pub fn may_be_lost(self) -> bool {
        !matches!(self, Self::Worker(_))
    }

    /// The phases whose queues it goes to (`infra/lib/phases`).
    pub fn recipients(self) -> Vec<Phase> {
        match self {
            Self::DatabaseRestored | Self::PasswordReset | Self::DatabaseDeleted => {
                vec![Phase::Provision, Phase::Ddl, Phase::Cleanup]
            }
            Self::InstanceCreated
            | Self::InstanceDeleted
            | Self::LoadStopped(_)
            | Self::LoadDeleted(_) => vec![Phase::Migrate, Phase::Cleanup],
            Self::Worker(job) => vec![job.phase()],
        }
    }

    fn read(self, names: &Names) -> decision::Hint {
        let (resource, event) = match self {
            Self::DatabaseRestored => (names.database.clone(), "RDS-EVENT-0019"),
            Self::PasswordReset => (names.database.clone(), "RDS-EVENT-0016"),
            Self::DatabaseDeleted => (names.database.clone(), "RDS-EVENT-0003"),
            Self::InstanceCreated => (names.instance.clone(), "DMS-EVENT-0005"),
            Self::InstanceDeleted => (names.instance.clone(), "DMS-EVENT-0003"),
            Self::LoadStopped(at) => (names.loads[at].clone(), "DMS-EVENT-0079"),
            Self::LoadDeleted(at) => (names.loads[at].clone(), "DMS-EVENT-0073"),
            Self::Worker(job) => (job.name().to_owned(), "STOPPED"),
        };
        decision::Hint {
            resource,
            event: event.to_owned(),
        }
    }
}

/// What a message says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Content {
    /// The request that opened the restore.
    Request,
    /// A person cancels the restore.
    Cancel,
    /// A command.
    Command(Instruction),
    /// A tick and its generation.
    Tick(u32),
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
    /// Whether it was delivered before.
    pub again: bool,
}

impl Message {
    /// A message that wasn't delivered before.
    pub fn new(to: Phase, content: Content) -> Self {
        Self {
            to,
            content,
            again: false,
        }
    }

    /// A command or tick.
    pub fn of(instruction: Instruction) -> Self {
        let to = instruction.recipient();
        if let Instruction::Reconcile { generation, .. } = instruction {
            return Self::new(to, Content::Tick(generation));
        }
        Self::new(to, Content::Command(instruction))
    }

    /// What the core is told of it.
    pub fn wake(&self, names: &Names) -> Wake {
        match self.content {
            Content::Request | Content::Cancel => Wake::Request,
            Content::Command(instruction) => Wake::Command(instruction),
            Content::Tick(generation) => Wake::Tick { generation },
            Content::Hint(hint) => Wake::Hint(hint.read(names)),
        }
    }
}
