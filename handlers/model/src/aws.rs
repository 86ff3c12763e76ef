//! AWS and the workers, as far as a restore meets them: statuses that move on by themselves, and the events that tell.

use tenant_restore_events::Phase;

use crate::message::Hint;

/// A temporary database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Database {
    /// Not there.
    #[default]
    Absent,
    /// Made, but Describe doesn't show it yet.
    Hidden,
    /// `creating`.
    Creating,
    /// `creating`, although its last event was sent.
    Made,
    /// `available`.
    Available,
    /// Stuck, for example in `restore-error`, and no event tells of it.
    Failed,
    /// `insufficient-capacity`, and no event tells of it.
    Short,
    /// `deleting`.
    Deleting,
    /// `deleting`, although its last event was sent.
    Ending,
}

/// The master password of the temporary database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Password {
    /// The source's.
    #[default]
    Old,
    /// A new one was taken; Describe doesn't show it as pending yet.
    Asked,
    /// Pending.
    Pending,
    /// Set.
    Reset,
}

/// An endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Endpoint {
    /// Not there.
    #[default]
    Absent,
    /// `active`.
    Active,
    /// `deleting`.
    Deleting,
}

/// A connection test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Connection {
    /// Never tested.
    #[default]
    Untested,
    /// `testing`.
    Testing,
    /// `successful`.
    Good,
    /// `failed`.
    Bad,
}

/// A DMS task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Load {
    /// Not there.
    #[default]
    Absent,
    /// `creating`.
    Creating,
    /// `ready`.
    Ready,
    /// `running`.
    Running,
    /// `stopped`, everything loaded.
    Finished,
    /// `stopped` with a table in error.
    Erred,
    /// `failed`.
    Failed,
    /// `stopping`, as we asked.
    Stopping,
    /// `stopped`, as we asked.
    Stopped,
    /// `deleting`.
    Deleting,
}

/// A worker task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Worker {
    /// Never started.
    #[default]
    Absent,
    /// Started, but ECS doesn't show it yet.
    Hidden,
    /// `RUNNING`.
    Running,
    /// `STOPPING`, as we asked.
    Stopping,
    /// `STOPPED`, exit code 0, with a result.
    Succeeded,
    /// `STOPPED`, with a result that names a failure.
    Failed,
    /// `STOPPED` without exit code: the container never ran.
    NeverRan,
    /// `STOPPED` by us, without a result.
    Killed,
    /// `STOPPED` by AWS, without a result.
    Lost,
}

impl Worker {
    /// Whether it is or may come to life.
    pub fn is_alive(self) -> bool {
        matches!(self, Self::Hidden | Self::Running | Self::Stopping)
    }
}

/// A worker's job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Job {
    /// `preflight`.
    Preflight,
    /// `ddl`.
    Ddl,
    /// `ddl-reset`.
    DdlReset,
    /// `copy`.
    Copy,
    /// `finalize`.
    Finalize,
    /// `drop`.
    Drop,
}

impl Job {
    /// Every job, in order.
    pub const ALL: [Self; 6] = [
        Self::Preflight,
        Self::Ddl,
        Self::DdlReset,
        Self::Copy,
        Self::Finalize,
        Self::Drop,
    ];

    /// Its name within the restore.
    pub fn name(self) -> &'static str {
        match self {
            Self::Preflight => "preflight",
            Self::Ddl => "ddl",
            Self::DdlReset => "ddl-reset",
            Self::Copy => "copy",
            Self::Finalize => "finalize",
            Self::Drop => "drop",
        }
    }

    /// Reads a job and its run from an ARN, `job#run`.
    pub fn of_arn(arn: &str) -> Option<(Self, u8)> {
        let (name, run) = arn.split_once('#')?;
        let job = Self::ALL.into_iter().find(|job| job.name() == name)?;
        Some((job, run.parse().ok()?))
    }

    /// The ARN of a run.
    pub fn arn(self, run: u8) -> String {
        format!("{}#{run}", self.name())
    }

    /// The phase that starts it, which its event goes to.
    pub fn phase(self) -> Phase {
        match self {
            Self::Preflight => Phase::Intake,
            Self::Ddl | Self::DdlReset => Phase::Ddl,
            Self::Copy => Phase::Migrate,
            Self::Finalize => Phase::Finalize,
            Self::Drop => Phase::Cleanup,
        }
    }
}

