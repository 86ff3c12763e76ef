//! Event triggers of the restore point would run at our DDL in the temporary database, with the master's rights.

use tenant_restore_core::error::{Cause, ErrorKind};
use tokio_postgres::Client;

use crate::failed::{Failed, OrCause as _};
use crate::names::quote_ident;

/// Those that are enabled, and whether a role runs its code through it that is no superuser and isn't the master.
const ENABLED: &str =
    "select t.evtname::text, not r.rolsuper and r.rolname <> current_user, r.rolname::text
      from pg_catalog.pg_event_trigger t
      join pg_catalog.pg_proc p on p.oid = t.evtfoid
      join pg_catalog.pg_roles r on r.oid = p.proowner
     where t.evtenabled <> 'D'
     order by 1";

/// Disables them where the master may. Fails with every one that it may not and that runs a function of another role.
pub(super) async fn disable(client: &Client) -> Result<(), Failed> {
    let rows = client.query(ENABLED, &[]).await.or_cause(
        ErrorKind::ExtractFailed,
        || "look for event triggers in the temporary database",
    )?;
    let mut causes = Vec::new();
    for row in &rows {
        let (name, of_another, owner): (&str, bool, &str) = (row.get(0), row.get(1), row.get(2));
        let disable = format!("alter event trigger {} disable", quote_ident(name));
        if client.batch_execute(&disable).await.is_err() && of_another {
            causes.push(refusal(name, owner));
        }
    }
    Failed::from_causes(causes)
}

fn refusal(name: &str, owner: &str) -> Cause {
    let message = format!(
        "event trigger {name:?} runs a function of role {owner:?}, which would act with the master's rights on the temporary database"
    );
    let mut cause = Cause::new(ErrorKind::NotSupported, message);
    "Give the function to a superuser or the master, or disable the event trigger; then choose a later restore point."
        .clone_into(&mut cause.remedy);
    cause
}
