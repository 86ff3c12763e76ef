//! The lives of clusters: how they come into being, get and lose a server, and go, step by step.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use local_cloud_wire::faults::{Fault, Service};
use tokio::time::sleep;

use crate::cluster_status::ClusterStatus;
use crate::event::ClusterNews;
use crate::faults::{CREATE_FAILS, PASSWORD_LAG, PROVISION_SLOWLY, RESTORE_FAILS};
use crate::fleet::Fleet;
use crate::managed_secret;
use crate::postgres::{Server, ServerError, Stop, remove_backups, remove_server};
use crate::provisioning::Plot;
use crate::record::{Backup, DbCluster, Holder, Origin, SecretStatus};
use crate::server_settings;
use crate::snapshots;
use crate::upkeep;

/// The first base backup's name.
const FIRST: &str = "first";

/// One cluster and the fleet it belongs to.
#[derive(Debug, Clone)]
pub struct ClusterLife {
    /// The fleet.
    pub fleet: Arc<Fleet>,
    /// The cluster's identifier.
    pub identifier: String,
}

impl ClusterLife {
    /// The life of that cluster.
    pub fn of(fleet: &Arc<Fleet>, identifier: &str) -> Self {
        Self {
            fleet: Arc::clone(fleet),
            identifier: identifier.to_owned(),
        }
    }

    fn record(&self) -> Option<DbCluster> {
        self.fleet.db_cluster(&self.identifier)
    }

    /// Whose server and data it has.
    pub fn holder(&self) -> Holder {
        Holder::Cluster(self.identifier.clone())
    }

    fn fault(&self, name: &str) -> Option<Fault> {
        self.fleet
            .world
            .faults
            .strikes(Service::Rds, name, &self.identifier)
    }

    fn extra(&self, name: &str) -> Duration {
        Duration::from_millis(self.fault(name).and_then(|fault| fault.ms).unwrap_or(0))
    }

