//! Fresh base backups from time to time, so that a restore finds little log to replay.
//!
//! RDS takes its backups once a day, in a window in which the instance is `backing-up`. The local ones come often and
//! change neither the status nor the restore window, so they are not told.

use std::sync::{Arc, Weak};
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::sleep;

use crate::fleet::Fleet;
use crate::postgres::{Cluster, ClusterError};
use crate::record::{Backup, Origin, State};
use crate::status::Status;

/// How many of the newest backups are kept besides the first, which begins the restore window.
const KEPT: usize = 3;

/// Backs the cluster up at the configured interval for as long as it is the instance's.
pub fn start(fleet: &Arc<Fleet>, identifier: &str, cluster: &Arc<Cluster>) {
    let (fleet, identifier, cluster) = (
        Arc::clone(fleet),
        identifier.to_owned(),
        Arc::downgrade(cluster),
    );
    tokio::spawn(run(fleet, identifier, cluster));
}

async fn run(fleet: Arc<Fleet>, identifier: String, cluster: Weak<Cluster>) {
    loop {
        sleep(Duration::from_millis(fleet.config.backup_every_ms)).await;
        let Some(cluster) = cluster.upgrade() else {
            return;
        };
        let ours = |kept| Arc::ptr_eq(&kept, &cluster);
        if !fleet.cluster(&identifier).is_some_and(ours) {
            return;
        }
        if let Err(error) = back_up(&fleet, &identifier, &cluster).await {
            tracing::warn!(instance = identifier, %error, "a further backup failed: restores start from an older one");
        }
    }
}

async fn back_up(fleet: &Fleet, identifier: &str, cluster: &Cluster) -> Result<(), ClusterError> {
    let name = Timestamp::now().as_millisecond().to_string();
    let ended_at = cluster.back_up(&name).await?;
    let stale = fleet
        .change(|state| {
            let busy = is_being_restored_from(state, identifier);
            let Some(one) = state.instances.get_mut(identifier) else {
                return Vec::new();
            };
            one.backups.push(Backup { name, ended_at });
            if busy {
                Vec::new()
            } else {
                take_stale(&mut one.backups)
            }
        })
        .await;
    for backup in stale {
        cluster.remove_backup(&backup.name).await?;
    }
    Ok(())
}

/// Whether a restore may be copying one of the instance's backups.
fn is_being_restored_from(state: &State, identifier: &str) -> bool {
    state.instances.values().any(|one| {
        let from_it =
            matches!(&one.origin, Origin::PointInTime { source, .. } if source == identifier);
        from_it && one.status == Status::Creating
    })
}

/// Takes out the backups between the first and the newest ones.
fn take_stale(backups: &mut Vec<Backup>) -> Vec<Backup> {
    let end = backups.len().saturating_sub(KEPT);
    if end <= 1 {
        return Vec::new();
    }
    backups.drain(1..end).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_backup_and_the_newest_ones_stay() {
        let backup = |n: i64| Backup {
            name: n.to_string(),
            ended_at: Timestamp::from_second(n).unwrap(),
        };
        let mut backups: Vec<Backup> = (0..6).map(backup).collect();
        let stale: Vec<String> = take_stale(&mut backups)
            .into_iter()
            .map(|one| one.name)
            .collect();
        assert_eq!(stale, ["1", "2"]);
        let kept: Vec<&str> = backups.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(kept, ["0", "3", "4", "5"]);
        assert!(take_stale(&mut backups).is_empty());
    }
}
