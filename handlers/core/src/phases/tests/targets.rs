//! Restores into another database than the source: what intake makes of target and source, and that everything later is
//! done to the target.

use jiff::Timestamp;
use tenant_restore_events::Phase;

use super::sources::{at, found, instance, of_cluster, of_instance, window};
use crate::effect::Effect;
use crate::error::ErrorKind;
use crate::job::{Job, Live, Mode, Server};
use crate::restore::{Password, Restore};
use crate::restore_point::{FoundSnapshot, RestorePoint, Snapshot, SnapshotKind, SnapshotSight};
use crate::scene::{Scene, done, kinds, setting};
use crate::sight::{Look, RetainedBackup, RetainedOf, SourceSight};
use crate::source_kind::{Presence, SourceKind};

fn restored_at() -> Timestamp {
    at("2024-01-28T14:30:00Z")
}

fn other() -> SourceSight {
    of_instance(|it| {
        it.database.endpoint = Some(("other".into(), 5434));
        it.secret = Ok("arn:other".into());
    })
}

fn into_other(source: SourceSight) -> Scene {
    let mut scene = Scene::at(Phase::Intake);
    scene.restore.request.target = Some("other".into());
    scene.seen.source = Some(source);
    scene.seen.target = Some(other());
    scene
}

fn backups(of: RetainedOf, engine: &str) -> RetainedBackup {
    RetainedBackup {
        of,
        resource_id: "db-GONE".into(),
        engine: engine.into(),
        engine_version: "15.4".into(),
        storage: instance().storage,
        gigabytes: Some(20),
        master_username: "chief".into(),
        secret: Ok(Some("arn:gone".into())),
        window: window(),
    }
}

fn retained(change: fn(&mut RetainedBackup)) -> SourceSight {
    let mut backup = backups(RetainedOf::Instance, "postgres");
    change(&mut backup);
    SourceSight::Retained(Box::new(backup))
}

fn by_snapshot(mut scene: Scene, found: FoundSnapshot) -> Scene {
    scene.restore.request.restore_point = RestorePoint::Snapshot(Snapshot {
        id: "last".into(),
        kind: found.kind,
        taken_at: restored_at(),
    });
    scene.seen.snapshot = Some(SnapshotSight::Found(Box::new(found)));
    scene
}

/// The restore after intake's look, and the job of its preflight.
fn preflight(mut scene: Scene) -> (Restore, Job) {
    scene.restore = scene.decide().restore;
    let decision = scene.decide();
    match decision.effects.into_iter().next_back() {
        Some(Effect::RunTask { job, .. }) => (decision.restore, *job),
        other => panic!("{other:?}, {:?}", decision.restore.causes),
    }
}

/// Kind and field of each cause.
fn refused(scene: &Scene) -> Vec<(ErrorKind, Option<String>)> {
    let restore = scene.decide().restore;
    assert_eq!(restore.phase, Phase::Cleanup);
    let causes = restore.causes.into_iter();
    causes.map(|cause| (cause.kind, cause.field)).collect()
}

fn server(host: &str, port: u16, secret: &str) -> Server {
    Server {
        host: host.into(),
        port,
        secret: secret.into(),
    }
}

#[test]
fn intake_looks_at_source_and_target_and_its_task_at_the_target_as_production() {
    let mut scene = into_other(of_instance(|_| {}));
    let looks = crate::phases::of(Phase::Intake).looks(&scene.restore, &setting());
    let expected = [
        Look::Source("production".into()),
        Look::Target("other".into()),
    ];
    assert_eq!(looks, expected);
    let (restore, job) = preflight(scene.clone());
    assert_eq!(job.production, server("other", 5434, "arn:other"));
    let source = server("production", 5432, "arn:secret");
    assert_eq!(job.live, Live::Elsewhere(source));
    scene.restore = restore;
    let looks = crate::phases::of(Phase::Intake).looks(&scene.restore, &setting());
    assert!(looks.contains(&Look::Room {
        source: "production".into(),
        remains: None,
        target: "other".into()
    }));
    assert_eq!(scene.restore.subject().target.as_deref(), Some("other"));
}

#[test]
fn without_a_target_the_source_is_production_and_nothing_tells_of_one() {
    let mut scene = into_other(of_instance(|_| {}));
    scene.restore.request.target = None;
    let (restore, job) = preflight(scene);
    assert_eq!(job.production, server("production", 5432, "arn:secret"));
    assert_eq!(job.live, Live::Production);
    let restore = serde_json::to_value(&restore).unwrap();
    assert_eq!(
        (restore.get("target"), restore["request"].get("target")),
        (None, None)
    );
    assert_eq!(serde_json::to_value(&job).unwrap().get("live"), None);
}

