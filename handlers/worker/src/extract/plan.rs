//! The mover of each table, decided from the temporary database.

use tenant_restore_core::error::{Cause, ErrorKind};
use tenant_restore_core::job::{Mover, MoverChoice, TablePlan};
use tokio_postgres::Client;

use crate::context::Context;
use crate::failed::OrCause as _;
use crate::movers::{Choice, Sizes, Table, choose, read_tables, table_with_unfaithful_values};
use crate::names::qualified;

/// Every table with rows to move, largest first, while its row level security is still what it was.
pub(super) async fn tables(client: &Client, restored: &[&str]) -> Result<Vec<Table>, Cause> {
    let mut tables = read_tables(client, restored, Sizes::Measured)
        .await
        .or_cause(
            ErrorKind::ExtractFailed,
            || "read the tables of the temporary database",
        )?;
    tables.retain(|table| table.extension.is_none());
    Ok(tables)
}

/// What moves them.
///
/// `rows`: who reads them, see [`reader`](super::reader); `path`: the statement that sets the tenant's search path, without
/// which the planner can't look into the bodies of functions that indexes call.
pub(super) async fn decide(
    tables: Vec<Table>,
    (rows, path): (&Client, &str),
    context: &Context,
) -> Result<Vec<TablePlan>, Cause> {
    rows.batch_execute(path).await.or_cause(
        ErrorKind::ExtractFailed,
        || "set the search path in the temporary database",
    )?;
    let mut plans = Vec::new();
    for table in tables {
        let choice = decide_one(rows, context.job.mover, &table).await?;
        plans.push(plan(table, choice));
    }
    Ok(plans)
}

/// The values are looked at only where the catalog leaves DMS possible.
async fn decide_one(
    client: &Client,
    requested: MoverChoice,
    table: &Table,
) -> Result<Choice, Cause> {
    let by_catalog = choose(requested, table, None);
    if by_catalog.mover == Mover::Copy {
        return Ok(by_catalog);
    }
    let damaged = table_with_unfaithful_values(client, table)
        .await
        .or_cause(ErrorKind::ExtractFailed, || {
            format!("scan {}", qualified(&table.schema, &table.name))
        })?;
    Ok(choose(requested, table, damaged.as_deref()))
}

fn plan(table: Table, choice: Choice) -> TablePlan {
    TablePlan {
        schema: table.schema,
        table: table.name,
        mover: choice.mover,
        reason: choice.reason,
        bytes: table.bytes,
    }
}
