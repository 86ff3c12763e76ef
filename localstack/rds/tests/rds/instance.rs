//! An instance from its creation to its end, as a customer meets it.

use crate::stage::{PASSWORD, Stage, text};
use local_cloud_wire::faults::Fault;

#[tokio::test(flavor = "multi_thread")]
async fn the_master_user_is_no_superuser_and_nobody_gets_in_without_tls() {
    let stage = Stage::open(21430).await;
    stage.create("production", "BackupRetentionPeriod=0").await;
    let xml = stage.describe("production").await.unwrap();
    let port = text(&xml, "Port").unwrap();
    let client = stage.log_in(port, "master", PASSWORD).await.unwrap();
    let query =
        "select rolsuper, rolcreatedb, rolcreaterole, pg_has_role('rds_superuser', 'member'),
                        pg_has_role('pg_monitor', 'member')
                 from pg_roles where rolname = current_user";
    let row = client.query_one(query, &[]).await.unwrap();
    let rights: Vec<bool> = (0..5).map(|n| row.get(n)).collect();
    assert_eq!(rights, [false, true, true, true, true]);
    for statement in [
        "create extension pgcrypto",
        "create role tenant login",
        "create database other",
    ] {
        client.batch_execute(statement).await.unwrap();
    }
    client
        .batch_execute("alter role tenant superuser")
        .await
        .unwrap_err();

    stage
        .log_in(port, "master", "wrong-password")
        .await
        .unwrap_err();
    stage.log_in(port, "rdsadmin", PASSWORD).await.unwrap_err();
    let refused = stage.log_in_unencrypted(port).await.unwrap_err();
    let refused = refused.as_db_error().unwrap().message().to_owned();
    assert!(refused.contains("no encryption"), "{refused}");
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_instance_leaves_no_server_and_no_files() {
    let mut stage = Stage::open(21440).await;
    stage
        .create("gone", "BackupRetentionPeriod=0&DeletionProtection=true")
        .await;
    let xml = stage.describe("gone").await.unwrap();
    let port = text(&xml, "Port").unwrap();
    let form = "DBInstanceIdentifier=gone&SkipFinalSnapshot=true";
    assert_eq!(
        stage.call("DeleteDBInstance", form).await.unwrap_err().code,
        "InvalidParameterCombination"
    );
    stage
        .call(
            "ModifyDBInstance",
            "DBInstanceIdentifier=gone&DeletionProtection=false",
        )
        .await
        .unwrap();
    let deleting = stage.call("DeleteDBInstance", form).await.unwrap();
    assert_eq!(text(&deleting, "DBInstanceStatus"), Some("deleting"));
    assert_eq!(
        stage.call("DeleteDBInstance", form).await.unwrap_err().code,
        "InvalidDBInstanceState"
    );
    stage.until_gone("gone").await;
    let error = stage.call("DeleteDBInstance", form).await.unwrap_err();
    assert_eq!(
        (error.code.as_str(), error.status),
        ("DBInstanceNotFound", 404)
    );
    assert_eq!(stage.next_event().await.0, "RDS-EVENT-0005");
    assert_eq!(stage.next_event().await.0, "RDS-EVENT-0003");
    assert!(!stage.home.join("rds/gone").exists());
    std::net::TcpListener::bind(format!("127.0.0.1:{port}")).unwrap();
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_survives_a_restart_of_the_local_cloud() {
    let mut stage = Stage::open(21450).await;
    stage.create("production", "").await;
    let xml = stage.describe("production").await.unwrap();
    let port = text(&xml, "Port").unwrap();
    let client = stage.log_in(port, "master", PASSWORD).await.unwrap();
    client
        .batch_execute("create table kept (n int)")
        .await
        .unwrap();
    stage.restart().await;
    let restorable = |xml: &str| text(xml, "LatestRestorableTime").is_some();
    let again = stage.until("production", restorable).await;
    assert_eq!(text(&again, "Port"), Some(port));
    let client = stage.log_in(port, "master", PASSWORD).await.unwrap();
    client.query("select * from kept", &[]).await.unwrap();
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ordered_failure_meets_the_named_restore_and_no_other() {
    let mut stage = Stage::open(21460).await;
    stage.create("production", "").await;
    stage
        .until("production", |xml| {
            text(xml, "LatestRestorableTime").is_some()
        })
        .await;
    for (name, status) in [
        ("unlucky", "restore-error"),
        ("misfit", "incompatible-restore"),
    ] {
        let fault = format!(
            r#"{{"service":"rds","fault":"restore-fails","match":"{name}","code":"{status}","times":1}}"#
        );
        stage
            .faults
            .switch_on(serde_json::from_str::<Fault>(&fault).unwrap())
            .unwrap();
    }
    for name in ["unlucky", "misfit", "lucky"] {
        let form = format!(
            "SourceDBInstanceIdentifier=production&TargetDBInstanceIdentifier={name}\
             &UseLatestRestorableTime=true&BackupRetentionPeriod=0"
        );
        stage
            .call("RestoreDBInstanceToPointInTime", &form)
            .await
            .unwrap();
    }
    stage
        .until("unlucky", |xml| {
            text(xml, "DBInstanceStatus") == Some("restore-error")
        })
        .await;
    stage
        .until("misfit", |xml| {
            text(xml, "DBInstanceStatus") == Some("incompatible-restore")
        })
        .await;
    stage
        .until("lucky", |xml| {
            text(xml, "DBInstanceStatus") == Some("available")
        })
        .await;
    let mut seen = Vec::new();
    for _ in 0..5 {
        seen.push(stage.next_event().await);
    }
    let of = |name: &str| {
        seen.iter()
            .filter(|(_, one)| one == name)
            .map(|(id, _)| id.as_str())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        (of("unlucky"), of("misfit")),
        (vec![], vec!["RDS-EVENT-0031"])
    );
    stage
        .call(
            "DeleteDBInstance",
            "DBInstanceIdentifier=unlucky&SkipFinalSnapshot=true",
        )
        .await
        .unwrap();
    stage.until_gone("unlucky").await;
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_call_gets_the_documented_error_and_creates_nothing() {
    let stage = Stage::open(21470).await;
    stage.create("production", "").await;
    stage.create("bare", "BackupRetentionPeriod=0").await;
    let xml = stage
        .until("production", |xml| {
            text(xml, "LatestRestorableTime").is_some()
        })
        .await;
    let too_late = text(&xml, "LatestRestorableTime")
        .unwrap()
        .replace("20", "21");
    let wrong = [
        (
            "SourceDBInstanceIdentifier=nobody&TargetDBInstanceIdentifier=x&UseLatestRestorableTime=true",
            "DBInstanceNotFound",
            404,
        ),
        (
            "SourceDBInstanceIdentifier=production&TargetDBInstanceIdentifier=bare&UseLatestRestorableTime=true",
            "DBInstanceAlreadyExists",
            400,
        ),
        (
            "SourceDBInstanceIdentifier=bare&TargetDBInstanceIdentifier=x&UseLatestRestorableTime=true",
            "PointInTimeRestoreNotEnabled",
            400,
        ),
        (
            "SourceDBInstanceIdentifier=production&TargetDBInstanceIdentifier=x",
            "InvalidParameterCombination",
            400,
        ),
        (
            "SourceDBInstanceIdentifier=production&TargetDBInstanceIdentifier=x--y&UseLatestRestorableTime=true",
            "InvalidParameterValue",
            400,
        ),
        (
            "SourceDBInstanceIdentifier=production&TargetDBInstanceIdentifier=x&RestoreTime=2001-01-01T00:00:00Z",
            "InvalidParameterValue",
            400,
        ),
        (
            "SourceDBInstanceIdentifier=production&TargetDBInstanceIdentifier=x&UseLatestRestorableTime=true&DBSubnetGroupName=none",
            "DBSubnetGroupNotFoundFault",
            404,
        ),
        (
            "SourceDBInstanceIdentifier=production&TargetDBInstanceIdentifier=x&UseLatestRestorableTime=true&DBParameterGroupName=none",
            "DBParameterGroupNotFound",
            404,
        ),
    ];
    for (form, code, status) in wrong {
        let error = stage
            .call("RestoreDBInstanceToPointInTime", form)
            .await
            .unwrap_err();
        assert_eq!(
            (error.code.as_str(), error.status),
            (code, status),
            "{form}"
        );
    }
    let form = format!(
        "SourceDBInstanceIdentifier=production&TargetDBInstanceIdentifier=x&RestoreTime={too_late}"
    );
    let error = stage
        .call("RestoreDBInstanceToPointInTime", &form)
        .await
        .unwrap_err();
    assert_eq!(error.code, "InvalidParameterValue");
    assert_eq!(
        stage.describe("x").await.unwrap_err().code,
        "DBInstanceNotFound"
    );
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_service_writes_nothing_more_whatever_it_was_doing() {
    let stage = Stage::open(21760).await;
    stage.create("production", "").await;
    stage.create("old", "").await;
    let until = "SourceDBInstanceIdentifier=production&UseLatestRestorableTime=true&TargetDBInstanceIdentifier=copy";
    let begun = [
        ("RestoreDBInstanceToPointInTime", until),
        (
            "CreateDBSnapshot",
            "DBSnapshotIdentifier=s&DBInstanceIdentifier=production",
        ),
        (
            "DeleteDBInstance",
            "DBInstanceIdentifier=old&SkipFinalSnapshot=true",
        ),
    ];
    for (action, form) in begun {
        stage.call(action, form).await.unwrap();
    }
    let home = stage.home.clone();
    stage.close().await;
    assert!(!home.exists());
}
