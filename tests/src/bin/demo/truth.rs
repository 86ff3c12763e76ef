//! The truth: what the schemas held at the restore point, taken while no writer had a transaction open.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tenant_restore_tests::activity::Activity;
use tenant_restore_tests::contents::{self, Contents};
use tenant_restore_tests::database::Database;
use tenant_restore_tests::inventory::{self, Inventory};
use tenant_restore_tests::{Context, Result, wait};

/// What the schemas held at a whole second.
pub struct Truth {
    /// The restore point.
    pub at: Timestamp,
    /// Contents and inventory by schema.
    pub schemas: BTreeMap<&'static str, (Contents, Inventory)>,
}

impl Truth {
    /// Pauses the writers until the next whole second of the server's clock has passed, and reads everything
    /// meanwhile. Recovery is exact to the microsecond and knows the server's clock alone.
    ///
    /// # Errors
    /// When the connection is gone.
    pub async fn note(
        activity: &Activity,
        database: &mut Database,
        schemas: &[&'static str],
    ) -> Result<Self> {
        let pause = activity.pause().await;
        let at = next_whole_second(server_clock(database).await?)?;
        let mut truth = Self {
            at,
            schemas: BTreeMap::new(),
        };
        for schema in schemas {
            let held = (
                contents::read(database, schema).await?,
                inventory::read(database, schema, &[]).await?,
            );
            truth.schemas.insert(schema, held);
        }
        wait::until("the whole second", Duration::from_secs(5), async || {
            Ok((server_clock(database).await? > at).then_some(()))
        })
        .await?;
        drop(pause);
        Ok(truth)
    }
}

async fn server_clock(database: &Database) -> Result<Timestamp> {
    let doing = "read the server's clock";
    let microseconds = "select (extract(epoch from clock_timestamp()) * 1000000)::bigint";
    let row = database.query_one(microseconds, &[]).await.context(doing)?;
    Timestamp::from_microsecond(row.try_get(0).context(doing)?).context(doing)
}

fn next_whole_second(now: Timestamp) -> Result<Timestamp> {
    let next = now
        .checked_add(SignedDuration::from_secs(1))
        .context("choose the restore point")?;
    Timestamp::from_second(next.as_second()).context("choose the restore point")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_restore_point_is_a_whole_second_to_come() {
        let now: Timestamp = "2026-01-28T14:30:00.25Z".parse().unwrap();
        assert_eq!(
            next_whole_second(now).unwrap().to_string(),
            "2026-01-28T14:30:01Z"
        );
    }
}
