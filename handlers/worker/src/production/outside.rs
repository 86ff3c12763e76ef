//! What leads out of the restored schemas, and into them, in the catalogs.

use tenant_restore_core::error::{Cause, ErrorKind};
use tokio_postgres::Client;

use crate::failed::OrCause;

/// An object of a restored schema that depends on one in another schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edge {
    /// The other schema.
    pub outside: String,
    /// The depending object, as PostgreSQL describes it.
    pub dependent: String,
    /// Whether what it depends on belongs to an extension, of which a database has only one.
    pub to_extension: bool,
}

/// The dependencies of objects in these schemas on other schemas, PostgreSQL's own excepted.
pub async fn edges(client: &Client, schemas: &[&str]) -> Result<Vec<Edge>, Cause> {
    let sql = concat!(include_str!("located.sql"), include_str!("edges.sql"));
    let rows = client.query(sql, &[&schemas]).await.or_cause(
        ErrorKind::ExtractFailed,
        || "look what the schemas depend on",
    )?;
    let edges = rows.iter().map(|row| Edge {
        outside: row.get(0),
        dependent: row.get(1),
        to_extension: row.get(2),
    });
    Ok(edges.collect())
}

/// What lives outside of the schema and depends on it; objects in the schemas of `ours` don't count.
pub async fn dependents(
    client: &Client,
    schema: &str,
    ours: &[&str],
    kind: ErrorKind,
) -> Result<Vec<String>, Cause> {
    let sql = concat!(include_str!("located.sql"), include_str!("dependents.sql"));
    let rows = client
        .query(sql, &[&schema, &ours])
        .await
        .or_cause(kind, || format!("look what depends on schema {schema:?}"))?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// What lives outside of these schemas and leads into them already, although nobody may use them yet.
pub async fn leading_in(client: &Client, schemas: &[&str]) -> Result<Vec<String>, Cause> {
    let sql = concat!(include_str!("located.sql"), include_str!("leading_in.sql"));
    let rows = client.query(sql, &[&schemas]).await.or_cause(
        ErrorKind::ApplyFailed,
        || "look what leads into the restored schemas",
    )?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}
