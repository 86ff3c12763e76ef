//! Where a temporary database is made, and of which class: as RDS chooses and the source has it; in one zone after another
//! when there is no capacity; then of another class that the configuration allows.

use aws_sdk_rds::types::DbSubnetGroup;
use serde::Deserialize;
use tenant_restore_core::effect::Learned;
use tenant_restore_core::error::ErrorKind;
use tenant_restore_core::source_kind::Storage;
use tracing::warn;

use crate::engine::Engine;
use crate::fault::{Fault, fault};

/// What the configuration wants other than the source has it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct DatabaseWishes {
    /// Classes of instances.
    pub instance: ClassWishes,
    /// Classes of the writers of Aurora clusters.
    pub writer: ClassWishes,
    /// Storage of instances.
    pub storage: Option<Storage>,
}

/// Classes of one kind of database.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ClassWishes {
    /// In place of the source's.
    pub class: Option<String>,
    /// When there is no capacity for that one in any zone, in this order.
    pub fallbacks: Vec<String>,
}

/// A place to try; what is absent is left to RDS.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// `AvailabilityZone`.
    pub zone: Option<String>,
    /// `DBInstanceClass`.
    pub class: Option<String>,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let zone = self.zone.as_deref().unwrap_or("any zone");
        let class = self.class.as_deref().unwrap_or("the source's class");
        write!(f, "{class} in {zone}")
    }
}

/// The places after the first, in order.
fn alternatives(first: &Place, zones: &[String], fallbacks: &[String]) -> Vec<Place> {
    let elsewhere = zones.iter().map(|zone| Place {
        zone: Some(zone.clone()),
        class: first.class.clone(),
    });
    let otherwise = fallbacks.iter().map(|class| Place {
        zone: None,
        class: Some(class.clone()),
    });
    elsewhere.chain(otherwise).collect()
}

impl Engine {
    /// Makes a database in the first place that has capacity, and tells which had none.
    ///
    /// # Errors
    /// What the call answers; the refusal of the last place if none has capacity.
    pub async fn place(
        &self,
        name: &str,
        class: Option<String>,
        fallbacks: &[String],
        call: impl AsyncFn(&Place) -> Result<(), Fault>,
    ) -> Result<Vec<Learned>, Fault> {
        let first = Place { zone: None, class };
        let made = || Learned::Made {
            name: name.to_owned(),
        };
        let mut fault = match call(&first).await {
            Ok(()) => return Ok(vec![made()]),
            Err(fault) => fault,
        };
        if fault.cause.kind != ErrorKind::NoCapacity {
            return Err(fault);
        }
        let mut refused = vec![first.to_string()];
        for place in alternatives(&first, &self.zones().await?, fallbacks) {
            warn!(database = name, next = %place, error = %fault, "no capacity, trying elsewhere");
            match call(&place).await {
                Ok(()) => {
                    let (name, place) = (name.to_owned(), place.to_string());
                    let elsewhere = Learned::Elsewhere {
                        name,
                        place,
                        refused,
                    };
                    return Ok(vec![made(), elsewhere]);
                }
                Err(other) if other.cause.kind == ErrorKind::NoCapacity => fault = other,
                Err(other) => return Err(other),
            }
            refused.push(place.to_string());
        }
        Err(Fault::new(
            ErrorKind::NoCapacity,
            format!("{}; tried {}", fault.cause.message, refused.join(", ")),
        ))
    }

    /// The zones of our subnets.
    async fn zones(&self) -> Result<Vec<String>, Fault> {
        let group = &self.config.databases.subnet_group;
        let request = self.clients.rds.describe_db_subnet_groups();
        let answer = request.db_subnet_group_name(group).send().await;
        let answer = answer.map_err(fault(&format!("describe the DB subnet group {group}")))?;
        let subnets = answer
            .db_subnet_groups()
            .iter()
            .flat_map(DbSubnetGroup::subnets);
        let zones = subnets
            .filter_map(|subnet| Some(subnet.subnet_availability_zone()?.name()?.to_owned()));
        let mut zones: Vec<_> = zones.collect();
        zones.sort();
        zones.dedup();
        Ok(zones)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_class_is_tried_in_every_zone_before_another_class() {
        let first = Place {
            zone: None,
            class: Some("db.m6g.large".into()),
        };
        let zones = ["eu-west-3a".to_owned(), "eu-west-3b".to_owned()];
        let places = alternatives(&first, &zones, &["db.m5.large".to_owned()]);
        let places: Vec<_> = places.iter().map(ToString::to_string).collect();
        assert_eq!(
            places,
            [
                "db.m6g.large in eu-west-3a",
                "db.m6g.large in eu-west-3b",
                "db.m5.large in any zone"
            ]
        );
    }
}
