//! Quotas are counted from what exists, and capacity can be short.

use local_cloud_rds::Config;
use local_cloud_rds::quotas::Quotas;
use local_cloud_wire::faults::Fault;

use crate::cluster_stage::create_cluster;
use crate::stage::{PASSWORD, Stage};

fn create(identifier: &str, class: &str) -> String {
    format!(
        "DBInstanceIdentifier={identifier}&Engine=postgres&DBInstanceClass={class}&AllocatedStorage=20\
         &MasterUsername=master&MasterUserPassword={PASSWORD}&BackupRetentionPeriod=0"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_used_counts_and_one_more_than_allowed_is_refused() {
    let config = Config {
        first_port: Some(21740),
        quotas: Quotas {
            instances: 2,
            clusters: 1,
            allocated_storage: 30,
            ..Quotas::default()
        },
        ..Config::default()
    };
    let stage = Stage::open_with(config).await;
    let action = "CreateDBInstance";
    stage
        .call(action, &create("a", "db.t3.micro"))
        .await
        .unwrap();
    let error = stage.call(action, &create("b", "db.t3.micro")).await;
    let error = error.unwrap_err();
    assert_eq!(
        (error.code.as_str(), error.status),
        ("StorageQuotaExceeded", 400)
    );
    create_cluster(&stage, "main", "").await;
    let second = format!(
        "DBClusterIdentifier=other&Engine=aurora-postgresql&MasterUsername=master&MasterUserPassword={PASSWORD}"
    );
    let error = stage.call("CreateDBCluster", &second).await.unwrap_err();
    assert_eq!(
        (error.code.as_str(), error.status),
        ("DBClusterQuotaExceededFault", 403)
    );
    let member = |name: &str| {
        format!(
            "DBInstanceIdentifier={name}&DBClusterIdentifier=main&Engine=aurora-postgresql&DBInstanceClass=db.r6g.large"
        )
    };
    stage.call(action, &member("m")).await.unwrap();
    let error = stage.call(action, &member("n")).await.unwrap_err();
    assert_eq!(
        (error.code.as_str(), error.status),
        ("InstanceQuotaExceeded", 400)
    );
    let told = stage.call("DescribeAccountAttributes", "").await.unwrap();
    for (name, used, most) in [
        ("DBInstances", 2, 2),
        ("DBClusters", 1, 1),
        ("AllocatedStorage", 20, 30),
        ("ManualSnapshots", 0, 100),
    ] {
        let quota = format!(
            "<AccountQuotaName>{name}</AccountQuotaName><Used>{used}</Used><Max>{most}</Max>"
        );
        assert!(told.contains(&quota), "{quota} in {told}");
    }
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn capacity_is_short_for_a_class_or_a_zone_even_if_the_call_does_not_name_it() {
    let stage = Stage::open(21750).await;
    for short in ["db.r6g.large", "eu-west-3a"] {
        let fault = format!(r#"{{"service":"rds","fault":"no-capacity","match":"{short}"}}"#);
        let fault: Fault = serde_json::from_str(&fault).unwrap();
        let id = stage.faults.switch_on(fault).unwrap();
        let form = create("a", "db.r6g.large");
        let error = stage.call("CreateDBInstance", &form).await.unwrap_err();
        assert_eq!(error.code, "InsufficientDBInstanceCapacity", "{short}");
        stage.faults.switch_off(id);
    }
    let zone = r#"{"service":"rds","fault":"no-capacity","match":"eu-west-3a"}"#;
    stage
        .faults
        .switch_on(serde_json::from_str(zone).unwrap())
        .unwrap();
    let form = create("a", "db.r6g.large&AvailabilityZone=eu-west-3b");
    stage.call("CreateDBInstance", &form).await.unwrap();
    stage.close().await;
}
