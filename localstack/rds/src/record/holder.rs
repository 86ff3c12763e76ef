//! Whose data are meant, and which engine serves them.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What has a PostgreSQL server and data of its own.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Holder {
    /// An instance outside of any cluster, by identifier.
    Instance(String),
}

impl Holder {
    /// The identifier, which is unique among holders of its kind.
    pub fn identifier(&self) -> &str {
        match self {
            Self::Instance(identifier) => identifier,
        }
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Instance(identifier) => write!(out, "instance {identifier}"),
        }
    }
}

/// `Engine`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Engine {
    /// RDS for PostgreSQL.
    #[default]
    Postgres,
}

impl Engine {
    /// The name in calls and answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
        }
    }
}
