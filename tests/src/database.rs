//! Connections to PostgreSQL, over TLS with the certificate and the name verified.

use std::ops::Deref;
use std::path::Path;
use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use tokio::task::JoinHandle;
use tokio_postgres::Config;
use tokio_postgres::config::SslMode;
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::error::{Context, Result};

/// Where a server listens and how to log in; the password never shows in `Debug`.
#[derive(Clone)]
pub struct Login {
    /// Host name, as the certificate has it.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// Login role.
    pub user: String,
    /// Its password.
    pub password: String,
}

impl std::fmt::Debug for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}@{}:{}", self.user, self.host, self.port)
    }
}

/// An open connection; closed when dropped.
#[derive(Debug)]
pub struct Database {
    client: tokio_postgres::Client,
    driver: JoinHandle<()>,
}

impl Database {
    /// Connects to `database`, trusting only the authority in the PEM file `ca`.
    ///
    /// # Errors
    /// When the file holds no certificate, or the server refuses.
    pub async fn connect(login: &Login, database: &str, ca: &Path) -> Result<Self> {
        let doing = || format!("connect to the database {database} as {login:?}");
        let (client, connection) = Config::new()
            .host(&login.host)
            .port(login.port)
            .user(&login.user)
            .password(&login.password)
            .dbname(database)
            .application_name("tenant-restore-tests")
            .ssl_mode(SslMode::Require)
            .connect(MakeRustlsConnect::new(trusting(ca)?))
            .await
            .context(doing())?;
        // A broken connection is reported by the next statement, so the driver's own error says nothing new.
        let driver = tokio::spawn(async move { drop(connection.await) });
        Ok(Self { client, driver })
    }

    /// Sets search_path to `schema` alone, for the rest of the connection.
    ///
    /// # Errors
    /// When the connection is gone.
    pub async fn enter(&self, schema: &str) -> Result<()> {
        self.client
            .execute(
                "select set_config('search_path', quote_ident($1), false)",
                &[&schema],
            )
            .await
            .context(format!("set search_path to {schema}"))?;
        Ok(())
    }
}

impl Deref for Database {
    type Target = tokio_postgres::Client;

    fn deref(&self) -> &Self::Target {
        &self.client
    }
}

impl std::ops::DerefMut for Database {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.client
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

/// A name as an SQL identifier.
pub fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn trusting(ca: &Path) -> Result<ClientConfig> {
    let doing = || format!("read the certificate authority {}", ca.display());
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(ca).context(doing())? {
        roots.add(certificate.context(doing())?).context(doing())?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .context("choose TLS versions")?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_quoted() {
        assert_eq!(identifier("Acme-1.b\"x"), "\"Acme-1.b\"\"x\"");
    }

    #[test]
    fn a_login_does_not_show_its_password() {
        let login = Login {
            host: "localhost".into(),
            port: 5432,
            user: "master".into(),
            password: "secret".into(),
        };
        assert_eq!(format!("{login:?}"), "master@localhost:5432");
    }
}
