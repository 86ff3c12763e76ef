//! A restore to which nothing happens: two damaged schemas come back, and every promise about that is held.

use std::collections::BTreeSet;

use tenant_restore_tests::audit::Audit;
use tenant_restore_tests::contents::{self, Contents};
use tenant_restore_tests::outcome::{Outcome, is_end};
use tenant_restore_tests::production::DEFAULT_SOURCE;
use tenant_restore_tests::report::Report;
use tenant_restore_tests::{Context, Error, Result, function_logs, inventory, leftovers, samples};
use tokio::sync::{Mutex, OnceCell};

use crate::stage::{Stage, TAG, Tenant, none_of, play};

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

    async fn report(&self, stage: &Stage) -> Result<Report> {
        let uri = self.outcome.report.as_deref().context("find the report")?;
        Report::read(&stage.cloud, uri).await
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

#[test]
fn dms_and_copy_each_move_the_tables_that_they_carry() {
    play(async |stage| {
        let report = green(stage).await?.report(stage).await?;
        for (table, mover) in [
            ("products", "dms"),
            ("order_items", "dms"),
            ("users", "copy"),
            ("orders", "copy"),
        ] {
            let plans: Vec<_> = report.tables().filter(|plan| plan.table == table).collect();
            assert_eq!(
                plans.len(),
                WANTED.len(),
                "{table} is planned once per schema"
            );
            for plan in plans {
                assert_eq!(
                    plan.mover, mover,
                    "{}.{table}: {}",
                    plan.schema, plan.reason
                );
            }
        }
        Ok(())
    });
}

#[test]
fn the_report_keeps_what_dms_told_of_its_tables() {
    play(async |stage| {
        let report = green(stage).await?.report(stage).await?;
        for plan in report.tables() {
            let told = report.replicated(plan);
            assert_eq!(told.is_some(), plan.mover == "dms", "{plan:?}");
            let Some(told) = told else { continue };
            assert!(told.rows > 0, "{told:?}");
            assert!(told.began.is_some() && told.began <= told.ended, "{told:?}");
        }
        Ok(())
    });
}

#[test]
fn functions_whose_body_named_the_old_schema_name_the_restored_one() {
    play(async |stage| {
        let green = green(stage).await?;
        let report = green.report(stage).await?;
        let tenant = green.tenant.lock().await;
        for pair in &green.outcome.schemas {
            let restored_as = pair.restored_as.as_deref().context("find the new name")?;
            let naming = async |within: &str, named: &str| {
                inventory::functions_that_name(&tenant.connection, within, named).await
            };
            assert!(naming(restored_as, &pair.schema).await?.is_empty());
            assert_eq!(
                naming(restored_as, restored_as).await?,
                ["order_total"],
                "the sample's one function of that kind"
            );
            let object = format!("{restored_as}.order_total(");
            let mended = report
                .mended()
                .any(|mended| mended.what == "function body" && mended.object.starts_with(&object));
            assert!(mended, "the report doesn't list {object}…)");
        }
        Ok(())
    });
}

#[test]
fn live_schemas_and_other_tenants_stay_as_they_were() {
    play(async |stage| {
        let green = green(stage).await?;
        let mut tenant = green.tenant.lock().await;
        for (schema, before) in &green.before {
            let now = contents::read(&mut tenant.connection, schema).await?;
            assert_eq!(&now, before, "{schema}");
        }
        Ok(())
    });
}

#[test]
fn bus_and_topic_tell_the_same_outcome_once() {
    play(async |stage| {
        let green = green(stage).await?;
        let request_id = &green.outcome.request_id;
        let ends: Vec<_> = stage
            .chronicle
            .events(request_id)
            .into_iter()
            .filter(|event| is_end(&event.detail_type))
            .collect();
        let notices = stage.chronicle.notices(request_id);
        assert_eq!((ends.len(), notices.len()), (1, 1));
        assert_eq!(ends[0].detail_type, "RestoreCompleted");
        assert_eq!(ends[0].detail, notices[0].detail);
        let expected = [
            ("database", NAME),
            ("outcome", "COMPLETED"),
            ("source", DEFAULT_SOURCE),
        ];
        let mut attributes: Vec<_> = notices[0].attributes.iter().collect();
        attributes.sort();
        let attributes: Vec<_> = attributes
            .into_iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        assert_eq!(attributes, expected);
        Ok(())
    });
}

#[test]
fn it_is_accepted_and_then_told_phase_by_phase() {
    play(async |stage| {
        let green = green(stage).await?;
        let told: Vec<_> = stage
            .chronicle
            .events(&green.outcome.request_id)
            .iter()
            .map(|event| match event.detail["phase"].as_str() {
                Some(phase) => format!("{} {phase}", event.detail_type),
                None => event.detail_type.clone(),
            })
            .collect();
        // The bus keeps no order (EventBridge user guide), so only the set is promised; `at` has the order.
        let expected = [
            "RestoreAccepted",
            "RestoreCompleted",
            "RestoreProgressed cleanup",
            "RestoreProgressed complete",
            "RestoreProgressed ddl",
            "RestoreProgressed finalize",
            "RestoreProgressed migrate",
            "RestoreProgressed provision",
        ];
        assert_eq!(
            told.iter().map(String::as_str).collect::<BTreeSet<_>>(),
            expected.into()
        );
        assert_eq!(told.len(), expected.len(), "each once: {told:?}");
        let mut moves: Vec<_> = stage
            .chronicle
            .events(&green.outcome.request_id)
            .into_iter()
            .filter(|event| event.detail_type == "RestoreProgressed")
            .map(|event| event.detail)
            .collect();
        moves.sort_by_key(|detail| detail["at"].as_str().map(str::to_owned));
        let phases: Vec<_> = moves
            .iter()
            .filter_map(|detail| detail["phase"].as_str())
            .collect();
        assert_eq!(
            phases,
            [
                "provision",
                "ddl",
                "migrate",
                "finalize",
                "cleanup",
                "complete"
            ]
        );
        for pair in moves.windows(2) {
            assert_eq!(pair[1]["previous"], pair[0]["phase"]);
        }
        Ok(())
    });
}

#[test]
fn nothing_of_it_is_left_behind() {
    play(async |stage| {
        let green = green(stage).await?;
        let resources = Audit::read(&stage.cloud, green.id()?).await?.resources();
        let kinds: BTreeSet<_> = resources
            .iter()
            .map(|resource| resource.kind.as_str())
            .collect();
        let expected = [
            "database",
            "endpoint",
            "objects",
            "parameterGroup",
            "replicationInstance",
            "replicationTask",
            "secret",
        ];
        assert_eq!(
            kinds,
            expected.into(),
            "the audit record names what there was"
        );
        let there: Vec<_> = resources.iter().filter(|resource| !resource.gone).collect();
        assert!(
            there.is_empty(),
            "the audit record doesn't call gone: {there:?}"
        );
        let tenant = green.tenant.lock().await;
        none_of(
            "left behind",
            &leftovers::of(&stage.cloud, &tenant.connection, TAG, &green.outcome).await?,
        )
    });
}

#[test]
fn with_all_events_delivered_ticks_move_it_only_where_aws_sends_none() {
    play(async |stage| {
        let green = green(stage).await?;
        let log = Audit::read(&stage.cloud, green.id()?).await?.log()?;
        let moved_by: BTreeSet<_> = log
            .iter()
            .filter(|entry| entry.moved)
            .map(|entry| entry.cause.as_str())
            .collect();
        assert!(
            moved_by.is_superset(&["command", "event", "request"].into()),
            "{moved_by:?}"
        );
        let late: Vec<_> = log.iter().filter(|entry| entry.is_late_tick()).collect();
        assert!(late.is_empty(), "{late:#?}");
        Ok(())
    });
}

#[test]
fn its_handlers_log_neither_errors_nor_warnings() {
    play(async |stage| {
        let green = green(stage).await?;
        let (lines, complaints) = function_logs::about(&stage.cloud, green.id()?)?;
        assert!(lines > 0, "the functions' logs tell of it");
        none_of("complaints in a green run", &complaints)
    });
}
