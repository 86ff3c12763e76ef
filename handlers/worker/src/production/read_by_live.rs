//! Restored tables that live traffic reads: whoever deletes a live row, or changes its key, makes PostgreSQL look for it in the
//! restored tables that refer to it, as the owner of these (`ri_PerformCheck`), who needs USAGE on their schema for that.

use tenant_restore_core::error::{Cause, ErrorKind};
use tokio_postgres::Client;

use crate::failed::OrCause as _;

/// A table of a restored schema, or a sequence of its columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadByLive {
    /// Its schema.
    pub schema: String,
    /// Its name.
    pub name: String,
    /// `table` or `sequence`.
    pub class: String,
    /// As GRANT and ALTER name it.
    pub object: String,
    /// Its owner.
    pub owner: String,
}

/// Those of these schemas.
pub async fn list(master: &Client, schemas: &[&str]) -> Result<Vec<ReadByLive>, Cause> {
    let rows = master
        .query(include_str!("read_by_live.sql"), &[&schemas])
        .await
        .or_cause(
            ErrorKind::ApplyFailed,
            || "list the restored tables that live traffic reads",
        )?;
    let tables = rows.iter().map(|row| ReadByLive {
        schema: row.get("schema"),
        name: row.get("name"),
        class: row.get("class"),
        object: row.get("object"),
        owner: row.get("owner"),
    });
    Ok(tables.collect())
}
