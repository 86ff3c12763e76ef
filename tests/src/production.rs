//! The production instance: created, opened to restores, connected to.

use std::path::PathBuf;
use std::time::Duration;

use aws_sdk_rds::types::{DbInstance, Tag};
use jiff::Timestamp;

use crate::cloud::{Cloud, DEPLOYMENT};
use crate::database::{Database, Login};
use crate::error::{Context, Error, Result};
use crate::wait;

const MASTER: &str = "master";
const AVAILABLE_WITHIN: Duration = Duration::from_secs(120);
const RESTORABLE_WITHIN: Duration = Duration::from_secs(60);

/// A running instance that restores may be asked of.
#[derive(Debug, Clone)]
pub struct Production {
    /// DB instance identifier.
    pub identifier: String,
    /// Its address and master user.
    pub login: Login,
    /// Name of the secret with the master's credentials.
    pub secret: String,
    ca: PathBuf,
    cloud: Cloud,
}

impl Production {
    /// Creates an instance and its secret, opts it in by the tag `tenant-restore:secret`, and waits until it is
    /// available.
    ///
    /// # Errors
    /// What RDS or Secrets Manager answers, or that it takes more than two minutes.
    pub async fn create(cloud: &Cloud, identifier: &str) -> Result<Self> {
        let password = new_password(cloud).await?;
        let secret = secret_of(identifier);
        keep_secret(cloud, &secret, &password).await?;
        cloud
            .rds
            .create_db_instance()
            .db_instance_identifier(identifier)
            .engine("postgres")
            .db_instance_class("db.t4g.micro")
            .allocated_storage(20)
            .master_username(MASTER)
            .master_user_password(&password)
            .backup_retention_period(1)
            .tags(
                Tag::builder()
                    .key("tenant-restore:secret")
                    .value(&secret)
                    .build(),
            )
            .send()
            .await
            .context(format!("create the instance {identifier}"))?;
        let (host, port) = wait::until(
            &format!("the instance {identifier}"),
            AVAILABLE_WITHIN,
            async || {
                let instance = describe(cloud, identifier).await?;
                Ok(address_when_available(&instance))
            },
        )
        .await?;
        let login = Login {
            host,
            port,
            user: MASTER.to_owned(),
            password,
        };
        Ok(Self {
            identifier: identifier.to_owned(),
            login,
            secret,
            ca: cloud.home.join("ca.pem"),
            cloud: cloud.clone(),
        })
    }

    /// Connects to a database of it as the master user.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn connect(&self, database: &str) -> Result<Database> {
        Database::connect(&self.login, database, &self.ca).await
    }

    /// Waits until `point` lies inside the restore window.
    ///
    /// # Errors
    /// When `LatestRestorableTime` does not pass it within a minute.
    pub async fn wait_until_restorable(&self, point: Timestamp) -> Result<()> {
        wait::until(
            &format!("a LatestRestorableTime after {point}"),
            RESTORABLE_WITHIN,
            async || {
                let instance = describe(&self.cloud, &self.identifier).await?;
                let latest = instance
                    .latest_restorable_time()
                    .map(aws_sdk_rds::primitives::DateTime::secs);
                Ok(latest
                    .filter(|latest| *latest > point.as_second())
                    .map(|_| ()))
            },
        )
        .await
    }

    /// Deletes the instance and its secret; returns when RDS has begun.
    ///
    /// # Errors
    /// What RDS or Secrets Manager answers.
    pub async fn delete(self) -> Result<()> {
        delete(&self.cloud, &self.identifier).await
    }
}

/// Deletes an instance made by [`Production::create`] and its secret; returns when RDS has begun.
///
/// # Errors
/// What RDS or Secrets Manager answers.
pub async fn delete(cloud: &Cloud, identifier: &str) -> Result<()> {
    let delete = cloud
        .rds
        .delete_db_instance()
        .db_instance_identifier(identifier)
        .skip_final_snapshot(true);
    delete
        .send()
        .await
        .context(format!("delete the instance {identifier}"))?;
    let secret = secret_of(identifier);
    let forget = cloud
        .secrets
        .delete_secret()
        .secret_id(&secret)
        .force_delete_without_recovery(true);
    forget
        .send()
        .await
        .context(format!("delete the secret {secret}"))?;
    Ok(())
}

/// Identifiers of the instances whose name begins with `prefix`, those that are being deleted left out.
///
/// # Errors
/// What RDS answers.
pub async fn list(cloud: &Cloud, prefix: &str) -> Result<Vec<String>> {
    let instances = cloud
        .rds
        .describe_db_instances()
        .into_paginator()
        .items()
        .send();
    let instances = instances
        .collect::<Result<Vec<_>, _>>()
        .await
        .context("list the instances")?;
    let staying = instances
        .into_iter()
        .filter(|instance| instance.db_instance_status() != Some("deleting"));
    let names = staying.filter_map(|instance| instance.db_instance_identifier);
    Ok(names.filter(|name| name.starts_with(prefix)).collect())
}

fn secret_of(identifier: &str) -> String {
    format!("{identifier}-master")
}

async fn new_password(cloud: &Cloud) -> Result<String> {
    let request = cloud
        .secrets
        .get_random_password()
        .password_length(24)
        .exclude_punctuation(true);
    let answer = request.send().await.context("make a master password")?;
    answer.random_password.context("make a master password")
}

/// A secret that is not managed by RDS must itself carry the deployment's tag.
async fn keep_secret(cloud: &Cloud, name: &str, password: &str) -> Result<()> {
    let credentials = serde_json::json!({ "username": MASTER, "password": password });
    let tag = aws_sdk_secretsmanager::types::Tag::builder()
        .key("tenant-restore:deployment")
        .value(DEPLOYMENT)
        .build();
    let create = cloud
        .secrets
        .create_secret()
        .name(name)
        .secret_string(credentials.to_string())
        .tags(tag);
    create
        .send()
        .await
        .context(format!("create the secret {name}"))?;
    Ok(())
}

async fn describe(cloud: &Cloud, identifier: &str) -> Result<DbInstance> {
    let doing = || format!("describe the instance {identifier}");
    let answer = cloud
        .rds
        .describe_db_instances()
        .db_instance_identifier(identifier)
        .send()
        .await
        .context(doing())?;
    let mut instances = answer.db_instances.unwrap_or_default();
    instances
        .pop()
        .ok_or_else(|| Error::new(doing() + ": the answer is empty"))
}

fn address_when_available(instance: &DbInstance) -> Option<(String, u16)> {
    if instance.db_instance_status() != Some("available") {
        return None;
    }
    let endpoint = instance.endpoint()?;
    Some((
        endpoint.address()?.to_owned(),
        u16::try_from(endpoint.port()?).ok()?,
    ))
}
