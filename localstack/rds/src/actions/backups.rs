//! `DescribeDBInstanceAutomatedBackups`.

use local_cloud_wire::AwsError;
use local_cloud_wire::query::{Form, Xml};

use super::page::{paged, passes};
use crate::answer::{Scene, automated_backup};
use crate::fleet::Fleet;
use crate::parameters::identifier_of;
use crate::record::Instance;

/// Describes the automated backups of the instances that have them.
///
/// # Errors
/// `DBInstanceAutomatedBackupNotFound` for an instance without, or an invalid filter or page.
pub fn automated(fleet: &Fleet, form: &Form) -> Result<Xml, AwsError> {
    let all: Vec<Instance> = fleet.state().instances.values().cloned().collect();
    let wanted = form.get("DBInstanceIdentifier").map(identifier_of);
    let resource = form.get("DbiResourceId");
    let mut found = Vec::new();
    for one in all {
        let named = wanted.as_ref().is_none_or(|name| *name == one.identifier)
            && resource.is_none_or(|id| *id == one.resource_id);
        if one.choices.backup_retention > 0
            && named
            && passes(form, |name, value| filter(fleet, &one, name, value))?
        {
            found.push(one);
        }
    }
    if let (Some(name), true) = (wanted.as_deref().or(resource), found.is_empty()) {
        let message = format!("No automated backup of {name} found.");
        return Err(AwsError::new("DBInstanceAutomatedBackupNotFound", message).with_status(404));
    }
    let state = fleet.state();
    let render = |one: &Instance| {
        let latest = fleet.latest_restorable_time(&one.identifier);
        automated_backup(
            &Scene {
                region: &fleet.world.region,
                state: &state,
                latest,
            },
            one,
        )
    };
    let lists = (
        "DescribeDBInstanceAutomatedBackups",
        "DBInstanceAutomatedBackups",
    );
    paged(form, lists, &found, |one| one.identifier.clone(), render)
}

fn filter(fleet: &Fleet, one: &Instance, name: &str, value: &str) -> Option<bool> {
    let active = one
        .window(fleet.latest_restorable_time(&one.identifier))
        .is_some();
    match name {
        "status" => Some(value == if active { "active" } else { "creating" }),
        "db-instance-id" => Some(one.identifier == identifier_of(value)),
        "dbi-resource-id" => Some(one.resource_id == value),
        _ => None,
    }
}
