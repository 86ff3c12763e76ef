//! The entries of a `pg_dump -Fc` archive: what `extract` reads and the modes on production replay.

pub mod toc;

use serde::{Deserialize, Serialize};

/// File name of the archive's entries below the work prefix.
pub const ARCHIVE_FILE: &str = "archive.json";

/// File name of the plan (an `ExtractReport`) below the work prefix.
pub const PLAN_FILE: &str = "plan.json";

/// File name of pg_dump's own archive below the work prefix.
pub const DUMP_FILE: &str = "schema.dump";

/// The entries of an archive, in pg_dump's order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Archive {
    /// Version of the server that was dumped, as pg_dump wrote it, for example `15.4`.
    pub server_version: String,
    /// Version of pg_dump.
    pub dump_version: String,
    /// The entries, in the order in which they can be replayed.
    pub entries: Vec<Entry>,
}

/// One entry of the table of contents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// Its number, by which other entries depend on it.
    pub dump_id: i32,
    /// OID of the catalog that holds the object (`pg_class` …); 0 for objects without one.
    pub catalog_oid: u32,
    /// OID of the object in the dumped database; 0 for objects without one.
    pub oid: u32,
    /// What it is, as pg_dump names it: `TABLE`, `INDEX`, `ACL`, `FK CONSTRAINT` …
    pub desc: String,
    /// Which part of a restore it belongs to.
    pub section: Section,
    /// The schema, unquoted; absent for schemas themselves and their comments and grants.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// The object as pg_dump names it, for example `orders`, `orders orders_pkey`, `f(integer)`, `TABLE orders`.
    pub tag: String,
    /// The owner's role name, unquoted; empty when the object has none.
    pub owner: String,
    /// The statements that create it; may be empty or several.
    pub sql: String,
    /// The statements that drop it.
    pub drop_sql: String,
    /// The tablespace, if not the default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tablespace: Option<String>,
    /// The table access method, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table_access_method: Option<String>,
    /// The COPY statement of an entry with rows; absent in an archive without data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copy_statement: Option<String>,
    /// The entries (dump ids) that come before.
    pub depends_on: Vec<i32>,
}

/// The parts of a restore (`teSection` in pg_dump's `pg_backup.h`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Section {
    /// Encoding and other settings of the archive itself, not objects.
    None,
    /// Before the rows.
    PreData,
    /// The rows.
    Data,
    /// After the rows.
    PostData,
}
