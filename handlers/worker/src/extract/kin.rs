//! Tables that inherit across schemas: without its children a table would come back without their rows, and a child
//! would hang on the live parent and show its rows there.

use tenant_restore_core::error::{Cause, ErrorKind};
use tokio_postgres::{Client, Row};

use crate::failed::{Failed, OrCause as _};

/// Fails with every parent and child that lives in a schema which isn't restored.
pub(super) async fn check(client: &Client, schemas: &[&str]) -> Result<(), Failed> {
    let doing = || "look for parents and children in other schemas";
    let rows = client
        .query(include_str!("kin.sql"), &[&schemas])
        .await
        .or_cause(ErrorKind::ExtractFailed, doing)?;
    let causes: Result<Vec<Cause>, _> = rows.iter().map(refusal).collect();
    Failed::from_causes(causes.or_cause(ErrorKind::ExtractFailed, doing)?)
}

fn refusal(row: &Row) -> Result<Cause, tokio_postgres::Error> {
    let (name, relative): (&str, &str) = (row.try_get("name")?, row.try_get("relative")?);
    let message = if row.try_get("is_parent")? {
        format!(
            "{name} has a parent {relative} in a schema that isn't restored: it would hang on the live one"
        )
    } else {
        format!(
            "{name} has a partition or child {relative} in a schema that isn't restored: its rows would be missing"
        )
    };
    let mut cause = Cause::new(ErrorKind::NotSupported, message).at("schemas");
    cause.remedy = "Restore both schemas with one request.".to_owned();
    Ok(cause)
}
