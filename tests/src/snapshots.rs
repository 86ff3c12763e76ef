//! Snapshots of instances and clusters, taken as an operator takes them.

use std::time::Duration;

use jiff::Timestamp;

use crate::cloud::Cloud;
use crate::error::{Context, Error, Result};
use crate::production::Production;
use crate::wait;

const TAKEN_WITHIN: Duration = Duration::from_secs(60);

/// A snapshot that can be restored.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// When it was taken.
    pub taken_at: Timestamp,
}

impl Production {
    /// Takes a snapshot and waits until it is available.
    ///
    /// # Errors
    /// What RDS answers, or that it takes more than a minute.
    pub async fn snapshot(&self, name: &str) -> Result<Snapshot> {
        let rds = &self.cloud().rds;
        let doing = format!("take the snapshot {name}");
        if self.kind.is_cluster() {
            let request = rds.create_db_cluster_snapshot();
            let request = request.db_cluster_identifier(&self.identifier);
            let request = request.db_cluster_snapshot_identifier(name);
            request.send().await.context(doing.clone())?;
        } else {
            let request = rds.create_db_snapshot();
            let request = request.db_instance_identifier(&self.identifier);
            let request = request.db_snapshot_identifier(name);
            request.send().await.context(doing.clone())?;
        }
        wait::until(&doing, TAKEN_WITHIN, async || {
            if self.kind.is_cluster() {
                taken_of_cluster(self.cloud(), name).await
            } else {
                taken_of_instance(self.cloud(), name).await
            }
        })
        .await
    }
}

async fn taken_of_instance(cloud: &Cloud, name: &str) -> Result<Option<Snapshot>> {
    let request = cloud.rds.describe_db_snapshots();
    let answer = request.db_snapshot_identifier(name).send().await;
    let answer = answer.context(format!("describe the snapshot {name}"))?;
    let snapshots = answer.db_snapshots.unwrap_or_default().into_iter();
    let taken = snapshots
        .filter(|it| it.status() == Some("available"))
        .find_map(|it| Some((it.db_snapshot_arn?, it.snapshot_create_time?.secs())));
    taken
        .map(|(arn, seconds)| taken_at(name, arn, seconds))
        .transpose()
}

async fn taken_of_cluster(cloud: &Cloud, name: &str) -> Result<Option<Snapshot>> {
    let request = cloud.rds.describe_db_cluster_snapshots();
    let answer = request.db_cluster_snapshot_identifier(name).send().await;
    let answer = answer.context(format!("describe the cluster snapshot {name}"))?;
    let snapshots = answer.db_cluster_snapshots.unwrap_or_default().into_iter();
    let taken = snapshots
        .filter(|it| it.status() == Some("available"))
        .find_map(|it| Some((it.db_cluster_snapshot_arn?, it.snapshot_create_time?.secs())));
    taken
        .map(|(arn, seconds)| taken_at(name, arn, seconds))
        .transpose()
}

fn taken_at(name: &str, arn: String, seconds: i64) -> Result<Snapshot> {
    let taken_at = Timestamp::from_second(seconds);
    let problem = |error| Error::new(format!("read the time of the snapshot {name}: {error}"));
    Ok(Snapshot {
        name: name.to_owned(),
        arn,
        taken_at: taken_at.map_err(problem)?,
    })
}
