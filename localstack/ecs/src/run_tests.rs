//! RunTask with a shell script in the place of an image.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use local_cloud_wire::cloud::Cloud;
use local_cloud_wire::events::{Event, Publisher};
use local_cloud_wire::faults::Faults;
use local_cloud_wire::{JsonService, World};
use tokio::sync::mpsc::UnboundedReceiver;

use super::*;
use crate::{Config, FAULTS};

struct Stage {
    ecs: Ecs,
    events: UnboundedReceiver<Event>,
    home: PathBuf,
}

impl Stage {
    /// A cluster with a task definition whose container `worker` runs the script.
    async fn with(script: &str) -> Self {
        let home = std::env::temp_dir().join(format!("local-cloud-ecs-{}", ids::hex(6)));
        std::fs::create_dir_all(&home).unwrap();
        let binary = home.join("worker.sh");
        std::fs::write(&binary, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&binary, std::fs::Permissions::from_mode(0o755)).unwrap();
        let (events, recorded) = Publisher::recorded();
        let world = World {
            cloud: Cloud::new("http://127.0.0.1:1"),
            events,
            faults: Arc::new(Faults::new(1, &[(Service::Ecs, &FAULTS)])),
            home: home.clone(),
            region: "eu-west-3".into(),
        };
        let binaries = BTreeMap::from([("worker".to_owned(), binary)]);
        let config = Config {
            binaries,
            provisioning_ms: 1,
            deprovisioning_ms: 1,
            ..Config::default()
        };
        let stage = Self {
            ecs: Ecs::start(world, config).unwrap(),
            events: recorded,
            home,
        };
        stage
            .call("CreateCluster", json!({"clusterName": "c"}))
            .await
            .unwrap();
        let container = json!({"name": "worker", "image": "worker:1", "stopTimeout": 1, "environment": [{"name": "WHO", "value": "definition"}]});
        let definition = json!({"family": "f", "networkMode": "awsvpc", "cpu": "256", "memory": "512",
            "requiresCompatibilities": ["FARGATE"], "containerDefinitions": [container]});
        stage
            .call("RegisterTaskDefinition", definition)
            .await
            .unwrap();
        stage
    }

    async fn call(&self, action: &str, body: Value) -> Result<Value, AwsError> {
        let call = Call {
            action: action.into(),
            region: "eu-west-3".into(),
            account: "000000000000".into(),
            request_id: "r".into(),
        };
        JsonService::call(&self.ecs, &call, body).await
    }

    async fn run(&self, more: Value) -> Result<Value, AwsError> {
        let mut body = json!({"cluster": "c", "taskDefinition": "f", "launchType": "FARGATE", "startedBy": "tr-main/ddl/abc/1/extract",
            "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-1"]}}});
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        self.call("RunTask", body).await
    }

    async fn events_until(&mut self, status: &str) -> Vec<Value> {
        let mut seen = Vec::new();
        loop {
            let event = tokio::time::timeout(Duration::from_secs(10), self.events.recv()).await;
            let detail = event.expect("an event within ten seconds").unwrap().detail;
            let done = detail["lastStatus"] == status;
            seen.push(detail);
            if done {
                return seen;
            }
        }
    }

    fn fault(&self, fault: Value) {
        self.ecs
            .world
            .faults
            .switch_on(serde_json::from_value(fault).unwrap())
            .unwrap();
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.home).unwrap();
    }
}

