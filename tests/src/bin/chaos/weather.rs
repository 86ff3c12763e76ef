//! The faults that every restore of a run meets, and the kills.

use aws_sdk_ecs::types::{Container, DesiredStatus, Task};
use serde_json::{Value, json};
use tenant_restore_tests::cloud::Cloud;
use tenant_restore_tests::faults::Faults;
use tenant_restore_tests::{Context, Error, Result};

use crate::plan::Victim;

/// Events that are lost, of RDS and DMS; as many are doubled. Those of ECS are delivered at least once.
const LOST: f64 = 0.2;
/// Calls of a handler that are throttled, and as many that fail.
const REFUSED: f64 = 0.04;

/// Calls that are refused, by service. Those by which the local cloud itself looks up tags to check a policy aren't
/// among them: AWS doesn't call its own API for that.
const CALLS: [(&str, &str, &[&str]); 3] = [
    (
        "rds",
        "Throttling",
        &[
            "RestoreDBInstanceToPointInTime",
            "DescribeDBInstances",
            "ModifyDBInstance",
            "DeleteDBInstance",
        ],
    ),
    (
        "dms",
        "ThrottlingException",
        &[
            "CreateReplicationInstance",
            "DescribeReplicationInstances",
            "CreateEndpoint",
            "TestConnection",
            "CreateReplicationTask",
            "StartReplicationTask",
            "DescribeReplicationTasks",
            "DeleteReplicationTask",
            "DeleteEndpoint",
            "DeleteReplicationInstance",
        ],
    ),
    (
        "ecs",
        "ThrottlingException",
        &["RunTask", "DescribeTasks", "StopTask"],
    ),
];

/// The request that switches all of it on.
pub fn faults(seed: u64) -> Value {
    let mut faults = Vec::new();
    for service in ["rds", "dms"] {
        faults.extend([
            json!({ "service": service, "fault": "drop-event", "probability": LOST }),
            json!({ "service": service, "fault": "duplicate-event", "probability": LOST }),
            json!({ "service": service, "fault": "event-id-missing", "probability": 0.05 }),
        ]);
    }
    for service in ["rds", "dms", "ecs"] {
        faults.extend([
            json!({ "service": service, "fault": "delay-event", "ms": 2500, "probability": 0.2 }),
            json!({ "service": service, "fault": "reorder-event", "ms": 800, "probability": 0.3 }),
        ]);
    }
    for (service, throttled, actions) in CALLS {
        for action in actions {
            // What the harness itself asks about names no restore; ECS names tasks by ARNs of their own.
            let its = if service == "ecs" { "" } else { "tr-main-" };
            let refusal = |code: &str, status: u16| {
                json!({
                    "service": service, "fault": "error", "action": action, "match": its, "code": code,
                    "status": status, "message": "chaos", "probability": REFUSED
                })
            };
            faults.extend([refusal(throttled, 400), refusal("InternalFailure", 500)]);
        }
    }
    json!({ "seed": seed, "faults": faults })
}

/// How often each fault struck, most often first; the refusals of a service are one.
pub async fn struck(faults: &Faults) -> Result<Vec<(String, u64)>> {
    let list = faults.list().await?;
    let mut counts = std::collections::BTreeMap::<String, u64>::new();
    for fault in list["faults"].as_array().context("read the faults")? {
        let text = |name: &str| fault[name].as_str().unwrap_or_default();
        let mut name = format!("{} {}", text("service"), text("fault"));
        if text("fault") == "error" {
            name = format!("{name} {}", text("code"));
        }
        *counts.entry(name).or_default() += fault["struck"].as_u64().unwrap_or_default();
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    Ok(counts)
}

/// The switches of the local cloud that kill.
#[derive(Debug, Clone)]
pub struct Killer {
    url: String,
    http: reqwest::Client,
    faults: Faults,
}

impl Killer {
    /// At the endpoint of the local cloud.
    pub fn at(endpoint: &str) -> Self {
        Self {
            url: format!("{endpoint}/_local/kills"),
            http: reqwest::Client::new(),
            faults: Faults::of(endpoint),
        }
    }

    /// Asks for a kill. A request that isn't opened yet is known by its own id alone, a restore by its id.
    pub async fn ask(&self, victim: Victim, request_id: &str, restore_id: &str) -> Result<()> {
        match victim {
            Victim::Handler {
                phase,
                invocation,
                ms,
            } => {
                // The first message of all, the request, holds no restore's id.
                let is_request = phase == "intake" && invocation == 1;
                let wish = json!({
                    "function": format!("tenant-restore-{phase}"),
                    "match": if is_request { request_id } else { restore_id },
                    "invocation": if phase == "intake" && !is_request { invocation - 1 } else { invocation },
                    "ms": ms,
                });
                let doing = "ask for a kill";
                let answer = self.http.post(&self.url).body(wish.to_string()).send();
                let answer = answer.await.context(doing)?;
                if answer.status().is_success() {
                    return Ok(());
                }
                Err(Error::new(format!("{doing}: {}", answer.status())))
            }
            Victim::Worker { phase, ms } => {
                let fault = json!({
                    "service": "ecs", "fault": "kill-task", "match": format!("tr-main/{phase}/{restore_id}/"),
                    "times": 1, "ms": ms
                });
                self.faults.switch_on(&fault).await
            }
        }
    }

    /// Whether the kill that was asked for under a restore struck. Of a worker, ECS tells: its container exited with
    /// 137, which is SIGKILL.
    pub async fn has_struck(
        &self,
        cloud: &Cloud,
        victim: Victim,
        request_id: &str,
        restore_id: &str,
    ) -> Result<bool> {
        if let Victim::Worker { phase, .. } = victim {
            let codes = exit_codes(cloud, phase, restore_id).await?;
            return Ok(codes.contains(&137));
        }
        let doing = "list the kills";
        let body = self.http.get(&self.url).send().await.context(doing)?;
        let body = body.text().await.context(doing)?;
        let kills: Value = serde_json::from_str(&body).context(doing)?;
        let kills = kills["kills"].as_array().context(doing)?;
        Ok(kills.iter().any(|kill| {
            let is_its = kill["match"] == request_id || kill["match"] == restore_id;
            is_its && kill["struck"] == 1
        }))
    }
}

/// How the containers of a restore's worker task ended.
async fn exit_codes(cloud: &Cloud, phase: &str, restore_id: &str) -> Result<Vec<i32>> {
    let job = if phase == "migrate" { "copy" } else { phase };
    let doing = || format!("look at the stopped {job} task of {restore_id}");
    let mut codes = Vec::new();
    let clusters = cloud.ecs.list_clusters().send().await.context(doing())?;
    for cluster in clusters.cluster_arns() {
        let list = cloud
            .ecs
            .list_tasks()
            .cluster(cluster)
            .desired_status(DesiredStatus::Stopped)
            .started_by(format!("tr-main/{phase}/{restore_id}/1/{job}"));
        let arns = list.send().await.context(doing())?.task_arns;
        let Some(arns) = arns.filter(|arns| !arns.is_empty()) else {
            continue;
        };
        let describe = cloud
            .ecs
            .describe_tasks()
            .cluster(cluster)
            .set_tasks(Some(arns));
        let tasks = describe.send().await.context(doing())?.tasks;
        let containers = tasks.unwrap_or_default();
        let containers = containers.iter().flat_map(Task::containers);
        codes.extend(containers.filter_map(Container::exit_code));
    }
    Ok(codes)
}
