//! Looks for values that DMS changes although it carries their type: NaN, infinities, dates outside years 1 to 9999,
//! characters of four bytes.

use tokio_postgres::Client;

use super::facts::{Column, Table, Type};
use crate::extract::reader;
use crate::names::{qualified, quote_ident};

/// What DMS would do to a value that is in the table; `None` when it has none such.
///
/// Scans the table once, with built-in operators only.
pub async fn table_with_unfaithful_values(
    client: &Client,
    table: &Table,
) -> Result<Option<String>, tokio_postgres::Error> {
    let suspects: Vec<(&Column, &str, String)> =
        table.columns.iter().filter_map(suspicion).collect();
    if suspects.is_empty() {
        return Ok(None);
    }
    client.batch_execute(reader::BEGIN).await?;
    let row = client.query_one(&scan(table, &suspects), &[]).await?;
    client.batch_execute("commit").await?;
    for (index, (column, what, _)) in suspects.iter().enumerate() {
        if row.try_get::<_, bool>(index)? {
            return Ok(Some(format!("column {:?}: {what}", column.name)));
        }
    }
    Ok(None)
}

fn scan(table: &Table, suspects: &[(&Column, &str, String)]) -> String {
    let tests: Vec<String> = suspects
        .iter()
        .map(|(_, _, test)| format!("coalesce(pg_catalog.bool_or({test}), false)"))
        .collect();
    format!(
        "select {} from only {}",
        tests.join(", "),
        qualified(&table.schema, &table.name)
    )
}

/// The column with what would happen to the values that the test finds.
fn suspicion(column: &Column) -> Option<(&Column, &'static str, String)> {
    let name = quote_ident(&column.name);
    match column.kind {
        // A numeric with a precision holds no infinity (numeric.c), but it holds NaN.
        Type::Numeric(_) => Some((
            column,
            "a NaN becomes 0 (a vendor's report)",
            format!("{name} = 'NaN'"),
        )),
        Type::Float => {
            let test = format!("{name} in ('NaN', 'Infinity', '-Infinity')");
            Some((
                column,
                "what becomes of NaN and infinities isn't documented",
                test,
            ))
        }
        Type::DateLike => {
            let test = format!("{name} not between '0001-01-01' and '9999-12-31'");
            Some((
                column,
                "infinities and years outside 1 to 9999 become other dates",
                test,
            ))
        }
        // Such a character has three bytes more than characters; few values get as far as the pattern.
        Type::Varchar { .. } => Some((
            column,
            "characters of four bytes in UTF-8 aren't supported (\"Reference for AWS DMS\")",
            format!(
                "pg_catalog.octet_length({name}) > pg_catalog.char_length({name}) + 2 \
                 and {name}::pg_catalog.text collate pg_catalog.\"C\" \
                 operator(pg_catalog.~) e'[\\\\U00010000-\\\\U0010FFFF]'"
            ),
        )),
        Type::Faithful | Type::Other(_) => None,
    }
}
