//! The tables of the source, from its catalog.

use std::collections::HashMap;

use tokio_postgres::{Client, Error};

/// A table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Table {
    pub(crate) schema: String,
    pub(crate) name: String,
    /// Its name at the target.
    pub(crate) target: String,
    pub(crate) has_primary_key: bool,
    pub(crate) has_deferrable_constraint: bool,
    /// Whether a unique index of it is on an expression.
    pub(crate) has_unique_expression: bool,
    pub(crate) columns: Vec<Column>,
}

/// A column, of a domain's base type if it is of a domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) type_name: String,
    /// `pg_type.typtype`.
    pub(crate) type_kind: String,
    /// `pg_type.typcategory`.
    pub(crate) type_category: String,
    /// Length, precision and scale as PostgreSQL packs them; -1 for none.
    pub(crate) type_modifier: i32,
    pub(crate) in_primary_key: bool,
    /// GENERATED ALWAYS AS IDENTITY.
    pub(crate) is_always_identity: bool,
}

impl Table {
    /// The name by which DMS may take it for another: the case of letters is lost.
    pub(crate) fn folded(&self) -> (String, String) {
        (self.schema.to_lowercase(), self.name.to_lowercase())
    }
}

/// All tables that the user can see by their names, partitioned parents and their partitions alike.
pub(crate) async fn tables(
    source: &Client,
    wanted: impl Fn(&str, &str) -> bool,
) -> Result<Vec<Table>, Error> {
    let mut tables = Vec::new();
    let mut oids: Vec<u32> = Vec::new();
    for row in source.query(include_str!("sql/tables.sql"), &[]).await? {
        let (schema, name): (String, String) = (row.get("schema_name"), row.get("table_name"));
        if wanted(&schema, &name) {
            oids.push(row.get("oid"));
            tables.push(Table {
                schema,
                target: name.clone(),
                name,
                has_primary_key: row.get("has_primary_key"),
                has_deferrable_constraint: row.get("has_deferrable_constraint"),
                has_unique_expression: row.get("has_unique_expression"),
                columns: Vec::new(),
            });
        }
    }
    let mut columns: HashMap<u32, Vec<Column>> = HashMap::new();
    for row in source
        .query(include_str!("sql/columns.sql"), &[&oids])
        .await?
    {
        columns
            .entry(row.get("table_oid"))
            .or_default()
            .push(Column {
                name: row.get("column_name"),
                type_name: row.get("type_name"),
                type_kind: row.get("type_kind"),
                type_category: row.get("type_category"),
                type_modifier: row.get("type_modifier"),
                in_primary_key: row.get("in_primary_key"),
                is_always_identity: row.get("is_always_identity"),
            });
    }
    for (table, oid) in tables.iter_mut().zip(oids) {
        table.columns = columns.remove(&oid).unwrap_or_default();
    }
    Ok(tables)
}

/// A name as SQL.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
