//! Intake after its look at the source, provision of an instance, and ddl.

use tenant_restore_events::{Instruction, Phase};

use crate::admission::Admission;
use crate::decision::{Decision, Then, learn};
use crate::effect::{Effect, Learned};
use crate::error::{Cause, ErrorKind};
use crate::job::{Finding, Job, JobResult, Mode, Mover, MoverChoice, Severity};
use crate::phases;
use crate::restore::{Password, ResourceKind, Restore, TaskState};
use crate::scene::{Scene, done, failure, kinds, plan, probed, result, setting};
use crate::sight::Look;
use crate::wait::WaitFor;

/// The restore after a preflight with that result, admitted at once.
fn after_preflight(report: JobResult, mover: MoverChoice) -> Restore {
    let mut scene = Scene::at(Phase::Provision);
    scene.restore.phase = Phase::Intake;
    scene.restore.tasks.clear();
    scene.restore.request.mover = mover;
    let mut scene = scene.with_result("preflight", report);
    scene.restore = scene.decide().restore;
    if scene.restore.phase != Phase::Intake {
        return scene.restore;
    }
    scene.seen.admission = Some(Admission::Admitted);
    scene.decide().restore
}

fn preflight(dms_expected: bool, mover: MoverChoice) -> Restore {
    let mut report = result();
    report.preflight.as_mut().unwrap().dms_expected = dms_expected;
    after_preflight(report, mover)
}

fn commands(restore: &Restore) -> Vec<Instruction> {
    let commands = restore.outbox.commands.iter();
    commands.map(|command| command.instruction).collect()
}

#[test]
fn the_replication_instance_starts_together_with_the_database_when_dms_is_expected_or_demanded() {
    let both = [
        Instruction::ProvisionReplication,
        Instruction::ProvisionTemporaryDatabase,
    ];
    assert_eq!(commands(&preflight(true, MoverChoice::Auto)), both);
    assert_eq!(commands(&preflight(false, MoverChoice::Dms)), both);
    let one = [Instruction::ProvisionTemporaryDatabase];
    assert_eq!(commands(&preflight(false, MoverChoice::Auto)), one);
    assert_eq!(commands(&preflight(true, MoverChoice::Copy)), one);
}

#[test]
fn a_request_counts_as_accepted_only_after_the_preflight() {
    let restore = preflight(false, MoverChoice::Auto);
    let told: Vec<_> = restore
        .outbox
        .events
        .iter()
        .map(|it| it.detail_type.as_str())
        .collect();
    assert_eq!(told, ["RestoreAccepted", "RestoreProgressed"]);
}

#[test]
fn a_critical_finding_ends_the_restore_and_a_warning_does_not() {
    let finding = |severity| Finding {
        severity,
        cause: Cause::new(ErrorKind::TargetNameTaken, "taken"),
    };
    for (severity, phase) in [
        (Severity::Critical, Phase::Cleanup),
        (Severity::Warning, Phase::Provision),
    ] {
        let mut report = result();
        report.preflight.as_mut().unwrap().findings = vec![finding(severity)];
        let restore = after_preflight(report, MoverChoice::Auto);
        assert_eq!(restore.phase, phase);
        assert_eq!(
            restore.warnings.len(),
            usize::from(severity == Severity::Warning)
        );
    }
}

#[test]
fn the_temporary_database_is_written_down_before_it_is_asked_for() {
    let decision = Scene::at(Phase::Provision).decide();
    let noted = decision.restore.resources.last().unwrap();
    assert_eq!(
        (noted.kind, noted.confirmed),
        (ResourceKind::Database, false)
    );
    let noted: Vec<_> = decision
        .restore
        .resources
        .iter()
        .map(|it| it.kind)
        .collect();
    assert!(noted.contains(&ResourceKind::ParameterGroup));
    let names = Scene::at(Phase::Provision).names();
    let expected = [
        format!(
            "make the parameter group {} of family postgres15",
            names.parameter_group()
        ),
        format!(
            "restore production to 2024-01-28T14:30:00Z as {}",
            names.temporary_database()
        ),
    ];
    assert_eq!(done(&decision), expected);
    assert_eq!(
        decision.then,
        Then::Wait(WaitFor::TemporaryDatabase, "asked for".into())
    );
}

