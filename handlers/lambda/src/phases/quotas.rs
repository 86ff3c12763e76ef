//! The quotas of the account that a restore takes from, as RDS and DMS tell them (their API references,
//! DescribeAccountAttributes). DMS documents no quota of tasks there, and ECS tells its quotas to Service Quotas alone.

use tenant_restore_core::sight::Quota;

use super::copied::Copied;
use crate::engine::Engine;
use crate::fault::{Fault, fault};

/// GiB of a replication instance for which none are asked for (DMS user guide, "Choosing the right replication instance").
fn storage_of_class(class: &str) -> u64 {
    if class.starts_with("dms.t") { 50 } else { 100 }
}

/// A restore has a source and a target endpoint.
const ENDPOINTS: u64 = 2;

/// What a temporary database takes of a quota of RDS, and what that counts.
fn of_rds(name: &str, copy: &Copied) -> Option<(&'static str, u64)> {
    Some(match name {
        "DBInstances" => ("RDS DB instances", 1),
        "DBParameterGroups" => ("RDS DB parameter groups", 1),
        "DBClusters" => ("RDS DB clusters", copy.clusters()),
        "DBClusterParameterGroups" => ("RDS DB cluster parameter groups", copy.clusters()),
        "AllocatedStorage" => ("GiB of RDS storage", copy.storage()),
        _ => return None,
    })
}

/// What is taken of a quota of DMS, and what that counts.
fn of_dms(name: &str, class: &str) -> Option<(&'static str, u64)> {
    Some(match name {
        "ReplicationInstances" => ("DMS replication instances", 1),
        "Endpoints" => ("DMS endpoints", ENDPOINTS),
        "AllocatedStorage" => ("DMS storage in GiB", storage_of_class(class)),
        _ => return None,
    })
}

/// A quota of which something is taken.
fn quota((name, needed): (&str, u64), used: Option<i64>, most: Option<i64>) -> Option<Quota> {
    (needed > 0).then_some(())?;
    Some(Quota {
        name: name.to_owned(),
        used: used?.unsigned_abs(),
        most: most?.unsigned_abs(),
        needed,
    })
}

impl Engine {
    /// What is used of the quotas that this copy needs, with DMS or without.
    ///
    /// # Errors
    /// What RDS or DMS answers.
    pub(super) async fn quotas(&self, copy: &Copied) -> Result<Vec<Quota>, Fault> {
        let class = &self.config.replication.instance_class;
        let rds = self.clients.rds.describe_account_attributes().send();
        let dms = self
            .clients
            .databasemigration
            .describe_account_attributes()
            .send();
        let (rds, dms) = tokio::join!(rds, dms);
        let rds = rds.map_err(fault("describe the quotas of RDS"))?;
        let dms = dms.map_err(fault("describe the quotas of DMS"))?;
        let rds = rds.account_quotas().iter().filter_map(|told| {
            let taken = of_rds(told.account_quota_name()?, copy)?;
            quota(taken, told.used(), told.max())
        });
        let dms = dms.account_quotas().iter().filter_map(|told| {
            let taken = of_dms(told.account_quota_name()?, class)?;
            quota(taken, Some(told.used()), Some(told.max()))
        });
        Ok(rds.chain(dms).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instance_takes_its_storage_and_a_cluster_an_instance_too() {
        let instance = Copied::Instance {
            class: None,
            storage_type: None,
            gigabytes: Some(200),
        };
        let storage = of_rds("AllocatedStorage", &instance);
        assert_eq!(storage, Some(("GiB of RDS storage", 200)));
        let clusters = of_rds("DBClusters", &instance);
        assert_eq!(clusters, Some(("RDS DB clusters", 0)));
        assert_eq!(of_rds("ManualSnapshots", &instance), None);
        let cluster = Copied::Cluster { writer: None };
        let taken = |name: &str| of_rds(name, &cluster).map(|(_, taken)| taken);
        let names = ["DBClusters", "DBInstances", "AllocatedStorage"];
        assert_eq!(names.map(taken), [Some(1), Some(1), Some(0)]);
    }

    #[test]
    fn a_quota_of_which_nothing_is_taken_is_not_looked_at() {
        assert_eq!(quota(("RDS DB clusters", 0), Some(40), Some(40)), None);
        let full = quota(("RDS DB clusters", 1), Some(40), Some(40));
        assert_eq!(full.map(|quota| quota.needed), Some(1));
    }
}
