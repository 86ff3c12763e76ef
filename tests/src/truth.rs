//! The truth: what schemas held at a restore point, taken while nobody wrote to them.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::contents::{self, Contents};
use crate::database::Database;
use crate::error::{Context, Result};
use crate::inventory::{self, Inventory};
use crate::wait;

/// What some schemas held at a whole second.
#[derive(Debug, Clone)]
pub struct Truth {
    /// The restore point.
    pub at: Timestamp,
    schemas: BTreeMap<String, Held>,
}

/// What one schema held.
#[derive(Debug, Clone)]
pub struct Held {
    /// Rows and sequences.
    pub contents: Contents,
    /// Objects.
    pub inventory: Inventory,
}

impl Truth {
    /// Notes what the schemas hold at the next whole second of the server's clock, and returns when it has passed.
    /// Nobody may write to them meanwhile: recovery is exact to the microsecond, and knows the server's clock alone.
    ///
    /// # Errors
    /// When the connection is gone.
    pub async fn note(database: &mut Database, schemas: &[&str]) -> Result<Self> {
        let at = next_whole_second(server_clock(database).await?)?;
        let mut truth = Self {
            at,
            schemas: BTreeMap::new(),
        };
        for schema in schemas {
            let contents = contents::read(database, schema).await?;
            let inventory = inventory::read(database, schema, &[]).await?;
            truth.schemas.insert(
                (*schema).to_owned(),
                Held {
                    contents,
                    inventory,
                },
            );
        }
        wait::until("the whole second", Duration::from_secs(5), async || {
            Ok((server_clock(database).await? > at).then_some(()))
        })
        .await?;
        Ok(truth)
    }

    /// What one schema held.
    ///
    /// # Errors
    /// When it was not noted.
    pub fn of(&self, schema: &str) -> Result<&Held> {
        self.schemas
            .get(schema)
            .context(format!("look up the truth of {schema}"))
    }

    /// The schemas that were noted.
    pub fn schemas(&self) -> impl Iterator<Item = &str> {
        self.schemas.keys().map(String::as_str)
    }

    /// Rows of all schemas together.
    pub fn rows(&self) -> i64 {
        self.schemas.values().map(|held| held.contents.rows()).sum()
    }

    /// How the copy `restored_as` differs from what `schema` held, one sentence per difference; none if it is faithful.
    ///
    /// # Errors
    /// When the copy cannot be read, or the schema was not noted.
    pub async fn differences(
        &self,
        database: &mut Database,
        schema: &str,
        restored_as: &str,
    ) -> Result<Vec<String>> {
        let held = self.of(schema)?;
        let contents = contents::read(database, restored_as).await?;
        let inventory = inventory::read(database, restored_as, &[schema]).await?;
        let mut differences = contents.differences_from(&held.contents);
        differences.extend(inventory.differences_from(&held.inventory));
        Ok(differences)
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
