//! PostgreSQL's errors in words that hold neither secrets nor values of rows.

use std::error::Error as _;

use tenant_restore_core::error::{Cause, ErrorKind};
use tokio_postgres::error::{DbError, SqlState};

use super::Place;
use crate::secrets::Login;

/// The cause of a connection that could not be opened.
pub(super) fn connect_cause(
    error: &tokio_postgres::Error,
    place: &Place<'_>,
    login: &Login,
) -> Cause {
    let Place { server, database } = place;
    let kind = match error.code() {
        Some(code) if is_refusal_of_login(code) => ErrorKind::CredentialsRefused,
        Some(code) if *code == SqlState::INVALID_CATALOG_NAME => {
            let message = format!(
                "database {database:?} doesn't exist on {}:{}",
                server.host, server.port
            );
            return Cause::new(ErrorKind::DatabaseMissing, message).at("database");
        }
        _ if refuses_certificate(error) => ErrorKind::CertificateRefused,
        _ => ErrorKind::ConnectionFailed,
    };
    let message = format!(
        "could not connect to {}:{}, database {database:?}, as {:?} (secret {}): {}",
        server.host,
        server.port,
        login.username,
        server.secret,
        describe(error)
    );
    Cause::new(kind, message)
}

/// rustls hides its error in an error of I/O, which the driver hides in its own.
fn refuses_certificate(error: &tokio_postgres::Error) -> bool {
    let mut source = error.source();
    while let Some(cause) = source {
        let inner = cause
            .downcast_ref::<std::io::Error>()
            .and_then(std::io::Error::get_ref)
            .and_then(|inner| inner.downcast_ref::<rustls::Error>());
        if let Some(rustls::Error::InvalidCertificate(_)) = inner {
            return true;
        }
        source = cause.source();
    }
    false
}

fn is_refusal_of_login(code: &SqlState) -> bool {
    *code == SqlState::INVALID_PASSWORD || *code == SqlState::INVALID_AUTHORIZATION_SPECIFICATION
}

/// The error in words: SQLSTATE and message, without detail and context, which may show rows.
///
/// Messages of data exceptions (class 22) and of `RAISE` (P0001) quote values, so only the named objects are kept. Whatever
/// a function ran into is told by its SQLSTATE alone: `RAISE … USING` chooses code, message and object names freely.
pub fn describe(error: &tokio_postgres::Error) -> String {
    match error.as_db_error() {
        Some(refused) => describe_refusal(refused),
        None => describe_chain(error),
    }
}

fn describe_refusal(refused: &DbError) -> String {
    let code = refused.code().code();
    if of_function(refused.where_()) {
        return format!(
            "SQLSTATE {code} (inside a function{})",
            known(refused.code())
        );
    }
    let mut words = match code {
        _ if code.starts_with("22") => format!("SQLSTATE {code} (data exception)"),
        "P0001" => format!("SQLSTATE {code} (raised by a function)"),
        _ => format!("{} (SQLSTATE {code})", refused.message()),
    };
    let objects = [
        ("schema", refused.schema()),
        ("table", refused.table()),
        ("column", refused.column()),
        ("constraint", refused.constraint()),
    ];
    for (what, name) in objects {
        if let Some(name) = name {
            words.push_str(&format!(", {what} {name:?}"));
        }
    }
    words
}

/// Whether the error's context is more than the line in which COPY tells its place. Contexts are translated by the server, so
/// their words can't be told apart.
fn of_function(context: Option<&str>) -> bool {
    context.is_some_and(|context| !context.starts_with("COPY ") || context.contains('\n'))
}

/// Our words for what a person would look up first.
fn known(code: &SqlState) -> &'static str {
    let words = [
        (SqlState::LOCK_NOT_AVAILABLE, ": lock not available"),
        (SqlState::T_R_DEADLOCK_DETECTED, ": deadlock"),
        (SqlState::QUERY_CANCELED, ": cancelled"),
        (SqlState::ADMIN_SHUTDOWN, ": session ended"),
        (SqlState::INSUFFICIENT_PRIVILEGE, ": permission denied"),
        (SqlState::UNDEFINED_TABLE, ": no such table"),
        (SqlState::UNDEFINED_COLUMN, ": no such column"),
        (SqlState::UNDEFINED_FUNCTION, ": no such function"),
        (SqlState::CHECK_VIOLATION, ": check violated"),
        (SqlState::RAISE_EXCEPTION, ": raised by it"),
    ];
    words
        .iter()
        .find(|(known, _)| known == code)
        .map_or("", |(_, words)| words)
}

fn describe_chain(error: &tokio_postgres::Error) -> String {
    let mut words = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_words = cause.to_string();
        if !words.contains(&cause_words) {
            words.push_str(": ");
            words.push_str(&cause_words);
        }
        source = cause.source();
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copys_own_place_is_no_function_and_everything_else_is() {
        assert!(!of_function(None));
        assert!(!of_function(Some("COPY t, line 3")));
        assert!(of_function(Some(
            "PL/pgSQL function acme.f() line 1 at RAISE"
        )));
        assert!(of_function(Some(
            "PL/pgSQL-Funktion acme.f() Zeile 1 bei RAISE\nCOPY t, Zeile 3"
        )));
        assert!(of_function(Some("COPY t, line 3, column a: \"x\ny\"")));
    }
}
