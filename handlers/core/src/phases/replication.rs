//! The DMS branch of phase 4: replication instance, endpoints and their connection tests, one task per schema, all
//! concurrently. The instance is made while RDS still works; the rest follows once the pre-data DDL is applied.
//!
//! Nothing is remembered that Describe shows: each look decides from the real resources. But what merely stands under
//! our name may be a stranger's: until AWS took our creation, or its tags were seen, it is asked for (again).

use jiff::Timestamp;
use tenant_restore_events::Phase;

use crate::decision::Setting;
use crate::effect::Effect;
use crate::error::{Cause, ErrorKind};
use crate::job::{Mover, TablePlan};
use crate::naming::Names;
use crate::restore::{ResourceKind, Restore};
use crate::room;
use crate::sight::{Look, ReplicationTaskSight, Seen};
use crate::status::{self, Meaning};
use crate::wait::WaitFor;

/// So many tasks are created or started in one go: a handler's time and DMS's request rate are limited (DMS user guide,
/// "Quotas": 8 requests a second).
const WAVE: usize = 10;

/// Where a branch of phase 4 is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Branch {
    /// It waits; the text is what was last seen.
    Waiting(WaitFor, String),
    /// Its effects change what is seen.
    LookAgain,
    /// It has nothing more to do, or nothing yet.
    Done,
    /// It failed.
    Failed(Vec<Cause>),
}

/// What to look at.
pub fn looks(restore: &Restore, setting: &Setting) -> Vec<Look> {
    let Some(branch) = restore
        .replication
        .as_ref()
        .filter(|branch| !branch.settled)
    else {
        return Vec::new();
    };
    let names = restore.names(&setting.deployment);
    let mut looks = vec![Look::ReplicationInstance(names.replication_instance())];
    let Some(schemas) = branch
        .schemas
        .as_ref()
        .filter(|_| restore.phase == Phase::Migrate)
    else {
        return looks;
    };
    for endpoint in [names.source(), names.target()] {
        looks.push(Look::Endpoint(endpoint.clone()));
        looks.push(Look::Connection {
            instance: names.replication_instance(),
            endpoint,
        });
    }
    looks.extend(schemas.iter().map(|position| Look::ReplicationTask {
        name: names.replication_task(*position),
        tables: true,
    }));
    if let Some(ddl) = restore.extraction() {
        looks.push(Look::Plan(ddl.result_key.clone()));
    }
    looks
}

/// What to do next in this branch.
pub fn decide(
    restore: &mut Restore,
    seen: &Seen,
    setting: &Setting,
    now: Timestamp,
    effects: &mut Vec<Effect>,
) -> Branch {
    let Some(branch) = restore.replication.clone().filter(|branch| !branch.settled) else {
        return Branch::Done;
    };
    let names = restore.names(&setting.deployment);
    if is_unneeded(restore) {
        return give_back(restore, &names, seen, effects);
    }
    match instance(restore, &names, seen, branch.announced, now, effects) {
        Branch::Done => {}
        other => return other,
    }
    let Some(schemas) = branch.schemas.filter(|_| restore.phase == Phase::Migrate) else {
        return Branch::Done;
    };
    match endpoints(restore, &names, seen, now, effects) {
        Branch::Done => {}
        other => return other,
    }
    let most = room::loads_at_once(restore.free_connections, setting.loads_of_class);
    tasks(restore, &names, seen, (&schemas, most), now, effects)
}

/// Whether the extraction found nothing for DMS, although its instance is there or on its way.
pub fn is_unneeded(restore: &Restore) -> bool {
    let schemas = restore
        .replication
        .as_ref()
        .and_then(|branch| branch.schemas.as_ref());
    schemas.is_some_and(Vec::is_empty)
}

/// A replication instance that turned out unneeded is deleted as soon as DMS can; the cleanup proves that it is gone.
fn give_back(
    restore: &mut Restore,
    names: &Names,
    seen: &Seen,
    effects: &mut Vec<Effect>,
) -> Branch {
    let name = names.replication_instance();
    if let Some(Some(status)) = seen.replication_instances.get(&name) {
        restore.confirm(&name);
        if status::replication_instance(status) == Meaning::Wait {
            return Branch::Waiting(
                WaitFor::ReplicationInstance,
                format!("{name} is {status}, and to be deleted"),
            );
        }
        if status != "deleting" {
            effects.push(Effect::DeleteReplicationInstance { name });
            return Branch::LookAgain;
        }
    }
    settle(restore);
    Branch::Done
}

fn settle(restore: &mut Restore) {
    if let Some(branch) = restore.replication.as_mut() {
        branch.settled = true;
    }
}

