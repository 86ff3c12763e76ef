use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tenant_restore_events::outgoing::Outcome;
use tenant_restore_events::{Instruction, Phase};

use super::*;
use crate::effect::Effect;
use crate::error::{Cause, ErrorKind};
use crate::job::{Mode, Timing};
use crate::restore::{Restore, TaskState};
use crate::scene::{Scene, begin, result};
use crate::wait::{Wait, WaitFor};

const DEPLOYMENT: &str = "tenant-restore";

fn later(seconds: i64) -> Timestamp {
    begin() + SignedDuration::from_secs(seconds)
}

/// `begin()`, as X-Ray writes it.
fn root() -> String {
    format!("1-{:08x}-a006649127e371903a2de979", begin().as_second())
}

fn header() -> String {
    format!("Root={};Parent=53995c3f42cd8ad8;Sampled=1", root())
}

fn step(handler: Phase, cause: &str) -> Step {
    Step {
        handler,
        cause: cause.to_owned(),
        name: "Reconcile".to_owned(),
        of: "message-1".to_owned(),
        began: later(10),
        ended: later(11),
        moved: true,
        trouble: None,
        calls: Vec::new(),
        jobs: Vec::new(),
    }
}

fn traced(phase: Phase) -> Restore {
    let mut restore = Scene::at(phase).restore;
    let header = Header::read(&header(), begin());
    restore.trace = Some(Trace::begin(header.as_ref(), [7; 20], begin()));
    restore
}

fn told(before: Option<&Restore>, after: &Restore, step: &Step) -> Vec<Value> {
    let documents = story(DEPLOYMENT, before, after, step);
    let written = documents.iter().map(serde_json::to_value);
    written.collect::<Result<_, _>>().unwrap()
}

fn named<'a>(documents: &'a [Value], name: &str) -> &'a Value {
    let found = documents.iter().find(|document| document["name"] == name);
    found.unwrap_or_else(|| panic!("no {name} in {documents:#?}"))
}

#[test]
fn a_publishers_trace_is_gone_on_with_below_its_segment() {
    let read = Header::read(&header(), begin()).unwrap();
    assert_eq!(read.to_string(), header());
    let trace = Trace::begin(Some(&read), [7; 20], begin());
    assert_eq!(trace.id, root());
    assert_eq!(trace.parent.as_deref(), Some("53995c3f42cd8ad8"));
    let own = format!("Root={};Parent=0707070707070707;Sampled=1", root());
    assert_eq!(trace.header().to_string(), own);
}

#[test]
fn what_x_rays_own_headers_have_besides_is_not_passed_on() {
    let text = format!(
        "Self=1-67891233-abcdef012345678912345678;Root={};Lineage=a:1|b:2",
        root()
    );
    let read = Header::read(&text, begin()).unwrap();
    assert_eq!(read.to_string(), format!("Root={}", root()));
}

#[test]
fn a_publisher_decides_whether_anything_is_told_and_if_it_leaves_that_open_we_do() {
    for (field, sampled) in [
        (";Sampled=0", false),
        (";Sampled=1", true),
        (";Sampled=?", true),
        ("", true),
    ] {
        let read = Header::read(&format!("Root={}{field}", root()), begin()).unwrap();
        let trace = Trace::begin(Some(&read), [7; 20], begin());
        assert_eq!(trace.sampled, sampled, "{field}");
        let passed_on = format!("Sampled={}", u8::from(sampled));
        assert!(trace.header().to_string().ends_with(&passed_on));
    }
}

#[test]
fn a_malformed_header_is_none() {
    let root = root();
    for text in [
        "",
        "nonsense",
        "Root=",
        "Parent=53995c3f42cd8ad8;Sampled=1",
        "Root=2-65badd00-a006649127e371903a2de979",
        "Root=1-65badd00-a006649127e371903a2de97",
        "Root=1-65badd0g-a006649127e371903a2de979",
        "Root=1-65badd00-a006649127e371903a2de979-1",
        &format!("Root={root};Parent=53995c3f42cd8ad"),
        &format!("Root={root};Sampled=2"),
        &format!("Root={root};Root={root}"),
        &format!("Root={root};\u{0}"),
        &format!("Root={root};Lineage={}", "x".repeat(600)),
    ] {
        assert_eq!(Header::read(text, begin()), None, "{text:?}");
    }
}

