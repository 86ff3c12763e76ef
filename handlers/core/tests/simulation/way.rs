//! The ways that the restores of a simulation must have gone, all of them: what was never walked was never tested.

use std::collections::BTreeMap;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// It was told that a restore is held.
    Held,
    /// It was held until its time was up.
    HoldRunsOut,
    /// A held restore was cancelled.
    HeldIsCancelled,
    /// One that ran was.
    Cancelled,
    /// A held restore was taken up again.
    Resumed,
    /// A DMS task loaded its tables again.
    LoadedAgain,
    /// Another attempt was begun.
    NextAttempt,
    /// A handler had begun in the attempt before, and met the next one.
    RunMeetsNextAttempt,
    /// An order came again that had been followed.
    OrderComesAgain,
    /// An order could not be followed, or not yet.
    OrderRefused,
    /// A save was done and its answer lost.
    SavedUnanswered,
    /// A replay came while the outcome was being told.
    OrderPutOff,
    /// An order was given up that had been followed up to the save.
    OrderAbandoned,
    /// A command was given up, and its restore failed.
    CommandFailsRestore,
    /// A command was given up that was of no phase or attempt any more.
    CommandIsOfThePast,
    /// An event or tick was given up, and a wait armed again.
    WaitArmedAgain,
    /// A letter found commands that its handler had not sent.
    OutboxSentByLetter,
}

impl Way {
    pub const ALL: [Self; 17] = [
        Self::Held,
        Self::HoldRunsOut,
        Self::HeldIsCancelled,
        Self::Cancelled,
        Self::Resumed,
        Self::LoadedAgain,
        Self::NextAttempt,
        Self::RunMeetsNextAttempt,
        Self::OrderComesAgain,
        Self::OrderRefused,
        Self::SavedUnanswered,
        Self::OrderPutOff,
        Self::OrderAbandoned,
        Self::CommandFailsRestore,
        Self::CommandIsOfThePast,
        Self::WaitArmedAgain,
        Self::OutboxSentByLetter,
    ];
}

/// How often each was walked.
#[derive(Debug, Default)]
pub struct Walked(BTreeMap<Way, usize>);

impl Walked {
    pub fn note(&mut self, way: Way) {
        *self.0.entry(way).or_default() += 1;
    }

    pub fn add(&mut self, other: &Self) {
        for (way, times) in &other.0 {
            *self.0.entry(*way).or_default() += times;
        }
    }

    pub fn never(&self) -> Vec<Way> {
        let mut ways = Way::ALL.to_vec();
        ways.retain(|way| !self.0.contains_key(way));
        ways
    }
}
