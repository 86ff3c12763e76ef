//! Phase 3: a worker task tries the credentials of the restore point on the temporary database, extracts the DDL and
//! applies its first part. Only where no version of the source's secret can be used is the master password reset, and a
//! second task started. Waits for the tasks and the password; hands on `Migrate`.

use jiff::Timestamp;
use tenant_restore_events::{Instruction, Phase};

use crate::credentials;
use crate::decision::{Choreography, Decision, Setting};
use crate::effect::Effect;
use crate::job::{JobResult, Mode, Mover};
use crate::phases::provision::stuck;
use crate::restore::{
    DDL, DDL_AFTER_RESET, Endpoint, Password, Replication, ResourceKind, Restore, TaskState,
    internal,
};
use crate::sight::{Look, Seen};
use crate::status::{self, Meaning};
use crate::wait::WaitFor;
use crate::worker_task::{self, Progress};

/// The phase.
pub struct Ddl;

/// Without event and without being shown as pending, a reset is taken for done after so many ticks; the worker then
/// proves it by logging in.
const TICKS_UNTIL_RESET: u32 = 5;

impl Choreography for Ddl {
    fn looks(&self, restore: &Restore, setting: &Setting) -> Vec<Look> {
        let names = restore.names(&setting.deployment);
        match restore.password {
            Password::Old => {
                let mut looks: Vec<_> = worker_task::look_at(restore, DDL).into_iter().collect();
                if !is_started(restore) {
                    looks.extend([Look::Secret(names.source()), Look::Secret(names.target())]);
                    let secret = restore.source.as_ref().and_then(|it| it.secret.clone());
                    looks.extend(secret.map(Look::SecretVersions));
                }
                looks
            }
            Password::Refused | Password::Resetting { .. } => {
                vec![Look::Database(names.temporary_database())]
            }
            Password::Reset => worker_task::look_at(restore, after_reset(restore))
                .into_iter()
                .collect(),
        }
    }

    fn decide(&self, restore: Restore, seen: &Seen, setting: &Setting, now: Timestamp) -> Decision {
        match restore.password {
            Password::Old => probe(restore, seen, setting, now),
            Password::Refused => reset(restore, seen, setting, now),
            Password::Resetting { .. } => await_password(restore, seen, setting, now),
            Password::Reset => {
                let job = after_reset(&restore);
                let modes = [Mode::Extract, Mode::ApplyPreData];
                task(restore, seen, setting, job, &modes, Vec::new(), now)
            }
        }
    }
}

/// Whether ECS has taken the first task: then both secrets are there.
fn is_started(restore: &Restore) -> bool {
    restore.task(DDL).is_some_and(|task| task.arn.is_some())
}

/// The job after a reset. Records of the version before reset every password, so theirs may run as the first job.
fn after_reset(restore: &Restore) -> &'static str {
    let running = |task: &crate::restore::Task| task.state == TaskState::Running;
    if restore.task(DDL).is_some_and(running) {
        DDL
    } else {
        DDL_AFTER_RESET
    }
}

fn probe(mut restore: Restore, seen: &Seen, setting: &Setting, now: Timestamp) -> Decision {
    if is_started(&restore) {
        return task(restore, seen, setting, DDL, &[], Vec::new(), now);
    }
    let (Some(source), Some(production), Some(temporary)) = (
        restore.source.clone(),
        restore.production(),
        restore.temporary.clone(),
    ) else {
        let cause = internal("source, target or temporary database is not known");
        return Decision::fail(restore, vec![cause], now);
    };
    let names = restore.names(&setting.deployment);
    let (host, port) = temporary;
    let logins = [
        Login {
            secret: names.source(),
            username: source.master_username.clone(),
            endpoint: Endpoint { host, port },
        },
        Login {
            secret: names.target(),
            username: names.loader_role(),
            endpoint: production.endpoint(),
        },
    ];
    let effects = missing_secrets(&mut restore, seen, logins, now);
    let secret = source.secret.as_ref();
    let versions = secret.and_then(|secret| seen.secret_versions.get(secret));
    let has_versions =
        versions.is_some_and(|versions| credentials::probe(&restore, &source, versions).is_some());
    if !has_versions {
        restore.password = Password::Refused;
        return Decision::look_again(restore, effects);
    }
    let modes = [Mode::Probe, Mode::Extract, Mode::ApplyPreData];
    task(restore, seen, setting, DDL, &modes, effects, now)
}

/// A login that gets a secret.
struct Login {
    secret: String,
    username: String,
    endpoint: Endpoint,
}

