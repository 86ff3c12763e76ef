//! The quotas of the account that a restore takes from, as RDS and DMS tell them (their API references,
//! DescribeAccountAttributes). DMS documents no quota of tasks there, and ECS tells its quotas to Service Quotas alone.

use aws_sdk_rds::types::DbInstance;
use tenant_restore_core::sight::Quota;

use crate::engine::Engine;
use crate::fault::{Fault, fault};

/// GiB of a replication instance for which none are asked for (DMS user guide, "Choosing the right replication instance").
fn storage_of_class(class: &str) -> u64 {
    if class.starts_with("dms.t") { 50 } else { 100 }
}

/// A restore has a source and a target endpoint.
const ENDPOINTS: u64 = 2;

/// What a temporary database takes.
struct Wanted {
    instances: u64,
    clusters: u64,
    /// GiB; Aurora's volumes don't count.
    storage: u64,
}

impl Wanted {
    /// A copy is made of what its source has. None is shown of a cluster that is named itself, and of what was deleted.
    fn like(source: Option<&DbInstance>, cluster: bool) -> Self {
        let storage = source.and_then(DbInstance::allocated_storage);
        Self {
            instances: 1,
            clusters: u64::from(cluster),
            storage: match storage {
                Some(gib) if !cluster => u64::from(gib.unsigned_abs()),
                _ => 0,
            },
        }
    }

    /// What is taken of a quota of RDS, and what that counts.
    fn of_rds(&self, name: &str) -> Option<(&'static str, u64)> {
        Some(match name {
            "DBInstances" => ("RDS DB instances", self.instances),
            "DBParameterGroups" => ("RDS DB parameter groups", self.instances),
            "DBClusters" => ("RDS DB clusters", self.clusters),
            "DBClusterParameterGroups" => ("RDS DB cluster parameter groups", self.clusters),
            "AllocatedStorage" => ("GiB of RDS storage", self.storage),
            _ => return None,
        })
    }
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
    /// What is used of the quotas that a copy of this source needs, with DMS or without.
    ///
    /// # Errors
    /// What RDS or DMS answers.
    pub(super) async fn quotas(
        &self,
        source: Option<&DbInstance>,
        cluster: bool,
    ) -> Result<Vec<Quota>, Fault> {
        let wanted = Wanted::like(source, cluster);
        let class = &self.config.replication.instance_class;
        let of_rds = self.clients.rds.describe_account_attributes().send();
        let of_dms_too = self
            .clients
            .databasemigration
            .describe_account_attributes()
            .send();
        let (rds, dms) = tokio::join!(of_rds, of_dms_too);
        let rds = rds.map_err(fault("describe the quotas of RDS"))?;
        let dms = dms.map_err(fault("describe the quotas of DMS"))?;
        let rds = rds.account_quotas().iter().filter_map(|told| {
            let taken = wanted.of_rds(told.account_quota_name()?)?;
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
    fn an_instance_takes_its_sources_storage_and_no_cluster() {
        let source = DbInstance::builder().allocated_storage(200).build();
        let wanted = Wanted::like(Some(&source), false);
        assert_eq!(
            wanted.of_rds("AllocatedStorage"),
            Some(("GiB of RDS storage", 200))
        );
        assert_eq!(wanted.of_rds("DBClusters"), Some(("RDS DB clusters", 0)));
        assert_eq!(wanted.of_rds("ManualSnapshots"), None);
    }

    #[test]
    fn a_cluster_takes_an_instance_too_but_no_storage_of_the_account() {
        let wanted = Wanted::like(None, true);
        assert_eq!(wanted.of_rds("DBClusters"), Some(("RDS DB clusters", 1)));
        assert_eq!(wanted.of_rds("DBInstances"), Some(("RDS DB instances", 1)));
        assert_eq!(
            wanted.of_rds("AllocatedStorage"),
            Some(("GiB of RDS storage", 0))
        );
    }

    #[test]
    fn a_quota_of_which_nothing_is_taken_is_not_looked_at() {
        assert_eq!(quota(("RDS DB clusters", 0), Some(40), Some(40)), None);
        let full = quota(("RDS DB clusters", 1), Some(40), Some(40));
        assert_eq!(full.map(|quota| quota.needed), Some(1));
    }
}
