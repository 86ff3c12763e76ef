//! `CreateDBSubnetGroup`, `DescribeDBSubnetGroups`, `DeleteDBSubnetGroup`.

use local_cloud_wire::AwsError;
use local_cloud_wire::query::{Form, Xml};

use super::page::paged;
use crate::answer::subnet_group;
use crate::fleet::Fleet;
use crate::parameters::{required, tags};
use crate::record::SubnetGroup;
use crate::refusal::{internal, invalid_value, no_subnet_group};

/// Creates a subnet group.
///
/// # Errors
/// As documented for the operation.
pub async fn create(fleet: &Fleet, form: &Form) -> Result<Xml, AwsError> {
    let name = group_name(required(form, "DBSubnetGroupName")?)?;
    let subnets: Vec<String> = form
        .list("SubnetIds")
        .into_iter()
        .map(str::to_owned)
        .collect();
    if subnets.len() < 2 {
        let problem = "The DB subnet group doesn't meet Availability Zone (AZ) coverage requirement. Add subnets to cover at least 2 AZs.";
        return Err(AwsError::new("DBSubnetGroupDoesNotCoverEnoughAZs", problem));
    }
    let description = required(form, "DBSubnetGroupDescription")?.to_owned();
    let vpc = common_vpc(fleet, &subnets).await?;
    let group = SubnetGroup {
        description,
        subnets,
        vpc,
        tags: tags(form)?,
    };
    let entered = fleet.change(|state| {
        if state.subnet_groups.contains_key(&name) {
            return Err(AwsError::new(
                "DBSubnetGroupAlreadyExists",
                format!("The DB subnet group '{name}' already exists."),
            ));
        }
        state.subnet_groups.insert(name.clone(), group.clone());
        Ok(())
    });
    entered.await?;
    Ok(Xml::parent("CreateDBSubnetGroupResult").child(subnet_group(
        &fleet.world.region,
        &name,
        Some(&group),
    )))
}

/// The VPC in which all of the subnets are.
async fn common_vpc(fleet: &Fleet, subnets: &[String]) -> Result<String, AwsError> {
    let world = &fleet.world;
    let found = world.cloud.vpcs_of_subnets(&world.region, subnets).await;
    let vpcs = match found {
        Ok(vpcs) => vpcs,
        Err(error) if error.code() == Some("InvalidSubnetID.NotFound") => {
            return Err(AwsError::new("InvalidSubnet", error.to_string()));
        }
        Err(error) => return Err(internal("look at the subnets", &error)),
    };
    let mut vpcs = vpcs.into_iter();
    match (vpcs.next(), vpcs.next()) {
        (Some(vpc), None) => Ok(vpc),
        _ => Err(AwsError::new(
            "InvalidSubnet",
            "The requested subnets are not all in a common VPC.",
        )),
    }
}

/// Describes one subnet group or all.
///
/// # Errors
/// `DBSubnetGroupNotFoundFault`.
pub fn describe(fleet: &Fleet, form: &Form) -> Result<Xml, AwsError> {
    let wanted = form.get("DBSubnetGroupName").map(str::to_ascii_lowercase);
    let groups: Vec<_> = fleet.state().subnet_groups.clone().into_iter().collect();
    let found: Vec<_> = groups
        .into_iter()
        .filter(|(name, _)| wanted.as_ref().is_none_or(|one| one == name))
        .collect();
    if let (Some(name), true) = (wanted, found.is_empty()) {
        return Err(no_subnet_group(&name));
    }
    let lists = ("DescribeDBSubnetGroups", "DBSubnetGroups");
    let render = |(name, group): &(String, SubnetGroup)| {
        subnet_group(&fleet.world.region, name, Some(group))
    };
    paged(form, lists, &found, |(name, _)| name.clone(), render)
}

/// Deletes a subnet group that no instance is in.
///
/// # Errors
/// `DBSubnetGroupNotFoundFault`, `InvalidDBSubnetGroupStateFault`.
pub async fn delete(fleet: &Fleet, form: &Form) -> Result<(), AwsError> {
    let name = required(form, "DBSubnetGroupName")?.to_ascii_lowercase();
    let deleted = fleet.change(|state| {
        let instances = state
            .instances
            .values()
            .map(|one| &one.choices.subnet_group);
        let clusters = state.clusters.values().map(|one| &one.choices.subnet_group);
        if instances.chain(clusters).any(|one| *one == name) {
            let problem = format!("The DB subnet group '{name}' is in use by an instance.");
            return Err(AwsError::new("InvalidDBSubnetGroupStateFault", problem));
        }
        state
            .subnet_groups
            .remove(&name)
            .map(|_| ())
            .ok_or_else(|| no_subnet_group(&name))
    });
    deleted.await
}

/// 1 to 255 letters, digits, periods, underscores, spaces and hyphens, kept in lower case; not `default`.
fn group_name(text: &str) -> Result<String, AwsError> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | ' ' | '-');
    let name = text.to_ascii_lowercase();
    if name.len() <= 255 && name.chars().all(allowed) && name != "default" {
        return Ok(name);
    }
    Err(invalid_value(format!(
        "The DB subnet group name {text} is not valid."
    )))
}
