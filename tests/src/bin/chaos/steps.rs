//! An error at every step: each call that a good restore makes is refused once for good. Whatever comes of it must be one
//! outcome with its cause and a remedy, and leave nothing behind.
//!
//! The steps aren't listed here: the local cloud tells which role made which calls during a good restore.

use std::time::Duration;

use serde_json::{Value, json};
use tenant_restore_tests::database::Database;
use tenant_restore_tests::outcome::Outcome;
use tenant_restore_tests::request::Request;
use tenant_restore_tests::{Context, Error, Result, command_line};

use crate::chance::Chance;
use crate::plan::Wish;
use crate::restore;
use crate::scene::{Place, Scene};

/// A step that needs longer is stuck.
const ENDS_WITHIN: Duration = Duration::from_secs(300);

/// A call of one role.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Step {
    /// The role's name, which is the function's for a handler.
    caller: String,
    service: String,
    action: String,
}

/// How many violations there were. Of many steps, `wish.restores` are chosen by chance.
///
/// # Errors
/// What the harness itself meets.
pub async fn run(scene: &Scene, wish: Wish) -> Result<usize> {
    scene.faults.forget_calls().await?;
    let good = play(scene, "good", None).await?;
    if good.outcome.outcome != "COMPLETED" || !good.violations.is_empty() {
        let why = good.outcome.why();
        return Err(Error::new(format!(
            "the good restore failed: {why} {:?}",
            good.violations
        )));
    }
    let mut steps = steps(&scene.faults.calls().await?);
    println!("{} steps of a good restore", steps.len());
    let mut chance = Chance::of(wish.seed, 0);
    while steps.len() as u64 > wish.restores {
        let place = chance.below(steps.len() as u64);
        steps.swap_remove(usize::try_from(place).unwrap_or_default());
    }
    let (mut violations, mut unmet) = (0, 0);
    for (number, step) in steps.iter().enumerate() {
        let played = play(scene, &format!("step{number}"), Some(step)).await?;
        violations += played.violations.len();
        unmet += usize::from(!played.is_met);
        tell(step, &played);
    }
    println!();
    println!(
        "steps refused        {} of {}",
        steps.len() - unmet,
        steps.len()
    );
    println!("violations           {violations}");
    // Some calls are made only now and then.
    if unmet * 2 > steps.len() {
        println!("VIOLATION: more than half of the steps was not met again");
        violations += 1;
    }
    Ok(violations)
}

struct Played {
    outcome: Outcome,
    /// Whether the refusal struck.
    is_met: bool,
    violations: Vec<String>,
}

fn tell(step: &Step, played: &Played) {
    let Step {
        caller,
        service,
        action,
    } = step;
    let kinds: Vec<_> = played
        .outcome
        .causes
        .iter()
        .map(|cause| cause.kind.as_str())
        .collect();
    let met = if played.is_met { "refused" } else { "not met" };
    let outcome = &played.outcome.outcome;
    println!(
        "{met} {caller:<26} {service:<14} {action:<34} {outcome:<9} {}",
        kinds.join(", ")
    );
    for violation in &played.violations {
        println!("     VIOLATION: {violation}");
    }
}

/// The steps of the roles that made calls.
fn steps(calls: &Value) -> Vec<Step> {
    let roles = calls.as_object().into_iter().flatten();
    let of_pipeline = roles.filter(|(role, _)| role.starts_with("tenant-restore-"));
    let mut steps: Vec<_> = of_pipeline
        .flat_map(|(role, calls)| {
            let calls = calls.as_object().into_iter().flatten();
            calls.filter_map(move |(call, _)| {
                let (service, action) = call.split_once(' ')?;
                Some(Step {
                    caller: role.clone(),
                    service: service.to_owned(),
                    action: action.to_owned(),
                })
            })
        })
        .collect();
    // The sweeper has a schedule of its own, and ECS starts tasks for us: neither is a step of a restore.
    steps.retain(|step| {
        !step.caller.ends_with("-sweeper") && !step.caller.ends_with("-worker-start")
    });
    steps
}

impl Step {
    /// The refusal: of this restore's call where the call names it.
    fn refusal(&self, restore_id: &str) -> Value {
        let code = match self.service.as_str() {
            "rds" | "s3" => "AccessDenied",
            "sns" => "AuthorizationError",
            _ => "AccessDeniedException",
        };
        // Tasks have ids of their own, and the parameter groups that are read are the source's.
        let is_of_others = matches!(
            self.action.as_str(),
            "DescribeTasks" | "StopTask" | "DescribeDBParameterGroups" | "DescribeDBParameters"
        );
        let is_named = !is_of_others && !self.caller.ends_with("-intake");
        let mut refusal = json!({
            "service": self.service, "fault": "error", "caller": self.caller, "action": self.action, "code": code,
            "status": 400, "message": "refused at this step",
            "match": if is_named { restore_id } else { "" },
        });
        if !self.is_made_again() {
            refusal["times"] = json!(1);
        }
        refusal
    }

    /// Whether the call may be made a second time: a handler that lost its save to another decides anew, and what was
    /// refused once would be granted. A worker's task makes it once; the drop that follows must be able to work.
    fn is_made_again(&self) -> bool {
        let handlers = ["-intake", "-provision", "-ddl", "-migrate", "-finalize"];
        self.must_fail() && handlers.iter().any(|name| self.caller.ends_with(name))
    }

