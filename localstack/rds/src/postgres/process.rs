//! The server process of a cluster.

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Child;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};

use super::error::{ServerError, files};
use super::installation::Installation;
use super::layout::Layout;
use super::session::connect;

/// How often a starting server is asked whether it is there.
const ASK_EVERY: Duration = Duration::from_millis(20);
/// How long a server may take to end its sessions.
const STOP_WITHIN: Duration = Duration::from_secs(20);

/// A running server.
#[derive(Debug)]
pub struct Process {
    pid: u32,
    ended: watch::Receiver<bool>,
}

/// How a server is asked to end (PostgreSQL manual, shutting down the server).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// Ends sessions, writes a checkpoint.
    Fast,
    /// Ends at once, without writing anything: for data that will be deleted.
    Immediate,
}

impl Stop {
    fn signal(self) -> &'static str {
        match self {
            Self::Fast => "INT",
            Self::Immediate => "QUIT",
        }
    }
}

impl Process {
    /// Starts the server and waits until it accepts connections, which for a recovering one is after recovery.
    ///
    /// # Errors
    /// The server ends, or isn't ready in time.
    pub async fn start(
        installation: &Installation,
        layout: &Layout,
        port: u16,
        within: Duration,
    ) -> Result<Self, ServerError> {
        let log = fs::File::options()
            .create(true)
            .append(true)
            .open(layout.log())
            .map_err(files("open the log"))?;
        let errors = log.try_clone().map_err(files("open the log"))?;
        let mut child = installation
            .program("postgres")
            .arg("-D")
            .arg(layout.data())
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(errors)
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(files("start the server"))?;
        let pid = child.id().ok_or_else(|| ended_early(layout))?;
        ready(&mut child, layout, port, within).await?;
        let (tell, ended) = watch::channel(false);
        tokio::spawn(async move {
            match child.wait().await {
                Ok(status) => tracing::debug!(pid, %status, "a server ended"),
                Err(error) => tracing::error!(pid, %error, "wait for a server"),
            }
            tell.send_replace(true);
        });
        Ok(Self { pid, ended })
    }

    /// Waits until the server ends.
    pub async fn ended(&self) {
        // An error means that the watching task is gone, and with it the server.
        let _ = self.ended.clone().wait_for(|ended| *ended).await;
    }

    /// Asks the server to end and waits for it; ends it at once if it takes too long.
    ///
    /// # Errors
    /// It can't be signalled, or doesn't end.
    pub async fn stop(&self, installation: &Installation, how: Stop) -> Result<(), ServerError> {
        if *self.ended.borrow() {
            return Ok(());
        }
        signal(installation, self.pid, how).await?;
        if timeout(STOP_WITHIN, self.ended()).await.is_ok() {
            return Ok(());
        }
        tracing::warn!(
            pid = self.pid,
            "the server didn't end in time: ending it at once"
        );
        signal(installation, self.pid, Stop::Immediate).await?;
        let late = ServerError::Late {
            doing: "stop the server",
            seconds: 2 * STOP_WITHIN.as_secs(),
        };
        timeout(STOP_WITHIN, self.ended()).await.map_err(|_| late)
    }
}

async fn ready(
    child: &mut Child,
    layout: &Layout,
    port: u16,
    within: Duration,
) -> Result<(), ServerError> {
    let deadline = Instant::now() + within;
    loop {
        if connect(layout.sockets(), port, "postgres").await.is_ok() {
            return Ok(());
        }
        if child
            .try_wait()
            .map_err(files("wait for the server"))?
            .is_some()
        {
            return Err(ended_early(layout));
        }
        if Instant::now() >= deadline {
            child
                .kill()
                .await
                .map_err(files("end a server that isn't ready in time"))?;
            return Err(ServerError::Late {
                doing: "start the server",
                seconds: within.as_secs(),
            });
        }
        sleep(ASK_EVERY).await;
    }
}

/// Ends a server that an earlier run of ours left behind in this data directory.
///
/// # Errors
/// It doesn't end.
pub async fn stop_leftover(
    installation: &Installation,
    layout: &Layout,
) -> Result<(), ServerError> {
    let data = layout.data();
    let Some(pid) = postmaster(&data) else {
        return Ok(());
    };
    if !serves(pid, &data) {
        return Ok(());
    }
    tracing::warn!(pid, "ending a server that an earlier run left behind");
    signal(installation, pid, Stop::Fast).await?;
    let deadline = Instant::now() + STOP_WITHIN;
    while serves(pid, &data) {
        if Instant::now() >= deadline {
            return Err(ServerError::Late {
                doing: "stop a server left behind",
                seconds: STOP_WITHIN.as_secs(),
            });
        }
        sleep(ASK_EVERY).await;
    }
    Ok(())
}

async fn signal(installation: &Installation, pid: u32, how: Stop) -> Result<(), ServerError> {
    let mut command = installation.program("pg_ctl");
    let sent = command
        .args(["kill", how.signal()])
        .arg(pid.to_string())
        .output()
        .await;
    let sent = sent.map_err(files("signal the server"))?;
    if sent.status.success() || !Path::new(&format!("/proc/{pid}")).exists() {
        return Ok(());
    }
    let output = String::from_utf8_lossy(&sent.stderr).trim().to_owned();
    Err(ServerError::Program {
        program: "pg_ctl kill",
        output,
    })
}

fn postmaster(data: &Path) -> Option<u32> {
    fs::read_to_string(data.join("postmaster.pid"))
        .ok()?
        .lines()
        .next()?
        .trim()
        .parse()
        .ok()
}

/// Whether that process is a server on this data directory, which is the working directory of such a server.
fn serves(pid: u32, data: &Path) -> bool {
    let folder = fs::read_link(format!("/proc/{pid}/cwd"));
    match (folder, fs::canonicalize(data)) {
        (Ok(folder), Ok(data)) => folder == data,
        _ => false,
    }
}

/// The last lines of the log, for an error message.
fn ended_early(layout: &Layout) -> ServerError {
    let text = fs::read_to_string(layout.log()).unwrap_or_default();
    let lines: Vec<&str> = text.lines().rev().take(6).collect();
    ServerError::Ended {
        log: lines.into_iter().rev().collect::<Vec<_>>().join("; "),
    }
}
