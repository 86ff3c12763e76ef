//! `ALTER DEFAULT PRIVILEGES`: pg_dump has one entry for all grants of a role, of which one may be to a role that is gone.

use crate::archive::{Archive, Entry};
use crate::text_references::lexer::{Kind, tokens};

/// Makes an entry of each statement, so that one can be left out alone.
pub(super) fn part(archive: &mut Archive) {
    let entries = std::mem::take(&mut archive.entries);
    archive.entries = entries.into_iter().flat_map(statements).collect();
}

fn statements(entry: Entry) -> Vec<Entry> {
    if entry.desc != "DEFAULT ACL" {
        return vec![entry];
    }
    let mut begin = 0;
    let mut statements = Vec::new();
    for token in tokens(&entry.sql) {
        if token.kind == Kind::Sign(';') {
            let sql = entry.sql[begin..token.end].trim().to_owned();
            begin = token.end;
            statements.push(Entry {
                sql,
                ..entry.clone()
            });
        }
    }
    statements
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archive::Section;

    #[test]
    fn each_grant_is_an_entry_and_a_sign_in_a_name_ends_none() {
        let entry = |desc: &str, sql: &str| Entry {
            dump_id: 7,
            catalog_oid: 0,
            oid: 0,
            desc: desc.to_owned(),
            section: Section::PostData,
            namespace: None,
            tag: String::new(),
            owner: "o".to_owned(),
            sql: sql.to_owned(),
            drop_sql: String::new(),
            tablespace: None,
            table_access_method: None,
            copy_statement: None,
            depends_on: Vec::new(),
        };
        let (one, other) = (
            "GRANT SELECT ON TABLES TO \"a;b\";",
            "GRANT ALL ON TABLES TO c;",
        );
        let mut archive = Archive {
            server_version: String::new(),
            dump_version: String::new(),
            entries: vec![
                entry("TABLE", "x; y;"),
                entry("DEFAULT ACL", &format!("{one}\n{other}\n")),
            ],
        };
        part(&mut archive);
        let sql: Vec<&str> = archive
            .entries
            .iter()
            .map(|entry| entry.sql.as_str())
            .collect();
        assert_eq!(sql, ["x; y;", one, other]);
    }
}
