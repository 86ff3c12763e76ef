//! The rename: PostgreSQL's job, in one transaction, so that references between the schemas follow.

use tenant_restore_core::error::{Cause, ErrorKind};
use tenant_restore_core::job::{Job, SchemaName};
use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

use super::{ledger, mend};
use crate::connection::describe;
use crate::failed::{Failed, OrCause as _};
use crate::names::quote_ident;

/// Names every schema that the temporary database doesn't have.
pub(super) async fn check_schemas(
    client: &Client,
    schemas: &[SchemaName],
    renamed: bool,
) -> Result<(), Failed> {
    let expected = current_names(schemas, renamed);
    let rows = client
        .query(
            "select nspname::text from pg_catalog.pg_namespace where nspname::text = any ($1)",
            &[&expected],
        )
        .await
        .or_cause(
            ErrorKind::ExtractFailed,
            || "look for the schemas in the temporary database",
        )?;
    let present: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    Failed::from_causes(missing(schemas, &expected, &present))
}

/// The names that the schemas have at this moment.
pub(super) fn current_names(schemas: &[SchemaName], renamed: bool) -> Vec<&str> {
    schemas
        .iter()
        .map(|name| {
            if renamed {
                &name.restored_as
            } else {
                &name.schema
            }
        })
        .map(String::as_str)
        .collect()
}

fn missing(schemas: &[SchemaName], expected: &[&str], present: &[String]) -> Vec<Cause> {
    let absent = |(index, name): (usize, &&str)| {
        let message = format!(
            "schema {:?} doesn't exist at the restore point",
            schemas[index].schema
        );
        let is_there = present.iter().any(|there| there == name);
        (!is_there)
            .then(|| Cause::new(ErrorKind::SchemaMissing, message).at(format!("schemas[{index}]")))
    };
    expected.iter().enumerate().filter_map(absent).collect()
}

/// Renames all of them or none, mends the text that names them, and notes both in the ledger.
pub(super) async fn rename_all(client: &mut Client, job: &Job) -> Result<(), Cause> {
    let doing = || "rename the schemas in the temporary database";
    let mut transaction = client
        .transaction()
        .await
        .or_cause(ErrorKind::ExtractFailed, doing)?;
    for name in &job.schemas {
        let rename = format!(
            "alter schema {} rename to {}",
            quote_ident(&name.schema),
            quote_ident(&name.restored_as)
        );
        transaction
            .batch_execute(&rename)
            .await
            .map_err(|error| refusal(name, &error))?;
    }
    let mending = mend::mend(&mut transaction, &job.schemas).await?;
    ledger::note_renamed(&transaction, job, &mending)
        .await
        .or_cause(ErrorKind::ExtractFailed, doing)?;
    transaction
        .commit()
        .await
        .or_cause(ErrorKind::ExtractFailed, doing)
}

fn refusal(name: &SchemaName, error: &tokio_postgres::Error) -> Cause {
    let SchemaName {
        schema,
        restored_as,
    } = name;
    let why = describe(error);
    match error.code() {
        Some(code) if *code == SqlState::DUPLICATE_SCHEMA => {
            let message =
                format!("at the restore point there was a schema {restored_as:?} already: {why}");
            Cause::new(ErrorKind::TargetNameTaken, message).at("suffix")
        }
        Some(code) if *code == SqlState::LOCK_NOT_AVAILABLE => {
            let message = format!(
                "could not rename schema {schema:?}: {why}; a prepared transaction of the restore point may hold it"
            );
            Cause::new(ErrorKind::ExtractFailed, message)
        }
        _ => Cause::new(
            ErrorKind::ExtractFailed,
            format!("could not rename schema {schema:?}: {why}"),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_missing_schema_is_named_with_its_field() {
        let name = |schema: &str| SchemaName {
            schema: schema.to_owned(),
            restored_as: format!("{schema}_r"),
        };
        let schemas = [name("a"), name("b"), name("c")];
        let causes = missing(
            &schemas,
            &current_names(&schemas, true),
            &["b_r".to_owned()],
        );
        let fields: Vec<_> = causes.iter().map(|cause| cause.field.as_deref()).collect();
        assert_eq!(fields, [Some("schemas[0]"), Some("schemas[2]")]);
        assert!(causes[1].message.contains("\"c\""));
    }
}
