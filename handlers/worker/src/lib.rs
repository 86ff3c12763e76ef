//! The ECS worker: everything of a restore that needs a database connection.
//!
//! A task runs one [`Job`](tenant_restore_core::job::Job), a list of modes, in order. Each mode has a module of
//! its name with `pub async fn run(context: &mut Context) -> Result<Report, Failed>`.

pub mod archive;
pub mod connection;
pub mod context;
pub mod failed;
pub mod names;
pub mod secrets;
pub mod storage;
