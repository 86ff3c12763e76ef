//! What the demonstration claims after the restore. Every claim is checked; the untrue ones are answered.

use std::collections::BTreeMap;

use tenant_restore_tests::activity::Tally;
use tenant_restore_tests::audit::Audit;
use tenant_restore_tests::cloud::Cloud;
use tenant_restore_tests::database::Database;
use tenant_restore_tests::outcome::Outcome;
use tenant_restore_tests::production::DEFAULT_SOURCE;
use tenant_restore_tests::samples::Tenant;
use tenant_restore_tests::subscriber::Notice;
use tenant_restore_tests::{Context, Result, leftovers};

use crate::screen::Screen;
use crate::story::DATABASE;

const DEPLOYMENT_TAG: &str = "main";

/// The notice must tell of the same outcome as the event; answers what is untrue.
pub fn check_outcome(
    screen: &Screen,
    outcome: &Outcome,
    notice: &Notice,
    told: &Outcome,
) -> Vec<String> {
    screen.step("The notice that an SNS subscriber received");
    let mut attributes: Vec<_> = notice
        .attributes
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    attributes.sort();
    screen.say(&format!(
        "{}, outcome id {}",
        attributes.join(", "),
        told.outcome_id
    ));
    let mut untruths = Vec::new();
    if told.outcome_id != outcome.outcome_id {
        untruths.push("the notice and the event tell of different outcomes".to_owned());
    }
    let attributes = [
        ("outcome", "COMPLETED"),
        ("database", DATABASE),
        ("source", DEFAULT_SOURCE),
    ];
    for (name, expected) in attributes {
        if notice.attributes.get(name).map(String::as_str) != Some(expected) {
            untruths.push(format!(
                "the notice's attribute {name} is {:?}, not {expected}",
                notice.attributes.get(name)
            ));
        }
    }
    untruths
}

/// What the writers did during the restore. That none failed was checked when they were stopped.
pub fn show_others(
    screen: &Screen,
    earlier: &BTreeMap<Tenant, Tally>,
    tallies: &BTreeMap<Tenant, Tally>,
) {
    screen.step("Meanwhile, the other shops");
    for (tenant, tally) in tallies {
        let before = earlier.get(tenant).map_or(0, |tally| tally.checkouts);
        let during = tally.checkouts - before;
        let slowest = tally.slowest.as_millis();
        screen.say(&format!(
            "{}: {during} checkouts during the restore, none failed, slowest of all {slowest} ms",
            tenant.schema
        ));
    }
}

/// What the cleanup deleted by the audit record, and what is left; answers what is untrue.
///
/// # Errors
/// When something cannot be read.
pub async fn show_cleanup(
    screen: &Screen,
    cloud: &Cloud,
    database: &Database,
    outcome: &Outcome,
) -> Result<Vec<String>> {
    screen.step("What the cleanup deleted");
    let id = outcome
        .restore_id
        .as_deref()
        .context("find the restore's id")?;
    let audit = Audit::read(cloud, id).await?;
    let mut untruths = Vec::new();
    let resources = audit.resources();
    if resources.is_empty() {
        untruths.push("the audit record names no temporary resource".to_owned());
    }
    for resource in resources {
        screen.say(&format!("{} {}", words(&resource.kind), resource.name));
        if !resource.gone {
            untruths.push(format!(
                "the audit record does not say that {} is gone",
                resource.name
            ));
        }
    }
    let mut left = leftovers::in_aws(cloud, DEPLOYMENT_TAG, Some(id)).await?;
    left.extend(leftovers::in_database(database).await?);
    left.extend(leftovers::processes(DEPLOYMENT_TAG, Some(id))?);
    if left.is_empty() {
        screen.say("left behind: nothing (RDS, Secrets Manager, DMS, ECS, S3 work files, roles, markers, processes)");
    }
    untruths.extend(
        left.into_iter()
            .map(|leftover| format!("left behind: {leftover}")),
    );
    Ok(untruths)
}

/// What moved the restore, by its audit log: a tick may only where AWS sends no event; answers what is untrue.
///
/// # Errors
/// When the log cannot be read.
pub async fn show_moves(screen: &Screen, cloud: &Cloud, outcome: &Outcome) -> Result<Vec<String>> {
    screen.step("What moved it, by the audit log");
    let id = outcome
        .restore_id
        .as_deref()
        .context("find the restore's id")?;
    let log = Audit::read(cloud, id).await?.log()?;
    let mut moves = BTreeMap::<&str, usize>::new();
    for entry in log.iter().filter(|entry| entry.moved) {
        *moves.entry(&entry.cause).or_default() += 1;
    }
    let moves: Vec<_> = moves
        .iter()
        .map(|(cause, times)| format!("{cause} {times}"))
        .collect();
    screen.say(&format!(
        "{} entries; moved by: {}",
        log.len(),
        moves.join(", ")
    ));
    screen.say("ticks moved it only where AWS announces nothing (RDS available, DMS ready, connection tests, …)");
    let late = log.iter().filter(|entry| entry.is_late_tick());
    Ok(late
        .map(|entry| {
            format!(
                "a tick moved the restore at {}, waiting for {:?}",
                entry.at, entry.waited_for
            )
        })
        .collect())
}

/// `replicationInstance` as words.
fn words(name: &str) -> String {
    let mut words = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() {
            words.push(' ');
        }
        words.extend(letter.to_lowercase());
    }
    words
}
