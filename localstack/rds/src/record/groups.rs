//! Subnet groups and parameter groups.

use serde::{Deserialize, Serialize};

use super::Tag;

/// A subnet group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubnetGroup {
    /// Its description.
    pub description: String,
    /// The ids of its subnets.
    pub subnets: Vec<String>,
    /// Its tags.
    pub tags: Vec<Tag>,
}

/// A parameter group. Its parameters aren't kept: servers run with the local cloud's settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParameterGroup {
    /// For example `postgres15`.
    pub family: String,
    /// Its description.
    pub description: String,
    /// Its tags.
    pub tags: Vec<Tag>,
}
