//! A full load without a cloud around it, for tests that have two databases and nothing else.

use crate::carry::Rules;
use crate::catalog::Table;
use crate::load::{Job, Observer};
use crate::login::Login;
use crate::mapping::Mappings;
use crate::run::UNBOUNDED_VARCHAR_BYTES;
use crate::settings::Settings;
use crate::statistics::TableState;

/// A database of a server on this machine, and who logs in to it.
#[derive(Clone, Copy)]
pub struct Database<'a> {
    /// The server's port.
    pub port: u16,
    /// The user.
    pub user: &'a str,
    /// The user's password.
    pub password: &'a str,
    /// The database.
    pub name: &'a str,
}

/// How a task is set.
#[derive(Clone, Copy)]
pub struct Set<'a> {
    /// `TableMappings`.
    pub mappings: &'a str,
    /// `ReplicationTaskSettings`.
    pub settings: &'a str,
    /// `FailTasksOnLobTruncation` of the endpoints, which are otherwise set as the pipeline sets them.
    pub fail_on_cut: bool,
}

/// Runs a task between two endpoints.
///
/// # Errors
/// Why the task failed; what it left behind is the settings' matter.
pub async fn full_load([source, target]: [Database<'_>; 2], set: Set<'_>) -> Result<(), String> {
    let settings = Settings::parse(Some(set.settings)).map_err(|error| error.message)?;
    let job = Job {
        source: Login::alone(source),
        target: Login::alone(target),
        mappings: Mappings::parse(set.mappings).map_err(|error| error.message)?,
        rules: Rules {
            lobs: settings.lobs,
            trim_char: false,
            boolean: true,
            numeric_as_string: false,
            varchar_bytes: UNBOUNDED_VARCHAR_BYTES,
        },
        settings,
        fail_on_cut: set.fail_on_cut,
    };
    job.run(&Nobody).await.map_err(|failure| failure.problem)
}

/// Nobody listens, and nothing goes wrong on purpose.
struct Nobody;

impl Observer for Nobody {
    fn selected(&self, _: &[Table]) {}

    fn step(&self, _: &Table, _: TableState) {}

    fn moved(&self, _: &Table, _: u64) {}

    fn fault(&self, _: &Table) -> Option<String> {
        None
    }

    fn changes(&self, _: &Table) -> bool {
        false
    }
}
