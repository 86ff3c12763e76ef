//! Which of the paths that a run is to walk were walked, and how often: a fault that never strikes proves nothing.

use std::collections::BTreeMap;

use aws_sdk_ecs::types::{DesiredStatus, Task};
use serde_json::Value;
use tenant_restore_tests::cloud::Cloud;
use tenant_restore_tests::faults::Faults;
use tenant_restore_tests::{Context, Result};

use crate::plan::{HANDLERS, Job, Plan, Victim};
use crate::restore::Ended;

/// A run of so many restores must walk every path.
const WHOLE_RUN: usize = 200;

/// Times a path was walked, by its name.
pub type Paths = BTreeMap<String, u64>;

/// What ECS tells most of at once (ECS API reference, DescribeTasks).
const MOST_TASKS: i32 = 100;

/// Everything that is switched on, by kind; refusals of a service are one for each code.
///
/// # Errors
/// When the local cloud is not there.
pub async fn of_faults(faults: &Faults) -> Result<Paths> {
    let list = faults.list().await?;
    let mut paths = Paths::new();
    for fault in list["faults"].as_array().context("read the faults")? {
        let path = name(fault);
        *paths.entry(path).or_default() += fault["struck"].as_u64().unwrap_or_default();
    }
    let calls = faults.calls().await?;
    let lost = |code: &str| {
        let refused = calls["refused"].as_object().into_iter().flatten();
        let conflicts = refused.filter(|(call, _)| call.ends_with(code));
        conflicts
            .filter_map(|(_, count)| count.as_f64())
            .sum::<f64>()
    };
    // The injected conflicts are among the faults; these were met by real writers.
    paths.insert(
        "dynamodb save that a competing one beat".into(),
        whole(lost("TransactWriteItems ConditionalCheckFailed")),
    );
    Ok(paths)
}

/// A count that travelled as a JSON number with a fraction.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "counts are small and positive"
)]
fn whole(count: f64) -> u64 {
    count as u64
}

fn name(fault: &Value) -> String {
    let text = |name: &str| fault[name].as_str().unwrap_or_default();
    let (service, kind) = (text("service"), text("fault"));
    if fault["message"] == "outage" {
        let phase = text("caller").rsplit('-').next().unwrap_or_default();
        return format!("outage of {service} {} for {phase}", text("action"));
    }
    if kind == "kill-task" {
        return "ecs kill-task".to_owned();
    }
    let code = match text("code") {
        "TransactionCanceledException" => text("message"),
        code => code,
    };
    format!("{service} {kind} {code}").trim_end().to_owned()
}

/// The kills that struck, the handlers that put something off, late events, second tasks.
///
/// # Errors
/// What ECS answers.
pub async fn of_restores(cloud: &Cloud, played: &[(Plan, Ended)]) -> Result<Paths> {
    let mut paths = Paths::new();
    for (phase, _) in HANDLERS {
        paths.insert(format!("{phase} handler killed"), 0);
        // The last phase has its message delivered again instead.
        if phase != "complete" {
            paths.insert(format!("{phase} handler put off a refused call"), 0);
        }
    }
    for job in Job::ALL {
        paths.insert(format!("{} worker killed", job.name()), 0);
    }
    for (plan, ended) in played {
        let victim = match plan.victim {
            Victim::Handler { phase, .. } => format!("{phase} handler killed"),
            Victim::Worker { job, .. } => format!("{} worker killed", job.name()),
        };
        *paths.entry(victim).or_default() += u64::from(ended.struck);
        for handler in &ended.refused {
            let path = format!("{handler} handler put off a refused call");
            *paths.entry(path).or_default() += 1;
        }
    }
    let late = played.iter().map(|(_, ended)| ended.echoes as u64).sum();
    paths.insert("late event of an earlier attempt".into(), late);
    let twins = second_tasks(cloud, played).await?;
    paths.insert("second task of the same job".into(), twins);
    Ok(paths)
}

/// What a whole run must have walked and hasn't.
pub fn missing(paths: &Paths, restores: usize) -> Vec<String> {
    if restores < WHOLE_RUN {
        return Vec::new();
    }
    let unwalked = paths.iter().filter(|(_, count)| **count == 0);
    unwalked.map(|(path, _)| path.clone()).collect()
}

/// How many tasks were started although one of the same job ran already.
async fn second_tasks(cloud: &Cloud, played: &[(Plan, Ended)]) -> Result<u64> {
    let mut starts = BTreeMap::<String, u64>::new();
    let doing = "list the stopped tasks";
    let clusters = cloud.ecs.list_clusters().send().await.context(doing)?;
    for cluster in clusters.cluster_arns() {
        let pages = cloud
            .ecs
            .list_tasks()
            .cluster(cluster)
            .desired_status(DesiredStatus::Stopped)
            .max_results(MOST_TASKS)
            .into_paginator()
            .send();
        for page in pages.collect::<Result<Vec<_>, _>>().await.context(doing)? {
            let Some(arns) = page.task_arns.filter(|arns| !arns.is_empty()) else {
                continue;
            };
            let describe = cloud.ecs.describe_tasks().cluster(cluster);
            let described = describe.set_tasks(Some(arns)).send().await;
            let tasks = described.context(doing)?.tasks.unwrap_or_default();
            for by in tasks.iter().filter_map(Task::started_by) {
                *starts.entry(by.to_owned()).or_default() += 1;
            }
        }
    }
    let ours = |by: &str| {
        played
            .iter()
            .any(|(_, ended)| by.contains(&ended.restore_id))
    };
    let ours = starts.into_iter().filter(|(by, _)| ours(by));
    Ok(ours.map(|(_, count)| count - 1).sum())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_whole_run_must_walk_every_path_and_a_part_of_it_need_not() {
        let paths = Paths::from([("walked".to_owned(), 3), ("unwalked".to_owned(), 0)]);
        assert_eq!(missing(&paths, 200), ["unwalked"]);
        assert!(missing(&paths, 20).is_empty());
    }

    #[test]
    fn a_path_has_the_name_of_its_fault() {
        let outage = json!({
            "service": "s3", "fault": "error", "action": "PutObject", "message": "outage", "code": "ServiceUnavailable",
            "caller": "tenant-restore-ddl"
        });
        assert_eq!(name(&outage), "outage of s3 PutObject for ddl");
        let conflict = json!({
            "service": "dynamodb", "fault": "error", "code": "TransactionCanceledException",
            "message": "TransactionConflict"
        });
        assert_eq!(name(&conflict), "dynamodb error TransactionConflict");
        assert_eq!(
            name(&json!({ "service": "rds", "fault": "drop-event" })),
            "rds drop-event"
        );
    }
}
