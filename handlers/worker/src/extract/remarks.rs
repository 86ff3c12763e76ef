//! What the restored schemas have that a dump doesn't carry, in words.

use tenant_restore_core::error::{Cause, ErrorKind};
use tenant_restore_core::job::Remark;
use tokio_postgres::{Client, Row};

use crate::context::Context;
use crate::failed::OrCause as _;
use crate::names::quote_ident;
use crate::production::outside::{self, Dependent};

/// As many objects outside are named.
const MOST_NAMED: usize = 10;

/// Adds a remark for each.
pub(super) async fn report(
    client: &Client,
    restored: &[&str],
    context: &mut Context,
) -> Result<(), Cause> {
    let doing = || "look for what a dump doesn't carry";
    let originals: Vec<&str> = context
        .job
        .schemas
        .iter()
        .map(|schema| schema.schema.as_str())
        .collect();
    let rows = client
        .query(include_str!("not_carried.sql"), &[&restored, &originals])
        .await
        .or_cause(ErrorKind::ExtractFailed, doing)?;
    for row in &rows {
        context
            .remarks
            .push(remark(row).or_cause(ErrorKind::ExtractFailed, doing)?);
    }
    for schema in restored {
        let dependents = outside::dependents(client, &[schema], restored, &[])
            .await
            .or_cause(ErrorKind::ExtractFailed, || {
                format!("look what depends on schema {schema:?}")
            })?;
        if !dependents.is_empty() {
            context.remark("DependentsStay", quote_ident(schema), staying(&dependents));
        }
    }
    Ok(())
}

fn staying(dependents: &[Dependent]) -> String {
    let some: Vec<&str> = dependents
        .iter()
        .take(MOST_NAMED)
        .map(|dependent| dependent.object.as_str())
        .collect();
    format!(
        "{} objects outside of the schema depended on it; they stay with the live one: {}{}",
        dependents.len(),
        some.join(", "),
        if dependents.len() > MOST_NAMED {
            " …"
        } else {
            ""
        }
    )
}

fn remark(row: &Row) -> Result<Remark, tokio_postgres::Error> {
    Ok(Remark {
        code: row.try_get("code")?,
        object: row.try_get("object")?,
        message: row.try_get("message")?,
    })
}
