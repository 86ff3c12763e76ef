//! Where a temporary database is made, and of which class: as RDS chooses and the source has it; in one zone after another
//! when there is no capacity; then of another class that the configuration allows.

use aws_sdk_rds::types::DbSubnetGroup;
use serde::Deserialize;
use tenant_restore_core::effect::Learned;
use tenant_restore_core::error::ErrorKind;
use tenant_restore_core::source_kind::Storage;
use tenant_restore_core::status;
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

/// All places, in order.
fn places(class: Option<&str>, zones: &[String], fallbacks: &[String]) -> Vec<Place> {
    let place = |zone: Option<&String>| Place {
        zone: zone.cloned(),
        class: class.map(str::to_owned),
    };
    let otherwise = fallbacks.iter().map(|class| Place {
        zone: None,
        class: Some(class.clone()),
    });
    let elsewhere = zones.iter().map(|zone| place(Some(zone)));
    [place(None)]
        .into_iter()
        .chain(elsewhere)
        .chain(otherwise)
        .collect()
}

/// Every place made an instance that ended without capacity. That takes minutes each, so it isn't begun anew.
fn exhausted(name: &str, tried: &[String]) -> Fault {
    let message = format!(
        "no capacity for {name}: all instances that were made ended in status \"insufficient-capacity\", the last place \
         was {}",
        tried.last().map_or("the source's class", String::as_str)
    );
    let mut fault = Fault::new(ErrorKind::ProvisioningFailed, message);
    status::database_remedy("insufficient-capacity").clone_into(&mut fault.cause.remedy);
    fault
}

/// The refusal of a place without capacity; any other ends the search.
fn without_capacity(refusal: Fault) -> Result<Fault, Fault> {
    if refusal.cause.kind == ErrorKind::NoCapacity {
        return Ok(refusal);
    }
    Err(refusal)
}

impl Engine {
    /// Makes a database in the first place that has capacity, from the `first`-th on, and tells which had none. What is
    /// before had none either; that showed after the call.
    ///
    /// # Errors
    /// What the call answers; the refusal of the last place if none has capacity.
    pub async fn place(
        &self,
        name: &str,
        wishes: &ClassWishes,
        class: Option<String>,
        first: u32,
        call: impl AsyncFn(&Place) -> Result<(), Fault>,
    ) -> Result<Vec<Learned>, Fault> {
        let made = || Learned::Made {
            name: name.to_owned(),
        };
        let mut fault = None;
        let mut all = vec![Place { zone: None, class }];
        let mut tried = Vec::new();
        if first == 0 {
            match call(&all[0]).await {
                Ok(()) => return Ok(vec![made()]),
                Err(refusal) => fault = Some(without_capacity(refusal)?),
            }
        }
        // The zones are asked for only when they matter.
        all = places(
            all[0].class.as_deref(),
            &self.zones().await?,
            &wishes.fallbacks,
        );
        for (number, place) in (0..).zip(&all) {
            if number >= first.max(1) {
                let refusal = fault.as_ref().map(ToString::to_string);
                warn!(database = name, next = %place, error = refusal, "no capacity, trying elsewhere");
                match call(place).await {
                    Ok(()) => {
                        let elsewhere = Learned::Elsewhere {
                            name: name.to_owned(),
                            number,
                            place: place.to_string(),
                            refused: tried,
                        };
                        return Ok(vec![made(), elsewhere]);
                    }
                    Err(refusal) => fault = Some(without_capacity(refusal)?),
                }
            }
            tried.push(place.to_string());
        }
        let Some(fault) = fault else {
            return Err(exhausted(name, &tried));
        };
        Err(Fault::new(
            ErrorKind::NoCapacity,
            format!("{}; tried {}", fault.cause.message, tried.join(", ")),
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
        let zones = ["eu-west-3a".to_owned(), "eu-west-3b".to_owned()];
        let places = places(Some("db.m6g.large"), &zones, &["db.m5.large".to_owned()]);
        let places: Vec<_> = places.iter().map(ToString::to_string).collect();
        assert_eq!(
            places,
            [
                "db.m6g.large in any zone",
                "db.m6g.large in eu-west-3a",
                "db.m6g.large in eu-west-3b",
                "db.m5.large in any zone"
            ]
        );
    }
}