/// The temporary database's secret gets a generated password: it is the new one, should a reset be needed. Otherwise the
/// worker replaces it by the login that works.
fn missing_secrets(
    restore: &mut Restore,
    seen: &Seen,
    logins: [Login; 2],
    now: Timestamp,
) -> Vec<Effect> {
    let mut effects = Vec::new();
    for login in logins {
        let name = login.secret;
        let is_there = seen.secrets.get(&name) == Some(&true);
        if !is_there || !restore.owns(ResourceKind::Secret, &name) {
            restore.note(ResourceKind::Secret, &name, now);
            effects.push(Effect::CreateSecret {
                name,
                username: login.username,
                host: login.endpoint.host,
                port: login.endpoint.port,
            });
        }
    }
    effects
}

/// A database that has failed since it was available would refuse the call as busy, until the deadline.
fn reset(restore: Restore, seen: &Seen, setting: &Setting, now: Timestamp) -> Decision {
    let names = restore.names(&setting.deployment);
    let name = names.temporary_database();
    if let Some(Some(sight)) = seen.databases.get(&name)
        && status::database(&sight.status) == Meaning::Fatal
    {
        return Decision::fail(restore, vec![stuck(&name, &sight.status)], now);
    }
    let effect = Effect::ResetPassword {
        database: name,
        secret: names.source(),
    };
    Decision::look_again(restore, vec![effect])
}

fn task(
    mut restore: Restore,
    seen: &Seen,
    setting: &Setting,
    job: &str,
    modes: &[Mode],
    mut effects: Vec<Effect>,
    now: Timestamp,
) -> Decision {
    match worker_task::progress(&mut restore, seen, setting, Phase::Ddl, job, modes, now) {
        Progress::Start(effect) => {
            effects.push(*effect);
            Decision::wait(restore, effects, WaitFor::Task, "started")
        }
        Progress::Running(status) => Decision::wait(restore, effects, WaitFor::Task, status),
        Progress::Failed(causes) => Decision::fail(restore, causes, now),
        Progress::Succeeded(result) => {
            let probed = result.probe.as_ref();
            if probed.is_some_and(|report| report.version.is_none()) {
                restore.password = Password::Refused;
                return Decision::look_again(restore, Vec::new());
            }
            restore.secret_version = probed.and_then(|report| report.version.clone());
            hand_on(restore, &result, now)
        }
    }
}

fn await_password(
    mut restore: Restore,
    seen: &Seen,
    setting: &Setting,
    now: Timestamp,
) -> Decision {
    let name = restore.names(&setting.deployment).temporary_database();
    let Some(Some(sight)) = seen.databases.get(&name) else {
        return Decision::wait(
            restore,
            Vec::new(),
            WaitFor::Password,
            format!("{name} is not shown"),
        );
    };
    let meaning = status::database(&sight.status);
    if meaning == Meaning::Fatal {
        return Decision::fail(restore, vec![stuck(&name, &sight.status)], now);
    }
    let Password::Resetting { announced, shown } = restore.password else {
        return Decision::look_again(restore, Vec::new());
    };
    let shown = shown || sight.password_pending || sight.status == "resetting-master-credentials";
    let ticks = restore.waits.get(&Phase::Ddl).map_or(0, |wait| wait.ticks);
    let begun = announced || shown || ticks >= TICKS_UNTIL_RESET;
    if begun && meaning == Meaning::Usable && !sight.password_pending {
        restore.password = Password::Reset;
        return Decision::look_again(restore, Vec::new());
    }
    restore.password = Password::Resetting { announced, shown };
    let what = if announced {
        WaitFor::PasswordUsable
    } else {
        WaitFor::Password
    };
    Decision::wait(
        restore,
        Vec::new(),
        what,
        format!("{name} is {}", sight.status),
    )
}

fn hand_on(mut restore: Restore, result: &JobResult, now: Timestamp) -> Decision {
    let Some(report) = &result.extract else {
        return Decision::fail(
            restore,
            vec![internal("the extraction left no report")],
            now,
        );
    };
    restore.copy_tables = report
        .tables
        .iter()
        .filter(|table| table.mover == Mover::Copy)
        .count();
    let schemas = restore.request.schemas.iter().enumerate();
    let by_dms: Vec<usize> = schemas
        .filter(|(_, pair)| {
            report
                .tables
                .iter()
                .any(|table| table.mover == Mover::Dms && table.schema == pair.restored_as)
        })
        .map(|(position, _)| position)
        .collect();
    if restore.replication.is_none() && !by_dms.is_empty() {
        restore.replication = Some(Replication::default());
    }
    if let Some(branch) = restore.replication.as_mut() {
        branch.schemas = Some(by_dms);
    }
    restore.enter(Phase::Migrate, &[Instruction::Migrate], now);
    Decision::rest(restore)
}
