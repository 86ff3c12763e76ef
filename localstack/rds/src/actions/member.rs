//! `CreateDBInstance`, `ModifyDBInstance` and `DeleteDBInstance` for an instance of a cluster.

use std::sync::Arc;

use jiff::Timestamp;
use local_cloud_wire::query::{Form, Xml};
use local_cloud_wire::{AwsError, ids};

use super::create::{check_capacity, result};
use crate::choices::{SERVERLESS, default_parameter_group};
use crate::fleet::Fleet;
use crate::member_life::MemberLife;
use crate::parameters::{boolean, cluster_identifier_of, new_identifier, number, required, tags};
use crate::quotas;
use crate::record::{Choices, DbCluster, Engine, Instance, Membership, Origin, State, Tag};
use crate::refusal::{
    instance_exists, invalid_cluster_state, invalid_combination, no_cluster, no_parameter_group,
};
use crate::status::Status;

/// What belongs to the cluster and can't be said of its instances (RDS API reference, `CreateDBInstance`).
const OF_THE_CLUSTER: [&str; 10] = [
    "MasterUsername",
    "MasterUserPassword",
    "ManageMasterUserPassword",
    "VpcSecurityGroupIds.VpcSecurityGroupId.1",
    "Port",
    "BackupRetentionPeriod",
    "DeletionProtection",
    "StorageEncrypted",
    "KmsKeyId",
    "EnableIAMDatabaseAuthentication",
];

/// Starts the creation of an instance in a cluster that is available or will be.
///
/// # Errors
/// As documented for the operation.
pub async fn create(fleet: &Arc<Fleet>, form: &Form) -> Result<Xml, AwsError> {
    let wish = Wish {
        identifier: new_identifier(form, "DBInstanceIdentifier")?,
        class: required(form, "DBInstanceClass")?.to_owned(),
        zone: form.get("AvailabilityZone").map(str::to_owned),
        parameter_group: form
            .get("DBParameterGroupName")
            .map(str::to_ascii_lowercase),
        publicly_accessible: boolean(form, "PubliclyAccessible")?.unwrap_or(false),
        tier: number(form, "PromotionTier", 0..=15)?.unwrap_or(1),
        tags: tags(form)?,
    };
    refuse_of_the_cluster(form)?;
    let engine = required(form, "Engine")?;
    let cluster = cluster_identifier_of(required(form, "DBClusterIdentifier")?);
    let region = fleet.world.region.clone();
    let major = fleet.machine.installation.major();
    let admitted = fleet.change(|state| {
        let of = state
            .clusters
            .get(&cluster)
            .ok_or_else(|| no_cluster(&cluster))?
            .clone();
        check_cluster(&of, engine)?;
        check_class(&of, &wish.class)?;
        check_parameter_group(state, &wish, major)?;
        quotas::check_instance(state, &fleet.config.quotas, 0)?;
        check_capacity(
            fleet,
            &wish.identifier,
            &choices(&of, &wish, &region, major),
        )?;
        enter(state, &of, wish, &region, major)
    });
    let instance = admitted.await?;
    begin(fleet, &instance);
    Ok(result(fleet, "CreateDBInstance", &instance))
}

/// What is said of an instance of a cluster.
pub struct Wish {
    /// `DBInstanceIdentifier`.
    pub identifier: String,
    /// `DBInstanceClass`.
    pub class: String,
    /// `AvailabilityZone`.
    pub zone: Option<String>,
    /// `DBParameterGroupName`.
    pub parameter_group: Option<String>,
    /// `PubliclyAccessible`.
    pub publicly_accessible: bool,
    /// `PromotionTier`.
    pub tier: u32,
    /// The tags.
    pub tags: Vec<Tag>,
}

/// Enters an instance into the records. The first of a cluster is the one that writes.
///
/// # Errors
/// `DBInstanceAlreadyExists`.
pub fn enter(
    state: &mut State,
    cluster: &DbCluster,
    wish: Wish,
    region: &str,
    major: u32,
) -> Result<Instance, AwsError> {
    if state.instances.contains_key(&wish.identifier) {
        return Err(instance_exists(&wish.identifier));
    }
    let instance = Instance {
        choices: choices(cluster, &wish, region, major),
        identifier: wish.identifier,
        resource_id: format!("db-{}", ids::hex(13).to_ascii_uppercase()),
        engine: cluster.engine,
        engine_version: cluster.engine_version.clone(),
        master: cluster.master.clone(),
        database: cluster.database.clone(),
        port: cluster.port,
        status: Status::Creating,
        endpoint: false,
        asked_at: Timestamp::now(),
        created_at: None,
        tags: wish.tags,
        backups: Vec::new(),
        origin: Origin::Clone {
            source: cluster.identifier.clone(),
        },
        new_password: None,
        managed_secret: None,
        started_with: std::collections::BTreeMap::new(),
        membership: Some(Membership {
            cluster: cluster.identifier.clone(),
            tier: wish.tier,
        }),
    };
    let identifier = instance.identifier.clone();
    state.instances.insert(identifier.clone(), instance.clone());
    if let Some(cluster) = state.clusters.get_mut(&cluster.identifier) {
        cluster.writer.get_or_insert(identifier);
    }
    Ok(instance)
}

/// Begins the life of an instance of a cluster.
pub fn begin(fleet: &Arc<Fleet>, instance: &Instance) {
    if let Some(life) = life(fleet, instance) {
        fleet.start_task(&instance.holder(), life.begin());
    }
}

/// The life of an instance, if it is of a cluster.
pub fn life(fleet: &Arc<Fleet>, instance: &Instance) -> Option<MemberLife> {
    let membership = instance.membership.as_ref()?;
    Some(MemberLife {
        fleet: Arc::clone(fleet),
        identifier: instance.identifier.clone(),
        cluster: membership.cluster.clone(),
    })
}

