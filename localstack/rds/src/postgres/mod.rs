//! Real PostgreSQL clusters: their files, processes, backups and recovery. Nothing of the RDS API is in here.

mod authority;
mod catalog;
mod configuration;
mod error;
mod files;
mod heartbeat;
mod installation;
mod layout;
mod process;
mod server;
mod session;

pub use authority::{Authority, AuthorityError};
pub use catalog::{Catalog, Parameter};
pub use configuration::{Recovery, Settings};
pub use error::ServerError;
pub use files::{
    clone, copy_at_rest, copy_backup, initialise, make_folder, remove_backups, remove_folder,
    remove_server,
};
pub use installation::{Installation, InstallationError, Owner};
pub use layout::{Layout, Site, Vault};
pub use process::{Stop, stop_leftover};
pub use server::{Machine, Master, Server, configure};
