//! What a call of the model's AWS teaches its caller, as far as the core is told of it.

use tenant_restore_core::effect::Learned;
use tenant_restore_core::restore::{ResourceKind, Restore};

use crate::aws::Job;
use crate::names::{NOW, Names};

/// A fact that an act taught, in the order of [`Learned`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fact {
    /// A task runs.
    Task(Job, u8),
    /// A resource of this name is made.
    Made(Thing),
    /// A resource of this name exists and is ours.
    Exists(Thing),
    /// A connection's test or a DMS task was started; it need not be done over again.
    Repeated(Thing),
    /// A call that creates this has its answer, or won't be made.
    Answered(Creation),
    /// RDS took the password, and shows it as pending or doesn't.
    Password(bool),
    /// The outcome was told.
    Announced,
    /// The hold was told.
    HeldTold,
}

/// A name of a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Thing {
    /// A temporary database.
    Database(usize),
    /// The replication instance.
    Instance,
    /// Secret and endpoint of a side share a name.
    Side(usize),
    /// A DMS task.
    Load(usize),
}

/// What a call creates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Creation {
    /// A temporary database.
    Database(usize),
    /// Its parameter group.
    Group,
    /// The replication instance.
    Instance,
    /// A secret.
    Secret(usize),
    /// An endpoint.
    Endpoint(usize),
    /// A DMS task.
    Load(usize),
    /// A job's document.
    Objects,
}

impl Creation {
    fn answered(self, names: &Names) -> Learned {
        let (kind, name) = match self {
            Self::Database(at) => (ResourceKind::Database, &names.databases[at]),
            Self::Group => (ResourceKind::ParameterGroup, &names.group),
            Self::Instance => (ResourceKind::ReplicationInstance, &names.instance),
            Self::Secret(at) => (ResourceKind::Secret, &names.sides[at]),
            Self::Endpoint(at) => (ResourceKind::Endpoint, &names.sides[at]),
            Self::Load(at) => (ResourceKind::ReplicationTask, &names.loads[at]),
            Self::Objects => (ResourceKind::Objects, &names.work),
        };
        let name = name.clone();
        Learned::Answered { kind, name }
    }
}

impl Thing {
    fn name(self, names: &Names) -> &str {
        match self {
            Self::Database(at) => &names.databases[at],
            Self::Instance => &names.instance,
            Self::Side(at) => &names.sides[at],
            Self::Load(at) => &names.loads[at],
        }
    }
}

/// Who started a run of a job, if the record still knows that run.
fn started_by(job: Job, run: u8, restore: &Restore, names: &Names) -> String {
    let task = restore.task(job.name());
    let task = task.filter(|task| names.run_of(&task.started_by) == run);
    task.map_or_else(String::new, |task| task.started_by.clone())
}

impl Fact {
    /// For the core.
    pub fn learned(self, restore: &Restore, names: &Names) -> Learned {
        let name = match self {
            Self::Task(job, run) => {
                return Learned::Task {
                    arn: job.arn(run),
                    started_by: started_by(job, run, restore, names),
                };
            }
            Self::Password(pending) => return Learned::PasswordAccepted { pending },
            Self::Announced => return Learned::Announced,
            Self::HeldTold => {
                let hold = restore.held.as_ref();
                let until = hold.and_then(|hold| hold.until).unwrap_or(NOW);
                return Learned::HeldTold { until };
            }
            Self::Answered(creation) => return creation.answered(names),
            Self::Made(thing) => {
                let name = thing.name(names).to_owned();
                return Learned::Made { name };
            }
            Self::Exists(thing) => {
                let name = thing.name(names).to_owned();
                return Learned::Exists { name };
            }
            Self::Repeated(thing) => thing.name(names),
        };
        Learned::Repeated {
            name: name.to_owned(),
            resumed: restore.resumed.count,
        }
    }
}
