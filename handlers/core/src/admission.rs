//! Admission: how many restores run at a time, so that the account's quotas of DMS, RDS and Fargate aren't overrun.
//!
//! What is over waits in the order of its asking. A restore whose source is full doesn't keep those behind it that want
//! another source. Every operation may be repeated: it leaves the ledger as it is, and gives the same answer.

use std::iter;
use std::num::NonZeroUsize;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::naming::RestoreId;
use crate::request::Request;

/// Waiting restores that are listed: a DynamoDB item holds 400 KB (DynamoDB developer guide, quotas), an entry less than
/// 250 bytes. Who comes when the list is full asks again with its ticks.
const MOST_LISTED: usize = 1000;

/// How many restores may run at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Limits {
    /// All together. RDS and DMS allow 40 and 60 instances an account and region by default.
    pub overall: NonZeroUsize,
    /// Of one source or into one target, whose storage and connections they share.
    pub per_source: NonZeroUsize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            overall: const { NonZeroUsize::new(10).expect("10 isn't 0") },
            per_source: const { NonZeroUsize::new(3).expect("3 isn't 0") },
        }
    }
}

impl std::fmt::Display for Limits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            overall,
            per_source,
        } = self;
        write!(
            f,
            "at most {overall} restores run at a time, {per_source} of one source or target"
        )
    }
}

/// The instances or clusters that a restore bears upon.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Databases {
    /// The source.
    pub source: String,
    /// The target, if it isn't the source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
}

impl Databases {
    /// Those of a request, each by the one name that it has however it is called.
    pub fn of(request: &Request) -> Self {
        Self {
            source: request.source_identity().to_owned(),
            target: request.target_identity().map(str::to_owned),
        }
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        iter::once(&self.source)
            .chain(&self.target)
            .map(String::as_str)
    }
}

/// A restore that runs or waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// The restore.
    pub id: RestoreId,
    /// Its attempt.
    pub attempt: u32,
    /// What it reads and loads.
    #[serde(flatten)]
    pub databases: Databases,
    /// When it first asked.
    pub since: Timestamp,
    /// Whose release or question let it go, if not its own: who repeats that tells it again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub called_by: Option<RestoreId>,
}

/// The answer to who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// It may run.
    Admitted,
    /// It waits.
    Waiting {
        /// Its place in the list, from 1.
        position: usize,
        /// What keeps it.
        limits: Limits,
    },
}

/// All restores between their admission and their end, and all that wait for theirs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Ledger {
    /// Those that may run.
    pub active: Vec<Entry>,
    /// Those that wait, the longest first.
    pub waiting: Vec<Entry>,
}

impl Ledger {
    /// Whether a restore may run; if not, it waits behind all that do. An earlier attempt of it is over.
    pub fn ask(
        &mut self,
        id: &RestoreId,
        attempt: u32,
        databases: &Databases,
        limits: Limits,
        now: Timestamp,
    ) -> Admission {
        self.forget(id, attempt.saturating_sub(1));
        self.call(id, limits);
        if self.active.iter().any(|entry| entry.id == *id) {
            return Admission::Admitted;
        }
        if let Some(index) = self.waiting.iter().position(|entry| entry.id == *id) {
            let position = index + 1;
            return Admission::Waiting { position, limits };
        }
        let entry = Entry {
            id: id.clone(),
            attempt,
            databases: databases.clone(),
            since: now,
            called_by: None,
        };
        // Nobody who waits could go, so nobody's turn is taken.
        if self.has_room(databases, limits) {
            self.active.push(entry);
            return Admission::Admitted;
        }
        let position = self.waiting.len() + 1;
        if position <= MOST_LISTED {
            self.waiting.push(entry);
        }
        Admission::Waiting { position, limits }
    }

    /// Takes a restore out, whether it ran, waited or never asked. Gives those that may go because of it, also when it was
    /// taken out before: whoever repeats this doesn't know whether they were told.
    pub fn release(&mut self, id: &RestoreId, attempt: u32, limits: Limits) -> Vec<Entry> {
        self.forget(id, attempt);
        self.call(id, limits);
        self.called_by(id)
    }

    /// Takes out a restore up to an attempt; a later one has asked anew, and stays.
    pub fn forget(&mut self, id: &RestoreId, attempt: u32) {
        let stays = |entry: &Entry| entry.id != *id || entry.attempt > attempt;
        self.active.retain(stays);
        self.waiting.retain(stays);
    }

    /// Those whom a restore let go, as far as they have not ended.
    pub fn called_by(&self, id: &RestoreId) -> Vec<Entry> {
        let called = |entry: &&Entry| entry.called_by.as_ref() == Some(id) && entry.id != *id;
        self.active.iter().filter(called).cloned().collect()
    }

    /// Lets all go for whom there is room, the longest waiting first.
    fn call(&mut self, by: &RestoreId, limits: Limits) {
        for entry in std::mem::take(&mut self.waiting) {
            if self.has_room(&entry.databases, limits) {
                let called_by = Some(by.clone());
                self.active.push(Entry { called_by, ..entry });
            } else {
                self.waiting.push(entry);
            }
        }
    }

    /// Neither source nor target may bear more than the limit of one source, in whichever part.
    fn has_room(&self, databases: &Databases, limits: Limits) -> bool {
        let bears = |name: &str| {
            let active = self.active.iter();
            let its = active.filter(|entry| entry.databases.names().any(|other| other == name));
            its.count()
        };
        self.active.len() < limits.overall.get()
            && databases
                .names()
                .all(|name| bears(name) < limits.per_source.get())
    }
}

#[cfg(test)]
mod tests;
