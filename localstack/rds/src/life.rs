//! The lives of instances: how they come into being, change and go, step by step.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use local_cloud_wire::faults::{Fault, Service};
use tokio::time::sleep;

use crate::event::{News, Subject};
use crate::faults::{
    CREATE_FAILS, DELETE_HELD, OLDER_RESTORE_EVENT, PASSWORD_LAG, PROVISION_SLOWLY, RESTORE_FAILS,
    SNAPSHOT_EVENT_ONLY,
};
use crate::fleet::Fleet;
use crate::managed_secret;
use crate::postgres::{Server, ServerError, Stop, remove_backups, remove_server};
use crate::provisioning::Plot;
use crate::record::{Backup, Holder, Instance, Origin, SecretStatus};
use crate::server_settings;
use crate::snapshots;
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
    Real(ServerError),
}

impl From<ServerError> for Mishap {
    fn from(error: ServerError) -> Self {
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

    pub(crate) fn holder(&self) -> Holder {
        Holder::Instance(self.identifier.clone())
    }

    fn plot(&self, one: &Instance) -> Plot<'_> {
        let holder = self.holder();
        Plot {
            fleet: &self.fleet,
            layout: self.fleet.layout(&holder, &one.resource_id),
            holder,
            settings: server_settings::of_instance(&self.fleet, one),
        }
    }

    /// From `creating` to `available`, or to the status of a failure.
    pub async fn begin(self) {
        let Some(one) = self.record() else { return };
        let failure = match &one.origin {
            Origin::New { .. } => (CREATE_FAILS, Status::Failed),
            _ => (RESTORE_FAILS, Status::RestoreError),
        };
        match self.provision(&one, failure.0).await {
            Ok(()) => {}
            Err(Mishap::Ordered(status)) => self.fail(status).await,
            Err(Mishap::Real(error)) => {
                tracing::error!(instance = self.identifier, %error, "provisioning failed");
                let status = if error.is_about_parameters() {
                    Status::IncompatibleParameters
                } else {
                    failure.1
                };
                self.fail(status).await;
            }
        }
    }

    async fn provision(&self, one: &Instance, failure: &str) -> Result<(), Mishap> {
        sleep(Duration::from_millis(self.fleet.config.creating_ms) + self.extra(PROVISION_SLOWLY))
            .await;
        if let Some(fault) = self.fault(failure) {
            return Err(Mishap::Ordered(ordered_status(&fault)));
        }
        let plot = self.plot(one);
        let server = plot.server(&one.origin, &one.master, one.database.as_deref());
        let server = server.await?;
        self.fleet.note_start(&self.identifier).await;
        self.created(one).await;
        self.first_backup(one, &server).await?;
        sleep(Duration::from_millis(self.fleet.config.available_gap_ms)).await;
        self.show_endpoint().await;
        self.fleet
            .set_status(&self.identifier, Status::Available)
            .await;
        managed_secret::set_status(&self.fleet, &self.holder(), SecretStatus::Active).await;
        Ok(())
    }

    async fn created(&self, one: &Instance) {
        self.fleet
            .change_instance(&self.identifier, |one| {
                one.created_at = Some(Timestamp::now());
            })
            .await;
        let news = match &one.origin {
            Origin::New { .. } => News::Created,
            Origin::PointInTime { source, at, .. } => News::Restored {
                source: source.clone(),
                at: *at,
            },
            Origin::Snapshot { snapshot, .. } => return self.restored_from(snapshot).await,
            // Instances aren't cloned: clusters are.
            Origin::Clone { .. } => return,
        };
        self.fleet.tell(&self.identifier, &news).await;
    }

    /// RDS tells it twice: as an event of the instance and as one of the snapshot.
    async fn restored_from(&self, snapshot: &str) {
        let news = |older_id| News::RestoredFromSnapshot {
            snapshot: snapshot.to_owned(),
            older_id,
        };
        if self.fault(SNAPSHOT_EVENT_ONLY).is_none() {
            let older_id = self.fault(OLDER_RESTORE_EVENT).is_some();
            self.fleet.tell(&self.identifier, &news(older_id)).await;
        }
        if let Some(telling) = news(false).telling() {
            let subject = Subject::snapshot(snapshot).named(&self.identifier);
            self.fleet.announce(&subject, telling).await;
        }
    }

    async fn show_endpoint(&self) {
        self.fleet
            .change_instance(&self.identifier, |one| one.endpoint = true)
            .await;
    }