#[test]
fn a_target_that_cannot_be_used_is_refused_at_its_field() {
    let old = |it: &mut crate::sight::SourceInstance| it.engine_version = "14.12".into();
    let cases = [
        (SourceSight::Unknown, ErrorKind::TargetUnknown),
        (retained(|_| {}), ErrorKind::TargetUnknown),
        (
            of_instance(|it| it.secret = Err("no tag".into())),
            ErrorKind::TargetNotAllowed,
        ),
        (
            of_instance(|it| it.database.status = "stopped".into()),
            ErrorKind::TargetState,
        ),
        (
            of_instance(|it| it.database.status = "inaccessible-encryption-credentials".into()),
            ErrorKind::KeyUnusable,
        ),
        (
            SourceSight::Elsewhere {
                vpc: "vpc-2".into(),
                home: "vpc-1".into(),
            },
            ErrorKind::OtherNetwork,
        ),
        (
            of_instance(|it| it.engine = "mysql".into()),
            ErrorKind::NotSupported,
        ),
        (
            of_cluster(|it| it.engine = "postgres".into()),
            ErrorKind::NotSupported,
        ),
        (of_cluster(|it| it.writer = None), ErrorKind::TargetState),
        (of_instance(old), ErrorKind::TargetOlder),
    ];
    for (target, kind) in cases {
        let mut scene = into_other(of_instance(|_| {}));
        scene.seen.target = Some(target.clone());
        let expected = [(kind, Some("target".to_owned()))];
        assert_eq!(refused(&scene), expected, "{target:?}");
    }
}

#[test]
fn the_remedy_for_an_unusable_key_is_about_the_database_that_the_message_names() {
    let locked =
        || of_instance(|it| it.database.status = "inaccessible-encryption-credentials".into());
    let mut of_target = into_other(of_instance(|_| {}));
    of_target.seen.target = Some(locked());
    for (scene, name) in [
        (of_target, "\"other\""),
        (into_other(locked()), "\"production\""),
    ] {
        let causes = scene.decide().restore.causes;
        let [cause] = causes.as_slice() else {
            panic!("one cause: {causes:?}");
        };
        assert!(cause.message.contains(name), "{cause}");
        let remedy = "Enable the KMS key of the database that the message names";
        assert!(cause.remedy.starts_with(remedy), "{cause:?}");
    }
}

#[test]
fn what_is_wrong_with_source_and_target_is_told_together() {
    let mut scene = into_other(SourceSight::Unknown);
    scene.seen.target = Some(SourceSight::Unknown);
    let told: Vec<_> = refused(&scene).into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(told, [ErrorKind::SourceUnknown, ErrorKind::TargetUnknown]);
}

#[test]
fn the_version_that_counts_is_that_of_what_is_restored() {
    let of_then = FoundSnapshot {
        engine_version: "13.9".into(),
        ..found(SnapshotKind::Instance, "production", "db-SOURCE")
    };
    let source = || of_instance(|it| it.engine_version = "16.1".into());
    let scene = by_snapshot(into_other(source()), of_then);
    assert_eq!(preflight(scene).1.modes, [Mode::Preflight]);
    let expected = [(ErrorKind::TargetOlder, Some("target".to_owned()))];
    assert_eq!(refused(&into_other(source())), expected);
}

#[test]
fn a_deleted_source_is_restored_from_its_retained_backups_into_the_target() {
    let (restore, job) = preflight(into_other(retained(|_| {})));
    assert_eq!(job.production, server("other", 5434, "arn:other"));
    assert_eq!(job.live, Live::Nowhere);
    let source = restore.source.clone().unwrap();
    assert_eq!(
        (source.endpoint, source.master_username.as_str()),
        (None, "chief")
    );
    let mut scene = Scene::at(Phase::Provision);
    scene.restore.source = restore.source;
    scene.restore.target = restore.target;
    let expected = format!(
        "restore the retained backups of db-GONE to 2024-01-28T14:30:00Z as {}",
        scene.names().temporary_database()
    );
    assert!(
        done(&scene.decide()).contains(&expected),
        "{:?}",
        done(&scene.decide())
    );
}

#[test]
fn without_a_target_a_deleted_source_is_refused_and_the_remedy_is_one() {
    let mut by_backups = into_other(retained(|_| {}));
    by_backups.restore.request.target = None;
    let left = found(SnapshotKind::Instance, "production", "db-GONE");
    let mut by_snapshot = by_snapshot(into_other(SourceSight::Unknown), left);
    by_snapshot.restore.request.target = None;
    for scene in [by_backups, by_snapshot] {
        let expected = [(ErrorKind::SourceUnknown, Some("target".to_owned()))];
        assert_eq!(refused(&scene), expected);
        let cause = &scene.decide().restore.causes[0];
        assert!(cause.message.contains("was deleted"), "{cause}");
        assert!(cause.remedy.contains("`target`"), "{}", cause.remedy);
    }
}

