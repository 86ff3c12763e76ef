//! The way into the database.

use std::time::Duration;

use tenant_restore_core::error::{Cause, ErrorKind};
use tenant_restore_core::job::Server;
use tenant_restore_worker::connection::Connector;
use tenant_restore_worker::failed::OrCause;
use tenant_restore_worker::secrets::Secrets;
use tokio::time::sleep;
use tokio_postgres::Client;

/// A rotation sets the password some moments before it makes the secret's new version the current one (Secrets Manager user
/// guide, "Rotation by Lambda function"), and a new database's name may not be known at once.
const ATTEMPTS: u32 = 5;

/// Logs in with what is current of the database's secret.
pub struct Door {
    /// Opens connections that verify the server.
    pub connector: Connector,
    /// Where the login is kept.
    pub secrets: Box<dyn Secrets>,
    /// Where the database listens, and which secret is its master's.
    pub server: Server,
    /// How long to wait before another attempt.
    pub pause: Duration,
}

impl Door {
    /// A connection to one of the server's databases.
    ///
    /// # Errors
    /// Why there is none, after as many attempts as make sense.
    pub async fn enter(&self, database: &str) -> Result<Client, Cause> {
        let mut attempt = 1;
        loop {
            match self.try_once(database).await {
                Err(cause) if may_pass(cause.kind) && attempt < ATTEMPTS => {
                    tracing::info!(%cause, attempt, "not yet in");
                    attempt += 1;
                    sleep(self.pause).await;
                }
                entered_or_not => return entered_or_not,
            }
        }
    }

    async fn try_once(&self, database: &str) -> Result<Client, Cause> {
        // A function outlives rotations of the secret: what it read before isn't believed.
        let login = self.secrets.renewed(&self.server.secret).await?;
        self.connector.connect(&self.server, &login, database).await
    }
}

/// Has statements mean the tables of a schema.
///
/// # Errors
/// Why the connection could not.
pub async fn enter_schema(client: &Client, schema: &str) -> Result<(), Cause> {
    let enter = "select set_config('search_path', quote_ident($1), false)";
    let entered = client.execute(enter, &[&schema]).await;
    entered.or_cause(ErrorKind::ApplyFailed, || format!("enter {schema}"))?;
    Ok(())
}

fn may_pass(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::CredentialsRefused | ErrorKind::ConnectionFailed
    )
}
