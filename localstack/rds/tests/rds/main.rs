//! The local RDS with real PostgreSQL servers. Needs the package `postgresql`.
#![cfg(test)]

mod cluster;
mod cluster_stage;
mod instance;
mod restore;
mod retained;
mod snapshot;
mod stage;
