//! The search path under which the tenant's own expressions run while rows are loaded and indexes are built.
//!
//! A body that names its tables without a schema relies on its callers' path; under an empty one no index on such a
//! function could be built. Only the login role's sessions get it: whoever plants something on that path gains no rights
//! but this restore's, and our own statements name every object with its schema.

use tenant_restore_core::error::{Cause, ErrorKind};
use tenant_restore_core::job::{Job, SchemaName};
use tokio_postgres::Client;

use crate::failed::OrCause as _;
use crate::names::quote_ident;
use crate::text_references::lexer::{Kind, tokens};

/// What the database sets for everybody, or the server does (`pg_settings`: "Value that RESET would reset the parameter to").
const PATH_OF_SESSIONS: &str =
    "select reset_val from pg_catalog.pg_settings where name = 'search_path'";

/// The statement that sets the path of all other sessions of ours.
pub const NONE: &str = "set search_path = ''";

/// The statement that sets the path: the restored schemas, then what sessions of the temporary database have.
pub async fn setting(temporary: &Client, job: &Job) -> Result<String, Cause> {
    let row = temporary.query_one(PATH_OF_SESSIONS, &[]).await.or_cause(
        ErrorKind::ApplyFailed,
        || "read the search path of the temporary database",
    )?;
    let path = of_tenants(&job.schemas, row.get(0));
    Ok(format!("set search_path = {}", path.join(", ")))
}

/// The schemas of extensions. A session's or a role's path led to them, which nobody tells.
const SCHEMAS_OF_EXTENSIONS: &str = "select distinct n.nspname::text
      from pg_catalog.pg_extension e join pg_catalog.pg_namespace n on n.oid = e.extnamespace
     where n.nspname <> 'pg_catalog' and n.nspname <> all ($1)
     order by 1";

/// Readies the login role's session for the tenant's DDL. Bodies are checked when they run, as pg_restore does: a body may
/// use what a later entry creates. The path, since the planner looks into the bodies of SQL functions that indexes and
/// generated columns call; with the extensions, since PostgreSQL writes `IS DISTINCT FROM`, NULLIF and CASE without saying which
/// schema's operator compares: without it citext would be compared as text.
pub async fn ready_for_ddl(session: &Client, temporary: &Client, job: &Job) -> Result<(), Cause> {
    let mut path = setting(temporary, job).await?;
    let ours: Vec<&str> = job
        .schemas
        .iter()
        .map(|name| name.restored_as.as_str())
        .collect();
    let rows = temporary
        .query(SCHEMAS_OF_EXTENSIONS, &[&ours])
        .await
        .or_cause(
            ErrorKind::ApplyFailed,
            || "list the schemas of extensions in the temporary database",
        )?;
    for row in &rows {
        path.push_str(", ");
        path.push_str(&quote_ident(row.get(0)));
    }
    session
        .batch_execute(&format!("set check_function_bodies = false; {path}"))
        .await
        .or_cause(
            ErrorKind::ApplyFailed,
            || "prepare the login role's session",
        )
}

/// The quoted names, each once. The live schemas are never on it.
fn of_tenants(schemas: &[SchemaName], of_sessions: &str) -> Vec<String> {
    let mut path: Vec<String> = schemas
        .iter()
        .map(|name| quote_ident(&name.restored_as))
        .collect();
    for token in tokens(of_sessions) {
        let Kind::Name(name) = token.kind else {
            continue;
        };
        let is_live = schemas.iter().any(|schema| schema.schema == name);
        let quoted = quote_ident(&name);
        if name != "$user" && !is_live && !path.contains(&quoted) {
            path.push(quoted);
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_restored_schemas_come_first_and_the_live_ones_never() {
        let schemas = [SchemaName {
            schema: "acme".to_owned(),
            restored_as: "acme_r".to_owned(),
        }];
        assert_eq!(
            of_tenants(&schemas, "\"$user\", acme, public, \"Ext 1\", public"),
            ["\"acme_r\"", "\"public\"", "\"Ext 1\""]
        );
        assert_eq!(of_tenants(&schemas, ""), ["\"acme_r\""]);
    }
}
