//! Rows compared by count and content, each side hashing its own, so that no row leaves its server.

use tenant_restore_core::error::{Cause, ErrorKind};
use tenant_restore_core::job::{ValidateChoice, ValidatedTable};
use tokio_postgres::{Client, Row};

use crate::copy::unit::Unit;
use crate::extract::reader;
use crate::failed::OrCause;
use crate::names::quote_ident;

/// The rows of a table on one server.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Digest {
    rows: u64,
    /// How many of them were hashed.
    hashed: u64,
    /// The sum of their hashes as text; absent when rows were only counted.
    content: Option<String>,
}

/// A sample of fewer rows may well miss all that differ, or be empty.
const LEAST_HASHED: u64 = 1000;

/// Which rows of a large table are hashed: the same on both servers, since their keys choose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// One row in so many, at least 2.
    pub one_row_in: u64,
    /// The columns of its primary key.
    pub key: Vec<String>,
}

impl Sample {
    /// The sample of a table of this size, if it is larger than this one and has a key.
    ///
    /// About as many bytes as the limit are hashed. A key of another seed than the content's, so that the two don't depend.
    pub fn of(bytes: u64, above: u64, key: &[String]) -> Option<Self> {
        let one_row_in = bytes.div_ceil(above.max(1));
        (one_row_in > 1 && !key.is_empty()).then(|| Self {
            one_row_in,
            key: key.to_vec(),
        })
    }

    /// The sample of a table of so many rows: with large rows there are few, and of these more are hashed, or all.
    fn of_rows(&self, rows: u64) -> Option<Self> {
        let one_row_in = self.one_row_in.min(rows / LEAST_HASHED);
        (one_row_in > 1).then(|| Self {
            one_row_in,
            key: self.key.clone(),
        })
    }

    fn filter(&self) -> String {
        let key: Vec<String> = self
            .key
            .iter()
            .map(|column| format!("tenant_restore_row.{}", quote_ident(column)))
            .collect();
        // In full, since the tenant's path may hold an operator of that name for these very types.
        format!(
            " filter (where pg_catalog.hashtextextended(row({})::pg_catalog.text collate pg_catalog.\"C\", \
             1::pg_catalog.int8) operator(pg_catalog.%) {}::pg_catalog.int8 operator(pg_catalog.=) 0::pg_catalog.int8)",
            key.join(", "),
            self.one_row_in
        )
    }
}

/// Compares one table, or one hash partitioned tree as a whole.
pub async fn compare(
    (temporary, loader): (&Client, &Client),
    unit: &Unit,
    (level, sample): (ValidateChoice, Option<&Sample>),
) -> Result<ValidatedTable, Cause> {
    let sides = (temporary, loader);
    let mut sample = sample.filter(|_| level == ValidateChoice::Full).cloned();
    let (mut expected, mut restored) = digests(sides, unit, level, sample.as_ref()).await?;
    // How many rows a table has is known only now.
    let denser = sample
        .as_ref()
        .and_then(|sample| sample.of_rows(expected.rows));
    if denser != sample {
        sample = denser;
        (expected, restored) = digests(sides, unit, level, sample.as_ref()).await?;
    }
    let same = (level == ValidateChoice::Full).then(|| expected == restored);
    Ok(ValidatedTable {
        schema: unit.target.schema.clone(),
        table: unit.target.name.clone(),
        expected_rows: expected.rows,
        restored_rows: restored.rows,
        same_content: same,
        sampled_rows: sample.as_ref().map(|_| expected.hashed),
        one_row_in: sample.map(|sample| sample.one_row_in),
    })
}

async fn digests(
    (temporary, loader): (&Client, &Client),
    unit: &Unit,
    level: ValidateChoice,
    sample: Option<&Sample>,
) -> Result<(Digest, Digest), Cause> {
    let sql = digest_sql(unit, level, sample);
    let title = unit.target.quoted();
    tokio::try_join!(
        digest(temporary, &sql, &title, "the temporary database"),
        digest(loader, &sql, &title, "production")
    )
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
/// The row as text, as a record without a name, since a tenant may have made a cast of his own for a table's row type. It is the same
/// on both servers: the sessions' settings are, and the schemas' names too. A sum of
/// 64-bit hashes minds duplicates, and no order.
fn digest_sql(unit: &Unit, level: ValidateChoice, sample: Option<&Sample>) -> String {
    let sampled = sample.map(Sample::filter).unwrap_or_default();
    let content = match level {
        ValidateChoice::Full => {
            "coalesce(pg_catalog.sum(pg_catalog.hashtextextended(row(tenant_restore_row.*)::pg_catalog.text collate pg_catalog.\"C\", \
             0::pg_catalog.int8)::pg_catalog.numeric){sampled}, 0)::pg_catalog.text"
        }
        ValidateChoice::Counts | ValidateChoice::None => "null::pg_catalog.text",
    };
    let content = content.replace("{sampled}", &sampled);
    // Without ONLY of a tree that is partitioned by hash: a row may be in another leaf on the other server.
    format!(
        "select pg_catalog.count(*), pg_catalog.count(*){sampled}, {content} from {} as tenant_restore_row",
        unit.place()
    )
}

async fn read(client: &Client, sql: &str) -> Result<Row, tokio_postgres::Error> {
    client.batch_execute(reader::BEGIN).await?;
    let row = client.query_one(sql, &[]).await?;
    client.batch_execute("commit").await?;
    Ok(row)
}

async fn digest(client: &Client, sql: &str, table: &str, place: &str) -> Result<Digest, Cause> {
    let row = read(client, sql)
        .await
        .or_cause(ErrorKind::ValidationMismatch, || {
            format!("read {table} in {place}")
        })?;
    Ok(Digest {
        rows: row.get::<_, i64>(0).unsigned_abs(),
        hashed: row.get::<_, i64>(1).unsigned_abs(),
        content: row.get(2),
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
            one_row_in: None,
            sampled_rows: None,
        }
    }

    #[test]
    fn a_table_is_sampled_only_above_the_size_and_only_by_a_key() {
        let key = ["id".to_owned()];
        assert_eq!(Sample::of(100, 100, &key), None);
        assert_eq!(Sample::of(101, 100, &key).unwrap().one_row_in, 2);
        assert_eq!(Sample::of(1000, 100, &key).unwrap().one_row_in, 10);
        assert_eq!(Sample::of(1000, 100, &[]), None);
    }

    #[test]
    fn a_sample_has_so_many_rows_that_a_difference_shows_or_all_are_hashed() {
        let sample = Sample {
            one_row_in: 100,
            key: vec!["id".to_owned()],
        };
        let one_row_in = |rows| sample.of_rows(rows).map(|sample| sample.one_row_in);
        assert_eq!(one_row_in(1_000_000), Some(100));
        assert_eq!(one_row_in(5000), Some(5));
        assert_eq!(one_row_in(1999), None);
        assert_eq!(one_row_in(0), None);
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