/// The restored schemas in production.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Production {
    /// Nothing of this restore was ever there.
    #[default]
    Untouched,
    /// The schemas are there, or may be.
    Applied,
    /// Open to their users.
    Opened,
    /// Dropped.
    Dropped,
}

/// Everything outside the pipeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Aws {
    /// The temporary database, and the one after it if that has no capacity.
    pub databases: [Database; 2],
    /// Its parameter group.
    pub group: bool,
    /// Its master password.
    pub password: Password,
    /// The replication instance, which has the same life as a database.
    pub instance: Database,
    /// The secrets, source and target.
    pub secrets: [bool; 2],
    /// The endpoints, source and target.
    pub endpoints: [Endpoint; 2],
    /// Their connections.
    pub connections: [Connection; 2],
    /// The DMS tasks.
    pub loads: [Load; 2],
    /// The worker tasks, by job; of a job that ran several times the last one.
    pub workers: [Worker; Job::ALL.len()],
    /// Which run of its job each of them is.
    pub runs: [u8; Job::ALL.len()],
    /// Whether objects lie under the work prefix.
    pub objects: bool,
    /// Production.
    pub production: Production,
    /// Whether the first database had no capacity.
    pub was_short: bool,
    /// Whether the database was ever available.
    pub was_available: bool,
    /// Which connections ever tested well.
    pub was_tested: [bool; 2],
    /// Which DMS tasks ever loaded everything.
    pub was_loaded: [bool; 2],
}

/// Something that happens by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// A database moves on.
    Database(usize, Database),
    /// Its password does.
    Password(Password),
    /// The replication instance moves on.
    Instance(Database),
    /// An endpoint is gone.
    EndpointGone(usize),
    /// A connection test ends.
    Connection(usize, Connection),
    /// A DMS task moves on.
    Load(usize, Load),
    /// A worker task moves on.
    Worker(Job, Worker),
}

impl Change {
    /// Whether a database turned out to have no capacity.
    pub fn is_shortage(self) -> bool {
        matches!(self, Self::Database(_, Database::Short))
    }

    /// Whether something went wrong.
    pub fn is_fault(self) -> bool {
        matches!(
            self,
            Self::Database(_, Database::Failed)
                | Self::Instance(Database::Failed)
                | Self::Connection(_, Connection::Bad)
                | Self::Load(_, Load::Erred | Load::Failed)
                | Self::Worker(_, Worker::Failed | Worker::NeverRan | Worker::Lost)
        )
    }
}

fn successors(database: Database) -> &'static [Database] {
    match database {
        Database::Hidden => &[Database::Creating],
        Database::Creating => &[Database::Made, Database::Failed],
        Database::Made => &[Database::Available, Database::Failed],
        Database::Available => &[Database::Failed],
        // A deletion may end as `incompatible-…` too.
        Database::Deleting => &[Database::Ending, Database::Failed],
        Database::Ending => &[Database::Absent],
        Database::Absent | Database::Failed | Database::Short => &[],
    }
}

impl Aws {
    /// The worker of a job.
    pub fn worker(&self, job: Job) -> Worker {
        self.workers[job as usize]
    }

