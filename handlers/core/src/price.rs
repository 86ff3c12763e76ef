//! What temporary resources cost while they exist, by the list of on-demand prices of one region. What isn't in the
//! list has no price: it is never guessed.
//!
//! Without taxes, discounts, I/O, provisioned IOPS and data transfer.

use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter};

use serde::{Deserialize, Serialize};

use crate::restore::ResourceKind;
use crate::source_kind::Scaling;

mod total;

pub use total::{Total, spoken, total};

/// AWS bills a month as so many hours (AWS pricing calculator).
const HOURS_A_MONTH: f64 = 730.0;

/// US dollars an hour, kept in millionths.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Hourly(u64);

impl Hourly {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a list has no negative prices, and a float too large ends at the largest number"
    )]
    fn of(usd: f64) -> Self {
        Self((usd * 1e6).round() as u64)
    }

    /// US dollars.
    #[expect(
        clippy::cast_precision_loss,
        reason = "exact up to some billion dollars an hour"
    )]
    pub fn usd(self) -> f64 {
        self.0 as f64 / 1e6
    }
}

impl std::iter::Sum for Hourly {
    fn sum<I: Iterator<Item = Self>>(prices: I) -> Self {
        Self(prices.fold(0, |sum, price| sum.saturating_add(price.0)))
    }
}

impl Display for Hourly {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{:.4} USD an hour", self.usd())
    }
}

/// What a resource is made of, as far as its price depends on it.
#[derive(Debug, Clone, PartialEq)]
pub enum Size {
    /// An RDS instance in one zone.
    Database {
        /// `DBInstanceClass`.
        class: String,
        /// `StorageType`.
        storage: String,
        /// `AllocatedStorage`.
        gigabytes: u32,
    },
    /// An instance of an Aurora cluster. Its storage is the cluster's, and as large as the data.
    Aurora {
        /// `DBInstanceClass`.
        class: String,
    },
    /// A Serverless v2 instance of an Aurora cluster.
    Serverless {
        /// Between which capacities it scales; none if its cluster didn't show it.
        scaling: Option<Scaling>,
    },
    /// A DMS replication instance in one zone.
    ReplicationInstance {
        /// `ReplicationInstanceClass`.
        class: String,
    },
    /// A Fargate task on arm64.
    Task {
        /// CPU units, 1024 a vCPU.
        cpu: u32,
        /// Memory in MiB.
        memory: u32,
    },
    /// A secret.
    Secret,
}

impl Display for Size {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Database {
                class,
                storage,
                gigabytes,
            } => write!(f, "{class}, {gigabytes} GB {storage}"),
            Self::Aurora { class } => write!(f, "{class} without the cluster's storage"),
            Self::Serverless { scaling: None } => f.write_str("db.serverless"),
            Self::Serverless {
                scaling: Some(Scaling { min, max }),
            } => {
                write!(
                    f,
                    "db.serverless of {min} to {max} ACU, priced at {max}, without the cluster's storage"
                )
            }
            Self::ReplicationInstance { class } => f.write_str(class),
            Self::Task { cpu, memory } => write!(f, "{cpu} CPU units, {memory} MiB"),
            Self::Secret => f.write_str("one secret"),
        }
    }
}

/// What a resource costs, as it was when it was last seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Cost {
    /// What it is made of, for people.
    pub size: String,
    /// Its price; none if the list hasn't got it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hourly: Option<Hourly>,
    /// Name of the list; none if there is none for the region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list: Option<String>,
}

/// Whether AWS charges by the hour for resources of a kind. Of DMS it is the replication instance alone (AWS DMS pricing);
/// what a restore has in S3 is a few files. A cluster's instances have their prices; its storage, as large as the data, isn't
/// known (Aurora pricing).
pub fn is_charged(kind: ResourceKind) -> bool {
    match kind {
        ResourceKind::Database | ResourceKind::Secret | ResourceKind::ReplicationInstance => true,
        ResourceKind::Cluster
        | ResourceKind::ParameterGroup
        | ResourceKind::ClusterParameterGroup
        | ResourceKind::Endpoint
        | ResourceKind::ReplicationTask
        | ResourceKind::Objects => false,
    }
}

