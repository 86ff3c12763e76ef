//! The lives of instances: how they come into being, change and go, step by step.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use local_cloud_wire::faults::{Fault, Service};
use tokio::time::sleep;

use crate::config::DeletionEvent;
use crate::event::News;
use crate::faults::{CREATE_FAILS, PASSWORD_LAG, PROVISION_SLOWLY, RESTORE_FAILS};
use crate::fleet::Fleet;
use crate::postgres::{
    Cluster, ClusterError, Master, Recovery, Settings, Stop, copy_backup, initialise, remove,
};
use crate::record::{Backup, Instance, Origin};
use crate::status::Status;
use crate::upkeep;

/// One instance and the fleet it belongs to.
#[derive(Debug, Clone)]
pub struct Life {
    /// The fleet.
    pub fleet: Arc<Fleet>,
    /// The instance's identifier.
    pub identifier: String,
}

/// Why an instance didn't come into being.
enum Mishap {
    /// A fault that was ordered.
    Ordered(Status),
    /// A real failure.
    Real(ClusterError),
}

impl From<ClusterError> for Mishap {
    fn from(error: ClusterError) -> Self {
        Self::Real(error)
    }
}

impl Life {
    /// The life of that instance.
    pub fn of(fleet: &Arc<Fleet>, identifier: &str) -> Self {
        Self {
            fleet: Arc::clone(fleet),
            identifier: identifier.to_owned(),
        }
    }

