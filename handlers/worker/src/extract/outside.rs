//! What the schemas need outside of themselves may have changed since the restore point: looked for in production before
//! anything is created there. Owners are looked after when the DDL is applied, grantees when the schemas are opened.

use std::collections::HashMap;

use tenant_restore_core::error::{Cause, ErrorKind};
use tokio_postgres::Client;

use crate::context::Context;
use crate::failed::{Failed, OrCause as _};

/// Something that the schemas use.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Needed {
    kind: String,
    name: String,
    /// Its schema, if it is in one.
    schema: Option<String>,
    /// Version of an extension, digest of a routine's body, of a relation's columns or of a type.
    detail: Option<String>,
}

/// Version or digest of what production has, by kind and name.
type Present = HashMap<(String, String), Option<String>>;

/// Fails with all that is missing; what is there but has changed is a remark.
pub(super) async fn check(
    temporary: &Client,
    restored: &[&str],
    context: &mut Context,
) -> Result<(), Failed> {
    let needed = needed(temporary, restored).await.or_cause(
        ErrorKind::ExtractFailed,
        || "look for what the schemas need outside",
    )?;
    if needed.is_empty() {
        return Ok(());
    }
    let production = context.production().await?;
    let present = present(&production, &needed).await.or_cause(
        ErrorKind::ExtractFailed,
        || "look in production for what the schemas need",
    )?;
    let mut missing = Vec::new();
    for thing in &needed {
        match present.get(&(thing.kind.clone(), thing.name.clone())) {
            None => missing.push(Cause::new(ErrorKind::OutsideMissing, gone(thing))),
            Some(now) if *now != thing.detail => {
                let message = changed(thing, now.as_deref());
                context.remark("OutsideChanged", thing.name.clone(), message);
            }
            Some(_) => {}
        }
    }
    Failed::from_causes(missing)
}

/// What schemas use outside of themselves that production doesn't have, in words.
pub(crate) async fn lacking(
    of_schemas: &Client,
    schemas: &[&str],
    production: &Client,
) -> Result<Vec<String>, tokio_postgres::Error> {
    let needed = needed(of_schemas, schemas).await?;
    let present = present(production, &needed).await?;
    let key = |thing: &Needed| (thing.kind.clone(), thing.name.clone());
    let lacking = needed
        .iter()
        .filter(|thing| !present.contains_key(&key(thing)));
    Ok(lacking.map(gone).collect())
}

fn gone(thing: &Needed) -> String {
    let Needed { kind, name, .. } = thing;
    let version = match &thing.detail {
        Some(version) if kind == "extension" => format!(" (version {version} then)"),
        _ => String::new(),
    };
    format!("the schemas use the {kind} {name}{version}, which production doesn't have")
}

fn changed(thing: &Needed, now: Option<&str>) -> String {
    match (&thing.detail, now) {
        (Some(then), Some(now)) if thing.kind == "extension" => format!(
            "the extension had version {then} at the restore point and has {now} now; what uses it may behave otherwise"
        ),
        _ => format!(
            "the {} is defined otherwise now than at the restore point; what uses it may behave otherwise",
            thing.kind
        ),
    }
}

async fn needed(
    temporary: &Client,
    restored: &[&str],
) -> Result<Vec<Needed>, tokio_postgres::Error> {
    let rows = temporary
        .query(&with_digests(include_str!("needed.sql")), &[&restored])
        .await?;
    rows.iter()
        .map(|row| {
            Ok(Needed {
                kind: row.try_get("kind")?,
                name: row.try_get("name")?,
                schema: row.try_get("schema")?,
                detail: row.try_get("detail")?,
            })
        })
        .collect()
}

async fn present(production: &Client, needed: &[Needed]) -> Result<Present, tokio_postgres::Error> {
    let mut schemas: Vec<&str> = needed
        .iter()
        .filter_map(|it| it.schema.as_deref())
        .collect();
    schemas.dedup();
    let rows = production
        .query(&with_digests(include_str!("present.sql")), &[&schemas])
        .await?;
    rows.iter()
        .map(|row| {
            let key = (row.try_get("kind")?, row.try_get("name")?);
            Ok((key, row.try_get("detail")?))
        })
        .collect()
}

/// Both sides are asked with the same words, or what is equal would be told as changed.
fn with_digests(sql: &str) -> String {
    sql.replace(
        "{digest of a relation}",
        include_str!("digest_of_relation.sql"),
    )
    .replace("{digest of a type}", include_str!("digest_of_type.sql"))
}
