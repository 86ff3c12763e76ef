//! Cleanup.

use tenant_restore_events::{Instruction, Phase};

use crate::decision::{Then, give_up};
use crate::effect::Effect;
use crate::error::{Cause, ErrorKind};
use crate::job::{DropReport, Mode};
use crate::price::{PriceList, Size};
use crate::restore::{Creating, ResourceKind, Restore, TaskState};
use crate::scene::{Scene, done, failure, kinds, result};
use crate::wait::WaitFor;

/// Every kind of resource was made.
fn with_dms(mut scene: Scene) -> Scene {
    let names = scene.names();
    let now = scene.now;
    let restore = &mut scene.restore;
    restore.note(
        ResourceKind::ReplicationInstance,
        &names.replication_instance(),
        now,
    );
    restore.note(ResourceKind::Endpoint, &names.source(), now);
    restore.note(ResourceKind::Endpoint, &names.target(), now);
    restore.note(
        ResourceKind::ReplicationTask,
        &names.replication_task(0),
        now,
    );
    scene
}

fn deletes(scene: &Scene, kind: ResourceKind) -> bool {
    let decision = scene.decide();
    decision
        .effects
        .iter()
        .filter_map(Effect::deletes)
        .any(|(it, _)| it == kind)
}

fn drops(scene: &Scene) -> bool {
    done(&scene.decide()).contains(&"run task drop".to_owned())
}

fn ends(restore: &Restore) -> bool {
    restore
        .outbox
        .commands
        .iter()
        .any(|it| it.instruction == Instruction::Complete)
}

#[test]
fn a_load_that_runs_after_all_rows_were_taken_as_moved_makes_the_outcome_a_failure() {
    for status in ["starting", "running"] {
        let mut scene = with_dms(Scene::at(Phase::Cleanup)).with_everything_there();
        scene.restore.causes.clear();
        scene.restore.failed_in = None;
        scene.restore.opened = true;
        let at_rest = scene.decide().restore;
        assert!(at_rest.causes.is_empty(), "{:?}", at_rest.causes);
        let restore = scene.with_dms_task(0, status, "").decide().restore;
        let kinds: Vec<_> = restore.causes.iter().map(|cause| cause.kind).collect();
        assert_eq!(kinds, [ErrorKind::ReplicationFailed], "{status}");
        assert_eq!(restore.failed_in, Some(Phase::Cleanup));
    }
}

#[test]
fn a_failed_restore_keeps_its_own_cause_when_a_load_still_runs() {
    let mut scene = with_dms(Scene::at(Phase::Cleanup)).with_everything_there();
    scene.restore.causes = vec![Cause::new(ErrorKind::CopyFailed, "a table")];
    let restore = scene.with_dms_task(0, "running", "").decide().restore;
    let kinds: Vec<_> = restore.causes.iter().map(|cause| cause.kind).collect();
    assert_eq!(kinds, [ErrorKind::CopyFailed]);
}

#[test]
fn dms_tasks_go_before_everything_that_they_use() {
    let scene = with_dms(Scene::at(Phase::Cleanup)).with_everything_there();
    let name = scene.names().replication_task(0);
    assert_eq!(
        done(&scene.decide()),
        [format!("delete replication task {name}")]
    );
    let running = scene.clone().with_dms_task(0, "running", "");
    assert_eq!(
        done(&running.decide()),
        [format!("stop replication task {name}")]
    );
    let mut gone = scene;
    gone.seen.replication_tasks.insert(name.clone(), None);
    gone.restore.confirm(&name);
    for kind in [
        ResourceKind::Database,
        ResourceKind::Endpoint,
        ResourceKind::ReplicationInstance,
        ResourceKind::Secret,
        ResourceKind::Objects,
    ] {
        assert!(deletes(&gone, kind), "{kind:?}");
    }
}

#[test]
fn nothing_is_deleted_under_a_worker_task_that_is_still_at_work() {
    let scene = Scene::failed_in(Phase::Migrate)
        .with_everything_there()
        .with_task("copy", "RUNNING");
    assert_eq!(done(&scene.decide()), ["stop task arn:copy"]);
    let stopping = scene.clone().with_task("copy", "STOPPING");
    assert!(stopping.decide().effects.is_empty());
    let stopped = scene.with_task("copy", "STOPPED");
    assert!(drops(&stopped) && deletes(&stopped, ResourceKind::Database));
}

#[test]
fn a_task_that_ecs_does_not_show_is_awaited_as_long_as_its_starter_may_run() {
    let mut scene = Scene::failed_in(Phase::Migrate).with_everything_there();
    scene.job("copy", TaskState::Running);
    scene.seen.tasks.insert("copy".into(), None);
    assert!(scene.decide().effects.is_empty());
    assert!(!scene.later(60).decide().effects.is_empty());
}