#[test]
fn a_trace_that_x_ray_would_not_add_to_is_none() {
    let text = header();
    let days = |days: i64| begin() + SignedDuration::from_hours(24 * days);
    assert!(Header::read(&text, days(3)).is_some());
    assert_eq!(Header::read(&text, days(5)), None);
    let minutes = |minutes| begin() - SignedDuration::from_mins(minutes);
    assert!(Header::read(&text, minutes(4)).is_some());
    assert_eq!(Header::read(&text, minutes(6)), None);
}

#[test]
fn without_a_header_the_trace_is_our_own_and_x_ray_can_read_its_time() {
    let trace = Trace::begin(None, [7; 20], begin());
    assert_eq!(
        trace.id,
        format!("1-{:08x}-{}", begin().as_second(), "07".repeat(12))
    );
    assert!(trace.sampled && trace.parent.is_none());
    assert!(Header::read(&trace.header().to_string(), begin()).is_some());
}

#[test]
fn a_record_of_the_version_before_is_read_without_a_trace_and_tells_nothing() {
    let restore = Scene::at(Phase::Ddl).restore;
    let written = serde_json::to_value(&restore).unwrap();
    assert!(written.get("trace").is_none());
    let mut next: Restore = serde_json::from_value(written).unwrap();
    next.enter(Phase::Migrate, &[Instruction::Migrate], later(11));
    assert!(story(DEPLOYMENT, Some(&restore), &next, &step(Phase::Ddl, "tick")).is_empty());
}

#[test]
fn an_opened_restore_is_in_progress_below_whoever_asked() {
    let restore = traced(Phase::Intake);
    let documents = told(None, &restore, &step(Phase::Intake, "request"));
    let (attempt, phase) = (
        named(&documents, DEPLOYMENT),
        named(&documents, "tenant-restore-intake"),
    );
    assert_eq!(documents.len(), 2);
    assert_eq!(attempt["parent_id"], "53995c3f42cd8ad8");
    assert_eq!(phase["parent_id"], attempt["id"]);
    for document in [attempt, phase] {
        assert_eq!(document["in_progress"], true);
        assert_eq!(document["trace_id"], root());
        assert_eq!(document["annotations"]["restore"], restore.id.as_str());
        assert_eq!(document["annotations"]["attempt"], 1);
    }
    assert_eq!(phase["annotations"]["phase"], "intake");
}

#[test]
fn a_phase_that_ends_replaces_what_was_told_at_its_begin_and_the_next_begins() {
    let before = traced(Phase::Intake);
    let begun = told(None, &before, &step(Phase::Intake, "request"));
    let mut after = before.clone();
    after.enter(Phase::Provision, &[], later(11));
    let documents = told(Some(&before), &after, &step(Phase::Intake, "tick"));
    let ended = named(&documents, "tenant-restore-intake");
    assert_eq!(ended["id"], named(&begun, "tenant-restore-intake")["id"]);
    assert!(ended.get("in_progress").is_none() && ended["end_time"].is_f64());
    assert_eq!(
        named(&documents, "tenant-restore-provision")["in_progress"],
        true
    );
}

