//! Roles that a restore makes, looked for by their names. A role's comment says whose it is: roles have no other place for it.

use tenant_restore_core::error::{Cause, ErrorKind};
use tokio_postgres::Client;

use super::statements::run_alone;
use crate::failed::OrCause as _;

/// What the comment of the role says, empty if it has none; `None` if there is no such role.
pub async fn comment(
    client: &Client,
    name: &str,
    kind: ErrorKind,
) -> Result<Option<String>, Cause> {
    let sql = "select pg_catalog.shobj_description(oid, 'pg_authid') from pg_catalog.pg_roles where rolname = $1";
    let found = client
        .query_opt(sql, &[&name])
        .await
        .or_cause(kind, || format!("look for role {name}"))?;
    Ok(found.map(|row| row.get::<_, Option<String>>(0).unwrap_or_default()))
}

/// A role of the name that isn't of this restore.
pub fn foreign(name: &str) -> Cause {
    let message = format!("role {name} exists in production and isn't of this restore");
    Cause::new(ErrorKind::NameCollision, message)
}

/// Runs a statement on roles, which fails what is being applied.
pub async fn run<D: Into<String>>(
    master: &Client,
    sql: &str,
    doing: impl FnOnce() -> D,
) -> Result<(), Cause> {
    run_alone(master, sql)
        .await
        .or_cause(ErrorKind::ApplyFailed, doing)
}
