//! The local RDS with real PostgreSQL servers. Needs the package `postgresql`.
#![cfg(test)]

mod cluster;
mod cluster_stage;
mod instance;
mod managed;
mod parameters;
mod quotas;
mod restore;
mod retained;
mod secrets;
mod snapshot;
mod stage;
