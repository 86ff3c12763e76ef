//! Which mover carries a table: DMS where its documentation promises the same values, COPY for the rest.
//!
//! The reasons quote the AWS DMS user guide ("Using a PostgreSQL database as an AWS DMS source", its limitations and
//! its table of data types) unless they name another source.

mod facts;
mod values;

use std::collections::BTreeMap;

use tenant_restore_core::job::{Mover, MoverChoice};

pub use facts::{Column, Generated, Identity, Numeric, Sizes, Table, Type, read_tables};
pub use values::table_with_unfaithful_values;

/// A table's mover and the reason for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// Which mover.
    pub mover: Mover,
    /// Why, in a sentence's part.
    pub reason: String,
}

/// The mover of a table, as far as the catalog and, if known, its values tell. Whoever asks for DMS wants the rows as they
/// were first of all, so what DMS would damage is copied all the same.
///
/// `damaged` names what DMS would do to values that are in the table; `None` when there are none or nobody looked.
pub fn choose(requested: MoverChoice, table: &Table, damaged: Option<&str>) -> Choice {
    let copy = |reason| Choice {
        mover: Mover::Copy,
        reason,
    };
    let dms = |reason: &str| Choice {
        mover: Mover::Dms,
        reason: reason.to_owned(),
    };
    if requested == MoverChoice::Copy {
        return copy("requested".to_owned());
    }
    if let Some(reason) = obstacle(table).or_else(|| damaged.map(str::to_owned)) {
        return copy(reason);
    }
    match requested {
        MoverChoice::Dms => dms("requested"),
        MoverChoice::Auto | MoverChoice::Copy => {
            dms("every column is one that DMS carries as it is")
        }
    }
}

/// The first reason why DMS doesn't carry the table faithfully, from its catalog.
fn obstacle(table: &Table) -> Option<String> {
    let of_table = [
        (
            table.is_partition,
            "it is a partition; DMS copies rows through the parent and the partition alike",
        ),
        (
            table.inherits,
            "it inherits or is inherited from; DMS copies a child's rows with its parent's too",
        ),
        (
            table.row_security,
            "row level security is on; DMS sees only the rows that its login sees",
        ),
        (
            table.calls_functions,
            "an index or statistics of it call a function, which would run with the rights of DMS's login, the master",
        ),
        (
            !table.has_primary_key,
            "it has no primary key, which DMS needs to reload and to validate it",
        ),
        (
            table.has_namesake,
            "another table's name differs from its only by case, which DMS doesn't support",
        ),
        (
            table.has_deferrable_constraint,
            "it has a deferrable constraint, which DMS doesn't support (Qlik Replicate's limitations)",
        ),
        (
            table.has_unique_expression,
            "it has a unique index on an expression, such as coalesce, which DMS doesn't support",
        ),
    ];
    if let Some((_, reason)) = of_table.iter().find(|(holds, _)| *holds) {
        return Some((*reason).to_owned());
    }
    let names = [&table.schema, &table.name]
        .into_iter()
        .chain(table.columns.iter().map(|column| &column.name));
    if let Some(name) = names.into_iter().find(|name| !is_plain_name(name)) {
        return Some(format!(
            "DMS doesn't document how the name {name:?} is matched"
        ));
    }
    if let Some([one, other]) = namesakes(&table.columns) {
        return Some(format!(
            "the names of columns {one:?} and {other:?} differ only by case, which DMS doesn't document"
        ));
    }
    table.columns.iter().find_map(obstacle_of_column)
}

fn namesakes(columns: &[Column]) -> Option<[&str; 2]> {
    let mut seen = BTreeMap::new();
    columns.iter().find_map(|column| {
        let earlier = seen.insert(column.name.to_lowercase(), column.name.as_str());
        earlier.map(|earlier| [earlier, column.name.as_str()])
    })
}

/// Letters, digits, `_`, `-`: no wildcard of a table mapping but `_`, which can be escaped, and no quoting.
fn is_plain_name(name: &str) -> bool {
    name.chars()
        .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
}

fn obstacle_of_column(column: &Column) -> Option<String> {
    let because = |what: &str| Some(format!("column {:?}: {what}", column.name));
    if column.generated == Generated::Stored {
        return because(
            "generated columns are read as plain ones and can't be written (AWS database blog)",
        );
    }
    if column.identity == Identity::Always {
        return because(
            "GENERATED ALWAYS AS IDENTITY refuses the values that DMS inserts (AWS database blog)",
        );
    }
    match &column.kind {
        Type::Faithful | Type::Varchar { bounded: true } => None,
        Type::Numeric(Some(Numeric { precision, scale }))
            if *precision < 39 && (0..=*precision).contains(scale) =>
        {
            None
        }
        Type::Numeric(Some(_)) => {
            because("numeric of 39 digits and more, or with an unusual scale, becomes a string")
        }
        Type::Numeric(None) => because("numeric without precision becomes numeric(28,6)"),
        Type::Float | Type::DateLike => None,
        Type::Varchar { bounded: false } => {
            because("varchar without length is cut at a width of DMS's")
        }
        Type::Other(name) => because(&obstacle_of_type(name)),
    }
}

/// What the user guide says about a type that isn't carried as it is.
fn obstacle_of_type(name: &str) -> String {
    let what = match name {
        "text" | "bytea" | "json" | "jsonb" | "xml" | "hstore" | "citext" => {
            "is a LOB, cut at the task's LOB limit"
        }
        "bpchar" => "loses its trailing blanks",
        "time" => "may lose its microseconds (a vendor's report)",
        "timetz" => "may lose its zone",
        "interval" => "is carried as a string",
        "money" => "is carried as numeric, and its text depends on lc_monetary",
        "bit" | "varbit" => "is carried as a string",
        "oid" | "lo" => "may name a large object, which isn't migrated",
        "inet" | "macaddr" | "macaddr8" | "tsvector" | "tsquery" | "line" | "lseg" | "box"
        | "path" | "circle" => "isn't migrated",
        _ if name.ends_with("[]") => "is an array, carried as a LOB",
        _ if name.ends_with("range") => "is a range, which isn't migrated",
        _ => "isn't among the types that DMS carries as they are",
    };
    format!("{name} {what}")
}

#[cfg(test)]
mod tests;
