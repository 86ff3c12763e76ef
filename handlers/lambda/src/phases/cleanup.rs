//! Phase 6 in AWS: deletions. Each proves first that the resource is this restore's: by our prefix, by our tag, and
//! it is never the source.

use aws_sdk_rds::error::{ProvideErrorMetadata, SdkError};
use tenant_restore_core::error::ErrorKind;
use tenant_restore_core::naming::RestoreId;

use crate::engine::Engine;
use crate::fault::{Fault, fault};

/// Codes that say that something isn't there.
const GONE: [&str; 6] = [
    "DBInstanceNotFound",
    "DBClusterNotFound",
    "DBParameterGroupNotFound",
    "DBClusterParameterGroupNotFound",
    "ResourceNotFound",
    "ResourceNotFoundException",
];

/// A deletion of something that is gone, or on its way, has succeeded.
pub(super) fn done<T, E: ProvideErrorMetadata>(
    doing: &str,
    answer: Result<T, SdkError<E>>,
) -> Result<(), Fault> {
    match answer.map_err(fault(doing)) {
        Err(fault) if !fault.is(&GONE) => Err(fault),
        _ => Ok(()),
    }
}

impl Engine {
    pub(super) fn refuse_foreign(&self, id: &RestoreId, name: &str) -> Result<(), Fault> {
        let ours = self.config.setting.deployment.restore_of(name).as_ref() == Some(id);
        if ours && name != self.config.default_source {
            return Ok(());
        }
        Err(foreign(name))
    }

    /// Deletes the temporary DB instance.
    pub async fn delete_database(&self, id: &RestoreId, name: &str) -> Result<(), Fault> {
        self.refuse_foreign(id, name)?;
        let Some(database) = self.describe_database(name).await? else {
            return Ok(());
        };
        let tags = database
            .tag_list()
            .iter()
            .filter_map(|tag| Some((tag.key()?, tag.value()?)));
        if !self.is_ours(id, name, tags) {
            return Err(foreign(name));
        }
        let request = self
            .clients
            .rds
            .delete_db_instance()
            .db_instance_identifier(name);
        let request = request
            .skip_final_snapshot(true)
            .delete_automated_backups(true);
        done(
            &format!("delete the DB instance {name}"),
            request.send().await,
        )
    }

    /// Deletes a secret at once.
    pub async fn delete_secret(&self, id: &RestoreId, name: &str) -> Result<(), Fault> {
        self.refuse_foreign(id, name)?;
        let described = self
            .clients
            .secretsmanager
            .describe_secret()
            .secret_id(name)
            .send()
            .await;
        let described = match described.map_err(fault(&format!("describe the secret {name}"))) {
            Ok(described) => described,
            Err(fault) if fault.is(&GONE) => return Ok(()),
            Err(fault) => return Err(fault),
        };
        let tags = described
            .tags()
            .iter()
            .filter_map(|tag| Some((tag.key()?, tag.value()?)));
        if !self.is_ours(id, name, tags) {
            return Err(foreign(name));
        }
        let request = self
            .clients
            .secretsmanager
            .delete_secret()
            .secret_id(name)
            .force_delete_without_recovery(true);
        done(&format!("delete the secret {name}"), request.send().await)
    }

    async fn refuse_foreign_dms(&self, id: &RestoreId, name: &str, arn: &str) -> Result<(), Fault> {
        self.refuse_foreign(id, name)?;
        if self.dms_resource_is_ours(id, name, arn).await? {
            Ok(())
        } else {
            Err(foreign(name))
        }
    }

    /// Stops a running DMS task.
    pub async fn stop_replication_task(&self, name: &str) -> Result<(), Fault> {
        let Some(arn) = self.replication_task_arn(name).await? else {
            return Ok(());
        };
        let request = self
            .clients
            .databasemigration
            .stop_replication_task()
            .replication_task_arn(arn);
        done(&format!("stop the DMS task {name}"), request.send().await)
    }

    /// Deletes a DMS task.
    pub async fn delete_replication_task(&self, id: &RestoreId, name: &str) -> Result<(), Fault> {
        let Some(arn) = self.replication_task_arn(name).await? else {
            return Ok(());
        };
        self.refuse_foreign_dms(id, name, &arn).await?;
        let request = self
            .clients
            .databasemigration
            .delete_replication_task()
            .replication_task_arn(arn);
        done(&format!("delete the DMS task {name}"), request.send().await)
    }

    /// Deletes an endpoint.
    pub async fn delete_endpoint(&self, id: &RestoreId, name: &str) -> Result<(), Fault> {
        let Some((arn, _)) = self.endpoint(name).await? else {
            return Ok(());
        };
        self.refuse_foreign_dms(id, name, &arn).await?;
        let request = self
            .clients
            .databasemigration
            .delete_endpoint()
            .endpoint_arn(arn);
        done(&format!("delete the endpoint {name}"), request.send().await)
    }

    /// Deletes the replication instance.
    pub async fn delete_replication_instance(
        &self,
        id: &RestoreId,
        name: &str,
    ) -> Result<(), Fault> {
        let Some(arn) = self.replication_instance_arn(name).await? else {
            return Ok(());
        };
        self.refuse_foreign_dms(id, name, &arn).await?;
        let request = self
            .clients
            .databasemigration
            .delete_replication_instance()
            .replication_instance_arn(arn);
        done(
            &format!("delete the replication instance {name}"),
            request.send().await,
        )
    }
}

/// The refusal to delete something.
pub fn foreign(name: &str) -> Fault {
    Fault::new(
        ErrorKind::NameCollision,
        format!("{name} is not this restore's and is left alone"),
    )
}
