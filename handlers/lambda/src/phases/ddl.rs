//! Phase 3 in AWS: temporary secrets, and the master password of the temporary database.

use aws_sdk_secretsmanager::types::{SecretVersionsListEntry, Tag};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tenant_restore_core::credentials::SecretVersion;
use tenant_restore_core::effect::Learned;
use tenant_restore_core::error::ErrorKind;
use tenant_restore_core::restore::Restore;

use crate::engine::Engine;
use crate::fault::{Fault, fault};

const PASSWORD_LENGTH: usize = 32;

/// Characters that RDS, DMS and connection strings all accept (DMS user guide, "Creating source and target endpoints").
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// What DMS asks of a secret; the port is text in its documentation.
#[derive(Serialize, Deserialize)]
struct Login {
    username: String,
    password: String,
    host: String,
    port: String,
}

impl Engine {
    /// Makes a secret with a generated password. One of the same name that is ours is kept: its password may be in use.
    pub async fn create_secret(
        &self,
        restore: &Restore,
        name: &str,
        username: &str,
        host: &str,
        port: u16,
    ) -> Result<Vec<Learned>, Fault> {
        let login = Login {
            username: username.to_owned(),
            password: password()?,
            host: host.to_owned(),
            port: port.to_string(),
        };
        let text = serde_json::to_string(&login)
            .map_err(|_| Fault::new(ErrorKind::Internal, "encode a secret"))?;
        let tags = self
            .tags(&restore.id, name)
            .map(|(key, value)| Tag::builder().key(key).value(value).build());
        let request = self
            .clients
            .secretsmanager
            .create_secret()
            .name(name)
            .secret_string(text);
        let request = request
            .set_kms_key_id(self.config.kms_key.clone())
            .set_tags(Some(tags.into()));
        match request
            .send()
            .await
            .map_err(fault(&format!("create the secret {name}")))
        {
            Ok(_) => {}
            Err(fault) if fault.is(&["ResourceExistsException"]) => {
                self.own_secret(restore, name).await?
            }
            // Its name is free only once it is gone (Secrets Manager API reference, CreateSecret and DeleteSecret).
            Err(fault) if is_being_deleted(&fault) => {
                return Err(Fault::new(ErrorKind::Busy, fault.cause.message));
            }
            Err(fault) => return Err(fault),
        }
        Ok(vec![Learned::Exists {
            name: name.to_owned(),
        }])
    }

    async fn own_secret(&self, restore: &Restore, name: &str) -> Result<(), Fault> {
        let request = self
            .clients
            .secretsmanager
            .describe_secret()
            .secret_id(name);
        let described = request
            .send()
            .await
            .map_err(fault(&format!("describe the secret {name}")))?;
        let tags = described
            .tags()
            .iter()
            .filter_map(|tag| Some((tag.key()?, tag.value()?)));
        if self.is_ours(&restore.id, name, tags) {
            return Ok(());
        }
        Err(Fault::new(
            ErrorKind::NameCollision,
            format!("a secret {name} exists and isn't this restore's"),
        ))
    }

    /// Whether a secret exists. One that is scheduled for deletion doesn't.
    pub async fn secret_exists(&self, name: &str) -> Result<bool, Fault> {
        let request = self
            .clients
            .secretsmanager
            .describe_secret()
            .secret_id(name);
        match request
            .send()
            .await
            .map_err(fault(&format!("describe the secret {name}")))
        {
            Ok(described) => Ok(described.deleted_date().is_none()),
            Err(fault) if fault.is(&["ResourceNotFoundException"]) => Ok(false),
            Err(fault) => Err(fault),
        }
    }

