//! Logins from Secrets Manager, fetched when they are needed and never shown.

use std::fmt;

use aws_sdk_secretsmanager::error::{DisplayErrorContext, ProvideErrorMetadata as _};
use futures::future::BoxFuture;
use serde::Deserialize;
use tenant_restore_core::error::{Cause, ErrorKind};

/// A user name with its password.
#[derive(Clone, Deserialize)]
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
    /// The login in the secret of this name or ARN.
    fn login<'a>(&'a self, secret: &'a str) -> BoxFuture<'a, Result<Login, Cause>>;
}

/// AWS Secrets Manager.
pub struct SecretsManager {
    client: aws_sdk_secretsmanager::Client,
}

impl SecretsManager {
    /// Secrets Manager of this account.
    pub fn new(config: &aws_config::SdkConfig) -> Self {
        Self {
            client: aws_sdk_secretsmanager::Client::new(config),
        }
    }

    async fn fetch(&self, secret: &str) -> Result<Login, Cause> {
        let answer = self
            .client
            .get_secret_value()
            .secret_id(secret)
            .send()
            .await
            .map_err(|error| {
                let kind = crate::storage::kind_of_aws_error(error.code());
                Cause::new(
                    kind,
                    format!(
                        "could not read secret {secret}: {}",
                        DisplayErrorContext(&error)
                    ),
                )
            })?;
        parse_login(secret, answer.secret_string().unwrap_or_default())
    }
}

impl Secrets for SecretsManager {
    fn login<'a>(&'a self, secret: &'a str) -> BoxFuture<'a, Result<Login, Cause>> {
        Box::pin(self.fetch(secret))
    }
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
