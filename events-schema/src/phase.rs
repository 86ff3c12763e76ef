//! The seven phases of a restore.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A phase; each has one handler and one queue of the same name.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// Validates and opens the restore.
    Intake,
    /// Makes the temporary database.
    Provision,
    /// Extracts the DDL and applies its first part.
    Ddl,
    /// Moves the rows.
    Migrate,
    /// Applies the rest of the DDL, validates, opens the schemas.
    Finalize,
    /// Deletes what is temporary.
    Cleanup,
    /// Tells the outcome.
    Complete,
}

impl Phase {
    /// All phases, in order.
    pub const ALL: [Self; 7] = [
        Self::Intake,
        Self::Provision,
        Self::Ddl,
        Self::Migrate,
        Self::Finalize,
        Self::Cleanup,
        Self::Complete,
    ];

    /// The name in queues, functions and records.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Intake => "intake",
            Self::Provision => "provision",
            Self::Ddl => "ddl",
            Self::Migrate => "migrate",
            Self::Finalize => "finalize",
            Self::Cleanup => "cleanup",
            Self::Complete => "complete",
        }
    }

    /// The phase of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|phase| phase.as_str() == name)
    }
}

impl std::fmt::Display for Phase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}
