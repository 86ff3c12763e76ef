//! The archive's entries for after the rows, as tasks that may run beside each other.
//!
//! What comes before what is pg_dump's own word, which its parallel restore relies on too. What locks what follows that
//! restore's rule (`identify_locking_dependencies` in `pg_backup_archiver.c`): an entry needs every table that it depends on
//! for itself, but a CREATE INDEX.

use std::collections::{HashMap, HashSet};

use tenant_restore_core::error::{Cause, ErrorKind};
use tokio_postgres::Client;

use crate::archive::{Archive, Entry};
use crate::failed::OrCause as _;
use crate::production::entries::{self, Part};
use crate::production::parallel::Task;
use crate::production::schedule::{Hold, Needs};

/// Bytes of every table and materialized view, without indexes, by schema and name.
pub type SizesOnDisk = HashMap<(String, String), u64>;

/// How big the restored tables are in production.
pub async fn sizes(client: &Client, schemas: &[&str]) -> Result<SizesOnDisk, Cause> {
    let rows = client
        .query(include_str!("sizes.sql"), &[&schemas])
        .await
        .or_cause(ErrorKind::ApplyFailed, || "measure the restored tables")?;
    Ok(rows
        .iter()
        .map(|row| {
            let bytes = row.get::<_, i64>(2).unsigned_abs();
            ((row.get(0), row.get(1)), bytes)
        })
        .collect())
}

/// The entries that the ledger doesn't have yet.
pub fn tasks(archive: &Archive, sizes: &SizesOnDisk, done: &HashSet<String>) -> Vec<Task> {
    let todo: Vec<(&Entry, _)> = entries::of(archive, Part::PostData)
        .map(|entry| (entry, entries::statement(entry)))
        .filter(|(_, statement)| !done.contains(&statement.name))
        .collect();
    let positions: HashMap<i32, usize> = todo
        .iter()
        .enumerate()
        .map(|(at, (entry, _))| (entry.dump_id, at))
        .collect();
    let tables: HashMap<i32, &Entry> = archive
        .entries
        .iter()
        .filter(|entry| is_table(entry))
        .map(|entry| (entry.dump_id, entry))
        .collect();
    todo.into_iter()
        .map(|(entry, statement)| Task {
            statement,
            needs: needs(entry, &positions, &tables, sizes),
        })
        .collect()
}

fn needs(
    entry: &Entry,
    positions: &HashMap<i32, usize>,
    tables: &HashMap<i32, &Entry>,
    sizes: &SizesOnDisk,
) -> Needs {
    let unique: HashSet<i32> = entry.depends_on.iter().copied().collect();
    let locked: Vec<(i32, &Entry)> = unique
        .iter()
        .filter_map(|id| Some((*id, *tables.get(id)?)))
        .collect();
    let hold = hold(entry);
    let size = |table: &Entry| {
        let key = (table.namespace.clone()?, table.tag.clone());
        sizes.get(&key).copied()
    };
    Needs {
        after: unique
            .iter()
            .filter_map(|id| positions.get(id).copied())
            .collect(),
        tables: locked
            .iter()
            .map(|(id, _)| (usize::try_from(*id).unwrap_or(0), hold))
            .collect(),
        bytes: locked
            .iter()
            .filter_map(|(_, table)| size(table))
            .max()
            .unwrap_or(0),
    }
}

fn is_table(entry: &Entry) -> bool {
    matches!(
        entry.desc.as_str(),
        "TABLE" | "MATERIALIZED VIEW" | "VIEW" | "FOREIGN TABLE"
    )
}

/// An index's entry may also say that the table is clustered by it, or identifies its rows by it, which takes more.
fn hold(entry: &Entry) -> Hold {
    if entry.desc == "INDEX" && !entry.sql.contains("ALTER ") {
        Hold::Shared
    } else {
        Hold::Alone
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archive::Section;

    fn entry(dump_id: i32, desc: &str, sql: &str, depends_on: &[i32]) -> Entry {
        Entry {
            dump_id,
            catalog_oid: 0,
            oid: 0,
            desc: desc.to_owned(),
            section: if desc == "TABLE" {
                Section::PreData
            } else {
                Section::PostData
            },
            namespace: Some("s".to_owned()),
            tag: format!("t{dump_id}"),
            owner: "o".to_owned(),
            sql: sql.to_owned(),
            drop_sql: String::new(),
            tablespace: None,
            table_access_method: None,
            copy_statement: None,
            depends_on: depends_on.to_vec(),
        }
    }

    fn archive() -> Archive {
        Archive {
            server_version: "15".to_owned(),
            dump_version: "15".to_owned(),
            entries: vec![
                entry(1, "TABLE", "CREATE TABLE s.t1 ();", &[]),
                entry(2, "TABLE", "CREATE TABLE s.t2 ();", &[]),
                entry(3, "CONSTRAINT", "ALTER TABLE ONLY s.t1 ADD …;", &[1]),
                entry(4, "INDEX", "CREATE INDEX i ON s.t1 …;", &[1, 1]),
                entry(
                    5,
                    "INDEX",
                    "CREATE INDEX j ON s.t2 …;\n\nALTER TABLE s.t2 CLUSTER ON j;",
                    &[2],
                ),
                entry(6, "INDEX ATTACH", "ALTER INDEX …;", &[1, 2, 4, 5]),
            ],
        }
    }

    #[test]
    fn an_index_shares_its_table_and_everything_else_has_it_alone() {
        let sizes = HashMap::from([(("s".to_owned(), "t1".to_owned()), 77)]);
        let tasks = tasks(&archive(), &sizes, &HashSet::new());
        let holds: Vec<Hold> = tasks.iter().map(|task| task.needs.tables[0].1).collect();
        assert_eq!(holds, [Hold::Alone, Hold::Shared, Hold::Alone, Hold::Alone]);
        assert_eq!(tasks[1].needs.tables.len(), 1);
        assert_eq!((tasks[0].needs.bytes, tasks[2].needs.bytes), (77, 0));
    }

    #[test]
    fn what_is_attached_comes_after_both_indexes_and_what_is_done_is_waited_for_by_none() {
        let all = tasks(&archive(), &SizesOnDisk::new(), &HashSet::new());
        let mut after = all[3].needs.after.clone();
        after.sort_unstable();
        assert_eq!(after, [1, 2]);
        let done = HashSet::from([all[1].statement.name.clone()]);
        let rest = tasks(&archive(), &SizesOnDisk::new(), &done);
        assert_eq!(rest.len(), 3);
        assert_eq!(rest[2].needs.after, [1]);
    }
}
