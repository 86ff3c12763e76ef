//! The ECS worker: everything of a restore that needs a database connection.
//!
//! A task runs one [`Job`](tenant_restore_core::job::Job), a list of modes, in order. Each mode has a module of
//! its name with `pub async fn run(context: &mut Context) -> Result<Report, Failed>`.

pub mod apply_post_data;
pub mod apply_pre_data;
pub mod archive;
pub mod bounds;
pub mod connection;
pub mod context;
pub mod copy;
pub mod drop_restored;
pub mod extract;
pub mod failed;
pub mod job_run;
pub mod movers;
pub mod names;
pub mod open;
mod pg_dump_program;
pub mod preflight;
pub mod probe;
pub mod production;
#[cfg(test)]
mod sample_job;
pub mod secrets;
pub mod storage;
pub mod text_references;
pub mod turn;
pub mod validate;
