//! Positions of sequences, taken from the temporary database.

use tenant_restore_core::error::{Cause, ErrorKind};
use tokio_postgres::Client;

use crate::context::Context;
use crate::failed::OrCause;
use crate::names::qualified;
use crate::production::restored_names;

/// Where a sequence stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// The sequence, quoted.
    pub sequence: String,
    /// The last value that it gave, or will give first.
    pub last_value: i64,
    /// Whether it has given `last_value`.
    pub is_called: bool,
}

/// The positions of all sequences in the schemas, in the order of their names.
pub async fn positions(client: &Client, schemas: &[&str]) -> Result<Vec<Position>, Cause> {
    let sql = "select n.nspname::text, c.relname::text from pg_class c join pg_namespace n on n.oid = c.relnamespace \
               where c.relkind = 'S' and n.nspname = any ($1) order by 1, 2";
    let sequences = client
        .query(sql, &[&schemas])
        .await
        .or_cause(ErrorKind::ExtractFailed, || "list the sequences")?;
    let mut positions = Vec::new();
    for row in sequences {
        let sequence = qualified(row.get(0), row.get(1));
        let position = client
            .query_one(
                &format!("select last_value, is_called from {sequence}"),
                &[],
            )
            .await
            .or_cause(ErrorKind::ExtractFailed, || {
                format!("read sequence {sequence}")
            })?;
        positions.push(Position {
            sequence,
            last_value: position.get(0),
            is_called: position.get(1),
        });
    }
    Ok(positions)
}

/// Sets every sequence in production to its position in the temporary database.
pub async fn restore(context: &Context, temporary: &Client, loader: &Client) -> Result<(), Cause> {
    for position in positions(temporary, &restored_names(&context.job)).await? {
        let doing = || format!("set sequence {}", position.sequence);
        loader
            .execute(
                "select setval($1::text::regclass, $2, $3)",
                &[
                    &position.sequence,
                    &position.last_value,
                    &position.is_called,
                ],
            )
            .await
            .or_cause(ErrorKind::ApplyFailed, doing)?;
    }
    Ok(())
}

/// Names for the comparison in words.
pub fn describe(position: &Position) -> String {
    let called = if position.is_called { "given" } else { "next" };
    format!("{} ({called})", position.last_value)
}
