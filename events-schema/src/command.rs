//! The commands that handlers send each other over SQS.
//!
//! A command names its restore and attempt; all else is in the restore's record.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Phase;

/// The version of commands that this code writes.
pub const VERSION: u32 = 1;

/// A message on a phase's queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Command {
    /// Version of the document; 1.
    pub version: u32,
    /// The restore.
    #[schemars(regex(pattern = "^[a-z2-7]{12}$"))]
    pub restore_id: String,
    /// Its attempt, from 1.
    #[schemars(range(min = 1))]
    pub attempt: u32,
    /// What to do.
    #[serde(flatten)]
    pub instruction: Instruction,
}

/// What a command asks for.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(tag = "command", rename_all_fields = "camelCase")]
pub enum Instruction {
    /// To `intake`: a place is free, the restore may go on.
    Admit,
    /// To `provision`: make the temporary database.
    ProvisionTemporaryDatabase,
    /// To `migrate`: make the replication instance already, while RDS works.
    ProvisionReplication,
    /// To `ddl`: extract the DDL and apply its first part.
    ExtractDdl,
    /// To `migrate`: move the rows.
    Migrate,
    /// To `finalize`: apply the rest, validate, open.
    Finalize,
    /// To `cleanup`: delete what is temporary.
    CleanUp,
    /// To `complete`: tell the outcome.
    Complete,
    /// To the phase itself: look again.
    Reconcile {
        /// The phase whose wait this tick belongs to.
        phase: Phase,
        /// The generation of the wait; only the current one arms the next tick.
        generation: u32,
        /// Whether the wait is a gap, which nothing but a tick ends. Absent: whatever the wait is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        gap: Option<bool>,
    },
}

impl Instruction {
    /// The phase whose queue takes the instruction.
    pub fn recipient(self) -> Phase {
        match self {
            Self::Admit => Phase::Intake,
            Self::ProvisionTemporaryDatabase => Phase::Provision,
            Self::ProvisionReplication | Self::Migrate => Phase::Migrate,
            Self::ExtractDdl => Phase::Ddl,
            Self::Finalize => Phase::Finalize,
            Self::CleanUp => Phase::Cleanup,
            Self::Complete => Phase::Complete,
            Self::Reconcile { phase, .. } => phase,
        }
    }

    /// The name, as in the field `command`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Admit => "Admit",
            Self::ProvisionTemporaryDatabase => "ProvisionTemporaryDatabase",
            Self::ProvisionReplication => "ProvisionReplication",
            Self::ExtractDdl => "ExtractDdl",
            Self::Migrate => "Migrate",
            Self::Finalize => "Finalize",
            Self::CleanUp => "CleanUp",
            Self::Complete => "Complete",
            Self::Reconcile { .. } => "Reconcile",
        }
    }
}

impl Command {
    /// A command of the current version.
    pub fn new(restore_id: &str, attempt: u32, instruction: Instruction) -> Self {
        Self {
            version: VERSION,
            restore_id: restore_id.to_owned(),
            attempt,
            instruction,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tick_is_one_flat_object() {
        let tick = Command::new(
            "abcdefghijkl",
            1,
            Instruction::Reconcile {
                phase: Phase::Ddl,
                generation: 3,
                gap: None,
            },
        );
        let json = serde_json::to_value(&tick).unwrap();
        assert_eq!(
            json,
            serde_json::json!({
                "version": 1, "restoreId": "abcdefghijkl", "attempt": 1,
                "command": "Reconcile", "phase": "ddl", "generation": 3
            })
        );
        assert_eq!(serde_json::from_value::<Command>(json).unwrap(), tick);
    }

    #[test]
    fn every_command_without_data_survives_a_round_trip() {
        for instruction in [
            Instruction::Admit,
            Instruction::Migrate,
            Instruction::CleanUp,
            Instruction::ProvisionReplication,
        ] {
            let command = Command::new("abcdefghijkl", 2, instruction);
            let json = serde_json::to_string(&command).unwrap();
            assert_eq!(serde_json::from_str::<Command>(&json).unwrap(), command);
        }
    }
}