fn statuses(events: &[Value]) -> Vec<&str> {
    events
        .iter()
        .map(|event| event["lastStatus"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn a_task_goes_through_its_states_and_keeps_its_output_and_exit_code() {
    let mut stage = Stage::with("echo hello $WHO $1; exit 3").await;
    let overrides = json!({"containerOverrides": [{"name": "worker", "command": ["again"], "environment": [{"name": "WHO", "value": "override"}]}]});
    let answer = stage.run(json!({"overrides": overrides})).await.unwrap();
    let events = stage.events_until("STOPPED").await;

    assert_eq!(
        statuses(&events),
        [
            "PROVISIONING",
            "PENDING",
            "RUNNING",
            "DEPROVISIONING",
            "STOPPED"
        ]
    );
    let versions: Vec<u64> = events
        .iter()
        .map(|event| event["version"].as_u64().unwrap())
        .collect();
    assert!(
        versions.windows(2).all(|pair| pair[0] < pair[1]),
        "{versions:?}"
    );
    let last = events.last().unwrap();
    assert_eq!(last["containers"][0]["exitCode"], 3);
    assert_eq!(last["stopCode"], "EssentialContainerExited");
    assert_eq!(last["startedBy"], "tr-main/ddl/abc/1/extract");
    let arn = answer["tasks"][0]["taskArn"].as_str().unwrap();
    let log = stage
        .home
        .join("ecs")
        .join(format!("{}.log", arn.rsplit('/').next().unwrap()));
    assert_eq!(
        std::fs::read_to_string(log).unwrap(),
        "hello override again\n"
    );
    let described = stage
        .call(
            "DescribeTasks",
            json!({"cluster": "c", "tasks": [arn, "other"]}),
        )
        .await
        .unwrap();
    assert_eq!(described["tasks"][0]["lastStatus"], "STOPPED");
    assert_eq!(
        described["failures"],
        json!([{"arn": "other", "reason": "MISSING"}])
    );
}

#[tokio::test]
async fn the_same_token_starts_one_task_and_refuses_other_parameters() {
    let mut stage = Stage::with("exit 0").await;
    let first = stage.run(json!({"clientToken": "t-1"})).await.unwrap();
    stage.events_until("STOPPED").await;
    let again = stage.run(json!({"clientToken": "t-1"})).await.unwrap();
    assert_eq!(first["tasks"][0]["taskArn"], again["tasks"][0]["taskArn"]);
    let conflict = stage
        .run(json!({"clientToken": "t-1", "group": "other"}))
        .await
        .unwrap_err();
    assert_eq!(conflict.code, "ConflictException");
    assert_eq!(
        conflict.to_json()["resourceIds"][0],
        first["tasks"][0]["taskArn"]
    );
}

/// ECS API reference, DeregisterTaskDefinition: no new tasks of an inactive revision.
#[tokio::test]
async fn a_revision_that_was_deregistered_starts_no_task_and_its_token_is_free_for_another() {
    let stage = Stage::with("exit 0").await;
    let gone = json!({"taskDefinition": "f:1"});
    stage.call("DeregisterTaskDefinition", gone).await.unwrap();
    let of_gone = json!({"taskDefinition": "f:1", "clientToken": "t-1"});
    let refused = stage.run(of_gone).await.unwrap_err();
    assert_eq!(refused.code, "ClientException");
    assert_eq!(refused.message, "TaskDefinition is inactive");
    let container = json!({"name": "worker", "image": "worker:2"});
    let next = json!({"family": "f", "networkMode": "awsvpc", "containerDefinitions": [container]});
    stage.call("RegisterTaskDefinition", next).await.unwrap();
    let of_next = json!({"taskDefinition": "f:2", "clientToken": "t-1"});
    let run = stage.run(of_next).await.unwrap();
    let definition = run["tasks"][0]["taskDefinitionArn"].as_str().unwrap();
    assert!(definition.ends_with("task-definition/f:2"), "{definition}");
}

#[tokio::test]
async fn a_stopped_task_gets_a_signal_and_says_who_stopped_it() {
    let mut stage = Stage::with("trap 'exit 9' TERM; echo up; while :; do sleep 0.05; done").await;
    let answer = stage.run(json!({})).await.unwrap();
    stage.events_until("RUNNING").await;
    stage
        .call(
            "StopTask",
            json!({"cluster": "c", "task": answer["tasks"][0]["taskArn"], "reason": "cancelled"}),
        )
        .await
        .unwrap();
    let events = stage.events_until("STOPPED").await;
    let last = events.last().unwrap();
    assert_eq!(
        (&last["stopCode"], &last["stoppedReason"]),
        (&json!("UserInitiated"), &json!("cancelled"))
    );
    // The trap may not be set yet when the signal comes.
    let code = last["containers"][0]["exitCode"].as_i64().unwrap();
    assert!(code == 9 || code == 143, "{code}");
}

#[tokio::test]
async fn a_process_that_ignores_sigterm_is_killed_after_its_stop_timeout() {
    let mut stage = Stage::with("trap '' TERM; echo deaf; while :; do sleep 0.05; done").await;
    let answer = stage.run(json!({})).await.unwrap();
    let arn = answer["tasks"][0]["taskArn"].as_str().unwrap().to_owned();
    let log = stage
        .home
        .join("ecs")
        .join(format!("{}.log", arn.rsplit('/').next().unwrap()));
    let heard = async {
        while std::fs::read_to_string(&log).unwrap_or_default() != "deaf\n" {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), heard)
        .await
        .unwrap();
    stage
        .call("StopTask", json!({"cluster": "c", "task": arn}))
        .await
        .unwrap();
    let events = stage.events_until("STOPPED").await;
    assert_eq!(events.last().unwrap()["containers"][0]["exitCode"], 137);
}

#[tokio::test]
async fn a_task_that_cannot_start_has_no_exit_code() {
    let mut stage = Stage::with("exit 0").await;
    stage.fault(json!({"service": "ecs", "fault": "start-failure", "message": "CannotPullContainerError: gone"}));
    stage.run(json!({})).await.unwrap();
    let events = stage.events_until("STOPPED").await;
    let last = events.last().unwrap();
    assert_eq!(last["stopCode"], "TaskFailedToStart");
    assert_eq!(last["stoppedReason"], "CannotPullContainerError: gone");
    assert_eq!(last["containers"][0].get("exitCode"), None);
    assert_eq!(
        statuses(&events),
        ["PROVISIONING", "PENDING", "DEPROVISIONING", "STOPPED"]
    );
}

#[tokio::test]
async fn no_capacity_is_a_failure_in_a_successful_answer() {
    let stage = Stage::with("exit 0").await;
    stage.fault(
        json!({"service": "ecs", "fault": "run-task-failure", "match": "/ddl/", "times": 1}),
    );
    let answer = stage.run(json!({"clientToken": "t"})).await.unwrap();
    assert_eq!(answer["tasks"], json!([]));
    assert!(
        answer["failures"][0]["reason"]
            .as_str()
            .unwrap()
            .starts_with("Capacity is unavailable")
    );
    let retried = stage.run(json!({"clientToken": "t"})).await.unwrap();
    assert_eq!(retried["tasks"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_killed_container_behind_a_sidecar_reports_137() {
    let mut stage = Stage::with("sleep 60").await;
    stage.fault(json!({"service": "ecs", "fault": "guardduty-sidecar"}));
    stage.fault(json!({"service": "ecs", "fault": "kill-task", "ms": 1, "message": "OutOfMemoryError: Container killed due to memory usage"}));
    stage.run(json!({})).await.unwrap();
    let events = stage.events_until("STOPPED").await;
    let containers = &events.last().unwrap()["containers"];
    assert_eq!(
        (&containers[0]["name"], &containers[1]["name"]),
        (&json!("aws-guardduty-agent-k2Vd"), &json!("worker"))
    );
    assert_eq!(containers[1]["exitCode"], 137);
}

#[tokio::test]
async fn wrong_parameters_start_nothing() {
    let mut stage = Stage::with("exit 0").await;
    let long = "x".repeat(9000);
    for (more, code) in [
        (json!({"cluster": "nope"}), "ClusterNotFoundException"),
        (json!({"taskDefinition": "nope"}), "ClientException"),
        (
            json!({"startedBy": "not allowed!"}),
            "InvalidParameterException",
        ),
        (
            json!({"clientToken": "with space"}),
            "InvalidParameterException",
        ),
        (
            json!({"networkConfiguration": null}),
            "InvalidParameterException",
        ),
        (
            json!({"overrides": {"containerOverrides": [{"name": "other"}]}}),
            "InvalidParameterException",
        ),
        (
            json!({"overrides": {"containerOverrides": [{"name": "worker", "command": [long]}]}}),
            "InvalidParameterException",
        ),
    ] {
        assert_eq!(
            stage.run(more.clone()).await.unwrap_err().code,
            code,
            "{more}"
        );
    }
    assert!(stage.events.try_recv().is_err());
}

#[tokio::test]
async fn tasks_are_listed_by_who_started_them_and_end_with_the_service() {
    let mut stage = Stage::with("sleep 60").await;
    let answer = stage.run(json!({})).await.unwrap();
    stage.events_until("RUNNING").await;
    let mine = json!({"cluster": "c", "startedBy": "tr-main/ddl/abc/1/extract"});
    let listed = stage.call("ListTasks", mine).await.unwrap();
    assert_eq!(listed["taskArns"], json!([answer["tasks"][0]["taskArn"]]));
    let others = stage
        .call("ListTasks", json!({"cluster": "c", "startedBy": "other"}))
        .await
        .unwrap();
    assert_eq!(others["taskArns"], json!([]));

    stage.ecs.shutdown().await;
    let events = stage.events_until("STOPPED").await;
    assert_eq!(events.last().unwrap()["stopCode"], "TerminationNotice");
}

#[tokio::test]
async fn a_task_stopped_before_it_runs_has_no_exit_code() {
    let mut stage = Stage::with("exit 0").await;
    stage.ecs.config = Arc::new(Config {
        provisioning_ms: 60_000,
        ..Config::default()
    });
    let answer = stage.run(json!({})).await.unwrap();
    stage
        .call(
            "StopTask",
            json!({"cluster": "c", "task": answer["tasks"][0]["taskArn"]}),
        )
        .await
        .unwrap();
    let events = stage.events_until("STOPPED").await;
    let last = events.last().unwrap();
    assert_eq!(last["stopCode"], "UserInitiated");
    assert_eq!(last["containers"][0].get("exitCode"), None);
}

#[tokio::test]
async fn after_a_restart_what_ran_has_ended_and_definitions_are_still_there() {
    let mut stage = Stage::with("sleep 60").await;
    stage.run(json!({"clientToken": "t"})).await.unwrap();
    stage.events_until("RUNNING").await;
    let again = Ecs::start(stage.ecs.world.clone(), (*stage.ecs.config).clone()).unwrap();
    let events = stage.events_until("STOPPED").await;
    assert_eq!(events.last().unwrap()["stopCode"], "TerminationNotice");
    stage.ecs.shutdown().await;
    stage.ecs = again;
    let described = stage
        .call("DescribeTaskDefinition", json!({"taskDefinition": "f"}))
        .await
        .unwrap();
    assert_eq!(described["taskDefinition"]["revision"], 1);
}
