//! The four kinds of sources, and how each is made.

use aws_sdk_rds::types::{ServerlessV2ScalingConfiguration, Tag};

use crate::cloud::Cloud;
use crate::error::{Context, Error, Result};

/// A kind of source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An RDS instance in one zone.
    SingleAz,
    /// An RDS instance with a standby.
    MultiAz,
    /// An Aurora cluster whose writer has a class.
    AuroraProvisioned,
    /// An Aurora cluster whose writer is Serverless v2.
    AuroraServerless,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::SingleAz,
        Self::MultiAz,
        Self::AuroraProvisioned,
        Self::AuroraServerless,
    ];

    /// Its name, also fit for identifiers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SingleAz => "single-az",
            Self::MultiAz => "multi-az",
            Self::AuroraProvisioned => "aurora-provisioned",
            Self::AuroraServerless => "aurora-serverless",
        }
    }

    /// Whether it is a cluster.
    pub fn is_cluster(self) -> bool {
        matches!(self, Self::AuroraProvisioned | Self::AuroraServerless)
    }
}

/// The writer of a cluster that this crate makes.
pub(crate) fn writer_of(cluster: &str) -> String {
    format!("{cluster}-writer")
}

/// Asks RDS for a source of this kind; without a password RDS makes one and keeps it in a secret of its own. An instance
/// gets so much storage in GiB.
pub(crate) async fn create(
    cloud: &Cloud,
    kind: Kind,
    identifier: &str,
    (username, password): (&str, Option<&str>),
    tag: Option<Tag>,
    gib: i32,
) -> Result<()> {
    let doing = || format!("create {identifier}, {}", kind.as_str());
    let tags = tag.map(|tag| vec![tag]);
    let managed = password.is_none().then_some(true);
    if !kind.is_cluster() {
        let request = cloud.rds.create_db_instance();
        let request = request
            .db_instance_identifier(identifier)
            .engine("postgres")
            .db_instance_class("db.t4g.micro")
            .allocated_storage(gib)
            .multi_az(kind == Kind::MultiAz)
            .master_username(username)
            .set_master_user_password(password.map(str::to_owned))
            .set_manage_master_user_password(managed)
            .backup_retention_period(1)
            .set_tags(tags);
        request.send().await.context(doing())?;
        return Ok(());
    }
    let scaling = ServerlessV2ScalingConfiguration::builder();
    let scaling = scaling.min_capacity(0.5).max_capacity(4.0).build();
    let request = cloud.rds.create_db_cluster();
    let request = request
        .db_cluster_identifier(identifier)
        .engine("aurora-postgresql")
        .master_username(username)
        .set_master_user_password(password.map(str::to_owned))
        .set_manage_master_user_password(managed)
        .backup_retention_period(1)
        .set_serverless_v2_scaling_configuration(
            (kind == Kind::AuroraServerless).then_some(scaling),
        )
        .set_tags(tags);
    request.send().await.context(doing())?;
    let class = if kind == Kind::AuroraServerless {
        "db.serverless"
    } else {
        "db.r6g.large"
    };
    let request = cloud.rds.create_db_instance();
    let request = request
        .db_instance_identifier(writer_of(identifier))
        .db_cluster_identifier(identifier)
        .engine("aurora-postgresql")
        .db_instance_class(class);
    request.send().await.context(doing())?;
    Ok(())
}

/// The end of a cluster's restore window, in seconds since 1970.
pub(crate) async fn latest_of_cluster(cloud: &Cloud, identifier: &str) -> Result<Option<i64>> {
    let doing = || format!("describe the cluster {identifier}");
    let request = cloud.rds.describe_db_clusters();
    let answer = request.db_cluster_identifier(identifier).send().await;
    let mut clusters = answer.context(doing())?.db_clusters.unwrap_or_default();
    let cluster = clusters
        .pop()
        .ok_or_else(|| Error::new(doing() + ": the answer is empty"))?;
    Ok(cluster
        .latest_restorable_time()
        .map(aws_sdk_rds::primitives::DateTime::secs))
}

/// Deletes a cluster whose instances are gone.
pub(crate) async fn delete_cluster(cloud: &Cloud, identifier: &str) -> Result<()> {
    let request = cloud.rds.delete_db_cluster();
    let request = request.db_cluster_identifier(identifier);
    let answer = request.skip_final_snapshot(true).send().await;
    answer.context(format!("delete the cluster {identifier}"))?;
    Ok(())
}
