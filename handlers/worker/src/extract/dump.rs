//! Runs pg_dump; its password appears neither among its arguments nor in its environment.

use std::process::Stdio;

use tenant_restore_core::error::{Cause, ErrorKind};
use tokio::process::Command;

use super::passfile::Passfile;
use crate::archive::toc::Unreadable;
use crate::context::Context;
use crate::names::quote_ident;
use crate::pg_dump_program;
use crate::secrets::Login;

/// The last lines of pg_dump's complaints that go into a message.
const COMPLAINT_LINES: usize = 8;

/// pg_dump, ready to run against the temporary database.
pub(super) struct PgDump {
    program: std::path::PathBuf,
    environment: Vec<(&'static str, String)>,
    /// Kept as long as pg_dump may read it.
    _passfile: Passfile,
}

impl PgDump {
    /// For the job's temporary database, with its master's login.
    pub(super) async fn new(context: &Context) -> Result<Self, Cause> {
        let server = context.temporary_server()?;
        let login: Login = context.secrets.login(&server.secret).await?;
        let passfile = Passfile::new(&login).map_err(|error| {
            let message = format!("could not write a password file for pg_dump: {error}");
            Cause::new(ErrorKind::ExtractFailed, message)
        })?;
        let path = std::env::var("PATH").unwrap_or_default();
        let environment = vec![
            ("PATH", path),
            ("LC_ALL", "C".to_owned()),
            ("PGHOST", server.host.clone()),
            ("PGPORT", server.port.to_string()),
            ("PGUSER", login.username.clone()),
            ("PGPASSFILE", passfile.path().display().to_string()),
            ("PGDATABASE", context.job.database.clone()),
            ("PGSSLMODE", "verify-full".to_owned()),
            (
                "PGSSLROOTCERT",
                context.connector.ca_bundle().display().to_string(),
            ),
            (
                "PGAPPNAME",
                format!("tenant-restore {}", context.job.restore_id),
            ),
            ("PGCONNECT_TIMEOUT", "15".to_owned()),
        ];
        Ok(Self {
            program: pg_dump_program::path(context),
            environment,
            _passfile: passfile,
        })
    }

    /// The schemas' complete DDL as plain SQL.
    pub(super) async fn original_ddl(&self, schemas: &[&str]) -> Result<Vec<u8>, Cause> {
        self.run("plain", schemas).await
    }

    /// The schemas' DDL as a custom-format archive.
    pub(super) async fn archive(&self, schemas: &[&str]) -> Result<Vec<u8>, Cause> {
        self.run("custom", schemas).await
    }

    async fn run(&self, format: &str, schemas: &[&str]) -> Result<Vec<u8>, Cause> {
        let failed = |why: String| {
            let message =
                format!("could not dump schemas {schemas:?} of the temporary database: {why}");
            Cause::new(ErrorKind::ExtractFailed, message)
        };
        let mut command = Command::new(&self.program);
        command
            .args([
                "--schema-only",
                "--strict-names",
                "--no-password",
                "--encoding=UTF8",
                "--lock-wait-timeout=10s",
            ])
            .arg(format!("--format={format}"))
            // In quotes a pattern is a name, whatever its letters (pg_dump, "--schema").
            .args(
                schemas
                    .iter()
                    .map(|schema| format!("--schema={}", quote_ident(schema))),
            )
            .env_clear()
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        let child = command
            .spawn()
            .map_err(|error| failed(format!("{} can't run: {error}", self.program.display())))?;
        let output = child
            .wait_with_output()
            .await
            .map_err(|error| failed(error.to_string()))?;
        if !output.status.success() {
            return Err(failed(format!(
                "pg_dump ended with {}: {}",
                output.status,
                last_lines(&output.stderr)
            )));
        }
        Ok(output.stdout)
    }
}

/// The cause of an archive that this program can't read.
pub(super) fn unreadable(why: &Unreadable) -> Cause {
    Cause::new(
        ErrorKind::ExtractFailed,
        format!("could not read pg_dump's archive: {why}"),
    )
}

fn last_lines(complaints: &[u8]) -> String {
    let text = String::from_utf8_lossy(complaints);
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(COMPLAINT_LINES)..].join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_complaints_are_cut_to_their_last_lines() {
        let text: String = (0..20).map(|line| format!("line {line}\n")).collect();
        let cut = last_lines(text.as_bytes());
        assert!(cut.starts_with("line 12; ") && cut.ends_with("line 19"));
    }
}
