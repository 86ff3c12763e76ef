//! What the core's effects do to the model's AWS, and what AWS answers.

use tenant_restore_core::effect::Effect;
use tenant_restore_core::error::ErrorKind;
use tenant_restore_core::restore::Restore;

use crate::aws::{Aws, Change, Connection, Database, Endpoint, Job, Load, Password, Worker};
use crate::fact::{Creation, Fact, Thing};
use crate::names::Names;
use crate::promise::Promise;

/// An effect, reduced to what the model's AWS tells apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Act {
    /// `CreateDBParameterGroup`.
    CreateGroup,
    /// `RestoreDBInstanceToPointInTime`.
    RestoreDatabase(usize),
    /// `CreateSecret`.
    CreateSecret(usize),
    /// `ModifyDBInstance` with a new password.
    ResetPassword(usize),
    /// `RunTask` for this run of a job, after its document was written.
    RunTask(Job, u8),
    /// `StopTask`.
    StopTask(Job, u8),
    /// `CreateReplicationInstance`.
    CreateInstance,
    /// `CreateEndpoint`.
    CreateEndpoint(usize),
    /// `TestConnection`.
    TestConnection(usize),
    /// `CreateReplicationTask`.
    CreateLoad(usize),
    /// `StartReplicationTask`; whether it is to load again.
    StartLoad(usize, bool),
    /// `StopReplicationTask`.
    StopLoad(usize),
    /// `DeleteReplicationTask`.
    DeleteLoad(usize),
    /// `DeleteEndpoint`.
    DeleteEndpoint(usize),
    /// `DeleteReplicationInstance`.
    DeleteInstance,
    /// `DeleteDBInstance`.
    DeleteDatabase(usize),
    /// `DeleteDBParameterGroup`.
    DeleteGroup,
    /// `DeleteSecret`.
    DeleteSecret(usize),
    /// Delete all objects under the prefix.
    DeleteObjects,
    /// Tell the outcome of an attempt; its digest.
    Announce(u64, u8),
    /// Tell that it is held.
    TellHeld,
    /// Give the claimed names or the admission back.
    Release,
    /// A name, schema or prefix that isn't this restore's.
    Foreign,
}

impl Act {
    /// Reads an effect; whatever concerns something else than this restore is [`Act::Foreign`].
    pub fn of(effect: &Effect, restore: &Restore, names: &Names) -> Self {
        let deletes = effect.deletes();
        if deletes.is_some_and(|(kind, name)| !names.is_ours(kind, name)) {
            return Self::Foreign;
        }
        let ours = |schema: &String| {
            restore
                .request
                .schemas
                .iter()
                .any(|it| it.restored_as == *schema)
        };
        match effect {
            Effect::DeriveParameterGroup { name, .. } if *name == names.group => Self::CreateGroup,
            Effect::RestoreDatabase { name, .. } if names.databases.contains(name) => {
                Self::RestoreDatabase(names.database(name))
            }
            Effect::CreateSecret { name, .. } if names.sides.contains(name) => {
                Self::CreateSecret(names.side(name))
            }
            Effect::ResetPassword { database, .. } if names.databases.contains(database) => {
                Self::ResetPassword(names.database(database))
            }
            Effect::RunTask {
                name,
                job,
                started_by,
                ..
            } if job.schemas == restore.request.schemas => {
                let job = Job::ALL.into_iter().find(|it| it.name() == name);
                let run = names.run_of(started_by);
                job.map_or(Self::Foreign, |job| Self::RunTask(job, run))
            }
            Effect::StopTask { arn } => {
                Job::of_arn(arn).map_or(Self::Foreign, |(job, run)| Self::StopTask(job, run))
            }
            Effect::CreateReplicationInstance { name } if *name == names.instance => {
                Self::CreateInstance
            }
            Effect::CreateEndpoint { name, .. } if names.sides.contains(name) => {
                Self::CreateEndpoint(names.side(name))
            }
            Effect::TestConnection { endpoint, .. } => Self::TestConnection(names.side(endpoint)),
            Effect::CreateReplicationTask { name, schema, .. }
                if names.loads.contains(name) && ours(schema) =>
            {
                Self::CreateLoad(names.load(name))
            }
            Effect::StartReplicationTask { name, reload } => {
                Self::StartLoad(names.load(name), *reload)
            }
            Effect::StopReplicationTask { name } => Self::StopLoad(names.load(name)),
            Effect::DeleteReplicationTask { name } => Self::DeleteLoad(names.load(name)),
            Effect::DeleteEndpoint { name } => Self::DeleteEndpoint(names.side(name)),
            Effect::DeleteReplicationInstance { .. } => Self::DeleteInstance,
            Effect::DeleteDatabase { name } => Self::DeleteDatabase(names.database(name)),
            Effect::DeleteParameterGroup { .. } => Self::DeleteGroup,
            Effect::DeleteSecret { name } => Self::DeleteSecret(names.side(name)),
            Effect::DeleteObjects { .. } => Self::DeleteObjects,
            Effect::Announce { ended, .. } => {
                let attempt = u8::try_from(ended.attempt).unwrap_or(u8::MAX);
                Self::Announce(outcome(ended), attempt)
            }
            Effect::TellHeld { .. } => Self::TellHeld,
            Effect::ReleaseClaims | Effect::ReleaseAdmission => Self::Release,
            _ => Self::Foreign,
        }
    }

