//! Contents of materialized views, and the planner's statistics.

use tenant_restore_core::error::{Cause, ErrorKind};
use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

use super::side_by_side::SizesOnDisk;
use crate::connection::describe;
use crate::context::Context;
use crate::failed::{Failed, OrCause};
use crate::names::qualified;
use crate::production::parallel::{self, Task};
use crate::production::schedule::Needs;
use crate::production::statements::Statement;
use crate::production::{ledger, restored_names};

/// The prefix of a materialized view's step in the ledger, when it could not be filled.
pub const EXCEPTION: &str = "materialized view exception: ";

/// Fills the materialized views that were filled at the restore point, as the login role.
///
/// A view may read another one: those that find it empty are tried again after the others.
pub async fn refresh(
    context: &mut Context,
    temporary: &Client,
    loader: &Client,
) -> Result<(), Cause> {
    let wanted = populated(temporary, &restored_names(&context.job)).await?;
    let present = populated(loader, &restored_names(&context.job)).await?;
    let mut todo: Vec<String> = wanted
        .into_iter()
        .filter(|view| !present.contains(view))
        .collect();
    while !todo.is_empty() {
        let before = todo.len();
        let mut waiting = Vec::new();
        for view in todo {
            match loader
                .batch_execute(&format!("refresh materialized view {view}"))
                .await
            {
                Ok(()) => {}
                Err(error) if error.code() == Some(&SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE) => {
                    waiting.push(view)
                }
                Err(error) => except(context, loader, &view, &describe(&error)).await?,
            }
        }
        if waiting.len() == before {
            for view in &waiting {
                except(
                    context,
                    loader,
                    view,
                    "it reads a materialized view that isn't filled",
                )
                .await?;
            }
            break;
        }
        todo = waiting;
    }
    Ok(())
}

/// The login role has fewer rights than the view's owner: what it can't fill is for a person.
async fn except(
    context: &mut Context,
    loader: &Client,
    view: &str,
    why: &str,
) -> Result<(), Cause> {
    let home = &context.job.schemas[0].restored_as;
    ledger::note_exception(loader, home, &format!("{EXCEPTION}{view}"), why)
        .await
        .or_cause(ErrorKind::ApplyFailed, || {
            format!("note materialized view {view}")
        })?;
    context.remark(
        "NotRefreshed",
        view,
        format!("the login role can't fill it, refresh it as its owner: {why}"),
    );
    Ok(())
}

async fn populated(client: &Client, schemas: &[&str]) -> Result<Vec<String>, Cause> {
    let views = relations(client, schemas, "c.relkind = 'm' and c.relispopulated").await?;
    Ok(views
        .iter()
        .map(|(schema, name)| qualified(schema, name))
        .collect())
}

/// Tables with a foreign table below them: to collect their statistics reaches for its server, as its user.
const LEADS_ABROAD: &str = "exists (
    with recursive tree (id) as (
        select c.oid union select i.inhrelid from pg_inherits i join tree on i.inhparent = tree.id
    ) select from tree join pg_class below on below.oid = tree.id and below.relkind = 'f')";

/// Collects statistics of every table and filled materialized view. Those of a partition come with its root's (PostgreSQL
/// manual, ANALYZE), unless the tree leads to other servers.
pub async fn analyze(
    context: &mut Context,
    master: &Client,
    loader: &Client,
    sizes: &SizesOnDisk,
) -> Result<(), Failed> {
    let names = context.job.clone();
    let schemas = restored_names(&names);
    let roots = "not c.relispartition and c.relkind in ('r', 'p')";
    let abroad = relations(loader, &schemas, &format!("{roots} and {LEADS_ABROAD}")).await?;
    for (schema, name) in &abroad {
        context.remark(
            "NotAnalyzed",
            qualified(schema, name),
            "a foreign table is below it; analyze it where that table's server can be reached",
        );
    }
    let which = if abroad.is_empty() {
        format!("{roots} or c.relkind = 'm' and c.relispopulated")
    } else {
        format!(
            "c.relkind in ('r', 'p') and not {LEADS_ABROAD} or c.relkind = 'm' and c.relispopulated"
        )
    };
    let tasks: Vec<Task> = relations(loader, &schemas, &format!("({which})"))
        .await?
        .into_iter()
        .map(|(schema, name)| {
            let relation = qualified(&schema, &name);
            let bytes = sizes.get(&(schema, name)).copied().unwrap_or(0);
            Task {
                statement: Statement {
                    sql: format!("analyze {relation}"),
                    name: format!("statistics of {relation}"),
                },
                needs: Needs {
                    bytes,
                    ..Needs::default()
                },
            }
        })
        .collect();
    parallel::run(
        context,
        master,
        &tasks,
        parallel::Noting::Repeatable,
        &|_| false,
    )
    .await
    .map(drop)
}

async fn relations(
    client: &Client,
    schemas: &[&str],
    which: &str,
) -> Result<Vec<(String, String)>, Cause> {
    let sql = format!(
        "select n.nspname::text, c.relname::text from pg_class c join pg_namespace n on n.oid = c.relnamespace \
         where n.nspname = any ($1) and {which} order by 1, 2"
    );
    let rows = client
        .query(&sql, &[&schemas])
        .await
        .or_cause(ErrorKind::ApplyFailed, || "list the relations")?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}