#[test]
fn a_snapshot_of_a_deleted_source_is_restored_whatever_else_is_left_of_it() {
    let left = || found(SnapshotKind::Instance, "production", "db-GONE");
    for source in [
        SourceSight::Unknown,
        retained(|it| it.window = Default::default()),
    ] {
        let (restore, job) = preflight(by_snapshot(into_other(source), left()));
        assert_eq!(job.live, Live::Nowhere);
        let SourceKind::SingleAz(of) = restore.source.unwrap().kind else {
            panic!("another kind");
        };
        assert_eq!(
            of.presence,
            Presence::Live,
            "snapshots have names of their own"
        );
    }
    let of_another = by_snapshot(
        into_other(SourceSight::Unknown),
        found(SnapshotKind::Instance, "elsewhere", "db-ELSE"),
    );
    assert_eq!(refused(&of_another)[0].0, ErrorKind::SnapshotOfAnother);
}

#[test]
fn what_is_left_of_a_deleted_source_must_fit_and_have_opted_in() {
    let cases = [
        (
            retained(|it| it.window.latest = it.window.earliest),
            ErrorKind::RestorePointOutOfWindow,
        ),
        (
            retained(|it| it.engine = "mysql".into()),
            ErrorKind::NotSupported,
        ),
        (
            retained(|it| it.secret = Err("no tag".into())),
            ErrorKind::SourceNotAllowed,
        ),
    ];
    for (source, kind) in cases {
        assert_eq!(kinds(&into_other(source).decide().restore), [kind]);
    }
}

#[test]
fn a_deleted_cluster_needs_a_class_from_the_configuration() {
    let cluster = |engine_mode: &str| {
        let engine_mode = engine_mode.to_owned();
        let backup = backups(RetainedOf::Cluster { engine_mode }, "aurora-postgresql");
        into_other(SourceSight::Retained(Box::new(backup)))
    };
    let judged = |scene: &Scene, class: Option<&str>| {
        let mut setting = setting();
        setting.writer_class = class.map(str::to_owned);
        crate::phases::of(Phase::Intake).decide(
            scene.restore.clone(),
            &scene.seen,
            &setting,
            scene.now,
        )
    };
    for class in [None, Some("db.serverless")] {
        let restore = judged(&cluster("provisioned"), class).restore;
        assert_eq!(kinds(&restore), [ErrorKind::NotSupported], "{class:?}");
        let remedy = &restore.causes[0].remedy;
        assert!(remedy.contains("databases.writer.class"), "{remedy}");
    }
    let restore = judged(&cluster("provisioned"), Some("db.r6g.large")).restore;
    let kind = restore.source.unwrap().kind;
    assert_eq!(kind.describe(), "Aurora provisioned");
    let v1 = judged(&cluster("serverless"), Some("db.r6g.large")).restore;
    assert_eq!(kinds(&v1), [ErrorKind::NotSupported]);
}

#[test]
fn the_login_role_gets_the_targets_address_and_the_password_of_then_is_the_sources() {
    let mut scene = Scene::at(Phase::Ddl).with_secrets(30);
    scene.restore.target = Some(server("other", 5434, "arn:other"));
    let names = scene.names();
    scene.seen.secrets.insert(names.target(), false);
    scene.seen.secrets.insert(names.source(), false);
    let effects = scene.decide().effects;
    let address = |wanted: &str| {
        effects.iter().find_map(|effect| match effect {
            Effect::CreateSecret {
                name, host, port, ..
            } if name == wanted => Some((host.as_str(), *port)),
            _ => None,
        })
    };
    assert_eq!(address(&names.target()), Some(("other", 5434)));
    assert_eq!(address(&names.source()), Some(("temporary", 5433)));
    let Some(Effect::RunTask { job, .. }) = effects.last() else {
        panic!("no task");
    };
    assert_eq!(job.probe.as_ref().unwrap().secret, "arn:secret");
    assert_eq!(job.production.secret, "arn:other");
}

#[test]
fn without_any_secret_of_a_deleted_source_the_password_is_reset_at_once() {
    let mut scene = Scene::at(Phase::Ddl).with_secrets(30);
    scene.restore.target = Some(server("other", 5434, "arn:other"));
    let source = scene.restore.source.as_mut().unwrap();
    (source.endpoint, source.secret) = (None, None);
    assert_eq!(scene.decide().restore.password, Password::Refused);
}

#[test]
fn a_record_of_before_there_were_targets_is_read_as_one_into_its_source() {
    let mut document = serde_json::to_value(Scene::at(Phase::Ddl).restore).unwrap();
    document["source"] = serde_json::json!({
        "host": "production", "port": 5432, "secret": "arn:secret", "masterUsername": "master", "parameterGroup": null
    });
    let restore: Restore = serde_json::from_value(document).unwrap();
    let expected = server("production", 5432, "arn:secret");
    assert_eq!(restore.production(), Some(expected));
}
