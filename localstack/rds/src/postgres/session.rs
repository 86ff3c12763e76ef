//! Our own sessions on a cluster: as `rdsadmin`, by the Unix socket.

use std::path::Path;
use std::time::Duration;

use tokio_postgres::{Client, Config, NoTls, SimpleQueryMessage};

use super::configuration::ADMIN;
use super::error::{ServerError, statement};

/// Connects to a database of the cluster at that socket. The connection ends with the client.
///
/// # Errors
/// The server isn't there or refuses.
pub async fn connect(
    sockets: &Path,
    port: u16,
    database: &str,
) -> Result<Client, tokio_postgres::Error> {
    let mut config = Config::new();
    config
        .host_path(sockets)
        .port(port)
        .user(ADMIN)
        .dbname(database)
        .connect_timeout(Duration::from_secs(5));
    let (client, connection) = config.connect(NoTls).await?;
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "a session of rdsadmin ended");
        }
    });
    Ok(client)
}

/// Runs each statement that the query builds from its parameters.
///
/// # Errors
/// The query or one of its statements fails.
pub async fn run_built(
    client: &Client,
    doing: &'static str,
    query: &str,
    parameters: &[&(dyn tokio_postgres::types::ToSql + Sync)],
) -> Result<(), ServerError> {
    let rows = client
        .query(query, parameters)
        .await
        .map_err(statement(doing))?;
    for row in rows {
        let built: String = row.try_get(0).map_err(statement(doing))?;
        client
            .batch_execute(&built)
            .await
            .map_err(statement(doing))?;
    }
    Ok(())
}

/// The first column of the first row of a query without parameters.
///
/// # Errors
/// The query fails.
pub async fn first_text(
    client: &Client,
    query: &str,
) -> Result<Option<String>, tokio_postgres::Error> {
    let messages = client.simple_query(query).await?;
    Ok(messages.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
        _ => None,
    }))
}
