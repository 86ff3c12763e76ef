//! Whose data are meant, and which engine serves them.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What has a PostgreSQL server and data of its own.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Holder {
    /// An instance outside of any cluster, by identifier.
    Instance(String),
    /// A cluster, by identifier. Its server runs while it has an instance that writes.
    Cluster(String),
    /// An instance of a cluster, by identifier. It has no server of its own, only a life.
    Member(String),
}

impl Holder {
    /// The identifier of the instance or cluster.
    pub fn identifier(&self) -> &str {
        match self {
            Self::Instance(identifier) | Self::Cluster(identifier) | Self::Member(identifier) => {
                identifier
            }
        }
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Instance(identifier) => write!(out, "instance {identifier}"),
            Self::Cluster(identifier) => write!(out, "cluster {identifier}"),
            Self::Member(identifier) => write!(out, "cluster instance {identifier}"),
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
    /// Aurora PostgreSQL. Here plain PostgreSQL serves it.
    AuroraPostgresql,
}

impl Engine {
    /// The name in calls and answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::AuroraPostgresql => "aurora-postgresql",
        }
    }

    /// The engine of that name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Postgres, Self::AuroraPostgresql]
            .into_iter()
            .find(|engine| engine.name() == name)
    }
}
