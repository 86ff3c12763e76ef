mod chain;

use jiff::{SignedDuration, Timestamp};
use tenant_restore_events::{Instruction, Phase};

use super::*;
use crate::error::ErrorKind;
use crate::job::Mode;
use crate::restore::{Replication, ResourceKind, TaskState};
use crate::scene::{Scene, begin, setting};
use crate::worker_task::start_again;

fn wake() -> Wake {
    Wake::Command(Instruction::ExtractDdl)
}

fn hint(resource: &str, event: &str) -> Wake {
    let (resource, event) = (resource.to_owned(), event.to_owned());
    Wake::Hint(Hint { resource, event })
}

fn after(seconds: i64) -> Timestamp {
    begin() + SignedDuration::from_secs(seconds)
}

fn wait(what: WaitFor) -> Then {
    Then::Wait(what, "creating".to_owned())
}

/// Settles a wait of the handler of ddl.
fn settle_at(restore: &mut Restore, what: WaitFor, wake: &Wake, now: Timestamp) -> Option<Tick> {
    settle(restore, Phase::Ddl, &wait(what), wake, &setting().pace, now).unwrap()
}

fn put_off_at(restore: &mut Restore, now: Timestamp) -> Result<Tick, Cause> {
    let cause = Cause::new(ErrorKind::Throttled, "slow down");
    put_off(restore, Phase::Ddl, &cause, &setting().pace, now)
}

fn generation(tick: &Tick) -> u32 {
    match tick.command.instruction {
        Instruction::Reconcile { generation, .. } => generation,
        other => panic!("{other:?}"),
    }
}

fn woken_by(tick: &Tick) -> Wake {
    match tick.command.instruction {
        Instruction::Reconcile {
            generation, gap, ..
        } => Wake::Tick { generation, gap },
        other => panic!("{other:?}"),
    }
}

fn tick(generation: u32) -> Wake {
    Wake::Tick {
        generation,
        gap: None,
    }
}

#[test]
fn only_the_handler_of_the_phase_may_act() {
    let restore = Scene::at(Phase::Ddl).restore;
    let acting: Vec<_> = Phase::ALL
        .into_iter()
        .filter(|it| may_act(*it, &restore))
        .collect();
    assert_eq!(acting, [Phase::Ddl]);
}

#[test]
fn migrate_may_prepare_its_instance_while_the_database_is_made() {
    for (phase, expected) in [
        (Phase::Intake, false),
        (Phase::Provision, true),
        (Phase::Ddl, true),
        (Phase::Finalize, false),
        (Phase::Cleanup, false),
    ] {
        let mut restore = Scene::at(phase).with_dms(None).restore;
        assert_eq!(may_act(Phase::Migrate, &restore), expected, "{phase}");
        restore.replication = Some(Replication {
            settled: true,
            ..Replication::default()
        });
        assert!(!may_act(Phase::Migrate, &restore), "{phase}");
    }
}

#[test]
fn the_event_of_a_new_database_counts_only_for_ours() {
    let scene = Scene::at(Phase::Provision);
    for (resource, expected) in [
        (scene.names().temporary_database(), true),
        (scene.names().source(), false),
    ] {
        let mut restore = scene.restore.clone();
        heed(
            &mut restore,
            &setting().deployment,
            &hint(&resource, "RDS-EVENT-0019"),
        );
        assert_eq!(restore.database_announced, expected);
    }
}

#[test]
fn the_event_of_a_new_password_counts_only_once_a_reset_was_asked_for() {
    let scene = Scene::at(Phase::Ddl);
    let event = hint(&scene.names().temporary_database(), "RDS-EVENT-0016");
    let mut restore = scene.restore;
    heed(&mut restore, &setting().deployment, &event);
    assert_eq!(restore.password, Password::Old);
    restore.password = Password::Resetting {
        announced: false,
        shown: false,
    };
    heed(&mut restore, &setting().deployment, &event);
    assert_eq!(
        restore.password,
        Password::Resetting {
            announced: true,
            shown: false
        }
    );
}

#[test]
fn the_event_of_a_deletion_counts_for_its_resource_alone() {
    let mut restore = Scene::at(Phase::Cleanup).restore;
    let name = Scene::at(Phase::Cleanup).names().temporary_database();
    heed(
        &mut restore,
        &setting().deployment,
        &hint(&name, "RDS-EVENT-0003"),
    );
    for resource in &restore.resources {
        assert_eq!(
            resource.deletion_announced,
            resource.kind == ResourceKind::Database
        );
    }
}

