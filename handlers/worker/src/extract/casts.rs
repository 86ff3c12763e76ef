//! Casts from and to the schemas' types. They belong to no schema, so pg_dump leaves them out of a dump of schemas.

use tenant_restore_core::error::{Cause, ErrorKind};
use tokio_postgres::{Client, Row};

use crate::archive::{Archive, Entry, Section};
use crate::failed::OrCause as _;
use crate::names::quote_literal;

/// Adds them to the archive, each right behind the last entry that it needs, as pg_dump sorts them when it dumps them.
pub(super) async fn add(
    client: &Client,
    restored: &[&str],
    archive: &mut Archive,
) -> Result<(), Cause> {
    let doing = || "list the casts of the schemas' types";
    let rows = client
        .query(include_str!("casts.sql"), &[&restored])
        .await
        .or_cause(ErrorKind::ExtractFailed, doing)?;
    for row in &rows {
        let needs: Vec<u32> = row
            .try_get("needs")
            .or_cause(ErrorKind::ExtractFailed, doing)?;
        let cast = entry(row, archive).or_cause(ErrorKind::ExtractFailed, doing)?;
        let comment: Option<String> = row
            .try_get("comment")
            .or_cause(ErrorKind::ExtractFailed, doing)?;
        let comment = comment.map(|comment| comment_on(&cast, &comment));
        insert(archive, cast, &needs);
        archive.entries.extend(comment);
    }
    Ok(())
}

fn comment_on(cast: &Entry, comment: &str) -> Entry {
    let tag = format!("CAST {}", cast.tag);
    Entry {
        dump_id: cast.dump_id + 1,
        desc: "COMMENT".to_owned(),
        section: Section::None,
        sql: format!("COMMENT ON {tag} IS {};", quote_literal(comment)),
        tag,
        ..cast.clone()
    }
}

fn entry(row: &Row, archive: &Archive) -> Result<Entry, tokio_postgres::Error> {
    let last = archive.entries.iter().map(|entry| entry.dump_id).max();
    Ok(Entry {
        dump_id: last.unwrap_or_default() + 1,
        catalog_oid: 0,
        oid: row.try_get("oid")?,
        desc: "CAST".to_owned(),
        section: Section::PreData,
        namespace: None,
        tag: row.try_get("tag")?,
        owner: String::new(),
        sql: row.try_get("statement")?,
        drop_sql: String::new(),
        tablespace: None,
        table_access_method: None,
        copy_statement: None,
        depends_on: Vec::new(),
    })
}

/// OIDs of types, tables and functions are looked for alike: an entry too many only makes the cast come later, and its
/// kind is one of these.
fn insert(archive: &mut Archive, cast: Entry, needs: &[u32]) {
    let needed = |entry: &Entry| {
        entry.section == Section::PreData
            && matches!(
                entry.desc.as_str(),
                "TYPE" | "DOMAIN" | "TABLE" | "VIEW" | "FUNCTION"
            )
            && needs.contains(&entry.oid)
    };
    let at = archive.entries.iter().rposition(needed);
    archive.entries.insert(at.map_or(0, |at| at + 1), cast);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(desc: &str, oid: u32) -> Entry {
        Entry {
            dump_id: 1,
            catalog_oid: 0,
            oid,
            desc: desc.to_owned(),
            section: Section::PreData,
            namespace: None,
            tag: String::new(),
            owner: String::new(),
            sql: String::new(),
            drop_sql: String::new(),
            tablespace: None,
            table_access_method: None,
            copy_statement: None,
            depends_on: Vec::new(),
        }
    }

    #[test]
    fn a_cast_comes_right_behind_the_last_of_its_types_and_its_function() {
        let mut archive = Archive {
            server_version: String::new(),
            dump_version: String::new(),
            entries: vec![
                entry("TYPE", 5),
                entry("FUNCTION", 7),
                entry("ACL", 7),
                entry("VIEW", 9),
            ],
        };
        insert(&mut archive, entry("CAST", 1), &[5, 7]);
        let order: Vec<&str> = archive
            .entries
            .iter()
            .map(|entry| entry.desc.as_str())
            .collect();
        assert_eq!(order, ["TYPE", "FUNCTION", "CAST", "ACL", "VIEW"]);
    }
}
