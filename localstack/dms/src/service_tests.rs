use serde_json::json;

use super::*;
use crate::stage::{INSTANCE, SOURCE, Stage, TARGET, TASK, service};

#[tokio::test]
async fn a_full_load_goes_through_its_states_and_leaves_nothing_behind() {
    let mut stage = Stage::set().await;
    stage.ready_task().await;
    stage.start_task().await.unwrap();
    let task = stage.task_becomes("stopped").await;
    assert_eq!(task["StopReason"], "Stop Reason FULL_LOAD_ONLY_FINISHED");
    assert_eq!(
        (
            &task["ReplicationTaskStats"]["TablesLoaded"],
            &task["ReplicationTaskStats"]["TablesErrored"]
        ),
        (&json!(2), &json!(0))
    );
    let tables = stage
        .call(
            "DescribeTableStatistics",
            json!({"ReplicationTaskArn": TASK}),
        )
        .await
        .unwrap();
    assert_eq!(
        (
            &tables["TableStatistics"][0]["TableName"],
            &tables["TableStatistics"][0]["FullLoadRows"]
        ),
        (&json!("t"), &json!(2))
    );
    assert_eq!(
        stage
            .cluster
            .target("select id from a.t order by id")
            .await
            .len(),
        2
    );

    stage
        .call("DeleteReplicationTask", json!({"ReplicationTaskArn": TASK}))
        .await
        .unwrap();
    stage.task_becomes("gone").await;
    for endpoint in [SOURCE, TARGET] {
        stage
            .call("DeleteEndpoint", json!({"EndpointArn": endpoint}))
            .await
            .unwrap();
        stage
            .until(
                "DescribeEndpoints",
                ("endpoint-arn", endpoint),
                "/Endpoints/0/Status",
                "gone",
            )
            .await;
    }
    stage
        .call(
            "DeleteReplicationInstance",
            json!({"ReplicationInstanceArn": INSTANCE}),
        )
        .await
        .unwrap();
    stage.instance_becomes("gone").await;
    let ids: Vec<Value> = stage
        .happened()
        .iter()
        .map(|detail| detail["eventId"].clone())
        .collect();
    let expected = [
        "0067", "0005", "0074", "0069", "0079", "0073", "0066", "0003",
    ];
    assert_eq!(ids, expected.map(|id| format!("DMS-EVENT-{id}")));
}

#[tokio::test]
async fn steps_out_of_order_are_refused() {
    let stage = Stage::set().await;
    stage.create_instance().await;
    stage.create_endpoints().await;
    let test = json!({"ReplicationInstanceArn": INSTANCE, "EndpointArn": SOURCE});
    assert_eq!(
        stage.code("TestConnection", test).await,
        "InvalidResourceStateFault"
    );
    assert_eq!(
        stage
            .code(
                "DeleteReplicationInstance",
                json!({"ReplicationInstanceArn": INSTANCE})
            )
            .await,
        "InvalidResourceStateFault"
    );
    stage.instance_becomes("available").await;
    stage.create_task().await;
    assert_eq!(
        stage.start_task().await.unwrap_err().code,
        "InvalidResourceStateFault"
    );
    stage.task_becomes("ready").await;
    let untested = stage.start_task().await.unwrap_err();
    assert!(
        untested.code == "InvalidResourceStateFault"
            && untested.message.starts_with("Test connection"),
        "{untested}"
    );
    assert_eq!(
        stage
            .code("StopReplicationTask", json!({"ReplicationTaskArn": TASK}))
            .await,
        "InvalidResourceStateFault"
    );
    assert_eq!(
        stage
            .code("DeleteEndpoint", json!({"EndpointArn": SOURCE}))
            .await,
        "InvalidResourceStateFault"
    );
    assert_eq!(
        stage
            .code(
                "DeleteReplicationInstance",
                json!({"ReplicationInstanceArn": INSTANCE})
            )
            .await,
        "InvalidResourceStateFault"
    );
    assert_eq!(
        stage
            .code(
                "StartReplicationTask",
                json!({"ReplicationTaskArn": "no", "StartReplicationTaskType": "start-replication"})
            )
            .await,
        "ResourceNotFoundFault"
    );
    let again =
        json!({"ReplicationInstanceIdentifier": "i", "ReplicationInstanceClass": "dms.t3.medium"});
    assert_eq!(
        stage.code("CreateReplicationInstance", again).await,
        "ResourceAlreadyExistsFault"
    );
}

#[tokio::test]
async fn a_failing_task_says_why_and_its_event_has_no_id() {
    let mut stage = Stage::set().await;
    stage.ready_task().await;
    stage.fault(
        json!({"service": "dms", "fault": "task-fails", "match": "k", "message": "out of luck"}),
    );
    stage.start_task().await.unwrap();
    let task = stage.task_becomes("failed").await;
    assert_eq!(
        task["LastFailureMessage"],
        "Last Error  out of luck Stop Reason FATAL_ERROR Error Level FATAL"
    );
    let last = stage.happened().pop().unwrap();
    assert_eq!(
        (&last["eventType"], last.get("eventId")),
        (&json!("REPLICATION_TASK_FAILED"), None)
    );
}

