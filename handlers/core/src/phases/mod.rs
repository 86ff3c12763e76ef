//! The seven phases: what each looks at, and what it decides.

pub mod cleanup;
pub mod complete;
pub mod ddl;
pub mod finalize;
pub mod intake;
pub mod migrate;
pub mod provision;
pub mod replication;
#[cfg(test)]
mod tests;

use tenant_restore_events::Phase;

use crate::decision::Choreography;

/// The choreography of a phase.
pub fn of(phase: Phase) -> &'static dyn Choreography {
    match phase {
        Phase::Intake => &intake::Intake,
        Phase::Provision => &provision::Provision,
        Phase::Ddl => &ddl::Ddl,
        Phase::Migrate => &migrate::Migrate,
        Phase::Finalize => &finalize::Finalize,
        Phase::Cleanup => &cleanup::Cleanup,
        Phase::Complete => &complete::Complete,
    }
}
