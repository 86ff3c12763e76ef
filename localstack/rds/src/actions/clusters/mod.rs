//! The operations of the API on clusters, one module per subject.

pub mod backups;
pub mod create;
pub mod delete;
pub mod describe;
pub mod modify;
pub mod restore;
pub mod restore_snapshot;
pub mod snapshots;
