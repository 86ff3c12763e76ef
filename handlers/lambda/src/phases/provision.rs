//! Phase 2 in AWS: the temporary DB instance.

use aws_sdk_rds::primitives::DateTime;
use aws_sdk_rds::types::{DbInstance, Tag};
use jiff::Timestamp;
use tenant_restore_core::effect::Learned;
use tenant_restore_core::error::ErrorKind;
use tenant_restore_core::restore::Restore;
use tenant_restore_core::sight::DatabaseSight;

use crate::engine::Engine;
use crate::fault::{Fault, fault};

/// What a decision sees of a DB instance.
pub fn sight(database: &DbInstance) -> DatabaseSight {
    let endpoint = database.endpoint().and_then(|endpoint| {
        let port = endpoint.port().and_then(|port| u16::try_from(port).ok())?;
        Some((endpoint.address()?.to_owned(), port))
    });
    let pending = database.pending_modified_values();
    DatabaseSight {
        status: database
            .db_instance_status()
            .unwrap_or_default()
            .to_ascii_lowercase(),
        endpoint,
        password_pending: pending.is_some_and(|values| values.master_user_password().is_some()),
    }
}

impl Engine {
    /// Looks at a DB instance.
    pub async fn describe_database(&self, name: &str) -> Result<Option<DbInstance>, Fault> {
        let request = self
            .clients
            .rds
            .describe_db_instances()
            .db_instance_identifier(name);
        match request
            .send()
            .await
            .map_err(fault(&format!("describe the DB instance {name}")))
        {
            Ok(answer) => Ok(answer.db_instances.unwrap_or_default().into_iter().next()),
            Err(fault) if fault.is(&["DBInstanceNotFound"]) => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    /// Restores the source to a point in time. What isn't given here would be the default of RDS: another parameter
    /// group and security group, and the source's tags (RDS user guide, "Restoring a DB instance to a specified time").
    pub async fn restore_database(
        &self,
        restore: &Restore,
        name: &str,
        source: &str,
        restore_time: Timestamp,
        parameter_group: Option<&str>,
    ) -> Result<Vec<Learned>, Fault> {
        let tags = self
            .tags(&restore.id, name)
            .map(|(key, value)| Tag::builder().key(key).value(value).build());
        let request = self
            .clients
            .rds
            .restore_db_instance_to_point_in_time()
            .source_db_instance_identifier(source)
            .target_db_instance_identifier(name)
            .restore_time(DateTime::from_secs(restore_time.as_second()))
            .db_subnet_group_name(&self.config.databases.subnet_group)
            .set_vpc_security_group_ids(Some(self.config.databases.security_groups.clone()))
            .set_db_parameter_group_name(parameter_group.map(str::to_owned))
            .publicly_accessible(false)
            .multi_az(false)
            .deletion_protection(false)
            .auto_minor_version_upgrade(false)
            // Without backups it is available sooner, and leaves none behind.
            .backup_retention_period(0)
            .set_tags(Some(tags.into()));
        match request
            .send()
            .await
            .map_err(fault(&format!("restore {source} as {name}")))
        {
            Ok(_) => Ok(Vec::new()),
            Err(fault) if fault.is(&["DBInstanceAlreadyExists"]) => {
                self.own_database(restore, name).await
            }
            Err(fault) => Err(fault),
        }
    }

    async fn own_database(&self, restore: &Restore, name: &str) -> Result<Vec<Learned>, Fault> {
        // An identifier that exists but isn't shown yet: look again later.
        let Some(database) = self.describe_database(name).await? else {
            return Err(Fault::new(
                ErrorKind::Busy,
                format!("{name} exists, but isn't shown yet"),
            ));
        };
        let tags = database
            .tag_list()
            .iter()
            .filter_map(|tag| Some((tag.key()?, tag.value()?)));
        if self.is_ours(&restore.id, name, tags) {
            return Ok(vec![Learned::Exists {
                name: name.to_owned(),
            }]);
        }
        Err(Fault::new(
            ErrorKind::NameCollision,
            format!("a DB instance {name} exists and isn't this restore's"),
        ))
    }
}
