//! Logging in to the database of an endpoint, with the user and password of its secret.

use std::time::Duration;

use local_cloud_wire::cloud::{Caller, Cloud, CloudError, Scope};
use serde::Deserialize;
use tokio_postgres::{Client, Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::alone::Database;
use crate::endpoint::{Endpoint, SslMode};
use crate::tls::{self, Tls, TlsError};

/// Everything that a connection needs. Has no `Debug`: it holds a password.
#[derive(Clone)]
pub(crate) struct Login {
    secret: Secret,
    database: String,
    tls: Tls,
    after_connect: Option<String>,
    execute_timeout: Duration,
}

/// The secret's content (DMS user guide: host and port are needed, further keys are ignored).
#[derive(Clone, Deserialize)]
struct Secret {
    username: String,
    password: String,
    host: String,
    #[serde(deserialize_with = "port")]
    port: u16,
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LoginError {
    #[error("Application-Message: Failed to retrieve secret. {0}")]
    NoSecret(#[from] CloudError),
    #[error(
        "Application-Message: Failed to retrieve secret. It must be JSON with username, password, host and port: {0}"
    )]
    WrongSecret(String),
    #[error("Application-Message: Failed to use the certificate. {0}")]
    Tls(#[from] TlsError),
    #[error("Application-Message: Failed to connect. Application-Detailed-Message: {}", describe(.0))]
    Refused(#[from] tokio_postgres::Error),
    #[error("Application-Message: Failed to connect. No answer within {0:?}")]
    TimedOut(Duration),
}

/// `ConnectionTimeout`, in the default of the user guide.
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(10);
/// `ExecuteTimeout`, in the default of the API reference.
const EXECUTE_TIMEOUT_SECONDS: u32 = 60;

impl Login {
    /// Reads the secret of an endpoint with the endpoint's role. `authority` is the PEM of the endpoint's certificate.
    pub(crate) async fn of(
        endpoint: &Endpoint,
        authority: Option<String>,
        cloud: &Cloud,
        region: &str,
    ) -> Result<Self, LoginError> {
        let settings = &endpoint.settings;
        let role = settings
            .secrets_manager_access_role_arn
            .as_deref()
            .unwrap_or_default();
        let secret = settings
            .secrets_manager_secret_id
            .as_deref()
            .unwrap_or_default();
        let session = cloud
            .assume_role(region, role, "dms-session-for-replication-engine")
            .await?;
        let scope = Scope {
            service: "secretsmanager",
            region,
            caller: Caller::Session(&session),
        };
        let text = cloud.secret_string(scope, secret).await?;
        let pem = authority.unwrap_or_default();
        Ok(Self {
            secret: parse(&text)?,
            database: endpoint.database.clone(),
            tls: match endpoint.ssl_mode {
                SslMode::None => Tls::Off,
                SslMode::Require => Tls::Unverified,
                SslMode::VerifyCa => Tls::Authority(pem),
                SslMode::VerifyFull => Tls::AuthorityAndName(pem),
            },
            after_connect: settings.after_connect_script.clone(),
            execute_timeout: Duration::from_secs(
                settings
                    .execute_timeout
                    .unwrap_or(EXECUTE_TIMEOUT_SECONDS)
                    .into(),
            ),
        })
    }

    /// Opens a connection whose session speaks one dialect whatever the server's settings are.
    pub(crate) async fn connect(&self) -> Result<Client, LoginError> {
        let mut config = Config::new();
        config
            .host(&self.secret.host)
            .port(self.secret.port)
            .user(&self.secret.username)
            .password(&self.secret.password)
            .dbname(&self.database)
            .application_name("AWS DMS (local cloud)")
            .ssl_mode(if self.tls == Tls::Off {
                tokio_postgres::config::SslMode::Disable
            } else {
                tokio_postgres::config::SslMode::Require
            });
        let connecting = async {
            match tls::client(&self.tls)? {
                None => {
                    let (client, connection) = config.connect(NoTls).await?;
                    drive(connection);
                    Ok::<Client, LoginError>(client)
                }
                Some(tls) => {
                    let (client, connection) = config.connect(MakeRustlsConnect::new(tls)).await?;
                    drive(connection);
                    Ok(client)
                }
            }
        };
        let timed_out = |_| LoginError::TimedOut(CONNECTION_TIMEOUT);
        let client: Client = tokio::time::timeout(CONNECTION_TIMEOUT, connecting)
            .await
            .map_err(timed_out)??;
        client
            .batch_execute(include_str!("sql/session.sql"))
            .await?;
        let timeout = format!(
            "set statement_timeout = {}",
            self.execute_timeout.as_millis()
        );
        client.batch_execute(&timeout).await?;
        if let Some(script) = &self.after_connect {
            client.batch_execute(script).await?;
        }
        Ok(client)
    }

    /// Of a server of this machine that wants TLS.
    pub(crate) fn alone(database: Database<'_>) -> Self {
        let secret = Secret {
            username: database.user.to_owned(),
            password: database.password.to_owned(),
            host: "localhost".to_owned(),
            port: database.port,
        };
        Self {
            secret,
            database: database.name.to_owned(),
            tls: Tls::Unverified,
            after_connect: None,
            execute_timeout: Duration::from_secs(EXECUTE_TIMEOUT_SECONDS.into()),
        }
    }

    #[cfg(test)]
    pub(crate) fn plain(host: &str, port: u16, user: &str, database: &str) -> Self {
        let secret = Secret {
            username: user.into(),
            password: "-".into(),
            host: host.into(),
            port,
        };
        let execute_timeout = Duration::from_secs(EXECUTE_TIMEOUT_SECONDS.into());
        Self {
            secret,
            database: database.into(),
            tls: Tls::Off,
            after_connect: None,
            execute_timeout,
        }
    }
}

fn drive<S, T>(connection: tokio_postgres::Connection<S, T>)
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
    T: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "a connection to a database ended");
        }
    });
}

