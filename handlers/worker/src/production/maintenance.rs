//! Memory and helpers for building indexes: more than a server sets for everybody, and never what its tenants need.

use tenant_restore_core::error::{Cause, ErrorKind};
use tokio_postgres::Client;

use crate::failed::OrCause as _;

/// More than this a session doesn't take, whatever the server has: its tenants need the rest.
const MOST_MEMORY_KB: i64 = 1 << 20;

/// What the sessions that build indexes may take, all together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Means {
    /// `maintenance_work_mem` of each session, in kB. A build shares it among its helpers.
    pub memory_kb: i64,
    /// Helpers of one build, at most: the server's own setting.
    pub helpers_of_one: u32,
    /// Helpers of all builds.
    pub helpers: u32,
}

/// The settings as the server has them for everybody.
#[derive(Debug, Clone, Copy)]
struct Settings {
    shared_buffers_kb: i64,
    maintenance_work_mem_kb: i64,
    max_parallel_workers: i64,
    max_parallel_maintenance_workers: i64,
}

/// What this many sessions may take of the server.
pub async fn means(client: &Client, sessions: usize) -> Result<Means, Cause> {
    let row = client
        .query_one(include_str!("maintenance.sql"), &[])
        .await
        .or_cause(
            ErrorKind::ApplyFailed,
            || "read production's settings of memory",
        )?;
    let settings = Settings {
        shared_buffers_kb: row.get("shared_buffers_kb"),
        maintenance_work_mem_kb: row.get("maintenance_work_mem_kb"),
        max_parallel_workers: row.get("max_parallel_workers"),
        max_parallel_maintenance_workers: row.get("max_parallel_maintenance_workers"),
    };
    Ok(of(settings, sessions))
}

/// SQL doesn't tell the server's memory, only what was derived from it: RDS gives a quarter of it to `shared_buffers`,
/// Aurora about two thirds (the defaults of their parameter groups). An eighth of that, for all sessions together, is 3 % of
/// an instance's memory and 8 % of an Aurora instance's. Where the server's own setting is more, that is kept.
///
/// Helpers come from the pool that tenants' parallel queries use, so all builds together take a quarter of it.
fn of(settings: Settings, sessions: usize) -> Means {
    let sessions = i64::try_from(sessions.max(1)).unwrap_or(i64::MAX);
    let share = settings.shared_buffers_kb / 8 / sessions;
    let helpers = |number: i64| u32::try_from(number).unwrap_or(0);
    Means {
        memory_kb: share
            .min(MOST_MEMORY_KB)
            .max(settings.maintenance_work_mem_kb),
        helpers_of_one: helpers(settings.max_parallel_maintenance_workers),
        helpers: helpers(settings.max_parallel_workers / 4),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As RDS sets them on an instance of this memory.
    fn rds(gib: i64) -> Settings {
        Settings {
            shared_buffers_kb: gib * (1 << 20) / 4,
            maintenance_work_mem_kb: (gib * (1 << 30) / 63_963_136 * 1024).max(65_536) / 1024
                * 1024,
            max_parallel_workers: 8,
            max_parallel_maintenance_workers: 2,
        }
    }

    #[test]
    fn what_the_server_sets_for_everybody_is_never_undercut() {
        for gib in [1, 16, 128] {
            let settings = rds(gib);
            assert!(of(settings, 4).memory_kb >= settings.maintenance_work_mem_kb);
        }
    }

    #[test]
    fn one_session_gets_more_and_none_more_than_a_gigabyte() {
        let small = Settings {
            maintenance_work_mem_kb: 65_536,
            ..rds(16)
        };
        assert_eq!(of(small, 1).memory_kb, 512 * 1024);
        assert_eq!(of(small, 4).memory_kb, 128 * 1024);
        let large = Settings {
            maintenance_work_mem_kb: 65_536,
            ..rds(512)
        };
        assert_eq!(of(large, 1).memory_kb, MOST_MEMORY_KB);
    }

    #[test]
    fn helpers_are_a_quarter_of_the_pool() {
        assert_eq!(
            (of(rds(16), 4).helpers, of(rds(16), 4).helpers_of_one),
            (2, 2)
        );
    }
}
