//! Mends text that a rename can't reach, in the rename's transaction: bodies and settings of routines, defaults,
//! policies. What only may mean a schema stays, and `text` reports it.

use serde::{Deserialize, Serialize};
use tenant_restore_core::error::{Cause, ErrorKind};
use tenant_restore_core::job::{Mended, MendedPlace, Remark, SchemaName};
use tokio_postgres::{Row, Transaction};

use crate::connection::describe;
use crate::failed::OrCause as _;
use crate::names::quote_ident;
use crate::text_references::{Renamed, rewrite, rewrite_setting};

/// Remark of an object that names an old schema and could not be changed.
pub const NOT_MENDED: &str = "NotMended";

/// What was mended, and what refused it.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Mending {
    pub(super) mended: Vec<Mended>,
    pub(super) remarks: Vec<Remark>,
}

/// A change of one object.
#[derive(Debug, PartialEq, Eq)]
struct Change {
    mended: Mended,
    statement: String,
}

/// Mends everything in the renamed schemas.
pub(super) async fn mend(
    transaction: &mut Transaction<'_>,
    schemas: &[SchemaName],
) -> Result<Mending, Cause> {
    let doing = || "mend text that names the renamed schemas";
    let renamed = renamed(transaction, schemas).await?;
    let restored: Vec<&str> = schemas
        .iter()
        .map(|name| name.restored_as.as_str())
        .collect();
    // A body is stored as it is: what it refers to may be missing, and only its owner's users ever run it.
    transaction
        .batch_execute("set local check_function_bodies = off")
        .await
        .or_cause(ErrorKind::ExtractFailed, doing)?;
    let mut changes = Vec::new();
    for row in query(transaction, include_str!("mend/routines.sql"), &restored).await? {
        let routine = Routine::read(&row).or_cause(ErrorKind::ExtractFailed, doing)?;
        changes.extend(routine.body_change(&renamed)?);
        changes.extend(routine.setting_changes(&renamed));
    }
    for row in query(transaction, include_str!("mend/expressions.sql"), &restored).await? {
        changes
            .extend(expression_change(&row, &renamed).or_cause(ErrorKind::ExtractFailed, doing)?);
    }
    apply(transaction, changes).await
}

/// A refused change is undone alone and told: a leakproof function, for one, takes a superuser.
async fn apply(transaction: &mut Transaction<'_>, changes: Vec<Change>) -> Result<Mending, Cause> {
    let doing = || "mend text that names the renamed schemas";
    let mut mending = Mending::default();
    for change in changes {
        let step = transaction
            .savepoint("mend")
            .await
            .or_cause(ErrorKind::ExtractFailed, doing)?;
        match step.batch_execute(&change.statement).await {
            Ok(()) => {
                step.commit()
                    .await
                    .or_cause(ErrorKind::ExtractFailed, doing)?;
                mending.mended.push(change.mended);
            }
            Err(error) if error.as_db_error().is_some() => {
                step.rollback()
                    .await
                    .or_cause(ErrorKind::ExtractFailed, doing)?;
                mending.remarks.push(not_mended(change.mended, &error));
            }
            Err(error) => return Err(error).or_cause(ErrorKind::ExtractFailed, doing),
        }
    }
    Ok(mending)
}

fn not_mended(mended: Mended, error: &tokio_postgres::Error) -> Remark {
    Remark {
        code: NOT_MENDED.to_owned(),
        message: format!(
            "the {} names a renamed schema and could not be changed: {}",
            mended.what,
            describe(error)
        ),
        object: mended.object,
    }
}

async fn query(
    transaction: &Transaction<'_>,
    statement: &str,
    restored: &[&str],
) -> Result<Vec<Row>, Cause> {
    transaction.query(statement, &[&restored]).await.or_cause(
        ErrorKind::ExtractFailed,
        || "read the definitions in the temporary database",
    )
}

async fn renamed(
    transaction: &Transaction<'_>,
    schemas: &[SchemaName],
) -> Result<Vec<Renamed>, Cause> {
    let mut renamed = Vec::new();
    for name in schemas {
        let row = transaction
            .query_one("select pg_catalog.quote_ident($1)", &[&name.restored_as])
            .await
            .or_cause(ErrorKind::ExtractFailed, || "quote the name of a schema")?;
        renamed.push(Renamed {
            from: name.schema.clone(),
            to: name.restored_as.clone(),
            identifier: row.get(0),
        });
    }
    Ok(renamed)
}

