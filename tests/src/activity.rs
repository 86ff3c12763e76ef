//! Tenants at work: one writer per schema, each placing orders as fast as its pace allows.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sample_tenants::CHECKOUT;
use tokio::sync::{OwnedRwLockWriteGuard, RwLock};
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::database::Database;
use crate::error::{Context, Error, Result};
use crate::production::Production;
use crate::samples::Tenant;

/// What one writer has done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Transactions that committed.
    pub checkouts: u64,
    /// Rows in them.
    pub rows: u64,
    /// The longest that one transaction took.
    pub slowest: Duration,
    /// Why the writer ended by itself, if it did.
    pub failure: Option<String>,
}

/// Writers of all given schemas, running until they are stopped.
#[derive(Debug)]
pub struct Activity {
    gate: Arc<RwLock<()>>,
    writers: BTreeMap<Tenant, Writer>,
}

#[derive(Debug)]
struct Writer {
    stop: Arc<AtomicBool>,
    tally: Arc<Mutex<Tally>>,
    task: JoinHandle<()>,
}

/// No writer has a transaction open while this lives; dropping it lets them go on.
#[derive(Debug)]
pub struct Pause {
    _gate: OwnedRwLockWriteGuard<()>,
}

impl Activity {
    /// Starts one writer per tenant, each with a connection of its own and a checkout every `pace`.
    ///
    /// # Errors
    /// When a connection fails.
    pub async fn start(
        production: &Production,
        tenants: &[Tenant],
        pace: Duration,
    ) -> Result<Self> {
        let gate = Arc::new(RwLock::new(()));
        let mut writers = BTreeMap::new();
        for tenant in tenants {
            let database = production.connect(tenant.database).await?;
            database.enter(tenant.schema).await?;
            writers.insert(*tenant, Writer::start(database, Arc::clone(&gate), pace));
        }
        Ok(Self { gate, writers })
    }

    /// Lets open transactions commit and holds back new ones.
    pub async fn pause(&self) -> Pause {
        Pause {
            _gate: Arc::clone(&self.gate).write_owned().await,
        }
    }

    /// What each writer has done so far.
    pub fn tallies(&self) -> BTreeMap<Tenant, Tally> {
        self.writers
            .iter()
            .map(|(tenant, writer)| (*tenant, writer.tally().clone()))
            .collect()
    }

    /// Stops the writer of one tenant after its current transaction.
    ///
    /// # Errors
    /// When the tenant has no writer, or its writer failed before.
    pub async fn stop(&mut self, tenant: Tenant) -> Result<Tally> {
        let writer = self.writers.remove(&tenant);
        let writer =
            writer.ok_or_else(|| Error::new(format!("{} has no writer", tenant.schema)))?;
        writer.stop(tenant).await
    }

    /// Stops all writers that are left, each after its current transaction.
    ///
    /// # Errors
    /// When a writer failed before: a restore must not disturb the other tenants.
    pub async fn finish(self) -> Result<BTreeMap<Tenant, Tally>> {
        let mut tallies = BTreeMap::new();
        for (tenant, writer) in self.writers {
            tallies.insert(tenant, writer.stop(tenant).await?);
        }
        Ok(tallies)
    }
}

impl Writer {
    fn start(database: Database, gate: Arc<RwLock<()>>, pace: Duration) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let tally = Arc::new(Mutex::new(Tally::default()));
        let task = tokio::spawn(write(
            database,
            gate,
            pace,
            Arc::clone(&stop),
            Arc::clone(&tally),
        ));
        Self { stop, tally, task }
    }

    fn tally(&self) -> MutexGuard<'_, Tally> {
        lock(&self.tally)
    }

    async fn stop(self, tenant: Tenant) -> Result<Tally> {
        self.stop.store(true, Ordering::Relaxed);
        self.task
            .await
            .context(format!("stop the writer of {}", tenant.schema))?;
        let tally = lock(&self.tally).clone();
        match &tally.failure {
            Some(failure) => Err(Error::new(format!(
                "the writer of {} failed: {failure}",
                tenant.schema
            ))),
            None => Ok(tally),
        }
    }
}

async fn write(
    database: Database,
    gate: Arc<RwLock<()>>,
    pace: Duration,
    stop: Arc<AtomicBool>,
    tally: Arc<Mutex<Tally>>,
) {
    let mut ticks = interval(pace);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while !stop.load(Ordering::Relaxed) {
        ticks.tick().await;
        let open = gate.read().await;
        let began = Instant::now();
        let number = lock(&tally).checkouts;
        let written = check_out(&database, number).await;
        drop(open);
        let mut tally = lock(&tally);
        match written {
            Ok(rows) => {
                tally.checkouts += 1;
                tally.rows += rows;
                tally.slowest = tally.slowest.max(began.elapsed());
            }
            Err(error) => {
                tally.failure = Some(error.to_string());
                return;
            }
        }
    }
}

async fn check_out(database: &Database, number: u64) -> Result<u64> {
    let row = database
        .query_one(CHECKOUT, &[&number.to_string()])
        .await
        .context("check out")?;
    let rows: i64 = row.try_get(0).context("read how many rows were written")?;
    u64::try_from(rows).context("read how many rows were written")
}

/// A tally is whole after every statement, so one left by a panicking writer is still true.
fn lock(tally: &Mutex<Tally>) -> MutexGuard<'_, Tally> {
    tally.lock().unwrap_or_else(PoisonError::into_inner)
}
