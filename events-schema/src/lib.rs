//! The contracts of Tenant Restore: every event that goes in or out, every command between the phases, and the
//! AWS events that wake them.
//!
//! The JSON Schemas in `schemas/` are generated from these types, so that an upstream system in any language can
//! validate what it publishes.

pub mod aws;
pub mod command;
pub mod envelope;
pub mod outgoing;
pub mod phase;
pub mod request;
pub mod schema;

pub use command::{Command, Instruction};
pub use envelope::Envelope;
pub use phase::Phase;
