//! The two kinds of parameter groups, whose operations differ in names only.

use std::collections::BTreeMap;

use crate::choices::default_parameter_group;
use crate::cluster_choices::default_cluster_parameter_group;
use crate::record::{Engine, ParameterGroup, State};

/// A kind of parameter groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Of instances.
    Instance,
    /// Of clusters.
    Cluster,
}

impl Kind {
    /// The kind that an operation is about.
    pub fn of(action: &str) -> Self {
        if action.contains("DBCluster") {
            Self::Cluster
        } else {
            Self::Instance
        }
    }

    /// The name of such a group's element, and of what begins with it.
    pub fn element(self) -> &'static str {
        match self {
            Self::Instance => "DBParameterGroup",
            Self::Cluster => "DBClusterParameterGroup",
        }
    }

    /// The parameter that names such a group.
    pub fn name(self) -> &'static str {
        match self {
            Self::Instance => "DBParameterGroupName",
            Self::Cluster => "DBClusterParameterGroupName",
        }
    }

    /// The type in such a group's ARN.
    pub fn resource(self) -> &'static str {
        match self {
            Self::Instance => "pg",
            Self::Cluster => "cluster-pg",
        }
    }

    /// The groups of this kind.
    pub fn groups(self, state: &State) -> &BTreeMap<String, ParameterGroup> {
        match self {
            Self::Instance => &state.parameter_groups,
            Self::Cluster => &state.cluster_parameter_groups,
        }
    }

    /// The groups of this kind, to be changed.
    pub fn groups_mut(self, state: &mut State) -> &mut BTreeMap<String, ParameterGroup> {
        match self {
            Self::Instance => &mut state.parameter_groups,
            Self::Cluster => &mut state.cluster_parameter_groups,
        }
    }

    /// Whether an instance or cluster uses the group.
    pub fn is_used(self, state: &State, group: &str) -> bool {
        match self {
            Self::Instance => {
                let mut all = state.instances.values();
                all.any(|one| one.choices.parameter_group == group)
            }
            Self::Cluster => {
                let mut all = state.clusters.values();
                all.any(|one| one.choices.parameter_group == group)
            }
        }
    }

    /// The default groups, which nobody can change: name and family.
    pub fn defaults(self, major: u32) -> Vec<(String, String)> {
        let engines = [Engine::Postgres, Engine::AuroraPostgresql];
        let name = |engine: Engine| match (self, engine) {
            (Self::Instance, Engine::Postgres) => default_parameter_group(major),
            _ => default_cluster_parameter_group(engine, major),
        };
        engines
            .map(|engine| (name(engine), family(engine, major)))
            .to_vec()
    }
}

/// The family of an engine's groups.
pub fn family(engine: Engine, major: u32) -> String {
    format!("{}{major}", engine.name())
}
