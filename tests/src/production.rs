//! The production instance: created, opened to restores, connected to.

use std::path::PathBuf;
use std::time::Duration;

use aws_sdk_rds::types::{DbInstance, Tag};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::cloud::{Cloud, DEPLOYMENT};
use crate::database::{Database, Login};
use crate::error::{Context, Error, Result};
use crate::kind::{self, Kind};
use crate::wait;

/// Identifier of the deployment's default source.
pub const DEFAULT_SOURCE: &str = "production";

const MASTER: &str = "master";

/// Allocated storage in GiB.
const STORAGE: i32 = 20;

const GONE_WITHIN: Duration = Duration::from_secs(60);
const AVAILABLE_WITHIN: Duration = Duration::from_secs(120);
const ROTATED_WITHIN: Duration = Duration::from_secs(60);
const RESTORABLE_WITHIN: Duration = Duration::from_secs(60);

/// A running instance or cluster that restores may be asked of.
#[derive(Debug, Clone)]
pub struct Production {
    /// Identifier of the DB instance or cluster.
    pub identifier: String,
    /// What it is.
    pub kind: Kind,
    /// Its address and master user.
    pub login: Login,
    /// Name of the secret that was made with it, if it isn't the default source.
    secret: Option<String>,
    ca: PathBuf,
    cloud: Cloud,
}

/// The JSON of a secret with credentials.
#[derive(Serialize, Deserialize)]
struct Credentials {
    username: String,
    password: String,
}

/// The JSON of a secret that CloudFormation has attached to a database.
#[derive(Deserialize)]
struct Attached {
    #[serde(flatten)]
    credentials: Credentials,
    host: String,
    port: u16,
}

impl Credentials {
    fn user(&self) -> (&str, Option<&str>) {
        (&self.username, Some(&self.password))
    }
}

impl Production {
    /// Creates an instance with a secret of its own, opts it in by the tag `tenant-restore:secret`, and waits until it
    /// is available.
    ///
    /// # Errors
    /// What RDS or Secrets Manager answers, or that it takes more than two minutes.
    pub async fn create(cloud: &Cloud, identifier: &str) -> Result<Self> {
        Self::create_of(cloud, identifier, Kind::SingleAz).await
    }

    /// The same of another kind; a cluster gets a writer.
    ///
    /// # Errors
    /// What RDS or Secrets Manager answers, or that it takes more than two minutes.
    pub async fn create_of(cloud: &Cloud, identifier: &str, kind: Kind) -> Result<Self> {
        Self::create_sized(cloud, identifier, kind, STORAGE).await
    }

    /// An instance that is said to have so much storage in GiB.
    ///
    /// # Errors
    /// What RDS or Secrets Manager answers, or that it takes more than two minutes.
    pub async fn create_with_storage(cloud: &Cloud, identifier: &str, gib: i32) -> Result<Self> {
        Self::create_sized(cloud, identifier, Kind::SingleAz, gib).await
    }

    async fn create_sized(cloud: &Cloud, identifier: &str, kind: Kind, gib: i32) -> Result<Self> {
        let secret = format!("{identifier}-master");
        let credentials = new_credentials(cloud, &secret).await?;
        let tag = Tag::builder()
            .key("tenant-restore:secret")
            .value(&secret)
            .build();
        let user = credentials.user();
        let address = launch(cloud, kind, identifier, user, Some(tag), gib).await?;
        let login = login(address, credentials);
        Ok(Self::with(cloud, kind, identifier, login, Some(secret)))
    }

    /// Creates an instance whose master secret RDS manages, opted in by the tag `tenant-restore:secret` = `managed`.
    ///
    /// # Errors
    /// What RDS or Secrets Manager answers, or that it takes more than two minutes.
    pub async fn create_managed(cloud: &Cloud, identifier: &str) -> Result<Self> {
        let tag = Tag::builder().key("tenant-restore:secret").value("managed");
        let (kind, tag) = (Kind::SingleAz, Some(tag.build()));
        let address = launch(cloud, kind, identifier, (MASTER, None), tag, STORAGE).await?;
        let instance = describe(cloud, identifier).await?;
        let credentials = managed_credentials(cloud, &instance).await?.1;
        let login = login(address, credentials);
        Ok(Self::with(cloud, kind, identifier, login, None))
    }

    /// The current version of the secret that RDS manages.
    ///
    /// # Errors
    /// What RDS or Secrets Manager answers, or that there is no such secret.
    pub async fn managed_version(&self) -> Result<String> {
        let instance = describe(&self.cloud, &self.identifier).await?;
        Ok(managed_credentials(&self.cloud, &instance).await?.0)
    }