    /// All versions of a secret, as far as Secrets Manager keeps them: also those that bear no label any more. None of a
    /// secret that was deleted, as RDS does with its own when it deletes the source.
    pub async fn secret_versions(&self, secret: &str) -> Result<Vec<SecretVersion>, Fault> {
        let mut pages = self
            .clients
            .secretsmanager
            .list_secret_version_ids()
            .secret_id(secret)
            .include_deprecated(true)
            .into_paginator()
            .send();
        let mut versions = Vec::new();
        while let Some(page) = pages.next().await {
            let page = match page.map_err(fault(&format!("list the versions of {secret}"))) {
                Ok(page) => page,
                Err(fault) if fault.is(&["ResourceNotFoundException"]) => return Ok(Vec::new()),
                Err(fault) => return Err(fault),
            };
            versions.extend(page.versions().iter().filter_map(version));
        }
        Ok(versions)
    }

    /// Sets the temporary database's master password to the secret's.
    pub async fn reset_password(
        &self,
        database: &str,
        secret: &str,
    ) -> Result<Vec<Learned>, Fault> {
        let request = self
            .clients
            .secretsmanager
            .get_secret_value()
            .secret_id(secret);
        let value = request
            .send()
            .await
            .map_err(fault(&format!("read the secret {secret}")))?;
        let login: Option<Login> =
            serde_json::from_str(value.secret_string().unwrap_or_default()).ok();
        let login = login.ok_or_else(|| {
            Fault::new(
                ErrorKind::Internal,
                format!("the secret {secret} is unreadable"),
            )
        })?;
        let instance = self.describe_database(database).await?;
        let cluster = instance.and_then(|instance| instance.db_cluster_identifier);
        let pending = match cluster {
            Some(cluster) => self.modify_cluster(&cluster, login.password).await?,
            None => self.modify_instance(database, login.password).await?,
        };
        Ok(vec![Learned::PasswordAccepted { pending }])
    }

    /// Whether RDS shows the new password as pending.
    async fn modify_instance(&self, database: &str, password: String) -> Result<bool, Fault> {
        let request = self.clients.rds.modify_db_instance();
        let request = request.db_instance_identifier(database);
        let request = request.apply_immediately(true);
        let answer = request.master_user_password(password).send().await;
        let answer = answer.map_err(fault(&format!("reset the master password of {database}")))?;
        let instance = answer.db_instance();
        Ok(instance.is_some_and(|instance| super::provision::sight(instance).password_pending))
    }

    /// The same for the master of a cluster, whose members have none of their own (RDS API reference, ModifyDBInstance).
    async fn modify_cluster(&self, cluster: &str, password: String) -> Result<bool, Fault> {
        let request = self.clients.rds.modify_db_cluster();
        let request = request.db_cluster_identifier(cluster);
        let request = request.apply_immediately(true);
        let answer = request.master_user_password(password).send().await;
        let answer = answer.map_err(fault(&format!("reset the master password of {cluster}")))?;
        let cluster = answer.db_cluster();
        Ok(cluster.is_some_and(|it| super::clusters::cluster_sight(it).password_pending))
    }
}

fn version(entry: &SecretVersionsListEntry) -> Option<SecretVersion> {
    let created = entry.created_date()?;
    Some(SecretVersion {
        id: entry.version_id()?.to_owned(),
        created: Timestamp::from_nanosecond(created.as_nanos()).ok()?,
    })
}

fn is_being_deleted(fault: &Fault) -> bool {
    fault.is(&["InvalidRequestException"]) && fault.cause.message.contains("scheduled for deletion")
}

fn password() -> Result<String, Fault> {
    let mut bytes = [0_u8; PASSWORD_LENGTH];
    getrandom::fill(&mut bytes)
        .map_err(|error| Fault::new(ErrorKind::Internal, format!("draw a password: {error}")))?;
    Ok(bytes
        .iter()
        .map(|byte| char::from(ALPHABET[usize::from(byte % 64)]))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_has_only_what_dms_accepts_and_is_never_the_same() {
        let (first, second) = (password().unwrap(), password().unwrap());
        assert_ne!(first, second);
        assert_eq!(first.len(), PASSWORD_LENGTH);
        assert!(
            first
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
        );
    }
}
