//! Rows compared by count and content, each side hashing its own, so that no row leaves its server.

use tenant_restore_core::error::{Cause, ErrorKind};
use tenant_restore_core::job::{ValidateChoice, ValidatedTable};
use tokio_postgres::Client;

use crate::copy::unit::Unit;
use crate::failed::OrCause;

/// The rows of a table on one server.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Digest {
    rows: u64,
    /// The sum of the hashes of all rows as text; absent when only rows were counted.
    content: Option<String>,
}

/// Compares one table, or one hash partitioned tree as a whole.
pub async fn compare(
    (temporary, loader): (&Client, &Client),
    unit: &Unit,
    level: ValidateChoice,
) -> Result<ValidatedTable, Cause> {
    let sql = digest_sql(unit, level);
    let title = unit.target.quoted();
    let (expected, restored) = tokio::try_join!(
        digest(temporary, &sql, &title, "the temporary database"),
        digest(loader, &sql, &title, "production")
    )?;
    let same = (level == ValidateChoice::Full).then(|| expected == restored);
    Ok(ValidatedTable {
        schema: unit.target.schema.clone(),
        table: unit.target.name.clone(),
        expected_rows: expected.rows,
        restored_rows: restored.rows,
        same_content: same,
    })
}

/// What differs, in words.
pub fn difference(table: &ValidatedTable) -> Option<String> {
    let title = crate::names::qualified(&table.schema, &table.table);
    if table.expected_rows != table.restored_rows {
        let (expected, restored) = (table.expected_rows, table.restored_rows);
        return Some(format!(
            "table {title} has {restored} rows instead of {expected}"
        ));
    }
    (table.same_content == Some(false))
        .then(|| format!("table {title} has other content in as many rows"))
}

/// Every function and type is named with its schema: the sessions have the tenant's path here, and before that come types in
/// `pg_temp`, which a tenant's function may have made.
///
/// The row as text is the same on both servers: the sessions' settings are, and the schemas' names too. A sum of
/// 64-bit hashes minds duplicates, and no order.
fn digest_sql(unit: &Unit, level: ValidateChoice) -> String {
    // A tree that is partitioned by hash may have put a row into another leaf.
    let only = if unit.is_tree() { "" } else { "only " };
    let content = match level {
        ValidateChoice::Full => {
            "coalesce(pg_catalog.sum(pg_catalog.hashtextextended((tenant_restore_row.*)::pg_catalog.text collate pg_catalog.\"C\", \
             0::pg_catalog.int8)::pg_catalog.numeric), 0)::pg_catalog.text"
        }
        ValidateChoice::Counts | ValidateChoice::None => "null::pg_catalog.text",
    };
    format!(
        "select pg_catalog.count(*), {content} from {only}{} as tenant_restore_row",
        unit.target.quoted()
    )
}

async fn digest(client: &Client, sql: &str, table: &str, place: &str) -> Result<Digest, Cause> {
    let row = client
        .query_one(sql, &[])
        .await
        .or_cause(ErrorKind::ValidationMismatch, || {
            format!("read {table} in {place}")
        })?;
    Ok(Digest {
        rows: row.get::<_, i64>(0).unsigned_abs(),
        content: row.get(1),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(expected_rows: u64, restored_rows: u64, same_content: Option<bool>) -> ValidatedTable {
        ValidatedTable {
            schema: "s".to_owned(),
            table: "t".to_owned(),
            expected_rows,
            restored_rows,
            same_content,
        }
    }

    #[test]
    fn equal_counts_with_other_content_differ() {
        assert!(
            difference(&table(2, 2, Some(false)))
                .unwrap()
                .contains("other content")
        );
        assert_eq!(difference(&table(2, 2, Some(true))), None);
        assert_eq!(difference(&table(2, 2, None)), None);
        assert!(
            difference(&table(2, 1, Some(false)))
                .unwrap()
                .contains("1 rows instead of 2")
        );
    }
}
