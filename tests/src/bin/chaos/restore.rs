//! One restore under faults: asked for, killed under, and judged by what it left.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;
use tenant_restore_tests::audit::Audit;
use tenant_restore_tests::database::{Database, identifier};
use tenant_restore_tests::outcome::{Outcome, is_end};
use tenant_restore_tests::request::Request;
use tenant_restore_tests::{Context, Result, command_line, leftovers, wait};
use tokio::time::Instant;

use crate::kills::{Blow, Killer};
use crate::plan::{Job, Plan, Victim};
use crate::scene::{Place, Scene};
use crate::weather;

const TAG: &str = "main";

/// A restore that nothing has woken for so long is stuck: a dozen times the longest interval of its ticks. One that is
/// only slow, on a machine that is busy otherwise, isn't.
const STUCK_AFTER: Duration = Duration::from_secs(180);

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
    /// The handlers of which a call was refused for good or for long, once for each time.
    pub refused: Vec<String>,
    /// Events of its first attempt that were delivered during its second.
    pub echoes: usize,
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
        // Of one length, so that no name is the beginning of another.
        .with("suffix", format!("c{:04}", plan.number))
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
    let outage = weather::outage(plan.outage, &restore_id);
    scene.faults.switch_on(&outage).await?;
    let end = end_of(scene, &request_id, &restore_id, 1).await;
    let took = began.elapsed();
    let blow = killer
        .blow(&scene.cloud, plan.victim, &request_id, &restore_id)
        .await?;
    let mut ended = Ended {
        number: plan.number,
        request_id,
        restore_id,
        outcome: "stuck".to_owned(),
        struck: blow.struck,
        late_ticks: 0,
        moving_ticks: 0,
        wakes: 0,
        refused: Vec::new(),
        echoes: 0,
        took,
        violations: Vec::new(),
    };
    match end {
        Err(stuck) => ended.violations.push(stuck.to_string()),
        Ok(outcome) => {
            ended.outcome.clone_from(&outcome.outcome);
            let wrong = wrong_outcome(plan.victim, blow, &outcome);
            ended.violations.extend(wrong);
            let found = judge(scene, place, &ended.restore_id, &outcome).await?;
            ended.violations.extend(found);
            if plan.is_replayed && outcome.outcome == "FAILED" {
                replay(scene, place, &mut ended).await?;
            }
        }
    }
    count(scene, &mut ended).await?;
    Ok(ended)
}

/// The end of an attempt, for which it is waited as long as anything wakes the restore.
async fn end_of(
    scene: &Scene,
    request_id: &str,
    restore_id: &str,
    attempt: u32,
) -> Result<Outcome> {
    let chronicle = &scene.chronicle;
    loop {
        let end = chronicle.wait_for_end_of(request_id, Some(attempt), STUCK_AFTER);
        let late = match end.await {
            Ok(outcome) => return Ok(outcome),
            Err(late) => late,
        };
        let log = Audit::read(&scene.cloud, restore_id).await?.log()?;
        let quiet_since = Timestamp::now() - STUCK_AFTER;
        if !log.iter().any(|entry| entry.at > quiet_since) {
            return Err(late);
        }
    }
}

/// Has a failed restore tried again, at once, while all events of its first attempt come once more.
async fn replay(scene: &Scene, place: &Place, ended: &mut Ended) -> Result<()> {
    let events = scene.aws_events.about(&ended.restore_id)?;
    let ran = command_line::run(&["replay", &ended.restore_id], "").await?;
    if ran.code != Some(0) {
        ended.violations.push(format!("not replayed: {ran:?}"));
        return Ok(());
    }
    let opened = wait::until("the second attempt", STUCK_AFTER, async || {
        let audit = Audit::read(&scene.cloud, &ended.restore_id).await?;
        let attempt = audit.restore().map(|restore| restore["attempt"] == 2);
        Ok(attempt.filter(|second| *second))
    });
    if let Err(stuck) = opened.await {
        ended.violations.push(stuck.to_string());
        return Ok(());
    }
    ended.echoes = scene.aws_events.deliver_again(&events).await?;
    match end_of(scene, &ended.request_id, &ended.restore_id, 2).await {
        Err(stuck) => ended.violations.push(format!("second attempt: {stuck}")),
        Ok(outcome) => {
            ended.outcome = format!("{}, then {}", ended.outcome, outcome.outcome);
            if outcome.outcome != "COMPLETED" {
                let (found, why) = (&outcome.outcome, outcome.why());
                let wrong = format!("the second attempt ended as {found}: {why}");
                ended.violations.push(wrong);
            }
            let found = judge(scene, place, &ended.restore_id, &outcome).await?;
            ended.violations.extend(found);
        }
    }
    Ok(())
}