#[test]
fn a_database_that_is_made_is_awaited_slowly_and_after_its_event_quickly() {
    let waits = |scene: &Scene| match scene.decide().then {
        Then::Wait(what, _) => what,
        other => panic!("{other:?}"),
    };
    let mut scene = Scene::at(Phase::Provision).with_database("creating");
    assert_eq!(waits(&scene), WaitFor::TemporaryDatabase);
    scene.restore.database_announced = true;
    assert_eq!(waits(&scene), WaitFor::TemporaryDatabaseAvailable);
    let unannounced = Scene::at(Phase::Provision).with_database("backing-up");
    assert_eq!(waits(&unannounced), WaitFor::TemporaryDatabaseAvailable);
}

#[test]
fn a_database_that_stands_under_our_name_is_not_used_before_it_is_known_to_be_ours() {
    let mut scene = Scene::at(Phase::Provision).with_database("available");
    for resource in &mut scene.restore.resources {
        resource.owned = false;
    }
    let decision = scene.decide();
    assert_eq!(decision.restore.phase, Phase::Provision);
    let asked = matches!(
        decision.effects.last(),
        Some(Effect::RestoreDatabase { .. })
    );
    assert!(asked, "{:?}", decision.effects);
}

#[test]
fn a_secret_that_stands_under_our_name_is_not_used_before_it_is_known_to_be_ours() {
    let mut scene = Scene::at(Phase::Ddl).with_secrets(30);
    for resource in &mut scene.restore.resources {
        resource.owned = false;
    }
    let names = scene.names();
    let creations = done(&scene.decide());
    assert_eq!(
        creations[..2],
        [
            format!("create secret {}", names.source()),
            format!("create secret {}", names.target())
        ]
    );
}

#[test]
fn a_database_that_can_never_be_used_ends_the_restore() {
    let decision = Scene::at(Phase::Provision)
        .with_database("restore-error")
        .decide();
    assert_eq!(kinds(&decision.restore), [ErrorKind::ProvisioningFailed]);
}

#[test]
fn a_database_without_its_parameters_is_not_used() {
    let shown = |status: &str| {
        let mut scene = Scene::at(Phase::Provision).with_database("available");
        let sight = scene.seen.databases.values_mut().flatten().next();
        sight.unwrap().unapplied = Some(status.to_owned());
        scene.decide()
    };
    let applying = shown("applying");
    assert_eq!(applying.restore.phase, Phase::Provision);
    let awaited = matches!(
        applying.then,
        Then::Wait(WaitFor::TemporaryDatabaseAvailable, _)
    );
    assert!(awaited, "{:?}", applying.then);
    for status in ["pending-reboot", "failed-to-apply"] {
        let restore = shown(status).restore;
        assert_eq!(kinds(&restore), [ErrorKind::ProvisioningFailed]);
        assert!(restore.causes[0].message.contains(status));
    }
}

#[test]
fn an_available_database_hands_on_to_ddl_with_its_address() {
    let restore = Scene::at(Phase::Provision)
        .with_database("available")
        .decide()
        .restore;
    assert_eq!(restore.temporary, Some(("temporary".into(), 5433)));
    assert_eq!(commands(&restore), [Instruction::ExtractDdl]);
}

fn started(decision: &Decision) -> &Job {
    match decision.effects.last() {
        Some(Effect::RunTask { job, .. }) => job,
        other => panic!("{other:?}"),
    }
}

#[test]
fn ddl_makes_only_the_secrets_that_are_missing_and_tries_the_version_of_the_restore_point_first() {
    let mut scene = Scene::at(Phase::Ddl).with_secrets(30);
    let target = scene.names().target();
    scene.seen.secrets.insert(target.clone(), false);
    let decision = scene.decide();
    let expected = [format!("create secret {target}"), "run task ddl".to_owned()];
    assert_eq!(done(&decision), expected);
    assert_eq!(decision.then, Then::Wait(WaitFor::Task, "started".into()));
    let job = started(&decision);
    assert_eq!(job.modes, [Mode::Probe, Mode::Extract, Mode::ApplyPreData]);
    let probe = job.probe.as_ref().unwrap();
    assert_eq!(probe.secret, "arn:secret");
    assert_eq!(probe.versions[..3], ["v28", "v27", "v29"]);
    assert!(probe.for_dms);
}

