//! How a server with data comes into being, wherever its first data come from.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::fleet::Fleet;
use crate::postgres::{
    Layout, Master, Recovery, Server, ServerError, Settings, clone, copy_backup, initialise,
    remove_backups, remove_server,
};
use crate::record::{Files, Holder, Origin};

/// What a server is made for and with.
#[derive(Debug)]
pub struct Plot<'a> {
    /// The fleet.
    pub fleet: &'a Arc<Fleet>,
    /// Whose server it will be.
    pub holder: Holder,
    /// Where its files will be.
    pub layout: Layout,
    /// Its settings, without a recovery.
    pub settings: Settings,
}

impl Plot<'_> {
    /// Makes the data that the origin says, beginning anew if that was tried before, and starts a server on them.
    ///
    /// # Errors
    /// The origin's files are gone, or PostgreSQL fails.
    pub async fn server(
        &self,
        origin: &Origin,
        master: &str,
        database: Option<&str>,
    ) -> Result<Arc<Server>, ServerError> {
        remove_server(&self.layout).await?;
        remove_backups(self.layout.vault()).await?;
        match origin {
            Origin::New { verifier } => {
                let master = Master {
                    name: master,
                    verifier,
                    database,
                };
                self.empty(&master).await
            }
            Origin::PointInTime {
                resource_id,
                backup,
                at,
                ..
            } => {
                let vault = self.fleet.site.vault(resource_id);
                let recovery = Recovery {
                    archive: vault.archive(),
                    target: *at,
                };
                self.restored(vault.backup(backup), Some(recovery)).await
            }
            Origin::Clone { source } => {
                let source = self.fleet.server(&Holder::Cluster(source.clone()));
                let source = source.ok_or_else(|| ServerError::Program {
                    program: "clone",
                    output: "the source has no instance any more".to_owned(),
                })?;
                clone(&self.fleet.machine, &self.layout, &source).await?;
                self.start_again().await
            }
            Origin::Snapshot { files, .. } => self.restored(self.folder_of(files), None).await,
        }
    }

    async fn empty(&self, master: &Master<'_>) -> Result<Arc<Server>, ServerError> {
        initialise(&self.fleet.machine, &self.layout).await?;
        let server = self.start(self.settings.clone()).await?;
        server.populate(master).await?;
        Ok(server)
    }

    async fn restored(
        &self,
        backup: PathBuf,
        recovery: Option<Recovery>,
    ) -> Result<Arc<Server>, ServerError> {
        copy_backup(
            &self.fleet.machine,
            &self.layout,
            &backup,
            recovery.is_some(),
        )
        .await?;
        let settings = Settings {
            recovery,
            ..self.settings.clone()
        };
        self.start(settings).await
    }

    async fn start(&self, settings: Settings) -> Result<Arc<Server>, ServerError> {
        let within = Duration::from_millis(self.fleet.config.recovery_ms);
        let machine = &self.fleet.machine;
        let server = Server::start(machine, self.layout.clone(), &settings, within).await?;
        Ok(self.fleet.keep_server(&self.holder, server))
    }

    /// Starts the server of data that are there already.
    ///
    /// # Errors
    /// PostgreSQL fails.
    pub async fn start_again(&self) -> Result<Arc<Server>, ServerError> {
        self.start(self.settings.clone()).await
    }

    fn folder_of(&self, files: &Files) -> PathBuf {
        match files {
            Files::Own(name) => self.fleet.site.snapshot(name),
            Files::Backup { resource_id, name } => self.fleet.site.vault(resource_id).backup(name),
        }
    }
}