    fn plot(&self, one: &DbCluster) -> Plot<'_> {
        let holder = self.holder();
        Plot {
            fleet: &self.fleet,
            layout: self.fleet.layout(&holder, &one.resource_id),
            holder,
            settings: server_settings::of_cluster(&self.fleet, one),
        }
    }

    /// From the first status to `available`, which comes without any instance, or to the status of a failure.
    pub async fn begin(self) {
        let Some(one) = self.record() else { return };
        let config = &self.fleet.config;
        sleep(Duration::from_millis(config.creating_ms) + self.extra(PROVISION_SLOWLY)).await;
        let (fault, failure) = match one.origin {
            Origin::New { .. } => (CREATE_FAILS, ClusterStatus::MigrationFailed),
            Origin::Clone { .. } => (RESTORE_FAILS, ClusterStatus::CloningFailed),
            Origin::PointInTime { .. } | Origin::Snapshot { .. } => {
                (RESTORE_FAILS, ClusterStatus::MigrationFailed)
            }
        };
        if let Some(fault) = self.fault(fault) {
            return self.fail(ordered_status(&fault, failure)).await;
        }
        if let Err(error) = self.provision(&one).await {
            tracing::error!(cluster = self.identifier, %error, "provisioning failed");
            return self.fail(failure).await;
        }
        let created = |one: &mut DbCluster| one.created_at = Some(Timestamp::now());
        self.fleet.change_cluster(&self.identifier, created).await;
        self.tell(ClusterNews::Created).await;
        sleep(Duration::from_millis(self.fleet.config.available_gap_ms)).await;
        self.become_status(ClusterStatus::Available).await;
        managed_secret::set_status(&self.fleet, &self.holder(), SecretStatus::Active).await;
    }

    /// Makes the data and their first backup with a server that then ends: only an instance serves them.
    async fn provision(&self, one: &DbCluster) -> Result<(), ServerError> {
        let plot = self.plot(one);
        let server = plot.server(&one.origin, &one.master, one.database.as_deref());
        let server = server.await?;
        let ended_at = server.back_up(FIRST).await?;
        let backup = Backup {
            name: FIRST.to_owned(),
            ended_at,
        };
        self.fleet
            .change_cluster(&self.identifier, |one| one.backups = vec![backup])
            .await;
        snapshots::keep_automated(&self.fleet, one.portrait(), FIRST.to_owned(), ended_at).await;
        self.stop(Stop::Fast).await
    }

    /// Starts the server for the instance that writes, and keeps the data restorable from then on.
    ///
    /// # Errors
    /// PostgreSQL fails.
    pub async fn serve(&self) -> Result<Arc<Server>, ServerError> {
        let Some(one) = self.record() else {
            return Err(ServerError::Program {
                program: "serve",
                output: "the cluster is gone".to_owned(),
            });
        };
        let server = self.plot(&one).start_again().await?;
        if let Some(password) = &one.new_password {
            self.apply(&server, &one.master, &password.verifier).await?;
        }
        server.start_heartbeat(self.fleet.config.heartbeat());
        upkeep::start(&self.fleet, &self.holder(), &server);
        Ok(server)
    }

    /// Ends the server, if one runs, and keeps in mind how far the archive reaches.
    ///
    /// # Errors
    /// The server doesn't end.
    pub async fn stop(&self, how: Stop) -> Result<(), ServerError> {
        let Some(server) = self.fleet.server(&self.holder()) else {
            return Ok(());
        };
        let latest = server.latest_restorable_time();
        self.fleet
            .change_cluster(&self.identifier, |one| one.latest = latest.max(one.latest))
            .await;
        self.fleet.stop_server(&self.holder(), how).await
    }

    /// From a password change to the moment from which the new password works.
    /// One that RDS manages goes into its secret then.
    pub async fn change_password(self, managed: Option<String>) {
        let config = self.fleet.config.clone();
        sleep(Duration::from_millis(config.password_pending_ms)).await;
        self.become_status(ClusterStatus::ResettingMasterCredentials)
            .await;
        sleep(Duration::from_millis(config.resetting_ms)).await;
        let hide = |one: &mut DbCluster| {
            one.new_password
                .iter_mut()
                .for_each(|password| password.shown = false);
        };
        self.fleet.change_cluster(&self.identifier, hide).await;
        self.become_status(ClusterStatus::Available).await;
        self.tell(ClusterNews::PasswordReset).await;
        sleep(Duration::from_millis(config.password_lag_ms) + self.extra(PASSWORD_LAG)).await;
        let (Some(one), Some(server)) = (self.record(), self.fleet.server(&self.holder())) else {
            // Without a server the password waits for the next instance that writes; the secret doesn't.
            if let Some(one) = self.record() {
                let managed = managed.as_deref();
                managed_secret::rotated(&self.fleet, &self.holder(), &one.master, managed).await;
            }
            return;
        };
        let Some(password) = &one.new_password else {
            return;
        };
        let applied = self.apply(&server, &one.master, &password.verifier).await;
        match applied {
            Ok(()) => {
                let managed = managed.as_deref();
                managed_secret::rotated(&self.fleet, &self.holder(), &one.master, managed).await;
            }
            Err(error) => {
                tracing::error!(cluster = self.identifier, %error, "the new password isn't set");
            }
        }
    }

    async fn apply(
        &self,
        server: &Server,
        master: &str,
        verifier: &str,
    ) -> Result<(), ServerError> {
        server.set_password(master, verifier).await?;
        self.fleet
            .change_cluster(&self.identifier, |one| one.new_password = None)
            .await;
        Ok(())
    }

    /// From `deleting` to nothing.
    pub async fn end(self) {
        let Some(one) = self.record() else { return };
        self.fleet.end_task(&self.holder()).await;
        sleep(Duration::from_millis(self.fleet.config.deleting_ms)).await;
        if let Err(error) = self.remove_files(&one).await {
            // The cluster stays `deleting`, as its files do; the next start of the server tries again.
            tracing::error!(cluster = self.identifier, %error, "the files aren't removed");
            return;
        }
        if let Some(secret) = &one.managed_secret {
            managed_secret::forget(&self.fleet, secret).await;
        }
        let before = self.fleet.tells_deletions_before();
        if before {
            self.tell(ClusterNews::Deleted).await;
        }
        self.fleet
            .change(|state| state.clusters.remove(&self.identifier))
            .await;
        if !before {
            self.tell(ClusterNews::Deleted).await;
        }
        tracing::info!(cluster = self.identifier, "deleted");
    }

    /// The automated backups stay if they are retained.
    async fn remove_files(&self, one: &DbCluster) -> Result<(), ServerError> {
        self.stop(Stop::Immediate).await?;
        let layout = self.fleet.layout(&self.holder(), &one.resource_id);
        remove_server(&layout).await?;
        let retained = &one.resource_id;
        if self.fleet.state().retained_clusters.contains_key(retained) {
            return Ok(());
        }
        snapshots::drop_automated(&self.fleet, &one.resource_id).await;
        self.fleet.until_unread(&one.resource_id).await;
        remove_backups(layout.vault()).await
    }

    /// Goes on after a restart of ours.
    pub async fn resume(self) {
        let Some(one) = self.record() else { return };
        match one.status {
            status if status.is_beginning() => return self.begin().await,
            ClusterStatus::BackingUp => {
                self.become_status(ClusterStatus::Available).await;
            }
            _ => {}
        }
        let running = |writer: &String| {
            let writer = self.fleet.instance(writer);
            writer.is_some_and(|writer| writer.status.is_running())
        };
        if one.writer.as_ref().is_some_and(running)
            && let Err(error) = self.serve().await
        {
            tracing::error!(cluster = self.identifier, %error, "the server doesn't start again");
        }
        if one.status == ClusterStatus::ResettingMasterCredentials {
            // A managed password that was on its way is lost: only its verifier is kept.
            managed_secret::interrupted(&self.fleet, &self.holder()).await;
            self.change_password(None).await;
        }
    }

    async fn fail(&self, status: ClusterStatus) {
        if let Err(error) = self.stop(Stop::Immediate).await {
            tracing::error!(cluster = self.identifier, %error, "the server isn't stopped");
        }
        self.become_status(status).await;
    }

    async fn become_status(&self, status: ClusterStatus) {
        self.fleet
            .set_cluster_status(&self.identifier, status)
            .await;
    }

    async fn tell(&self, news: ClusterNews) {
        self.fleet.tell_of_cluster(&self.identifier, news).await;
    }
}

/// The status that a fault names in `code`; without one, the usual failure.
fn ordered_status(fault: &Fault, usual: ClusterStatus) -> ClusterStatus {
    let Some(code) = &fault.code else {
        return usual;
    };
    let named = ClusterStatus::parse(code).filter(|status| status.is_failure());
    named.unwrap_or_else(|| {
        tracing::error!(code, "the fault names no failure status of a cluster");
        usual
    })
}
