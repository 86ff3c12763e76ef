//! The pure core of Tenant Restore: what a restore is, what each phase decides, what things are called and
//! what can go wrong. No AWS types, no runtime, no clock: time comes in as data.

pub mod error;
pub mod job;
