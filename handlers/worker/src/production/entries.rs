//! Which entries of the archive each mode replays: pg_dump's own order, parted by what they are.

use crate::archive::{Archive, Entry, Section};
use crate::names::quote_ident;

use super::statements::Statement;

/// Which mode an entry belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Replayed before the rows.
    PreData,
    /// Replayed after the rows.
    PostData,
    /// Row level security and comments: replayed when the schema is opened.
    Opening,
    /// `ALTER DEFAULT PRIVILEGES`: replayed by the role that it is for.
    DefaultPrivileges,
    /// Made from the temporary database's catalog instead: schemas, grants, foreign keys, contents. Also the database
    /// itself, which every archive names, and settings of the session.
    Elsewhere,
    /// Not something that a schema's restore may create in production.
    LeftOut,
}

/// The part that an entry belongs to, by pg_dump's name for what it is (`pg_dump.c`, `pg_backup_archiver.c`).
pub fn part(entry: &Entry) -> Part {
    match entry.desc.as_str() {
        "POLICY" | "ROW SECURITY" | "COMMENT" => Part::Opening,
        "DEFAULT ACL" => Part::DefaultPrivileges,
        "DATABASE"
        | "SCHEMA"
        | "ACL"
        | "FK CONSTRAINT"
        | "MATERIALIZED VIEW DATA"
        | "STATISTICS DATA"
        | "ENCODING"
        | "STDSTRINGS"
        | "SEARCHPATH" => Part::Elsewhere,
        "ACCESS METHOD"
        | "DATABASE PROPERTIES"
        | "EVENT TRIGGER"
        | "EXTENSION"
        | "FOREIGN DATA WRAPPER"
        | "FOREIGN SERVER"
        | "SERVER"
        | "USER MAPPING"
        | "PROCEDURAL LANGUAGE"
        | "TRANSFORM"
        | "PUBLICATION"
        | "PUBLICATION TABLE"
        | "PUBLICATION TABLES IN SCHEMA"
        | "SUBSCRIPTION"
        | "SUBSCRIPTION TABLE"
        | "BLOB"
        | "BLOB METADATA"
        | "LARGE OBJECT"
        | "SECURITY LABEL" => Part::LeftOut,
        _ => match entry.section {
            Section::PreData => Part::PreData,
            Section::PostData => Part::PostData,
            Section::None | Section::Data => Part::Elsewhere,
        },
    }
}

/// The entries of a part with something to run, in pg_dump's order.
pub fn of(archive: &Archive, wanted: Part) -> impl Iterator<Item = &Entry> {
    archive
        .entries
        .iter()
        .filter(move |entry| part(entry) == wanted && !entry.sql.trim().is_empty())
}

/// The entry as a person would call it: `INDEX "s" orders_open_idx`.
pub fn title(entry: &Entry) -> String {
    match &entry.namespace {
        Some(namespace) => format!("{} {}.{}", entry.desc, quote_ident(namespace), entry.tag),
        None => format!("{} {}", entry.desc, entry.tag),
    }
}

/// The entry as a statement for the ledger.
pub fn statement(entry: &Entry) -> Statement {
    Statement {
        sql: sql(entry),
        name: format!("{} (archive entry {})", title(entry), entry.dump_id),
    }
}

/// pg_restore sets the table access method before an entry that has one; heap is every server's default.
fn sql(entry: &Entry) -> String {
    match entry.table_access_method.as_deref() {
        None | Some("" | "heap") => entry.sql.clone(),
        Some(method) => format!(
            "set local default_table_access_method = {};\n{}\nset local default_table_access_method = heap;",
            quote_ident(method),
            entry.sql
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(desc: &str, section: Section) -> Entry {
        Entry {
            dump_id: 7,
            catalog_oid: 0,
            oid: 0,
            desc: desc.to_owned(),
            section,
            namespace: Some("s".to_owned()),
            tag: "orders".to_owned(),
            owner: "o".to_owned(),
            sql: "select 1;".to_owned(),
            drop_sql: String::new(),
            tablespace: None,
            table_access_method: None,
            copy_statement: None,
            depends_on: Vec::new(),
        }
    }

    #[test]
    fn nothing_that_opens_a_table_to_others_is_replayed_before_the_opening() {
        for desc in ["POLICY", "ROW SECURITY", "COMMENT"] {
            assert_eq!(part(&entry(desc, Section::PostData)), Part::Opening);
        }
        assert_eq!(part(&entry("ACL", Section::None)), Part::Elsewhere);
        assert_eq!(
            part(&entry("DEFAULT ACL", Section::PostData)),
            Part::DefaultPrivileges
        );
    }

    #[test]
    fn objects_outside_of_schemas_are_left_out_whatever_their_section() {
        for desc in ["EXTENSION", "EVENT TRIGGER", "PUBLICATION TABLE"] {
            assert_eq!(part(&entry(desc, Section::PreData)), Part::LeftOut);
        }
    }

    #[test]
    fn other_entries_follow_their_section() {
        assert_eq!(part(&entry("TABLE", Section::PreData)), Part::PreData);
        assert_eq!(part(&entry("INDEX", Section::PostData)), Part::PostData);
        assert_eq!(part(&entry("CAST", Section::PreData)), Part::PreData);
        assert_eq!(part(&entry("ENCODING", Section::None)), Part::Elsewhere);
    }

    #[test]
    fn a_table_access_method_is_set_for_its_entry_alone() {
        let mut columnar = entry("TABLE", Section::PreData);
        columnar.table_access_method = Some("columnar".to_owned());
        let sql = statement(&columnar).sql;
        assert!(sql.starts_with("set local default_table_access_method = \"columnar\";"));
        assert!(sql.ends_with("set local default_table_access_method = heap;"));
    }
}