/// The on-demand prices of one region: US dollars an hour, or a month where the field says so.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct PriceList {
    /// Region and date, for people.
    pub name: Option<String>,
    /// RDS for PostgreSQL in one zone, by instance class.
    pub databases: BTreeMap<String, f64>,
    /// Storage of RDS, by storage type; a GB and month.
    pub storage: BTreeMap<String, f64>,
    /// Aurora PostgreSQL (Standard), by instance class.
    pub aurora: BTreeMap<String, f64>,
    /// An Aurora capacity unit.
    pub capacity_unit: Option<f64>,
    /// DMS in one zone, by replication instance class.
    pub replication_instances: BTreeMap<String, f64>,
    /// A vCPU of Fargate on arm64.
    pub task_cpu: Option<f64>,
    /// A GB of memory of Fargate on arm64.
    pub task_gigabyte: Option<f64>,
    /// A secret; a month.
    pub secret: Option<f64>,
}

/// The published on-demand prices of RDS, Aurora, DMS, Fargate and Secrets Manager as they were known in May 2026; not
/// read from AWS's price list service, so a deployment that wants to be sure configures its own.
const US_EAST_1: &str = include_str!("price/us_east_1.json");

impl PriceList {
    /// The list that a deployment configures, or else the one that is known for the region; empty if there is none.
    ///
    /// # Errors
    /// A sentence that says what is wrong with the configured one.
    pub fn of(region: &str, configured: Option<&str>) -> Result<Self, String> {
        match (configured, region) {
            (Some(text), _) => Self::read(text),
            (None, "us-east-1") => Self::read(US_EAST_1),
            (None, _) => Ok(Self::default()),
        }
    }

    fn read(text: &str) -> Result<Self, String> {
        let list: Self = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if list.name.as_ref().is_none_or(String::is_empty) {
            return Err("`name` must say for which region and date the prices hold".to_owned());
        }
        for (name, price) in list.prices() {
            if !price.is_finite() || price < 0.0 {
                return Err(format!("the price of {name} is {price}; it can't be"));
            }
        }
        Ok(list)
    }

    fn prices(&self) -> impl Iterator<Item = (&str, f64)> {
        let classes = [
            &self.databases,
            &self.storage,
            &self.aurora,
            &self.replication_instances,
        ];
        let single = [
            ("capacityUnit", self.capacity_unit),
            ("taskCpu", self.task_cpu),
            ("taskGigabyte", self.task_gigabyte),
            ("secret", self.secret),
        ];
        let classes = classes.into_iter().flatten();
        let classes = classes.map(|(name, price)| (name.as_str(), *price));
        classes.chain(
            single
                .into_iter()
                .filter_map(|(name, price)| Some((name, price?))),
        )
    }

    /// What a resource of this size costs.
    pub fn cost(&self, size: &Size) -> Cost {
        Cost {
            size: size.to_string(),
            hourly: self.usd(size).map(Hourly::of),
            list: self.name.clone(),
        }
    }

    fn usd(&self, size: &Size) -> Option<f64> {
        match size {
            Size::Database {
                class,
                storage,
                gigabytes,
            } => {
                let stored = self.storage.get(storage)? * f64::from(*gigabytes) / HOURS_A_MONTH;
                Some(self.databases.get(class)? + stored)
            }
            Size::Aurora { class } => self.aurora.get(class).copied(),
            // What it takes at work nobody knows before; at rest it may be as little as the least.
            Size::Serverless { scaling } => Some(self.capacity_unit? * (*scaling)?.max),
            Size::ReplicationInstance { class } => self.replication_instances.get(class).copied(),
            Size::Task { cpu, memory } => {
                let (cpu, memory) = (f64::from(*cpu) / 1024.0, f64::from(*memory) / 1024.0);
                Some(self.task_cpu? * cpu + self.task_gigabyte? * memory)
            }
            Size::Secret => self.secret.map(|month| month / HOURS_A_MONTH),
        }
    }
}

#[cfg(test)]
mod tests;
