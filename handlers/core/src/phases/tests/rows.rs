//! Migrate and its DMS branch.

use tenant_restore_events::{Instruction, Phase};

use crate::decision::Then;
use crate::effect::Effect;
use crate::error::ErrorKind;
use crate::job::Mode;
use crate::restore::Restore;
use crate::scene::{Scene, done, failure, kinds, result};
use crate::wait::WaitFor;

fn copying() -> Scene {
    let mut scene = Scene::at(Phase::Migrate);
    scene.restore.copy_tables = 1;
    scene
}

fn waits(scene: &Scene) -> WaitFor {
    match scene.decide().then {
        Then::Wait(what, _) => what,
        other => panic!("{other:?}"),
    }
}

fn moves_on(restore: &Restore) -> bool {
    restore
        .outbox
        .commands
        .iter()
        .any(|it| it.instruction == Instruction::Finalize)
}

/// Both branches are under way, the copy is running.
fn both() -> Scene {
    copying()
        .with_task("copy", "RUNNING")
        .with_dms(Some(vec![0, 1]))
}

fn loading() -> Scene {
    both()
        .with_instance("available")
        .with_connections("successful")
}

#[test]
fn without_rows_to_move_nothing_is_awaited() {
    assert!(moves_on(&Scene::at(Phase::Migrate).decide().restore));
}

#[test]
fn the_copy_and_the_replication_instance_start_at_the_same_moment() {
    let decision = copying().with_dms(Some(vec![0])).decide();
    let names = copying().names();
    let instance = format!(
        "create replication instance {}",
        names.replication_instance()
    );
    assert_eq!(done(&decision), ["run task copy".to_owned(), instance]);
}

#[test]
fn the_last_of_both_branches_hands_on() {
    let copied = loading().with_result("copy", result());
    let half = copied
        .clone()
        .with_dms_task(0, "stopped", "Table completed")
        .with_dms_task(1, "running", "");
    assert_eq!(waits(&half), WaitFor::ReplicationTask);
    let whole = half.with_dms_task(1, "stopped", "Table completed");
    assert!(moves_on(&whole.decide().restore));
}

#[test]
fn a_failed_copy_ends_the_restore_although_dms_is_still_at_work() {
    let scene = loading()
        .with_dms_task(0, "running", "")
        .with_dms_task(1, "running", "");
    let restore = scene
        .with_result("copy", failure(Mode::Copy, ErrorKind::CopyFailed))
        .decide()
        .restore;
    assert_eq!(kinds(&restore), [ErrorKind::CopyFailed]);
}

#[test]
fn before_its_phase_migrate_only_prepares_the_replication_instance() {
    let scene = Scene::at(Phase::Provision).with_dms(None);
    let asked = scene.decide_as(Phase::Migrate);
    assert!(matches!(
        asked.effects[..],
        [Effect::CreateReplicationInstance { .. }]
    ));
    let ready = scene.with_instance("available").decide_as(Phase::Migrate);
    assert_eq!((ready.effects.len(), ready.then), (0, Then::Rest));
    assert_eq!(ready.restore.phase, Phase::Provision);
}

#[test]
fn a_replication_instance_that_fails_ends_the_restore_while_rds_still_works() {
    let scene = Scene::at(Phase::Provision)
        .with_dms(None)
        .with_instance("failed");
    let restore = scene.decide_as(Phase::Migrate).restore;
    assert_eq!(kinds(&restore), [ErrorKind::ProvisioningFailed]);
    assert_eq!(restore.failed_in, Some(Phase::Provision));
    assert_eq!(restore.outbox.commands[0].instruction, Instruction::CleanUp);
}

#[test]
fn an_instance_is_awaited_slowly_and_after_its_event_quickly() {
    let mut scene = Scene::at(Phase::Migrate)
        .with_dms(Some(vec![0]))
        .with_instance("creating");
    assert_eq!(waits(&scene), WaitFor::ReplicationInstance);
    scene.restore.replication.as_mut().unwrap().announced = true;
    assert_eq!(waits(&scene), WaitFor::ReplicationInstanceAvailable);
}

#[test]
fn endpoints_are_made_then_tested_and_the_test_is_awaited_by_ticks() {
    let scene = both().with_instance("available");
    assert_eq!(scene.decide().effects.len(), 2);
    let mut untested = loading();
    untested.seen.connections.clear();
    let decision = untested.decide();
    assert!(
        decision
            .effects
            .iter()
            .all(|it| matches!(it, Effect::TestConnection { .. }))
    );
    assert_eq!(waits(&untested), WaitFor::ConnectionTest);
}

#[test]
fn a_connection_that_fails_ends_the_restore_with_the_reason_of_dms() {
    let restore = both()
        .with_instance("available")
        .with_connections("failed")
        .decide()
        .restore;
    assert_eq!(kinds(&restore)[0], ErrorKind::ConnectionTestFailed);
    assert!(restore.causes[0].message.contains("no route"));
}