#[test]
fn a_password_that_only_the_worker_uses_may_have_any_character() {
    let mut scene = Scene::at(Phase::Ddl).with_secrets(1);
    scene.restore.request.mover = MoverChoice::Copy;
    let decision = scene.decide();
    assert!(!started(&decision).probe.as_ref().unwrap().for_dms);
}

#[test]
fn a_version_that_logs_in_needs_no_reset_and_is_kept_for_the_record() {
    let scene = Scene::at(Phase::Ddl).with_result("ddl", probed(Some("v28")));
    let restore = scene.decide().restore;
    assert_eq!(restore.phase, Phase::Migrate);
    assert_eq!(restore.password, Password::Old);
    assert_eq!(restore.secret_version.as_deref(), Some("v28"));
}

#[test]
fn only_when_no_version_logs_in_is_the_password_reset_and_a_second_task_started() {
    let mut scene = Scene::at(Phase::Ddl).with_result("ddl", probed(None));
    let refused = scene.decide();
    assert_eq!(refused.restore.password, Password::Refused);
    assert_eq!(refused.then, Then::LookAgain);
    scene.restore = refused.restore;
    let reset = scene.decide();
    let name = scene.names().temporary_database();
    assert_eq!(
        done(&reset),
        [format!("reset the master password of {name}")]
    );
    scene.restore.password = Password::Reset;
    let second = scene.decide();
    assert_eq!(done(&second), ["run task ddl-reset"]);
    assert_eq!(started(&second).modes, [Mode::Extract, Mode::ApplyPreData]);
    assert_eq!(second.restore.extraction().unwrap().job, "ddl-reset");
}

#[test]
fn a_database_that_failed_meanwhile_ends_the_restore_instead_of_refusing_a_password_until_the_deadline()
 {
    let mut scene = Scene::at(Phase::Ddl).with_database("storage-full");
    scene.restore.password = Password::Refused;
    let looks = phases::of(Phase::Ddl).looks(&scene.restore, &setting());
    assert_eq!(looks, [Look::Database(scene.names().temporary_database())]);
    let decision = scene.decide();
    assert_eq!(kinds(&decision.restore), [ErrorKind::ProvisioningFailed]);
    assert_eq!(decision.effects, []);
}

#[test]
fn a_secret_that_is_gone_leads_to_the_reset_without_a_try() {
    let mut scene = Scene::at(Phase::Ddl).with_secrets(0);
    let decision = scene.decide();
    assert_eq!(decision.restore.password, Password::Refused);
    assert_eq!(done(&decision), [""; 0]);
    scene.restore = decision.restore;
    assert_eq!(scene.decide().effects.len(), 1);
}

#[test]
fn a_probe_that_could_not_connect_fails_the_restore() {
    let report = failure(Mode::Probe, ErrorKind::ConnectionFailed);
    let restore = Scene::at(Phase::Ddl)
        .with_result("ddl", report)
        .decide()
        .restore;
    assert_eq!(kinds(&restore), [ErrorKind::ConnectionFailed]);
}

#[test]
fn a_task_that_a_former_version_started_after_its_reset_is_awaited() {
    let mut scene = Scene::at(Phase::Ddl).with_task("ddl", "RUNNING");
    scene.restore.password = Password::Reset;
    let decision = scene.decide();
    assert_eq!(decision.then, Then::Wait(WaitFor::Task, "RUNNING".into()));
    assert_eq!(decision.restore.tasks, scene.restore.tasks);
}

fn resetting(announced: bool, shown: bool, pending: bool) -> Scene {
    let mut scene = Scene::at(Phase::Ddl).with_database("available");
    scene.restore.password = Password::Resetting { announced, shown };
    let database = scene.seen.databases.values_mut().next().unwrap();
    database.as_mut().unwrap().password_pending = pending;
    scene
}

