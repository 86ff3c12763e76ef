//! The full load of a task: its tables, several at once.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use futures::future::try_join_all;
use tokio_postgres::Client;

use crate::carry::Rules;
use crate::catalog::{self, Table};
use crate::error_behavior::Policy;
use crate::login::{Login, LoginError, describe};
use crate::mapping::Mappings;
use crate::settings::Settings;
use crate::statistics::TableState;
use crate::transfer::{Transfer, TransferError};

/// What a load needs to know.
pub(crate) struct Job {
    pub(crate) source: Login,
    pub(crate) target: Login,
    pub(crate) mappings: Mappings,
    pub(crate) settings: Settings,
    pub(crate) rules: Rules,
    /// `FailTasksOnLobTruncation` of either endpoint.
    pub(crate) fail_on_cut: bool,
}

/// Who hears how the load goes.
pub(crate) trait Observer: Sync {
    /// These tables will be loaded.
    fn selected(&self, tables: &[Table]);
    /// A table is in another state.
    fn step(&self, table: &Table, state: TableState);
    /// So many rows of a table have arrived for good.
    fn moved(&self, table: &Table, rows: u64);
    /// The error that a table shall have, if a fault says so.
    fn fault(&self, table: &Table) -> Option<String>;
    /// Whether a value of it shall be changed.
    fn changes(&self, table: &Table) -> bool;
}

/// Why a load ended before its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) problem: String,
    pub(crate) recoverable: bool,
}

impl Failure {
    pub(crate) fn fatal(problem: impl Into<String>) -> Self {
        Self {
            problem: problem.into(),
            recoverable: false,
        }
    }

    /// The text of `LastFailureMessage` and of the event.
    pub(crate) fn message(&self) -> String {
        let (reason, level) = if self.recoverable {
            ("RECOVERABLE_ERROR", "RECOVERABLE")
        } else {
            ("FATAL_ERROR", "FATAL")
        };
        format!(
            "Last Error  {} Stop Reason {reason} Error Level {level}",
            self.problem
        )
    }
}

impl From<LoginError> for Failure {
    fn from(error: LoginError) -> Self {
        Self {
            problem: error.to_string(),
            recoverable: matches!(error, LoginError::Refused(_) | LoginError::TimedOut(_)),
        }
    }
}

const NO_TABLES: &str = "No tables were found at task initialization. Either the selected table(s) or schema(s) no longer exist or no match was found for the table selection pattern(s).";

impl Job {
    /// Loads every selected table. Tables that fail are left behind unless the settings make them the task's failure.
    pub(crate) async fn run(&self, observer: &dyn Observer) -> Result<(), Failure> {
        let source = self.source.connect().await?;
        let wanted = |schema: &str, table: &str| self.mappings.takes(schema, table);
        let tables = catalog::tables(&source, wanted).await;
        drop(source);
        let mut tables = tables.map_err(|error| Failure::fatal(describe(&error)))?;
        if tables.is_empty() && self.settings.fail_without_tables {
            return Err(Failure::fatal(NO_TABLES));
        }
        tables
            .sort_by_key(|one| std::cmp::Reverse(self.mappings.load_order(&one.schema, &one.name)));
        confuse_namesakes(&mut tables);
        observer.selected(&tables);
        let workers = self.settings.tables_at_once.min(tables.len());
        let queue = Mutex::new(VecDeque::from(tables));
        try_join_all((0..workers).map(|_| self.work(&queue, observer)))
            .await
            .map(drop)
    }

    async fn work(
        &self,
        queue: &Mutex<VecDeque<Table>>,
        observer: &dyn Observer,
    ) -> Result<(), Failure> {
        let next = || {
            queue
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .pop_front()
        };
        let mut connections = None;
        while let Some(table) = next() {
            let (source, target) = match connections.take() {
                Some(open) => open,
                None => (self.source.connect().await?, self.target.connect().await?),
            };
            observer.step(&table, TableState::FullLoad);
            match self.load(&table, &source, &target, observer).await {
                Ok(()) => {
                    observer.step(&table, TableState::Completed);
                    connections = Some((source, target));
                }
                Err(error) => {
                    observer.step(&table, TableState::Error);
                    self.judge(&table, &error)?;
                }
            }
        }
        Ok(())
    }

    async fn load(
        &self,
        table: &Table,
        source: &Client,
        target: &Client,
        observer: &dyn Observer,
    ) -> Result<(), TransferError> {
        if let Some(problem) = observer.fault(table) {
            return Err(TransferError::Fault(problem));
        }
        let removed = |column: &str| self.mappings.removes(&table.schema, &table.name, column);
        let truncation = self.settings.data_truncation_error;
        let transfer = Transfer::new(
            table,
            self.mappings.target_schema(&table.schema),
            (&self.rules, truncation),
            removed,
            observer.changes(table),
        )?;
        let matters = matches!(truncation, Policy::StopTask | Policy::SuspendTable);
        for (any_cut, matters, error) in [
            (
                &transfer.any_lob_cut,
                self.fail_on_cut,
                TransferError::LobTruncation,
            ),
            (
                &transfer.any_text_cut,
                matters,
                TransferError::TextTruncation,
            ),
        ] {
            let Some(any_cut) = any_cut.as_ref().filter(|_| matters) else {
                continue;
            };
            let cut = source.query_one(any_cut, &[]).await;
            if cut.map_err(TransferError::Source)?.get(0) {
                return Err(error);
            }
        }
        transfer
            .run(source, target, &self.settings, |rows| {
                observer.moved(table, rows);
            })
            .await
    }

    /// Whether a table's failure is the task's (`TableErrorPolicy`, `DataErrorPolicy`, `DataTruncationErrorPolicy`). A failed
    /// bulk load is a table's error, so with LOG_ERROR too the table is suspended.
    fn judge(&self, table: &Table, error: &TransferError) -> Result<(), Failure> {
        let settings = &self.settings;
        let stops = match error {
            TransferError::LobTruncation => true,
            TransferError::TextTruncation => settings.data_truncation_error == Policy::StopTask,
            error => {
                settings.table_error == Policy::StopTask
                    || error.is_about_data() && settings.data_error == Policy::StopTask
            }
        };
        let problem = format!("Table {}.{}: {error}", table.schema, table.name);
        tracing::warn!(problem, stops, "a table was not loaded");
        if stops {
            Err(Failure::fatal(problem))
        } else {
            Ok(())
        }
    }
}

/// "Replication of multiple tables with the same name where each name has a different case can cause unpredictable
/// behavior" (DMS user guide, limitations of PostgreSQL as a source). Here all of them write to the first.
fn confuse_namesakes(tables: &mut [Table]) {
    let mut first = HashMap::new();
    for table in tables {
        let name = first
            .entry(table.folded())
            .or_insert_with(|| table.name.clone());
        table.target.clone_from(name);
    }
}

#[cfg(test)]
#[path = "load_tests.rs"]
mod tests;
