//! `DescribeDBInstances`.

use std::time::Duration;

use jiff::Timestamp;
use local_cloud_wire::AwsError;
use local_cloud_wire::faults::Service;
use local_cloud_wire::query::{Form, Xml};

use super::page::{paged, passes};
use crate::answer::{Scene, instance};
use crate::faults::DESCRIBE_LAG;
use crate::fleet::Fleet;
use crate::parameters::{cluster_identifier_of, identifier_of};
use crate::record::{Instance, State};
use crate::refusal::no_instance;

/// Describes one instance or all that pass the filters.
///
/// # Errors
/// `DBInstanceNotFound`, or an invalid filter or page.
pub fn instances(fleet: &Fleet, form: &Form) -> Result<Xml, AwsError> {
    let wanted = form
        .get("DBInstanceIdentifier")
        .filter(|name| !name.is_empty());
    let mut found = Vec::new();
    for one in candidates(&fleet.state(), wanted)? {
        if passes(form, |name, value| filter(&one, name, value))? && !is_hidden(fleet, &one) {
            found.push(one);
        }
    }
    if let (Some(name), true) = (wanted, found.is_empty()) {
        return Err(no_instance(name));
    }
    let state = fleet.state();
    let render = |one: &Instance| {
        let latest = fleet.latest_restorable_time(&one.holder());
        instance(
            &Scene {
                region: &fleet.world.region,
                state: &state,
                latest,
            },
            one,
        )
    };
    paged(
        form,
        ("DescribeDBInstances", "DBInstances"),
        &found,
        |one| one.identifier.clone(),
        render,
    )
}

fn candidates(state: &State, wanted: Option<&str>) -> Result<Vec<Instance>, AwsError> {
    match wanted {
        None => Ok(state.instances.values().cloned().collect()),
        Some(name) => {
            let one = state
                .instances
                .get(&identifier_of(name))
                .ok_or_else(|| no_instance(name))?;
            Ok(vec![one.clone()])
        }
    }
}

fn filter(one: &Instance, name: &str, value: &str) -> Option<bool> {
    match name {
        "db-instance-id" => Some(one.identifier == identifier_of(value)),
        "dbi-resource-id" => Some(one.resource_id == value),
        "engine" => Some(one.engine.name() == value),
        "db-cluster-id" => {
            let mine = one.membership.as_ref();
            let wanted = cluster_identifier_of(value);
            Some(mine.is_some_and(|membership| membership.cluster == wanted))
        }
        _ => None,
    }
}

/// Whether a fault hides the instance because it was asked for only just now.
fn is_hidden(fleet: &Fleet, one: &Instance) -> bool {
    let lag = fleet
        .world
        .faults
        .strikes(Service::Rds, DESCRIBE_LAG, &one.identifier)
        .and_then(|fault| fault.ms);
    let age = Timestamp::now().duration_since(one.asked_at).unsigned_abs();
    lag.is_some_and(|ms| age < Duration::from_millis(ms))
}
