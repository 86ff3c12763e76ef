//! The cases: what goes wrong, what a person does about it, and whether handlers crash on a message until it is given up.

use tenant_restore_core::restore::{Restore, outcome_id};
use tenant_restore_events::outgoing::Outcome;

use crate::fate::Fate;
use crate::person::Person;

#[derive(Debug, Clone, Copy)]
pub struct Case {
    pub fate: Fate,
    pub person: Person,
    /// Whether the request wants to be held after a failure.
    pub hold: bool,
    pub letters: bool,
}

const FAILING_ONCE_HELD: [Fate; 6] = [
    Fate::ExtractFails,
    Fate::ConnectionFails,
    Fate::DmsTaskFails,
    Fate::DmsTableErrs,
    Fate::CopyFails,
    Fate::FinalizeFails,
];

const FAILING_EARLY_OR_LATE: [Fate; 5] = [
    Fate::PreflightFails,
    Fate::DatabaseFails,
    Fate::InstanceFails,
    Fate::CopyFails,
    Fate::FinalizeFails,
];

impl Case {
    pub const fn of(fate: Fate, person: Person) -> Self {
        Self {
            fate,
            person,
            hold: false,
            letters: false,
        }
    }

    /// Every fate, if nobody does anything; and what persons do, where they can.
    pub fn all() -> Vec<Self> {
        let mut cases: Vec<_> = Fate::ALL
            .into_iter()
            .map(|fate| Self::of(fate, Person::Waits))
            .collect();
        cases.push(Self::of(Fate::Good, Person::Cancels));
        for fate in FAILING_EARLY_OR_LATE {
            cases.push(Self::of(fate, Person::ReplaysWhenEnded));
        }
        let held = |fate, person| Self {
            hold: true,
            ..Self::of(fate, person)
        };
        for fate in FAILING_ONCE_HELD {
            cases.push(held(fate, Person::ReplaysWhenHeld));
        }
        cases.push(held(Fate::CopyFails, Person::Waits));
        cases.push(held(Fate::DmsTaskFails, Person::CancelsWhenHeld));
        for (fate, person) in [
            (Fate::Good, Person::Waits),
            (Fate::Good, Person::Cancels),
            (Fate::CopyFails, Person::ReplaysWhenEnded),
        ] {
            cases.push(Self {
                letters: true,
                ..Self::of(fate, person)
            });
        }
        cases.push(Self {
            letters: true,
            ..held(Fate::CopyFails, Person::ReplaysWhenHeld)
        });
        cases
    }

    /// Whether it may end so, in the last attempt.
    pub fn allows(self, restore: &Restore, outcome: Outcome) -> bool {
        match self.person {
            _ if self.letters => true,
            Person::Cancels => true,
            Person::ReplaysWhenHeld => outcome == Outcome::Completed && restore.attempt == 1,
            Person::ReplaysWhenEnded => outcome == Outcome::Completed && restore.attempt == 2,
            Person::CancelsWhenHeld | Person::Waits => self.fate.allows(outcome),
        }
    }

    /// Whether the restored schemas are in production then.
    pub fn leaves_schemas(self, outcome: Outcome) -> bool {
        outcome == Outcome::Completed || self.fate.leaves_schemas(outcome)
    }

    /// Each attempt told one outcome, under its own id.
    pub fn outcome_ids(restore: &Restore) -> Vec<String> {
        (1..=restore.attempt)
            .map(|attempt| outcome_id(&restore.id, attempt))
            .collect()
    }
}