    /// Whether it is a call that AWS may refuse.
    pub fn is_call(self) -> bool {
        !matches!(self, Self::Release | Self::Announce(..) | Self::TellHeld)
    }

    /// What it creates.
    pub fn creates(self) -> Option<Creation> {
        Some(match self {
            Self::RestoreDatabase(at) => Creation::Database(at),
            Self::CreateGroup => Creation::Group,
            Self::CreateInstance => Creation::Instance,
            Self::CreateSecret(at) => Creation::Secret(at),
            Self::CreateEndpoint(at) => Creation::Endpoint(at),
            Self::CreateLoad(at) => Creation::Load(at),
            Self::RunTask(..) => Creation::Objects,
            _ => return None,
        })
    }

    /// Whether the answer to this call depends on whether that change came before.
    pub fn concerns(self, change: Change) -> bool {
        match change {
            Change::Database(..) | Change::Password(_) => {
                matches!(
                    self,
                    Self::RestoreDatabase(_)
                        | Self::ResetPassword(_)
                        | Self::DeleteDatabase(_)
                        | Self::DeleteGroup
                )
            }
            Change::Instance(_) => matches!(
                self,
                Self::CreateInstance
                    | Self::DeleteInstance
                    | Self::TestConnection(_)
                    | Self::CreateLoad(_)
            ),
            Change::EndpointGone(_) | Change::Connection(..) => matches!(
                self,
                Self::CreateEndpoint(_)
                    | Self::DeleteEndpoint(_)
                    | Self::TestConnection(_)
                    | Self::CreateLoad(_)
            ),
            Change::Load(..) => matches!(
                self,
                Self::CreateLoad(_)
                    | Self::StartLoad(..)
                    | Self::StopLoad(_)
                    | Self::DeleteLoad(_)
                    | Self::DeleteEndpoint(_)
                    | Self::DeleteInstance
            ),
            Change::Worker(..) => matches!(self, Self::RunTask(..) | Self::StopTask(..)),
        }
    }

