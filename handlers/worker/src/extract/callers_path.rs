//! Reports routines that find their objects by their callers' search path: of the restored copy, called under the path
//! of the live schema, they work on live data.

use tenant_restore_core::error::{Cause, ErrorKind};
use tenant_restore_core::job::SchemaName;
use tokio_postgres::{Client, Row};

use crate::context::Context;
use crate::failed::OrCause as _;
use crate::names::quote_ident;
use crate::text_references::in_setting;
use crate::text_references::unqualified::{Objects, first_unqualified};

/// Remark of a schema whose routines rely on their callers' search path.
pub const RELIES_ON_SEARCH_PATH: &str = "ReliesOnSearchPath";
/// The same, where sessions get the live schema by default.
pub const SEARCH_PATH_NAMES_LIVE: &str = "SearchPathNamesLive";

/// As many routines are named.
const MOST_NAMED: usize = 10;

/// Adds a remark for each schema that has such routines.
pub(super) async fn report(client: &Client, context: &mut Context) -> Result<(), Cause> {
    for name in context.job.schemas.clone() {
        let relying = relying(client, &name.restored_as).await?;
        if relying.is_empty() {
            continue;
        }
        let defaults = defaults_to(client, &name.schema).await?;
        let code = if defaults.is_empty() {
            RELIES_ON_SEARCH_PATH
        } else {
            SEARCH_PATH_NAMES_LIVE
        };
        let object = quote_ident(&name.restored_as);
        context.remark(code, object, message(&name, &relying, &defaults));
    }
    Ok(())
}

/// The schema's routines that name an object of it without a schema.
async fn relying(client: &Client, restored_as: &str) -> Result<Vec<String>, Cause> {
    let rows = client
        .query(include_str!("callers_path.sql"), &[&restored_as])
        .await
        .or_cause(
            ErrorKind::ExtractFailed,
            || "look for routines that rely on their callers' search path",
        )?;
    let of_kind = |kind: &'static str| {
        rows.iter()
            .filter(move |row| row.get::<_, &str>("what") == kind)
    };
    let name = |row: &Row| row.get::<_, String>("name");
    let objects = Objects {
        relations: of_kind("relation").map(name).collect(),
        routines: of_kind("routine").map(name).collect(),
    };
    let relies =
        |row: &&Row| first_unqualified(row.get("body"), row.get("language"), &objects).is_some();
    Ok(of_kind("body").filter(relies).map(name).collect())
}

/// Whose sessions have the live schema on their path by default.
async fn defaults_to(client: &Client, schema: &str) -> Result<Vec<String>, Cause> {
    let rows = client
        .query(include_str!("default_paths.sql"), &[])
        .await
        .or_cause(
            ErrorKind::ExtractFailed,
            || "read who has which search path",
        )?;
    let names = |row: &&Row| in_setting(row.get("setting"), schema);
    Ok(rows
        .iter()
        .filter(names)
        .map(|row| row.get("whose"))
        .collect())
}

fn message(name: &SchemaName, relying: &[String], defaults: &[String]) -> String {
    let SchemaName {
        schema,
        restored_as,
    } = name;
    let some: Vec<&str> = relying
        .iter()
        .take(MOST_NAMED)
        .map(String::as_str)
        .collect();
    let more = if relying.len() > MOST_NAMED {
        " …"
    } else {
        ""
    };
    let usual = if defaults.is_empty() {
        String::new()
    } else {
        format!(
            "{} set it to {schema:?}, so by default they work on live data; ",
            defaults.join(" and ")
        )
    };
    format!(
        "{} routines, triggers' too, name objects without a schema and find them by their callers' search path: {}{more}; {usual}set search_path to {restored_as:?} without {schema:?} in every session that uses the restored schema",
        relying.len(),
        some.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_remark_names_some_routines_the_remedy_and_whose_path_is_live() {
        let name = SchemaName {
            schema: "acme".to_owned(),
            restored_as: "acme_r".to_owned(),
        };
        let many: Vec<String> = (0..12).map(|n| format!("acme_r.f{n}()")).collect();
        let said = message(&name, &many, &["role olga".to_owned()]);
        assert!(said.starts_with("12 routines"), "{said}");
        assert!(
            said.contains("acme_r.f9() …") && !said.contains("f10"),
            "{said}"
        );
        assert!(said.contains("role olga set it to \"acme\""), "{said}");
        assert!(!message(&name, &many, &[]).contains("by default"));
    }
}
