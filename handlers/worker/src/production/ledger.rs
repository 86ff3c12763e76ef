//! What is done, written down by the transaction that did it, so that a second run goes on where the first ended.
//!
//! Only the login role reads and writes it: a tenant's function may have put an index or a trigger on it.

use std::collections::{HashMap, HashSet};

use tenant_restore_core::error::{Cause, ErrorKind};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, GenericClient, Transaction};

use super::statements::Statement;
use crate::failed::OrCause;
use crate::names::{qualified, quote_literal};

/// Name of the ledger's table in each restored schema; the one in the job's first schema is used.
pub const TABLE: &str = "tenant_restore_ledger";

/// A copied table or a piece of one, as noted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moved {
    /// Rows written.
    pub rows: u64,
    /// Bytes of the COPY stream.
    pub bytes: u64,
}

/// The names of everything that is done.
pub async fn done(client: &Client, home: &str) -> Result<HashSet<String>, Cause> {
    let sql = format!("select step from {}", qualified(home, TABLE));
    let rows = client
        .query(&sql, &[])
        .await
        .or_cause(ErrorKind::ApplyFailed, || reading(home))?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// Everything that is done, with the reason of what was knowingly not made as it was.
pub async fn all(client: &Client, home: &str) -> Result<HashMap<String, Option<String>>, Cause> {
    let sql = format!("select step, exception from {}", qualified(home, TABLE));
    let rows = client
        .query(&sql, &[])
        .await
        .or_cause(ErrorKind::ApplyFailed, || reading(home))?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}

/// The tables and pieces that are copied, by the name of their step.
pub async fn moved(client: &Client, home: &str) -> Result<HashMap<String, Moved>, Cause> {
    let sql = format!(
        "select step, rows, bytes from {} where rows is not null",
        qualified(home, TABLE)
    );
    let rows = client
        .query(&sql, &[])
        .await
        .or_cause(ErrorKind::CopyFailed, || reading(home))?;
    let moved = rows.iter().map(|row| {
        let moved = Moved {
            rows: count(row.get(1)),
            bytes: count(row.get(2)),
        };
        (row.get(0), moved)
    });
    Ok(moved.collect())
}

/// Where the pieces of tables begin that are loaded piece by piece, by the name of the step that noted it.
pub async fn beginnings(client: &Client, home: &str) -> Result<HashMap<String, Vec<u32>>, Cause> {
    let sql = format!(
        "select step, beginnings from {} where beginnings is not null",
        qualified(home, TABLE)
    );
    let rows = client
        .query(&sql, &[])
        .await
        .or_cause(ErrorKind::CopyFailed, || reading(home))?;
    let noted = rows.iter().map(|row| {
        let blocks: Vec<i64> = row.get(1);
        let blocks = blocks
            .into_iter()
            .map(|block| u32::try_from(block).unwrap_or(u32::MAX));
        (row.get(0), blocks.collect())
    });
    Ok(noted.collect())
}

/// The statement that notes where a table's pieces begin.
pub fn noting_beginnings(home: &str, step: &str, beginnings: &[u32]) -> Statement {
    let blocks: Vec<String> = beginnings.iter().map(u32::to_string).collect();
    Statement {
        sql: format!(
            "insert into {} (step, beginnings) values ({}, '{{{}}}')",
            qualified(home, TABLE),
            quote_literal(step),
            blocks.join(",")
        ),
        name: format!("the ledger's note of {step}"),
    }
}

/// What was knowingly not made as it was: the objects that carry a reason, by the prefix of their step.
pub async fn exceptions(
    client: &Client,
    home: &str,
    prefix: &str,
) -> Result<HashMap<String, String>, Cause> {
    let sql = format!(
        "select step, exception from {} where exception is not null and starts_with(step, $1)",
        qualified(home, TABLE)
    );
    let rows = client
        .query(&sql, &[&prefix])
        .await
        .or_cause(ErrorKind::ApplyFailed, || reading(home))?;
    Ok(rows
        .iter()
        .map(|row| {
            (
                row.get::<_, String>(0)[prefix.len()..].to_owned(),
                row.get(1),
            )
        })
        .collect())
}

/// Notes a step that is done when the transaction commits.
pub async fn note(
    transaction: &Transaction<'_>,
    home: &str,
    step: &str,
) -> Result<(), tokio_postgres::Error> {
    let insert = format!("insert into {} (step) values ($1)", qualified(home, TABLE));
    insert_one(transaction, &insert, &[&step]).await
}

/// Notes a table or a piece that is copied when the session's open transaction commits.
pub async fn note_moved(
    client: &Client,
    home: &str,
    step: &str,
    moved: Moved,
) -> Result<(), tokio_postgres::Error> {
    let insert = format!(
        "insert into {} (step, rows, bytes) values ($1, $2, $3)",
        qualified(home, TABLE)
    );
    let (rows, bytes) = (signed(moved.rows), signed(moved.bytes));
    insert_one(client, &insert, &[&step, &rows, &bytes]).await
}

/// Notes a step that ended other than in the original, and why.
pub async fn note_exception(
    client: &impl GenericClient,
    home: &str,
    step: &str,
    exception: &str,
) -> Result<(), tokio_postgres::Error> {
    let insert = format!(
        "insert into {} (step, exception) values ($1, $2) on conflict (step) do update set exception = $2",
        qualified(home, TABLE)
    );
    insert_one(client, &insert, &[&step, &exception]).await
}

/// Fails unless the step $1 is there then: a trigger or a rule that a tenant's function put on the ledger may keep it out,
/// and what is done and not noted would be done twice.
async fn insert_one(
    client: &impl GenericClient,
    insert: &str,
    parameters: &[&(dyn ToSql + Sync)],
) -> Result<(), tokio_postgres::Error> {
    let sql = format!(
        "with noted as ({insert} returning step) select from noted where step operator(pg_catalog.=) $1"
    );
    client.query_one(&sql, parameters).await.map(drop)
}

fn reading(home: &str) -> String {
    format!("read the ledger {}", qualified(home, TABLE))
}

/// A count as PostgreSQL keeps it; no table has more than i64::MAX rows or bytes.
fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn count(noted: i64) -> u64 {
    noted.unsigned_abs()
}