    /// Everything that may happen by itself now.
    pub fn changes(&self, changes: &mut Vec<Change>) {
        for (at, database) in self.databases.into_iter().enumerate() {
            let next = successors(database).iter();
            changes.extend(next.map(|next| Change::Database(at, *next)));
        }
        // The next place has capacity; one after the other is the core's own test.
        if self.databases[0] == Database::Creating {
            changes.push(Change::Database(0, Database::Short));
        }
        changes.extend(
            successors(self.instance)
                .iter()
                .map(|next| Change::Instance(*next)),
        );
        if self.databases.contains(&Database::Available) {
            match self.password {
                Password::Asked => changes.push(Change::Password(Password::Pending)),
                Password::Pending => changes.push(Change::Password(Password::Reset)),
                Password::Old | Password::Reset => {}
            }
        }
        for at in 0..2 {
            // Source and target are alike, so the first may as well be the first to change.
            let follows = |same: bool| at == 1 && same;
            if self.endpoints[at] == Endpoint::Deleting
                && !follows(self.endpoints[0] == Endpoint::Deleting)
            {
                changes.push(Change::EndpointGone(at));
            }
            if self.connections[at] == Connection::Testing
                && !follows(self.connections[0] == Connection::Testing)
            {
                changes.extend(
                    [Connection::Good, Connection::Bad].map(|end| Change::Connection(at, end)),
                );
            }
            let loads: &[Load] = match self.loads[at] {
                Load::Creating => &[Load::Ready],
                Load::Running => &[Load::Finished, Load::Erred, Load::Failed],
                Load::Stopping => &[Load::Stopped],
                Load::Deleting => &[Load::Absent],
                _ => &[],
            };
            changes.extend(loads.iter().map(|next| Change::Load(at, *next)));
        }
        for job in Job::ALL {
            let ends: &[Worker] = match self.worker(job) {
                Worker::Hidden => &[Worker::Running, Worker::NeverRan],
                Worker::Running => &[Worker::Succeeded, Worker::Failed, Worker::Lost],
                Worker::Stopping => &[Worker::Killed, Worker::Succeeded],
                _ => &[],
            };
            changes.extend(ends.iter().map(|end| Change::Worker(job, *end)));
        }
    }

    /// Lets something happen; the event that tells of it, if there is one.
    pub fn change(&mut self, change: Change) -> Option<Hint> {
        match change {
            Change::Database(at, next) => {
                self.databases[at] = next;
                match next {
                    Database::Made => return Some(Hint::DatabaseRestored(at)),
                    Database::Ending => return Some(Hint::DatabaseDeleted(at)),
                    Database::Short => self.was_short = true,
                    Database::Available => self.was_available = true,
                    Database::Absent if self.databases == [Database::Absent; 2] => {
                        self.password = Password::Old;
                    }
                    _ => {}
                }
            }
            Change::Password(next) => {
                self.password = next;
                let at = usize::from(self.databases[1] == Database::Available);
                return (next == Password::Reset).then_some(Hint::PasswordReset(at));
            }
            Change::Instance(next) => {
                self.instance = next;
                match next {
                    Database::Made => return Some(Hint::InstanceCreated),
                    Database::Ending => return Some(Hint::InstanceDeleted),
                    _ => {}
                }
            }
            Change::EndpointGone(at) => {
                self.endpoints[at] = Endpoint::Absent;
                self.connections[at] = Connection::Untested;
            }
            Change::Connection(at, end) => {
                self.connections[at] = end;
                self.was_tested[at] |= end == Connection::Good;
            }
            Change::Load(at, next) => {
                self.loads[at] = next;
                self.was_loaded[at] |= next == Load::Finished;
                return match next {
                    // Nothing is believed of it but that there is something to look at.
                    Load::Finished | Load::Erred | Load::Failed | Load::Stopped => {
                        Some(Hint::OfDms)
                    }
                    Load::Absent => Some(Hint::LoadDeleted(at)),
                    _ => None,
                };
            }
            Change::Worker(job, next) => {
                self.workers[job as usize] = next;
                self.work(job, next);
                let run = self.runs[job as usize];
                return (!next.is_alive()).then_some(Hint::Worker(job, run));
            }
        }
        None
    }

    /// What a worker does to production. One that runs may have done it already.
    fn work(&mut self, job: Job, state: Worker) {
        match (job, state) {
            (Job::Ddl | Job::DdlReset, Worker::Running) => self.production = Production::Applied,
            (Job::Finalize, Worker::Succeeded) => self.production = Production::Opened,
            (Job::Drop, Worker::Succeeded) if self.production == Production::Applied => {
                self.production = Production::Dropped;
            }
            _ => {}
        }
    }
}
