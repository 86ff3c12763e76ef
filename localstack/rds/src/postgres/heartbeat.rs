//! The heartbeat of an instance: a commit and a segment switch at a regular interval.
//!
//! Recovery can stop at a time only if a later commit follows in the log (PostgreSQL 13 and later end with an error
//! otherwise). So the latest restorable time is the time of the last commit of ours whose segment is archived.

use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};
use tokio_postgres::Client;

use super::error::{ServerError, statement};
use super::layout::Layout;
use super::session::{connect, first_text};
use crate::window::reachable_before;

/// How often the archive is looked at for the segment.
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// How long PostgreSQL may take to archive a segment.
const ARCHIVE_WITHIN: Duration = Duration::from_secs(30);

/// Beats until it is aborted; each beat that reached the archive is sent to `latest`.
pub async fn run(
    layout: Layout,
    port: u16,
    every: Duration,
    latest: watch::Sender<Option<Timestamp>>,
) {
    let mut ticks = interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut heart = Heart {
        layout,
        port,
        client: None,
    };
    loop {
        ticks.tick().await;
        match heart.beat().await {
            Ok(at) => {
                latest.send_replace(Some(at));
            }
            Err(error) => {
                heart.client = None;
                tracing::warn!(folder = %heart.layout.folder().display(), %error, "a heartbeat failed: the next one will connect anew");
            }
        }
    }
}

struct Heart {
    layout: Layout,
    port: u16,
    client: Option<Client>,
}

impl Heart {
    async fn beat(&mut self) -> Result<Timestamp, ServerError> {
        let failed = statement("write the heartbeat");
        let client = match self.client.take() {
            Some(client) => client,
            None => connect(self.layout.sockets(), self.port, "rdsadmin")
                .await
                .map_err(&failed)?,
        };
        let client = self.client.insert(client);
        // The clock is read before the commit, so the commit's own time is this one or later.
        let before = first_text(
            client,
            "update heartbeat set at = clock_timestamp() returning floor(extract(epoch from at) * 1000000)::bigint",
        );
        let before = before.await.map_err(&failed)?;
        let segment = first_text(client, "select pg_walfile_name(pg_switch_wal())")
            .await
            .map_err(&failed)?;
        let (Some(before), Some(segment)) = (before.and_then(|at| at.parse().ok()), segment) else {
            return Err(ServerError::Program {
                program: "heartbeat",
                output: "no answer to its statements".into(),
            });
        };
        archived(self.layout.vault().archive().join(segment)).await?;
        Ok(reachable_before(before))
    }
}

async fn archived(segment: PathBuf) -> Result<(), ServerError> {
    let deadline = Instant::now() + ARCHIVE_WITHIN;
    while !tokio::fs::try_exists(&segment).await.unwrap_or(false) {
        if Instant::now() >= deadline {
            return Err(ServerError::Late {
                doing: "archive a segment",
                seconds: ARCHIVE_WITHIN.as_secs(),
            });
        }
        sleep(LOOK_EVERY).await;
    }
    Ok(())
}
