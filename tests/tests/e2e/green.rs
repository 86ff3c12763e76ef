//! A restore to which nothing happens: two damaged schemas come back, and every promise about that is held.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;
use tenant_restore_tests::audit::Audit;
use tenant_restore_tests::contents::{self, Contents};
use tenant_restore_tests::outcome::Outcome;
use tenant_restore_tests::{Context, Error, Result, inventory, leftovers, report, samples};
use tokio::sync::{Mutex, OnceCell};

use crate::stage::{ENDS_WITHIN, Stage, TAG, Tenant, none_of, play, text};

const NAME: &str = "green";
const WANTED: [&str; 2] = ["green_a1", "green_a2"];
/// A tenant of the same database for which nobody asked.
const NEIGHBOUR: &str = "green_a3";

/// The two wanted schemas after the accident, and the neighbour; read before the restore.
struct Green {
    tenant: Mutex<Tenant>,
    before: Vec<(&'static str, Contents)>,
    outcome: Outcome,
}

static GREEN: OnceCell<Result<Green, String>> = OnceCell::const_new();

async fn green(stage: &Stage) -> Result<&'static Green> {
    let green = GREEN.get_or_init(async || restore(stage).await.map_err(|error| error.to_string()));
    green
        .await
        .as_ref()
        .map_err(|error| Error::new(error.clone()))
}

async fn restore(stage: &Stage) -> Result<Green> {
    let mut tenant = stage.tenant(NAME, &WANTED).await?;
    samples::load_schema(&tenant.connection, NEIGHBOUR).await?;
    let accident = "delete from green_a1.order_items; drop table green_a1.order_items cascade;
                    update green_a2.orders set total = 0";
    tenant
        .connection
        .batch_execute(accident)
        .await
        .context("damage the tenants")?;
    let mut before = Vec::new();
    for schema in [WANTED[0], WANTED[1], NEIGHBOUR] {
        before.push((
            schema,
            contents::read(&mut tenant.connection, schema).await?,
        ));
    }
    let request = tenant.request(&stage.request_id(NAME));
    let outcome = stage.ask(&request).await?;
    if outcome.outcome != "COMPLETED" {
        return Err(Error::new(format!(
            "it ended as {}:\n{}",
            outcome.outcome,
            outcome.why()
        )));
    }
    Ok(Green {
        tenant: Mutex::new(tenant),
        before,
        outcome,
    })
}

impl Green {
    fn id(&self) -> Result<&str> {
        self.outcome
            .restore_id
            .as_deref()
            .context("find the restore's id")
    }

    async fn report(&self, stage: &Stage) -> Result<Value> {
        let uri = self.outcome.report.as_deref().context("find the report")?;
        report::read(&stage.cloud, uri).await
    }
}

#[test]
fn every_schema_is_back_under_its_new_name_with_all_its_rows_objects_and_grants() {
    play(async |stage| {
        let green = green(stage).await?;
        let mut tenant = green.tenant.lock().await;
        let Tenant {
            truth, connection, ..
        } = &mut *tenant;
        assert_eq!(green.outcome.schemas.len(), WANTED.len());
        for pair in &green.outcome.schemas {
            let restored_as = pair.restored_as.as_deref().context("find the new name")?;
            let suffix = truth.at.strftime("%Y%m%d%H%M%S");
            assert_eq!(restored_as, format!("{}_{suffix}", pair.schema));
            let differences = truth
                .differences(connection, &pair.schema, restored_as)
                .await?;
            none_of(&format!("{restored_as} differs"), &differences)?;
        }
        Ok(())
    });
}
