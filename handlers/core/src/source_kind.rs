//! What a source is, as RDS tells it apart, and what its temporary copy is made with.

use serde::{Deserialize, Serialize};

/// The four kinds of sources.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum SourceKind {
    /// An RDS instance in one zone.
    SingleAz(InstanceSource),
    /// An RDS instance with a standby.
    MultiAz(InstanceSource),
    /// An Aurora cluster whose writer has a class of its own.
    AuroraProvisioned {
        /// The cluster.
        cluster: ClusterSource,
        /// The writer's class.
        class: String,
    },
    /// An Aurora cluster whose writer is Serverless v2.
    AuroraServerless {
        /// The cluster.
        cluster: ClusterSource,
        /// How its temporary copy scales.
        scaling: Scaling,
    },
}

impl Default for SourceKind {
    /// What every source was before they were told apart.
    fn default() -> Self {
        Self::SingleAz(InstanceSource::default())
    }
}

impl SourceKind {
    /// The cluster, of Aurora.
    pub fn cluster(&self) -> Option<&ClusterSource> {
        match self {
            Self::SingleAz(_) | Self::MultiAz(_) => None,
            Self::AuroraProvisioned { cluster, .. } | Self::AuroraServerless { cluster, .. } => {
                Some(cluster)
            }
        }
    }

    /// The kind in words.
    pub fn describe(&self) -> &'static str {
        match self {
            Self::SingleAz(_) => "RDS Single-AZ",
            Self::MultiAz(_) => "RDS Multi-AZ",
            Self::AuroraProvisioned { .. } => "Aurora provisioned",
            Self::AuroraServerless { .. } => "Aurora Serverless v2",
        }
    }
}

/// An instance that isn't a member of a cluster.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct InstanceSource {
    /// Whether it is there, or only its backups are.
    pub presence: Presence,
    /// The parameter group family of what is restored; none in a record of an earlier version.
    pub family: Option<String>,
    /// Its storage, where RDS would choose another for a restored instance.
    pub storage: Option<Storage>,
    /// `AllocatedStorage` of one that was deleted, by its backups or a snapshot; Describe tells that of one that is there.
    pub gigabytes: Option<u32>,
}

/// An Aurora cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClusterSource {
    /// Its identifier; the request may name a member.
    pub name: String,
    /// Whether it is there, or only its backups are.
    pub presence: Presence,
    /// The engine's version of what is restored.
    pub engine_version: String,
    /// The parameter group family of what is restored.
    pub family: String,
    /// Its cluster parameter group; none if only its backups are there.
    pub parameter_group: Option<String>,
    /// `aurora-iopt1`, if it has that storage; none for the default.
    pub storage_type: Option<String>,
    /// How its volume is copied.
    pub copy: ClusterCopy,
}

/// How the volume of a cluster is copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ClusterCopy {
    /// As it is now, page by page when either side changes one (Aurora user guide, "Cloning a volume").
    Clone,
    /// In full, as it was at the restore point.
    Full,
}

/// Whether a source is there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Presence {
    /// It is.
    #[default]
    Live,
    /// It was deleted; its automated backups are retained.
    #[serde(rename_all = "camelCase")]
    Retained {
        /// Its resource id, by which alone it can be restored (RDS API reference).
        resource_id: String,
    },
}

/// Storage that must be asked for: RDS restores to gp3 unless told otherwise (RDS API reference,
/// RestoreDBInstanceToPointInTime).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Storage {
    /// `StorageType`.
    pub storage_type: String,
    /// `Iops`, of provisioned IOPS.
    pub iops: Option<i32>,
}

/// Bounds of Serverless v2 in Aurora capacity units.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Scaling {
    /// Least.
    pub min: f64,
    /// Most.
    pub max: f64,
}

/// Serverless v2 pauses only with a minimum of 0 (Aurora user guide, "Scaling to zero"); this is the least above it.
const LEAST_AWAKE: f64 = 0.5;

impl Scaling {
    /// The source's bounds, but never pausing.
    pub fn awake(min: f64, max: f64) -> Self {
        let min = min.max(LEAST_AWAKE);
        Self {
            min,
            max: max.max(min),
        }
    }
}

/// The parameter group family of a PostgreSQL version: `postgres15`, `aurora-postgresql16`.
pub fn family(engine: &str, version: &str) -> String {
    let major = version.split('.').next().unwrap_or(version);
    format!("{engine}{major}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_of_a_serverless_cluster_never_pauses() {
        assert_eq!(Scaling::awake(0.0, 8.0), Scaling { min: 0.5, max: 8.0 });
        assert_eq!(Scaling::awake(2.0, 8.0), Scaling { min: 2.0, max: 8.0 });
        assert_eq!(Scaling::awake(0.0, 0.0), Scaling { min: 0.5, max: 0.5 });
    }

    #[test]
    fn a_family_names_engine_and_major_version() {
        assert_eq!(family("postgres", "15.4"), "postgres15");
        assert_eq!(family("aurora-postgresql", "16.2"), "aurora-postgresql16");
    }
}
