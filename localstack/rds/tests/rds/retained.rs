//! Automated backups that outlive their instance.

use crate::stage::{PASSWORD, Stage, text};

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_instance_is_restored_from_its_retained_backups() {
    let stage = Stage::open(21550).await;
    stage.create("production", "").await;
    let port = stage.until_available("production").await;
    let client = stage.log_in(&port, "master", PASSWORD).await.unwrap();
    client
        .batch_execute("create table kept as select 42 as n")
        .await
        .unwrap();
    drop(client);
    let now = jiff::Timestamp::now();
    stage.until_restorable("production", now).await;
    let xml = stage.describe("production").await.unwrap();
    let id = text(&xml, "DbiResourceId").unwrap().to_owned();
    let form =
        "DBInstanceIdentifier=production&SkipFinalSnapshot=true&DeleteAutomatedBackups=false";
    stage.call("DeleteDBInstance", form).await.unwrap();
    stage.until_gone("production").await;

    let backups = "DescribeDBInstanceAutomatedBackups";
    let by_id = format!("DbiResourceId={id}");
    let listed = stage.call(backups, &by_id).await.unwrap();
    assert_eq!(text(&listed, "Status"), Some("retained"));
    let latest: jiff::Timestamp = text(&listed, "LatestTime").unwrap().parse().unwrap();
    assert!(latest >= now, "{listed}");
    // Its tags were the instance's; these are the backups' own.
    assert!(listed.contains("<TagList"), "{listed}");
    let arn = text(&listed, "DBInstanceAutomatedBackupsArn").unwrap();
    let tagged = format!("ResourceName={arn}&Tags.Tag.1.Key=keep&Tags.Tag.1.Value=yes");
    stage.call("AddTagsToResource", &tagged).await.unwrap();
    let listed = stage.call(backups, &by_id).await.unwrap();
    assert_eq!(text(&listed, "Key"), Some("keep"));
    // Another instance may take the identifier; the retained backups are still those of the first.
    stage.create("production", "BackupRetentionPeriod=0").await;

    let form = format!(
        "SourceDbiResourceId={id}&TargetDBInstanceIdentifier=copy&UseLatestRestorableTime=true"
    );
    stage
        .call("RestoreDBInstanceToPointInTime", &form)
        .await
        .unwrap();
    let port = stage.until_available("copy").await;
    let copy = stage.log_in(&port, "master", PASSWORD).await.unwrap();
    copy.query_one("select n from kept where n = 42", &[])
        .await
        .unwrap();

    stage
        .call("DeleteDBInstanceAutomatedBackup", &by_id)
        .await
        .unwrap();
    let error = stage.call(backups, &by_id).await.unwrap_err();
    assert_eq!(
        (error.code.as_str(), error.status),
        ("DBInstanceAutomatedBackupNotFound", 404)
    );
    let again = form.replace("=copy", "=second");
    let error = stage.call("RestoreDBInstanceToPointInTime", &again).await;
    assert_eq!(error.unwrap_err().code, "DBInstanceAutomatedBackupNotFound");
    assert!(!stage.home.join("rds/.backups").join(&id).exists());
    stage.close().await;
}