#[test]
fn a_password_that_a_twin_has_reset_already_stays_reset() {
    for (password, expected) in [
        (
            Password::Old,
            Password::Resetting {
                announced: false,
                shown: true,
            },
        ),
        (Password::Reset, Password::Reset),
        (
            Password::Resetting {
                announced: true,
                shown: false,
            },
            Password::Resetting {
                announced: true,
                shown: false,
            },
        ),
    ] {
        let mut restore = Scene::at(Phase::Ddl).restore;
        restore.password = password;
        learn(
            &mut restore,
            &[Learned::PasswordAccepted { pending: true }],
            begin(),
        );
        assert_eq!(restore.password, expected);
    }
}

#[test]
fn a_resource_of_somebody_else_counts_as_gone_for_us() {
    let mut restore = Scene::at(Phase::Cleanup).restore;
    let name = Scene::at(Phase::Cleanup).names().temporary_database();
    let kind = ResourceKind::Database;
    learn(&mut restore, &[Learned::NotOurs { kind, name }], begin());
    let gone: Vec<_> = restore
        .resources
        .iter()
        .filter(|it| it.gone_at.is_some())
        .collect();
    assert_eq!((gone.len(), gone[0].kind), (1, ResourceKind::Database));
}

#[test]
fn the_arn_of_a_task_is_remembered() {
    let mut scene = Scene::at(Phase::Ddl).with_task("ddl", "PENDING");
    scene.restore.tasks.last_mut().unwrap().arn = None;
    let learned = task(&scene, "arn:new");
    learn(&mut scene.restore, &[learned], begin());
    assert_eq!(
        scene.restore.task("ddl").unwrap().arn.as_deref(),
        Some("arn:new")
    );
}

#[test]
fn a_restore_keeps_the_revision_of_its_first_task_until_it_is_resumed() {
    let mut scene = Scene::at(Phase::Ddl).with_task("ddl", "PENDING");
    for definition in ["worker:1", "worker:2"] {
        learn(&mut scene.restore, &[worker(definition, None)], begin());
        assert_eq!(scene.restore.worker.as_deref(), Some("worker:1"));
    }
    assert_eq!(resumed(&scene).restore.worker, None);
}

#[test]
fn a_restore_whose_revision_is_gone_keeps_the_one_that_was_taken_in_its_place() {
    let mut scene = Scene::at(Phase::Ddl).with_task("ddl", "PENDING");
    let learned = [
        worker("worker:1", None),
        worker("worker:3", Some("worker:1")),
        // A twin's, which has begun before and comes late.
        worker("worker:2", Some("worker:1")),
    ];
    learn(&mut scene.restore, &learned, begin());
    assert_eq!(scene.restore.worker.as_deref(), Some("worker:3"));
}

fn worker(definition: &str, in_place_of: Option<&str>) -> Learned {
    Learned::Worker {
        definition: definition.to_owned(),
        in_place_of: in_place_of.map(str::to_owned),
    }
}

fn task(scene: &Scene, arn: &str) -> Learned {
    Learned::Task {
        started_by: scene.restore.task("ddl").unwrap().started_by.clone(),
        arn: arn.to_owned(),
    }
}

/// A restore that was held and resumed, and has started its failed job over.
fn resumed(scene: &Scene) -> Scene {
    let mut scene = scene.clone();
    for task in &mut scene.restore.tasks {
        task.state = TaskState::Failed;
    }
    scene.restore.request.on_failure = crate::hold::OnFailure::Hold;
    scene.restore.temporary = Some(("localhost".to_owned(), 5432));
    let cause = Cause::new(ErrorKind::TaskFailed, "killed");
    scene.restore.fail(vec![cause], begin());
    scene.restore.resume(begin()).unwrap();
    scene
}

#[test]
fn a_task_that_was_started_before_the_restore_was_resumed_is_not_taken_for_the_one_started_since() {
    let before = Scene::at(Phase::Ddl).with_task("ddl", "PENDING");
    let late = task(&before, "arn:old");
    let mut scene = resumed(&before);
    let (seen, modes) = (Seen::default(), [Mode::Extract]);
    start_again(
        &mut scene.restore,
        &seen,
        &setting(),
        Phase::Ddl,
        "ddl",
        &modes,
    );
    let learned = [late, task(&scene, "arn:new")];
    learn(&mut scene.restore, &learned, begin());
    let known = |scene: &Scene| scene.restore.task("ddl").unwrap().arn.clone();
    assert_eq!(known(&scene).as_deref(), Some("arn:new"));
    learn(&mut scene.restore, &learned[..1], begin());
    assert_eq!(known(&scene).as_deref(), Some("arn:new"));
}