    fn record(&self) -> Option<Instance> {
        self.fleet.instance(&self.identifier)
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

    fn settings(&self, one: &Instance, recovery: Option<Recovery>) -> Settings {
        Settings {
            port: one.port,
            max_connections: self.fleet.config.max_connections,
            archive: one.choices.backup_retention > 0,
            recovery,
        }
    }

    /// From `creating` to `available`, or to the status of a failure.
    pub async fn begin(self) {
        let Some(one) = self.record() else { return };
        let failure = match &one.origin {
            Origin::New { .. } => (CREATE_FAILS, Status::Failed),
            Origin::PointInTime { .. } => (RESTORE_FAILS, Status::RestoreError),
        };
        match self.provision(&one, failure.0).await {
            Ok(()) => {}
            Err(Mishap::Ordered(status)) => self.fail(status).await,
            Err(Mishap::Real(error)) => {
                tracing::error!(instance = self.identifier, %error, "provisioning failed");
                self.fail(failure.1).await;
            }
        }
    }

    async fn provision(&self, one: &Instance, failure: &str) -> Result<(), Mishap> {
        sleep(Duration::from_millis(self.fleet.config.creating_ms) + self.extra(PROVISION_SLOWLY))
            .await;
        if let Some(fault) = self.fault(failure) {
            return Err(Mishap::Ordered(ordered_status(&fault)));
        }
        let cluster = match &one.origin {
            Origin::New { verifier } => self.create(one, verifier).await?,
            Origin::PointInTime { source, at } => self.restore(one, source, *at).await?,
        };
        self.first_backup(one, &cluster).await?;
        sleep(Duration::from_millis(self.fleet.config.available_gap_ms)).await;
        self.show_endpoint().await;
        self.fleet
            .set_status(&self.identifier, Status::Available)
            .await;
        Ok(())
    }

    async fn create(&self, one: &Instance, verifier: &str) -> Result<Arc<Cluster>, ClusterError> {
        let (machine, layout) = (&self.fleet.machine, self.fleet.layout(&self.identifier));
        remove(&layout).await?;
        initialise(machine, &layout).await?;
        let cluster = Cluster::start(
            machine,
            layout,
            &self.settings(one, None),
            self.recover_within(),
        )
        .await?;
        let cluster = self.fleet.keep_cluster(&self.identifier, cluster);
        cluster
            .populate(&Master {
                name: &one.master,
                verifier,
                database: one.database.as_deref(),
            })
            .await?;
        self.created(&News::Created).await;
        Ok(cluster)
    }

    async fn restore(
        &self,
        one: &Instance,
        source: &str,
        at: Timestamp,
    ) -> Result<Arc<Cluster>, ClusterError> {
        let (machine, layout) = (&self.fleet.machine, self.fleet.layout(&self.identifier));
        remove(&layout).await?;
        let origin = self.fleet.layout(source);
        let backup = self
            .fleet
            .instance(source)
            .and_then(|source| source.backup_for(at).cloned());
        let gone = || ClusterError::Program {
            program: "restore",
            output: "the source and its backups are gone".into(),
        };
        copy_backup(
            machine,
            &layout,
            &origin.backup(&backup.ok_or_else(gone)?.name),
        )
        .await?;
        let recovery = Recovery {
            archive: origin.archive(),
            target: at,
        };
        let settings = self.settings(one, Some(recovery));
        let cluster = Cluster::start(machine, layout, &settings, self.recover_within()).await?;
        let cluster = self.fleet.keep_cluster(&self.identifier, cluster);
        self.created(&News::Restored {
            source: source.to_owned(),
            at,
        })
        .await;
        Ok(cluster)
    }

    fn recover_within(&self) -> Duration {
        Duration::from_millis(self.fleet.config.recovery_ms)
    }

    async fn created(&self, news: &News) {
        self.fleet
            .change_instance(&self.identifier, |one| {
                one.created_at = Some(Timestamp::now());
            })
            .await;
        self.fleet.tell(&self.identifier, news).await;
    }

    async fn show_endpoint(&self) {
        self.fleet
            .change_instance(&self.identifier, |one| one.endpoint = true)
            .await;
    }

    /// The backup that RDS takes of each new instance whose automated backups are on.
    async fn first_backup(
        &self,
        one: &Instance,
        cluster: &Arc<Cluster>,
    ) -> Result<(), ClusterError> {
        if one.choices.backup_retention == 0 {
            return Ok(());
        }
        self.show_endpoint().await;
        self.fleet
            .set_status(&self.identifier, Status::BackingUp)
            .await;
        self.fleet
            .tell(&self.identifier, &News::BackupStarted)
            .await;
        sleep(Duration::from_millis(self.fleet.config.backing_up_ms)).await;
        let name = "first".to_owned();
        let ended_at = cluster.back_up(&name).await?;
        self.fleet
            .change_instance(&self.identifier, |one| {
                one.backups.push(Backup { name, ended_at });
            })
            .await;
        self.keep_restorable(cluster);
        self.fleet
            .tell(&self.identifier, &News::BackupFinished)
            .await;
        Ok(())
    }

    /// From the first backup on: the heartbeat and further backups.
    fn keep_restorable(&self, cluster: &Arc<Cluster>) {
        cluster.start_heartbeat(self.fleet.config.heartbeat());
        upkeep::start(&self.fleet, &self.identifier, cluster);
    }

    async fn fail(&self, status: Status) {
        self.stop(Stop::Immediate).await;
        if self.fleet.set_status(&self.identifier, status).await {
            self.fleet
                .tell(&self.identifier, &News::Broken(status))
                .await;
        }
    }

    /// From a password change to the moment from which the new password works.
    pub async fn change_password(self) {
        let config = self.fleet.config.clone();
        sleep(Duration::from_millis(config.password_pending_ms)).await;
        self.fleet
            .set_status(&self.identifier, Status::ResettingMasterCredentials)
            .await;
        sleep(Duration::from_millis(config.resetting_ms)).await;
        let hide = |one: &mut Instance| {
            one.new_password
                .iter_mut()
                .for_each(|password| password.shown = false);
        };
        self.fleet.change_instance(&self.identifier, hide).await;
        self.fleet
            .set_status(&self.identifier, Status::Available)
            .await;
        self.fleet
            .tell(&self.identifier, &News::PasswordReset)
            .await;
        sleep(Duration::from_millis(config.password_lag_ms) + self.extra(PASSWORD_LAG)).await;
        self.apply_password().await;
    }

    async fn apply_password(&self) {
        let (Some(one), Some(cluster)) = (self.record(), self.fleet.cluster(&self.identifier))
        else {
            return;
        };
        let Some(password) = &one.new_password else {
            return;
        };
        match cluster.set_password(&one.master, &password.verifier).await {
            Ok(()) => {
                self.fleet
                    .change_instance(&self.identifier, |one| one.new_password = None)
                    .await;
            }
            Err(error) => {
                tracing::error!(instance = self.identifier, %error, "the new password isn't set");
            }
        }
    }

    /// From `deleting` to nothing.
    pub async fn end(self) {
        self.fleet.end_task(&self.identifier).await;
        self.stop(Stop::Immediate).await;
        sleep(Duration::from_millis(self.fleet.config.deleting_ms)).await;
        if let Err(error) = remove(&self.fleet.layout(&self.identifier)).await {
            // The instance stays `deleting`, as its files do; the next start of the server tries again.
            tracing::error!(instance = self.identifier, %error, "the files aren't removed");
            return;
        }
        let before = match self.fleet.config.deletion_event {
            DeletionEvent::Before => true,
            DeletionEvent::After => false,
            DeletionEvent::Either => self.fleet.world.faults.below(2) == 0,
        };
        if before {
            self.fleet.tell(&self.identifier, &News::Deleted).await;
        }
        self.fleet
            .change(|state| state.instances.remove(&self.identifier))
            .await;
        if !before {
            self.fleet.tell(&self.identifier, &News::Deleted).await;
        }
        tracing::info!(instance = self.identifier, "deleted");
    }

    async fn stop(&self, how: Stop) {
        if let Some(cluster) = self.fleet.take_cluster(&self.identifier)
            && let Err(error) = cluster.stop(how).await
        {
            tracing::error!(instance = self.identifier, %error, "the server isn't stopped");
        }
    }

    /// Starts the server of an instance again after a restart of ours, with its heartbeat.
    pub async fn resume(self) {
        let Some(one) = self.record() else { return };
        if let Err(error) = self.start_again(&one).await {
            tracing::error!(instance = self.identifier, %error, "the server doesn't start again");
            return self.fail(Status::Failed).await;
        }
        if one.status == Status::BackingUp {
            return self.resume_backup(&one).await;
        }
        if one.new_password.is_some() {
            self.change_password().await;
        }
    }

    async fn start_again(&self, one: &Instance) -> Result<(), ClusterError> {
        let layout = self.fleet.layout(&self.identifier);
        let settings = self.settings(one, None);
        let cluster = Cluster::start(
            &self.fleet.machine,
            layout,
            &settings,
            self.recover_within(),
        )
        .await?;
        let cluster = self.fleet.keep_cluster(&self.identifier, cluster);
        if !one.backups.is_empty() {
            self.keep_restorable(&cluster);
        }
        Ok(())
    }

    async fn resume_backup(&self, one: &Instance) {
        let layout = self.fleet.layout(&self.identifier);
        let Some(cluster) = self.fleet.cluster(&self.identifier) else {
            return;
        };
        let half_done = layout.backup("first");
        if let Err(error) = tokio::fs::remove_dir_all(&half_done).await {
            tracing::debug!(%error, "no half-done backup to remove");
        }
        match self.first_backup(one, &cluster).await {
            Ok(()) => {
                self.fleet
                    .set_status(&self.identifier, Status::Available)
                    .await;
            }
            Err(error) => {
                tracing::error!(instance = self.identifier, %error, "the first backup failed");
                self.fail(Status::Failed).await;
            }
        }
    }
}

/// The status that a fault names in `code`.
fn ordered_status(fault: &Fault) -> Status {
    let named = fault
        .code
        .as_deref()
        .and_then(Status::parse)
        .filter(|status| status.is_failure());
    named.unwrap_or_else(|| {
        tracing::error!(
            code = fault.code,
            "the fault names no failure status: taking restore-error"
        );
        Status::RestoreError
    })
}
