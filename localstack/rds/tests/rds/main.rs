//! The local RDS with real PostgreSQL servers. Needs the package `postgresql`.
#![cfg(test)]

mod instance;
mod restore;
mod retained;
mod snapshot;
mod stage;
