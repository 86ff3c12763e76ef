//! What tests of clusters do on the stage.

use local_cloud_wire::AwsError;

use crate::stage::{PASSWORD, Stage};

pub const MASTER: &str = "master";

/// Asks for an Aurora cluster.
pub async fn create_cluster(stage: &Stage, identifier: &str, more: &str) -> String {
    let form = format!(
        "DBClusterIdentifier={identifier}&Engine=aurora-postgresql&DatabaseName=tenants\
         &MasterUsername={MASTER}&MasterUserPassword={PASSWORD}&{more}"
    );
    stage.call("CreateDBCluster", &form).await.unwrap()
}

/// Asks for an instance of a cluster.
pub async fn create_instance(stage: &Stage, cluster: &str, identifier: &str, class: &str) {
    let form = format!(
        "DBInstanceIdentifier={identifier}&DBClusterIdentifier={cluster}&Engine=aurora-postgresql\
         &DBInstanceClass={class}"
    );
    stage.call("CreateDBInstance", &form).await.unwrap();
}

pub async fn describe(stage: &Stage, cluster: &str) -> Result<String, AwsError> {
    let form = format!("DBClusterIdentifier={cluster}");
    stage.call("DescribeDBClusters", &form).await
}

/// Waits until the description of a cluster is as wanted, and answers it.
pub async fn until_cluster(stage: &Stage, cluster: &str, wanted: impl Fn(&str) -> bool) -> String {
    let form = format!("DBClusterIdentifier={cluster}");
    stage
        .until_answer("DescribeDBClusters", &form, wanted)
        .await
}
