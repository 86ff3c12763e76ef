//! `CreateDBInstance`.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use local_cloud_wire::faults::Service;
use local_cloud_wire::query::{Form, Xml};
use local_cloud_wire::{AwsError, ids};

use super::member;
use crate::choices::{check_groups, choices_of_new, choices_of_restored};
use crate::faults::NO_CAPACITY;
use crate::fleet::Fleet;
use crate::life::Life;
use crate::managed_secret::{FirstPassword, give_back};
use crate::parameters::{database_name, new_identifier, number, password, required, tags};
use crate::quotas;
use crate::record::{Choices, Engine, Holder, Instance, ManagedSecret, Origin, Portrait, Tag};
use crate::refusal::{instance_exists, invalid_combination, invalid_value, quota_exceeded};
use crate::status::Status;

/// What a new instance needs before it has a port and a resource id.
pub struct Wish {
    /// `DBInstanceIdentifier`.
    pub identifier: String,
    /// The master user.
    pub master: String,
    /// `DBName`.
    pub database: Option<String>,
    /// What can be chosen.
    pub choices: Choices,
    /// The tags.
    pub tags: Vec<Tag>,
    /// How it comes into being.
    pub origin: Origin,
    /// The port that is wanted; another one is given if it isn't free.
    pub port: Option<u16>,
    /// The secret in which RDS keeps the master's password. Restored instances have none (RDS user guide).
    pub managed_secret: Option<ManagedSecret>,
}

impl Wish {
    /// A restored instance: what the call names, else what its source had and RDS inherits. The tags too are the
    /// source's unless the call gives some.
    ///
    /// # Errors
    /// An invalid parameter.
    pub fn restored(
        fleet: &Fleet,
        form: &Form,
        identifier: String,
        source: Portrait<Choices>,
        origin: Origin,
    ) -> Result<Self, AwsError> {
        let major = fleet.machine.installation.major();
        Ok(Self {
            identifier,
            choices: choices_of_restored(form, &source.choices, major)?,
            tags: if form.structures("Tags").is_empty() {
                source.tags
            } else {
                tags(form)?
            },
            master: source.master,
            database: source.database,
            origin,
            port: wished_port(form)?,
            managed_secret: None,
        })
    }
}

/// Starts the creation.
///
/// # Errors
/// As documented for the operation.
pub async fn create(fleet: &Arc<Fleet>, form: &Form) -> Result<Xml, AwsError> {
    if form.get("DBClusterIdentifier").is_some() {
        return member::create(fleet, form).await;
    }
    let password = FirstPassword::read(form, password(form)?)?;
    let mut wish = wish(fleet, form, &password)?;
    let holder = Holder::Instance(wish.identifier.clone());
    let secret = password.keep(fleet, form, &holder, &wish.master).await?;
    wish.managed_secret.clone_from(&secret);
    match admit(fleet, wish).await {
        Ok(instance) => Ok(result(fleet, "CreateDBInstance", &instance)),
        Err(refused) => Err(give_back(fleet, secret, refused).await),
    }
}