#[test]
fn a_step_tells_the_calls_that_it_made_and_which_of_them_was_refused() {
    let restore = traced(Phase::Cleanup);
    let calls = [
        (
            Effect::DeleteDatabase {
                name: "tr-main-x".into(),
            },
            None,
        ),
        (
            Effect::DeleteSecret {
                name: "tr-main-x-s".into(),
            },
            Some(ErrorKind::Throttled),
        ),
        (Effect::ReleaseClaims, None),
    ];
    let times = (later(10), later(11));
    let calls = calls
        .iter()
        .filter_map(|(effect, refused)| call(effect, times, *refused));
    let step = Step {
        calls: calls.collect(),
        ..step(Phase::Cleanup, "command")
    };
    let documents = told(Some(&restore), &restore, &step);
    let told = named(&documents, "cleanup Reconcile");
    assert_eq!(told["type"], "subsegment");
    assert_eq!(told["metadata"]["step"]["cause"], "command");
    let parts = told["subsegments"].as_array().unwrap();
    assert_eq!(parts.len(), 2, "our own table is no call worth telling");
    assert_eq!(parts[0]["namespace"], "aws");
    assert_eq!(parts[0]["aws"]["operation"], "DeleteDBInstance");
    assert!(parts[0].get("error").is_none());
    assert_eq!(
        (&parts[1]["error"], &parts[1]["throttle"]),
        (&true.into(), &true.into())
    );
}

#[test]
fn what_passes_is_an_error_what_does_not_a_fault_and_only_its_kind_is_told() {
    let restore = traced(Phase::Ddl);
    for (kind, flag) in [
        (ErrorKind::Busy, "error"),
        (ErrorKind::AccessDenied, "fault"),
    ] {
        let step = Step {
            trouble: Some(kind),
            ..step(Phase::Ddl, "tick")
        };
        let documents = told(Some(&restore), &restore, &step);
        let told = named(&documents, "ddl Reconcile");
        assert_eq!(told[flag], true);
        let exception = &told["cause"]["exceptions"][0];
        assert_eq!(exception["type"], kind.to_string());
        assert!(exception.get("message").is_none());
    }
}

fn waiting(what: WaitFor, ticks: u32) -> Restore {
    let mut restore = traced(Phase::Provision);
    let wait = Wait {
        what,
        since: begin(),
        deadline: later(3600),
        generation: 3,
        ticks,
        last_seen: "creating".into(),
    };
    restore.waits.insert(Phase::Provision, wait);
    restore
}

#[test]
fn a_wait_is_told_when_it_ends() {
    let before = waiting(WaitFor::TemporaryDatabase, 4);
    let mut after = before.clone();
    after.waits.clear();
    let documents = told(Some(&before), &after, &step(Phase::Provision, "event"));
    let wait = named(&documents, "wait for TemporaryDatabase");
    let lasted = wait["end_time"].as_f64().unwrap() - wait["start_time"].as_f64().unwrap();
    assert!((lasted - 10.0).abs() < 0.001, "{lasted}");
    assert_eq!(wait["metadata"]["step"]["ticks"], "4");
}

#[test]
fn hours_of_waiting_and_refusals_stay_legible() {
    let idle = Step {
        moved: false,
        ..step(Phase::Provision, "tick")
    };
    let waits = waiting(WaitFor::TemporaryDatabase, 4);
    assert!(told(Some(&waits), &waits, &idle).is_empty(), "nothing new");
    let refused = Step {
        trouble: Some(ErrorKind::Throttled),
        ..idle
    };
    assert_eq!(
        told(Some(&waits), &waits, &refused).len(),
        1,
        "the first refusal"
    );
    let retries = waiting(WaitFor::Retry, 4);
    assert!(
        told(Some(&retries), &retries, &refused).is_empty(),
        "later ones"
    );
    let long = waiting(WaitFor::Deletion, 20);
    let busy = step(Phase::Provision, "tick");
    assert!(
        told(Some(&long), &long, &busy).is_empty(),
        "a tick too many"
    );
    let woken = step(Phase::Provision, "event");
    assert_eq!(told(Some(&long), &long, &woken).len(), 1, "an event");
}

