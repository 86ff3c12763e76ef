//! What this job had to tell so far, kept for the run that goes on when it ends before its result is written.

use tenant_restore_core::error::Cause;
use tenant_restore_core::job::Remark;

use crate::context::Context;
use crate::storage;

const FILE: &str = "opening-remarks.json";

/// Keeps all remarks of the job, and these.
pub async fn keep(context: &Context, more: &[Remark]) -> Result<(), Cause> {
    let remarks: Vec<&Remark> = context.remarks.iter().chain(more).collect();
    storage::write_json(&*context.storage, &context.work_key(FILE), &remarks).await
}

/// Tells what an earlier run kept.
pub async fn tell(context: &mut Context) -> Result<(), Cause> {
    let kept: Vec<Remark> = storage::read_json(&*context.storage, &context.work_key(FILE)).await?;
    tell_once(context, kept);
    Ok(())
}

/// Tells what wasn't told yet.
pub fn tell_once(context: &mut Context, remarks: Vec<Remark>) {
    for remark in remarks {
        if !context.remarks.contains(&remark) {
            context.remarks.push(remark);
        }
    }
}
