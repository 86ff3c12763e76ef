//! Phase 2: the temporary database. Waits for RDS to make it, then, without an event, for it to become available;
//! hands on `ExtractDdl`.

use jiff::Timestamp;
use tenant_restore_events::{Instruction, Phase};

use crate::decision::{Choreography, Decision, Setting};
use crate::effect::Effect;
use crate::error::{Cause, ErrorKind};
use crate::restore::{ResourceKind, Restore, internal};
use crate::sight::{DatabaseSight, Look, Seen};
use crate::status::{self, Meaning};
use crate::wait::WaitFor;

/// The phase.
pub struct Provision;

impl Choreography for Provision {
    fn looks(&self, restore: &Restore, setting: &Setting) -> Vec<Look> {
        vec![Look::Database(
            setting.deployment.names(&restore.id).temporary_database(),
        )]
    }

    fn decide(
        &self,
        mut restore: Restore,
        seen: &Seen,
        setting: &Setting,
        now: Timestamp,
    ) -> Decision {
        let name = setting.deployment.names(&restore.id).temporary_database();
        let Some(Some(sight)) = seen.databases.get(&name) else {
            restore.note(ResourceKind::Database, &name, now);
            let Some(source) = &restore.source else {
                return Decision::fail(restore, vec![internal("the source is not known")], now);
            };
            let effect = Effect::RestoreDatabase {
                name,
                source: restore.request.source.clone(),
                restore_time: restore.request.restore_time,
                parameter_group: source.parameter_group.clone(),
            };
            return Decision::wait(
                restore,
                vec![effect],
                WaitFor::TemporaryDatabase,
                "asked for",
            );
        };
        restore.confirm(&name);
        match (status::database(&sight.status), &sight.endpoint) {
            (Meaning::Fatal, _) => Decision::fail(restore, vec![stuck(&name, &sight.status)], now),
            (Meaning::Usable, Some(endpoint)) => {
                restore.temporary = Some(endpoint.clone());
                restore.enter(Phase::Ddl, &[Instruction::ExtractDdl], now);
                Decision::rest(restore)
            }
            _ => {
                let what = waiting_for(&restore, sight);
                Decision::wait(
                    restore,
                    Vec::new(),
                    what,
                    format!("{name} is {}", sight.status),
                )
            }
        }
    }
}

/// The cause when a database ended in a status it can't leave.
pub(crate) fn stuck(name: &str, status: &str) -> Cause {
    let message = format!("the temporary database {name} ended in status {status:?}");
    Cause {
        remedy: status::database_remedy(status).to_owned(),
        ..Cause::new(ErrorKind::ProvisioningFailed, message)
    }
}

fn waiting_for(restore: &Restore, sight: &DatabaseSight) -> WaitFor {
    if restore.database_announced || sight.status != "creating" {
        return WaitFor::TemporaryDatabaseAvailable;
    }
    WaitFor::TemporaryDatabase
}