fn wish(fleet: &Fleet, form: &Form, password: &FirstPassword) -> Result<Wish, AwsError> {
    let identifier = new_identifier(form, "DBInstanceIdentifier")?;
    let engine = required(form, "Engine")?;
    if engine == Engine::AuroraPostgresql.name() {
        return Err(invalid_combination(
            "An instance of aurora-postgresql needs DBClusterIdentifier: its data are its cluster's.",
        ));
    }
    if engine != "postgres" {
        return Err(invalid_value(format!(
            "Invalid DB engine: {engine}. The local cloud has postgres and aurora-postgresql."
        )));
    }
    check_version(
        form.get("EngineVersion"),
        &fleet.machine.installation.version,
    )?;
    let choices = choices_of_new(
        form,
        &fleet.world.region,
        fleet.machine.installation.major(),
    )?;
    let master = database_name("MasterUsername", required(form, "MasterUsername")?)?;
    let database = form
        .get("DBName")
        .map(|name| database_name("DBName", name))
        .transpose()?;
    Ok(Wish {
        identifier,
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

/// The port in `Port`, within the range that RDS allows.
///
/// # Errors
/// `InvalidParameterValue`.
pub fn wished_port(form: &Form) -> Result<Option<u16>, AwsError> {
    let port = number(form, "Port", 1150..=65535)?;
    Ok(port.and_then(|port| u16::try_from(port).ok()))
}

/// `15` and `15.14` both mean the installed 15.14.
///
/// # Errors
/// `InvalidParameterCombination` for another one.
pub fn check_version(wanted: Option<&str>, installed: &str) -> Result<(), AwsError> {
    let major = installed.split('.').next().unwrap_or(installed);
    match wanted {
        None => Ok(()),
        Some(wanted) if wanted == installed || wanted == major => Ok(()),
        Some(wanted) => Err(AwsError::new(
            "InvalidParameterCombination",
            format!("Cannot find version {wanted} for postgres. The local cloud has {installed}."),
        )),
    }
}

/// Enters a new instance into the records and starts its life. Its groups must exist, its identifier must not.
///
/// # Errors
/// `DBInstanceAlreadyExists`, `InstanceQuotaExceeded`, a group that isn't found.
pub async fn admit(fleet: &Arc<Fleet>, wish: Wish) -> Result<Instance, AwsError> {
    check_capacity(fleet, &wish.identifier, &wish.choices)?;
    let admitted = fleet.change(|state| {
        check_groups(state, &wish.choices, fleet.machine.installation.major())?;
        quotas::check_instance(state, &fleet.config.quotas, wish.choices.allocated_storage)?;
        if state.instances.contains_key(&wish.identifier) {
            return Err(instance_exists(&wish.identifier));
        }
        let port = fleet
            .free_port(state, wish.port)
            .ok_or_else(quota_exceeded)?;
        let instance = fulfilled(wish, port, fleet.machine.installation.version.clone());
        state
            .instances
            .insert(instance.identifier.clone(), instance.clone());
        Ok(instance)
    });
    let instance = admitted.await?;
    let life = Life::of(fleet, &instance.identifier);
    fleet.start_task(&instance.holder(), life.begin());
    Ok(instance)
}

/// Whether AWS would have such an instance to give now, which a fault decides.
///
/// # Errors
/// `InsufficientDBInstanceCapacity`.
pub fn check_capacity(fleet: &Fleet, identifier: &str, choices: &Choices) -> Result<(), AwsError> {
    let (class, zone) = (&choices.class, &choices.availability_zone);
    let subject = format!("{identifier} {class} {zone}");
    match fleet
        .world
        .faults
        .strikes(Service::Rds, NO_CAPACITY, &subject)
    {
        None => Ok(()),
        Some(_) => Err(AwsError::new(
            "InsufficientDBInstanceCapacity",
            format!(
                "The requested DB instance class {class} isn't available in the Availability Zone {zone} now."
            ),
        )),
    }
}

fn fulfilled(wish: Wish, port: u16, engine_version: String) -> Instance {
    Instance {
        identifier: wish.identifier,
        resource_id: format!("db-{}", ids::hex(13).to_ascii_uppercase()),
        engine: Engine::Postgres,
        engine_version,
        master: wish.master,
        database: wish.database,
        port,
        status: Status::Creating,
        endpoint: false,
        asked_at: Timestamp::now(),
        created_at: None,
        choices: wish.choices,
        tags: wish.tags,
        backups: Vec::new(),
        origin: wish.origin,
        new_password: None,
        managed_secret: wish.managed_secret,
        started_with: BTreeMap::new(),
        membership: None,
    }
}

/// The answer of an operation on one instance.
pub fn result(fleet: &Fleet, action: &str, instance: &Instance) -> Xml {
    let latest = fleet.latest_restorable_time(&instance.holder());
    let state = fleet.state();
    let scene = crate::answer::Scene {
        region: &fleet.world.region,
        state: &state,
        latest,
    };
    Xml::parent(&format!("{action}Result")).child(crate::answer::instance(&scene, instance))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_the_installed_one_or_its_major() {
        for fine in [None, Some("15"), Some("15.14")] {
            assert!(check_version(fine, "15.14").is_ok());
        }
        for other in ["15.1", "1", "16"] {
            assert_eq!(
                check_version(Some(other), "15.14").unwrap_err().code,
                "InvalidParameterCombination"
            );
        }
    }
}
