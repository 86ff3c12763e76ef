//! Foreign keys, made from the temporary database's catalog, each in transactions of its own.

use std::collections::HashMap;

use tenant_restore_core::error::{Cause, ErrorKind};
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Row};

use super::outside_keys;
use super::side_by_side::SizesOnDisk;
use crate::context::Context;
use crate::failed::{Failed, OrCause};
use crate::names::{qualified, quote_ident};
use crate::production::parallel::{self, Noting, Task};
use crate::production::schedule::{Hold, Needs};
use crate::production::statements::{Refused, Statement, apply, apply_together};
use crate::production::{ledger, restored_names};

/// A foreign key of a restored table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignKey {
    /// The restored schema.
    pub schema: String,
    /// Its table.
    pub table: String,
    /// The constraint.
    pub name: String,
    /// As `pg_get_constraintdef` shows it.
    pub definition: String,
    /// Whether every row is known to have its parent.
    pub validated: bool,
    /// Whether its table is partitioned, so that NOT VALID is impossible (up to 17).
    pub partitioned: bool,
    /// Whether it follows from the key of a partitioned parent.
    pub inherited: bool,
    /// Whether the referenced table is outside of the restored schemas.
    pub outside: bool,
    /// The referenced table's schema.
    pub referenced_schema: String,
    /// The referenced table.
    pub referenced_table: String,
    /// Its own columns.
    pub columns: Vec<String>,
    /// The referenced columns.
    pub referenced_columns: Vec<String>,
    /// How each pair of columns is compared, of `parent` and `child`: with schemas, as of the database that was asked.
    pub comparisons: Vec<String>,
    /// Whether comparing the columns calls no function of a tenant.
    pub plain: bool,
}

impl ForeignKey {
    /// Its name in the ledger and in reports.
    pub fn title(&self) -> String {
        format!("{} on {}", quote_ident(&self.name), self.quoted_table())
    }

    /// Its table, quoted.
    pub fn quoted_table(&self) -> String {
        qualified(&self.schema, &self.table)
    }

    /// The referenced table, quoted.
    pub fn quoted_referenced(&self) -> String {
        qualified(&self.referenced_schema, &self.referenced_table)
    }

    /// The statement that adds it as it was.
    pub fn add(&self) -> Statement {
        let (table, name) = (self.quoted_table(), quote_ident(&self.name));
        Statement {
            sql: format!(
                "alter table {table} add constraint {name} {}",
                self.definition
            ),
            name: format!("foreign key {}", self.title()),
        }
    }

    /// The statement that adds it without looking at the rows that are there.
    pub fn add_not_valid(&self) -> Statement {
        let mut statement = self.add();
        if self.validated {
            statement.sql.push_str(" not valid");
        }
        statement
    }

    /// The statement that looks at the rows.
    pub fn validate(&self) -> Statement {
        let (table, name) = (self.quoted_table(), quote_ident(&self.name));
        Statement {
            sql: format!("alter table {table} validate constraint {name}"),
            name: format!("validation of foreign key {}", self.title()),
        }
    }

    /// The query that counts the rows without a parent, as MATCH SIMPLE sees them. Of the key as production has it: an
    /// extension's operator has another schema in the temporary database.
    pub fn count_orphans(&self) -> String {
        let given: Vec<String> = self
            .columns
            .iter()
            .map(|column| format!("child.{} is not null", quote_ident(column)))
            .collect();
        format!(
            "select count(*) from {} child where {} and not exists (select from {} parent where {})",
            self.quoted_table(),
            given.join(" and "),
            self.quoted_referenced(),
            self.comparisons.join(" and ")
        )
    }
}

/// The prefix of a foreign key's step in the ledger, when it could not be made as it was.
pub const EXCEPTION: &str = "foreign key exception: ";

/// Adds every foreign key that production doesn't have yet.
///
/// Between restored tables a key is added NOT VALID, which takes a moment, and then validated: that locks its own table
/// only, against other validations, so that many run beside each other.
pub async fn restore(
    context: &mut Context,
    temporary: &Client,
    master: &Client,
    loader: &mut Client,
    sizes: &SizesOnDisk,
) -> Result<(), Failed> {
    let wanted = list(temporary, &restored_names(&context.job)).await?;
    let (outside, inside): (Vec<_>, Vec<_>) = wanted.into_iter().partition(|key| key.outside);
    let (trees, plain): (Vec<_>, Vec<_>) = inside
        .into_iter()
        .filter(|key| !key.inherited)
        .partition(|key| key.partitioned);
    add_not_valid(context, loader, &plain).await?;
    validate(context, master, loader, &plain, sizes).await?;
    let present = present(context, loader).await?;
    for key in trees
        .iter()
        .filter(|key| !present.contains_key(&key.title()))
    {
        let add = [key.add()];
        apply_together(loader, &add)
            .await
            .map_err(|refused| refused.cause(&add))?;
    }
    outside_keys::restore(context, master, loader, &outside).await?;
    Ok(())
}

/// The keys that production has, by their titles.
pub async fn present(
    context: &Context,
    production: &Client,
) -> Result<HashMap<String, ForeignKey>, Cause> {
    let keys = list(production, &restored_names(&context.job)).await?;
    Ok(keys.into_iter().map(|key| (key.title(), key)).collect())
}

async fn add_not_valid(
    context: &Context,
    loader: &mut Client,
    keys: &[ForeignKey],
) -> Result<(), Cause> {
    let present = present(context, loader).await?;
    let missing: Vec<Statement> = keys
        .iter()
        .filter(|key| !present.contains_key(&key.title()))
        .map(ForeignKey::add_not_valid)
        .collect();
    apply(loader, &missing).await
}