#[tokio::test]
async fn a_finished_task_can_have_tables_with_errors() {
    let stage = Stage::set().await;
    stage.ready_task().await;
    stage.fault(json!({"service": "dms", "fault": "table-error", "match": "a.u"}));
    stage.start_task().await.unwrap();
    let task = stage.task_becomes("stopped").await;
    assert_eq!(task["StopReason"], "Stop Reason FULL_LOAD_ONLY_FINISHED");
    assert_eq!(task["ReplicationTaskStats"]["TablesErrored"], 1);
    let errors = json!({"ReplicationTaskArn": TASK, "Filters": [{"Name": "table-state", "Values": ["Table error"]}]});
    let tables = stage.call("DescribeTableStatistics", errors).await.unwrap();
    assert_eq!(tables["TableStatistics"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_running_task_can_be_stopped() {
    let stage = Stage::set().await;
    stage.ready_task().await;
    stage.fault(json!({"service": "dms", "fault": "slow-task", "ms": 60_000}));
    stage.start_task().await.unwrap();
    stage.task_becomes("running").await;
    assert_eq!(
        stage
            .code("DeleteReplicationTask", json!({"ReplicationTaskArn": TASK}))
            .await,
        "InvalidResourceStateFault"
    );
    stage
        .call("StopReplicationTask", json!({"ReplicationTaskArn": TASK}))
        .await
        .unwrap();
    assert_eq!(
        stage.task_becomes("stopped").await["StopReason"],
        "Stop Reason NORMAL"
    );
}

#[tokio::test]
async fn a_failed_instance_and_a_failed_test_say_so() {
    let stage = Stage::set().await;
    stage.create_endpoints().await;
    stage.fault(json!({"service": "dms", "fault": "instance-fails", "code": "incompatible-network", "times": 1}));
    stage.create_instance().await;
    stage.instance_becomes("incompatible-network").await;
    stage
        .call(
            "DeleteReplicationInstance",
            json!({"ReplicationInstanceArn": INSTANCE}),
        )
        .await
        .unwrap();
    stage.instance_becomes("gone").await;
    stage.create_instance().await;
    stage.instance_becomes("available").await;
    stage.fault(json!({"service": "dms", "fault": "connection-test-fails", "match": "s", "message": "no route"}));
    stage
        .call(
            "TestConnection",
            json!({"ReplicationInstanceArn": INSTANCE, "EndpointArn": SOURCE}),
        )
        .await
        .unwrap();
    let tested = stage
        .until(
            "DescribeConnections",
            ("endpoint-arn", SOURCE),
            "/Connections/0/Status",
            "failed",
        )
        .await;
    assert!(
        tested["Connections"][0]["LastFailureMessage"]
            .as_str()
            .unwrap()
            .ends_with("no route")
    );
}

#[tokio::test]
async fn after_a_restart_resources_are_there_and_a_running_task_has_failed() {
    let mut stage = Stage::set().await;
    stage.ready_task().await;
    stage.fault(json!({"service": "dms", "fault": "slow-task", "ms": 60_000}));
    stage.start_task().await.unwrap();
    stage.task_becomes("running").await;
    (stage.dms, stage.events) = service(&stage.cluster, &stage.home).await;
    assert!(
        stage.task_becomes("failed").await["LastFailureMessage"]
            .as_str()
            .unwrap()
            .contains("was stopped")
    );
    assert_eq!(stage.happened()[0]["eventType"], "REPLICATION_TASK_FAILED");
    stage.instance_becomes("available").await;
}

#[tokio::test]
async fn tags_are_kept_per_resource() {
    let stage = Stage::set().await;
    stage.create_instance().await;
    let tags = json!([{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]);
    stage
        .call(
            "AddTagsToResource",
            json!({"ResourceArn": INSTANCE, "Tags": tags}),
        )
        .await
        .unwrap();
    stage
        .call(
            "RemoveTagsFromResource",
            json!({"ResourceArn": INSTANCE, "TagKeys": ["a"]}),
        )
        .await
        .unwrap();
    let listed = stage
        .call("ListTagsForResource", json!({"ResourceArn": INSTANCE}))
        .await
        .unwrap();
    assert_eq!(listed["TagList"], json!([{"Key": "b", "Value": "2"}]));
    assert_eq!(
        stage
            .code("ListTagsForResource", json!({"ResourceArn": "arn:other"}))
            .await,
        "ResourceNotFoundFault"
    );
}

#[tokio::test]
async fn a_new_instance_can_be_unknown_for_a_while() {
    let stage = Stage::set().await;
    stage.fault(json!({"service": "dms", "fault": "describe-lag", "ms": 100}));
    stage.create_instance().await;
    let body = json!({"Filters": [{"Name": "replication-instance-arn", "Values": [INSTANCE]}]});
    assert_eq!(
        stage.code("DescribeReplicationInstances", body).await,
        "ResourceNotFoundFault"
    );
    stage.instance_becomes("available").await;
}
