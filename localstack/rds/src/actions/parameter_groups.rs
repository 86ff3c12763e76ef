//! `CreateDBParameterGroup`, `DescribeDBParameterGroups`, `DeleteDBParameterGroup`.

use local_cloud_wire::AwsError;
use local_cloud_wire::query::{Form, Xml};

use super::page::paged;
use crate::answer::parameter_group;
use crate::choices::default_parameter_group;
use crate::fleet::Fleet;
use crate::parameters::{new_identifier, required, tags};
use crate::record::ParameterGroup;
use crate::refusal::{invalid_value, no_parameter_group};

/// Creates a parameter group.
///
/// # Errors
/// As documented for the operation.
pub async fn create(fleet: &Fleet, form: &Form) -> Result<Xml, AwsError> {
    let name = new_identifier(form, "DBParameterGroupName")?;
    let family = required(form, "DBParameterGroupFamily")?;
    if family != format!("postgres{}", fleet.machine.installation.major()) {
        return Err(invalid_value(format!(
            "ParameterGroupFamily {family} is not a valid parameter group family here."
        )));
    }
    let description = required(form, "Description")?.to_owned();
    let group = ParameterGroup {
        family: family.to_owned(),
        description,
        tags: tags(form)?,
    };
    let entered = fleet.change(|state| {
        if state.parameter_groups.contains_key(&name) {
            return Err(AwsError::new(
                "DBParameterGroupAlreadyExists",
                format!("Parameter group {name} already exists"),
            ));
        }
        state.parameter_groups.insert(name.clone(), group.clone());
        Ok(())
    });
    entered.await?;
    Ok(
        Xml::parent("CreateDBParameterGroupResult").child(parameter_group(
            &fleet.world.region,
            &name,
            &group,
        )),
    )
}

/// Describes one parameter group or all, the engine's default one among them.
///
/// # Errors
/// `DBParameterGroupNotFound`.
pub fn describe(fleet: &Fleet, form: &Form) -> Result<Xml, AwsError> {
    let wanted = form
        .get("DBParameterGroupName")
        .map(str::to_ascii_lowercase);
    let major = fleet.machine.installation.major();
    let description = format!("Default parameter group for postgres{major}");
    let default = ParameterGroup {
        family: format!("postgres{major}"),
        description,
        tags: Vec::new(),
    };
    let mut groups = fleet.state().parameter_groups.clone();
    groups.insert(default_parameter_group(major), default);
    let found: Vec<_> = groups
        .into_iter()
        .filter(|(name, _)| wanted.as_ref().is_none_or(|one| one == name))
        .collect();
    if let (Some(name), true) = (wanted, found.is_empty()) {
        return Err(no_parameter_group(&name));
    }
    let lists = ("DescribeDBParameterGroups", "DBParameterGroups");
    let render = |(name, group): &(String, ParameterGroup)| {
        parameter_group(&fleet.world.region, name, group)
    };
    paged(form, lists, &found, |(name, _)| name.clone(), render)
}

/// Deletes a parameter group that no instance uses.
///
/// # Errors
/// `DBParameterGroupNotFound`, `InvalidDBParameterGroupState`.
pub async fn delete(fleet: &Fleet, form: &Form) -> Result<(), AwsError> {
    let name = required(form, "DBParameterGroupName")?.to_ascii_lowercase();
    let deleted = fleet.change(|state| {
        if state
            .instances
            .values()
            .any(|one| one.choices.parameter_group == name)
            || name.starts_with("default.")
        {
            let problem = format!("The parameter group {name} is in use or a default one.");
            return Err(AwsError::new("InvalidDBParameterGroupState", problem));
        }
        state
            .parameter_groups
            .remove(&name)
            .map(|_| ())
            .ok_or_else(|| no_parameter_group(&name))
    });
    deleted.await
}
