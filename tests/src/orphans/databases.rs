//! What RDS has of a restore: clusters and parameter groups. [`crate::stranger`] makes instances.

use aws_sdk_rds::types::{DbInstance, Tag};

use super::Label;
use crate::cloud::Cloud;
use crate::error::{Context, Result};

fn tags_of(label: &Label) -> Vec<Tag> {
    label.tags_as(|key, value| Tag::builder().key(key).value(value).build())
}

/// Gives an instance (`db`), a cluster (`cluster`) or a parameter group of either (`pg`, `cluster-pg`) these tags.
///
/// # Errors
/// What RDS answers.
pub async fn tag(cloud: &Cloud, kind: &str, label: &Label) -> Result<()> {
    let name = &label.name;
    let arn = format!("arn:aws:rds:{}:000000000000:{kind}:{name}", cloud.region);
    let add = cloud.rds.add_tags_to_resource().resource_name(arn);
    let added = add.set_tags(Some(tags_of(label))).send().await;
    added.context(format!("tag {name}"))?;
    Ok(())
}

/// Creates an Aurora cluster without an instance.
///
/// # Errors
/// What RDS answers.
pub async fn create_cluster(cloud: &Cloud, label: &Label) -> Result<()> {
    let create = cloud.rds.create_db_cluster();
    let create = create
        .db_cluster_identifier(&label.name)
        .engine("aurora-postgresql")
        .master_username("nobody")
        .manage_master_user_password(true)
        .set_tags(Some(tags_of(label)));
    let created = create.send().await;
    created.context(format!("create the cluster {}", label.name))?;
    Ok(())
}

/// Creates a parameter group of instances.
///
/// # Errors
/// What RDS answers.
pub async fn create_parameter_group(cloud: &Cloud, label: &Label, family: &str) -> Result<()> {
    let create = cloud.rds.create_db_parameter_group();
    let create = create
        .db_parameter_group_name(&label.name)
        .db_parameter_group_family(family)
        .description("of nobody")
        .set_tags(Some(tags_of(label)));
    let doing = || format!("create the parameter group {}", label.name);
    create.send().await.context(doing())?;
    Ok(())
}

/// Creates a parameter group of clusters.
///
/// # Errors
/// What RDS answers.
pub async fn create_cluster_parameter_group(
    cloud: &Cloud,
    label: &Label,
    family: &str,
) -> Result<()> {
    let create = cloud.rds.create_db_cluster_parameter_group();
    let create = create
        .db_cluster_parameter_group_name(&label.name)
        .db_parameter_group_family(family)
        .description("of nobody")
        .set_tags(Some(tags_of(label)));
    let doing = || format!("create the cluster parameter group {}", label.name);
    create.send().await.context(doing())?;
    Ok(())
}

/// Lets an instance, and its cluster if it has one, use parameter groups: RDS then refuses to delete them.
///
/// # Errors
/// What RDS answers.
pub async fn use_parameter_groups(
    cloud: &Cloud,
    (instance, its_group): (&str, &str),
    cluster: Option<(&str, &str)>,
) -> Result<()> {
    let doing = || format!("give {instance} its parameter group");
    let modify = cloud.rds.modify_db_instance();
    let modify = modify
        .db_instance_identifier(instance)
        .db_parameter_group_name(its_group)
        .apply_immediately(true);
    modify.send().await.context(doing())?;
    let Some((cluster, its_group)) = cluster else {
        return Ok(());
    };
    let doing = || format!("give {cluster} its parameter group");
    let modify = cloud.rds.modify_db_cluster();
    let modify = modify
        .db_cluster_identifier(cluster)
        .db_cluster_parameter_group_name(its_group)
        .apply_immediately(true);
    modify.send().await.context(doing())?;
    Ok(())
}

/// The family of parameter groups that an instance's or cluster's engine takes, as the groups that it has tell.
///
/// # Errors
/// What RDS answers.
pub async fn family_of(cloud: &Cloud, instance: &str) -> Result<String> {
    let doing = || format!("read the parameter group of {instance}");
    let describe = cloud.rds.describe_db_instances();
    let described = describe.db_instance_identifier(instance).send().await;
    let described = described.context(doing())?;
    let groups = described.db_instances().iter();
    let group = groups
        .flat_map(DbInstance::db_parameter_groups)
        .find_map(|it| it.db_parameter_group_name())
        .context(doing())?;
    let describe = cloud.rds.describe_db_parameter_groups();
    let described = describe.db_parameter_group_name(group).send().await;
    let described = described.context(doing())?;
    let mut families = described.db_parameter_groups().iter();
    let family = families.find_map(|it| it.db_parameter_group_family());
    family.map(str::to_owned).context(doing())
}
