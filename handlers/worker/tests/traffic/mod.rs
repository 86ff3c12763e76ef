//! Live users of production, who must not notice a restore, and a watcher of who waits for whom.
//!
//! Every live session has PostgreSQL end a statement of its own that waits for a lock longer than a restore may make it wait.
//! So that none failed is the server's word; no clock of a test is held against a limit.

#![allow(dead_code, reason = "each test program uses a part of this module")]
#![allow(
    clippy::unwrap_used,
    reason = "a test that can't prepare its users fails at that line"
)]

pub mod watch;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::task::JoinHandle;
use tokio_postgres::Client;

use super::cluster::Cluster;

/// The application name of the live sessions.
pub const LIVE: &str = "live";

/// What one user does over and over.
#[derive(Debug, Clone)]
pub struct User {
    /// The table, or another name.
    pub name: String,
    /// One round: statements, each a transaction of its own unless they say otherwise, and pauses between them.
    pub round: Vec<Step>,
}

/// A part of a round.
#[derive(Debug, Clone)]
pub enum Step {
    /// A statement.
    Say(String),
    /// A pause, inside of a transaction if one is open.
    Pause(Duration),
}

/// What the users of one name did.
#[derive(Debug, Default, Clone)]
pub struct Told {
    /// Statements that ended well.
    pub statements: u64,
    /// The slowest, in this test's eyes.
    pub slowest: Duration,
}

/// Users at work.
pub struct Traffic {
    stop: Arc<AtomicBool>,
    told: Arc<Mutex<BTreeMap<String, Told>>>,
    sessions: Vec<JoinHandle<Result<(), String>>>,
}

/// Users from text: a line `-- name` begins one, each line below it is a statement, and `pause 300` pauses so many
/// milliseconds.
pub fn users(text: &str) -> Vec<User> {
    let mut users: Vec<User> = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if let Some(name) = line.strip_prefix("-- ") {
            users.push(User {
                name: name.to_owned(),
                round: Vec::new(),
            });
            continue;
        }
        let step = match line.strip_prefix("pause ") {
            Some(millis) => Step::Pause(Duration::from_millis(millis.parse().unwrap())),
            None => Step::Say(line.to_owned()),
        };
        users.last_mut().unwrap().round.push(step);
    }
    users
}

impl Traffic {
    /// Starts a session for each user; returns once each has ended its first round.
    pub async fn start(production: &Cluster, users: Vec<User>, lock_timeout: &str) -> Self {
        let traffic = Self {
            stop: Arc::default(),
            told: Arc::default(),
            sessions: Vec::new(),
        };
        let mut sessions = Vec::new();
        let names: Vec<String> = users.iter().map(|user| user.name.clone()).collect();
        for user in users {
            let session = production.superuser("app").await;
            let settings = format!(
                "set application_name = '{LIVE}'; set lock_timeout = '{lock_timeout}'; \
                 set deadlock_timeout = '1s'"
            );
            session.batch_execute(&settings).await.unwrap();
            let (stop, told) = (Arc::clone(&traffic.stop), Arc::clone(&traffic.told));
            sessions.push(tokio::spawn(live(session, user, stop, told)));
        }
        let traffic = Self {
            sessions,
            ..traffic
        };
        traffic.everybody_goes_on(&names).await;
        traffic
    }

    /// Waits until each of these users has ended a round since now, or failed.
    async fn everybody_goes_on(&self, names: &[String]) {
        let before = self.told();
        let rounds = |told: &BTreeMap<String, Told>, name: &String| {
            told.get(name).map_or(0, |told| told.statements)
        };
        loop {
            let now = self.told();
            let went_on = |name: &String| rounds(&now, name) > rounds(&before, name);
            if names.iter().all(went_on) || self.sessions.iter().any(JoinHandle::is_finished) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// What each user did so far.
    pub fn told(&self) -> BTreeMap<String, Told> {
        self.told.lock().unwrap().clone()
    }

    /// Forgets what was the slowest so far.
    pub fn begin_phase(&self) -> u64 {
        let mut told = self.told.lock().unwrap();
        for told in told.values_mut() {
            told.slowest = Duration::ZERO;
        }
        told.values().map(|told| told.statements).sum()
    }

    /// Ends every user's work after its round, and names what failed.
    pub async fn end(self) -> Vec<String> {
        self.stop.store(true, Ordering::Relaxed);
        let mut failures = Vec::new();
        for session in self.sessions {
            failures.extend(session.await.unwrap().err());
        }
        failures
    }
}

async fn live(
    session: Client,
    user: User,
    stop: Arc<AtomicBool>,
    told: Arc<Mutex<BTreeMap<String, Told>>>,
) -> Result<(), String> {
    while !stop.load(Ordering::Relaxed) {
        let mut statements = 0;
        let mut slowest = Duration::ZERO;
        for step in &user.round {
            match step {
                Step::Pause(pause) => tokio::time::sleep(*pause).await,
                Step::Say(sql) => {
                    let began = Instant::now();
                    session
                        .batch_execute(sql)
                        .await
                        .map_err(|error| format!("{}: {sql}: {error:?}", user.name))?;
                    statements += 1;
                    slowest = slowest.max(began.elapsed());
                }
            }
        }
        let mut told = told.lock().unwrap();
        let told = told.entry(user.name.clone()).or_default();
        told.statements += statements;
        told.slowest = told.slowest.max(slowest);
    }
    Ok(())
}
