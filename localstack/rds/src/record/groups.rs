//! Subnet groups and parameter groups.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Tag;

/// A subnet group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubnetGroup {
    /// Its description.
    pub description: String,
    /// The ids of its subnets.
    pub subnets: Vec<String>,
    /// The VPC in which they all are.
    pub vpc: String,
    /// Its tags.
    pub tags: Vec<Tag>,
}

/// A parameter group, of instances or of clusters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParameterGroup {
    /// For example `postgres15`.
    pub family: String,
    /// Its description.
    pub description: String,
    /// Its tags.
    pub tags: Vec<Tag>,
    /// What it sets; the rest is as the engine has it.
    #[serde(default)]
    pub parameters: BTreeMap<String, Setting>,
}

/// A parameter's value in a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setting {
    /// The value, as PostgreSQL reads it.
    pub value: String,
    /// Whether a server takes it at its next start only.
    pub at_start: bool,
}

impl ParameterGroup {
    /// All values.
    pub fn values(&self) -> BTreeMap<String, String> {
        let value = |(name, setting): (&String, &Setting)| (name.clone(), setting.value.clone());
        self.parameters.iter().map(value).collect()
    }

    /// The values that a server takes at its start only.
    pub fn values_at_start(&self) -> BTreeMap<String, String> {
        let mut values = self.values();
        values.retain(|name, _| self.parameters[name].at_start);
        values
    }
}
