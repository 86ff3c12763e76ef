//! What is emptied and compared as one: a table, or a hash partitioned tree with all its leaves.

use std::collections::BTreeMap;

use tenant_restore_core::error::{Cause, ErrorKind};
use tokio_postgres::{Client, Row};

use super::pieces::Blocks;
use crate::failed::OrCause;
use crate::names::{qualified, quote_ident};

/// A table's full name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TableName {
    /// The restored schema.
    pub schema: String,
    /// The table.
    pub name: String,
}

impl TableName {
    /// Both parts quoted.
    pub fn quoted(&self) -> String {
        qualified(&self.schema, &self.name)
    }
}

/// How values travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// PostgreSQL's binary form.
    Binary,
    /// Text, for types whose binary form means something else on another server, or doesn't exist.
    Text,
}

/// One table to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The table.
    pub table: TableName,
    /// Its columns, without generated ones.
    pub columns: Vec<String>,
    /// How its values travel.
    pub format: Format,
    /// The root of its tree, if that is partitioned by hash at any level.
    pub hash_root: Option<TableName>,
    /// Blocks of its heap; 0 if it isn't kept in one.
    pub blocks: u32,
    /// Bytes of its heap, TOAST and maps.
    pub bytes: u64,
}

/// The major versions on both sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Versions {
    /// Of the temporary database.
    pub temporary: u32,
    /// Of production.
    pub production: u32,
}

/// What is emptied as one, and compared as one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    /// Where the rows go.
    pub target: TableName,
    /// Where they come from: the target's namesake, or the leaves of a hash partitioned target.
    pub sources: Vec<Source>,
}

impl Unit {
    /// A materialized view, which is compared and never loaded.
    pub fn view(name: TableName) -> Self {
        Self {
            target: name,
            sources: Vec::new(),
        }
    }

    /// Its name in the ledger, if one transaction loads it.
    pub fn step(&self) -> String {
        format!("rows of {}", self.target.quoted())
    }

    /// The target as statements name it that mean its own rows: another stream may have loaded a table that inherits from it.
    pub fn place(&self) -> String {
        let only = if self.is_tree() { "" } else { "only " };
        format!("{only}{}", self.target.quoted())
    }

    /// The statement that empties the target.
    pub fn empty(&self) -> String {
        format!("truncate {}", self.place())
    }

    /// The statement that locks the target for writing, without its leaves: those that rows go to are locked by the rows, and
    /// all leaves of all streams could fill the lock table, which live sessions share.
    pub fn lock(&self) -> String {
        format!(
            "lock table only {} in row exclusive mode",
            self.target.quoted()
        )
    }

    /// Whether the target is the root of a tree that is loaded as a whole.
    pub fn is_tree(&self) -> bool {
        self.sources.iter().any(|source| source.hash_root.is_some())
    }
}

impl Source {
    /// The list of columns; a table without any has rows too, and COPY takes no empty list.
    fn columns(&self) -> String {
        let quoted = self.quoted_columns();
        if quoted.is_empty() {
            String::new()
        } else {
            format!(" ({})", quoted.join(", "))
        }
    }

    fn quoted_columns(&self) -> Vec<String> {
        self.columns
            .iter()
            .map(|column| quote_ident(column))
            .collect()
    }

    fn format(&self) -> &'static str {
        match self.format {
            Format::Binary => "binary",
            Format::Text => "text",
        }
    }

    /// The statement that reads these blocks of the table, or all of it; in both forms without its children's rows.
    pub fn read(&self, blocks: Blocks) -> String {
        let (table, columns, format) = (self.table.quoted(), self.columns(), self.format());
        match blocks.condition() {
            None => format!("copy {table}{columns} to stdout (format {format})"),
            Some(condition) => {
                let columns = self.quoted_columns().join(", ");
                format!(
                    "copy (select {columns} from only {table} where {condition}) to stdout (format {format})"
                )
            }
        }
    }

    /// The statement that writes into the target.
    ///
    /// `frozen`: the transaction has emptied the target, so rows can be written as all visible, which spares the reads
    /// and the vacuum after it from writing them once more (PostgreSQL manual, COPY, FREEZE).
    pub fn write(&self, target: &TableName, frozen: bool) -> String {
        format!(
            "copy {}{} from stdin (format {}{})",
            target.quoted(),
            self.columns(),
            self.format(),
            if frozen { ", freeze" } else { "" }
        )
    }
}