/// What its log tells.
async fn count(scene: &Scene, ended: &mut Ended) -> Result<()> {
    let log = Audit::read(&scene.cloud, &ended.restore_id).await?.log()?;
    ended.late_ticks = log.iter().filter(|entry| entry.is_late_tick()).count();
    ended.moving_ticks = log.iter().filter(|entry| is_moving_tick(entry)).count();
    ended.wakes = log.len();
    let refused = log.iter().filter(|entry| entry.trouble.is_some());
    ended.refused = refused.map(|entry| entry.handler.clone()).collect();
    Ok(())
}

fn is_moving_tick(entry: &tenant_restore_tests::audit::LogEntry) -> bool {
    entry.cause == "tick" && entry.moved
}

/// What an outcome left behind, and how its copies differ from the truth.
///
/// # Errors
/// What AWS or PostgreSQL answer.
pub async fn judge(
    scene: &Scene,
    place: &Place,
    restore_id: &str,
    outcome: &Outcome,
) -> Result<Vec<String>> {
    let mut database = place.connect().await?;
    let mut violations = Vec::new();
    let left = leftovers::of_restore(&scene.cloud, &database, TAG, restore_id, outcome).await?;
    for left in left {
        violations.push(format!("left behind: {left}"));
    }
    if outcome.outcome == "COMPLETED" {
        violations.extend(differences(place, &mut database, outcome).await?);
    }
    Ok(violations)
}

/// A killed worker fails its restore, and nothing else may. Before anything is made, a failure is a rejection. Where ECS
/// had started two tasks and the other one ended well, or the killed one had written its result, the restore may follow either.
fn wrong_outcome(victim: Victim, blow: Blow, outcome: &Outcome) -> Option<String> {
    let expected = match victim {
        Victim::Worker { .. } if blow.outlived && outcome.outcome == "COMPLETED" => "COMPLETED",
        Victim::Worker {
            job: Job::Preflight,
            ..
        } if blow.struck => "REJECTED",
        Victim::Worker { job, .. } if blow.struck || job == Job::Drop => "FAILED",
        _ => "COMPLETED",
    };
    if outcome.outcome != expected {
        let (found, why) = (&outcome.outcome, outcome.why());
        let blow = format!("{blow:?}");
        return Some(format!(
            "ended as {found} instead of {expected}, {blow}: {why}"
        ));
    }
    let names_it = outcome
        .causes
        .iter()
        .any(|cause| cause.kind == "TaskFailed");
    (expected != "COMPLETED" && !names_it)
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

/// What contradicts itself in everything that was told about a request, on the bus and as notices.
pub fn told_differently(scene: &Scene, request_id: &str) -> Vec<String> {
    let events = scene.chronicle.events(request_id);
    let notices = scene.chronicle.notices(request_id);
    let on_bus = events
        .into_iter()
        .filter(|event| is_end(&event.detail_type));
    let told: BTreeSet<_> = on_bus
        .map(|event| event.detail)
        .chain(notices.into_iter().map(|notice| notice.detail))
        .map(|detail| (detail["attempt"].to_string(), detail))
        .map(|(attempt, detail)| {
            (
                attempt,
                format!("{} {}", detail["outcomeId"], detail["outcome"]),
            )
        })
        .collect();
    let attempts: BTreeSet<_> = told.iter().map(|(attempt, _)| attempt).collect();
    if told.len() == attempts.len() {
        return Vec::new();
    }
    vec![format!("told different outcomes: {told:?}")]
}