#[test]
fn after_a_success_nothing_is_dropped() {
    assert!(!drops(&Scene::at(Phase::Cleanup).with_everything_there()));
}

#[test]
fn after_a_failure_something_is_dropped_only_if_something_may_have_been_applied() {
    for (phase, expected) in [
        (Phase::Intake, false),
        (Phase::Provision, false),
        (Phase::Ddl, false),
        (Phase::Migrate, true),
        (Phase::Finalize, true),
    ] {
        assert_eq!(
            drops(&Scene::failed_in(phase).with_everything_there()),
            expected,
            "{phase}"
        );
    }
    let mut begun = Scene::failed_in(Phase::Ddl);
    begun.job("ddl", TaskState::Failed);
    assert!(drops(&begun.with_everything_there()));
}

#[test]
fn schemas_that_were_opened_are_never_dropped() {
    let mut scene = Scene::failed_in(Phase::Finalize).with_everything_there();
    scene.restore.opened = true;
    assert!(!drops(&scene));
}

#[test]
fn while_it_drops_the_worker_keeps_its_job_and_its_secrets() {
    let scene = Scene::failed_in(Phase::Migrate)
        .with_everything_there()
        .with_task("drop", "RUNNING");
    assert!(deletes(&scene, ResourceKind::Database));
    assert!(!deletes(&scene, ResourceKind::Secret) && !deletes(&scene, ResourceKind::Objects));
    let dropped = scene.with_result("drop", result());
    assert!(deletes(&dropped, ResourceKind::Secret) && deletes(&dropped, ResourceKind::Objects));
}

#[test]
fn a_drop_that_was_killed_is_started_over_a_few_times_under_another_name() {
    let mut scene = Scene::failed_in(Phase::Finalize).with_everything_there();
    let mut runs = Vec::new();
    for _ in 0..3 {
        let decision = scene.decide();
        let started = decision.effects.iter().find_map(|effect| match effect {
            Effect::RunTask {
                started_by, token, ..
            } => Some((started_by.clone(), token.clone())),
            _ => None,
        });
        runs.push(started.expect("it is started"));
        scene.restore = decision.restore;
        scene = scene.with_task("drop", "STOPPED");
    }
    let distinct: std::collections::BTreeSet<_> = runs.iter().collect();
    assert_eq!(distinct.len(), 3, "{runs:?}");
    let given_up = scene.decide().restore;
    assert!(kinds(&given_up).contains(&ErrorKind::DropFailed));
}

#[test]
fn a_drop_that_fails_is_told_with_the_names_of_the_schemas() {
    let scene = Scene::failed_in(Phase::Migrate).with_everything_there();
    let report = failure(Mode::Drop, ErrorKind::ConnectionFailed);
    let restore = scene.with_result("drop", report).decide().restore;
    let expected = [
        ErrorKind::CopyFailed,
        ErrorKind::ConnectionFailed,
        ErrorKind::DropFailed,
    ];
    assert_eq!(kinds(&restore), expected);
    assert!(restore.causes[2].message.contains("\"a_x\", \"b_x\""));
}

#[test]
fn schemas_that_a_run_nobody_heard_of_handed_over_are_named_in_the_outcome() {
    let told = |scene: Scene| {
        let mut report = result();
        report.drop = Some(DropReport {
            dropped: Vec::new(),
            role_dropped: false,
            left: vec!["a_x".to_owned()],
        });
        scene.with_result("drop", report).decide().restore
    };
    let unheard = Scene::failed_in(Phase::Finalize).with_everything_there();
    let restore = told(unheard.with_task("finalize", "STOPPED"));
    let last = restore.causes.last().unwrap();
    assert_eq!(last.kind, ErrorKind::DropFailed);
    assert!(last.message.contains("[\"a_x\"]"), "{}", last.message);
    assert!(last.remedy.contains("keep them or drop them"));
    // Before that, the name was another's, and the failure's own cause says so.
    let early = told(Scene::failed_in(Phase::Ddl).with_everything_there());
    assert!(!kinds(&early).contains(&ErrorKind::DropFailed));
}

#[test]
fn it_ends_only_when_everything_was_seen_to_be_gone() {
    let mut scene = Scene::at(Phase::Cleanup).with_everything_there();
    assert!(!ends(&scene.decide().restore));
    scene.restore = scene.decide().restore;
    assert!(ends(&scene.clone().with_nothing_there().decide().restore));
    // What was not looked at isn't known to be gone.
    scene.seen = crate::sight::Seen::default();
    assert!(!ends(&scene.decide().restore));
}

