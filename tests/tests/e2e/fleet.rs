//! One pipeline, many databases: restores that run at the same time don't meet.

use jiff::Timestamp;
use tenant_restore_tests::production::Production;
use tenant_restore_tests::subscriber::Event;
use tenant_restore_tests::{Context, Result, leftovers};

use crate::stage::{ENDS_WITHIN, TAG, none_of, play, tenant_of};

/// From the first to the last moment of a restore, by its outcome.
fn duration(end: &Event) -> Result<(Timestamp, Timestamp)> {
    let instant = |field: &str| {
        let text = end.detail[field]
            .as_str()
            .context(format!("read {field}"))?;
        text.parse::<Timestamp>().context(format!("read {field}"))
    };
    Ok((instant("startedAt")?, instant("endedAt")?))
}

/// The second one's source is not the default, has its secret by a tag, and is named by ARN; its schema is gone since.
#[test]
fn two_restores_of_different_databases_and_sources_run_at_once() {
    play(async |stage| {
        let other = Production::create(&stage.cloud, &stage.request_id("fleet-b")).await?;
        let (mut a, mut b) = futures::try_join!(
            stage.tenant("fleet_a", &["fleet_a1"]),
            tenant_of(&other, "fleet_b", &["Fleet b.1"]),
        )?;
        b.connection
            .batch_execute("drop schema \"Fleet b.1\" cascade")
            .await
            .context("lose a tenant")?;
        let ids = [stage.request_id("fleet-a"), stage.request_id("fleet-b")];
        let arn = format!(
            "arn:aws:rds:{}:000000000000:db:{}",
            stage.cloud.region, other.identifier
        );
        a.request(&ids[0]).publish(&stage.cloud).await?;
        b.request(&ids[1])
            .with("source", arn)
            .with("suffix", "back")
            .publish(&stage.cloud)
            .await?;

        let mut times = Vec::new();
        for (id, tenant, schema) in [
            (&ids[0], &mut a, "fleet_a1"),
            (&ids[1], &mut b, "Fleet b.1"),
        ] {
            let outcome = stage.chronicle.wait_for_end(id, ENDS_WITHIN).await?;
            assert_eq!(outcome.outcome, "COMPLETED", "{}", outcome.why());
            let end = stage
                .chronicle
                .wait_for(id, "RestoreCompleted", ENDS_WITHIN)
                .await?;
            times.push(duration(&end)?);
            let restored_as = outcome.schemas[0]
                .restored_as
                .as_deref()
                .context("find the new name")?;
            let differences = tenant
                .truth
                .differences(&mut tenant.connection, schema, restored_as)
                .await?;
            none_of(&format!("{restored_as} differs"), &differences)?;
            let left = leftovers::of(&stage.cloud, &tenant.connection, TAG, &outcome).await?;
            none_of("left behind", &left)?;
        }
        assert!(
            times[0].0 < times[1].1 && times[1].0 < times[0].1,
            "not at once: {times:?}"
        );
        other.delete().await
    });
}