fn instance(
    restore: &mut Restore,
    names: &Names,
    seen: &Seen,
    announced: bool,
    now: Timestamp,
    effects: &mut Vec<Effect>,
) -> Branch {
    let name = names.replication_instance();
    let status = seen
        .replication_instances
        .get(&name)
        .and_then(Option::as_ref);
    let ours = status.filter(|_| restore.owns(ResourceKind::ReplicationInstance, &name));
    let Some(status) = ours else {
        restore.note(ResourceKind::ReplicationInstance, &name, now);
        effects.push(Effect::CreateReplicationInstance { name });
        return Branch::Waiting(WaitFor::ReplicationInstance, "asked for".to_owned());
    };
    restore.confirm(&name);
    match status::replication_instance(status) {
        Meaning::Usable => Branch::Done,
        Meaning::Fatal => {
            let message = format!("the replication instance {name} ended in status {status:?}");
            Branch::Failed(vec![Cause::new(ErrorKind::ProvisioningFailed, message)])
        }
        Meaning::Wait if announced => Branch::Waiting(
            WaitFor::ReplicationInstanceAvailable,
            format!("{name} is {status}"),
        ),
        Meaning::Wait => {
            Branch::Waiting(WaitFor::ReplicationInstance, format!("{name} is {status}"))
        }
    }
}

fn endpoints(
    restore: &mut Restore,
    names: &Names,
    seen: &Seen,
    now: Timestamp,
    effects: &mut Vec<Effect>,
) -> Branch {
    let mut waiting = None;
    let mut causes = Vec::new();
    let mut created = false;
    for (name, source) in [(names.source(), true), (names.target(), false)] {
        let is_there = seen.endpoints.get(&name).is_some_and(Option::is_some);
        if !is_there || !restore.owns(ResourceKind::Endpoint, &name) {
            restore.note(ResourceKind::Endpoint, &name, now);
            let database = restore.request.database.clone();
            effects.push(Effect::CreateEndpoint {
                name: name.clone(),
                source,
                secret: name,
                database,
            });
            created = true;
            continue;
        }
        restore.confirm(&name);
        match seen.connections.get(&name).and_then(Option::as_ref) {
            Some((status, _)) if status == "successful" => {}
            Some((status, _)) if status == "failed" && restore.resumed.retest.contains(&name) => {
                waiting = Some(format!("the connection of {name} is to be tested again"));
                effects.push(Effect::TestConnection {
                    instance: names.replication_instance(),
                    endpoint: name,
                });
            }
            Some((status, reason)) if status == "failed" => {
                let message =
                    format!("DMS could not connect through the endpoint {name}: {reason}");
                causes.push(Cause::new(ErrorKind::ConnectionTestFailed, message));
            }
            Some((status, _)) => waiting = Some(format!("the connection of {name} is {status}")),
            None => {
                waiting = Some(format!("the connection of {name} is to be tested"));
                effects.push(Effect::TestConnection {
                    instance: names.replication_instance(),
                    endpoint: name,
                });
            }
        }
    }
    if !causes.is_empty() {
        return Branch::Failed(causes);
    }
    if created {
        return Branch::LookAgain;
    }
    waiting.map_or(Branch::Done, |text| {
        Branch::Waiting(WaitFor::ConnectionTest, text)
    })
}

fn tasks(
    restore: &mut Restore,
    names: &Names,
    seen: &Seen,
    (schemas, most): (&[usize], usize),
    now: Timestamp,
    effects: &mut Vec<Effect>,
) -> Branch {
    let Some(plan) = &seen.plan else {
        return Branch::Failed(vec![crate::restore::internal(
            "the plan of tables is missing",
        )]);
    };
    let (mut running, mut preparing, mut causes) = (None, None, Vec::new());
    let (before, mut ended) = (effects.len(), Vec::new());
    let mut loading = loading(names, seen, schemas);
    for position in schemas {
        let name = names.replication_task(*position);
        let schema = restore.request.schemas[*position].restored_as.clone();
        let tables = tables_of(plan, &schema);
        if effects.len() - before == WAVE {
            preparing = Some(format!("{name} is of the next wave"));
            break;
        }
        let sight = seen.replication_tasks.get(&name).and_then(Option::as_ref);
        let ours = sight.filter(|_| restore.owns(ResourceKind::ReplicationTask, &name));
        let Some(sight) = ours else {
            restore.note(ResourceKind::ReplicationTask, &name, now);
            effects.push(create(names, name, schema, tables));
            continue;
        };
        restore.confirm(&name);
        match sight.status.as_str() {
            "creating" | "modifying" | "testing" => {
                preparing = Some(format!("{name} is {}", sight.status))
            }
            // The next wave starts as tasks of this one stop.
            "ready" if loading >= most => running = Some(format!("{name} waits for its turn")),
            "ready" => {
                loading += 1;
                effects.push(Effect::StartReplicationTask {
                    name,
                    reload: false,
                });
            }
            "stopped" | "failed" | "failed-move" | "deleting" => {
                if let Some(cause) = judge(&name, sight) {
                    if restore.resumed.reload.contains(&name) {
                        effects.push(Effect::StartReplicationTask { name, reload: true });
                        continue;
                    }
                    causes.push(cause);
                }
                ended.push((name, schema, tables));
            }
            status => running = Some(format!("{name} is {status}")),
        }
    }
    if !causes.is_empty() {
        return Branch::Failed(causes);
    }
    if let Some(text) = preparing {
        return Branch::Waiting(WaitFor::ReplicationTaskReady, text);
    }
    if effects.len() > before {
        return Branch::LookAgain;
    }
    if let Some(text) = running {
        return Branch::Waiting(WaitFor::ReplicationTask, text);
    }
    judge_tables(restore, seen, &ended, effects)
}