#[test]
fn each_schema_gets_a_task_that_is_started_once_it_is_ready() {
    let created = loading().decide();
    assert_eq!(created.effects.len(), 2);
    let scene = loading()
        .with_dms_task(0, "ready", "")
        .with_dms_task(1, "creating", "");
    let name = scene.names().replication_task(0);
    assert_eq!(
        done(&scene.decide()),
        [format!("start replication task {name}")]
    );
    assert_eq!(waits(&scene), WaitFor::ReplicationTaskReady);
}

#[test]
fn many_tasks_are_made_in_waves() {
    let mut scene = loading();
    let pair = scene.restore.request.schemas[0].clone();
    scene.restore.request.schemas = vec![pair; 25];
    scene.restore.replication.as_mut().unwrap().schemas = Some((0..25).collect());
    let decision = scene.decide();
    assert_eq!(decision.effects.len(), 10);
    assert!(matches!(
        decision.then,
        Then::Wait(WaitFor::ReplicationTaskReady, _)
    ));
}

#[test]
fn a_load_is_complete_only_if_it_says_so_and_every_table_is_complete() {
    let scene = loading().with_dms_task(0, "stopped", "Table completed");
    let judged = |scene: Scene| kinds(&scene.decide().restore);
    let whole = scene.clone().with_dms_task(1, "stopped", "Table completed");
    assert!(judged(whole.clone()).is_empty());
    let second = scene.names().replication_task(1);
    let spoil = |change: fn(&mut crate::sight::ReplicationTaskSight)| {
        let mut scene = whole.clone();
        let sight = scene.seen.replication_tasks.get_mut(&second).unwrap();
        change(sight.as_mut().unwrap());
        judged(scene)
    };
    let failed = [ErrorKind::ReplicationFailed];
    assert_eq!(spoil(|it| it.status = "failed".into()), failed);
    assert_eq!(
        spoil(|it| it.stop_reason = "Stop Reason NORMAL".into()),
        failed
    );
    assert_eq!(spoil(|it| it.tables_errored = 1), failed);
    assert_eq!(spoil(|it| it.tables.clear()), failed);
    assert_eq!(spoil(|it| it.tables[0].1 = "Table error".into()), failed);
}

#[test]
fn tasks_load_in_waves_as_large_as_productions_connections_allow() {
    let mut scene = loading()
        .with_dms_task(0, "ready", "")
        .with_dms_task(1, "ready", "");
    scene.restore.free_connections = Some(20);
    let first = scene.clone().decide();
    assert_eq!(done(&first).len(), 1, "{:?}", done(&first));
    let running = scene.clone().with_dms_task(0, "running", "").decide();
    assert_eq!(done(&running), Vec::<String>::new());
    assert!(
        matches!(running.then, Then::Wait(what, _) if !what.is_gap()),
        "DMS tells when the task stops: {:?}",
        running.then
    );
    let next = scene
        .with_dms_task(0, "stopped", "Table completed")
        .decide();
    assert_eq!(done(&next).len(), 1, "{:?}", done(&next));
}

#[test]
fn tables_of_a_stopped_task_are_not_judged_before_all_tasks_are_over() {
    let scene = loading()
        .with_dms_task(0, "stopped", "")
        .with_dms_task(1, "running", "");
    assert!(scene.decide().restore.causes.is_empty());
}

#[test]
fn an_unneeded_instance_is_deleted_at_once_and_keeps_nobody_waiting() {
    let unneeded = copying()
        .with_task("copy", "RUNNING")
        .with_dms(Some(Vec::new()));
    let ready = unneeded.clone().with_instance("available");
    assert!(matches!(
        ready.decide().effects[..],
        [Effect::DeleteReplicationInstance { .. }]
    ));
    // One that is still being made can't be deleted yet: the cleanup will.
    let copied = unneeded
        .with_instance("creating")
        .with_result("copy", result());
    assert!(moves_on(&copied.decide().restore));
}

#[test]
fn what_stands_in_dms_under_our_names_is_not_used_before_it_is_known_to_be_ours() {
    let mut scene = loading().with_dms_task(0, "ready", "");
    for resource in &mut scene.restore.resources {
        resource.owned = false;
    }
    let names = scene.names();
    let instance = format!(
        "create replication instance {}",
        names.replication_instance()
    );
    assert_eq!(done(&scene.decide()), [instance]);
    scene.restore.own(&names.replication_instance());
    let endpoints = [names.source(), names.target()];
    let expected = endpoints
        .each_ref()
        .map(|name| format!("create endpoint {name}"));
    assert_eq!(done(&scene.decide()), expected);
    endpoints.iter().for_each(|name| scene.restore.own(name));
    assert!(matches!(
        scene.decide().effects[0],
        Effect::CreateReplicationTask { .. }
    ));
}

#[test]
fn tables_that_were_incomplete_when_it_failed_are_loaded_again_once_it_is_resumed() {
    let mut scene = loading()
        .with_result("copy", result())
        .with_dms_task(0, "stopped", "Table cancelled")
        .with_dms_task(1, "stopped", "Table completed");
    let name = scene.names().replication_task(0);
    assert_eq!(scene.decide().restore.phase, Phase::Cleanup);
    scene.restore.resumed.reload = vec![name.clone()];
    let reload = true;
    let again = Effect::StartReplicationTask { name, reload };
    assert_eq!(scene.decide().effects, [again]);
}
