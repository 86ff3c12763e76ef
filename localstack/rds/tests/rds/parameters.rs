//! What a parameter group says is what the servers do.

use crate::cluster_stage::{create_cluster, create_instance};
use crate::stage::{PASSWORD, Stage, text};
use local_cloud_wire::AwsError;

async fn create_group(stage: &Stage, name: &str, kind: &str, engine: &str) {
    let client = stage.version().await;
    let form = format!(
        "DB{kind}ParameterGroupName={name}&DBParameterGroupFamily={engine}{client}&Description=test"
    );
    let action = format!("CreateDB{kind}ParameterGroup");
    stage.call(&action, &form).await.unwrap();
}

async fn set(
    stage: &Stage,
    kind: &str,
    name: &str,
    (parameter, value, method): (&str, &str, &str),
) -> Result<String, AwsError> {
    let form = format!(
        "DB{kind}ParameterGroupName={name}&Parameters.Parameter.1.ParameterName={parameter}\
         &Parameters.Parameter.1.ParameterValue={value}&Parameters.Parameter.1.ApplyMethod={method}"
    );
    let action = format!("ModifyDB{kind}ParameterGroup");
    stage.call(&action, &form).await
}

async fn shown(stage: &Stage, port: &str, parameter: &str) -> String {
    let client = stage.log_in(port, "master", PASSWORD).await.unwrap();
    let query = "select current_setting($1)";
    client.query_one(query, &[&parameter]).await.unwrap().get(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_runs_with_its_group_and_takes_dynamic_changes_at_once() {
    let stage = Stage::open(21700).await;
    create_group(&stage, "quiet", "", "postgres").await;
    for setting in [
        ("max_logical_replication_workers", "0", "pending-reboot"),
        ("work_mem", "8192", "immediate"),
        ("rds.force_ssl", "0", "immediate"),
    ] {
        set(&stage, "", "quiet", setting).await.unwrap();
    }
    stage
        .create(
            "production",
            "BackupRetentionPeriod=0&DBParameterGroupName=quiet",
        )
        .await;
    let port = stage.until_available("production").await;
    assert_eq!(
        shown(&stage, &port, "max_logical_replication_workers").await,
        "0"
    );
    assert_eq!(shown(&stage, &port, "work_mem").await, "8MB");
    stage.log_in_unencrypted(&port).await.unwrap();
    let synchronised = stage.describe("production").await.unwrap();
    assert_eq!(text(&synchronised, "ParameterApplyStatus"), Some("in-sync"));

    set(&stage, "", "quiet", ("work_mem", "16384", "immediate"))
        .await
        .unwrap();
    stage.until_shown(&port, "work_mem", "16MB").await;
    set(
        &stage,
        "",
        "quiet",
        ("max_logical_replication_workers", "3", "pending-reboot"),
    )
    .await
    .unwrap();
    let pending = stage.describe("production").await.unwrap();
    assert_eq!(
        text(&pending, "ParameterApplyStatus"),
        Some("pending-reboot")
    );
    let users = stage
        .call(
            "DescribeDBParameters",
            "DBParameterGroupName=quiet&Source=user",
        )
        .await
        .unwrap();
    assert_eq!(users.matches("<Parameter>").count(), 3, "{users}");
    let error = stage
        .call("DeleteDBParameterGroup", "DBParameterGroupName=quiet")
        .await
        .unwrap_err();
    assert_eq!(error.code, "InvalidDBParameterGroupState");
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_runs_with_its_own_group_and_over_it_that_of_its_writer() {
    let stage = Stage::open(21710).await;
    create_group(&stage, "of-cluster", "Cluster", "aurora-postgresql").await;
    create_group(&stage, "of-instance", "", "aurora-postgresql").await;
    for setting in [
        ("work_mem", "8192", "immediate"),
        ("deadlock_timeout", "2000", "immediate"),
    ] {
        set(&stage, "Cluster", "of-cluster", setting).await.unwrap();
    }
    let own = ("work_mem", "16384", "immediate");
    set(&stage, "", "of-instance", own).await.unwrap();
    create_cluster(&stage, "main", "DBClusterParameterGroupName=of-cluster").await;
    let class = "db.r6g.large&DBParameterGroupName=of-instance";
    create_instance(&stage, "main", "main-1", class).await;
    let port = stage.until_available("main-1").await;
    assert_eq!(shown(&stage, &port, "deadlock_timeout").await, "2s");
    assert_eq!(shown(&stage, &port, "work_mem").await, "16MB");

    let workers = ("max_logical_replication_workers", "0", "pending-reboot");
    let refused = set(&stage, "", "of-instance", workers).await.unwrap_err();
    assert_eq!(refused.code, "InvalidParameterValue");
    assert!(refused.message.contains(workers.0), "{refused}");
    set(&stage, "Cluster", "of-cluster", workers).await.unwrap();
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copied_group_says_the_same_and_a_wrong_value_is_refused_by_name() {
    let stage = Stage::open(21720).await;
    create_group(&stage, "source", "", "postgres").await;
    set(&stage, "", "source", ("work_mem", "8192", "immediate"))
        .await
        .unwrap();
    let copy = "SourceDBParameterGroupIdentifier=source&TargetDBParameterGroupIdentifier=copy\
                &TargetDBParameterGroupDescription=c";
    stage.call("CopyDBParameterGroup", copy).await.unwrap();
    let users = "DBParameterGroupName=copy&Source=user";
    let users = stage.call("DescribeDBParameters", users).await.unwrap();
    assert_eq!(text(&users, "ParameterValue"), Some("8192"));
    for (setting, code) in [
        (("no_such", "1", "immediate"), "InvalidParameterValue"),
        (("work_mem", "8MB", "immediate"), "InvalidParameterValue"),
        (
            ("archive_command", "true", "immediate"),
            "InvalidParameterValue",
        ),
        (
            ("max_worker_processes", "4", "immediate"),
            "InvalidParameterCombination",
        ),
    ] {
        let error = set(&stage, "", "copy", setting).await.unwrap_err();
        assert_eq!(error.code, code, "{setting:?}");
        assert!(error.message.contains(setting.0), "{error}");
    }
    let default = format!("default.postgres{}", stage.version().await);
    let change = set(&stage, "", &default, ("work_mem", "8192", "immediate")).await;
    assert_eq!(change.unwrap_err().code, "InvalidDBParameterGroupState");
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_whose_parameters_its_server_refuses_ends_as_incompatible_parameters() {
    let mut stage = Stage::open(21730).await;
    create_group(&stage, "broken", "", "postgres").await;
    let library = (
        "shared_preload_libraries",
        "no_such_library",
        "pending-reboot",
    );
    set(&stage, "", "broken", library).await.unwrap();
    let form = format!(
        "DBInstanceIdentifier=unlucky&Engine=postgres&DBInstanceClass=db.t3.micro&AllocatedStorage=20\
         &MasterUsername=master&MasterUserPassword={PASSWORD}&DBParameterGroupName=broken"
    );
    stage.call("CreateDBInstance", &form).await.unwrap();
    stage
        .until("unlucky", |xml| {
            text(xml, "DBInstanceStatus") == Some("incompatible-parameters")
        })
        .await;
    assert_eq!(stage.next_event().await.0, "RDS-EVENT-0035");
    stage.close().await;
}
