//! The lives of a cluster's instances. The data and the server are the cluster's: the instance that writes has it
//! started, the others share its endpoint.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use local_cloud_wire::faults::{Fault, Service};
use tokio::time::sleep;

use crate::cluster_life::ClusterLife;
use crate::cluster_status::ClusterStatus;
use crate::event::{ClusterNews, News};
use crate::faults::{CREATE_FAILS, PROVISION_SLOWLY};
use crate::fleet::Fleet;
use crate::life::ordered_status;
use crate::postgres::{ServerError, Stop};
use crate::record::{DbCluster, Holder, Instance, State};
use crate::status::Status;

/// How often the records are looked at for a condition.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// One instance of a cluster.
#[derive(Debug, Clone)]
pub struct MemberLife {
    /// The fleet.
    pub fleet: Arc<Fleet>,
    /// The instance's identifier.
    pub identifier: String,
    /// The cluster's.
    pub cluster: String,
}

impl MemberLife {
    fn fault(&self, name: &str) -> Option<Fault> {
        self.fleet
            .world
            .faults
            .strikes(Service::Rds, name, &self.identifier)
    }

    fn writes(&self) -> bool {
        let cluster = self.fleet.db_cluster(&self.cluster);
        cluster.is_some_and(|one| one.writer.as_ref() == Some(&self.identifier))
    }

    /// From `creating` to `available`, or to the status of a failure.
    pub async fn begin(self) {
        let slowly = self.fault(PROVISION_SLOWLY).and_then(|fault| fault.ms);
        let waits = self.fleet.config.creating_ms + slowly.unwrap_or(0);
        sleep(Duration::from_millis(waits)).await;
        if let Some(fault) = self.fault(CREATE_FAILS) {
            return self.fail(ordered_status(&fault)).await;
        }
        if !self.until_cluster_is_ready().await {
            return self.fail(Status::Failed).await;
        }
        if let Err(error) = self.until_served().await {
            tracing::error!(instance = self.identifier, %error, "the server doesn't start");
            let status = if error.is_about_parameters() {
                Status::IncompatibleParameters
            } else {
                Status::Failed
            };
            return self.fail(status).await;
        }
        self.fleet.note_start(&self.identifier).await;
        let created = |one: &mut Instance| one.created_at = Some(Timestamp::now());
        self.fleet.change_instance(&self.identifier, created).await;
        self.tell(&News::Created).await;
        self.tell(&News::TopologyUpdated).await;
        sleep(Duration::from_millis(self.fleet.config.available_gap_ms)).await;
        self.fleet
            .change_instance(&self.identifier, |one| one.endpoint = true)
            .await;
        self.fleet
            .set_status(&self.identifier, Status::Available)
            .await;
    }

    /// Waits until the cluster is available. False if it never will be.
    async fn until_cluster_is_ready(&self) -> bool {
        loop {
            match self.fleet.db_cluster(&self.cluster).map(|one| one.status) {
                Some(ClusterStatus::Available) => return true,
                None | Some(ClusterStatus::Deleting) => return false,
                Some(status) if status.is_failure() => return false,
                Some(_) => sleep(LOOK_EVERY).await,
            }
        }
    }

    /// The writer has the server started; a reader waits for the writer.
    async fn until_served(&self) -> Result<(), ServerError> {
        let cluster = ClusterLife::of(&self.fleet, &self.cluster);
        loop {
            if self.fleet.server(&cluster.holder()).is_some() {
                return Ok(());
            }
            if self.writes() {
                return cluster.serve().await.map(drop);
            }
            sleep(LOOK_EVERY).await;
        }
    }

    async fn fail(&self, status: Status) {
        if self.fleet.set_status(&self.identifier, status).await {
            self.tell(&News::Broken(status)).await;
        }
    }

    /// From `deleting` to nothing. The last instance takes the server with it, but not the data.
    pub async fn end(self) {
        let holder = Holder::Member(self.identifier.clone());
        self.fleet.end_task(&holder).await;
        sleep(Duration::from_millis(self.fleet.config.deleting_ms)).await;
        let successor = self.fleet.change(|state| self.leave(state)).await;
        match successor {
            Succession::NotNeeded => {}
            Succession::By => {
                let news = ClusterNews::FailedOver;
                self.fleet.tell_of_cluster(&self.cluster, news).await;
            }
            Succession::Nobody => {
                let cluster = ClusterLife::of(&self.fleet, &self.cluster);
                if let Err(error) = cluster.stop(Stop::Fast).await {
                    tracing::error!(cluster = self.cluster, %error, "the server isn't stopped");
                }
            }
        }
        let before = self.fleet.tells_deletions_before();
        if before {
            self.tell(&News::Deleted).await;
        }
        self.fleet
            .change(|state| state.instances.remove(&self.identifier))
            .await;
        if !before {
            self.tell(&News::Deleted).await;
        }
        tracing::info!(instance = self.identifier, "deleted");
    }

    /// Gives the writer's part to another instance of the cluster, the one with the lowest tier.
    fn leave(&self, state: &mut State) -> Succession {
        let writes = |cluster: &DbCluster| cluster.writer.as_ref() == Some(&self.identifier);
        if !state.clusters.get(&self.cluster).is_some_and(writes) {
            return Succession::NotNeeded;
        }
        let stays =
            |one: &&Instance| one.identifier != self.identifier && one.status != Status::Deleting;
        let tier = |one: &&Instance| one.membership.as_ref().map(|membership| membership.tier);
        let members = state.members(&self.cluster).filter(stays);
        let next = members.min_by_key(tier).map(|one| one.identifier.clone());
        let succession = match next {
            Some(_) => Succession::By,
            None => Succession::Nobody,
        };
        if let Some(cluster) = state.clusters.get_mut(&self.cluster) {
            cluster.writer = next;
        }
        succession
    }

    async fn tell(&self, news: &News) {
        self.fleet.tell(&self.identifier, news).await;
    }
}

/// Who writes after an instance.
enum Succession {
    /// It didn't write.
    NotNeeded,
    /// Another instance.
    By,
    /// No instance is left.
    Nobody,
}
