//! What can go wrong between us and a PostgreSQL server.

use std::io;

use super::authority::AuthorityError;

/// A cluster that couldn't be made, started, backed up or asked.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// Files.
    #[error("{doing}: {cause}")]
    Files {
        /// What was being done.
        doing: &'static str,
        /// Why it failed.
        cause: io::Error,
    },
    /// A program of PostgreSQL ended with an error.
    #[error("{program} failed: {output}")]
    Program {
        /// Its name.
        program: &'static str,
        /// The end of what it printed.
        output: String,
    },
    /// The server ended instead of accepting connections.
    #[error("start the server: it ended: {log}")]
    Ended {
        /// The end of its log.
        log: String,
    },
    /// Something took too long.
    #[error("{doing}: not done after {seconds} s")]
    Late {
        /// What was being waited for.
        doing: &'static str,
        /// How long.
        seconds: u64,
    },
    /// A statement failed.
    #[error("{doing}: {cause}: {}", answer(cause))]
    Statement {
        /// What was being done.
        doing: &'static str,
        /// Why it failed.
        cause: tokio_postgres::Error,
    },
    /// The server's certificate.
    #[error(transparent)]
    Certificate(#[from] AuthorityError),
}

impl ServerError {
    /// Whether the server refused to start because of its parameters: PostgreSQL names the configuration file, or a
    /// library that it can't load.
    pub fn is_about_parameters(&self) -> bool {
        match self {
            Self::Ended { log } => {
                log.contains("configuration file") || log.contains("could not access file")
            }
            _ => false,
        }
    }
}

/// Adds what was being done to an error of the file system.
pub(crate) fn files(doing: &'static str) -> impl Fn(io::Error) -> ServerError {
    move |cause| ServerError::Files { doing, cause }
}

/// Adds what was being done to an error of a statement.
pub(crate) fn statement(doing: &'static str) -> impl Fn(tokio_postgres::Error) -> ServerError {
    move |cause| ServerError::Statement { doing, cause }
}

/// What the server said, which the client's error leaves out.
fn answer(error: &tokio_postgres::Error) -> &str {
    error.as_db_error().map_or(
        "no answer from the server",
        tokio_postgres::error::DbError::message,
    )
}
