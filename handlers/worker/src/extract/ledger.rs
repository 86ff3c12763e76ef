//! What this restore has already changed in the temporary database, written in the transaction that changed it.

use tenant_restore_core::error::{Cause, ErrorKind};
use tenant_restore_core::job::Job;
use tokio_postgres::types::Json;
use tokio_postgres::{Client, Transaction};

use super::mend::Mending;
use crate::failed::OrCause as _;

/// The restore that renamed the schemas, if one did.
pub(super) type Renamed = Option<String>;

/// Creates the ledger, if this is the first run, and reads it.
pub(super) async fn open(client: &Client) -> Result<Renamed, Cause> {
    let doing = || "open the ledger in the temporary database";
    client
        .batch_execute(include_str!("ledger.sql"))
        .await
        .or_cause(ErrorKind::ExtractFailed, doing)?;
    let row = client
        .query_opt("select restore_id from tenant_restore_ledger.renamed", &[])
        .await
        .or_cause(ErrorKind::ExtractFailed, doing)?;
    Ok(row.map(|row| row.get(0)))
}

/// Whether this restore renamed the schemas already; another restore's mark means a wrong server.
pub(super) fn is_renamed(ledger: &Renamed, job: &Job) -> Result<bool, Cause> {
    match ledger {
        None => Ok(false),
        Some(restore) if *restore == job.restore_id => Ok(true),
        Some(other) => {
            let message = format!(
                "the temporary database was prepared by restore {other}, not {}",
                job.restore_id
            );
            Err(Cause::new(ErrorKind::Internal, message))
        }
    }
}

/// Notes the rename, in its transaction.
pub(super) async fn note_renamed(
    transaction: &Transaction<'_>,
    job: &Job,
    mending: &Mending,
) -> Result<(), tokio_postgres::Error> {
    let insert = "insert into tenant_restore_ledger.renamed (restore_id, mending) values ($1, $2)";
    transaction
        .execute(insert, &[&job.restore_id, &Json(mending)])
        .await?;
    Ok(())
}

/// What was mended along with the rename.
pub(super) async fn mending(client: &Client) -> Result<Mending, Cause> {
    let doing = || "read in the ledger what was mended";
    let row = client
        .query_one("select mending from tenant_restore_ledger.renamed", &[])
        .await
        .or_cause(ErrorKind::ExtractFailed, doing)?;
    let Json(mending) = row.try_get(0).or_cause(ErrorKind::ExtractFailed, doing)?;
    Ok(mending)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample_job::job;

    #[test]
    fn only_this_restores_mark_counts() {
        assert_eq!(is_renamed(&None, &job()), Ok(false));
        assert_eq!(is_renamed(&Some(job().restore_id), &job()), Ok(true));
        assert_eq!(
            is_renamed(&Some("other".to_owned()), &job())
                .unwrap_err()
                .kind,
            ErrorKind::Internal
        );
    }
}
