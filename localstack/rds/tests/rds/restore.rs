//! An instance restored to a point in time holds what the source held then.

use std::time::Duration;

use crate::stage::{PASSWORD, Stage, text};
use jiff::Timestamp;
use local_cloud_rds::Config;

/// A moment between two commits: nothing is committed in its millisecond.
async fn a_quiet_moment() -> Timestamp {
    tokio::time::sleep(Duration::from_millis(5)).await;
    let now = Timestamp::now();
    tokio::time::sleep(Duration::from_millis(5)).await;
    now
}

#[tokio::test(flavor = "multi_thread")]
async fn deleted_rows_are_found_again_in_an_instance_restored_to_before_their_deletion() {
    let mut stage = Stage::open(21400).await;
    stage
        .create("production", "Tags.Tag.1.Key=team&Tags.Tag.1.Value=a")
        .await;
    for id in ["RDS-EVENT-0005", "RDS-EVENT-0001", "RDS-EVENT-0002"] {
        assert_eq!(
            stage.next_event().await,
            (id.to_owned(), "production".to_owned())
        );
    }
    let xml = stage.describe("production").await.unwrap();
    let client = stage
        .log_in(text(&xml, "Port").unwrap(), "master", PASSWORD)
        .await
        .unwrap();
    client
        .batch_execute("create table orders as select n from generate_series(1, 1000) n")
        .await
        .unwrap();
    let before = a_quiet_moment().await;
    client
        .batch_execute("delete from orders where n > 10")
        .await
        .unwrap();
    stage.until_restorable("production", before).await;

    let source = "SourceDBInstanceIdentifier=production&TargetDBInstanceIdentifier=tr-main-a";
    let form = format!("{source}&RestoreTime={before}&BackupRetentionPeriod=0");
    let asked = stage
        .call("RestoreDBInstanceToPointInTime", &form)
        .await
        .unwrap();
    assert_eq!(text(&asked, "DBInstanceStatus"), Some("creating"));
    assert!(!asked.contains("<Endpoint>"), "{asked}");
    let restored = stage
        .until("tr-main-a", |xml| {
            text(xml, "DBInstanceStatus") == Some("available")
        })
        .await;
    assert_eq!(
        stage.next_event().await,
        ("RDS-EVENT-0019".to_owned(), "tr-main-a".to_owned())
    );
    assert!(
        stage.no_more_events(),
        "there is no event for the last step, and no backup without retention"
    );
    assert!(
        restored.contains("<Key>team</Key><Value>a</Value>"),
        "{restored}"
    );

    let copy = stage
        .log_in(text(&restored, "Port").unwrap(), "master", PASSWORD)
        .await
        .unwrap();
    let there: i64 = copy
        .query_one("select count(*) from orders", &[])
        .await
        .unwrap()
        .get(0);
    let here: i64 = client
        .query_one("select count(*) from orders", &[])
        .await
        .unwrap()
        .get(0);
    assert_eq!((there, here), (1000, 10));
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_instance_with_backups_can_itself_be_restored() {
    let mut stage = Stage::open(21410).await;
    stage.create("production", "").await;
    let latest = "UseLatestRestorableTime=true&Tags.Tag.1.Key=mine&Tags.Tag.1.Value=b";
    stage
        .until("production", |xml| {
            text(xml, "LatestRestorableTime").is_some()
        })
        .await;
    let first =
        format!("SourceDBInstanceIdentifier=production&TargetDBInstanceIdentifier=first&{latest}");
    stage
        .call("RestoreDBInstanceToPointInTime", &first)
        .await
        .unwrap();
    let xml = stage
        .until("first", |xml| {
            text(xml, "DBInstanceStatus") == Some("available")
        })
        .await;
    let client = stage
        .log_in(text(&xml, "Port").unwrap(), "master", PASSWORD)
        .await
        .unwrap();
    client
        .batch_execute("create table only_here (n int)")
        .await
        .unwrap();
    let after = a_quiet_moment().await;
    stage.until_restorable("first", after).await;

    let second = format!(
        "SourceDBInstanceIdentifier=first&TargetDBInstanceIdentifier=second&RestoreTime={after}"
    );
    stage
        .call("RestoreDBInstanceToPointInTime", &second)
        .await
        .unwrap();
    let xml = stage
        .until("second", |xml| {
            text(xml, "DBInstanceStatus") == Some("available")
        })
        .await;
    let client = stage
        .log_in(text(&xml, "Port").unwrap(), "master", PASSWORD)
        .await
        .unwrap();
    client.query("select * from only_here", &[]).await.unwrap();
    let mut ids = Vec::new();
    for _ in 0..9 {
        ids.push(stage.next_event().await.0);
    }
    assert_eq!(
        &ids[3..6],
        ["RDS-EVENT-0019", "RDS-EVENT-0001", "RDS-EVENT-0002"]
    );
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_time_since_the_first_backup_stays_restorable_however_many_backups_follow() {
    let config = Config {
        first_port: Some(21480),
        backup_every_ms: 300,
        ..Config::default()
    };
    let stage = Stage::open_with(config).await;
    stage.create("production", "").await;
    let xml = stage.describe("production").await.unwrap();
    let client = stage
        .log_in(text(&xml, "Port").unwrap(), "master", PASSWORD)
        .await
        .unwrap();
    client
        .batch_execute("create table counted as select 1 as n")
        .await
        .unwrap();
    let mut times = vec![(1_i64, a_quiet_moment().await)];
    for count in 2..=3 {
        stage.until_another_backup("production").await;
        stage.until_another_backup("production").await;
        client
            .batch_execute("insert into counted values (1)")
            .await
            .unwrap();
        times.push((count, a_quiet_moment().await));
    }
    for (count, at) in times {
        stage.until_restorable("production", at).await;
        let form = format!(
            "SourceDBInstanceIdentifier=production&TargetDBInstanceIdentifier=at-{count}&RestoreTime={at}&BackupRetentionPeriod=0"
        );
        stage
            .call("RestoreDBInstanceToPointInTime", &form)
            .await
            .unwrap();
        let xml = stage
            .until(&format!("at-{count}"), |xml| {
                text(xml, "DBInstanceStatus") == Some("available")
            })
            .await;
        let copy = stage
            .log_in(text(&xml, "Port").unwrap(), "master", PASSWORD)
            .await
            .unwrap();
        let found: i64 = copy
            .query_one("select count(*) from counted", &[])
            .await
            .unwrap()
            .get(0);
        assert_eq!(found, count);
    }
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_instance_has_the_password_of_its_time() {
    // Long enough to be seen on a busy machine.
    let config = Config {
        first_port: Some(21420),
        resetting_ms: 3000,
        ..Config::default()
    };
    let stage = Stage::open_with(config).await;
    stage.create("production", "").await;
    let before = a_quiet_moment().await;
    let change =
        "DBInstanceIdentifier=production&MasterUserPassword=Other-67890&ApplyImmediately=true";
    let asked = stage.call("ModifyDBInstance", change).await.unwrap();
    assert!(
        asked.contains("<PendingModifiedValues><MasterUserPassword>****</MasterUserPassword>"),
        "{asked}"
    );
    let port = text(&asked, "Port").unwrap().to_owned();
    stage.log_in(&port, "master", PASSWORD).await.unwrap();
    stage
        .until("production", |xml| {
            text(xml, "DBInstanceStatus") == Some("resetting-master-credentials")
        })
        .await;
    stage
        .log_in(&port, "master", "Other-67890")
        .await
        .unwrap_err();
    let done = stage
        .until("production", |xml| {
            text(xml, "DBInstanceStatus") == Some("available")
        })
        .await;
    assert!(!done.contains("****"), "{done}");
    let deadline = tokio::time::Instant::now() + Duration::from_secs(10);
    while stage.log_in(&port, "master", "Other-67890").await.is_err() {
        assert!(
            tokio::time::Instant::now() < deadline,
            "the new password never works"
        );
    }
    stage.log_in(&port, "master", PASSWORD).await.unwrap_err();

    stage.until_restorable("production", before).await;
    let form = format!(
        "SourceDBInstanceIdentifier=production&TargetDBInstanceIdentifier=old&RestoreTime={before}&BackupRetentionPeriod=0"
    );
    stage
        .call("RestoreDBInstanceToPointInTime", &form)
        .await
        .unwrap();
    let xml = stage
        .until("old", |xml| {
            text(xml, "DBInstanceStatus") == Some("available")
        })
        .await;
    stage
        .log_in(text(&xml, "Port").unwrap(), "master", PASSWORD)
        .await
        .unwrap();
    stage.close().await;
}