#[test]
fn a_jobs_modes_follow_each_other_within_its_time() {
    let mut result = result();
    result.started_at = begin();
    result.ended_at = later(5);
    result.timings = vec![
        Timing {
            mode: Mode::Probe,
            millis: 1_000,
        },
        Timing {
            mode: Mode::Extract,
            millis: 60_000,
        },
    ];
    let scene = Scene::at(Phase::Ddl).with_result("ddl", result);
    let before = traced(Phase::Ddl);
    let mut after = before.clone();
    after.tasks.clone_from(&scene.restore.tasks);
    for task in &mut after.tasks {
        task.state = TaskState::Succeeded;
    }
    let step = Step {
        jobs: jobs(&scene.restore, &after, &scene.seen),
        ..step(Phase::Ddl, "event")
    };
    let documents = told(Some(&before), &after, &step);
    let job = named(&documents, "worker ddl");
    let parts = job["subsegments"].as_array().unwrap();
    assert_eq!(parts[1]["start_time"], parts[0]["end_time"]);
    assert_eq!(parts[1]["end_time"], job["end_time"], "never after its job");
}

fn told_outcome(outcome: Outcome) -> Vec<Value> {
    let mut before = traced(Phase::Complete);
    if outcome == Outcome::Failed {
        before.causes = vec![Cause::new(ErrorKind::CopyFailed, "of a value 4711")];
    }
    before.decide_outcome("s3://bucket/audit/x/1", later(5));
    let mut after = before.clone();
    after.announced = true;
    told(Some(&before), &after, &step(Phase::Complete, "command"))
}

#[test]
fn the_outcome_ends_the_attempt_and_its_last_phase() {
    let documents = told_outcome(Outcome::Completed);
    for name in [DEPLOYMENT, "tenant-restore-complete"] {
        let document = named(&documents, name);
        assert!(document.get("in_progress").is_none() && document["end_time"].is_f64());
    }
    let attempt = named(&documents, DEPLOYMENT);
    assert_eq!(attempt["annotations"]["outcome"], "COMPLETED");
    assert!(attempt.get("fault").is_none());
    let failed = told_outcome(Outcome::Failed);
    assert_eq!(named(&failed, DEPLOYMENT)["fault"], true);
    assert!(!serde_json::to_string(&failed).unwrap().contains("4711"));
}

#[test]
fn another_attempt_begins_its_own_trace() {
    let first = traced(Phase::Complete);
    let mut second = traced(Phase::Intake);
    second.attempt = 2;
    second.trace = Some(Trace::begin(None, [9; 20], later(100)));
    let documents = told(Some(&first), &second, &step(Phase::Intake, "request"));
    let attempt = named(&documents, DEPLOYMENT);
    assert_eq!(attempt["annotations"]["attempt"], 2);
    assert_ne!(attempt["trace_id"], root());
}

#[test]
fn of_a_restore_that_is_not_sampled_nothing_is_told() {
    let mut restore = traced(Phase::Intake);
    restore.trace.as_mut().unwrap().sampled = false;
    assert!(told(None, &restore, &step(Phase::Intake, "request")).is_empty());
    let trace = restore.trace.unwrap();
    assert_eq!(
        refusal(DEPLOYMENT, &restore.id, &trace, None, later(1)),
        None
    );
}

#[test]
fn a_document_that_is_too_large_goes_without_its_parts() {
    let restore = traced(Phase::Cleanup);
    let effect = Effect::DeleteSecret {
        name: "s".repeat(500),
    };
    let made = call(&effect, (later(10), later(11)), None).unwrap();
    let step = Step {
        calls: vec![made; 200],
        ..step(Phase::Cleanup, "command")
    };
    let documents = story(DEPLOYMENT, Some(&restore), &restore, &step);
    let line = daemon_line(&documents[0]).unwrap();
    assert!(line.len() <= MOST_BYTES);
    assert!(line.contains("cleanup Reconcile") && !line.contains("subsegments"));
}

#[test]
fn names_hold_nothing_that_x_ray_refuses() {
    let restore = traced(Phase::Provision);
    let step = Step {
        name: format!("<script> \"quoted\" {}", "x".repeat(300)),
        ..step(Phase::Provision, "event")
    };
    let documents = told(Some(&restore), &restore, &step);
    let name = documents[0]["name"].as_str().unwrap();
    assert!(name.starts_with("provision _script_ _quoted_ x"), "{name}");
    assert_eq!(name.chars().count(), 200);
}
