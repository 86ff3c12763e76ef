//! Row level security in the temporary database: off while rows are read, because it filters even a member of the
//! owner when it is forced, and DMS; back before a dump, because the dump must have it.

use tenant_restore_core::error::{Cause, ErrorKind};
use tokio_postgres::Client;

use crate::failed::OrCause as _;
use crate::names::qualified;

/// Puts back what an earlier run switched off.
pub(super) async fn bring_back(client: &mut Client) -> Result<(), Cause> {
    let doing = || "bring back row level security in the temporary database";
    let transaction = client
        .transaction()
        .await
        .or_cause(ErrorKind::ExtractFailed, doing)?;
    let noted = transaction
        .query(include_str!("noted_row_security.sql"), &[])
        .await
        .or_cause(ErrorKind::ExtractFailed, doing)?;
    for row in &noted {
        let table = qualified(row.get("schema"), row.get("name"));
        let enable = if row.get("enabled") {
            "enable"
        } else {
            "disable"
        };
        let force = if row.get("forced") {
            "force"
        } else {
            "no force"
        };
        let alter =
            format!("alter table {table} {enable} row level security, {force} row level security");
        transaction
            .batch_execute(&alter)
            .await
            .or_cause(ErrorKind::ExtractFailed, doing)?;
    }
    transaction
        .execute("delete from tenant_restore_ledger.row_security", &[])
        .await
        .or_cause(ErrorKind::ExtractFailed, doing)?;
    transaction
        .commit()
        .await
        .or_cause(ErrorKind::ExtractFailed, doing)
}

/// Switches it off for every table of the schemas, and notes what was on.
pub(super) async fn switch_off(client: &mut Client, schemas: &[&str]) -> Result<(), Cause> {
    let doing = || "switch off row level security in the temporary database";
    let transaction = client
        .transaction()
        .await
        .or_cause(ErrorKind::ExtractFailed, doing)?;
    let protected = transaction
        .query(include_str!("note_row_security.sql"), &[&schemas])
        .await
        .or_cause(ErrorKind::ExtractFailed, doing)?;
    for row in &protected {
        let table = qualified(row.get("schema"), row.get("name"));
        let alter =
            format!("alter table {table} disable row level security, no force row level security");
        transaction
            .batch_execute(&alter)
            .await
            .or_cause(ErrorKind::ExtractFailed, doing)?;
    }
    transaction
        .commit()
        .await
        .or_cause(ErrorKind::ExtractFailed, doing)
}
