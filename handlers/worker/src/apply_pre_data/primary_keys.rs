//! Primary keys that come early: DMS needs them on the tables that it loads (DMS user guide, PostgreSQL as a target).

use std::collections::HashSet;

use tenant_restore_core::error::{Cause, ErrorKind};
use tenant_restore_core::job::{ExtractReport, Mover};
use tokio_postgres::Client;

use crate::archive::{Archive, PLAN_FILE};
use crate::context::Context;
use crate::failed::OrCause;
use crate::production::entries::{self, Part};
use crate::production::restored_names;
use crate::production::statements::Statement;
use crate::storage;

/// The entries of the primary keys of the tables that DMS loads. Post-data finds them in the ledger and passes them by.
pub async fn early(
    context: &Context,
    archive: &Archive,
    temporary: &Client,
) -> Result<Vec<Statement>, Cause> {
    let plan: ExtractReport =
        storage::read_json(context.storage.as_ref(), &context.work_key(PLAN_FILE)).await?;
    let by_dms: HashSet<(&str, &str)> = plan
        .tables
        .iter()
        .filter(|table| table.mover == Mover::Dms)
        .map(|table| (table.schema.as_str(), table.table.as_str()))
        .collect();
    if by_dms.is_empty() {
        return Ok(Vec::new());
    }
    let keys = temporary
        .query(
            include_str!("primary_keys.sql"),
            &[&restored_names(&context.job)],
        )
        .await
        .or_cause(ErrorKind::ExtractFailed, || "look for primary keys")?;
    // pg_dump's tag of a constraint is its table's name, a space and its own name.
    let tags: HashSet<(String, String)> = keys
        .iter()
        .filter(|key| by_dms.contains(&(key.get::<_, &str>(0), key.get::<_, &str>(1))))
        .map(|key| {
            (
                key.get(0),
                format!("{} {}", key.get::<_, &str>(1), key.get::<_, &str>(2)),
            )
        })
        .collect();
    let wanted = entries::of(archive, Part::PostData).filter(|entry| {
        let tag = (
            entry.namespace.clone().unwrap_or_default(),
            entry.tag.clone(),
        );
        entry.desc == "CONSTRAINT" && tags.contains(&tag)
    });
    Ok(wanted.map(entries::statement).collect())
}
