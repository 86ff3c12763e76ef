//! The only place among the restores that run: at first another restore has it.

use jiff::Timestamp;
use tenant_restore_core::admission::{Admission, Databases, Entry, Ledger, Limits};
use tenant_restore_core::naming::{RestoreId, restore_id};
use tenant_restore_core::sight::Look;

pub struct Place {
    ledger: Ledger,
    limits: Limits,
    other: RestoreId,
}

impl Place {
    pub fn taken_by_another(source: &str, now: Timestamp) -> Self {
        let one = 1.try_into().unwrap();
        let mut place = Self {
            ledger: Ledger::default(),
            limits: Limits {
                overall: one,
                per_source: one,
            },
            other: restore_id("tenant-restore", "another"),
        };
        let databases = Databases {
            source: source.to_owned(),
            target: None,
        };
        let (other, limits) = (place.other.clone(), place.limits);
        let answer = place.ledger.ask(&other, 1, &databases, limits, now);
        assert_eq!(answer, Admission::Admitted);
        place
    }

    /// What a handler sees that looks for its admission.
    pub fn look(&mut self, looks: &[Look], now: Timestamp) -> Option<Admission> {
        looks.iter().find_map(|look| match look {
            Look::Admission {
                id,
                attempt,
                databases,
            } => {
                let limits = self.limits;
                Some(self.ledger.ask(id, *attempt, databases, limits, now))
            }
            _ => None,
        })
    }

    /// The other restore ends; gives those who are called.
    pub fn other_ends(&mut self) -> Vec<Entry> {
        self.ledger.release(&self.other, 1, self.limits)
    }

    /// A restore gives back what it has.
    pub fn give_back(&mut self, id: &RestoreId, attempt: u32) {
        self.ledger.release(id, attempt, self.limits);
    }

    /// Whether nobody has it, and nobody waits.
    pub fn is_free(&self) -> bool {
        self.ledger == Ledger::default()
    }
}