fn choices(cluster: &DbCluster, wish: &Wish, region: &str, major: u32) -> Choices {
    let of = cluster.choices.clone();
    let storage = of.multi_az.map_or(1, |one| one.allocated_storage);
    Choices {
        class: wish.class.clone(),
        allocated_storage: storage,
        storage_type: of.storage_type,
        subnet_group: of.subnet_group,
        security_groups: of.security_groups,
        parameter_group: wish
            .parameter_group
            .clone()
            .unwrap_or_else(|| default_instance_group(cluster.engine, major)),
        availability_zone: wish.zone.clone().unwrap_or_else(|| format!("{region}a")),
        multi_az: false,
        publicly_accessible: wish.publicly_accessible,
        storage_encrypted: of.storage_encrypted,
        kms_key: of.kms_key,
        backup_retention: of.backup_retention,
        deletion_protection: false,
        iam_authentication: of.iam_authentication,
        auto_minor_version_upgrade: false,
        copy_tags_to_snapshot: of.copy_tags_to_snapshot,
    }
}

/// The default parameter group of a cluster's instances.
fn default_instance_group(engine: Engine, major: u32) -> String {
    match engine {
        Engine::Postgres => default_parameter_group(major),
        Engine::AuroraPostgresql => format!("default.aurora-postgresql{major}"),
    }
}

fn refuse_of_the_cluster(form: &Form) -> Result<(), AwsError> {
    let given = OF_THE_CLUSTER.iter().find(|name| form.get(name).is_some());
    match given {
        None => Ok(()),
        Some(name) => {
            let name = name.split('.').next().unwrap_or(name);
            Err(invalid_combination(format!(
                "The requested DB Instance will be a member of a DB Cluster. Set {name} for the DB Cluster."
            )))
        }
    }
}

fn check_cluster(cluster: &DbCluster, engine: &str) -> Result<(), AwsError> {
    if engine != cluster.engine.name() {
        return Err(invalid_combination(format!(
            "The engine name requested for your DB instance ({engine}) doesn't match the engine name of your DB cluster ({}).",
            cluster.engine.name()
        )));
    }
    if cluster.choices.multi_az.is_some() {
        return Err(invalid_combination(
            "The instances of a Multi-AZ DB cluster are made with it.",
        ));
    }
    let status = cluster.status;
    if status.is_failure() || status == crate::cluster_status::ClusterStatus::Deleting {
        let problem = format!(
            "DB cluster {} is not available, because its status is {status}.",
            cluster.identifier
        );
        return Err(invalid_cluster_state(problem));
    }
    Ok(())
}

/// The classes that Aurora PostgreSQL has (Aurora user guide, DB instance classes), and what Serverless v2 needs.
fn check_class(cluster: &DbCluster, class: &str) -> Result<(), AwsError> {
    if class == SERVERLESS {
        return match cluster.choices.scaling {
            Some(_) => Ok(()),
            None => Err(invalid_combination(
                "Set the Serverless v2 scaling configuration on the parent DB cluster before creating a Serverless v2 DB instance.",
            )),
        };
    }
    let (family, size) = class
        .strip_prefix("db.")
        .and_then(|rest| rest.split_once('.'))
        .unwrap_or_default();
    let burstable = family.starts_with('t') && matches!(size, "medium" | "large");
    if burstable || family.starts_with('r') || family.starts_with('x') {
        return Ok(());
    }
    Err(invalid_combination(format!(
        "RDS does not support creating a DB instance with the following combination: DBInstanceClass={class}, Engine={}, EngineVersion={}.",
        cluster.engine.name(),
        cluster.engine_version
    )))
}

fn check_parameter_group(state: &State, wish: &Wish, major: u32) -> Result<(), AwsError> {
    let Some(name) = &wish.parameter_group else {
        return Ok(());
    };
    let default = default_instance_group(Engine::AuroraPostgresql, major);
    if *name == default || state.parameter_groups.contains_key(name) {
        Ok(())
    } else {
        Err(no_parameter_group(name))
    }
}

/// What of `ModifyDBInstance` belongs to the cluster.
///
/// # Errors
/// `InvalidParameterCombination`.
pub fn refuse_modification(form: &Form) -> Result<(), AwsError> {
    if form.get("MasterUserPassword").is_some() || form.get("ManageMasterUserPassword").is_some() {
        return Err(invalid_combination(
            "The specified DB Instance is a member of a cluster. Modify the master user password for the DB Cluster using the ModifyDbCluster API",
        ));
    }
    let storage = ["AllocatedStorage", "StorageType", "MultiAZ"];
    if let Some(name) = storage.iter().find(|name| form.get(name).is_some()) {
        return Err(invalid_combination(format!(
            "{name} can't be modified for an instance of a cluster."
        )));
    }
    refuse_of_the_cluster(form)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_belongs_to_the_cluster_is_refused_for_its_instances() {
        for (body, name) in [
            ("MasterUserPassword=Secret-12345", "MasterUserPassword"),
            (
                "VpcSecurityGroupIds.VpcSecurityGroupId.1=sg-1",
                "VpcSecurityGroupIds",
            ),
            ("BackupRetentionPeriod=3", "BackupRetentionPeriod"),
        ] {
            let error = refuse_of_the_cluster(&Form::decode(body.as_bytes())).unwrap_err();
            assert_eq!(error.code, "InvalidParameterCombination");
            assert!(error.message.contains(name), "{error}");
        }
        assert!(refuse_of_the_cluster(&Form::decode(b"PromotionTier=1")).is_ok());
    }
}
