//! What a run of this mode had to tell, kept for the run that goes on when it ends before its result is written.

use tenant_restore_core::error::Cause;
use tenant_restore_core::job::Remark;

use crate::context::Context;
use crate::storage;

const FILE: &str = "opening-remarks.json";

/// Keeps the remarks of this run, and of earlier ones.
pub async fn keep(context: &Context, more: &[Remark]) -> Result<(), Cause> {
    let remarks: Vec<&Remark> = context.remarks.iter().chain(more).collect();
    storage::write_json(&*context.storage, &context.work_key(FILE), &remarks).await
}

/// Tells what earlier runs kept.
pub async fn tell(context: &mut Context) -> Result<(), Cause> {
    let key = context.work_key(FILE);
    if context.storage.find(&key).await?.is_some() {
        let kept: Vec<Remark> = storage::read_json(&*context.storage, &key).await?;
        context.remarks.extend(kept);
    }
    Ok(())
}
