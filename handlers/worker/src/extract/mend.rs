//! Mends source text that a rename can't reach, in the rename's transaction: bodies of routines, and their settings. What only
//! may mean a schema stays, and `text` reports it.

mod routine;

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use tenant_restore_core::error::{Cause, ErrorKind};
use tenant_restore_core::job::{Mended, MendedPlace, Remark, SchemaName};
use tokio_postgres::{GenericClient, Row, Transaction};

use crate::connection::describe;
use crate::failed::OrCause as _;
use crate::text_references::{Place, Renamed};
use routine::Routine;

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
    /// The routine's OID, if PostgreSQL reads expressions in the statement.
    reads_expressions: Option<u32>,
}

/// Mends everything in the renamed schemas.
pub(super) async fn mend(
    transaction: &mut Transaction<'_>,
    schemas: &[SchemaName],
) -> Result<Mending, Cause> {
    let doing = || "mend text that names the renamed schemas";
    let renamed = renamed(&*transaction, schemas).await?;
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
    let evaluated = query(transaction, include_str!("mend/evaluated.sql"), &restored).await?;
    let evaluated: HashSet<u32> = evaluated.iter().map(|row| row.get(0)).collect();
    let (unsafe_ones, changes): (Vec<_>, Vec<_>) = changes.into_iter().partition(|change| {
        change
            .reads_expressions
            .is_some_and(|oid| evaluated.contains(&oid))
    });
    let mut mending = apply(transaction, changes).await?;
    let why = "it may hold a constant whose domain's checks would run as the master";
    let left = unsafe_ones.into_iter().map(|change| change.mended);
    mending
        .remarks
        .extend(left.map(|text| not_mended(text, why)));
    Ok(mending)
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
                let why = describe(&error);
                mending.remarks.push(not_mended(change.mended, &why));
            }
            Err(error) => return Err(error).or_cause(ErrorKind::ExtractFailed, doing),
        }
    }
    Ok(mending)
}

fn not_mended(mended: Mended, why: &str) -> Remark {
    Remark {
        code: NOT_MENDED.to_owned(),
        message: format!(
            "the {} names a renamed schema and could not be changed: {why}",
            mended.what
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

/// The renamed schemas, for whoever writes their names.
pub(super) async fn renamed(
    client: &(impl GenericClient + Sync),
    schemas: &[SchemaName],
) -> Result<Vec<Renamed>, Cause> {
    let mut renamed = Vec::new();
    for name in schemas {
        let row = client
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

pub(super) fn mended(what: &str, object: &str, places: Vec<Place>) -> Mended {
    let places = places.into_iter().map(|place| MendedPlace {
        line: place.line,
        column: place.column,
        from: place.schema.from,
        to: place.schema.to,
        old_text: place.old,
        new_text: place.new,
    });
    Mended {
        what: what.to_owned(),
        object: object.to_owned(),
        part: None,
        places: places.collect(),
    }
}
