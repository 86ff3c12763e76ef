//! The AWS events that wake a handler. They are hints: only what identifies the resource is read from them.

pub mod dms;
pub mod ecs;
pub mod rds;
