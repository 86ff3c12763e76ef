//! A running server: started, recovered, populated, backed up, stopped.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::authority::Authority;
use super::configuration::{Settings, pg_hba_conf, pg_ident_conf, postgresql_conf};
use super::error::{ServerError, files, statement};
use super::files::{remove_folder, run};
use super::heartbeat;
use super::installation::Installation;
use super::layout::Layout;
use super::process::{Process, Stop};
use super::session::{connect, run_built};
use crate::window::rounded_up;

/// How long a server without recovery may take to start.
const START_WITHIN: Duration = Duration::from_secs(60);

/// What all servers of this machine share.
#[derive(Debug)]
pub struct Machine {
    /// The programs.
    pub installation: Installation,
    /// Who signs the servers' certificates.
    pub authority: Authority,
}

/// The master user as it is first made.
#[derive(Debug, Clone)]
pub struct Master<'a> {
    /// Its name.
    pub name: &'a str,
    /// The SCRAM verifier of its password: a clear one would end up in logs and statistics.
    pub verifier: &'a str,
    /// A database to make for it.
    pub database: Option<&'a str>,
}

/// A running server.
#[derive(Debug)]
pub struct Server {
    machine: Arc<Machine>,
    layout: Layout,
    port: u16,
    process: Process,
    heartbeat: Mutex<Option<JoinHandle<()>>>,
    latest: watch::Sender<Option<Timestamp>>,
}

/// Writes the configuration, without restarting anything, and a new certificate.
///
/// # Errors
/// The file system fails.
pub fn configure(
    machine: &Machine,
    layout: &Layout,
    settings: &Settings,
) -> Result<(), ServerError> {
    let owner = &machine.installation.owner;
    let identity = machine.authority.identity()?;
    let data = layout.data();
    let write = |name: &str, content: &str| {
        owner
            .write(&data.join(name), content)
            .map_err(files("write the configuration"))
    };
    write("server.crt", &identity.certificate)?;
    write("server.key", &identity.key)?;
    write("postgresql.conf", &postgresql_conf(layout, settings))?;
    write("pg_hba.conf", &pg_hba_conf(settings))?;
    write("pg_ident.conf", &pg_ident_conf(owner))
}

impl Server {
    /// Starts the server, after recovery to the settings' target if they have one.
    ///
    /// # Errors
    /// The server doesn't start, or recovery doesn't reach its target (within `recover_within`).
    pub async fn start(
        machine: &Arc<Machine>,
        layout: Layout,
        settings: &Settings,
        recover_within: Duration,
    ) -> Result<Self, ServerError> {
        configure(machine, &layout, settings)?;
        let within = if settings.recovery.is_some() {
            recover_within
        } else {
            START_WITHIN
        };
        let process = Process::start(&machine.installation, &layout, settings.port, within).await?;
        Ok(Self {
            machine: Arc::clone(machine),
            layout,
            port: settings.port,
            process,
            heartbeat: Mutex::new(None),
            latest: watch::Sender::new(None),
        })
    }

    /// Makes the roles and databases that RDS has, and the master user.
    ///
    /// # Errors
    /// A statement fails.
    pub async fn populate(&self, master: &Master<'_>) -> Result<(), ServerError> {
        let doing = "make the roles";
        let client = connect(self.layout.sockets(), self.port, "postgres")
            .await
            .map_err(statement(doing))?;
        // One statement at a time: databases can't be made inside the transaction of several.
        for sql in statements(include_str!("sql/cluster.sql")) {
            client.batch_execute(sql).await.map_err(statement(doing))?;
        }
        if self.machine.installation.major() >= 15 {
            client
                .batch_execute(include_str!("sql/cluster_from_15.sql"))
                .await
                .map_err(statement(doing))?;
        }
        run_built(
            &client,
            "make the master user",
            include_str!("sql/master.sql"),
            &[&master.name, &master.verifier],
        )
        .await?;
        if let Some(database) = master.database {
            let query = "select format('create database %I owner %I', $1::text, $2::text)";
            run_built(
                &client,
                "make the database",
                query,
                &[&database, &master.name],
            )
            .await?;
        }
        let admin = connect(self.layout.sockets(), self.port, "rdsadmin")
            .await
            .map_err(statement(doing))?;
        admin
            .batch_execute(include_str!("sql/heartbeat.sql"))
            .await
            .map_err(statement("make the heartbeat's table"))
    }