struct Routine {
    object: String,
    names: Vec<String>,
    body: String,
    definition: Option<String>,
    settings: Vec<String>,
}

impl Routine {
    fn read(row: &Row) -> Result<Self, tokio_postgres::Error> {
        Ok(Self {
            object: row.try_get("object")?,
            names: row.try_get("names")?,
            body: row.try_get("body")?,
            definition: row.try_get("definition")?,
            settings: row.try_get("settings")?,
        })
    }

    fn body_change(&self, renamed: &[Renamed]) -> Result<Option<Change>, Cause> {
        let Some(definition) = &self.definition else {
            return Ok(None);
        };
        let Some(new) = rewrite(&self.body, renamed, &self.names) else {
            return Ok(None);
        };
        let statement = with_body(definition, &self.body, &new.text).ok_or_else(|| {
            let message = format!(
                "the definition of {} doesn't end with its body",
                self.object
            );
            Cause::new(ErrorKind::ExtractFailed, message)
        })?;
        Ok(Some(Change {
            mended: mended("function body", &self.object, new.places),
            statement,
        }))
    }

    fn setting_changes(&self, renamed: &[Renamed]) -> impl Iterator<Item = Change> {
        self.settings.iter().filter_map(|setting| {
            let new = rewrite_setting(setting, renamed)?;
            // A setting's name may have two parts, as in `auto_explain.log_level`.
            let name: Vec<String> = new.name.split('.').map(quote_ident).collect();
            let statement = format!(
                "alter routine {} set {} to {}",
                self.object,
                name.join("."),
                new.value
            );
            Some(Change {
                mended: mended("function setting", &self.object, new.places),
                statement,
            })
        })
    }
}

fn expression_change(
    row: &Row,
    renamed: &[Renamed],
) -> Result<Option<Change>, tokio_postgres::Error> {
    let expression: &str = row.try_get("expression")?;
    let Some(new) = rewrite(expression, renamed, &[]) else {
        return Ok(None);
    };
    let (head, tail): (&str, &str) = (row.try_get("head")?, row.try_get("tail")?);
    Ok(Some(Change {
        mended: mended(row.try_get("what")?, row.try_get("object")?, new.places),
        statement: format!("{head}{}{tail}", new.text),
    }))
}

fn mended(what: &str, object: &str, places: Vec<(usize, usize, Renamed)>) -> Mended {
    let places = places
        .into_iter()
        .map(|(line, column, schema)| MendedPlace {
            line,
            column,
            from: schema.from,
            to: schema.to,
        });
    Mended {
        what: what.to_owned(),
        object: object.to_owned(),
        places: places.collect(),
    }
}

/// The definition with another body. `pg_get_functiondef` ends with the body between two equal dollar quotes.
fn with_body(definition: &str, body: &str, new: &str) -> Option<String> {
    let text = definition.trim_end();
    let quote = &text[text.strip_suffix('$')?.rfind('$')?..];
    let head = text
        .strip_suffix(quote)?
        .strip_suffix(body)?
        .strip_suffix(quote)?;
    let mut quote = quote.to_owned();
    while new.contains(&quote) {
        quote.insert(quote.len() - 1, 'x');
    }
    Some(format!("{head}{quote}{new}{quote}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_body_takes_the_old_ones_place_and_never_ends_its_own_quote() {
        let definition = "CREATE OR REPLACE FUNCTION a.f()\n RETURNS int\nAS $function$select $x$1$x$$function$\n";
        assert_eq!(
            with_body(definition, "select $x$1$x$", "select 2").as_deref(),
            Some("CREATE OR REPLACE FUNCTION a.f()\n RETURNS int\nAS $function$select 2$function$")
        );
        assert_eq!(
            with_body("AS $function$a$function$", "a", "'$function$'").as_deref(),
            Some("AS $functionx$'$function$'$functionx$")
        );
        assert_eq!(with_body("AS $function$a$function$", "b", "c"), None);
    }
}
