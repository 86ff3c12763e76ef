//! The pure core of Tenant Restore: what a restore is, what each phase decides, what things are called and
//! what can go wrong. No AWS types, no runtime, no clock: time comes in as data.

pub mod admission;
pub mod attempt;
pub mod credentials;
pub mod decision;
pub mod effect;
pub mod error;
pub mod hold;
pub mod job;
pub mod letter;
pub mod naming;
pub mod order;
pub mod origin;
pub mod parameters;
pub mod permission;
pub mod phases;
pub mod place;
pub mod plan;
pub mod price;
pub mod request;
pub mod restore;
pub mod restore_point;
pub mod room;
#[cfg(test)]
mod scene;
pub mod sight;
pub mod source_kind;
pub mod status;
pub mod sweep;
pub mod trace;
pub mod wait;
pub mod worker_task;
