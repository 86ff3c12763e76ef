//! One restore under faults: asked for, killed under, and judged by what it left.

use std::collections::BTreeSet;
use std::time::Duration;

use tenant_restore_tests::audit::Audit;
use tenant_restore_tests::database::{Database, identifier};
use tenant_restore_tests::outcome::{Outcome, is_end};
use tenant_restore_tests::request::Request;
use tenant_restore_tests::{Context, Result, command_line, leftovers};
use tokio::time::Instant;

use crate::plan::{Plan, Victim};
use crate::scene::{Place, Scene};
use crate::weather::Killer;

const TAG: &str = "main";

/// A restore that hasn't ended by then is stuck: some twenty times what one takes undisturbed.
const STUCK_AFTER: Duration = Duration::from_secs(300);

/// What became of a restore.
#[derive(Debug, Clone)]
pub struct Ended {
    pub number: u64,
    pub request_id: String,
    pub restore_id: String,
    /// `COMPLETED` or such; `stuck` if none came.
    pub outcome: String,
    /// Whether its kill struck.
    pub struck: bool,
    /// Of how many ticks that moved it, events would have come before if none were lost.
    pub late_ticks: usize,
    /// Ticks that moved it.
    pub moving_ticks: usize,
    /// Messages that woke a handler for it.
    pub wakes: usize,
    pub took: Duration,
    /// What should not be so.
    pub violations: Vec<String>,
}

/// Plays one restore to its end.
///
/// # Errors
/// What the harness itself meets; whatever the pipeline does wrong is a violation.
pub async fn play(scene: &Scene, killer: &Killer, plan: &Plan) -> Result<Ended> {
    let place = &scene.places[plan.database];
    let request_id = format!("chaos-{}-{}", scene.run, plan.number);
    let schemas = &place.schemas[..if plan.both { 2 } else { 1 }];
    let request = Request::new(&request_id, place.database, schemas, place.truth.at)
        .with("source", place.production.identifier.clone())
        .with("suffix", format!("c{}", plan.number))
        .with("mover", plan.mover);
    let is_request_killed = matches!(
        plan.victim,
        Victim::Handler {
            phase: "intake",
            invocation: 1,
            ..
        }
    );
    if is_request_killed {
        killer.ask(plan.victim, &request_id, "").await?;
    }
    let began = Instant::now();
    let restore_id = command_line::request(&request.detail).await?;
    if !is_request_killed {
        killer.ask(plan.victim, &request_id, &restore_id).await?;
    }
    let end = scene.chronicle.wait_for_end(&request_id, STUCK_AFTER).await;
    let took = began.elapsed();
    let struck = killer
        .has_struck(&scene.cloud, plan.victim, &request_id, &restore_id)
        .await?;
    let log = Audit::read(&scene.cloud, &restore_id).await?.log()?;
    let is_moving = |entry: &&_| is_moving_tick(entry);
    let mut ended = Ended {
        number: plan.number,
        request_id,
        restore_id,
        outcome: "stuck".to_owned(),
        struck,
        late_ticks: log.iter().filter(|entry| entry.is_late_tick()).count(),
        moving_ticks: log.iter().filter(is_moving).count(),
        wakes: log.len(),
        took,
        violations: Vec::new(),
    };
    match end {
        Err(stuck) => ended.violations.push(stuck.to_string()),
        Ok(outcome) => {
            ended.outcome.clone_from(&outcome.outcome);
            ended.violations = judge(scene, place, plan, struck, &outcome).await?;
        }
    }
    Ok(ended)
}

fn is_moving_tick(entry: &tenant_restore_tests::audit::LogEntry) -> bool {
    entry.cause == "tick" && entry.moved
}

async fn judge(
    scene: &Scene,
    place: &Place,
    plan: &Plan,
    struck: bool,
    outcome: &Outcome,
) -> Result<Vec<String>> {
    let mut database = place.connect().await?;
    let mut violations = Vec::new();
    if let Some(wrong) = wrong_outcome(plan.victim, struck, outcome) {
        violations.push(wrong);
    }
    for left in leftovers::of(&scene.cloud, &database, TAG, outcome).await? {
        violations.push(format!("left behind: {left}"));
    }
    if outcome.outcome == "COMPLETED" {
        violations.extend(differences(place, &mut database, outcome).await?);
    }
    Ok(violations)
}

/// A killed worker fails its restore, and nothing else may.
fn wrong_outcome(victim: Victim, struck: bool, outcome: &Outcome) -> Option<String> {
    let is_worker_killed = struck && matches!(victim, Victim::Worker { .. });
    let expected = if is_worker_killed {
        "FAILED"
    } else {
        "COMPLETED"
    };
    if outcome.outcome != expected {
        let (found, why) = (&outcome.outcome, outcome.why());
        return Some(format!("ended as {found} instead of {expected}: {why}"));
    }
    let names_it = outcome
        .causes
        .iter()
        .any(|cause| cause.kind == "TaskFailed");
    (is_worker_killed && !names_it)
        .then(|| format!("doesn't name the killed task: {}", outcome.why()))
}

/// How the restored schemas differ from the truth. They are dropped then, as there are many more to come.
async fn differences(
    place: &Place,
    database: &mut Database,
    outcome: &Outcome,
) -> Result<Vec<String>> {
    let mut all = Vec::new();
    for pair in &outcome.schemas {
        let restored_as = pair.restored_as.as_deref().context("read the new name")?;
        let found = place
            .truth
            .differences(database, &pair.schema, restored_as)
            .await?;
        all.extend(
            found
                .into_iter()
                .map(|line| format!("{restored_as} differs: {line}")),
        );
        let drop = format!("drop schema {} cascade", identifier(restored_as));
        database
            .batch_execute(&drop)
            .await
            .context(format!("drop {restored_as}"))?;
    }
    Ok(all)
}

/// What contradicts itself in everything that was told about a restore, on the bus and as notices.
pub fn contradictions(scene: &Scene, ended: &Ended) -> Vec<String> {
    let events = scene.chronicle.events(&ended.request_id);
    let notices = scene.chronicle.notices(&ended.request_id);
    let on_bus = events
        .into_iter()
        .filter(|event| is_end(&event.detail_type));
    let told: BTreeSet<_> = on_bus
        .map(|event| event.detail)
        .chain(notices.into_iter().map(|notice| notice.detail))
        .map(|detail| format!("{} {}", detail["outcomeId"], detail["outcome"]))
        .collect();
    if told.len() <= 1 {
        return Vec::new();
    }
    vec![format!("told different outcomes: {told:?}")]
}
