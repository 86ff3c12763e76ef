//! Cleanup, of tasks that run for a restore although its record doesn't know them.

use tenant_restore_events::Phase;

use crate::decision::Choreography;
use crate::effect::Effect;
use crate::error::{Cause, ErrorKind};
use crate::hold::{Hold, OnFailure};
use crate::phases::cleanup::Cleanup;
use crate::restore::{Creating, ResourceKind};
use crate::scene::{Scene, setting};
use crate::sight::Look;

const ARN: &str = "arn:second";

/// A failed restore whose copy has ended, and a second task of it in that status.
fn with_stray(status: &str) -> Scene {
    let mut scene = Scene::at(Phase::Cleanup).with_everything_there();
    scene.restore.causes = vec![Cause::new(ErrorKind::CopyFailed, "a table")];
    let stray = (ARN.to_owned(), status.to_owned());
    scene.seen.strays = Some(vec![stray]);
    scene
}

fn looks_for_strays(scene: &Scene) -> bool {
    let looks = Cleanup.looks(&scene.restore, &setting());
    looks.iter().any(|look| matches!(look, Look::Strays { .. }))
}

#[test]
fn a_second_task_of_a_job_is_stopped_before_anything_is_dropped_or_deleted() {
    let stop = Effect::StopTask {
        arn: ARN.to_owned(),
    };
    assert_eq!(with_stray("RUNNING").decide().effects, [stop]);
    let stopping = with_stray("STOPPING").decide();
    assert_eq!(stopping.effects, []);
    assert!(!stopping.restore.strays_gone);
}

#[test]
fn the_task_that_the_record_knows_is_no_stray() {
    let mut scene = Scene::at(Phase::Cleanup).with_task("copy", "STOPPING");
    scene.seen.strays = Some(vec![("arn:copy".to_owned(), "STOPPING".to_owned())]);
    assert!(scene.decide().restore.strays_gone);
}

#[test]
fn it_is_looked_for_until_none_is_there_and_none_can_come_any_more() {
    let mut scene = with_stray("RUNNING");
    scene.restore.strays_gone = false;
    assert!(looks_for_strays(&scene));
    scene.seen.strays = Some(Vec::new());
    let documents = scene.names().work_prefix();
    let kind = ResourceKind::Objects;
    scene.restore.note(kind, &documents, scene.now);
    let all = scene.restore.resources.iter_mut();
    for resource in all.filter(|resource| resource.kind == kind) {
        let (count, since) = (1, scene.now);
        resource.creating = Some(Creating { count, since });
    }
    scene.restore = scene.decide().restore;
    assert!(looks_for_strays(&scene), "a late handler may start one");
    let mut later = scene.later(setting().handler_timeout);
    later.restore = later.decide().restore;
    assert!(!looks_for_strays(&later));
}

#[test]
fn that_a_restore_is_held_is_told_only_once_no_second_task_is_at_work() {
    let mut scene = with_stray("STOPPING");
    scene.restore.request.on_failure = OnFailure::Hold;
    scene.restore.held = Some(Hold {
        phase: Phase::Migrate,
        until: None,
        told: false,
    });
    assert_eq!(scene.decide().effects, []);
    scene.seen.strays = Some(Vec::new());
    let effects = scene.decide().effects;
    assert!(
        matches!(effects[..], [Effect::TellHeld { .. }]),
        "{effects:?}"
    );
}
