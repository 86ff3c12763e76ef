//! Connections to PostgreSQL: TLS with verification, every session setting set by us, and errors told without secrets.

mod refusal;
mod tls;

use std::path::{Path, PathBuf};
use std::time::Duration;

use futures::StreamExt as _;
use tenant_restore_core::error::Cause;
use tenant_restore_core::job::Server;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_postgres::config::SslMode;
use tokio_postgres::{Client, Config};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::secrets::Login;

pub use refusal::describe;

/// Every setting that a tenant's `ALTER DATABASE` or `ALTER ROLE … SET` could otherwise bring into our sessions.
const SESSION: &str = include_str!("session.sql");

/// What could end the session before its settings are made: a client's option comes before the database's and the role's
/// setting ("How to set parameters", PostgreSQL documentation).
const OPTIONS: &str = "-c statement_timeout=0";

/// How long one attempt to connect may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);

/// Opens connections that verify the server's certificate and name.
#[derive(Clone)]
pub struct Connector {
    tls: MakeRustlsConnect,
    ca_bundle: PathBuf,
    application_name: String,
}

impl Connector {
    /// A connector that trusts the certificates of this file (PEM) and shows up as `tenant-restore <id>`.
    pub fn new(ca_bundle: &Path, restore_id: &str) -> Result<Self, Cause> {
        Ok(Self {
            tls: tls::verify_full(ca_bundle)?,
            ca_bundle: ca_bundle.to_owned(),
            application_name: format!("tenant-restore {restore_id}"),
        })
    }

    /// The trusted certificates' file, for PostgreSQL's own programs.
    pub fn ca_bundle(&self) -> &Path {
        &self.ca_bundle
    }

    /// A connection with our session settings.
    ///
    /// Fails with `CredentialsRefused`, `DatabaseMissing` or `ConnectionFailed`.
    pub async fn connect(
        &self,
        server: &Server,
        login: &Login,
        database: &str,
    ) -> Result<Client, Cause> {
        let place = Place { server, database };
        let (client, connection) = Config::new()
            .host(&server.host)
            .port(server.port)
            .user(&login.username)
            .password(login.password())
            .dbname(database)
            .application_name(&self.application_name)
            .options(OPTIONS)
            .ssl_mode(SslMode::Require)
            .connect_timeout(CONNECT_TIMEOUT)
            .connect(self.tls.clone())
            .await
            .map_err(|error| refusal::connect_cause(&error, &place, login))?;
        tokio::spawn(drive(connection));
        client
            .batch_execute(SESSION)
            .await
            .map_err(|error| refusal::connect_cause(&error, &place, login))?;
        Ok(client)
    }
}

/// Serves a connection until it ends. Notices are dropped: a tenant's `RAISE` may put rows into them, and the driver's own
/// loop would log them.
async fn drive<S, T>(mut connection: tokio_postgres::Connection<S, T>)
where
    S: AsyncRead + AsyncWrite + Unpin,
    T: AsyncRead + AsyncWrite + Unpin,
{
    let mut messages = futures::stream::poll_fn(|context| connection.poll_message(context));
    while let Some(message) = messages.next().await {
        // The client's next call fails too and carries the error; this line only gives its time. A connection that failed
        // would tell its error for ever.
        if let Err(error) = message {
            tracing::warn!(error = describe(&error), "a database connection ended");
            return;
        }
    }
}

/// Where a connection goes, for messages.
struct Place<'a> {
    server: &'a Server,
    database: &'a str,
}
