//! Support for the end-to-end tests and the demonstration.
//!
//! Everything here goes through public interfaces: the AWS SDK against the endpoint of the local cloud, and
//! PostgreSQL's own protocol with TLS. Nothing reaches into the pipeline or the local cloud by any other way, so that
//! what is proven here holds for any operator.
//!
//! The usual order: [`cloud::Cloud`] connects, [`production`] makes an instance, [`samples`] loads the tenants,
//! [`activity`] keeps writing, [`request`] publishes a `RestoreRequested`, [`subscriber`] hears what comes of it,
//! [`truth`] notes what
//! schemas hold ([`contents`], [`inventory`]) and compares their copies with it, [`leftovers`] what a restore left behind.

pub mod activity;
pub mod audit;
pub mod aws_events;
pub mod bill;
pub mod chronicle;
pub mod cloud;
pub mod cloud_memory;
pub mod command_line;
pub mod contents;
pub mod database;
pub mod deployment;
pub mod error;
pub mod faults;
pub mod function_logs;
pub mod haystack;
pub mod inventory;
pub mod invocation;
pub mod kind;
pub mod leftovers;
pub mod mailbox;
pub mod network;
pub mod orphans;
pub mod outcome;
pub mod production;
pub mod queues;
pub mod refusal_codes;
pub mod remains;
pub mod report;
pub mod request;
pub mod rotation;
pub mod sample_functions;
pub mod samples;
pub mod snapshots;
pub mod storm;
pub mod stranger;
pub mod subscriber;
pub mod subscription;
pub mod traces;
pub mod truth;
pub mod wait;
pub mod worker_tasks;

pub use error::{Context, Error, Result};
