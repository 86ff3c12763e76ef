use std::collections::BTreeMap;

use serde_json::json;

use super::*;
use crate::decision::{self, Then, Wake};
use crate::naming::{Deployment, restore_id};
use crate::request::{Arrival, read};
use crate::wait::WaitFor;

fn opened() -> Timestamp {
    "2024-02-01T00:00:00Z".parse().unwrap()
}

fn after(seconds: i64) -> Timestamp {
    opened() + SignedDuration::from_secs(seconds)
}

fn setting() -> Setting {
    Setting {
        deployment: Deployment {
            name: "tenant-restore".into(),
            tag: "main".into(),
        },
        pace: Pace::default(),
        handler_timeout: 60,
        loads_of_class: 10,
        writer_class: None,
        bucket: "bucket".into(),
    }
}

fn id() -> RestoreId {
    restore_id("tenant-restore", "ticket-1")
}

fn restore() -> Restore {
    let detail = json!({"database": "d", "schemas": ["s"], "restoreTime": "2024-01-28T14:30:00Z"});
    let arrival = Arrival {
        event_id: "ticket-1",
        time: opened(),
        replayed: false,
        now: opened(),
        default_source: "production",
        snapshot: None,
    };
    Restore::open(id(), read(&detail, &arrival).unwrap(), opened())
}

fn told() -> Restore {
    let mut restore = restore();
    restore.cancel(None, opened()).unwrap();
    restore.enter(Phase::Complete, &[Instruction::Complete], opened());
    restore.decide_outcome("s3://bucket/audit/x/1", opened());
    restore.announced = true;
    restore
}

fn waiting(what: WaitFor, ticks: u32) -> Restore {
    let mut restore = restore();
    let deadline = Pace::default().deadline(what, Phase::Intake, opened());
    let wait = Wait {
        what,
        since: opened(),
        deadline,
        generation: 7,
        ticks,
        last_seen: "creating".into(),
    };
    restore.generation = 7;
    restore.waits = BTreeMap::from([(Phase::Intake, wait)]);
    restore
}

fn orphan(kind: Kind, name: &str, status: &str) -> Found {
    Found {
        kind,
        name: name.into(),
        status: status.into(),
        owner: Owner::Gone(id()),
    }
}

fn verdict(kind: Kind, status: &str) -> Verdict {
    judge(&[orphan(kind, "tr-main-abcdefghijkl", status)])[0]
}

fn reconcile(phase: Phase, generation: u32) -> Nudge {
    tick(&restore(), phase, generation)
}

const PATIENCE: i64 = 1800;

#[test]
fn what_no_record_knows_is_orphaned() {
    assert_eq!(life(None, &setting(), opened()), Life::Unknown);
}

#[test]
fn a_restore_looks_after_its_resources_until_its_outcome_is_told_and_late_handlers_are_over() {
    assert_eq!(
        life(Some(&restore()), &setting(), after(86_400)),
        Life::Live
    );
    let untold = Restore {
        announced: false,
        ..told()
    };
    assert_eq!(life(Some(&untold), &setting(), after(86_400)), Life::Live);
    assert_eq!(life(Some(&told()), &setting(), after(60)), Life::Live);
    assert_eq!(life(Some(&told()), &setting(), after(61)), Life::Over);
}

#[test]
fn the_next_attempt_of_a_restore_looks_after_its_resources_again() {
    let again = told().next_attempt(after(3600)).unwrap();
    assert_eq!(life(Some(&again), &setting(), after(7200)), Life::Live);
}

#[test]
fn resources_of_a_live_restore_are_left_and_foreign_ones_told_of_but_never_touched() {
    for kind in [
        Kind::Database,
        Kind::Secret,
        Kind::WorkerTask,
        Kind::ReplicationTask,
        Kind::Endpoint,
        Kind::ReplicationInstance,
    ] {
        for status in ["available", "running", "stopped", "RUNNING"] {
            let with = |owner: Owner| Found {
                owner,
                ..orphan(kind, "tr-main-abcdefghijkl", status)
            };
            let verdicts = judge(&[with(Owner::Live), with(Owner::Foreign)]);
            assert_eq!(verdicts, [Verdict::Leave, Verdict::Report]);
        }
    }
}

#[test]
fn an_orphan_is_deleted_whatever_state_it_is_stuck_in() {
    for status in ["available", "failed", "incompatible-restore", "stopped"] {
        assert_eq!(verdict(Kind::Database, status), Verdict::Delete, "{status}");
        assert_eq!(
            verdict(Kind::ReplicationInstance, status),
            Verdict::Delete,
            "{status}"
        );
    }
    assert_eq!(verdict(Kind::Secret, ""), Verdict::Delete);
    assert_eq!(verdict(Kind::Endpoint, "active"), Verdict::Delete);
}

#[test]
fn what_runs_is_stopped_before_it_is_deleted() {
    assert_eq!(verdict(Kind::WorkerTask, "RUNNING"), Verdict::Stop);
    assert_eq!(verdict(Kind::ReplicationTask, "running"), Verdict::Stop);
    assert_eq!(verdict(Kind::ReplicationTask, "stopped"), Verdict::Delete);
}

