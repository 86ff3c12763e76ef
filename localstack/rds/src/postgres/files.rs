//! The files of a server, made and removed while it doesn't run.

use std::io::ErrorKind;
use std::path::Path;
use std::process::Output;
use std::time::Duration;

use jiff::Timestamp;
use tokio::process::Command;
use tokio::time::{Instant, sleep};

use super::error::{ServerError, files};
use super::layout::{Layout, Vault};
use super::server::{Machine, Server};
use crate::window::rounded_up;

/// How long the removal of files is tried.
const REMOVE_WITHIN: Duration = Duration::from_secs(10);

/// Makes the files of an empty database cluster.
///
/// # Errors
/// `initdb` or the file system fails.
pub async fn initialise(machine: &Machine, layout: &Layout) -> Result<(), ServerError> {
    make_folders(machine, layout)?;
    let mut initdb = machine.installation.program("initdb");
    // Small segments, because one is archived with each heartbeat.
    initdb.args([
        "--username=rdsadmin",
        "--encoding=UTF8",
        "--locale=C.UTF-8",
        "--wal-segsize=1",
    ]);
    initdb
        .args([
            "--data-checksums",
            "--no-sync",
            "--no-instructions",
            "--auth=reject",
            "-D",
        ])
        .arg(layout.data());
    run("initdb", initdb).await
}

/// Copies a base backup as the data of a server. Unless it `recovers` beyond the backup, it starts with the data of
/// the backup's end.
///
/// # Errors
/// The copy fails.
pub async fn copy_backup(
    machine: &Machine,
    layout: &Layout,
    backup: &Path,
    recovers: bool,
) -> Result<(), ServerError> {
    make_folders(machine, layout)?;
    let owner = &machine.installation.owner;
    let mut copy = owner.command("cp");
    copy.args(["--archive", "--reflink=auto", "--no-target-directory"])
        .arg(backup)
        .arg(layout.data());
    run("cp", copy).await?;
    if !recovers {
        return Ok(());
    }
    owner
        .write(&layout.data().join("recovery.signal"), "")
        .map_err(files("ask for recovery"))
}

/// Copies the data of a server that doesn't run, in the way of a base backup. Tells a time at or just after its end.
///
/// # Errors
/// The copy fails.
pub async fn copy_at_rest(
    machine: &Machine,
    layout: &Layout,
    folder: &Path,
) -> Result<Timestamp, ServerError> {
    let mut copy = machine.installation.owner.command("cp");
    copy.args(["--archive", "--reflink=auto", "--no-target-directory"])
        .arg(layout.data())
        .arg(folder);
    run("cp", copy).await?;
    Ok(rounded_up(Timestamp::now()))
}

/// Copies the data that a running server has now as those of another one.
///
/// # Errors
/// The copy fails.
pub async fn clone(machine: &Machine, layout: &Layout, source: &Server) -> Result<(), ServerError> {
    make_folders(machine, layout)?;
    source.copy_to(&layout.data()).await.map(drop)
}

/// Makes a folder that only the servers' user can enter.
///
/// # Errors
/// The file system fails.
pub fn make_folder(machine: &Machine, folder: &Path) -> Result<(), ServerError> {
    let made = machine.installation.owner.create_folder(folder);
    made.map_err(files("make a folder"))
}

/// Removes the files of a server, but not its backups. Its last processes may still be writing some while they end.
///
/// # Errors
/// The file system fails.
pub async fn remove_server(layout: &Layout) -> Result<(), ServerError> {
    remove_folder(layout.folder()).await
}

/// Removes automated backups.
///
/// # Errors
/// The file system fails.
pub async fn remove_backups(vault: &Vault) -> Result<(), ServerError> {
    remove_folder(vault.folder()).await
}

/// Removes a folder that need not be there.
///
/// # Errors
/// The file system fails.
pub async fn remove_folder(folder: &Path) -> Result<(), ServerError> {
    let deadline = Instant::now() + REMOVE_WITHIN;
    loop {
        match tokio::fs::remove_dir_all(folder).await {
            Ok(()) => return Ok(()),
            Err(error) if error.kind() == ErrorKind::NotFound && !folder.exists() => {
                return Ok(());
            }
            Err(error) if Instant::now() >= deadline => {
                return Err(files("remove the files")(error));
            }
            Err(_) => sleep(Duration::from_millis(20)).await,
        }
    }
}

fn make_folders(machine: &Machine, layout: &Layout) -> Result<(), ServerError> {
    let vault = layout.vault();
    [
        layout.folder(),
        vault.folder(),
        &vault.archive(),
        &vault.backups(),
        layout.sockets(),
    ]
    .iter()
    .try_for_each(|folder| make_folder(machine, folder))
}

pub(super) async fn run(program: &'static str, mut command: Command) -> Result<(), ServerError> {
    let Output { status, stderr, .. } = command
        .kill_on_drop(true)
        .output()
        .await
        .map_err(files(program))?;
    if status.success() {
        return Ok(());
    }
    let output = String::from_utf8_lossy(&stderr).trim().to_owned();
    Err(ServerError::Program { program, output })
}
