//! Who waits for whom, as PostgreSQL tells it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio_postgres::{Client, Row};

use super::LIVE;
use crate::cluster::Cluster;

/// One wait for a lock, of its first to its last sighting.
#[derive(Debug, Clone, PartialEq)]
pub struct Wait {
    /// The lock, and what waited for it.
    pub what: String,
    /// Whose lock or place in the queue it waited for.
    pub behind: String,
    /// How long it had waited when it was last seen.
    pub millis: f64,
}

/// What was seen.
#[derive(Debug, Default, Clone)]
pub struct Seen {
    /// Waits of live statements behind the restore, by process and beginning.
    pub live: BTreeMap<(i32, String), Wait>,
    /// Waits of the restore behind live transactions.
    pub restore: BTreeMap<(i32, String), Wait>,
    /// Looks at the locks of live tables by which the restore found out whether it should wait without asking.
    pub looks: BTreeSet<(i32, String)>,
    /// How often the watcher looked.
    pub samples: u64,
}

impl Seen {
    /// The longest wait of a live statement.
    pub fn longest(&self) -> Option<&Wait> {
        let mut waits: Vec<&Wait> = self.live.values().collect();
        waits.sort_by(|one, other| one.millis.total_cmp(&other.millis));
        waits.pop()
    }
}

/// A session that looks all the time.
pub struct Watcher {
    stop: Arc<AtomicBool>,
    seen: Arc<Mutex<Seen>>,
    session: JoinHandle<()>,
}

impl Watcher {
    /// Begins to look.
    pub async fn start(production: &Cluster) -> Self {
        let client = production.superuser("app").await;
        let (stop, seen) = (Arc::<AtomicBool>::default(), Arc::<Mutex<Seen>>::default());
        let session = tokio::spawn(look(client, Arc::clone(&stop), Arc::clone(&seen)));
        Self {
            stop,
            seen,
            session,
        }
    }

    /// What was seen so far.
    pub fn seen(&self) -> Seen {
        self.seen.lock().unwrap().clone()
    }

    /// What was seen since this was asked last.
    pub fn take(&self) -> Seen {
        std::mem::take(&mut *self.seen.lock().unwrap())
    }

    /// Waits until what was seen is enough.
    pub async fn until(&self, enough: impl Fn(&Seen) -> bool) {
        while !enough(&self.seen.lock().unwrap()) {
            assert!(!self.session.is_finished(), "the watcher ended");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Ends it.
    pub async fn end(self) {
        self.stop.store(true, Ordering::Relaxed);
        self.session.await.unwrap();
    }
}

async fn look(client: Client, stop: Arc<AtomicBool>, seen: Arc<Mutex<Seen>>) {
    let statement = client.prepare(include_str!("watch.sql")).await.unwrap();
    while !stop.load(Ordering::Relaxed) {
        let rows = client.query(&statement, &[&LIVE]).await.unwrap();
        note(&rows, &mut seen.lock().unwrap());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn note(rows: &[Row], seen: &mut Seen) {
    seen.samples += 1;
    for row in rows {
        let key = (row.get("pid"), row.get("since"));
        if row.get("looks") {
            seen.looks.insert(key);
            continue;
        }
        let wait = Wait {
            what: row.get("what"),
            behind: row.get("behind"),
            millis: row.get("millis"),
        };
        let waits = if row.get("is_live") {
            &mut seen.live
        } else {
            &mut seen.restore
        };
        waits.insert(key, wait);
    }
}
