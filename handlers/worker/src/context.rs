//! What every mode gets: the job, the places it reads from and writes to, and where remarks go.

use std::path::PathBuf;
use std::sync::Arc;

use tenant_restore_core::error::{Cause, ErrorKind};
use tenant_restore_core::job::{
    CopyReport, DropReport, ExtractReport, Job, PreflightReport, ProbeReport, Remark, Server,
    ValidateReport,
};
use tokio_postgres::Client;

use crate::bounds::Bounds;
use crate::connection::Connector;
use crate::extract::reader;
use crate::failed::OrCause as _;
use crate::secrets::{Login, Secrets};
use crate::storage::Storage;

/// What a mode has to say, besides remarks.
#[derive(Debug, Clone, PartialEq)]
pub enum Report {
    /// Of `preflight`.
    Preflight(PreflightReport),
    /// Of `probe`.
    Probe(ProbeReport),
    /// Of `extract`.
    Extract(ExtractReport),
    /// Of `copy`.
    Copy(CopyReport),
    /// Of `validate`.
    Validate(ValidateReport),
    /// Of `open`: what isn't as it was, besides what `validate` said.
    Opened(Vec<Remark>),
    /// Of `drop`.
    Drop(DropReport),
    /// Of the modes that only do or fail.
    Done,
}

/// The surroundings of a mode.
pub struct Context {
    /// The job.
    pub job: Job,
    /// Where the archive, the plan and the DDL are kept.
    pub storage: Arc<dyn Storage>,
    /// Where logins come from.
    pub secrets: Arc<dyn Secrets>,
    /// Opens connections.
    pub connector: Connector,
    /// What an operator bounds.
    pub bounds: Bounds,
    /// Directory of `pg_dump`; `None`: found by PATH.
    pub postgres_bin: Option<PathBuf>,
    /// What was not restored as it was, or needs a person's eye.
    pub remarks: Vec<Remark>,
}

impl Context {
    /// A connection to the restored database in production, as the master.
    pub async fn production(&self) -> Result<Client, Cause> {
        self.connect(&self.job.production, &self.job.database).await
    }

    /// The temporary server; a job that needs it and has none is a mistake of ours.
    pub fn temporary_server(&self) -> Result<&Server, Cause> {
        self.job
            .temporary
            .as_ref()
            .ok_or_else(|| Cause::new(ErrorKind::Internal, "the job names no temporary server"))
    }

    /// A connection to the temporary database that only reads, as its master.
    ///
    /// Once the schemas are renamed nothing may write there any more: what is read at several times and in several
    /// sessions is one state for that reason alone.
    pub async fn temporary(&self) -> Result<Client, Cause> {
        read_only(self.temporary_to_change().await?).await
    }

    /// A connection to the temporary database for the renaming, as its master.
    pub async fn temporary_to_change(&self) -> Result<Client, Cause> {
        self.connect(self.temporary_server()?, &self.job.database)
            .await
    }

    /// A connection to the temporary database that reads rows: only such a one may, see [`reader`].
    pub async fn temporary_rows(&self) -> Result<Client, Cause> {
        let login = reader::login(self).await?;
        let server = self.temporary_server()?;
        let connection = self.connector.connect(server, &login, &self.job.database);
        read_only(connection.await?).await
    }

    /// The login of this restore's own role on production.
    pub async fn loader_login(&self) -> Result<Login, Cause> {
        let Some(secret) = &self.job.loader.secret else {
            return Err(Cause::new(
                ErrorKind::Internal,
                "the job names no secret of the login role",
            ));
        };
        self.secrets.login(secret).await
    }

    /// A connection to the database in production as this restore's own role.
    pub async fn loader(&self) -> Result<Client, Cause> {
        let login = self.loader_login().await?;
        self.connector
            .connect(&self.job.production, &login, &self.job.database)
            .await
    }

    /// A connection with the login in the server's secret.
    pub async fn connect(&self, server: &Server, database: &str) -> Result<Client, Cause> {
        let login = self.secrets.login(&server.secret).await?;
        let connected = self.connector.connect(server, &login, database).await;
        if !matches!(&connected, Err(cause) if cause.kind == ErrorKind::CredentialsRefused) {
            return connected;
        }
        let renewed = self.secrets.renewed(&server.secret).await?;
        if renewed == login {
            return connected;
        }
        self.connector.connect(server, &renewed, database).await
    }

    /// Notes what was not restored as it was, or needs a person's eye.
    pub fn remark(&mut self, code: &str, object: impl Into<String>, message: impl Into<String>) {
        self.remarks.push(Remark {
            code: code.to_owned(),
            object: object.into(),
            message: message.into(),
        });
    }

    /// The S3 key of a working file.
    pub fn work_key(&self, file: &str) -> String {
        format!("{}{file}", self.job.work_prefix)
    }
}

async fn read_only(client: Client) -> Result<Client, Cause> {
    client
        .batch_execute("set default_transaction_read_only = on")
        .await
        .or_cause(
            ErrorKind::ConnectionFailed,
            || "make a session of the temporary database read-only",
        )?;
    Ok(client)
}
