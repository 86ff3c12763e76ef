//! Automated backups that RDS retains of an instance or cluster after its deletion.

use aws_sdk_rds::types::RestoreWindow;
use tenant_restore_core::sight::{RetainedBackup, RetainedOf, SourceSight, Window};
use tenant_restore_core::source_kind::Storage;

use super::{gigabytes, text, timestamp};
use crate::engine::Engine;
use crate::fault::{Fault, fault};

const RETAINED: Option<&str> = Some("retained");

impl Engine {
    /// The latest retained backup of what had this name.
    pub(super) async fn retained_backup(&self, name: &str) -> Result<SourceSight, Fault> {
        let found = match self.retained_of_instance(name).await? {
            None => self.retained_of_cluster(name).await?,
            found => found,
        };
        Ok(found.map_or(SourceSight::Unknown, |backup| {
            SourceSight::Retained(Box::new(backup))
        }))
    }

    async fn retained_of_instance(&self, name: &str) -> Result<Option<RetainedBackup>, Fault> {
        let request = self.clients.rds.describe_db_instance_automated_backups();
        let answer = request.db_instance_identifier(name).send().await;
        let answer = match answer.map_err(fault("describe retained backups")) {
            Err(fault) if fault.is(&["DBInstanceAutomatedBackupNotFound"]) => return Ok(None),
            answer => answer?,
        };
        let backups = answer.db_instance_automated_backups.unwrap_or_default();
        let retained = backups.into_iter().filter(|it| it.status() == RETAINED);
        let Some(backup) = retained.max_by_key(|backup| window(backup.restore_window()).latest)
        else {
            return Ok(None);
        };
        Ok(Some(RetainedBackup {
            of: RetainedOf::Instance,
            resource_id: text(backup.dbi_resource_id()),
            engine: text(backup.engine()),
            engine_version: text(backup.engine_version()),
            storage: Storage {
                storage_type: text(backup.storage_type()),
                iops: backup.iops(),
            },
            gigabytes: backup.allocated_storage().and_then(gigabytes),
            master_username: text(backup.master_username()),
            secret: self.secret_of_retained(name, backup.tag_list()).await?,
            window: window(backup.restore_window()),
        }))
    }

    async fn retained_of_cluster(&self, name: &str) -> Result<Option<RetainedBackup>, Fault> {
        let request = self.clients.rds.describe_db_cluster_automated_backups();
        let answer = request.db_cluster_identifier(name).send().await;
        let answer = match answer.map_err(fault("describe retained cluster backups")) {
            Err(fault) if fault.is(&["DBClusterAutomatedBackupNotFound"]) => return Ok(None),
            answer => answer?,
        };
        let backups = answer.db_cluster_automated_backups.unwrap_or_default();
        let retained = backups.into_iter().filter(|it| it.status() == RETAINED);
        let Some(backup) = retained.max_by_key(|backup| window(backup.restore_window()).latest)
        else {
            return Ok(None);
        };
        let engine_mode = text(backup.engine_mode());
        Ok(Some(RetainedBackup {
            of: RetainedOf::Cluster { engine_mode },
            resource_id: text(backup.db_cluster_resource_id()),
            engine: text(backup.engine()),
            engine_version: text(backup.engine_version()),
            storage: Storage {
                storage_type: text(backup.storage_type()),
                iops: backup.iops(),
            },
            gigabytes: None,
            master_username: text(backup.master_username()),
            secret: self.secret_of_retained(name, backup.tag_list()).await?,
            window: window(backup.restore_window()),
        }))
    }
}

fn window(shown: Option<&RestoreWindow>) -> Window {
    Window {
        earliest: shown.and_then(|it| it.earliest_time().and_then(timestamp)),
        latest: shown.and_then(|it| it.latest_time().and_then(timestamp)),
    }
}
