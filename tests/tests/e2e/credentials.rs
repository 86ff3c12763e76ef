//! The credentials of the restore point: a restored database has the password of its time, and the pipeline finds it.

use tenant_restore_tests::audit::Audit;
use tenant_restore_tests::kind::Kind;
use tenant_restore_tests::outcome::Outcome;
use tenant_restore_tests::production::Production;
use tenant_restore_tests::report::{Probe, Report};
use tenant_restore_tests::truth::Truth;
use tenant_restore_tests::{Context, Result, leftovers};

use crate::stage::{ENDS_WITHIN, Stage, TAG, Tenant, none_of, play, tenant_of};

const SCHEMA: &str = "rotated_1";

/// What the restore tried, and the effects of its log.
async fn found(stage: &Stage, outcome: &Outcome) -> Result<(Probe, Vec<String>)> {
    let report = outcome.report.as_deref().context("find the report")?;
    let report = Report::read(&stage.cloud, report).await?;
    let id = outcome.restore_id.as_deref().context("find the restore")?;
    let log = Audit::read(&stage.cloud, id).await?.log()?;
    let effects = log.into_iter().flat_map(|entry| entry.effects).collect();
    let probe = report.probe().context("find the probe")?.clone();
    Ok((probe, effects))
}

/// Asks for the schema at each of these times, all at once, and waits for the ends; each must be complete and faithful.
async fn restore_all(
    stage: &Stage,
    source: &Production,
    tenant: &mut Tenant,
    points: &[(&str, &Truth, &str)],
) -> Result<Vec<Outcome>> {
    for (name, truth, mover) in points {
        let request = tenant.request(&stage.request_id(name));
        request
            .with("source", source.identifier.clone())
            .with("restoreTime", truth.at.to_string())
            .with("mover", *mover)
            .publish(&stage.cloud)
            .await?;
    }
    let mut outcomes = Vec::new();
    for (name, truth, _) in points {
        let id = stage.request_id(name);
        let outcome = stage.chronicle.wait_for_end(&id, ENDS_WITHIN).await?;
        assert_eq!(outcome.outcome, "COMPLETED", "{name}: {}", outcome.why());
        let restored_as = outcome.schemas[0]
            .restored_as
            .as_deref()
            .context("find the new name")?;
        let connection = &mut tenant.connection;
        let differences = truth.differences(connection, SCHEMA, restored_as).await?;
        none_of(&format!("{restored_as} differs"), &differences)?;
        let left = leftovers::of(&stage.cloud, connection, TAG, &outcome).await?;
        none_of("left behind", &left)?;
        outcomes.push(outcome);
    }
    Ok(outcomes)
}

fn verdicts(probe: &Probe) -> Vec<(&str, &str)> {
    let tried = probe.tried.iter();
    tried
        .map(|tried| (tried.version.as_str(), tried.verdict.as_str()))
        .collect()
}

/// The password changes three times. One restore point lies before the changes, one within a rotation that has made its
/// version but not set its password, one after a password that its secret didn't hold yet.
#[test]
fn the_version_of_the_restore_point_is_found_around_three_rotations_without_a_reset() {
    play(async |stage| {
        let mut source = Production::create(&stage.cloud, &stage.request_id("rotated")).await?;
        let mut tenant = tenant_of(&source, "rotated", &[SCHEMA]).await?;
        let before = tenant.truth.clone();
        let first = source.current_version().await?;

        let password = source.new_password().await?;
        let second = source.put_pending_version(&password).await?;
        let within = Truth::note(&mut tenant.connection, &[SCHEMA]).await?;
        source.set_password(&password).await?;
        source.promote(&second).await?;

        let password = source.new_password().await?;
        source.set_password(&password).await?;
        let early = Truth::note(&mut tenant.connection, &[SCHEMA]).await?;
        let third = source.put_version(&password).await?;

        let password = source.new_password().await?;
        source.put_version(&password).await?;
        source.set_password(&password).await?;
        let last = Truth::note(&mut tenant.connection, &[SCHEMA]).await?;
        source.wait_until_restorable(last.at).await?;

        let points = [
            ("before-rotations", &before, "auto"),
            ("within-a-rotation", &within, "copy"),
            ("before-its-version", &early, "copy"),
        ];
        let outcomes = restore_all(stage, &source, &mut tenant, &points).await?;
        let expected: [&[(&str, &str)]; 3] = [
            &[(&first, "accepted")],
            &[(&second, "refused"), (&first, "accepted")],
            &[
                (&second, "refused"),
                (&first, "refused"),
                (&third, "accepted"),
            ],
        ];
        for (outcome, expected) in outcomes.iter().zip(expected) {
            let (probe, effects) = found(stage, outcome).await?;
            assert_eq!(verdicts(&probe), expected);
            assert_eq!(
                probe.version.as_deref(),
                Some(expected[expected.len() - 1].0)
            );
            let resets = effects.iter().filter(|effect| effect.starts_with("reset"));
            assert_eq!(resets.count(), 0, "{effects:?}");
        }
        source.delete().await
    });
}

/// Somebody set a password that the secret never held.
fn is_reset_where_no_version_logs_in(kind: Kind) {
    play(async |stage| {
        let name = format!("unknown-{}", kind.as_str());
        let mut source =
            Production::create_of(&stage.cloud, &stage.request_id(&name), kind).await?;
        let mut tenant = tenant_of(&source, "unknown", &[SCHEMA]).await?;
        let first = source.current_version().await?;
        let unknown = source.new_password().await?;
        source.set_password(&unknown).await?;
        let truth = Truth::note(&mut tenant.connection, &[SCHEMA]).await?;
        let password = source.new_password().await?;
        source.set_password(&password).await?;
        let second = source.put_version(&password).await?;
        source.wait_until_restorable(truth.at).await?;

        let points = [(name.as_str(), &truth, "auto")];
        let outcomes = restore_all(stage, &source, &mut tenant, &points).await?;
        let (probe, effects) = found(stage, &outcomes[0]).await?;
        assert_eq!(
            verdicts(&probe),
            [(first.as_str(), "refused"), (second.as_str(), "refused")]
        );
        let id = outcomes[0].restore_id.as_deref().context("find the id")?;
        let steps = [
            "run task ddl",
            "reset the master password",
            "run task ddl-reset",
        ];
        let mut position = 0;
        for step in steps {
            let next = effects[position..]
                .iter()
                .position(|it| it.starts_with(step));
            position += 1 + next.unwrap_or_else(|| panic!("no {step:?} of {id} in {effects:?}"));
        }
        source.delete().await
    });
}

#[test]
fn only_where_no_version_logs_in_is_the_password_of_the_temporary_instance_reset() {
    is_reset_where_no_version_logs_in(Kind::SingleAz);
}

/// A member of a cluster has no master of its own (RDS API reference, ModifyDBInstance).
#[test]
fn only_where_no_version_logs_in_is_the_password_of_the_temporary_cluster_reset() {
    is_reset_where_no_version_logs_in(Kind::AuroraProvisioned);
}