#[test]
fn what_is_on_its_way_out_is_not_asked_again() {
    for (kind, status) in [
        (Kind::Database, "deleting"),
        (Kind::Endpoint, "deleting"),
        (Kind::ReplicationTask, "stopping"),
        (Kind::ReplicationTask, "deleting"),
        (Kind::WorkerTask, "DEPROVISIONING"),
    ] {
        let verdict = verdict(kind, status);
        assert!(
            matches!(verdict, Verdict::Later(_)),
            "{kind:?} {status}: {verdict:?}"
        );
    }
}

#[test]
fn an_instance_goes_before_its_cluster_and_both_before_their_parameter_groups() {
    let database = |status: &str| orphan(Kind::Database, "tr-main-abcdefghijkl", status);
    let cluster = orphan(Kind::Cluster, "tr-main-abcdefghijkl-c", "available");
    let groups = [
        orphan(Kind::ParameterGroup, "tr-main-abcdefghijkl-p", ""),
        orphan(Kind::ClusterParameterGroup, "tr-main-abcdefghijkl-cp", ""),
    ];
    let with_groups = |found: &[Found]| judge(&[found, groups.as_slice()].concat());
    let instances = Verdict::Later("its instances go first");
    let users = Verdict::Later("the databases that use it go first");
    for (status, verdict) in [
        ("available", Verdict::Delete),
        ("deleting", Verdict::Later("it is being deleted")),
    ] {
        let found = [database(status), cluster.clone()];
        let expected = [verdict, instances, users, users];
        assert_eq!(with_groups(&found), expected, "{status}");
    }
    let alone = [Verdict::Delete, users, users];
    assert_eq!(with_groups(&[cluster]), alone);
    assert_eq!(with_groups(&[]), [Verdict::Delete, Verdict::Delete]);
}

#[test]
fn tasks_go_before_what_they_use_and_no_restore_waits_for_anothers_tasks() {
    let mut other = orphan(Kind::Database, "tr-main-mnopqrstuvwx", "available");
    other.owner = Owner::Gone(restore_id("tenant-restore", "ticket-2"));
    let found = [
        orphan(Kind::Endpoint, "tr-main-abcdefghijkl-s", "active"),
        orphan(
            Kind::ReplicationInstance,
            "tr-main-abcdefghijkl-i",
            "available",
        ),
        orphan(Kind::Database, "tr-main-abcdefghijkl", "available"),
        orphan(Kind::ReplicationTask, "tr-main-abcdefghijkl-k01", "stopped"),
        other,
    ];
    let later = Verdict::Later("tasks that use it go first");
    assert_eq!(
        judge(&found),
        [later, later, later, Verdict::Delete, Verdict::Delete]
    );
}

#[test]
fn a_wait_whose_tick_may_still_come_is_left_alone() {
    let restore = waiting(WaitFor::TemporaryDatabase, 0);
    assert_eq!(nudges(&restore, &setting(), after(60 + PATIENCE)), []);
}

#[test]
fn a_wait_whose_tick_is_long_overdue_gets_a_tick_that_counts_as_current() {
    let restore = waiting(WaitFor::TemporaryDatabase, 2);
    let due = 60 + 90 + 135;
    assert_eq!(nudges(&restore, &setting(), after(due + PATIENCE)), []);
    let nudges = nudges(&restore, &setting(), after(due + PATIENCE + 1));
    assert_eq!(nudges, [reconcile(Phase::Intake, 7)]);
    assert!(decision::is_current(&restore, Phase::Intake, 7));
}

#[test]
fn a_wait_past_its_deadline_that_nobody_failed_is_woken_and_its_handler_fails_it() {
    let mut restore = waiting(WaitFor::ConnectionTest, 1000);
    let deadline = restore.waits[&Phase::Intake].deadline;
    let now = deadline + SignedDuration::from_secs(PATIENCE + 1);
    let nudges = nudges(&restore, &setting(), now);
    assert_eq!(nudges, [reconcile(Phase::Intake, 7)]);
    let then = Then::Wait(WaitFor::ConnectionTest, "testing".into());
    let wake = Wake::Tick {
        generation: 7,
        gap: None,
    };
    let settled = decision::settle(
        &mut restore,
        Phase::Intake,
        &then,
        &wake,
        &Pace::default(),
        now,
    );
    assert!(settled.is_err());
}

#[test]
fn a_phase_whose_command_was_lost_is_sent_it_again_while_another_branch_waits() {
    let mut restore = waiting(WaitFor::ReplicationInstance, 0);
    let wait = restore.waits.remove(&Phase::Intake).unwrap();
    let commands = [Instruction::ProvisionTemporaryDatabase];
    restore.enter(Phase::Provision, &commands, opened());
    restore.waits.insert(Phase::Migrate, wait);
    assert_eq!(nudges(&restore, &setting(), after(PATIENCE)), []);
    let nudges = nudges(&restore, &setting(), after(PATIENCE + 1));
    assert_eq!(nudges, [Nudge::Outbox]);
}

#[test]
fn a_phase_that_waits_for_nothing_and_has_nothing_to_send_is_made_to_look() {
    let mut restore = told();
    restore.announced = false;
    restore.outbox = crate::restore::Outbox::default();
    let nudges = nudges(&restore, &setting(), after(PATIENCE + 1));
    assert_eq!(nudges, [reconcile(Phase::Complete, 0)]);
}

#[test]
fn a_restore_that_has_told_its_outcome_is_never_nudged() {
    assert_eq!(nudges(&told(), &setting(), Timestamp::MAX), []);
}
