//! What a restore left in RDS: instances, clusters, parameter groups.

use super::labelled;
use crate::cloud::Cloud;
use crate::error::{Context, Result};

/// Everything whose name begins so.
pub(super) async fn of(cloud: &Cloud, prefix: &str) -> Result<Vec<String>> {
    let rds = &cloud.rds;
    let instances = rds.describe_db_instances().into_paginator().items().send();
    let instances = instances.collect::<Result<Vec<_>, _>>().await;
    let instances = instances.context("list the RDS instances")?.into_iter();
    let clusters = rds.describe_db_clusters().into_paginator().items().send();
    let clusters = clusters.collect::<Result<Vec<_>, _>>().await;
    let clusters = clusters.context("list the RDS clusters")?.into_iter();
    let groups = rds.describe_db_parameter_groups().into_paginator();
    let groups = groups.items().send().collect::<Result<Vec<_>, _>>().await;
    let groups = groups.context("list the parameter groups")?.into_iter();
    let of_clusters = rds.describe_db_cluster_parameter_groups().into_paginator();
    let of_clusters = of_clusters.items().send().collect::<Result<Vec<_>, _>>();
    let of_clusters = of_clusters
        .await
        .context("list the cluster parameter groups")?;
    let instances = instances.filter_map(|it| it.db_instance_identifier);
    let clusters = clusters.filter_map(|it| it.db_cluster_identifier);
    let groups = groups.filter_map(|it| it.db_parameter_group_name);
    let of_clusters = of_clusters
        .into_iter()
        .filter_map(|it| it.db_cluster_parameter_group_name);
    let mut found = labelled("RDS instance", instances, prefix);
    found.extend(labelled("RDS cluster", clusters, prefix));
    found.extend(labelled("parameter group", groups, prefix));
    found.extend(labelled("cluster parameter group", of_clusters, prefix));
    Ok(found)
}
