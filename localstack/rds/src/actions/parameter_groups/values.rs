//! `ModifyDBParameterGroup`, `DescribeDBParameters`, and the same for clusters.

use std::collections::BTreeMap;
use std::sync::Arc;

use local_cloud_wire::AwsError;
use local_cloud_wire::query::{Form, Xml};

use super::Kind;
use crate::actions::page::paged;
use crate::fleet::Fleet;
use crate::parameters::required;
use crate::postgres::{Catalog, Parameter};
use crate::record::{Engine, Setting};
use crate::refusal::{invalid_combination, invalid_value, no_parameter_group};
use crate::server_settings::reconfigure;

/// How many parameters one call may set (RDS API reference).
const MOST_AT_ONCE: usize = 20;

/// Sets parameters. Dynamic ones take effect at once in the servers that run with the group, static ones at their next
/// start.
///
/// # Errors
/// As documented for the operation.
pub async fn modify(fleet: &Arc<Fleet>, form: &Form, kind: Kind) -> Result<Xml, AwsError> {
    let name = required(form, kind.name())?.to_ascii_lowercase();
    let wanted = read(form, &fleet.machine.installation.catalog)?;
    let changed = fleet.change(|state| {
        if name.starts_with("default.") {
            let problem = format!("The default parameter group {name} can't be changed.");
            return Err(AwsError::new("InvalidDBParameterGroupState", problem));
        }
        let group = kind.groups_mut(state).get_mut(&name);
        let group = group.ok_or_else(|| no_parameter_group(&name))?;
        let of_aurora = group.family.starts_with(Engine::AuroraPostgresql.name());
        if kind == Kind::Instance && of_aurora {
            wanted.keys().try_for_each(|name| known_to_members(name))?;
        }
        group.parameters.extend(wanted);
        Ok(())
    });
    changed.await?;
    reconfigure(fleet, kind, &name).await?;
    Ok(Xml::parent(&format!("Modify{}Result", kind.element())).child(Xml::text(kind.name(), name)))
}

/// Parameters that Aurora's clusters have and its instances don't: some of those by which the two tables differ (Aurora
/// user guide, "Aurora PostgreSQL parameters").
const OF_CLUSTERS_ALONE: [&str; 11] = [
    "client_encoding",
    "datestyle",
    "max_logical_replication_workers",
    "max_replication_slots",
    "max_wal_senders",
    "rds.force_ssl",
    "rds.logical_replication",
    "synchronous_commit",
    "timezone",
    "track_commit_timestamp",
    "wal_sender_timeout",
];

fn known_to_members(name: &str) -> Result<(), AwsError> {
    let lower = name.to_ascii_lowercase();
    let is_of_clusters =
        OF_CLUSTERS_ALONE.contains(&lower.as_str()) || lower.starts_with("autovacuum");
    if is_of_clusters {
        return Err(unknown(name));
    }
    Ok(())
}

fn unknown(name: &str) -> AwsError {
    invalid_value(format!("Could not find parameter with name: {name}"))
}

fn read(form: &Form, catalog: &Catalog) -> Result<BTreeMap<String, Setting>, AwsError> {
    let items = form.structures("Parameters");
    if items.is_empty() || items.len() > MOST_AT_ONCE {
        return Err(invalid_combination(format!(
            "Give 1 to {MOST_AT_ONCE} parameters in a call."
        )));
    }
    items.iter().map(|item| read_one(item, catalog)).collect()
}

fn read_one(item: &Form, catalog: &Catalog) -> Result<(String, Setting), AwsError> {
    let name = required(item, "ParameterName")?;
    let value = item.get("ParameterValue").unwrap_or_default();
    let method = required(item, "ApplyMethod")?;
    let known = catalog.get(name).ok_or_else(|| unknown(name))?;
    if !known.modifiable {
        return Err(invalid_value(format!(
            "The parameter {name} cannot be modified."
        )));
    }
    match (method, known.dynamic) {
        ("pending-reboot", _) | ("immediate", true) => {}
        ("immediate", false) => {
            return Err(invalid_combination(format!(
                "cannot use immediate apply method for static parameter: {name}"
            )));
        }
        _ => {
            return Err(invalid_value(format!(
                "ApplyMethod must be immediate or pending-reboot: {method}"
            )));
        }
    }
    if !known.takes(value) {
        return Err(invalid_value(format!(
            "Invalid parameter value: {value} for: {name} allowed values are: {}",
            allowed(known).unwrap_or_else(|| known.data_type.to_owned())
        )));
    }
    let setting = Setting {
        value: value.to_owned(),
        at_start: !known.dynamic,
    };
    Ok((name.to_owned(), setting))
}

/// Describes the parameters of a group: all that the engine has, or with `Source` only some.
///
/// # Errors
/// `DBParameterGroupNotFound`, an invalid source or page.
pub fn describe(fleet: &Fleet, form: &Form, kind: Kind) -> Result<Xml, AwsError> {
    let name = required(form, kind.name())?.to_ascii_lowercase();
    let mut defaults = kind
        .defaults(fleet.machine.installation.major())
        .into_iter();
    let set = match kind.groups(&fleet.state()).get(&name) {
        Some(group) => group.values(),
        None if defaults.any(|(default, _)| default == name) => BTreeMap::new(),
        None => return Err(no_parameter_group(&name)),
    };
    let source = form.get("Source");
    if source.is_some_and(|source| !["user", "system", "engine-default"].contains(&source)) {
        return Err(invalid_value(
            "Source must be user, system or engine-default.",
        ));
    }
    let of = |one: &Parameter| {
        if set.contains_key(&one.name) {
            "user"
        } else if one.default.is_some() {
            "system"
        } else {
            "engine-default"
        }
    };
    let all = fleet.machine.installation.catalog.values();
    let found: Vec<&Parameter> = all
        .filter(|one| source.is_none_or(|source| source == of(one)))
        .collect();
    let action = match kind {
        Kind::Instance => "DescribeDBParameters",
        Kind::Cluster => "DescribeDBClusterParameters",
    };
    let render = |one: &&Parameter| parameter(one, set.get(&one.name), of(one));
    let key = |one: &&Parameter| one.name.clone();
    paged(form, (action, "Parameters"), &found, key, render)
}

fn parameter(one: &Parameter, value: Option<&String>, source: &str) -> Xml {
    let method = if one.dynamic {
        "immediate"
    } else {
        "pending-reboot"
    };
    Xml::parent("Parameter")
        .child(Xml::text("ParameterName", &one.name))
        .optional("ParameterValue", value.or(one.default.as_ref()))
        .child(Xml::text("Description", &one.description))
        .child(Xml::text("Source", source))
        .child(Xml::text(
            "ApplyType",
            if one.dynamic { "dynamic" } else { "static" },
        ))
        .child(Xml::text("DataType", one.data_type))
        .optional("AllowedValues", allowed(one))
        .child(Xml::text("IsModifiable", one.modifiable))
        .child(Xml::text("ApplyMethod", method))
}

fn allowed(one: &Parameter) -> Option<String> {
    match (&one.range, one.data_type) {
        (Some((least, most)), _) => Some(format!("{least}-{most}")),
        (None, "boolean") => Some("0,1".to_owned()),
        _ => None,
    }
}