    /// Gives the master user another password, as a SCRAM verifier.
    ///
    /// # Errors
    /// The statement fails.
    pub async fn set_password(&self, master: &str, verifier: &str) -> Result<(), ServerError> {
        let doing = "set the master's password";
        let client = connect(self.layout.sockets(), self.port, "postgres")
            .await
            .map_err(statement(doing))?;
        let query = "select format('alter role %I password %L', $1::text, $2::text)";
        run_built(&client, doing, query, &[&master, &verifier]).await
    }

    /// Takes a base backup with that name and tells when it ended: from then on recovery can start from it.
    ///
    /// # Errors
    /// `pg_basebackup` fails.
    pub async fn back_up(&self, name: &str) -> Result<Timestamp, ServerError> {
        self.copy_to(&self.layout.vault().backup(name)).await
    }

    /// Copies the data, as they are at the end of the copy, with the part of the log that makes them consistent, to a
    /// folder that doesn't exist yet. Tells a time at or just after that end.
    ///
    /// # Errors
    /// `pg_basebackup` fails.
    pub async fn copy_to(&self, folder: &Path) -> Result<Timestamp, ServerError> {
        let mut command = self.machine.installation.program("pg_basebackup");
        // With its own part of the log inside, the backup needn't wait until that part is archived.
        command.args([
            "--username=rdsadmin",
            "--wal-method=fetch",
            "--checkpoint=fast",
            "--no-sync",
            "--no-password",
        ]);
        command
            .arg("--host")
            .arg(self.layout.sockets())
            .arg("--port")
            .arg(self.port.to_string());
        command.arg("--pgdata").arg(folder);
        run("pg_basebackup", command).await?;
        Ok(rounded_up(Timestamp::now()))
    }

    /// Removes a base backup that is no longer needed.
    ///
    /// # Errors
    /// The file system fails.
    pub async fn remove_backup(&self, name: &str) -> Result<(), ServerError> {
        remove_folder(&self.layout.vault().backup(name)).await
    }

    /// Writes other settings and has the server take those that it can take without a restart.
    ///
    /// # Errors
    /// The file system or the statement fails.
    pub async fn reconfigure(&self, settings: &Settings) -> Result<(), ServerError> {
        configure(&self.machine, &self.layout, settings)?;
        let doing = "reload the configuration";
        let client = connect(self.layout.sockets(), self.port, "postgres")
            .await
            .map_err(statement(doing))?;
        client
            .batch_execute("select pg_reload_conf()")
            .await
            .map_err(statement(doing))
    }

    /// Starts the heartbeat, if it isn't beating already.
    pub fn start_heartbeat(&self, every: Duration) {
        let beat = || {
            tokio::spawn(heartbeat::run(
                self.layout.clone(),
                self.port,
                every,
                self.latest.clone(),
            ))
        };
        self.heartbeat
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get_or_insert_with(beat);
    }

    /// The latest time that recovery can reach, once a heartbeat is archived.
    pub fn latest_restorable_time(&self) -> Option<Timestamp> {
        *self.latest.borrow()
    }

    /// Waits until the server ends.
    pub async fn ended(&self) {
        self.process.ended().await;
    }

    /// Ends heartbeat and server.
    ///
    /// # Errors
    /// The server doesn't end.
    pub async fn stop(&self, how: Stop) -> Result<(), ServerError> {
        if let Some(heartbeat) = self
            .heartbeat
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
        {
            heartbeat.abort();
        }
        self.process.stop(&self.machine.installation, how).await
    }
}

/// The statements of a file in which no statement holds a semicolon.
fn statements(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive(';')
        .map(str::trim)
        .filter(|statement| statement.ends_with(';'))
}
