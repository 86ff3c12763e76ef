//! What may go wrong with each kind of object between the load and the comparison.

mod objects;
mod tables;

/// One thing that goes wrong.
pub struct Damage {
    /// SQL that makes the tenant's object, in `acme`.
    pub made: &'static str,
    /// SQL that damages the restored one, in `acme_r`.
    pub damage: &'static str,
    /// The differences that must be told.
    pub told: &'static [&'static str],
}

/// All of them, each with objects of its own.
pub fn all() -> impl Iterator<Item = &'static Damage> {
    tables::DAMAGES.iter().chain(objects::DAMAGES)
}
