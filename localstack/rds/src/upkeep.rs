//! Fresh base backups from time to time, so that a restore finds little log to replay.
//!
//! RDS takes its backups once a day, in a window in which the instance is `backing-up`. The local ones come often and
//! change neither the status nor the restore window, so they are not told.

use std::sync::{Arc, Weak};
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::sleep;

use crate::fleet::Fleet;
use crate::postgres::{Server, ServerError};
use crate::record::{Backup, Holder, Origin, State};

/// How many of the newest backups are kept besides the first, which begins the restore window.
const KEPT: usize = 3;

/// Backs the server up at the configured interval for as long as it is the holder's.
pub fn start(fleet: &Arc<Fleet>, holder: &Holder, server: &Arc<Server>) {
    fleet.start_work(run(
        Arc::clone(fleet),
        holder.clone(),
        Arc::downgrade(server),
    ));
}

async fn run(fleet: Arc<Fleet>, holder: Holder, server: Weak<Server>) {
    loop {
        sleep(Duration::from_millis(fleet.config.backup_every_ms)).await;
        let Some(server) = server.upgrade() else {
            return;
        };
        let ours = |kept| Arc::ptr_eq(&kept, &server);
        if !fleet.server(&holder).is_some_and(ours) {
            return;
        }
        if let Err(error) = back_up(&fleet, &holder, &server).await {
            tracing::warn!(%holder, %error, "a further backup failed: restores start from an older one");
        }
    }
}

async fn back_up(fleet: &Fleet, holder: &Holder, server: &Server) -> Result<(), ServerError> {
    let name = Timestamp::now().as_millisecond().to_string();
    let ended_at = server.back_up(&name).await?;
    let stale = fleet
        .change(|state| add(state, holder, Backup { name, ended_at }))
        .await;
    for backup in stale {
        server.remove_backup(&backup.name).await?;
    }
    Ok(())
}

/// Adds a backup and takes out those that it makes superfluous, unless one of them may just be copied.
fn add(state: &mut State, holder: &Holder, backup: Backup) -> Vec<Backup> {
    let Some((resource_id, _)) = state.backups_of(holder) else {
        return Vec::new();
    };
    let resource_id = resource_id.to_owned();
    let busy = state.is_restoring(|origin: &Origin| origin.reads_backups_of(&resource_id));
    let Some((_, backups)) = state.backups_of(holder) else {
        return Vec::new();
    };
    backups.push(backup);
    if busy {
        Vec::new()
    } else {
        take_stale(backups)
    }
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
