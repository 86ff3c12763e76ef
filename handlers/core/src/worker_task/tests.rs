use tenant_restore_events::Phase;

use super::*;
use crate::scene::{Scene, failure, kinds_of, result, setting};

fn progress_of(scene: &mut Scene) -> Progress {
    let modes = [Mode::Extract, Mode::ApplyPreData];
    progress(
        &mut scene.restore,
        &scene.seen,
        &setting(),
        Phase::Ddl,
        "ddl",
        &modes,
        scene.now,
    )
}

fn token(progress: &Progress) -> String {
    match progress {
        Progress::Start(effect) => match &**effect {
            Effect::RunTask { token, .. } => token.clone(),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

fn failed(mut scene: Scene) -> Vec<ErrorKind> {
    match progress_of(&mut scene) {
        Progress::Failed(causes) => kinds_of(&causes),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_task_is_noted_when_it_is_to_be_started() {
    let mut scene = Scene::at(Phase::Ddl);
    assert!(matches!(progress_of(&mut scene), Progress::Start(_)));
    let task = scene.restore.task("ddl").unwrap();
    assert_eq!((task.state, &task.arn), (TaskState::Running, &None));
}

#[test]
fn a_task_that_was_noted_but_is_not_there_is_started_by_the_same_token() {
    let mut scene = Scene::at(Phase::Ddl);
    let first = token(&progress_of(&mut scene));
    scene.seen.tasks.insert("ddl".into(), None);
    assert_eq!(token(&progress_of(&mut scene)), first);
}

#[test]
fn a_task_that_ecs_does_not_show_yet_is_not_started_twice() {
    let mut scene = Scene::at(Phase::Ddl).with_task("ddl", "PENDING");
    scene.seen.tasks.insert("ddl".into(), None);
    assert!(matches!(progress_of(&mut scene), Progress::Running(_)));
}

#[test]
fn a_task_that_ecs_no_longer_shows_and_that_left_no_result_fails_soon() {
    let mut scene = Scene::at(Phase::Ddl).with_task("ddl", "PENDING");
    scene.seen.tasks.insert("ddl".into(), None);
    let running = |scene: &mut Scene| matches!(progress_of(scene), Progress::Running(_));
    assert!(running(&mut scene));
    scene = scene.later(600);
    assert!(running(&mut scene), "it may not be shown yet");
    scene = scene.later(1);
    let Progress::Failed(causes) = progress_of(&mut scene) else {
        panic!("it is waited for");
    };
    assert_eq!(kinds_of(&causes), [ErrorKind::TaskFailed]);
    assert!(causes[0].message.contains("arn:ddl"), "{}", causes[0]);
    assert_eq!(scene.restore.task("ddl").unwrap().state, TaskState::Failed);
}

#[test]
fn a_task_that_is_shown_again_is_waited_for_again() {
    let mut scene = Scene::at(Phase::Ddl).with_task("ddl", "PENDING");
    for seconds in [0, 500, 500] {
        scene = scene.later(seconds);
        scene.seen.tasks.insert("ddl".into(), None);
        assert!(matches!(progress_of(&mut scene), Progress::Running(_)));
        scene = scene.with_task("ddl", "RUNNING");
        assert!(matches!(progress_of(&mut scene), Progress::Running(_)));
    }
}

#[test]
fn a_task_is_over_only_when_it_has_stopped() {
    for status in ["PROVISIONING", "RUNNING", "STOPPING", "DEPROVISIONING"] {
        let mut scene = Scene::at(Phase::Ddl).with_task("ddl", status);
        assert_eq!(
            progress_of(&mut scene),
            Progress::Running(status.to_owned())
        );
    }
}

#[test]
fn success_is_exit_code_zero_with_a_result() {
    let mut scene = Scene::at(Phase::Ddl).with_result("ddl", result());
    assert!(matches!(progress_of(&mut scene), Progress::Succeeded(_)));
    assert_eq!(
        scene.restore.task("ddl").unwrap().state,
        TaskState::Succeeded
    );
}

#[test]
fn a_worker_that_failed_says_why() {
    let report = failure(Mode::ApplyPreData, ErrorKind::ApplyFailed);
    assert_eq!(
        failed(Scene::at(Phase::Ddl).with_result("ddl", report)),
        [ErrorKind::ApplyFailed]
    );
}

#[test]
fn a_container_that_never_ran_and_one_that_was_killed_are_told_apart() {
    let stopped = Scene::at(Phase::Ddl).with_task("ddl", "STOPPED");
    assert_eq!(failed(stopped.clone()), [ErrorKind::TaskFailedToStart]);
    let mut killed = stopped;
    let sight = killed.seen.tasks.get_mut("ddl").unwrap();
    sight.as_mut().unwrap().exit_code = Some(137);
    assert_eq!(failed(killed), [ErrorKind::TaskFailed]);
}

#[test]
fn exit_code_zero_without_a_result_is_no_success() {
    let mut scene = Scene::at(Phase::Ddl).with_task("ddl", "STOPPED");
    let sight = scene.seen.tasks.get_mut("ddl").unwrap();
    sight.as_mut().unwrap().exit_code = Some(0);
    assert_eq!(failed(scene), [ErrorKind::TaskFailed]);
}

#[test]
fn a_job_names_servers_and_secrets_but_holds_no_password() {
    let mut scene = Scene::at(Phase::Ddl);
    let Progress::Start(effect) = progress_of(&mut scene) else {
        panic!("not started");
    };
    let Effect::RunTask { job, key, .. } = *effect else {
        panic!("no task");
    };
    let names = scene.names();
    assert!(key.starts_with(&names.work_prefix()));
    assert_eq!(job.temporary.as_ref().unwrap().secret, names.source());
    assert_eq!(job.loader.secret, Some(names.target()));
    let document = serde_json::to_string(&*job).unwrap();
    assert!(!document.contains("password"), "{document}");
}

#[test]
fn before_the_temporary_database_exists_a_job_has_no_login_for_it() {
    let mut scene = Scene::at(Phase::Provision);
    let Progress::Start(effect) = progress_of(&mut scene) else {
        panic!("not started");
    };
    let Effect::RunTask { job, .. } = *effect else {
        panic!("no task");
    };
    assert_eq!((job.temporary, job.loader.secret), (None, None));
}

#[test]
fn a_task_that_ecs_has_forgotten_is_judged_by_its_result() {
    let mut scene = Scene::at(Phase::Ddl).with_result("ddl", result());
    let sight = scene.seen.tasks.get_mut("ddl").unwrap().as_mut().unwrap();
    sight.status = TaskSight::FORGOTTEN.into();
    sight.exit_code = None;
    let forgotten = scene.clone();
    assert!(matches!(progress_of(&mut scene), Progress::Succeeded(_)));
    let mut scene = forgotten;
    let sight = scene.seen.tasks.get_mut("ddl").unwrap().as_mut().unwrap();
    sight.result = Some(Box::new(failure(Mode::Extract, ErrorKind::ApplyFailed)));
    assert_eq!(failed(scene), [ErrorKind::ApplyFailed]);
}
