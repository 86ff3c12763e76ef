//! `CreateDBCluster`.

use std::sync::Arc;

use jiff::Timestamp;
use local_cloud_wire::query::{Form, Xml};
use local_cloud_wire::{AwsError, ids};

use crate::actions::create::{check_version, wished_port};
use crate::actions::member;
use crate::answer::{ClusterScene, cluster};
use crate::cluster_choices::{check_groups, choices_of_new};
use crate::cluster_life::ClusterLife;
use crate::cluster_status::ClusterStatus;
use crate::fleet::Fleet;
use crate::managed_secret::{FirstPassword, give_back};
use crate::parameters::{cluster_password, database_name, new_identifier, required, tags};
use crate::quotas;
use crate::record::{
    ClusterChoices, DbCluster, Engine, Holder, Instance, ManagedSecret, Origin, State, Tag,
};
use crate::refusal::{cluster_exists, instance_exists, invalid_value, quota_exceeded};

/// What a new cluster needs before it has a port and a resource id.
pub struct Wish {
    /// `DBClusterIdentifier`.
    pub identifier: String,
    /// `Engine`.
    pub engine: Engine,
    /// The master user.
    pub master: String,
    /// `DatabaseName`.
    pub database: Option<String>,
    /// What can be chosen.
    pub choices: ClusterChoices,
    /// The tags.
    pub tags: Vec<Tag>,
    /// How it comes into being.
    pub origin: Origin,
    /// The port that is wanted; another one is given if it isn't free.
    pub port: Option<u16>,
    /// The secret in which RDS keeps the master's password. Restored clusters have none (RDS user guide).
    pub managed_secret: Option<ManagedSecret>,
}

/// Starts the creation. A Multi-AZ DB cluster comes with three instances, an Aurora one with none.
///
/// # Errors
/// As documented for the operation.
pub async fn create(fleet: &Arc<Fleet>, form: &Form) -> Result<Xml, AwsError> {
    let password = FirstPassword::read(form, cluster_password(form)?)?;
    let mut wish = wish(fleet, form, &password)?;
    let holder = Holder::Cluster(wish.identifier.clone());
    let secret = password.keep(fleet, form, &holder, &wish.master).await?;
    wish.managed_secret.clone_from(&secret);
    match admit(fleet, wish).await {
        Ok(made) => Ok(result(fleet, "CreateDBCluster", &made)),
        Err(refused) => Err(give_back(fleet, secret, refused).await),
    }
}

fn wish(fleet: &Fleet, form: &Form, password: &FirstPassword) -> Result<Wish, AwsError> {
    let identifier = new_identifier(form, "DBClusterIdentifier")?;
    let engine = engine(form)?;
    let installation = &fleet.machine.installation;
    check_version(form.get("EngineVersion"), &installation.version)?;
    let choices = choices_of_new(form, engine, installation.major())?;
    let master = database_name("MasterUsername", required(form, "MasterUsername")?)?;
    let database = form
        .get("DatabaseName")
        .map(|name| database_name("DatabaseName", name))
        .transpose()?;
    Ok(Wish {
        identifier,
        engine,
        master,
        // RDS makes the database postgres anyway.
        database: database.filter(|name| name != "postgres"),
        choices,
        tags: tags(form)?,
        origin: Origin::New {
            verifier: password.verifier(),
        },
        port: wished_port(form)?,
        managed_secret: None,
    })
}

/// `Engine`, which must be given.
///
/// # Errors
/// `MissingParameter`, `InvalidParameterValue`.
pub fn engine(form: &Form) -> Result<Engine, AwsError> {
    let name = required(form, "Engine")?;
    Engine::parse(name).ok_or_else(|| {
        invalid_value(format!(
            "Invalid DB engine: {name}. The local cloud has postgres and aurora-postgresql."
        ))
    })
}