#[test]
fn a_password_counts_as_reset_once_its_begin_was_seen_or_told_and_nothing_is_pending() {
    for (announced, shown) in [(true, false), (false, true)] {
        let decision = resetting(announced, shown, false).decide();
        assert_eq!(decision.restore.password, Password::Reset);
    }
    for scene in [resetting(false, false, false), resetting(true, true, true)] {
        assert_ne!(scene.decide().restore.password, Password::Reset);
    }
}

#[test]
fn a_password_that_is_pending_is_remembered_as_seen() {
    let restore = resetting(false, false, true).decide().restore;
    let seen = Password::Resetting {
        announced: false,
        shown: true,
    };
    assert_eq!(restore.password, seen);
}

fn extracted(movers: &[(&str, Mover)]) -> Restore {
    let mut report = probed(Some("v28"));
    report.extract.as_mut().unwrap().tables = movers
        .iter()
        .map(|(schema, mover)| plan(schema, "t", *mover))
        .collect();
    Scene::at(Phase::Ddl)
        .with_result("ddl", report)
        .decide()
        .restore
}

#[test]
fn the_extraction_decides_what_dms_and_copy_move() {
    let restore = extracted(&[("a_x", Mover::Copy), ("b_x", Mover::Dms)]);
    assert_eq!(restore.copy_tables, 1);
    // The preflight had not expected it: the branch opens now.
    assert_eq!(restore.replication.unwrap().schemas, Some(vec![1]));
    assert_eq!(extracted(&[("a_x", Mover::Copy)]).replication, None);
}

#[test]
fn a_failed_extraction_gives_the_workers_causes() {
    let restore = Scene::at(Phase::Ddl)
        .with_result("ddl", failure(Mode::Extract, ErrorKind::ExtractFailed))
        .decide()
        .restore;
    assert_eq!(kinds(&restore), [ErrorKind::ExtractFailed]);
    assert_eq!(restore.task("ddl").unwrap().state, TaskState::Failed);
}

fn first_place(decision: &Decision) -> Option<u32> {
    match decision.effects.last() {
        Some(Effect::RestoreDatabase { first_place, .. }) => Some(*first_place),
        _ => None,
    }
}

#[test]
fn a_database_without_capacity_is_deleted_and_then_made_in_the_next_place() {
    let mut scene = Scene::at(Phase::Provision).with_database("insufficient-capacity");
    scene.restore.database_announced = true;
    let first = scene.names().temporary_database();
    let decision = scene.decide();
    assert_eq!(
        done(&decision),
        [format!("delete temporary database {first}")]
    );
    assert!(matches!(decision.then, Then::Wait(WaitFor::Deletion, _)));
    scene.restore = decision.restore;
    // Not deleted yet, or the call was lost with its handler.
    assert_eq!(
        done(&scene.decide()),
        [format!("delete temporary database {first}")]
    );
    for sight in scene.seen.databases.values_mut().flatten() {
        sight.status = "deleting".to_owned();
    }
    assert_eq!(done(&scene.decide()), [""; 0]);
    scene.seen.databases.insert(first.clone(), None);
    let decision = scene.decide();
    assert_eq!(first_place(&decision), Some(1));
    assert_eq!(
        decision.then,
        Then::Wait(WaitFor::TemporaryDatabase, "asked for".into())
    );
    let next = decision.restore.names(&setting().deployment);
    assert_ne!(next.temporary_database(), first);
    // Once it was asked for, what an old answer shows of the first one doesn't hold it up.
    scene.restore = decision.restore;
    scene = scene.with_database("creating");
    assert_eq!(done(&scene.decide()), [""; 0]);
    assert!(!scene.restore.database_announced);
}

#[test]
fn a_place_that_was_refused_at_once_is_not_tried_again_after_one_without_capacity() {
    let mut scene = Scene::at(Phase::Provision).with_database("insufficient-capacity");
    let name = scene.names().temporary_database();
    let learned = Learned::Elsewhere {
        name: name.clone(),
        number: 2,
        place: "db.m6g.large in eu-west-3b".into(),
        refused: vec!["db.m6g.large in any zone".into()],
    };
    learn(&mut scene.restore, &[learned], scene.now);
    scene.restore = scene.decide().restore;
    scene.seen.databases.insert(name, None);
    assert_eq!(first_place(&scene.decide()), Some(3));
}
