//! The RDS of the local cloud as a service behind the wire.

use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;

use local_cloud_wire::query::{Form, Xml};
use local_cloud_wire::{AwsError, Call, CallFuture, QueryService, World};

use crate::actions::{
    backups, create, delete, describe, events, modify, parameter_groups, restore, restore_snapshot,
    snapshots, subnet_groups, tagging,
};
use crate::config::Config;
use crate::fleet::Fleet;
use crate::life::Life;
use crate::postgres::{
    Authority, AuthorityError, Installation, InstallationError, Machine, ServerError, Site, Stop,
    stop_leftover,
};
use crate::status::Status;

/// Amazon RDS.
#[derive(Debug, Clone)]
pub struct Rds {
    fleet: Arc<Fleet>,
}

/// Why the service can't start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// No PostgreSQL.
    #[error(transparent)]
    Installation(#[from] InstallationError),
    /// No certificates.
    #[error(transparent)]
    Authority(#[from] AuthorityError),
    /// No records.
    #[error("open the records of the instances: {0}")]
    Records(std::io::Error),
    /// Paths too long for Unix sockets.
    #[error(
        "the path of LOCAL_CLOUD_HOME is too long for the sockets of PostgreSQL: choose a shorter one"
    )]
    LongPath,
    /// A server of an earlier run doesn't end.
    #[error(transparent)]
    Leftover(#[from] ServerError),
}

impl Rds {
    /// Starts the service in the world's home, and the instances that an earlier run left.
    ///
    /// # Errors
    /// No PostgreSQL, unusable files, or servers of an earlier run that don't end.
    pub async fn start(config: Config, world: World) -> Result<Self, StartError> {
        let site = Site::below(&world.home);
        if !site.sockets_fit() {
            return Err(StartError::LongPath);
        }
        std::fs::create_dir_all(site.private()).map_err(StartError::Records)?;
        std::fs::set_permissions(site.private(), std::fs::Permissions::from_mode(0o700))
            .map_err(StartError::Records)?;
        let machine = Machine {
            installation: Installation::find().await?,
            authority: Authority::open(&world.home)?,
        };
        let fleet = Fleet::open(config, world, machine, site).map_err(StartError::Records)?;
        let rds = Self {
            fleet: Arc::new(fleet),
        };
        rds.resume().await?;
        Ok(rds)
    }

    async fn resume(&self) -> Result<(), ServerError> {
        let fleet = &self.fleet;
        let instances: Vec<_> = fleet.state().instances.values().cloned().collect();
        for one in instances {
            let life = Life::of(fleet, &one.identifier);
            let holder = life.holder();
            let layout = fleet.layout(&holder, &one.resource_id);
            stop_leftover(&fleet.machine.installation, &layout).await?;
            match one.status {
                Status::Creating => fleet.start_task(&holder, life.begin()),
                Status::Deleting => drop(tokio::spawn(life.end())),
                status if status.is_running() => fleet.start_task(&holder, life.resume()),
                _ => {}
            }
        }
        crate::snapshots::give_up_begun(fleet).await;
        Ok(())
    }

    /// Stops all servers. The records stay, so that the next run starts them again.
    pub async fn stop(&self) {
        self.fleet.end_tasks().await;
        let stops = self.fleet.running().into_iter().map(|holder| {
            let fleet = Arc::clone(&self.fleet);
            tokio::spawn(async move {
                let Some(server) = fleet.take_server(&holder) else {
                    return;
                };
                if let Err(error) = server.stop(Stop::Fast).await {
                    tracing::error!(%holder, %error, "the server isn't stopped");
                }
            })
        });
        for stop in stops.collect::<Vec<_>>() {
            if let Err(error) = stop.await {
                tracing::error!(%error, "a server isn't stopped");
            }
        }
    }

    async fn answer(&self, action: &str, form: &Form) -> Result<Option<Xml>, AwsError> {
        let fleet = &self.fleet;
        let result = match action {
            "CreateDBInstance" => create::create(fleet, form).await?,
            "DescribeDBInstances" => describe::instances(fleet, form)?,
            "ModifyDBInstance" => modify::modify(fleet, form).await?,
            "DeleteDBInstance" => delete::delete(fleet, form).await?,
            "RestoreDBInstanceToPointInTime" => restore::restore(fleet, form).await?,
            "CreateDBSnapshot" => snapshots::create(fleet, form).await?,
            "DescribeDBSnapshots" => snapshots::describe(fleet, form)?,
            "DeleteDBSnapshot" => snapshots::delete(fleet, form).await?,
            "RestoreDBInstanceFromDBSnapshot" => restore_snapshot::restore(fleet, form).await?,
            "DeleteDBInstanceAutomatedBackup" => backups::delete(fleet, form).await?,
            "DescribeDBInstanceAutomatedBackups" => backups::automated(fleet, form)?,
            "DescribeDBClusters" => describe::clusters(form)?,
            "DescribeEvents" => events::describe(fleet, form)?,
            "ListTagsForResource" => tagging::list(fleet, form)?,
            "CreateDBSubnetGroup" => subnet_groups::create(fleet, form).await?,
            "DescribeDBSubnetGroups" => subnet_groups::describe(fleet, form)?,
            "CreateDBParameterGroup" => parameter_groups::create(fleet, form).await?,
            "DescribeDBParameterGroups" => parameter_groups::describe(fleet, form)?,
            _ => return self.acknowledge(action, form).await.map(|()| None),
        };
        Ok(Some(result))
    }

    /// The operations whose answer holds no result.
    async fn acknowledge(&self, action: &str, form: &Form) -> Result<(), AwsError> {
        let fleet = &self.fleet;
        match action {
            "AddTagsToResource" => tagging::add(fleet, form).await,
            "RemoveTagsFromResource" => tagging::remove(fleet, form).await,
            "DeleteDBSubnetGroup" => subnet_groups::delete(fleet, form).await,
            "DeleteDBParameterGroup" => parameter_groups::delete(fleet, form).await,
            _ => Err(AwsError::new(
                "InvalidAction",
                format!("The local RDS does not have the operation {action}."),
            )),
        }
    }
}

impl QueryService for Rds {
    fn call<'a>(&'a self, call: &'a Call, form: Form) -> CallFuture<'a, Option<Xml>> {
        Box::pin(async move { self.answer(&call.action, &form).await })
    }
}