    /// Has RDS rotate the password that it manages, and waits until that is done.
    ///
    /// # Errors
    /// What RDS or Secrets Manager answers, or that it takes more than a minute.
    pub async fn rotate_managed(&mut self) -> Result<()> {
        let before = self.managed_version().await?;
        let modify = self.cloud.rds.modify_db_instance();
        let modify = modify
            .db_instance_identifier(&self.identifier)
            .rotate_master_user_password(true)
            .apply_immediately(true);
        modify.send().await.context("rotate the managed password")?;
        let credentials = wait::until("the end of the rotation", ROTATED_WITHIN, async || {
            let instance = describe(&self.cloud, &self.identifier).await?;
            let (version, credentials) = managed_credentials(&self.cloud, &instance).await?;
            Ok((version != before).then_some(credentials))
        });
        self.login.password = credentials.await?.password;
        Ok(())
    }

    /// Creates the deployment's default source, with the credentials that its deployment keeps for it, and waits until
    /// it is available. One that is there already is deleted first.
    ///
    /// # Errors
    /// What RDS or Secrets Manager answers, or that it takes more than two minutes.
    pub async fn create_default(cloud: &Cloud) -> Result<Self> {
        remove(cloud, DEFAULT_SOURCE).await?;
        let credentials = default_credentials(cloud).await?;
        let kind = Kind::SingleAz;
        let user = credentials.user();
        let address = launch(cloud, kind, DEFAULT_SOURCE, user, None, STORAGE).await?;
        let login = login(address, credentials);
        Ok(Self::with(cloud, kind, DEFAULT_SOURCE, login, None))
    }

    /// The default source of a deployment that brings its own, with the credentials in its secret.
    ///
    /// # Errors
    /// What RDS or Secrets Manager answers.
    pub async fn of_deployment(
        cloud: &Cloud,
        kind: Kind,
        identifier: &str,
        secret_arn: &str,
    ) -> Result<Self> {
        let doing = || format!("find {identifier}");
        let answer = cloud.secrets.get_secret_value().secret_id(secret_arn);
        let text = answer.send().await.context(doing())?.secret_string;
        let attached: Attached = serde_json::from_str(&text.context(doing())?).context(doing())?;
        let address = (attached.host, attached.port);
        let login = login(address, attached.credentials);
        Ok(Self::with(cloud, kind, identifier, login, None))
    }

    fn with(
        cloud: &Cloud,
        kind: Kind,
        identifier: &str,
        login: Login,
        secret: Option<String>,
    ) -> Self {
        let ca = cloud.home.join("ca.pem");
        Self {
            identifier: identifier.to_owned(),
            kind,
            login,
            secret,
            ca,
            cloud: cloud.clone(),
        }
    }

    /// Name of the secret that was made with it; none of the default source.
    pub fn secret(&self) -> Option<&str> {
        self.secret.as_deref()
    }

    pub(crate) fn cloud(&self) -> &Cloud {
        &self.cloud
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
                Ok(self
                    .latest()
                    .await?
                    .filter(|latest| *latest > point.as_second())
                    .map(|_| ()))
            },
        )
        .await
    }

    async fn latest(&self) -> Result<Option<i64>> {
        if self.kind.is_cluster() {
            return kind::latest_of_cluster(&self.cloud, &self.identifier).await;
        }
        let instance = describe(&self.cloud, &self.identifier).await?;
        Ok(instance
            .latest_restorable_time()
            .map(aws_sdk_rds::primitives::DateTime::secs))
    }

    /// Deletes the instance, or writer and cluster, and the secret that was made with it; returns when RDS has begun.
    ///
    /// # Errors
    /// What RDS or Secrets Manager answers.
    pub async fn delete(self) -> Result<()> {
        if self.kind.is_cluster() {
            remove(&self.cloud, &kind::writer_of(&self.identifier)).await?;
            kind::delete_cluster(&self.cloud, &self.identifier).await?;
        } else {
            delete_instance(&self.cloud, &self.identifier).await?;
        }
        if let Some(secret) = self.secret {
            let forget = self
                .cloud
                .secrets
                .delete_secret()
                .secret_id(&secret)
                .force_delete_without_recovery(true);
            forget
                .send()
                .await
                .context(format!("delete the secret {secret}"))?;
        }
        Ok(())
    }
}

/// Deletes an instance if there is one of that name, and waits until it is gone.
async fn remove(cloud: &Cloud, identifier: &str) -> Result<()> {
    match status(cloud, identifier).await?.as_deref() {
        None => return Ok(()),
        Some("deleting") => {}
        Some(_) => delete_instance(cloud, identifier).await?,
    }
    until_gone(cloud, identifier).await
}

async fn until_gone(cloud: &Cloud, identifier: &str) -> Result<()> {
    wait::until(
        &format!("the end of the instance {identifier}"),
        GONE_WITHIN,
        async || Ok(status(cloud, identifier).await?.is_none().then_some(())),
    )
    .await
}

