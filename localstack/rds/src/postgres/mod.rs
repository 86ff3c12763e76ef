//! Real PostgreSQL clusters: their files, processes, backups and recovery. Nothing of the RDS API is in here.

mod authority;
mod cluster;
mod configuration;
mod error;
mod heartbeat;
mod installation;
mod layout;
mod process;
mod session;

pub use authority::{Authority, AuthorityError};
pub use cluster::{Cluster, Machine, Master, configure, copy_backup, initialise, remove};
pub use configuration::{Recovery, Settings};
pub use error::ClusterError;
pub use installation::{Installation, InstallationError, Owner};
pub use layout::{Layout, Site};
pub use process::{Stop, stop_leftover};
