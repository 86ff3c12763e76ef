//! Amazon RDS on real PostgreSQL clusters.
//!
//! An instance is a PostgreSQL server of its own with continuous archiving and a base backup; a restore to a point in
//! time is PostgreSQL's own recovery. What the API says about statuses, errors and events follows the RDS API
//! reference and the RDS user guide. [`postgres`] knows nothing of the API, [`actions`] nothing of processes;
//! [`life`] is where they meet.

pub mod actions;
pub mod answer;
pub mod choices;
pub mod cluster_choices;
pub mod cluster_life;
pub mod cluster_status;
pub mod config;
pub mod event;
pub mod faults;
pub mod fleet;
pub mod life;
pub mod managed_secret;
pub mod member_life;
pub mod parameters;
pub mod postgres;
pub mod provisioning;
pub mod quotas;
pub mod record;
pub mod refusal;
pub mod server_settings;
pub mod service;
pub mod snapshots;
pub mod status;
pub mod upkeep;
pub mod window;

pub use config::Config;
pub use service::{Rds, StartError};
