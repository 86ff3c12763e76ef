//! What the login role owned when its objects began to go to their owners: after that, an owner proves nothing any more.
//!
//! Kept beside the job's documents, where nobody in production can change it. Should the restore fail before its schemas are
//! open, the drop knows by it what is this restore's.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use tenant_restore_core::error::{Cause, ErrorKind};
use tokio_postgres::Client;

use crate::context::Context;
use crate::failed::OrCause as _;
use crate::storage;

const FILE: &str = "handed-over.json";

/// Objects by catalog and OID.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandedOver(BTreeSet<(u32, u32)>);

impl HandedOver {
    /// What was noted; nothing as long as nothing was handed over.
    pub async fn read(context: &Context) -> Result<Self, Cause> {
        let key = context.work_key(FILE);
        match context.storage.find(&key).await? {
            None => Ok(Self::default()),
            Some(_) => storage::read_json(&*context.storage, &key).await,
        }
    }

    /// The catalogs and the OIDs of the objects, side by side.
    pub fn columns(&self) -> (Vec<u32>, Vec<u32>) {
        self.0.iter().copied().unzip()
    }

    /// Whether anything was handed over.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Whether an opening has begun to hand over, or ended without anybody hearing of it: what comes before it is done, and can't
/// be repeated.
pub async fn has_begun(context: &Context) -> Result<bool, Cause> {
    Ok(!HandedOver::read(context).await?.is_empty())
}

/// Forgets what an opening noted whose schemas were dropped since: the restore begins anew.
pub async fn forget(context: &Context) -> Result<(), Cause> {
    let nothing = HandedOver::default();
    storage::write_json(&*context.storage, &context.work_key(FILE), &nothing).await
}

/// Notes what the login role owns, beside what an interrupted run had noted already.
pub async fn note(context: &Context, master: &Client) -> Result<(), Cause> {
    let mut objects = HandedOver::read(context).await?;
    let rows = master
        .query(include_str!("owned_here.sql"), &[&context.job.loader.role])
        .await
        .or_cause(ErrorKind::ApplyFailed, || "list what the login role owns")?;
    objects
        .0
        .extend(rows.iter().map(|row| (row.get(0), row.get(1))));
    storage::write_json(&*context.storage, &context.work_key(FILE), &objects).await
}
