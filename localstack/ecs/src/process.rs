//! The process of a task.

use std::collections::BTreeMap;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use tokio::process::{Child, ChildStderr, ChildStdout, Command};

/// A running process and everything it starts.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    pid: Pid,
}

impl Process {
    /// Starts a program with exactly these variables, in a process group of its own.
    pub(crate) fn start(
        binary: &Path,
        arguments: &[String],
        variables: &BTreeMap<String, String>,
    ) -> io::Result<(Self, ChildStdout, ChildStderr)> {
        let mut child = Command::new(binary)
            .args(arguments)
            .env_clear()
            .envs(variables)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()?;
        let gone = || io::Error::other("the process was gone at once");
        let pid = child
            .id()
            .and_then(|id| i32::try_from(id).ok())
            .and_then(Pid::from_raw)
            .ok_or_else(gone)?;
        let stdout = child.stdout.take().ok_or_else(gone)?;
        let stderr = child.stderr.take().ok_or_else(gone)?;
        Ok((Self { child, pid }, stdout, stderr))
    }

    /// The operating system's name of the process.
    pub(crate) fn id(&self) -> i32 {
        self.pid.as_raw_nonzero().get()
    }

    /// Waits for the end and answers the exit code. What the process leaves running dies with it, as in a container.
    pub(crate) async fn end(&mut self) -> io::Result<i32> {
        let status = self.child.wait().await?;
        ignore_gone(kill_process_group(self.pid, Signal::KILL));
        Ok(exit_code(status))
    }

    /// Ends the process: SIGTERM, and SIGKILL after the grace.
    pub(crate) async fn terminate(&mut self, grace: Duration) -> io::Result<i32> {
        ignore_gone(kill_process(self.pid, Signal::TERM));
        if let Ok(ended) = tokio::time::timeout(grace, self.end()).await {
            return ended;
        }
        self.kill().await
    }

    /// Ends the process at once.
    pub(crate) async fn kill(&mut self) -> io::Result<i32> {
        ignore_gone(kill_process_group(self.pid, Signal::KILL));
        self.end().await
    }
}

/// A process that has ended already needs no signal.
fn ignore_gone(sent: rustix::io::Result<()>) {
    if let Err(error) = sent.or_else(|error| {
        if error == rustix::io::Errno::SRCH {
            Ok(())
        } else {
            Err(error)
        }
    }) {
        tracing::error!(%error, "send a signal to a task's process");
    }
}

/// The code as a container reports it: 128 and the signal's number for a process ended by a signal.
fn exit_code(status: ExitStatus) -> i32 {
    let by_signal = || status.signal().map_or(255, |signal| 128 + signal);
    status.code().unwrap_or_else(by_signal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_counts_from_128() {
        assert_eq!(exit_code(ExitStatus::from_raw(3 << 8)), 3);
        assert_eq!(exit_code(ExitStatus::from_raw(9)), 137);
    }
}
