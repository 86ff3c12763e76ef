//! How many connections of a restore may be at work in production at once.

use tenant_restore_core::error::{Cause, ErrorKind};
use tokio_postgres::Client;

use crate::failed::OrCause as _;

/// A quarter of what production has left, since other restores and DMS load too, and its tenants go on; at most `most`,
/// and at least one.
pub async fn connections(production: &Client, most: usize) -> Result<usize, Cause> {
    let row = production
        .query_one(include_str!("connections_left.sql"), &[])
        .await
        .or_cause(
            ErrorKind::ConnectionFailed,
            || "count production's connections",
        )?;
    let left: i32 = row.get("connections_left");
    Ok(usize::try_from(left / 4).unwrap_or(0).clamp(1, most.max(1)))
}
