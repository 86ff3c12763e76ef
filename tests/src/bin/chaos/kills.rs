//! The kills: of a handler's process in the middle of an invocation, of a worker's task.

use aws_sdk_ecs::types::{Container, DesiredStatus, Task};
use serde_json::{Value, json};
use tenant_restore_tests::audit::Audit;
use tenant_restore_tests::cloud::Cloud;
use tenant_restore_tests::faults::Faults;
use tenant_restore_tests::{Context, Error, Result};

use crate::plan::{Job, Victim};

/// The switches of the local cloud that kill.
#[derive(Debug, Clone)]
pub struct Killer {
    url: String,
    http: reqwest::Client,
    faults: Faults,
}

/// What came of a kill.
#[derive(Debug, Clone, Copy)]
pub struct Blow {
    /// Whether it struck.
    pub struck: bool,
    /// Whether the job that was to fail had ended well all the same: ECS had started two tasks, as it tells, or the one had
    /// written its result when the kill struck, as the restore's record tells.
    pub outlived: bool,
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
            Victim::Worker { job, ms } => {
                let kill = |job: Job, ms: u64| {
                    json!({
                        "service": "ecs", "fault": "kill-task", "times": 1, "ms": ms,
                        "match": format!("tr-main/{}/{restore_id}/", job.phase()),
                    })
                };
                let mut kills = vec![kill(job, ms)];
                // Only a restore that has failed drops anything.
                if job == Job::Drop {
                    kills.push(kill(Job::Finalize, 0));
                }
                self.faults.switch_on(&Value::from(kills)).await.map(drop)
            }
        }
    }

    /// What came of the kill that was asked for under a restore. Of a worker, ECS tells: its container exited with 137,
    /// which is SIGKILL.
    pub async fn blow(
        &self,
        cloud: &Cloud,
        victim: Victim,
        request_id: &str,
        restore_id: &str,
    ) -> Result<Blow> {
        if let Victim::Worker { job, .. } = victim {
            let failing = if job == Job::Drop { Job::Finalize } else { job };
            let codes = exit_codes(cloud, job, restore_id).await?;
            let failed = exit_codes(cloud, failing, restore_id).await?;
            return Ok(Blow {
                struck: codes.contains(&137),
                outlived: failed.contains(&0) || has_result(cloud, failing, restore_id).await?,
            });
        }
        let doing = "list the kills";
        let body = self.http.get(&self.url).send().await.context(doing)?;
        let body = body.text().await.context(doing)?;
        let kills: Value = serde_json::from_str(&body).context(doing)?;
        let kills = kills["kills"].as_array().context(doing)?;
        let struck = kills.iter().any(|kill| {
            let is_its = kill["match"] == request_id || kill["match"] == restore_id;
            is_its && kill["struck"] == 1
        });
        Ok(Blow {
            struck,
            outlived: false,
        })
    }
}

/// Whether a job succeeded, as the restore's record has it: from the result that its task wrote.
async fn has_result(cloud: &Cloud, job: Job, restore_id: &str) -> Result<bool> {
    let audit = Audit::read(cloud, restore_id).await?;
    let tasks = audit
        .restore()
        .and_then(|record| record["tasks"].as_array());
    let is_done = |task: &Value| task["job"] == job.name() && task["state"] == "succeeded";
    Ok(tasks.is_some_and(|tasks| tasks.iter().any(is_done)))
}

/// How the containers of a restore's worker task ended.
async fn exit_codes(cloud: &Cloud, job: Job, restore_id: &str) -> Result<Vec<i32>> {
    let (phase, job) = (job.phase(), job.name());
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
