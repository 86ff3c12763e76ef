//! Aurora clusters: data that outlive their instances, served while one of them writes.

use crate::cluster_stage::{MASTER, create_cluster, create_instance, describe, until_cluster};
use crate::stage::{PASSWORD, Stage, text};

async fn count(stage: &Stage, port: &str, table: &str) -> i64 {
    let client = stage.log_in(port, "master", PASSWORD).await.unwrap();
    let query = format!("select count(*) from {table}");
    client.query_one(&query, &[]).await.unwrap().get(0)
}

async fn run(stage: &Stage, port: &str, statement: &str) {
    let client = stage.log_in(port, "master", PASSWORD).await.unwrap();
    client.batch_execute(statement).await.unwrap();
}

async fn until_restorable(stage: &Stage, cluster: &str, at: jiff::Timestamp) {
    until_cluster(stage, cluster, |xml| {
        let latest = text(xml, "LatestRestorableTime").map(|text| text.parse().unwrap());
        latest.is_some_and(|latest: jiff::Timestamp| latest >= at)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_is_available_long_before_its_writer_and_serves_only_with_it() {
    let mut stage = Stage::open(21600).await;
    let asked = create_cluster(&stage, "main", "").await;
    assert_eq!(text(&asked, "Status"), Some("creating"));
    let xml = until_cluster(&stage, "main", |xml| {
        text(xml, "Status") == Some("available")
    })
    .await;
    assert!(
        xml.contains("<DBClusterMembers></DBClusterMembers>"),
        "{xml}"
    );
    let port = text(&xml, "Port").unwrap().to_owned();
    stage.log_in(&port, "master", PASSWORD).await.unwrap_err();

    create_instance(&stage, "main", "main-1", "db.r6g.large").await;
    let xml = describe(&stage, "main").await.unwrap();
    assert!(
        xml.contains("<DBInstanceIdentifier>main-1</DBInstanceIdentifier><IsClusterWriter>true<"),
        "{xml}"
    );
    stage.until_available("main-1").await;
    let instance = stage.describe("main-1").await.unwrap();
    assert_eq!(text(&instance, "Engine"), Some("aurora-postgresql"));
    assert_eq!(text(&instance, "DBClusterIdentifier"), Some("main"));
    assert_eq!(text(&instance, "Address"), text(&xml, "Endpoint"));
    stage.log_in(&port, "master", PASSWORD).await.unwrap();
    let mut seen = Vec::new();
    for _ in 0..5 {
        let (kind, id, name) = stage.next_event_of_any().await;
        seen.push(format!("{kind} {id} {name}"));
    }
    assert!(
        seen[0].starts_with("CLUSTER_SNAPSHOT RDS-EVENT-0168"),
        "{seen:?}"
    );
    assert_eq!(
        &seen[2..],
        [
            "CLUSTER RDS-EVENT-0170 main",
            "DB_INSTANCE RDS-EVENT-0005 main-1",
            "DB_INSTANCE RDS-EVENT-0385 main-1"
        ]
    );
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_data_stay_with_the_cluster_when_its_instance_goes() {
    let mut stage = Stage::open(21610).await;
    create_cluster(&stage, "main", "").await;
    create_instance(&stage, "main", "first", "db.r6g.large").await;
    let port = stage.until_available("first").await;
    run(&stage, &port, "create table kept as select 1 as n").await;
    let delete = "DBClusterIdentifier=main&SkipFinalSnapshot=true";
    let error = stage.call("DeleteDBCluster", delete).await.unwrap_err();
    assert_eq!(
        (error.code.as_str(), error.status),
        ("InvalidDBClusterStateFault", 400)
    );
    stage
        .call("DeleteDBInstance", "DBInstanceIdentifier=first")
        .await
        .unwrap();
    stage.until_gone("first").await;
    stage.log_in(&port, "master", PASSWORD).await.unwrap_err();
    create_instance(&stage, "main", "second", "db.t4g.medium").await;
    let port = stage.until_available("second").await;
    assert_eq!(count(&stage, &port, "kept").await, 1);

    stage.restart().await;
    stage.until_served(&port).await;
    assert_eq!(count(&stage, &port, "kept").await, 1);
    stage
        .call("DeleteDBInstance", "DBInstanceIdentifier=second")
        .await
        .unwrap();
    stage.until_gone("second").await;
    stage.call("DeleteDBCluster", delete).await.unwrap();
    stage.until_cluster_gone("main").await;
    loop {
        let (kind, id, name) = stage.next_event_of_any().await;
        if (kind.as_str(), id.as_str()) == ("CLUSTER", "RDS-EVENT-0171") {
            assert_eq!(name, "main");
            break;
        }
    }
    assert!(!stage.home.join("rds/.clusters/main").exists());
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_copy_is_of_its_time_and_a_clone_is_of_now() {
    let stage = Stage::open(21620).await;
    create_cluster(&stage, "main", "").await;
    let clone = "RestoreType=copy-on-write&UseLatestRestorableTime=true&SourceDBClusterIdentifier=main\
                 &DBClusterIdentifier=clone";
    until_cluster(&stage, "main", |xml| {
        text(xml, "Status") == Some("available")
    })
    .await;
    let action = "RestoreDBClusterToPointInTime";
    let error = stage.call(action, clone).await.unwrap_err();
    assert_eq!(error.code, "InvalidDBClusterStateFault", "no instance yet");
    create_instance(&stage, "main", "main-1", "db.r6g.large").await;
    let port = stage.until_available("main-1").await;
    run(
        &stage,
        &port,
        "create table orders as select n from generate_series(1, 1000) n",
    )
    .await;
    let before = jiff::Timestamp::now();
    tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    run(&stage, &port, "delete from orders where n > 10").await;
    until_restorable(&stage, "main", before).await;

    let error = stage
        .call(
            action,
            &clone.replace(
                "UseLatestRestorableTime=true",
                &format!("RestoreToTime={before}"),
            ),
        )
        .await
        .unwrap_err();
    assert_eq!(error.code, "InvalidParameterCombination");
    stage.call(action, clone).await.unwrap();
    let copy =
        format!("SourceDBClusterIdentifier=main&DBClusterIdentifier=copy&RestoreToTime={before}");
    stage.call(action, &copy).await.unwrap();
    for (name, rows) in [("clone", 10), ("copy", 1000)] {
        let instance = format!("{name}-1");
        create_instance(&stage, name, &instance, "db.r6g.large").await;
        let port = stage.until_available(&instance).await;
        assert_eq!(count(&stage, &port, "orders").await, rows, "{name}");
    }
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clusters_snapshot_restores_it_with_the_version_said_and_outlives_it() {
    let stage = Stage::open(21630).await;
    create_cluster(&stage, "main", "").await;
    create_instance(&stage, "main", "main-1", "db.r6g.large").await;
    let port = stage.until_available("main-1").await;
    run(&stage, &port, "create table kept as select 1 as n").await;
    let take = |name: &str| format!("DBClusterIdentifier=main&DBClusterSnapshotIdentifier={name}");
    let whole = |xml: &str| text(xml, "Status") == Some("available");
    stage
        .call("CreateDBClusterSnapshot", &take("warm"))
        .await
        .unwrap();
    let describe = "DescribeDBClusterSnapshots";
    let warm = stage
        .until_answer(describe, "DBClusterSnapshotIdentifier=warm", whole)
        .await;
    let version = text(&warm, "EngineVersion").unwrap().to_owned();
    stage
        .call("DeleteDBInstance", "DBInstanceIdentifier=main-1")
        .await
        .unwrap();
    stage.until_gone("main-1").await;
    // Without an instance, too.
    stage
        .call("CreateDBClusterSnapshot", &take("cold"))
        .await
        .unwrap();
    stage
        .until_answer(describe, "DBClusterSnapshotIdentifier=cold", whole)
        .await;
    let automated = stage
        .call(describe, "SnapshotType=automated&DBClusterIdentifier=main")
        .await
        .unwrap();
    let name = text(&automated, "DBClusterSnapshotIdentifier").unwrap();
    assert!(name.starts_with("rds:main-20"), "{name}");
    until_cluster(&stage, "main", whole).await;
    stage
        .call(
            "DeleteDBCluster",
            "DBClusterIdentifier=main&SkipFinalSnapshot=true",
        )
        .await
        .unwrap();
    stage.until_cluster_gone("main").await;

    let action = "RestoreDBClusterFromSnapshot";
    let bare = "SnapshotIdentifier=warm&DBClusterIdentifier=x";
    let error = stage.call(action, bare).await.unwrap_err();
    assert_eq!(error.code, "MissingParameter");
    let engine = "Engine=aurora-postgresql";
    let trap = stage.call(action, &format!("{bare}&{engine}")).await;
    assert_eq!(trap.unwrap_err().code, "InvalidParameterCombination");
    for name in ["warm", "cold"] {
        let form = format!(
            "SnapshotIdentifier={name}&DBClusterIdentifier={name}&{engine}&EngineVersion={version}"
        );
        let asked = stage.call(action, &form).await.unwrap();
        assert_eq!(text(&asked, "Status"), Some("migrating"));
        let instance = format!("{name}-1");
        create_instance(&stage, name, &instance, "db.r6g.large").await;
        let port = stage.until_available(&instance).await;
        assert_eq!(count(&stage, &port, "kept").await, 1, "{name}");
    }
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_serverless_instance_needs_its_clusters_scaling_and_members_leave_to_it_what_is_its() {
    let stage = Stage::open(21640).await;
    create_cluster(&stage, "main", "").await;
    let create = |more: &str| {
        format!("DBInstanceIdentifier=one&DBClusterIdentifier=main&Engine=aurora-postgresql&{more}")
    };
    for (more, code) in [
        (
            "DBInstanceClass=db.serverless",
            "InvalidParameterCombination",
        ),
        ("DBInstanceClass=db.t3.micro", "InvalidParameterCombination"),
        (
            "DBInstanceClass=db.r6g.large&MasterUserPassword=Secret-12345",
            "InvalidParameterCombination",
        ),
    ] {
        let error = stage.call("CreateDBInstance", &create(more)).await;
        assert_eq!(error.unwrap_err().code, code, "{more}");
    }
    let missing = create("DBInstanceClass=db.r6g.large").replace("=main", "=nobody");
    let error = stage.call("CreateDBInstance", &missing).await.unwrap_err();
    assert_eq!(
        (error.code.as_str(), error.status),
        ("DBClusterNotFoundFault", 404)
    );
    until_cluster(&stage, "main", |xml| {
        text(xml, "Status") == Some("available")
    })
    .await;
    let scaling = "DBClusterIdentifier=main&ServerlessV2ScalingConfiguration.MinCapacity=0.5\
                   &ServerlessV2ScalingConfiguration.MaxCapacity=4";
    let xml = stage.call("ModifyDBCluster", scaling).await.unwrap();
    assert!(
        xml.contains("<MinCapacity>0.5</MinCapacity><MaxCapacity>4.0</MaxCapacity>"),
        "{xml}"
    );
    create_instance(&stage, "main", "one", "db.serverless").await;
    stage.until_available("one").await;
    let password = "DBInstanceIdentifier=one&MasterUserPassword=Other-67890";
    let error = stage.call("ModifyDBInstance", password).await.unwrap_err();
    assert_eq!(error.code, "InvalidParameterCombination");
    let snapshot = "DBInstanceIdentifier=one&DBSnapshotIdentifier=s";
    let error = stage.call("CreateDBSnapshot", snapshot).await.unwrap_err();
    assert_eq!(error.code, "InvalidParameterValue");
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clusters_password_is_changed_for_all_and_a_reader_takes_over_from_its_writer() {
    let stage = Stage::open(21650).await;
    create_cluster(&stage, "main", "").await;
    create_instance(&stage, "main", "writer", "db.r6g.large").await;
    let port = stage.until_available("writer").await;
    create_instance(&stage, "main", "reader", "db.r6g.large").await;
    stage.until_available("reader").await;
    let change = "DBClusterIdentifier=main&MasterUserPassword=Other-67890";
    let asked = stage.call("ModifyDBCluster", change).await.unwrap();
    assert!(asked.contains("<MasterUserPassword>****<"), "{asked}");
    stage.until_login(&port, "Other-67890").await;
    stage.log_in(&port, MASTER, PASSWORD).await.unwrap_err();
    stage
        .call("DeleteDBInstance", "DBInstanceIdentifier=writer")
        .await
        .unwrap();
    stage.until_gone("writer").await;
    let xml = describe(&stage, "main").await.unwrap();
    assert!(
        xml.contains("<DBInstanceIdentifier>reader</DBInstanceIdentifier><IsClusterWriter>true<"),
        "{xml}"
    );
    stage.log_in(&port, MASTER, "Other-67890").await.unwrap();
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_cluster_is_restored_from_its_retained_backups() {
    let stage = Stage::open(21660).await;
    create_cluster(&stage, "main", "").await;
    create_instance(&stage, "main", "main-1", "db.r6g.large").await;
    let port = stage.until_available("main-1").await;
    run(&stage, &port, "create table kept as select 1 as n").await;
    let now = jiff::Timestamp::now();
    until_restorable(&stage, "main", now).await;
    let xml = describe(&stage, "main").await.unwrap();
    let id = text(&xml, "DbClusterResourceId").unwrap().to_owned();
    stage
        .call("DeleteDBInstance", "DBInstanceIdentifier=main-1")
        .await
        .unwrap();
    stage.until_gone("main-1").await;
    let form = "DBClusterIdentifier=main&SkipFinalSnapshot=true&DeleteAutomatedBackups=false";
    stage.call("DeleteDBCluster", form).await.unwrap();
    stage.until_cluster_gone("main").await;
    let by_id = format!("DbClusterResourceId={id}");
    let listed = stage
        .call("DescribeDBClusterAutomatedBackups", &by_id)
        .await
        .unwrap();
    assert_eq!(text(&listed, "Status"), Some("retained"));
    let form = format!(
        "SourceDbClusterResourceId={id}&DBClusterIdentifier=copy&UseLatestRestorableTime=true"
    );
    stage
        .call("RestoreDBClusterToPointInTime", &form)
        .await
        .unwrap();
    create_instance(&stage, "copy", "copy-1", "db.r6g.large").await;
    let port = stage.until_available("copy-1").await;
    assert_eq!(count(&stage, &port, "kept").await, 1);
    stage
        .call("DeleteDBClusterAutomatedBackup", &by_id)
        .await
        .unwrap();
    let error = stage.call("RestoreDBClusterToPointInTime", &form).await;
    assert_eq!(
        error.unwrap_err().code,
        "DBClusterAutomatedBackupNotFoundFault"
    );
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_multi_az_cluster_is_known_by_its_engine_and_comes_and_goes_with_its_instances() {
    let stage = Stage::open(21670).await;
    let form = format!(
        "DBClusterIdentifier=trio&Engine=postgres&DBClusterInstanceClass=db.m5d.large&AllocatedStorage=100\
         &MasterUsername={MASTER}&MasterUserPassword={PASSWORD}&DatabaseName=tenants"
    );
    stage.call("CreateDBCluster", &form).await.unwrap();
    for n in 1..=3 {
        stage.until_available(&format!("trio-instance-{n}")).await;
    }
    let xml = describe(&stage, "trio").await.unwrap();
    assert_eq!(text(&xml, "Engine"), Some("postgres"));
    assert_eq!(text(&xml, "MultiAZ"), Some("true"));
    assert_eq!(xml.matches("<DBClusterMember>").count(), 3);
    stage
        .call(
            "DeleteDBCluster",
            "DBClusterIdentifier=trio&SkipFinalSnapshot=true",
        )
        .await
        .unwrap();
    stage.until_cluster_gone("trio").await;
    let error = stage.describe("trio-instance-1").await.unwrap_err();
    assert_eq!(error.code, "DBInstanceNotFound");
    stage.close().await;
}
