//! What leads out of the restored schemas, and into them, in the catalogs.

use tenant_restore_core::error::{Cause, ErrorKind};
use tokio_postgres::{Client, GenericClient};

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

/// An object outside of a schema that needs something in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dependent {
    /// The schema that it needs.
    pub schema: String,
    /// The object, as PostgreSQL describes it.
    pub object: String,
}

/// What lives outside of the schemas and depends on them. Objects in the schemas of `ours` and these casts, by pg_dump's
/// names, don't count.
pub async fn dependents(
    client: &impl GenericClient,
    schemas: &[&str],
    ours: &[&str],
    casts: &[&str],
) -> Result<Vec<Dependent>, tokio_postgres::Error> {
    let sql = concat!(include_str!("located.sql"), include_str!("dependents.sql"));
    let rows = client.query(sql, &[&schemas, &ours, &casts]).await?;
    let dependents = rows.iter().map(|row| Dependent {
        schema: row.get("schema"),
        object: row.get("dependent"),
    });
    Ok(dependents.collect())
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