    /// The backup that RDS takes of each new instance whose automated backups are on.
    async fn first_backup(&self, one: &Instance, server: &Arc<Server>) -> Result<(), ServerError> {
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
        let ended_at = server.back_up(&name).await?;
        self.fleet
            .change_instance(&self.identifier, |one| {
                one.backups.push(Backup {
                    name: name.clone(),
                    ended_at,
                });
            })
            .await;
        if let Some(one) = self.record() {
            snapshots::keep_automated(&self.fleet, one.portrait(), name, ended_at).await;
        }
        self.keep_restorable(server);
        self.fleet
            .tell(&self.identifier, &News::BackupFinished)
            .await;
        Ok(())
    }

    /// From the first backup on: the heartbeat and further backups.
    fn keep_restorable(&self, server: &Arc<Server>) {
        server.start_heartbeat(self.fleet.config.heartbeat());
        upkeep::start(&self.fleet, &self.holder(), server);
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
    /// One that RDS manages goes into its secret then.
    pub async fn change_password(self, managed: Option<String>) {
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
        self.apply_password(managed.as_deref()).await;
    }

    async fn apply_password(&self, managed: Option<&str>) {
        let (Some(one), Some(server)) = (self.record(), self.fleet.server(&self.holder())) else {
            return;
        };
        let Some(password) = &one.new_password else {
            return;
        };
        match server.set_password(&one.master, &password.verifier).await {
            Ok(()) => {
                self.fleet
                    .change_instance(&self.identifier, |one| one.new_password = None)
                    .await;
                managed_secret::rotated(&self.fleet, &self.holder(), &one.master, managed).await;
            }
            Err(error) => {
                tracing::error!(instance = self.identifier, %error, "the new password isn't set");
            }
        }
    }

    /// From `deleting` to nothing.
    pub async fn end(self) {
        let Some(one) = self.record() else { return };
        self.fleet.end_task(&self.holder()).await;
        self.stop(Stop::Immediate).await;
        sleep(Duration::from_millis(self.fleet.config.deleting_ms)).await;
        let faults = &self.fleet.world.faults;
        faults
            .hold(Service::Rds, DELETE_HELD, &self.identifier)
            .await;
        if let Err(error) = self.remove_files(&one).await {
            // The instance stays `deleting`, as its files do; the next start of the server tries again.
            tracing::error!(instance = self.identifier, %error, "the files aren't removed");
            return;
        }
        if let Some(secret) = &one.managed_secret {
            managed_secret::forget(&self.fleet, secret).await;
        }
        let before = self.fleet.tells_deletions_before();
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

    /// The automated backups stay if they are retained.
    async fn remove_files(&self, one: &Instance) -> Result<(), ServerError> {
        let layout = self.fleet.layout(&self.holder(), &one.resource_id);
        remove_server(&layout).await?;
        if self.fleet.state().retained.contains_key(&one.resource_id) {
            return Ok(());
        }
        snapshots::drop_automated(&self.fleet, &one.resource_id).await;
        self.fleet.until_unread(&one.resource_id).await;
        remove_backups(layout.vault()).await
    }

    async fn stop(&self, how: Stop) {
        if let Err(error) = self.fleet.stop_server(&self.holder(), how).await {
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
            // A managed password that was on its way is lost: only its verifier is kept.
            managed_secret::interrupted(&self.fleet, &self.holder()).await;
            self.change_password(None).await;
        }
    }

    async fn start_again(&self, one: &Instance) -> Result<(), ServerError> {
        let server = self.plot(one).start_again().await?;
        self.fleet.note_start(&self.identifier).await;
        if !one.backups.is_empty() {
            self.keep_restorable(&server);
        }
        Ok(())
    }

    /// The first backup if there is none yet; else the server was stopped during a snapshot, which goes on by itself.
    async fn back_up_again(&self, one: &Instance, server: &Arc<Server>) -> Result<(), ServerError> {
        if !one.backups.is_empty() {
            return Ok(());
        }
        server.remove_backup("first").await?;
        self.first_backup(one, server).await
    }

    async fn resume_backup(&self, one: &Instance) {
        let Some(server) = self.fleet.server(&self.holder()) else {
            return;
        };
        match self.back_up_again(one, &server).await {
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
pub(crate) fn ordered_status(fault: &Fault) -> Status {
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