/// Enters a new cluster into the records and starts its life.
///
/// # Errors
/// `DBClusterAlreadyExistsFault`, `InstanceQuotaExceeded`, a group that isn't found.
pub async fn admit(fleet: &Arc<Fleet>, wish: Wish) -> Result<DbCluster, AwsError> {
    let installation = &fleet.machine.installation;
    let admitted = fleet.change(|state| {
        check_groups(state, &wish.choices, wish.engine, installation.major())?;
        if state.clusters.contains_key(&wish.identifier) {
            return Err(cluster_exists(&wish.identifier));
        }
        quotas::check_cluster(state, &fleet.config.quotas)?;
        let port = fleet
            .free_port(state, wish.port)
            .ok_or_else(quota_exceeded)?;
        let mut one = fulfilled(wish, port, installation.version.clone());
        one.clone_group = joined_clone_group(state, &one.origin);
        let instances = instances_of_multi_az(fleet, state, &one)?;
        let made = state.clusters.get(&one.identifier).cloned().unwrap_or(one);
        Ok((made, instances))
    });
    let (made, instances) = admitted.await?;
    let life = ClusterLife::of(fleet, &made.identifier);
    fleet.start_task(&made.holder(), life.begin());
    for instance in &instances {
        member::begin(fleet, instance);
    }
    Ok(made)
}

/// The first clone makes a clone group of its source and itself.
fn joined_clone_group(state: &mut State, origin: &Origin) -> Option<String> {
    let Origin::Clone { source } = origin else {
        return None;
    };
    let source = state.clusters.get_mut(source)?;
    Some(source.clone_group.get_or_insert_with(ids::uuid).clone())
}

fn fulfilled(wish: Wish, port: u16, engine_version: String) -> DbCluster {
    DbCluster {
        identifier: wish.identifier,
        resource_id: format!("cluster-{}", ids::hex(13).to_ascii_uppercase()),
        engine: wish.engine,
        engine_version,
        clone_group: None,
        master: wish.master,
        database: wish.database,
        port,
        status: match wish.origin {
            Origin::Snapshot { .. } => ClusterStatus::Migrating,
            _ => ClusterStatus::Creating,
        },
        asked_at: Timestamp::now(),
        created_at: None,
        choices: wish.choices,
        tags: wish.tags,
        backups: Vec::new(),
        latest: None,
        origin: wish.origin,
        new_password: None,
        managed_secret: wish.managed_secret,
        writer: None,
    }
}

/// Enters the cluster, and the three instances if it is a Multi-AZ DB cluster.
fn instances_of_multi_az(
    fleet: &Fleet,
    state: &mut State,
    one: &DbCluster,
) -> Result<Vec<Instance>, AwsError> {
    let Some(multi_az) = &one.choices.multi_az else {
        state.clusters.insert(one.identifier.clone(), one.clone());
        return Ok(Vec::new());
    };
    let name = |n: usize| format!("{}-instance-{n}", one.identifier);
    let taken = |n: &usize| state.instances.contains_key(&name(*n));
    if let Some(n) = (1..=3).find(taken) {
        return Err(instance_exists(&name(n)));
    }
    state.clusters.insert(one.identifier.clone(), one.clone());
    let region = &fleet.world.region;
    let made = ["a", "b", "c"].iter().enumerate().map(|(n, zone)| {
        let wish = member::Wish {
            identifier: name(n + 1),
            class: multi_az.class.clone(),
            zone: Some(format!("{region}{zone}")),
            parameter_group: None,
            publicly_accessible: false,
            tier: 1,
            tags: one.tags.clone(),
        };
        member::enter(state, one, wish, region, fleet.machine.installation.major())
    });
    made.collect()
}

/// The answer of an operation on one cluster.
pub fn result(fleet: &Fleet, action: &str, one: &DbCluster) -> Xml {
    let latest = fleet.latest_restorable_time(&one.holder());
    let state = fleet.state();
    let scene = ClusterScene {
        region: &fleet.world.region,
        state: &state,
        latest,
    };
    Xml::parent(&format!("{action}Result")).child(cluster(&scene, one))
}
