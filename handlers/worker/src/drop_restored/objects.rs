//! A schema dropped in small transactions, so that neither the lock table fills up nor a live table is locked for long.

use tenant_restore_core::error::{Cause, ErrorKind};
use tokio_postgres::Client;

use super::check_dependents;
use crate::failed::OrCause;
use crate::names::{qualified, quote_ident};
use crate::production::statements::{Refused, Statement, apply_together};

/// Tables per transaction.
const BATCH: i64 = 200;

/// Drops the schema with everything in it; the marker goes with the schema itself, last of all.
pub async fn drop_schema(master: &mut Client, schema: &str, ours: &[&str]) -> Result<(), Cause> {
    check_dependents(master, schema, ours).await?;
    // A table with a foreign key to a live table takes an ACCESS EXCLUSIVE lock there too: each has its own transaction.
    loop {
        let referring = tables(master, include_str!("referring.sql"), schema, 1).await?;
        if referring.is_empty() {
            break;
        }
        drop_tables(master, &referring).await?;
    }
    loop {
        let batch = tables(master, include_str!("tables.sql"), schema, BATCH).await?;
        if batch.is_empty() {
            break;
        }
        drop_tables(master, &batch).await?;
    }
    let quoted = quote_ident(schema);
    let last = Statement {
        sql: format!("drop schema {quoted} cascade"),
        name: format!("the drop of schema {quoted}"),
    };
    run(master, last).await
}

async fn tables(
    master: &Client,
    sql: &str,
    schema: &str,
    limit: i64,
) -> Result<Vec<String>, Cause> {
    let rows = master
        .query(sql, &[&schema, &limit])
        .await
        .or_cause(ErrorKind::DropFailed, || {
            format!("list the tables of schema {}", quote_ident(schema))
        })?;
    Ok(rows
        .iter()
        .map(|row| qualified(schema, row.get(0)))
        .collect())
}

async fn drop_tables(master: &mut Client, tables: &[String]) -> Result<(), Cause> {
    let list = tables.join(", ");
    run(
        master,
        Statement {
            sql: format!("drop table {list} cascade"),
            name: format!("the drop of {list}"),
        },
    )
    .await
}

async fn run(master: &mut Client, statement: Statement) -> Result<(), Cause> {
    let statements = [statement];
    apply_together(master, &statements)
        .await
        .map_err(|refused: Refused| {
            let cause = refused.cause(&statements);
            Cause::new(ErrorKind::DropFailed, cause.message)
        })
}
