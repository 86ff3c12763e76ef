//! `CreateDBParameterGroup`, `CopyDBParameterGroup`, `DescribeDBParameterGroups`, `DeleteDBParameterGroup`, and the same
//! for clusters.

mod kind;
mod values;

use std::collections::BTreeMap;

use local_cloud_wire::AwsError;
use local_cloud_wire::query::{Form, Xml};

pub use kind::{Kind, family};
pub use values::{describe as describe_values, modify};

use super::page::paged;
use crate::answer::parameter_group;
use crate::fleet::Fleet;
use crate::parameters::{new_identifier, required, tags};
use crate::record::{Engine, ParameterGroup, Tag};
use crate::refusal::{invalid_value, no_parameter_group};

/// Creates a group without parameters of its own.
///
/// # Errors
/// As documented for the operation.
pub async fn create(fleet: &Fleet, form: &Form, kind: Kind) -> Result<Xml, AwsError> {
    let name = new_identifier(form, kind.name())?;
    let wanted = required(form, "DBParameterGroupFamily")?;
    let major = fleet.machine.installation.major();
    let families = [Engine::Postgres, Engine::AuroraPostgresql].map(|engine| family(engine, major));
    if !families.iter().any(|family| family == wanted) {
        return Err(invalid_value(format!(
            "ParameterGroupFamily {wanted} is not a valid parameter group family here: {}.",
            families.join(" or ")
        )));
    }
    let group = ParameterGroup {
        family: wanted.to_owned(),
        description: required(form, "Description")?.to_owned(),
        tags: tags(form)?,
        parameters: BTreeMap::new(),
    };
    enter(fleet, kind, &name, &group).await?;
    Ok(answer(fleet, "Create", kind, &name, &group))
}

/// Copies a group with its parameters. Default groups can't be copied (RDS user guide).
///
/// # Errors
/// As documented for the operation.
pub async fn copy(fleet: &Fleet, form: &Form, kind: Kind) -> Result<Xml, AwsError> {
    let part = kind.element();
    let source = required(form, &format!("Source{part}Identifier"))?;
    let source = source
        .rsplit(':')
        .next()
        .unwrap_or(source)
        .to_ascii_lowercase();
    let target = new_identifier(form, &format!("Target{part}Identifier"))?;
    let description = required(form, &format!("Target{part}Description"))?.to_owned();
    if source.starts_with("default.") {
        return Err(invalid_value(format!(
            "The default parameter group {source} can't be copied: create a group instead."
        )));
    }
    let found = kind.groups(&fleet.state()).get(&source).cloned();
    let found = found.ok_or_else(|| no_parameter_group(&source))?;
    let group = ParameterGroup {
        description,
        tags: tags(form)?,
        ..found
    };
    enter(fleet, kind, &target, &group).await?;
    Ok(answer(fleet, "Copy", kind, &target, &group))
}

async fn enter(
    fleet: &Fleet,
    kind: Kind,
    name: &str,
    group: &ParameterGroup,
) -> Result<(), AwsError> {
    let entered = fleet.change(|state| {
        let groups = kind.groups_mut(state);
        if groups.contains_key(name) {
            return Err(AwsError::new(
                "DBParameterGroupAlreadyExists",
                format!("Parameter group {name} already exists"),
            ));
        }
        groups.insert(name.to_owned(), group.clone());
        Ok(())
    });
    entered.await
}

fn answer(fleet: &Fleet, verb: &str, kind: Kind, name: &str, group: &ParameterGroup) -> Xml {
    let xml = parameter_group(&fleet.world.region, kind, name, group);
    Xml::parent(&format!("{verb}{}Result", kind.element())).child(xml)
}

/// Describes one group or all, the engines' default ones among them.
///
/// # Errors
/// `DBParameterGroupNotFound`.
pub fn describe(fleet: &Fleet, form: &Form, kind: Kind) -> Result<Xml, AwsError> {
    let wanted = form.get(kind.name()).map(str::to_ascii_lowercase);
    let mut groups = kind.groups(&fleet.state()).clone();
    for (name, family) in kind.defaults(fleet.machine.installation.major()) {
        groups.insert(name, default_group(family));
    }
    let found: Vec<_> = groups
        .into_iter()
        .filter(|(name, _)| wanted.as_ref().is_none_or(|one| one == name))
        .collect();
    if let (Some(name), true) = (wanted, found.is_empty()) {
        return Err(no_parameter_group(&name));
    }
    let (action, list) = (
        format!("Describe{}s", kind.element()),
        format!("{}s", kind.element()),
    );
    let render = |(name, group): &(String, ParameterGroup)| {
        parameter_group(&fleet.world.region, kind, name, group)
    };
    paged(
        form,
        (&action, &list),
        &found,
        |(name, _)| name.clone(),
        render,
    )
}

fn default_group(family: String) -> ParameterGroup {
    ParameterGroup {
        description: format!("Default parameter group for {family}"),
        family,
        tags: Vec::<Tag>::new(),
        parameters: BTreeMap::new(),
    }
}

/// Deletes a group that nothing uses.
///
/// # Errors
/// `DBParameterGroupNotFound`, `InvalidDBParameterGroupState`.
pub async fn delete(fleet: &Fleet, form: &Form, kind: Kind) -> Result<(), AwsError> {
    let name = required(form, kind.name())?.to_ascii_lowercase();
    let deleted = fleet.change(|state| {
        if kind.is_used(state, &name) || name.starts_with("default.") {
            let problem = format!("The parameter group {name} is in use or a default one.");
            return Err(AwsError::new("InvalidDBParameterGroupState", problem));
        }
        let taken = kind.groups_mut(state).remove(&name);
        taken.map(|_| ()).ok_or_else(|| no_parameter_group(&name))
    });
    deleted.await
}