/// Parse errors of serde name fields and positions, never values of strings; the secret stays secret.
fn parse(text: &str) -> Result<Secret, LoginError> {
    serde_json::from_str(text).map_err(|error| {
        let category = error.classify();
        let missing = ["username", "password", "host", "port"]
            .into_iter()
            .find(|name| {
                error
                    .to_string()
                    .contains(&format!("missing field `{name}`"))
            });
        LoginError::WrongSecret(missing.map_or_else(
            || format!("{category:?} error"),
            |name| format!("{name} is missing"),
        ))
    })
}

/// The port is a string in the user guide's example; numbers are taken too.
fn port<'de, D: serde::Deserializer<'de>>(input: D) -> Result<u16, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Port {
        Text(String),
        Number(u16),
    }
    match Port::deserialize(input)? {
        Port::Number(port) => Ok(port),
        Port::Text(text) => text
            .parse()
            .map_err(|_| serde::de::Error::custom("port is no number")),
    }
}

/// What the server said. Not its detail, nor the message of a data exception or a trigger: they can hold row values.
pub(crate) fn describe(error: &tokio_postgres::Error) -> String {
    use std::error::Error;
    let Some(server) = error.as_db_error() else {
        return error
            .source()
            .map_or_else(|| error.to_string(), |source| format!("{error}: {source}"));
    };
    let code = server.code().code();
    let message = if ["22", "P0"].contains(&&code[..2]) {
        "(not shown)"
    } else {
        server.message()
    };
    format!("SqlState: {code} Message: {message}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_of_a_secret_is_a_text_or_a_number() {
        for port in ["\"5432\"", "5432"] {
            let text = format!(
                r#"{{"username":"u","password":"p","host":"h","port":{port},"engine":"postgres"}}"#
            );
            assert_eq!(parse(&text).map(|secret| secret.port).unwrap_or(0), 5432);
        }
    }

    #[test]
    fn a_secret_without_host_is_refused_without_being_shown() {
        let error = parse(r#"{"username":"u","password":"hunter2","port":"5432"}"#)
            .err()
            .unwrap()
            .to_string();
        assert!(
            error.contains("host is missing") && !error.contains("hunter2"),
            "{error}"
        );
    }
}
