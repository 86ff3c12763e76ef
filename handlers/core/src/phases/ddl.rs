//! Phase 3: secrets and a new master password for the temporary database, then a worker task: extract the DDL and
//! apply its first part. Waits for the password and the task; hands on `Migrate`.

use jiff::Timestamp;
use tenant_restore_events::{Instruction, Phase};

use crate::decision::{Choreography, Decision, Setting};
use crate::effect::Effect;
use crate::job::{JobResult, Mode, Mover};
use crate::phases::provision::stuck;
use crate::restore::{Password, Replication, ResourceKind, Restore, Source, internal};
use crate::sight::{Look, Seen};
use crate::status::{self, Meaning};
use crate::wait::WaitFor;
use crate::worker_task::{self, Progress};

/// The phase.
pub struct Ddl;

const JOB: &str = "ddl";

/// Without event and without being shown as pending, a reset is taken for done after so many ticks; the worker then
/// proves it by logging in.
const TICKS_UNTIL_RESET: u32 = 5;

impl Choreography for Ddl {
    fn looks(&self, restore: &Restore, setting: &Setting) -> Vec<Look> {
        let names = setting.deployment.names(&restore.id);
        match restore.password {
            Password::Old => vec![Look::Secret(names.source()), Look::Secret(names.target())],
            Password::Resetting { .. } => vec![Look::Database(names.temporary_database())],
            Password::Reset => worker_task::look_at(restore, JOB).into_iter().collect(),
        }
    }

    fn decide(
        &self,
        mut restore: Restore,
        seen: &Seen,
        setting: &Setting,
        now: Timestamp,
    ) -> Decision {
        match restore.password {
            Password::Old => secure(restore, seen, setting, now),
            Password::Resetting { .. } => await_password(restore, seen, setting, now),
            Password::Reset => {
                let modes = [Mode::Extract, Mode::ApplyPreData];
                match worker_task::progress(&mut restore, seen, setting, Phase::Ddl, JOB, &modes) {
                    Progress::Start(effect) => {
                        Decision::wait(restore, vec![*effect], WaitFor::Task, "started")
                    }
                    Progress::Running(status) => {
                        Decision::wait(restore, Vec::new(), WaitFor::Task, status)
                    }
                    Progress::Failed(causes) => Decision::fail(restore, causes, now),
                    Progress::Succeeded(result) => hand_on(restore, &result, now),
                }
            }
        }
    }
}

fn secure(mut restore: Restore, seen: &Seen, setting: &Setting, now: Timestamp) -> Decision {
    let names = setting.deployment.names(&restore.id);
    let (Some(source), Some((host, port))) = (restore.source.clone(), restore.temporary.clone())
    else {
        return Decision::fail(
            restore,
            vec![internal("source or temporary database is not known")],
            now,
        );
    };
    let Source {
        host: live_host,
        port: live_port,
        master_username,
        ..
    } = source;
    let wanted = [
        (names.source(), master_username, host, port),
        (names.target(), names.loader_role(), live_host, live_port),
    ];
    let mut effects = Vec::new();
    for (name, username, host, port) in wanted {
        if seen.secrets.get(&name) != Some(&true) {
            restore.note(ResourceKind::Secret, &name, now);
            effects.push(Effect::CreateSecret {
                name,
                username,
                host,
                port,
            });
        }
    }
    effects.push(Effect::ResetPassword {
        database: names.temporary_database(),
        secret: names.source(),
    });
    Decision::look_again(restore, effects)
}

fn await_password(
    mut restore: Restore,
    seen: &Seen,
    setting: &Setting,
    now: Timestamp,
) -> Decision {
    let name = setting.deployment.names(&restore.id).temporary_database();
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