#[test]
fn what_was_started_before_the_restore_was_resumed_is_still_to_be_done_over_again() {
    let mut scene = resumed(&Scene::at(Phase::Ddl));
    let name = scene.names().replication_task(0);
    let repeated = |resumed| Learned::Repeated {
        name: name.clone(),
        resumed,
    };
    scene.restore.resumed.reload = vec![name.clone()];
    learn(&mut scene.restore, &[repeated(0)], begin());
    assert_eq!(scene.restore.resumed.reload, std::slice::from_ref(&name));
    learn(&mut scene.restore, &[repeated(1)], begin());
    assert_eq!(scene.restore.resumed.reload, Vec::<String>::new());
}

#[test]
fn that_an_earlier_hold_was_told_says_nothing_of_the_next() {
    let mut scene = Scene::at(Phase::Cleanup);
    let hold = |until| Hold {
        phase: Phase::Migrate,
        until,
        told: false,
    };
    scene.restore.held = Some(hold(Some(after(90))));
    let told = |until| [Learned::HeldTold { until }];
    learn(&mut scene.restore, &told(after(60)), begin());
    assert_eq!(scene.restore.held, Some(hold(Some(after(90)))));
    learn(&mut scene.restore, &told(after(90)), begin());
    assert!(scene.restore.held.unwrap().told);
}

#[test]
fn a_restore_moved_if_something_was_done_or_found_done() {
    let before = Scene::at(Phase::Cleanup).restore;
    let moves = |change: fn(&mut Restore)| {
        let mut after = before.clone();
        change(&mut after);
        moved(&before, &after, &[])
    };
    assert!(moves(|it| it.phase = Phase::Complete));
    assert!(moves(|it| it.resources[0].gone_at = Some(begin())));
    assert!(moves(|it| it.password = Password::Refused));
    assert!(moves(
        |it| it.tasks[0].state = crate::restore::TaskState::Failed
    ));
    assert!(!moves(|it| it.generation += 1));
    assert!(!moves(|it| it.database_announced = true));
    assert!(moved(&before, &before, &[Effect::ReleaseClaims]));
}

#[test]
fn only_the_command_of_the_current_phase_proves_that_the_outbox_was_sent() {
    let mut restore = Scene::at(Phase::Intake).restore;
    let both = [
        Instruction::ProvisionReplication,
        Instruction::ProvisionTemporaryDatabase,
    ];
    restore.enter(Phase::Provision, &both, begin());
    assert!(!is_next_command(&restore, &Wake::Command(both[0])));
    assert!(is_next_command(&restore, &Wake::Command(both[1])));
    assert!(!is_next_command(&restore, &tick(1)));
}

#[test]
fn the_end_of_a_worker_that_the_cleanup_stops_concerns_the_cleanup() {
    let stopped = hint("copy", "STOPPED");
    let failed = Scene::failed_in(Phase::Migrate)
        .with_task("copy", "STOPPING")
        .restore;
    assert!(ends_a_stop(&failed, &stopped));
    assert!(!ends_a_stop(&failed, &hint("preflight", "STOPPED")));
    let mut resumed = failed;
    for task in resumed.tasks.iter_mut().filter(|task| task.job == "copy") {
        task.started_by.push_str("-2");
    }
    assert!(!ends_a_stop(&resumed, &stopped), "that of the first run");
    assert!(ends_a_stop(&resumed, &hint("copy-2", "STOPPED")));
    let healthy = Scene::at(Phase::Migrate)
        .with_task("copy", "RUNNING")
        .restore;
    assert!(!ends_a_stop(&healthy, &stopped));
}

#[test]
fn a_save_that_was_done_unanswered_is_known_by_its_time_and_another_s_is_not() {
    let before = Scene::at(Phase::Finalize).restore;
    let now: Timestamp = "2024-02-01T00:00:00.123456789Z".parse().unwrap();
    let entered = |now| {
        let mut restore = before.clone();
        restore.enter(Phase::Cleanup, &[Instruction::CleanUp], now);
        restore
    };
    let tried = entered(now);
    let stored = serde_json::from_str(&serde_json::to_string(&tried).unwrap()).unwrap();
    assert!(is_entered_as(&stored, &tried));
    let twins = entered(now + SignedDuration::from_nanos(1));
    assert!(!is_entered_as(&twins, &tried));
    assert!(!is_entered_as(&before, &tried));
}
