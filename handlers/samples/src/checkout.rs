//! The activity of the sample tenants: one checkout of each.

use std::collections::BTreeMap;

use sample_tenants::{CHECKOUT, by_database};
use serde::Serialize;
use tenant_restore_core::error::{Cause, ErrorKind};
use tenant_restore_worker::failed::OrCause;
use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

use crate::door::{Door, enter_schema};

/// A checkout of one tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Checkout {
    /// So many rows were written.
    Written(i64),
    /// An earlier delivery of the same order has written them.
    Repeated,
}

/// What became of all checkouts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Rows written, by schema.
    pub written: BTreeMap<&'static str, i64>,
    /// Schemas in which an earlier delivery has written.
    pub repeated: Vec<&'static str>,
    /// Why there was no checkout, by schema.
    pub failed: BTreeMap<&'static str, String>,
}

impl Summary {
    /// Adds a tenant's.
    pub fn add(&mut self, schema: &'static str, checkout: Result<Checkout, Cause>) {
        match checkout {
            Ok(Checkout::Written(rows)) => {
                self.written.insert(schema, rows);
            }
            Ok(Checkout::Repeated) => self.repeated.push(schema),
            Err(cause) => {
                self.failed.insert(schema, cause.to_string());
            }
        }
    }

    /// Whether nothing was done at all. A tenant that is damaged, as demonstrations do, must not hold up the others.
    pub fn is_vain(&self) -> bool {
        self.written.is_empty() && self.repeated.is_empty()
    }
}

/// Lets every sample tenant check out; `order` tells one checkout of a tenant from its next.
pub async fn all(door: &Door, order: &str) -> Summary {
    let mut summary = Summary::default();
    for (database, tenants) in by_database() {
        let entered = door.enter(database).await;
        for tenant in tenants {
            let checkout = match &entered {
                Ok(client) => check_out(client, tenant.schema, order).await,
                Err(cause) => Err(cause.clone()),
            };
            summary.add(tenant.schema, checkout);
        }
    }
    summary
}

async fn check_out(client: &Client, schema: &str, order: &str) -> Result<Checkout, Cause> {
    enter_schema(client, schema).await?;
    let placed = client.query_one(CHECKOUT, &[&order]).await;
    if let Err(error) = &placed
        && error.code() == Some(&SqlState::UNIQUE_VIOLATION)
    {
        return Ok(Checkout::Repeated);
    }
    let row = placed.or_cause(ErrorKind::ApplyFailed, || format!("check out in {schema}"))?;
    Ok(Checkout::Written(row.get(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_that_fails_is_told_and_does_not_make_the_others_vain() {
        let mut summary = Summary::default();
        let cause = Cause::new(ErrorKind::ApplyFailed, "could not check out in customer_a1");
        summary.add("customer_a1", Err(cause));
        assert!(summary.is_vain());
        summary.add("customer_a2", Ok(Checkout::Written(5)));
        assert!(!summary.is_vain());
        assert!(summary.failed["customer_a1"].contains("could not check out"));
    }

    #[test]
    fn a_repetition_is_no_failure() {
        let mut summary = Summary::default();
        summary.add("customer_a1", Ok(Checkout::Repeated));
        assert!(!summary.is_vain() && summary.failed.is_empty());
    }
}
