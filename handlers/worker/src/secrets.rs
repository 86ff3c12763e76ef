//! Logins from Secrets Manager, fetched when they are needed and never shown.

use std::collections::HashMap;
use std::fmt;

use aws_sdk_secretsmanager::config::http::HttpResponse;
use aws_sdk_secretsmanager::error::{ProvideErrorMetadata, SdkError};
use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};
use tenant_restore_core::error::{Cause, ErrorKind};
use tenant_restore_core::job::Server;
use tokio::sync::RwLock;

/// A user name with its password.
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub struct Login {
    /// The user name.
    pub username: String,
    password: String,
}

impl Login {
    /// A login of these two.
    pub fn new(username: impl Into<String>, password: impl Into<String>) -> Self {
        Self {
            username: username.into(),
            password: password.into(),
        }
    }

    /// A login with a password drawn for it.
    pub fn drawn(username: impl Into<String>) -> Result<Self, Cause> {
        let mut random = [0_u8; 24];
        getrandom::fill(&mut random).map_err(|error| {
            Cause::new(ErrorKind::Internal, format!("no random password: {error}"))
        })?;
        let password: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Self::new(username, password))
    }

    /// The password; not for messages.
    pub fn password(&self) -> &str {
        &self.password
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login")
            .field("username", &self.username)
            .finish_non_exhaustive()
    }
}

/// Where logins are kept.
pub trait Secrets: Send + Sync {
    /// The login in the secret of this name or ARN. It may be one that was read before in this task: see [`Secrets::renewed`].
    fn login<'a>(&'a self, secret: &'a str) -> BoxFuture<'a, Result<Login, Cause>>;

    /// The login that is in the secret now, after a server has refused the one that was read.
    fn renewed<'a>(&'a self, secret: &'a str) -> BoxFuture<'a, Result<Login, Cause>> {
        self.login(secret)
    }

    /// The login in a version of a secret, current or not; the error tells whether it can't be read for good.
    fn version<'a>(
        &'a self,
        secret: &'a str,
        version: &'a str,
    ) -> BoxFuture<'a, Result<Login, Cause>>;

    /// Makes a login the current one of the temporary server's secret, with that server's address: what DMS asks of a
    /// secret (DMS user guide, "Using secrets to access database endpoints").
    fn keep<'a>(&'a self, server: &'a Server, login: &'a Login)
    -> BoxFuture<'a, Result<(), Cause>>;
}

/// What DMS asks of a secret; the port is text in its documentation.
#[derive(Serialize)]
struct Kept<'a> {
    username: &'a str,
    password: &'a str,
    host: &'a str,
    port: String,
}

/// AWS Secrets Manager. Each call is billed, and was most of what moving a restore costs: a task opens dozens of connections. So
/// it reads a login once, and again when a server refuses it.
pub struct SecretsManager {
    client: aws_sdk_secretsmanager::Client,
    read: RwLock<HashMap<String, Login>>,
}

impl SecretsManager {
    /// Secrets Manager of this account.
    pub fn new(config: &aws_config::SdkConfig) -> Self {
        Self {
            client: aws_sdk_secretsmanager::Client::new(config),
            read: RwLock::default(),
        }
    }

    async fn current(&self, secret: &str) -> Result<Login, Cause> {
        if let Some(login) = self.read.read().await.get(secret) {
            return Ok(login.clone());
        }
        self.reread(secret).await
    }

    async fn reread(&self, secret: &str) -> Result<Login, Cause> {
        let login = self.fetch(secret, None).await?;
        let mut read = self.read.write().await;
        read.insert(secret.to_owned(), login.clone());
        Ok(login)
    }

    async fn fetch(&self, secret: &str, version: Option<&str>) -> Result<Login, Cause> {
        let answer = self
            .client
            .get_secret_value()
            .secret_id(secret)
            .set_version_id(version.map(str::to_owned))
            .send()
            .await
            .map_err(|error| refused("read", secret, &error))?;
        parse_login(secret, answer.secret_string().unwrap_or_default())
    }

    async fn put(&self, server: &Server, login: &Login) -> Result<(), Cause> {
        let secret = &server.secret;
        let text = serde_json::to_string(&Kept {
            username: &login.username,
            password: &login.password,
            host: &server.host,
            port: server.port.to_string(),
        });
        let text = text.map_err(|_| {
            Cause::new(
                ErrorKind::Internal,
                format!("could not encode secret {secret}"),
            )
        })?;
        self.client
            .put_secret_value()
            .secret_id(secret)
            .secret_string(text)
            .send()
            .await
            .map_err(|error| refused("write", secret, &error))?;
        self.read.write().await.remove(secret);
        Ok(())
    }
}

impl Secrets for SecretsManager {
    fn login<'a>(&'a self, secret: &'a str) -> BoxFuture<'a, Result<Login, Cause>> {
        Box::pin(self.current(secret))
    }

    fn renewed<'a>(&'a self, secret: &'a str) -> BoxFuture<'a, Result<Login, Cause>> {
        Box::pin(self.reread(secret))
    }

    fn version<'a>(
        &'a self,
        secret: &'a str,
        version: &'a str,
    ) -> BoxFuture<'a, Result<Login, Cause>> {
        Box::pin(self.fetch(secret, Some(version)))
    }

    fn keep<'a>(
        &'a self,
        server: &'a Server,
        login: &'a Login,
    ) -> BoxFuture<'a, Result<(), Cause>> {
        Box::pin(self.put(server, login))
    }
}

/// Only AWS's code and message are told: the SDK would show requests and answers whole, which hold the value.
fn refused<E>(doing: &str, secret: &str, error: &SdkError<E, HttpResponse>) -> Cause
where
    E: ProvideErrorMetadata,
{
    let kind = crate::storage::kind_of_aws_error(error.code());
    let why = match error {
        SdkError::ServiceError(answer) => {
            let (code, message) = (answer.err().code(), answer.err().message());
            format!(
                "{}: {}",
                code.unwrap_or("no code"),
                message.unwrap_or_default()
            )
        }
        SdkError::TimeoutError(_) => "the call timed out".to_owned(),
        SdkError::DispatchFailure(_) => "the call could not be sent".to_owned(),
        _ => "the call got no readable answer".to_owned(),
    };
    Cause::new(kind, format!("could not {doing} secret {secret}: {why}"))
}

fn parse_login(secret: &str, text: &str) -> Result<Login, Cause> {
    // serde_json's message may quote the text around the mistake, so it is not passed on.
    serde_json::from_str(text).map_err(|_| {
        let message =
            format!("secret {secret} is no JSON object with the strings `username` and `password`");
        Cause::new(ErrorKind::CredentialsRefused, message)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_never_shows_its_password() {
        let login =
            parse_login("s", r#"{"username":"m","password":"hunter2","host":"h"}"#).unwrap();
        assert_eq!(login.password(), "hunter2");
        assert!(!format!("{login:?}").contains("hunter2"));
    }

    #[test]
    fn an_unusable_secret_is_named_and_not_quoted() {
        let cause =
            parse_login("tr-main-x-s", r#"{"username":"m","password":hunter2}"#).unwrap_err();
        assert_eq!(cause.kind, ErrorKind::CredentialsRefused);
        assert!(cause.message.contains("tr-main-x-s") && !cause.message.contains("hunter2"));
    }
}