#[test]
fn what_was_never_seen_is_awaited_until_no_late_creator_can_be_left() {
    let mut scene = Scene::at(Phase::Provision).later(600);
    let name = scene.names().temporary_database();
    // Written down long ago, and refused since: the call may still be repeated by a handler that runs.
    scene
        .restore
        .note(ResourceKind::Database, &name, crate::scene::begin());
    scene
        .restore
        .fail(vec![Cause::new(ErrorKind::Cancelled, "")], scene.now);
    let scene = scene.with_nothing_there();
    let decision = scene.decide();
    assert!(matches!(
        decision.then,
        Then::Wait(WaitFor::DeletionShown, _)
    ));
    assert!(ends(&scene.later(60).decide().restore));
}

#[test]
fn what_a_late_twin_made_a_second_time_is_found_when_no_creator_can_be_left() {
    let scene = Scene::at(Phase::Cleanup).with_nothing_there();
    let mut scene = scene.with_database("deleting");
    scene.restore = scene.decide().restore;
    assert!(!ends(&scene.restore), "the database is still shown");
    let secret = scene.names().source();
    scene.seen.secrets.insert(secret.clone(), true);
    let mut unanswered = scene.clone();
    let mut resources = unanswered.restore.resources.iter_mut();
    let resource = resources.find(|it| it.kind == ResourceKind::Secret && it.name == secret);
    resource.unwrap().creating = Some(Creating {
        count: 1,
        since: scene.now,
    });
    assert!(!deletes(&unanswered, ResourceKind::Secret));
    assert!(deletes(&unanswered.later(60), ResourceKind::Secret));
    assert!(
        !deletes(&scene.later(60), ResourceKind::Secret),
        "nobody can make it"
    );
}

#[test]
fn a_short_cleanup_waits_for_a_creator_without_an_answer_but_for_no_other() {
    let mut scene = Scene::at(Phase::Cleanup).with_nothing_there();
    assert!(ends(&scene.decide().restore));
    scene.restore.resources[1].creating = Some(Creating {
        count: 1,
        since: scene.now,
    });
    let decision = scene.decide();
    assert!(matches!(
        decision.then,
        Then::Wait(WaitFor::DeletionShown, _)
    ));
    scene.restore = decision.restore;
    assert!(ends(&scene.later(60).decide().restore));
}

#[test]
fn a_deletion_is_awaited_slowly_and_after_its_event_quickly() {
    let mut scene = Scene::at(Phase::Cleanup);
    scene
        .restore
        .resources
        .retain(|it| it.kind == ResourceKind::Database);
    let mut scene = scene.with_database("deleting");
    let waits = |scene: &Scene| match scene.decide().then {
        Then::Wait(what, _) => what,
        other => panic!("{other:?}"),
    };
    assert_eq!(waits(&scene), WaitFor::Deletion);
    scene.restore.resources[0].deletion_announced = true;
    assert_eq!(waits(&scene), WaitFor::DeletionShown);
}

#[test]
fn giving_up_names_what_is_left_and_what_was_not_dropped() {
    let mut restore = Scene::failed_in(Phase::Migrate).restore;
    restore.resources[0].gone_at = Some(crate::scene::begin());
    let cause = Cause::new(ErrorKind::DeadlineExceeded, "too long");
    give_up(&mut restore, Phase::Cleanup, cause, crate::scene::begin());
    assert!(ends(&restore));
    let told: Vec<_> = restore
        .causes
        .iter()
        .map(|it| it.message.as_str())
        .collect();
    assert!(told[1].contains("a_x"), "{told:?}");
    let names = Scene::at(Phase::Intake).names();
    assert!(told[2].contains(&names.temporary_database()), "{told:?}");
    assert!(!told[2].contains("work/"), "{told:?}");
}

#[test]
fn a_cleanup_that_is_given_up_says_what_each_thing_that_is_left_costs_and_all_together() {
    let mut restore = with_dms(Scene::failed_in(Phase::Migrate)).restore;
    let prices = PriceList::of("us-east-1", None).unwrap();
    for resource in &mut restore.resources {
        let size = match resource.kind {
            ResourceKind::Secret => Size::Secret,
            ResourceKind::ReplicationInstance => Size::ReplicationInstance {
                class: "dms.t3.medium".into(),
            },
            _ => continue,
        };
        resource.cost = Some(prices.cost(&size));
    }
    let cause = Cause::new(ErrorKind::DeadlineExceeded, "waited too long");
    give_up(&mut restore, Phase::Cleanup, cause, crate::scene::begin());
    let message = &restore.causes.last().unwrap().message;
    for part in [
        "-i (dms.t3.medium: 0.0730 USD an hour)",
        "-s (one secret: 0.0005 USD an hour)",
        "(price unknown)",
        "-k01 (not charged by the hour)",
        "together at least 0.0741 USD an hour (prices of us-east-1, May 2026)",
    ] {
        assert!(message.contains(part), "{part} isn't in {message}");
    }
}
