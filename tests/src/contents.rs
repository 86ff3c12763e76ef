//! What a schema holds: rows and content hash per table, position per sequence.

use std::collections::BTreeMap;

use tokio_postgres::Transaction;

use crate::database::{Database, identifier};
use crate::error::{Context, Result};

/// Rows of one table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableContents {
    /// How many.
    pub rows: i64,
    /// Sum of the hashes of every row's text; the same whatever the order.
    pub hash: String,
}

/// Where one sequence stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// The last value it gave; none if it never did.
    pub last: Option<i64>,
    /// Its increment.
    pub step: i64,
}

/// What a schema holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contents {
    /// Its tables, by name.
    pub tables: BTreeMap<String, TableContents>,
    /// Its sequences, by name.
    pub sequences: BTreeMap<String, Position>,
}

impl Contents {
    /// Rows of all tables.
    pub fn rows(&self) -> i64 {
        self.tables.values().map(|table| table.rows).sum()
    }

    /// How `self`, the restored contents, differ from `truth`, one sentence per difference; none if they are
    /// faithful. A sequence may be ahead: recovery moves it forward, because PostgreSQL logs 32 values at a time.
    pub fn differences_from(&self, truth: &Self) -> Vec<String> {
        let mut differences = Vec::new();
        for (name, expected) in &truth.tables {
            match self.tables.get(name) {
                None => differences.push(format!("table {name} is missing")),
                Some(table) if table.rows != expected.rows => {
                    differences.push(format!(
                        "table {name} has {} rows instead of {}",
                        table.rows, expected.rows
                    ));
                }
                Some(table) if table.hash != expected.hash => {
                    differences.push(format!("table {name} has other content"));
                }
                Some(_) => {}
            }
        }
        for (name, expected) in &truth.sequences {
            match self.sequences.get(name) {
                None => differences.push(format!("sequence {name} is missing")),
                Some(position) if position.is_behind(*expected) => {
                    differences.push(format!("sequence {name} is behind"));
                }
                Some(_) => {}
            }
        }
        differences.extend(
            self.tables
                .keys()
                .filter(|name| !truth.tables.contains_key(*name))
                .map(|name| format!("table {name} is extra")),
        );
        differences.extend(
            self.sequences
                .keys()
                .filter(|name| !truth.sequences.contains_key(*name))
                .map(|name| format!("sequence {name} is extra")),
        );
        differences
    }
}

impl Position {
    fn is_behind(self, truth: Self) -> bool {
        match (self.last, truth.last) {
            (_, None) => false,
            (None, Some(_)) => true,
            (Some(mine), Some(theirs)) if truth.step > 0 => mine < theirs,
            (Some(mine), Some(theirs)) => mine > theirs,
        }
    }
}

/// Reads the contents of `schema` in one snapshot, with the settings that rows' texts depend on fixed.
///
/// # Errors
/// When the schema's tables may not be read, or the connection is gone.
pub async fn read(database: &mut Database, schema: &str) -> Result<Contents> {
    let doing = || format!("read the contents of {schema}");
    let snapshot = database
        .build_transaction()
        .isolation_level(tokio_postgres::IsolationLevel::RepeatableRead);
    let snapshot = snapshot.read_only(true).start().await.context(doing())?;
    snapshot
        .batch_execute(include_str!("sql/fixed_settings.sql"))
        .await
        .context(doing())?;
    snapshot
        .execute(
            "select set_config('search_path', quote_ident($1), true)",
            &[&schema],
        )
        .await
        .context(doing())?;
    let contents = Contents {
        tables: tables(&snapshot, schema).await?,
        sequences: sequences(&snapshot, schema).await?,
    };
    snapshot.commit().await.context(doing())?;
    Ok(contents)
}

async fn tables(
    snapshot: &Transaction<'_>,
    schema: &str,
) -> Result<BTreeMap<String, TableContents>> {
    let names = "select relname from pg_class where relnamespace = $1::text::regnamespace and relkind = 'r'";
    let names = snapshot
        .query(names, &[&identifier(schema)])
        .await
        .context(format!("list the tables of {schema}"))?;
    let mut tables = BTreeMap::new();
    for name in &names {
        let name: String = name.try_get(0).context("read a table's name")?;
        let hash = format!(
            "select count(*), coalesce(sum(hashtextextended(each_row::text collate \"C\", 0)::numeric), 0)::text
               from only {}.{} each_row",
            identifier(schema),
            identifier(&name)
        );
        let row = snapshot
            .query_one(&hash, &[])
            .await
            .context(format!("hash the table {schema}.{name}"))?;
        let contents = TableContents {
            rows: row.try_get(0).context("read a count")?,
            hash: row.try_get(1).context("read a hash")?,
        };
        tables.insert(name, contents);
    }
    Ok(tables)
}

async fn sequences(snapshot: &Transaction<'_>, schema: &str) -> Result<BTreeMap<String, Position>> {
    let positions = "select sequencename::text, last_value, increment_by from pg_sequences where schemaname = $1";
    let rows = snapshot
        .query(positions, &[&schema])
        .await
        .context(format!("read the sequences of {schema}"))?;
    let position = |row: &tokio_postgres::Row| {
        let position = Position {
            last: row.try_get(1)?,
            step: row.try_get(2)?,
        };
        Ok::<_, tokio_postgres::Error>((row.try_get(0)?, position))
    };
    rows.iter()
        .map(position)
        .collect::<Result<_, _>>()
        .context(format!("read the sequences of {schema}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contents(rows: i64, hash: &str, last: Option<i64>) -> Contents {
        let table = TableContents {
            rows,
            hash: hash.into(),
        };
        Contents {
            tables: [("users".into(), table)].into(),
            sequences: [("user_id_seq".into(), Position { last, step: 1 })].into(),
        }
    }

    #[test]
    fn sequences_may_be_ahead_but_not_behind() {
        let truth = contents(2, "7", Some(10));
        assert!(
            contents(2, "7", Some(33))
                .differences_from(&truth)
                .is_empty()
        );
        assert_eq!(
            contents(2, "7", Some(9)).differences_from(&truth),
            ["sequence user_id_seq is behind"]
        );
        assert_eq!(
            contents(2, "7", None).differences_from(&truth),
            ["sequence user_id_seq is behind"]
        );
    }

    #[test]
    fn rows_and_content_must_be_the_same() {
        let truth = contents(2, "7", None);
        assert_eq!(
            contents(3, "7", None).differences_from(&truth),
            ["table users has 3 rows instead of 2"]
        );
        assert_eq!(
            contents(2, "8", None).differences_from(&truth),
            ["table users has other content"]
        );
    }

    #[test]
    fn what_is_missing_or_extra_is_named() {
        let empty = Contents {
            tables: BTreeMap::new(),
            sequences: BTreeMap::new(),
        };
        let full = contents(2, "7", None);
        assert_eq!(
            empty.differences_from(&full),
            ["table users is missing", "sequence user_id_seq is missing"]
        );
        assert_eq!(
            full.differences_from(&empty),
            ["table users is extra", "sequence user_id_seq is extra"]
        );
    }
}
