//! The operations of the API, one module per subject.

pub mod account;
pub mod backups;
pub mod clusters;
pub mod create;
pub mod delete;
pub mod describe;
pub mod events;
pub mod member;
pub mod modify;
pub mod page;
pub mod parameter_groups;
pub mod restore;
pub mod restore_snapshot;
pub mod snapshots;
pub mod subnet_groups;
pub mod tagging;
