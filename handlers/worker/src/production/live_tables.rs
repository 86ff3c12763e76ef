//! The moments in which a restore locks live tables: a foreign key to one is added, or goes again.
//!
//! Adding stops the table's writers for a moment, dropping stops everybody, and whoever comes while we wait for such a lock
//! queues behind us. So we don't ask while a transaction holds the table for long, and give up soon when we have to wait. The
//! transaction is also over before the server looks for deadlocks: of two that wait for each other it ends the one that looked
//! first (PostgreSQL manual, Deadlocks), which could be the live one.

use std::collections::HashMap;
use std::time::Duration;

use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

use super::statements::{Refused, Statement, try_batch};
use super::{LOCK_TIMEOUT, Patience};

/// A transaction that holds a lock at two looks so far apart isn't about to end.
const BETWEEN_LOOKS: Duration = Duration::from_millis(200);

/// So often an autovacuum of a live table is made to yield. One against wraparound doesn't, and is waited for.
const MOST_VACUUMS_ENDED: u32 = 3;

/// After so many tries the statements get more time: in a tree of a thousand partitions they lock one after the other.
const IN_A_MOMENT: u32 = 5;

/// The lock that VACUUM and ANALYZE hold.
const MAINTENANCE: &str = "ShareUpdateExclusiveLock";

/// A table outside of the restored schemas, with its partitions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveTable {
    /// Its schema.
    pub schema: String,
    /// Its name.
    pub table: String,
}

/// Whom the statements stop while they run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stops {
    /// SHARE ROW EXCLUSIVE.
    Writers,
    /// ACCESS EXCLUSIVE.
    Everybody,
}

impl Stops {
    /// What it has to wait for (PostgreSQL manual, "Conflicting Lock Modes").
    fn waits_for(self) -> &'static [&'static str] {
        const ALL: &[&str] = &[
            "AccessShareLock",
            "RowShareLock",
            "RowExclusiveLock",
            MAINTENANCE,
            "ShareLock",
            "ShareRowExclusiveLock",
            "ExclusiveLock",
            "AccessExclusiveLock",
        ];
        match self {
            Self::Writers => &ALL[2..],
            Self::Everybody => ALL,
        }
    }
}

/// What stands in the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Holder {
    /// Nobody for long.
    Nobody,
    /// A vacuum, or an analyze.
    Vacuum,
    /// A transaction that isn't about to end.
    Transaction,
}

/// Runs the statement and notes it in the ledger in `home`, as soon as it can have its locks on these live tables.
pub async fn apply(
    client: &mut Client,
    home: &str,
    tables: &[LiveTable],
    stops: Stops,
    statement: &Statement,
) -> Result<(), Refused> {
    let mut moment = Moment::new(tables, stops);
    loop {
        let bounds = moment
            .come(client)
            .await
            .map_err(|error| Refused { at: 0, error })?;
        match try_batch(client, &bounds, Some(home), &[statement]).await {
            Err(refused) if moment.bears(&refused.error).await => {}
            outcome => return outcome.map(drop),
        }
    }
}

/// Whether the tables were in use all the time.
pub fn was_busy(refused: &Refused) -> bool {
    refused.error.code() == Some(&SqlState::QUERY_CANCELED)
        || Patience::is_lost_fight(&refused.error)
}

/// The wait for a moment in which live tables may be locked.
pub struct Moment<'a> {
    tables: &'a [LiveTable],
    stops: Stops,
    patience: Patience,
    tries: u32,
    vacuums: u32,
}

impl<'a> Moment<'a> {
    /// For these tables.
    pub fn new(tables: &'a [LiveTable], stops: Stops) -> Self {
        Self {
            tables,
            stops,
            patience: Patience::with_live_users(),
            tries: 0,
            vacuums: 0,
        }
    }

    /// Returns when a try is worth it, with the settings for the transaction that tries. Out of patience too: the try then
    /// says what stands in the way.
    pub async fn come(&mut self, client: &Client) -> Result<String, tokio_postgres::Error> {
        loop {
            let holder = self.holder(client).await?;
            let ends_vacuum = holder == Holder::Vacuum && self.vacuums < MOST_VACUUMS_ENDED;
            if ends_vacuum {
                self.vacuums += 1;
            } else if holder != Holder::Nobody && self.patience.waits().await {
                continue;
            }
            self.tries += 1;
            return Ok(bounds(self.tries, ends_vacuum));
        }
    }

    /// Whether to try again; pauses before it says yes.
    pub async fn bears(&mut self, error: &tokio_postgres::Error) -> bool {
        self.patience.bears(error).await
    }

    async fn holder(&self, client: &Client) -> Result<Holder, tokio_postgres::Error> {
        let first = self.holders(client).await?;
        if first.is_empty() {
            return Ok(Holder::Nobody);
        }
        tokio::time::sleep(BETWEEN_LOOKS).await;
        let second = self.holders(client).await?;
        let lasting: Vec<bool> = second
            .into_iter()
            .filter(|(transaction, _)| first.contains_key(transaction))
            .map(|(_, is_maintenance)| is_maintenance)
            .collect();
        if lasting.is_empty() {
            return Ok(Holder::Nobody);
        }
        let only_maintained = lasting.into_iter().all(|is_maintenance| is_maintenance);
        Ok(if only_maintained {
            Holder::Vacuum
        } else {
            Holder::Transaction
        })
    }

    /// The transactions that hold a lock in the way, and whether they only maintain the table. Everybody may see locks.
    async fn holders(
        &self,
        client: &Client,
    ) -> Result<HashMap<String, bool>, tokio_postgres::Error> {
        let schemas: Vec<&str> = self
            .tables
            .iter()
            .map(|live| live.schema.as_str())
            .collect();
        let tables: Vec<&str> = self.tables.iter().map(|live| live.table.as_str()).collect();
        let rows = client
            .query(
                include_str!("live_holders.sql"),
                &[&schemas, &tables, &self.stops.waits_for(), &MAINTENANCE],
            )
            .await?;
        Ok(rows
            .iter()
            .map(|row| (row.get("transaction"), row.get("is_maintenance")))
            .collect())
    }
}

/// `deadlock_timeout` is a second by default; a server that looks for deadlocks earlier shortens ours. An autovacuum ends
/// once somebody has waited for it that long, so that takes the ordinary time-out.
fn bounds(tries: u32, ends_vacuum: bool) -> String {
    if ends_vacuum {
        return LOCK_TIMEOUT.to_owned();
    }
    let whole = if tries <= IN_A_MOMENT {
        "least(800, setting::int * 4 / 5)"
    } else {
        "5000"
    };
    format!(
        "select pg_catalog.set_config('lock_timeout', least(500, setting::int / 2)::text, true), \
         pg_catalog.set_config('statement_timeout', ({whole})::text, true) \
         from pg_catalog.pg_settings where name = 'deadlock_timeout'"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readers_are_in_the_way_of_a_key_that_goes_but_not_of_one_that_comes() {
        let reads = "AccessShareLock";
        assert!(Stops::Everybody.waits_for().contains(&reads));
        assert!(!Stops::Writers.waits_for().contains(&reads));
        assert!(!Stops::Writers.waits_for().contains(&"RowShareLock"));
        assert!(Stops::Writers.waits_for().contains(&"RowExclusiveLock"));
    }
}
