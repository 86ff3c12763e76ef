//! Snapshots of instances hold all of what was there when they were taken.

use local_cloud_wire::faults::Fault;

use crate::stage::{PASSWORD, Stage, text};

const SNAPSHOT: &str = "DBSnapshotIdentifier=before-release";

async fn take(stage: &Stage, source: &str) -> String {
    let form = format!("{SNAPSHOT}&DBInstanceIdentifier={source}");
    let asked = stage.call("CreateDBSnapshot", &form).await.unwrap();
    assert_eq!(text(&asked, "Status"), Some("creating"));
    assert!(!asked.contains("SnapshotCreateTime"), "{asked}");
    let whole = |xml: &str| text(xml, "Status") == Some("available");
    stage
        .until_answer("DescribeDBSnapshots", SNAPSHOT, whole)
        .await
}

fn switch_on(stage: &Stage, fault: &str) {
    let fault: Fault = serde_json::from_str(fault).unwrap();
    stage.faults.switch_on(fault).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_snapshot_has_the_rows_and_the_master_password_of_its_time() {
    let stage = Stage::open(21500).await;
    stage
        .create("production", "Tags.Tag.1.Key=team&Tags.Tag.1.Value=a")
        .await;
    let port = stage.until_available("production").await;
    let client = stage.log_in(&port, "master", PASSWORD).await.unwrap();
    client
        .batch_execute("create table orders as select n from generate_series(1, 1000) n")
        .await
        .unwrap();
    let snapshot = take(&stage, "production").await;
    assert!(snapshot.contains("<SnapshotCreateTime>"), "{snapshot}");
    client
        .batch_execute("delete from orders where n > 10")
        .await
        .unwrap();
    stage.until_available("production").await;
    let change =
        "DBInstanceIdentifier=production&MasterUserPassword=Other-67890&ApplyImmediately=true";
    stage.call("ModifyDBInstance", change).await.unwrap();

    let form = format!("{SNAPSHOT}&DBInstanceIdentifier=copy&BackupRetentionPeriod=0");
    let asked = stage.call("RestoreDBInstanceFromDBSnapshot", &form).await;
    assert_eq!(text(&asked.unwrap(), "DBInstanceStatus"), Some("creating"));
    let port = stage.until_available("copy").await;
    let copy = stage.log_in(&port, "master", PASSWORD).await.unwrap();
    let rows: i64 = copy
        .query_one("select count(*) from orders", &[])
        .await
        .unwrap()
        .get(0);
    assert_eq!(rows, 1000);
    let described = stage.describe("copy").await.unwrap();
    assert!(
        described.contains("<Key>team</Key><Value>a</Value>"),
        "{described}"
    );
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_outlives_its_instance_and_is_restored_by_arn() {
    let stage = Stage::open(21510).await;
    stage.create("gone", "BackupRetentionPeriod=0").await;
    let xml = take(&stage, "gone").await;
    let arn = text(&xml, "DBSnapshotArn").unwrap();
    stage.until_available("gone").await;
    let delete = "DBInstanceIdentifier=gone&SkipFinalSnapshot=true";
    stage.call("DeleteDBInstance", delete).await.unwrap();
    stage.until_gone("gone").await;
    let form = format!("DBSnapshotIdentifier={arn}&DBInstanceIdentifier=again");
    stage
        .call("RestoreDBInstanceFromDBSnapshot", &form)
        .await
        .unwrap();
    let port = stage.until_available("again").await;
    stage.log_in(&port, "master", PASSWORD).await.unwrap();

    stage.call("DeleteDBSnapshot", SNAPSHOT).await.unwrap();
    let error = stage.call("DescribeDBSnapshots", SNAPSHOT).await;
    let error = error.unwrap_err();
    assert_eq!(
        (error.code.as_str(), error.status),
        ("DBSnapshotNotFound", 404)
    );
    let left = std::fs::read_dir(stage.home.join("rds/.snapshots")).unwrap();
    assert_eq!(left.count(), 0, "files of a deleted snapshot");
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_restore_is_told_twice_and_switches_change_how() {
    let mut stage = Stage::open(21520).await;
    stage.create("production", "BackupRetentionPeriod=0").await;
    take(&stage, "production").await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(stage.next_event_of_any().await.1);
    }
    assert_eq!(ids, ["RDS-EVENT-0005", "RDS-EVENT-0040", "RDS-EVENT-0042"]);
    let restored = [
        ("plain", None, vec!["DB_INSTANCE 0043", "SNAPSHOT 0043"]),
        (
            "older",
            Some("older-restore-event"),
            vec!["DB_INSTANCE 0008", "SNAPSHOT 0043"],
        ),
        ("single", Some("snapshot-event-only"), vec!["SNAPSHOT 0043"]),
    ];
    for (name, fault, expected) in restored {
        if let Some(fault) = fault {
            switch_on(
                &stage,
                &format!(r#"{{"service":"rds","fault":"{fault}","match":"{name}"}}"#),
            );
        }
        let form = format!("{SNAPSHOT}&DBInstanceIdentifier={name}");
        stage
            .call("RestoreDBInstanceFromDBSnapshot", &form)
            .await
            .unwrap();
        stage.until_available(name).await;
        for one in expected {
            let event = stage.next_whole_event().await;
            let (kind, id) = one.split_once(' ').unwrap();
            assert_eq!(event.detail["SourceType"], kind);
            assert_eq!(event.detail["EventID"], format!("RDS-EVENT-{id}"));
            assert_eq!(event.detail["SourceIdentifier"], name);
            let of_snapshot = event.resources[0].ends_with(":snapshot:before-release");
            assert_eq!(of_snapshot, kind == "SNAPSHOT", "{event:?}");
        }
        assert!(stage.no_more_events());
    }
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_automated_snapshot_can_be_restored_and_goes_with_its_instance() {
    let stage = Stage::open(21530).await;
    stage.create("production", "").await;
    let form = "DBInstanceIdentifier=production&SnapshotType=automated";
    let listed = stage.call("DescribeDBSnapshots", form).await.unwrap();
    let name = text(&listed, "DBSnapshotIdentifier").unwrap();
    assert!(name.starts_with("rds:production-20"), "{name}");
    let manual = form.replace("automated", "manual");
    let none = stage.call("DescribeDBSnapshots", &manual).await.unwrap();
    assert!(!none.contains("<DBSnapshot>"), "{none}");
    let one = format!("DBSnapshotIdentifier={name}");
    let error = stage.call("DeleteDBSnapshot", &one).await.unwrap_err();
    assert_eq!(error.code, "InvalidDBSnapshotState");
    let copy = format!("{one}&DBInstanceIdentifier=copy");
    stage
        .call("RestoreDBInstanceFromDBSnapshot", &copy)
        .await
        .unwrap();
    stage.until_available("copy").await;
    for gone in ["production", "copy"] {
        let form = format!("DBInstanceIdentifier={gone}&SkipFinalSnapshot=true");
        stage.call("DeleteDBInstance", &form).await.unwrap();
        stage.until_gone(gone).await;
    }
    let left = stage.call("DescribeDBSnapshots", "").await.unwrap();
    assert!(!left.contains("<DBSnapshot>"), "{left}");
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_not_be_restored_is_told_apart() {
    let stage = Stage::open(21540).await;
    stage.create("production", "BackupRetentionPeriod=0").await;
    switch_on(
        &stage,
        r#"{"service":"rds","fault":"provision-slowly","match":"slow","ms":1500,"times":1}"#,
    );
    switch_on(
        &stage,
        r#"{"service":"rds","fault":"snapshot-fails","match":"broken"}"#,
    );
    let create =
        |name: &str| format!("DBSnapshotIdentifier={name}&DBInstanceIdentifier=production");
    stage
        .call("CreateDBSnapshot", &create("slow"))
        .await
        .unwrap();
    let restore = |name: &str| format!("DBSnapshotIdentifier={name}&DBInstanceIdentifier=copy");
    let action = "RestoreDBInstanceFromDBSnapshot";
    let error = stage.call(action, &restore("slow")).await.unwrap_err();
    assert_eq!(
        (error.code.as_str(), error.status),
        ("InvalidDBSnapshotState", 400)
    );
    let again = stage.call("CreateDBSnapshot", &create("other")).await;
    assert_eq!(again.unwrap_err().code, "InvalidDBInstanceState");
    stage.until_available("production").await;
    let again = stage.call("CreateDBSnapshot", &create("slow")).await;
    assert_eq!(again.unwrap_err().code, "DBSnapshotAlreadyExists");

    stage
        .call("CreateDBSnapshot", &create("broken"))
        .await
        .unwrap();
    let failed = |xml: &str| text(xml, "Status") == Some("failed");
    let one = "DBSnapshotIdentifier=broken";
    stage.until_answer("DescribeDBSnapshots", one, failed).await;
    let error = stage.call(action, &restore("broken")).await.unwrap_err();
    assert_eq!(error.code, "InvalidDBSnapshotState");
    let error = stage.call(action, &restore("nothing")).await.unwrap_err();
    assert_eq!(error.code, "DBSnapshotNotFound");
    let error = stage.describe("copy").await.unwrap_err();
    assert_eq!(error.code, "DBInstanceNotFound");
    stage.close().await;
}
