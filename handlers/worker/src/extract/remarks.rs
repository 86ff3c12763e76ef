//! What the restored schemas have that a dump doesn't carry, in words.

use tenant_restore_core::error::{Cause, ErrorKind};
use tenant_restore_core::job::Remark;
use tokio_postgres::{Client, Row};

use crate::context::Context;
use crate::failed::OrCause as _;

/// Adds a remark for each.
pub(super) async fn report(
    client: &Client,
    restored: &[&str],
    context: &mut Context,
) -> Result<(), Cause> {
    let doing = || "look for what a dump doesn't carry";
    let rows = client
        .query(include_str!("not_carried.sql"), &[&restored])
        .await
        .or_cause(ErrorKind::ExtractFailed, doing)?;
    for row in &rows {
        context
            .remarks
            .push(remark(row).or_cause(ErrorKind::ExtractFailed, doing)?);
    }
    Ok(())
}

fn remark(row: &Row) -> Result<Remark, tokio_postgres::Error> {
    Ok(Remark {
        code: row.try_get("code")?,
        object: row.try_get("object")?,
        message: row.try_get("message")?,
    })
}