    /// Whether a refusal for good must end the restore. The table, the queues and what is told are tried again, and so
    /// does the cleanup; a secret that DMS may not read is a connection that fails.
    fn must_fail(&self) -> bool {
        let is_repeated = matches!(self.service.as_str(), "dynamodb" | "sqs" | "events" | "sns");
        let is_ending = self.caller.ends_with("-cleanup") || self.caller.ends_with("-complete");
        !is_repeated && !is_ending
    }
}

async fn play(scene: &Scene, name: &str, step: Option<&Step>) -> Result<Played> {
    let place = &scene.places[0];
    let request_id = format!("steps-{}-{name}", scene.run);
    let schemas = &place.schemas[..];
    let request = Request::new(&request_id, place.database, schemas, place.truth.at)
        .with("source", place.production.identifier.clone())
        .with("suffix", name);
    let early = step.filter(|step| step.caller.ends_with("-intake"));
    if let Some(step) = early {
        scene.faults.switch_on(&step.refusal("")).await?;
    }
    let restore_id = command_line::request(&request.detail).await?;
    if let Some(step) = step.filter(|_| early.is_none()) {
        scene.faults.switch_on(&step.refusal(&restore_id)).await?;
    }
    let outcome = scene
        .chronicle
        .wait_for_end(&request_id, ENDS_WITHIN)
        .await?;
    let is_met = struck(scene).await?;
    scene.faults.clear().await?;
    let mut violations = restore::judge(scene, place, &restore_id, &outcome).await?;
    violations.retain(|violation| !is_named(violation, &outcome));
    violations.extend(touched(place, &mut place.connect().await?).await?);
    violations.extend(restore::told_differently(scene, &request_id));
    if let Some(step) = step.filter(|_| is_met) {
        violations.extend(wrong(step, &outcome));
    }
    Ok(Played {
        outcome,
        is_met,
        violations,
    })
}

/// Whether what is left is a schema that the outcome says it had to leave: whose worker had handed it over when nobody
/// could read its result.
fn is_named(violation: &str, outcome: &Outcome) -> bool {
    let Some(schema) = violation.strip_prefix("left behind: schema ") else {
        return false;
    };
    let names = |message: &str| message.contains(&format!("{schema:?}"));
    outcome
        .causes
        .iter()
        .any(|cause| cause.kind == "DropFailed" && names(&cause.message))
}

fn wrong(step: &Step, outcome: &Outcome) -> Vec<String> {
    let mut wrong = Vec::new();
    let failed = outcome.outcome != "COMPLETED";
    if step.must_fail() && !failed {
        wrong.push("completed although a call was refused for good".to_owned());
    }
    if failed && outcome.causes.is_empty() {
        wrong.push("failed without a cause".to_owned());
    }
    let mute = outcome
        .causes
        .iter()
        .filter(|cause| cause.remedy.is_empty());
    wrong.extend(mute.map(|cause| format!("no remedy for {}", cause.message)));
    wrong
}

/// Whether the one fault that is switched on has struck.
async fn struck(scene: &Scene) -> Result<bool> {
    let list = scene.faults.list().await?;
    let faults = list["faults"].as_array().context("read the faults")?;
    Ok(faults
        .iter()
        .any(|fault| fault["struck"].as_u64() >= Some(1)))
}

/// What has changed in the live schemas.
async fn touched(place: &Place, database: &mut Database) -> Result<Vec<String>> {
    let mut touched = Vec::new();
    for schema in place.schemas {
        let differences = place.truth.differences(database, schema, schema).await?;
        touched.extend(
            differences
                .into_iter()
                .map(|line| format!("live {schema} differs: {line}")),
        );
    }
    Ok(touched)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(caller: &str, service: &str, action: &str) -> Step {
        Step {
            caller: caller.to_owned(),
            service: service.to_owned(),
            action: action.to_owned(),
        }
    }

    #[test]
    fn the_steps_are_the_calls_of_the_pipelines_roles() {
        let calls = json!({
            "refused": { "rds DescribeDBInstances DBInstanceNotFound": 1.0 },
            "tenant-restore-ddl": { "rds ModifyDBInstance": 1.0 },
            "tenant-restore-sweeper": { "dynamodb Query": 1.0 },
        });
        assert_eq!(
            steps(&calls),
            [step("tenant-restore-ddl", "rds", "ModifyDBInstance")]
        );
    }

    #[test]
    fn a_schema_may_stay_only_if_the_outcome_says_by_its_name_that_it_was_not_dropped() {
        let told = |kind: &str, message: &str| -> Outcome {
            let causes = json!([{ "kind": kind, "message": message, "remedy": "look" }]);
            let detail = json!({
                "outcome": "FAILED", "outcomeId": "o", "requestId": "r", "attempt": 1, "schemas": [], "causes": causes
            });
            serde_json::from_value(detail).unwrap()
        };
        let named = told("DropFailed", "left alone: [\"a_x\"]");
        assert!(is_named("left behind: schema a_x", &named));
        assert!(!is_named("left behind: schema a", &named));
        assert!(!is_named("left behind: role a_x", &named));
        let other = told("AccessDenied", "of \"a_x\"");
        assert!(!is_named("left behind: schema a_x", &other));
    }

    #[test]
    fn what_is_tried_again_need_not_fail_the_restore() {
        assert!(step("tenant-restore-ddl", "rds", "ModifyDBInstance").must_fail());
        assert!(!step("tenant-restore-ddl", "dynamodb", "GetItem").must_fail());
        assert!(!step("tenant-restore-cleanup", "rds", "DeleteDBInstance").must_fail());
    }
}