/// Deletes an instance but not its automated backups, and waits until it is gone.
pub(crate) async fn remove_keeping_backups(cloud: &Cloud, identifier: &str) -> Result<()> {
    let delete = cloud.rds.delete_db_instance();
    let delete = delete.db_instance_identifier(identifier);
    let delete = delete
        .skip_final_snapshot(true)
        .delete_automated_backups(false);
    let doing = format!("delete the instance {identifier}");
    delete.send().await.context(doing)?;
    until_gone(cloud, identifier).await
}

async fn delete_instance(cloud: &Cloud, identifier: &str) -> Result<()> {
    let delete = cloud
        .rds
        .delete_db_instance()
        .db_instance_identifier(identifier)
        .skip_final_snapshot(true);
    delete
        .send()
        .await
        .context(format!("delete the instance {identifier}"))?;
    Ok(())
}

/// The status of an instance; none if there is no such instance.
async fn status(cloud: &Cloud, identifier: &str) -> Result<Option<String>> {
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
    let found = instances
        .into_iter()
        .find(|instance| instance.db_instance_identifier() == Some(identifier));
    Ok(found.and_then(|instance| instance.db_instance_status))
}

/// Creates a source and waits until it can be used; answers its address.
async fn launch(
    cloud: &Cloud,
    kind: Kind,
    identifier: &str,
    user: (&str, Option<&str>),
    tag: Option<Tag>,
    gib: i32,
) -> Result<(String, u16)> {
    kind::create(cloud, kind, identifier, user, tag, gib).await?;
    let instance = if kind.is_cluster() {
        kind::writer_of(identifier)
    } else {
        identifier.to_owned()
    };
    wait::until(
        &format!("the instance {instance}"),
        AVAILABLE_WITHIN,
        async || {
            let instance = describe(cloud, &instance).await?;
            address_when_available(&instance)
        },
    )
    .await
}

fn login((host, port): (String, u16), credentials: Credentials) -> Login {
    Login {
        host,
        port,
        user: credentials.username,
        password: credentials.password,
    }
}

/// The current version of an instance's secret that RDS manages, and what it holds.
async fn managed_credentials(
    cloud: &Cloud,
    instance: &DbInstance,
) -> Result<(String, Credentials)> {
    let doing = "read the secret that RDS manages";
    let secret = instance.master_user_secret();
    let arn = secret
        .and_then(|secret| secret.secret_arn())
        .context(doing)?;
    let request = cloud.secrets.get_secret_value().secret_id(arn);
    let answer = request.send().await.context(doing)?;
    let text = answer.secret_string.context(doing)?;
    let credentials = serde_json::from_str(&text).context(doing)?;
    Ok((answer.version_id.context(doing)?, credentials))
}

/// New credentials, kept in a secret. One that is not managed by RDS must carry the deployment's tag.
async fn new_credentials(cloud: &Cloud, secret: &str) -> Result<Credentials> {
    let request = cloud
        .secrets
        .get_random_password()
        .password_length(24)
        .exclude_punctuation(true);
    let answer = request.send().await.context("make a master password")?;
    let password = answer.random_password.context("make a master password")?;
    let credentials = Credentials {
        username: MASTER.to_owned(),
        password,
    };
    let text = serde_json::to_string(&credentials).context("write the master's credentials")?;
    let tag = aws_sdk_secretsmanager::types::Tag::builder()
        .key("tenant-restore:deployment")
        .value(DEPLOYMENT)
        .build();
    let create = cloud
        .secrets
        .create_secret()
        .name(secret)
        .secret_string(text)
        .tags(tag);
    create
        .send()
        .await
        .context(format!("create the secret {secret}"))?;
    Ok(credentials)
}

/// The credentials that the deployment keeps for its default source.
async fn default_credentials(cloud: &Cloud) -> Result<Credentials> {
    let doing = "read the credentials of the default source";
    let name = format!("{DEPLOYMENT}/{DEFAULT_SOURCE}");
    let answer = cloud
        .secrets
        .get_secret_value()
        .secret_id(name)
        .send()
        .await
        .context(doing)?;
    serde_json::from_str(&answer.secret_string.context(doing)?).context(doing)
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

/// # Errors
/// When the instance got into a status that it never leaves by itself (RDS user guide, "DB instance status").
fn address_when_available(instance: &DbInstance) -> Result<Option<(String, u16)>> {
    let status = instance.db_instance_status().unwrap_or_default();
    if status == "failed" || status.starts_with("incompatible-") || status == "storage-full" {
        return Err(Error::new(format!(
            "the instance {:?} is in status {status}",
            instance.db_instance_identifier()
        )));
    }
    let endpoint = instance.endpoint().filter(|_| status == "available");
    let Some((address, port)) =
        endpoint.and_then(|endpoint| Some((endpoint.address()?, endpoint.port()?)))
    else {
        return Ok(None);
    };
    let port = u16::try_from(port).context("read the instance's port")?;
    Ok(Some((address.to_owned(), port)))
}
