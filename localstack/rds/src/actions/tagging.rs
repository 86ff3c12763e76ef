//! `AddTagsToResource`, `ListTagsForResource`, `RemoveTagsFromResource`.

use std::collections::BTreeMap;

use local_cloud_wire::AwsError;
use local_cloud_wire::query::{Form, Xml};

use crate::answer::tag_list;
use crate::fleet::Fleet;
use crate::parameters::{required, tags};
use crate::record::{Retained, State, Tag};
use crate::refusal::{
    invalid_value, no_automated_backup, no_cluster, no_cluster_backup, no_cluster_snapshot,
    no_instance, no_parameter_group, no_snapshot, no_subnet_group,
};

/// Adds tags; a key that is there already gets the new value.
///
/// # Errors
/// An unknown resource or an invalid tag.
pub async fn add(fleet: &Fleet, form: &Form) -> Result<(), AwsError> {
    let name = required(form, "ResourceName")?;
    let new = tags(form)?;
    let added = fleet.change(|state| {
        let have = tags_of(state, name)?;
        have.retain(|tag| new.iter().all(|one| one.key != tag.key));
        have.extend(new);
        Ok(())
    });
    added.await
}

/// Removes tags by key.
///
/// # Errors
/// An unknown resource.
pub async fn remove(fleet: &Fleet, form: &Form) -> Result<(), AwsError> {
    let name = required(form, "ResourceName")?;
    let keys = form.list("TagKeys");
    let removed = fleet.change(|state| {
        tags_of(state, name)?.retain(|tag| !keys.contains(&tag.key.as_str()));
        Ok(())
    });
    removed.await
}

/// Lists the tags of a resource.
///
/// # Errors
/// An unknown resource.
pub fn list(fleet: &Fleet, form: &Form) -> Result<Xml, AwsError> {
    let name = required(form, "ResourceName")?;
    let mut state = fleet.state();
    Ok(Xml::parent("ListTagsForResourceResult").child(tag_list(tags_of(&mut state, name)?)))
}

/// The tags of what an ARN names: `…:db:<id>`, `…:snapshot:<id>`, `…:cluster:<id>`,
/// `…:cluster-snapshot:<id>`, `…:subgrp:<name>`, `…:pg:<name>`; `…:auto-backup:<id>` and `…:cluster-auto-backup:<id>` of
/// retained automated backups, which have tags of their own. Those of present instances are never tagged here.
fn tags_of<'a>(state: &'a mut State, arn: &str) -> Result<&'a mut Vec<Tag>, AwsError> {
    let parts: Vec<&str> = arn.splitn(7, ':').collect();
    match parts.as_slice() {
        ["arn", _, "rds", _, _, "db", id] => state
            .instances
            .get_mut(*id)
            .map(|one| &mut one.tags)
            .ok_or_else(|| no_instance(id)),
        ["arn", _, "rds", _, _, "cluster", name] => state
            .clusters
            .get_mut(*name)
            .map(|one| &mut one.tags)
            .ok_or_else(|| no_cluster(name)),
        ["arn", _, "rds", _, _, "cluster-snapshot", name] => state
            .cluster_snapshots
            .get_mut(*name)
            .map(|one| &mut one.tags)
            .ok_or_else(|| no_cluster_snapshot(name)),
        ["arn", _, "rds", _, _, "snapshot", name] => state
            .snapshots
            .get_mut(*name)
            .map(|one| &mut one.tags)
            .ok_or_else(|| no_snapshot(name)),
        ["arn", _, "rds", _, _, "subgrp", name] => state
            .subnet_groups
            .get_mut(*name)
            .map(|one| &mut one.tags)
            .ok_or_else(|| no_subnet_group(name)),
        ["arn", _, "rds", _, _, "cluster-pg", name] => state
            .cluster_parameter_groups
            .get_mut(*name)
            .map(|one| &mut one.tags)
            .ok_or_else(|| no_parameter_group(name)),
        ["arn", _, "rds", _, _, "pg", name] => state
            .parameter_groups
            .get_mut(*name)
            .map(|one| &mut one.tags)
            .ok_or_else(|| no_parameter_group(name)),
        ["arn", _, "rds", _, _, "auto-backup", id] => {
            of_retained(&mut state.retained, id).ok_or_else(|| no_automated_backup(id))
        }
        ["arn", _, "rds", _, _, "cluster-auto-backup", id] => {
            of_retained(&mut state.retained_clusters, id).ok_or_else(|| no_cluster_backup(id))
        }
        _ => Err(invalid_value(format!("Invalid resource name: {arn}"))),
    }
}

/// ARNs of automated backups have their resource ids in lower case.
fn of_retained<'a, C>(
    retained: &'a mut BTreeMap<String, Retained<C>>,
    id: &str,
) -> Option<&'a mut Vec<Tag>> {
    let named = |resource: &str| format!("ab-{}", resource.to_ascii_lowercase()) == id;
    let mut all = retained.iter_mut();
    let (_, found) = all.find(|(resource, _)| named(resource))?;
    Some(&mut found.tags)
}
