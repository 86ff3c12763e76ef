//! What the modes that write to production share: the marker that proves what is ours, the ledger of what is done,
//! the login role that owns and loads everything, and statements with short locks.

pub mod at_once;
pub mod counting_role;
pub mod entries;
pub mod handed_over;
pub mod handover_role;
pub mod ledger;
pub mod live_tables;
pub mod loader;
pub mod maintenance;
pub mod marker;
pub mod outside;
pub mod parallel;
mod patience;
pub mod read_by_live;
pub mod role;
pub mod schedule;
pub mod statements;
pub mod tenants_path;

use std::time::{Duration, Instant};

use tenant_restore_core::error::{Cause, ErrorKind};
use tenant_restore_core::job::Job;
use tokio_postgres::Client;

use crate::failed::OrCause;

pub use patience::Patience;

/// How long a lock on production may be waited for before the transaction is given up and tried again.
pub const LOCK_TIMEOUT: &str = "set local lock_timeout = '2s'";

/// How long a worker waits for another one of the same restore.
const CLAIM_DEADLINE: Duration = Duration::from_secs(600);

/// Makes this session the only one that works on the restore in its database, production or the temporary one, for as
/// long as it lives.
///
/// ECS may start a task twice; the second worker waits here and then finds everything done.
/// Fails with `Busy` when the other worker doesn't end in time.
pub async fn claim(client: &Client, job: &Job) -> Result<(), Cause> {
    let deadline = Instant::now() + CLAIM_DEADLINE;
    let name = format!("tenant-restore {}", job.restore_id);
    loop {
        let row = client
            .query_one(
                "select pg_try_advisory_lock(hashtextextended($1, 0))",
                &[&name],
            )
            .await
            .or_cause(
                ErrorKind::ConnectionFailed,
                || "claim the restore in its database",
            )?;
        if row.get::<_, bool>(0) {
            return Ok(());
        }
        if Instant::now() > deadline {
            let message = "another worker of this restore is still at work";
            return Err(Cause::new(ErrorKind::Busy, message));
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

/// The names of the restored schemas.
pub fn restored_names(job: &Job) -> Vec<&str> {
    job.schemas
        .iter()
        .map(|schema| schema.restored_as.as_str())
        .collect()
}

/// The major version of the server, for example 15.
pub async fn major_version(client: &Client) -> Result<u32, Cause> {
    let row = client
        .query_one(
            "select current_setting('server_version_num')::int / 10000",
            &[],
        )
        .await
        .or_cause(
            ErrorKind::ConnectionFailed,
            || "ask for the server's version",
        )?;
    Ok(row.get::<_, i32>(0).unsigned_abs())
}

/// The name of the role that the session runs as.
pub async fn current_role(client: &Client) -> Result<String, Cause> {
    let row = client
        .query_one("select current_user::text", &[])
        .await
        .or_cause(ErrorKind::ConnectionFailed, || "ask for the session's role")?;
    Ok(row.get(0))
}