    /// The promise that this call breaks by being made now: a step before what it needs, or not this restore's.
    pub fn breaks(self, aws: &Aws) -> Option<Promise> {
        let succeeded = |job| aws.worker(job) == Worker::Succeeded;
        let at_work = |jobs: &[Job]| jobs.iter().any(|job| aws.worker(*job).is_alive());
        let tasks_exist = aws.loads.iter().any(|load| *load != Load::Absent);
        let in_order = match self {
            Self::Foreign => return Some(Promise::OnlyOurs),
            // In the next place only after one without capacity.
            Self::RestoreDatabase(1) => aws.was_short,
            Self::CreateGroup | Self::RestoreDatabase(_) | Self::CreateInstance => {
                succeeded(Job::Preflight)
            }
            Self::CreateSecret(_) | Self::RunTask(Job::Ddl, _) => aws.was_available,
            // Only after every version of the source's secret was tried in vain.
            Self::ResetPassword(_) => succeeded(Job::Ddl),
            Self::RunTask(Job::DdlReset, _) => aws.password != Password::Old,
            Self::CreateEndpoint(_) | Self::RunTask(Job::Copy, _) => match aws.password {
                Password::Old => succeeded(Job::Ddl),
                _ => succeeded(Job::DdlReset),
            },
            Self::CreateLoad(_) | Self::StartLoad(..) => aws.was_tested == [true; 2],
            Self::RunTask(Job::Drop, _) => {
                let loading = aws.loads.contains(&Load::Running);
                !loading && !at_work(&[Job::Ddl, Job::DdlReset, Job::Copy, Job::Finalize])
            }
            Self::DeleteInstance => !tasks_exist,
            Self::DeleteDatabase(_) | Self::DeleteSecret(_) => {
                !at_work(&[Job::Ddl, Job::DdlReset, Job::Copy, Job::Finalize])
            }
            _ => true,
        };
        let two_runs = matches!(self, Self::RunTask(job, run) if run > aws.runs[job as usize]
            && aws.worker(job).is_alive());
        let in_order = in_order && !two_runs;
        (!in_order).then_some(Promise::InOrder)
    }

    /// Makes the call.
    ///
    /// # Errors
    /// The kind of AWS's refusal.
    pub fn perform(self, aws: &mut Aws) -> Result<Option<Fact>, ErrorKind> {
        match self {
            Self::CreateGroup => {
                aws.group = true;
                Ok(None)
            }
            Self::DeleteGroup => {
                busy_unless(aws.databases == [Database::Absent; 2])?;
                aws.group = false;
                Ok(None)
            }
            Self::RestoreDatabase(at) => create(&mut aws.databases[at], Thing::Database(at)),
            Self::CreateInstance => create(&mut aws.instance, Thing::Instance),
            Self::CreateSecret(at) => {
                aws.secrets[at] = true;
                Ok(Some(Fact::Exists(Thing::Side(at))))
            }
            Self::ResetPassword(at) => reset(aws, at),
            Self::RunTask(job, run) => {
                aws.objects = true;
                let at = job as usize;
                let next = run > aws.runs[at] || aws.workers[at] == Worker::Absent;
                if next && run >= aws.runs[at] {
                    aws.workers[at] = Worker::Hidden;
                    aws.runs[at] = run;
                }
                Ok(Some(Fact::Task(job, run)))
            }
            Self::StopTask(job, run) => {
                let worker = &mut aws.workers[job as usize];
                if worker.is_alive() && run == aws.runs[job as usize] {
                    *worker = Worker::Stopping;
                }
                Ok(None)
            }
            Self::CreateEndpoint(at) => {
                if aws.endpoints[at] == Endpoint::Absent {
                    aws.endpoints[at] = Endpoint::Active;
                    return Ok(Some(Fact::Made(Thing::Side(at))));
                }
                Ok(Some(Fact::Exists(Thing::Side(at))))
            }
            Self::TestConnection(at) => {
                let ready =
                    aws.instance == Database::Available && aws.endpoints[at] == Endpoint::Active;
                busy_unless(ready)?;
                aws.connections[at] = Connection::Testing;
                Ok(Some(Fact::Repeated(Thing::Side(at))))
            }
            Self::CreateLoad(at) => create_load(aws, at),
            Self::StartLoad(at, reload) => start_load(&mut aws.loads[at], reload)
                .map(|()| Some(Fact::Repeated(Thing::Load(at)))),
            Self::StopLoad(at) if aws.loads[at] == Load::Absent => Ok(None),
            Self::StopLoad(at) => step(&mut aws.loads[at], &[Load::Running], Load::Stopping),
            Self::DeleteLoad(at) if aws.loads[at] == Load::Absent => Ok(None),
            Self::DeleteLoad(at) => {
                let idle = [
                    Load::Ready,
                    Load::Finished,
                    Load::Erred,
                    Load::Failed,
                    Load::Stopped,
                ];
                step(&mut aws.loads[at], &idle, Load::Deleting)
            }
            Self::DeleteEndpoint(at) => {
                let unused = aws.loads.iter().all(|load| *load == Load::Absent);
                match aws.endpoints[at] {
                    Endpoint::Absent => Ok(None),
                    Endpoint::Active if unused => {
                        aws.endpoints[at] = Endpoint::Deleting;
                        Ok(None)
                    }
                    _ => Err(ErrorKind::Busy),
                }
            }
            Self::DeleteInstance => {
                busy_unless(aws.loads.iter().all(|load| *load == Load::Absent))?;
                delete(&mut aws.instance)
            }
            Self::DeleteDatabase(at) => delete(&mut aws.databases[at]),
            Self::DeleteSecret(at) => {
                aws.secrets[at] = false;
                Ok(None)
            }
            Self::DeleteObjects => {
                aws.objects = false;
                Ok(None)
            }
            Self::Announce(..) => Ok(Some(Fact::Announced)),
            Self::TellHeld => Ok(Some(Fact::HeldTold)),
            Self::Release | Self::Foreign => Ok(None),
        }
    }
}