/// Whether all tables of tasks that have ended are complete. Those of before the restore was resumed load again.
fn judge_tables(
    restore: &mut Restore,
    seen: &Seen,
    ended: &[(String, String, Vec<String>)],
    effects: &mut Vec<Effect>,
) -> Branch {
    let mut causes = Vec::new();
    let before = effects.len();
    for (name, schema, tables) in ended {
        let Some(cause) = incomplete(name, seen, schema, tables) else {
            continue;
        };
        if restore.resumed.reload.contains(name) {
            let (name, reload) = (name.clone(), true);
            effects.push(Effect::StartReplicationTask { name, reload });
        } else {
            causes.push(cause);
        }
    }
    if !causes.is_empty() {
        return Branch::Failed(causes);
    }
    if effects.len() > before {
        return Branch::LookAgain;
    }
    settle(restore);
    Branch::Done
}

/// How many tasks load now, or are about to.
fn loading(names: &Names, seen: &Seen, schemas: &[usize]) -> usize {
    let status = |position: &usize| {
        let sight = seen
            .replication_tasks
            .get(&names.replication_task(*position));
        sight
            .and_then(Option::as_ref)
            .map(|sight| sight.status.as_str())
    };
    let loads = |status: &&str| matches!(*status, "starting" | "running");
    schemas.iter().filter_map(status).filter(loads).count()
}

fn tables_of(plan: &[TablePlan], schema: &str) -> Vec<String> {
    let ours = plan
        .iter()
        .filter(|table| table.mover == Mover::Dms && table.schema == schema);
    ours.map(|table| table.table.clone()).collect()
}

fn create(names: &Names, name: String, schema: String, tables: Vec<String>) -> Effect {
    Effect::CreateReplicationTask {
        name,
        instance: names.replication_instance(),
        source: names.source(),
        target: names.target(),
        schema,
        tables,
    }
}

/// A task that is over succeeded only if it says so, and no table erred.
fn judge(name: &str, sight: &ReplicationTaskSight) -> Option<Cause> {
    let finished =
        sight.status == "stopped" && sight.stop_reason.contains("FULL_LOAD_ONLY_FINISHED");
    let what = if !finished {
        format!(
            "is {}: {} {}",
            sight.status, sight.stop_reason, sight.failure
        )
    } else if sight.tables_errored > 0 {
        let erred = sight
            .tables
            .iter()
            .filter(|(_, state)| state != "Table completed");
        let erred: Vec<_> = erred
            .map(|(table, state)| format!("{table} ({state})"))
            .collect();
        format!(
            "finished with {} tables in error: {}",
            sight.tables_errored,
            erred.join(", ")
        )
    } else {
        return None;
    };
    Some(failed(format!("the DMS task {name} {what}")))
}

/// And only if every table that was asked for is complete. Tables are looked at once all tasks are over.
fn incomplete(name: &str, seen: &Seen, schema: &str, tables: &[String]) -> Option<Cause> {
    let states = seen
        .replication_tasks
        .get(name)
        .and_then(Option::as_ref)
        .map(|sight| sight.tables.as_slice())
        .unwrap_or_default();
    let state = |table: &String| {
        let qualified = format!("{schema}.{table}");
        states
            .iter()
            .find(|(seen, _)| *seen == qualified)
            .map_or("missing", |(_, state)| state.as_str())
    };
    let incomplete: Vec<_> = tables
        .iter()
        .filter(|table| state(table) != "Table completed")
        .map(|table| format!("{table} ({})", state(table)))
        .collect();
    let message = format!(
        "the DMS task {name} left tables incomplete: {}",
        incomplete.join(", ")
    );
    (!incomplete.is_empty()).then(|| failed(message))
}

fn failed(message: String) -> Cause {
    Cause::new(ErrorKind::ReplicationFailed, message)
}
