//! DMS in a test of the worker: the local cloud's, which damages rows as the user guide says.

use local_cloud_dms::alone::{Database, Set, full_load};
use serde_json::json;
use tenant_restore_core::job::{Job, Mover, TablePlan};

use super::surroundings::LOADER_PASSWORD;
use super::{Cluster, MASTER, MASTER_PASSWORD};

/// The settings of the pipeline's tasks, and whether its endpoints make a LOB that is cut a task's failure.
pub const AS_THE_PIPELINE: (&str, bool) = (
    include_str!("../../../lambda/src/phases/replication_task_settings.json"),
    true,
);

/// Loads what the plan leaves to DMS, by one task as of a single schema; answers how many tables these are.
pub async fn load(
    job: &Job,
    [temporary, production]: [&Cluster; 2],
    plan: &[TablePlan],
    (settings, fail_on_cut): (&str, bool),
) -> Result<usize, String> {
    let by_dms: Vec<&TablePlan> = plan
        .iter()
        .filter(|table| table.mover == Mover::Dms)
        .collect();
    if by_dms.is_empty() {
        return Ok(0);
    }
    let escaped = |name: &str| name.replace('_', "[_]");
    let rules: Vec<_> = by_dms
        .iter()
        .enumerate()
        .map(|(number, table)| {
            json!({
                "rule-type": "selection", "rule-action": "include",
                "rule-id": number.to_string(), "rule-name": format!("table-{number}"),
                "object-locator": {"schema-name": escaped(&table.schema), "table-name": escaped(&table.table)},
            })
        })
        .collect();
    let database = |cluster: &Cluster, user, password| Database {
        port: cluster.server().port,
        user,
        password,
        name: &job.database,
    };
    let endpoints = [
        database(temporary, MASTER, MASTER_PASSWORD),
        database(production, &job.loader.role, LOADER_PASSWORD),
    ];
    let mappings = json!({ "rules": rules }).to_string();
    let set = Set {
        mappings: &mappings,
        settings,
        fail_on_cut,
    };
    full_load(endpoints, set).await?;
    Ok(by_dms.len())
}
