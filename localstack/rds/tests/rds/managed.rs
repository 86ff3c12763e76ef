//! Master passwords that RDS keeps in a secret of its own.

use serde_json::Value;

use crate::secrets::Secrets;
use crate::stage::{Stage, text};

fn password(secrets: &Secrets, name: &str) -> String {
    let stored: Value = serde_json::from_str(&secrets.value(name)).unwrap();
    let mut fields: Vec<&String> = stored.as_object().unwrap().keys().collect();
    fields.sort();
    assert_eq!(fields, ["password", "username"], "neither host nor port");
    stored["password"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_managed_password_works_is_rotated_and_goes_with_its_instance() {
    let secrets = Secrets::start().await;
    let stage = Stage::open_in(21760, &secrets.endpoint).await;
    let form = "DBInstanceIdentifier=production&Engine=postgres&DBInstanceClass=db.t3.micro&AllocatedStorage=20\
                &MasterUsername=master&ManageMasterUserPassword=true&DBName=tenants";
    let asked = stage.call("CreateDBInstance", form).await.unwrap();
    assert_eq!(text(&asked, "SecretStatus"), Some("creating"));
    let name = text(&asked, "SecretArn").unwrap().to_owned();
    assert!(name.contains(":secret:rds!db-"), "{name}");
    let port = stage.until_available("production").await;
    stage
        .until("production", |xml| {
            text(xml, "SecretStatus") == Some("active")
        })
        .await;
    let first = password(&secrets, &name);
    stage.log_in(&port, "master", &first).await.unwrap();

    let own = "DBInstanceIdentifier=production&MasterUserPassword=Other-67890";
    let error = stage.call("ModifyDBInstance", own).await.unwrap_err();
    assert_eq!(error.code, "InvalidParameterCombination");
    let rotate =
        "DBInstanceIdentifier=production&RotateMasterUserPassword=true&ApplyImmediately=true";
    let rotating = stage.call("ModifyDBInstance", rotate).await.unwrap();
    assert_eq!(text(&rotating, "SecretStatus"), Some("rotating"));
    stage
        .until("production", |xml| {
            text(xml, "SecretStatus") == Some("active")
        })
        .await;
    let second = password(&secrets, &name);
    assert_ne!(first, second);
    stage.log_in(&port, "master", &second).await.unwrap();
    stage.log_in(&port, "master", &first).await.unwrap_err();

    let now = jiff::Timestamp::now();
    stage.until_restorable("production", now).await;
    let restore = "SourceDBInstanceIdentifier=production&TargetDBInstanceIdentifier=copy&UseLatestRestorableTime=true\
                   &BackupRetentionPeriod=0";
    let refused = format!("{restore}&ManageMasterUserPassword=true");
    let error = stage.call("RestoreDBInstanceToPointInTime", &refused).await;
    assert_eq!(error.unwrap_err().code, "InvalidParameterCombination");
    stage
        .call("RestoreDBInstanceToPointInTime", restore)
        .await
        .unwrap();
    let copy = stage.until_available("copy").await;
    let xml = stage.describe("copy").await.unwrap();
    assert!(!xml.contains("MasterUserSecret"), "{xml}");
    stage.log_in(&copy, "master", &second).await.unwrap();

    let delete = "DBInstanceIdentifier=production&SkipFinalSnapshot=true";
    stage.call("DeleteDBInstance", delete).await.unwrap();
    stage.until_gone("production").await;
    assert_eq!(secrets.names(), Vec::<String>::new());
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_has_a_managed_password_too_and_a_refused_one_leaves_no_secret() {
    let secrets = Secrets::start().await;
    let stage = Stage::open_in(21770, &secrets.endpoint).await;
    let form = "DBClusterIdentifier=main&Engine=aurora-postgresql&MasterUsername=master&ManageMasterUserPassword=true\
                &DatabaseName=tenants";
    let asked = stage.call("CreateDBCluster", form).await.unwrap();
    let name = text(&asked, "SecretArn").unwrap().to_owned();
    assert!(name.contains(":secret:rds!cluster-"), "{name}");
    let again = stage.call("CreateDBCluster", form).await.unwrap_err();
    assert_eq!(again.code, "DBClusterAlreadyExistsFault");
    assert_eq!(secrets.names().len(), 1, "only that of the first call");
    crate::cluster_stage::create_instance(&stage, "main", "main-1", "db.r6g.large").await;
    let port = stage.until_available("main-1").await;
    let managed = password(&secrets, &name);
    stage.log_in(&port, "master", &managed).await.unwrap();
    stage.close().await;
}