fn outcome(ended: &tenant_restore_events::outgoing::Ended) -> u64 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hash = DefaultHasher::new();
    (&ended.outcome_id, ended.outcome.as_str()).hash(&mut hash);
    for cause in &ended.causes {
        cause.kind.hash(&mut hash);
    }
    hash.finish()
}

fn busy_unless(ready: bool) -> Result<(), ErrorKind> {
    if ready { Ok(()) } else { Err(ErrorKind::Busy) }
}

/// A start that finds its twin's done has succeeded: it runs, or, unless it is a reload, has run.
fn start_load(load: &mut Load, reload: bool) -> Result<(), ErrorKind> {
    let has_run = [Load::Finished, Load::Erred, Load::Failed, Load::Stopped];
    match *load {
        Load::Running => {}
        Load::Stopping if !reload => {}
        Load::Ready => *load = Load::Running,
        over if has_run.contains(&over) => {
            if reload {
                *load = Load::Running;
            }
        }
        _ => return Err(ErrorKind::Busy),
    }
    Ok(())
}

fn step(load: &mut Load, from: &[Load], to: Load) -> Result<Option<Fact>, ErrorKind> {
    busy_unless(from.contains(load))?;
    *load = to;
    Ok(None)
}

/// A name that is taken is ours; until Describe shows it, that can't be proved.
fn create(database: &mut Database, thing: Thing) -> Result<Option<Fact>, ErrorKind> {
    match database {
        Database::Absent => {
            *database = Database::Hidden;
            Ok(Some(Fact::Made(thing)))
        }
        Database::Hidden => Err(ErrorKind::Busy),
        _ => Ok(Some(Fact::Exists(thing))),
    }
}

/// What isn't shown yet is taken for absent; what is still made can't be deleted.
fn delete(database: &mut Database) -> Result<Option<Fact>, ErrorKind> {
    match database {
        Database::Absent | Database::Hidden => Ok(None),
        Database::Available | Database::Failed | Database::Short => {
            *database = Database::Deleting;
            Ok(None)
        }
        Database::Creating | Database::Made | Database::Deleting | Database::Ending => {
            Err(ErrorKind::Busy)
        }
    }
}

fn reset(aws: &mut Aws, at: usize) -> Result<Option<Fact>, ErrorKind> {
    if !aws.secrets[0] || matches!(aws.databases[at], Database::Absent | Database::Hidden) {
        return Err(ErrorKind::CallRefused);
    }
    busy_unless(aws.databases[at] == Database::Available)?;
    if aws.password != Password::Pending {
        aws.password = Password::Asked;
    }
    Ok(Some(Fact::Password(aws.password == Password::Pending)))
}

fn create_load(aws: &mut Aws, at: usize) -> Result<Option<Fact>, ErrorKind> {
    let ready = aws.instance == Database::Available && aws.endpoints == [Endpoint::Active; 2];
    busy_unless(ready)?;
    if aws.loads[at] == Load::Absent {
        aws.loads[at] = Load::Creating;
        return Ok(Some(Fact::Made(Thing::Load(at))));
    }
    Ok(Some(Fact::Exists(Thing::Load(at))))
}
