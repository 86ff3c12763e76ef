//! The rows of one table, from the source's COPY to the target's.

use std::pin::pin;

use futures::{SinkExt, TryStreamExt};
use tokio_postgres::Client;

use crate::carry::{self, Cut, Rules, Unfit};
use crate::catalog::{Column, Table, quoted};
use crate::error_behavior::Policy;
use crate::login::describe;
use crate::settings::{Preparation, Settings};

/// The statements that move a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Transfer {
    pub(crate) select: String,
    pub(crate) insert: String,
    pub(crate) truncate: String,
    /// Whether any LOB would be cut.
    pub(crate) any_lob_cut: Option<String>,
    /// Whether any other text would be cut.
    pub(crate) any_text_cut: Option<String>,
}

/// Why a table wasn't moved.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TransferError {
    #[error("{0}")]
    Unfit(#[from] Unfit),
    #[error("source: {}", describe(.0))]
    Source(tokio_postgres::Error),
    #[error("target: {}", describe(.0))]
    Target(tokio_postgres::Error),
    #[error("a LOB is larger than LobMaxSize and FailTasksOnLobTruncation is set")]
    LobTruncation,
    #[error("a text is longer than unboundedVarcharMaxSize")]
    TextTruncation,
    #[error("{0}")]
    Fault(String),
}

impl TransferError {
    /// Whether it is about values (SQLSTATE classes 22 and 23) rather than the table.
    pub(crate) fn is_about_data(&self) -> bool {
        let state = match self {
            Self::Source(error) | Self::Target(error) => error.code(),
            _ => None,
        };
        state.is_some_and(|state| ["22", "23"].contains(&&state.code()[..2]))
    }
}

impl Transfer {
    /// The statements for a table whose columns are left out where `removed` says so, and one of whose numbers is changed if
    /// it is to be `damaged`.
    pub(crate) fn new(
        table: &Table,
        target_schema: &str,
        (rules, truncation): (&Rules, Policy),
        removed: impl Fn(&str) -> bool,
        damaged: bool,
    ) -> Result<Self, Unfit> {
        carry::check(table)?;
        let changed = table
            .columns
            .iter()
            .rfind(|column| damaged && is_number(column));
        let mut values = Vec::new();
        let mut names = Vec::new();
        let (mut lobs, mut texts) = (Vec::new(), Vec::new());
        for column in table.columns.iter().filter(|column| !removed(&column.name)) {
            let carried = carry::carry(table, column, rules)?;
            let more = if changed == Some(column) { " + 1" } else { "" };
            values.push(carried.expression + more);
            names.push(quoted(&column.name));
            match carried.cut {
                Some(Cut::Lob(is_cut)) => lobs.push(is_cut),
                Some(Cut::Text(is_cut)) => texts.push(is_cut),
                None => {}
            }
        }
        let from = format!("{}.{}", quoted(&table.schema), quoted(&table.name));
        let to = format!("{}.{}", quoted(target_schema), quoted(&table.target));
        let any = |cuts: &[String]| {
            let any = cuts.join(" or ");
            (!cuts.is_empty()).then(|| format!("select exists (select from {from} where {any})"))
        };
        let kept = match truncation {
            Policy::IgnoreRecord if !texts.is_empty() => {
                format!(" where ({}) is not true", texts.join(" or "))
            }
            _ => String::new(),
        };
        Ok(Self {
            select: format!(
                "copy (select {} from {from}{kept}) to stdout",
                values.join(", ")
            ),
            insert: format!("copy {to} ({}) from stdin", names.join(", ")),
            truncate: format!("truncate table {to}"),
            any_lob_cut: any(&lobs),
            any_text_cut: any(&texts),
        })
    }

    /// Moves the rows, a commit every so many; `moved` hears how many have been committed in all.
    pub(crate) async fn run(
        &self,
        source: &Client,
        target: &Client,
        settings: &Settings,
        moved: impl Fn(u64),
    ) -> Result<(), TransferError> {
        if settings.preparation == Preparation::Truncate {
            target
                .batch_execute(&self.truncate)
                .await
                .map_err(TransferError::Target)?;
        }
        let rows = source
            .copy_out(&self.select)
            .await
            .map_err(TransferError::Source)?;
        let mut rows = pin!(rows);
        let mut committed = 0;
        loop {
            let mut batch = Box::pin(
                target
                    .copy_in(&self.insert)
                    .await
                    .map_err(TransferError::Target)?,
            );
            let mut taken = 0;
            // The server sends each row in a message of its own (PostgreSQL, "COPY Operations").
            while taken < settings.rows_per_commit
                && let Some(row) = rows.try_next().await.map_err(TransferError::Source)?
            {
                batch.feed(row).await.map_err(TransferError::Target)?;
                taken += 1;
            }
            committed += batch
                .as_mut()
                .finish()
                .await
                .map_err(TransferError::Target)?;
            moved(committed);
            if taken < settings.rows_per_commit {
                return Ok(());
            }
        }
    }
}

fn is_number(column: &Column) -> bool {
    ["int2", "int4", "int8", "numeric"].contains(&column.type_name.as_str())
        && !column.in_primary_key
}