/// Every ordinary table of the schemas in the temporary database.
pub async fn sources(
    temporary: &Client,
    schemas: &[&str],
    versions: Versions,
) -> Result<Vec<Source>, Cause> {
    let rows = temporary
        .query(include_str!("tables.sql"), &[&schemas])
        .await
        .or_cause(
            ErrorKind::CopyFailed,
            || "list the tables of the temporary database",
        )?;
    Ok(rows.iter().map(|row| source(row, versions)).collect())
}

fn source(row: &Row, versions: Versions) -> Source {
    let root: Option<String> = row.get("root_schema");
    Source {
        table: TableName {
            schema: row.get("schema"),
            name: row.get("name"),
        },
        columns: row.get("columns"),
        format: format(versions, row.get("portable"), row.get("nests_user_types")),
        hash_root: root.map(|schema| TableName {
            schema,
            name: row.get("root_name"),
        }),
        blocks: u32::try_from(row.get::<_, i64>("blocks")).unwrap_or(u32::MAX),
        bytes: row.get::<_, i64>("bytes").unsigned_abs(),
    }
}

/// Arrays and composites of user-defined types carry OIDs in binary, which 13 insists on and 14 and later don't.
fn format(versions: Versions, portable: bool, nests_user_types: bool) -> Format {
    let same_major = versions.temporary == versions.production;
    let accepts_nested = versions.production >= 14 || !nests_user_types;
    if portable && same_major && accepts_nested {
        Format::Binary
    } else {
        Format::Text
    }
}

/// Groups tables into what must be emptied together.
pub fn units(sources: Vec<Source>) -> Vec<Unit> {
    let mut by_target: BTreeMap<TableName, Vec<Source>> = BTreeMap::new();
    for source in sources {
        let target = source
            .hash_root
            .clone()
            .unwrap_or_else(|| source.table.clone());
        by_target.entry(target).or_default().push(source);
    }
    by_target
        .into_iter()
        .map(|(target, sources)| Unit { target, sources })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(name: &str) -> TableName {
        TableName {
            schema: "s".to_owned(),
            name: name.to_owned(),
        }
    }

    fn leaf(name: &str, root: Option<&str>) -> Source {
        let columns = vec!["id".to_owned(), "a\"b".to_owned()];
        Source {
            table: table(name),
            columns,
            format: Format::Binary,
            hash_root: root.map(table),
            blocks: 0,
            bytes: 0,
        }
    }

    #[test]
    fn leaves_of_a_hash_partitioned_table_belong_together_and_are_loaded_through_its_root() {
        let units = units(vec![
            leaf("p0", Some("p")),
            leaf("p1", Some("p")),
            leaf("plain", None),
        ]);
        assert_eq!(units.len(), 2);
        assert_eq!(
            (units[0].target.clone(), units[0].sources.len()),
            (table("p"), 2)
        );
        assert_eq!(
            units[0].sources[1].write(&units[0].target, false),
            r#"copy "s"."p" ("id", "a""b") from stdin (format binary)"#
        );
    }

    #[test]
    fn a_run_of_blocks_is_read_without_children_and_with_pg_catalogs_operators() {
        let all = Blocks::ALL;
        let some = Blocks {
            first: 7,
            end: Some(9),
        };
        let source = leaf("t", None);
        assert_eq!(
            source.read(all),
            r#"copy "s"."t" ("id", "a""b") to stdout (format binary)"#
        );
        assert_eq!(
            source.read(some),
            r#"copy (select "id", "a""b" from only "s"."t" where ctid operator(pg_catalog.>=) '(7,0)'::pg_catalog.tid and ctid operator(pg_catalog.<) '(9,0)'::pg_catalog.tid) to stdout (format binary)"#
        );
    }

    #[test]
    fn binary_needs_portable_types_and_the_same_major_version() {
        let versions = |temporary, production| Versions {
            temporary,
            production,
        };
        assert_eq!(format(versions(15, 15), true, true), Format::Binary);
        assert_eq!(format(versions(15, 15), false, false), Format::Text);
        assert_eq!(format(versions(15, 16), true, false), Format::Text);
        assert_eq!(format(versions(13, 13), true, true), Format::Text);
        assert_eq!(format(versions(13, 13), true, false), Format::Binary);
    }
}
