//! An accident on demand, so that there is something to restore: nobody else gets into the demonstration's database.

use sample_tenants::TENANTS;
use serde::Serialize;
use tenant_restore_core::error::{Cause, ErrorKind};
use tenant_restore_worker::failed::OrCause;

use crate::door::{Door, enter_schema};

/// A clean-up with the wrong condition: most orders go, and with them their lines. Before the second in which it begins,
/// all are there.
const ACCIDENT: &str = r#"
with lost as (delete from orders where id % 3 <> 0 returning id)
select count(*), to_char(now() at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') from lost"#;

/// What happened to a tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Accident {
    /// Its database.
    pub database: &'static str,
    /// Its schema.
    pub schema: &'static str,
    /// How many orders were deleted.
    pub lost_orders: i64,
    /// The last second before, as a request names it.
    pub restore_time: String,
}

/// Damages a sample tenant.
///
/// # Errors
/// When there is no such tenant, or why its rows could not be deleted.
pub async fn happen(door: &Door, schema: &str) -> Result<Accident, Cause> {
    let tenant = TENANTS.iter().find(|tenant| tenant.schema == schema);
    let tenant = tenant.ok_or_else(|| {
        Cause::new(
            ErrorKind::InvalidRequest,
            format!("{schema} is no sample tenant"),
        )
    })?;
    let client = door.enter(tenant.database).await?;
    enter_schema(&client, tenant.schema).await?;
    let row = client
        .query_one(ACCIDENT, &[])
        .await
        .or_cause(ErrorKind::ApplyFailed, || {
            format!("delete orders of {schema}")
        })?;
    Ok(Accident {
        database: tenant.database,
        schema: tenant.schema,
        lost_orders: row.get(0),
        restore_time: row.get(1),
    })
}