/// Validates what was valid. Rows without a parent were there before: such a key stays NOT VALID.
async fn validate(
    context: &mut Context,
    master: &Client,
    loader: &Client,
    keys: &[ForeignKey],
    sizes: &SizesOnDisk,
) -> Result<(), Failed> {
    let present = present(context, loader).await?;
    let home = context.job.schemas[0].restored_as.clone();
    let known = ledger::exceptions(loader, &home, EXCEPTION).await?;
    let mut todo = Vec::new();
    for key in keys.iter().filter(|key| key.validated) {
        if let Some(exception) = known.get(&key.title()) {
            remark_again(context, key, exception);
        } else if let Some(made) = present.get(&key.title()).filter(|made| !made.validated) {
            todo.push(made);
        }
    }
    let tasks = validations(&todo, sizes);
    let orphaned =
        parallel::run(context, master, &tasks, Noting::Repeatable, &lacks_parents).await?;
    for (at, _) in orphaned {
        let key = todo[at];
        let orphans = loader
            .query_one(&key.count_orphans(), &[])
            .await
            .or_cause(ErrorKind::ApplyFailed, || {
                format!("count the orphans of foreign key {}", key.title())
            })?;
        let message = format!(
            "{} rows have no parent row, so the key is NOT VALID",
            orphans.get::<_, i64>(0)
        );
        except(context, loader, key, "ForeignKeyNotValid", &message).await?;
    }
    Ok(())
}

fn validations(keys: &[&ForeignKey], sizes: &SizesOnDisk) -> Vec<Task> {
    let mut numbers: HashMap<String, usize> = HashMap::new();
    keys.iter()
        .map(|key| {
            let next = numbers.len();
            let number = *numbers.entry(key.quoted_table()).or_insert(next);
            let size = sizes.get(&(key.schema.clone(), key.table.clone()));
            Task {
                statement: key.validate(),
                needs: Needs {
                    after: Vec::new(),
                    tables: vec![(number, Hold::Alone)],
                    bytes: size.copied().unwrap_or(0),
                },
            }
        })
        .collect()
}

/// Tells a second run's reader what the first one noted.
pub fn remark_again(context: &mut Context, key: &ForeignKey, exception: &str) {
    let (code, message) = exception
        .split_once(": ")
        .unwrap_or(("ForeignKeyNotValid", exception));
    context.remark(code, key.title(), message);
}

/// The foreign keys of these schemas; those of leaves first.
async fn list(client: &Client, schemas: &[&str]) -> Result<Vec<ForeignKey>, Cause> {
    let rows = client
        .query(include_str!("foreign_keys.sql"), &[&schemas])
        .await
        .or_cause(ErrorKind::ApplyFailed, || "list the foreign keys")?;
    Ok(rows.iter().map(read).collect())
}

fn read(row: &Row) -> ForeignKey {
    ForeignKey {
        schema: row.get("schema"),
        table: row.get("table"),
        name: row.get("name"),
        definition: row.get("definition"),
        validated: row.get("validated"),
        partitioned: row.get("partitioned"),
        inherited: row.get("inherited"),
        outside: row.get("outside"),
        referenced_schema: row.get("referenced_schema"),
        referenced_table: row.get("referenced_table"),
        columns: row.get("own"),
        referenced_columns: row.get("referenced"),
        comparisons: row.get("comparisons"),
        plain: row.get("plain"),
    }
}

/// Whether a row without a parent was the reason.
pub fn lacks_parents(refused: &Refused) -> bool {
    refused.error.code() == Some(&SqlState::FOREIGN_KEY_VIOLATION)
}

/// Reports a key that isn't as it was, and notes it for the comparison.
pub async fn except(
    context: &mut Context,
    loader: &Client,
    key: &ForeignKey,
    code: &str,
    message: &str,
) -> Result<(), Cause> {
    let home = &context.job.schemas[0].restored_as;
    ledger::note_exception(
        loader,
        home,
        &format!("{EXCEPTION}{}", key.title()),
        &format!("{code}: {message}"),
    )
    .await
    .or_cause(ErrorKind::ApplyFailed, || {
        format!("note foreign key {}", key.title())
    })?;
    context.remark(code, key.title(), message);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A key of `"s"."t"` to `"public"."p"`.
    fn key() -> ForeignKey {
        ForeignKey {
            schema: "s".to_owned(),
            table: "t".to_owned(),
            name: "t_p".to_owned(),
            definition: "FOREIGN KEY (a, b) REFERENCES public.p(x, y)".to_owned(),
            validated: true,
            partitioned: false,
            inherited: false,
            outside: true,
            referenced_schema: "public".to_owned(),
            referenced_table: "p".to_owned(),
            columns: vec!["a".to_owned(), "b".to_owned()],
            referenced_columns: vec!["x".to_owned(), "y".to_owned()],
            comparisons: vec![
                "parent.x = child.a".to_owned(),
                "parent.y = child.b".to_owned(),
            ],
            plain: true,
        }
    }

    #[test]
    fn a_key_that_was_not_valid_is_not_marked_twice() {
        let valid = key();
        assert!(
            valid
                .add_not_valid()
                .sql
                .ends_with("public.p(x, y) not valid")
        );
        let definition = format!("{} NOT VALID", valid.definition);
        let not_valid = ForeignKey {
            validated: false,
            definition,
            ..valid
        };
        assert!(
            not_valid
                .add_not_valid()
                .sql
                .ends_with("public.p(x, y) NOT VALID")
        );
    }

    #[test]
    fn a_row_with_a_null_is_no_orphan() {
        let sql = key().count_orphans();
        assert!(sql.contains(r#"child."a" is not null and child."b" is not null"#));
        assert!(sql.contains("parent.x = child.a and parent.y = child.b"));
    }
}
