//! The RDS of the local cloud as a service behind the wire.

use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;

use local_cloud_wire::query::{Form, Xml};
use local_cloud_wire::{AwsError, Call, CallFuture, QueryService, World};
use tokio::task::JoinSet;

use crate::actions::{
    account, backups, clusters, create, delete, describe, events, member, modify, parameter_groups,
    restore, restore_snapshot, snapshots, subnet_groups, tagging,
};
use crate::cluster_life::ClusterLife;
use crate::cluster_status::ClusterStatus;
use crate::config::Config;
use crate::fleet::Fleet;
use crate::life::Life;
use crate::member_life::MemberLife;
use crate::postgres::{
    Authority, AuthorityError, Installation, InstallationError, Machine, ServerError, Site, Stop,
    stop_leftover,
};
use crate::record::{Holder, Instance};
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
        let clusters: Vec<_> = fleet.state().clusters.values().cloned().collect();
        for one in clusters {
            let life = ClusterLife::of(fleet, &one.identifier);
            self.stop_leftover(&one.holder(), &one.resource_id).await?;
            match one.status {
                ClusterStatus::Deleting => fleet.start_work(life.end()),
                _ => fleet.start_task(&one.holder(), life.resume()),
            }
        }
        let instances: Vec<_> = fleet.state().instances.values().cloned().collect();
        for one in instances {
            match member::life(fleet, &one) {
                Some(life) => resume_member(fleet, &one, life),
                None => self.resume_instance(&one).await?,
            }
        }
        crate::snapshots::give_up_begun(fleet).await;
        Ok(())
    }

    async fn resume_instance(&self, one: &Instance) -> Result<(), ServerError> {
        let life = Life::of(&self.fleet, &one.identifier);
        let holder = one.holder();
        self.stop_leftover(&holder, &one.resource_id).await?;
        match one.status {
            Status::Creating => self.fleet.start_task(&holder, life.begin()),
            Status::Deleting => self.fleet.start_work(life.end()),
            status if status.is_running() => self.fleet.start_task(&holder, life.resume()),
            _ => {}
        }
        Ok(())
    }

    async fn stop_leftover(&self, holder: &Holder, resource_id: &str) -> Result<(), ServerError> {
        let layout = self.fleet.layout(holder, resource_id);
        stop_leftover(&self.fleet.machine.installation, &layout).await
    }

    /// Stops all servers. The records stay, so that the next run starts them again.
    pub async fn stop(&self) {
        self.fleet.end_all().await;
        let stops = self.fleet.running().into_iter().map(|holder| {
            let fleet = Arc::clone(&self.fleet);
            async move {
                if let Err(error) = fleet.stop_server(&holder, Stop::Fast).await {
                    tracing::error!(%holder, %error, "the server isn't stopped");
                }
            }
        });
        let mut stops: JoinSet<()> = stops.collect();
        while let Some(stopped) = stops.join_next().await {
            if let Err(error) = stopped {
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
            "DescribeEvents" => events::describe(fleet, form)?,
            "ListTagsForResource" => tagging::list(fleet, form)?,
            "CreateDBSubnetGroup" => subnet_groups::create(fleet, form).await?,
            "DescribeDBSubnetGroups" => subnet_groups::describe(fleet, form)?,
            "DescribeAccountAttributes" => account::describe(fleet),
            _ if action.contains("ParameterGroup") || action.ends_with("Parameters") => {
                return self.answer_of_groups(action, form).await;
            }
            _ if action.contains("DBCluster") => self.answer_of_cluster(action, form).await?,
            _ => return self.acknowledge(action, form).await.map(|()| None),
        };
        Ok(Some(result))
    }

    /// The operations on parameter groups, of instances and of clusters.
    async fn answer_of_groups(&self, action: &str, form: &Form) -> Result<Option<Xml>, AwsError> {
        let fleet = &self.fleet;
        let kind = parameter_groups::Kind::of(action);
        let result = match action.replace("DBCluster", "DB").as_str() {
            "CreateDBParameterGroup" => parameter_groups::create(fleet, form, kind).await?,
            "CopyDBParameterGroup" => parameter_groups::copy(fleet, form, kind).await?,
            "DescribeDBParameterGroups" => parameter_groups::describe(fleet, form, kind)?,
            "DescribeDBParameters" => parameter_groups::describe_values(fleet, form, kind)?,
            "ModifyDBParameterGroup" => parameter_groups::modify(fleet, form, kind).await?,
            "DeleteDBParameterGroup" => {
                parameter_groups::delete(fleet, form, kind).await?;
                return Ok(None);
            }
            _ => return Err(unknown(action)),
        };
        Ok(Some(result))
    }

    /// The operations on clusters.
    async fn answer_of_cluster(&self, action: &str, form: &Form) -> Result<Xml, AwsError> {
        let fleet = &self.fleet;
        match action {
            "CreateDBCluster" => clusters::create::create(fleet, form).await,
            "DescribeDBClusters" => clusters::describe::clusters(fleet, form),
            "ModifyDBCluster" => clusters::modify::modify(fleet, form).await,
            "DeleteDBCluster" => clusters::delete::delete(fleet, form).await,
            "RestoreDBClusterToPointInTime" => clusters::restore::restore(fleet, form).await,
            "RestoreDBClusterFromSnapshot" => {
                clusters::restore_snapshot::restore(fleet, form).await
            }
            "CreateDBClusterSnapshot" => clusters::snapshots::create(fleet, form).await,
            "DescribeDBClusterSnapshots" => clusters::snapshots::describe(fleet, form),
            "DeleteDBClusterSnapshot" => clusters::snapshots::delete(fleet, form).await,
            "DescribeDBClusterAutomatedBackups" => clusters::backups::automated(fleet, form),
            "DeleteDBClusterAutomatedBackup" => clusters::backups::delete(fleet, form).await,
            _ => Err(unknown(action)),
        }
    }

    /// The operations whose answer holds no result.
    async fn acknowledge(&self, action: &str, form: &Form) -> Result<(), AwsError> {
        let fleet = &self.fleet;
        match action {
            "AddTagsToResource" => tagging::add(fleet, form).await,
            "RemoveTagsFromResource" => tagging::remove(fleet, form).await,
            "DeleteDBSubnetGroup" => subnet_groups::delete(fleet, form).await,
            _ => Err(unknown(action)),
        }
    }
}

/// The server of a cluster's instance is its cluster's.
fn resume_member(fleet: &Arc<Fleet>, one: &Instance, life: MemberLife) {
    match one.status {
        Status::Creating => fleet.start_task(&one.holder(), life.begin()),
        Status::Deleting => fleet.start_work(life.end()),
        _ => {}
    }
}

fn unknown(action: &str) -> AwsError {
    let message = format!("The local RDS does not have the operation {action}.");
    AwsError::new("InvalidAction", message)
}

impl QueryService for Rds {
    fn call<'a>(&'a self, call: &'a Call, form: Form) -> CallFuture<'a, Option<Xml>> {
        Box::pin(async move { self.answer(&call.action, &form).await })
    }
}
