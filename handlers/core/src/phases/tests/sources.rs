//! Intake's look at the source and the restore point: what can be restored from, and what is refused for which reason.

use jiff::Timestamp;
use tenant_restore_events::Phase;

use crate::decision::{Decision, Then};
use crate::error::{Cause, ErrorKind};
use crate::job::{Finding, JobResult, PreflightReport};
use crate::restore::{ResourceKind, Restore, Source};
use crate::restore_point::{FoundSnapshot, RestorePoint, Snapshot, SnapshotKind, SnapshotSight};
use crate::scene::{Scene, done, kinds, result};
use crate::sight::{
    DatabaseSight, SourceCluster, SourceInstance, SourceSight, SourceWriter, Window,
};
use crate::source_kind::{ClusterCopy, Scaling, SourceKind, Storage};
use crate::wait::WaitFor;

pub(super) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(super) fn window() -> Window {
    Window {
        earliest: Some(at("2024-01-20T00:00:00Z")),
        latest: Some(at("2024-01-31T00:00:00Z")),
    }
}

pub(super) fn instance() -> SourceInstance {
    SourceInstance {
        database: DatabaseSight {
            status: "available".into(),
            endpoint: Some(("production".into(), 5432)),
            password_pending: false,
            unapplied: None,
        },
        engine: "postgres".into(),
        engine_version: "15.4".into(),
        resource_id: "db-SOURCE".into(),
        multi_az: false,
        storage: Storage {
            storage_type: "gp3".into(),
            iops: Some(3000),
        },
        master_username: "master".into(),
        parameter_group: None,
        secret: Ok("arn:secret".into()),
        window: window(),
    }
}

fn cluster() -> SourceCluster {
    SourceCluster {
        name: "aurora".into(),
        status: "available".into(),
        endpoint: Some(("aurora.cluster".into(), 5432)),
        engine: "aurora-postgresql".into(),
        engine_version: "16.2".into(),
        engine_mode: "provisioned".into(),
        resource_id: "cluster-SOURCE".into(),
        master_username: "master".into(),
        parameter_group: Some("of-cluster".into()),
        storage_type: None,
        scaling: None,
        writer: Some(SourceWriter {
            status: "available".into(),
            class: "db.r6g.large".into(),
            parameter_group: Some("of-writer".into()),
        }),
        secret: Ok("arn:secret".into()),
        window: window(),
    }
}

pub(super) fn of_instance(change: fn(&mut SourceInstance)) -> SourceSight {
    let mut source = instance();
    change(&mut source);
    SourceSight::Instance(Box::new(source))
}

pub(super) fn of_cluster(change: fn(&mut SourceCluster)) -> SourceSight {
    let mut source = cluster();
    change(&mut source);
    SourceSight::Cluster(Box::new(source))
}

fn looking_at(source: SourceSight) -> Scene {
    let mut scene = Scene::at(Phase::Intake);
    scene.seen.source = Some(source);
    scene
}

pub(super) fn found(kind: SnapshotKind, source: &str, resource_id: &str) -> FoundSnapshot {
    FoundSnapshot {
        kind,
        status: "available".into(),
        taken_at: Some(at("2024-01-28T14:30:00Z")),
        source: source.into(),
        resource_id: Some(resource_id.into()),
        engine: "postgres".into(),
        engine_version: "14.9".into(),
        shared: false,
        encrypted: false,
        master_username: "master".into(),
        storage: instance().storage,
        gigabytes: Some(20),
        secret: Ok(Some("arn:secret".into())),
    }
}

fn with_snapshot(source: SourceSight, found: FoundSnapshot) -> Scene {
    let mut scene = looking_at(source);
    scene.restore.request.restore_point = RestorePoint::Snapshot(Snapshot {
        id: "before-release".into(),
        kind: found.kind,
        taken_at: at("2024-01-28T14:30:00Z"),
    });
    scene.seen.snapshot = Some(SnapshotSight::Found(Box::new(found)));
    scene
}

fn restore_to(text: &str, scene: &mut Scene) {
    scene.restore.request.restore_point = RestorePoint::RestoreTime(at(text));
}

fn source_of(restore: Restore) -> Source {
    restore.source.expect("the source was refused")
}

fn kind_of(source: SourceSight) -> SourceKind {
    source_of(looking_at(source).decide().restore).kind
}

#[test]
fn intake_notes_the_source_then_looks_at_production_with_a_preflight() {
    let mut scene = looking_at(of_instance(|_| {}));
    let first = scene.decide();
    assert_eq!(first.then, Then::LookAgain);
    scene.restore = first.restore;
    let second = scene.decide();
    assert_eq!(done(&second), ["run task preflight"]);
    assert_eq!(second.then, Then::Wait(WaitFor::Task, "started".into()));
    assert_eq!(second.restore.resources[0].kind, ResourceKind::Objects);
}

#[test]
fn the_four_kinds_of_sources_are_told_apart() {
    let kinds = [
        kind_of(of_instance(|_| {})),
        kind_of(of_instance(|it| it.multi_az = true)),
        kind_of(of_cluster(|_| {})),
        kind_of(of_cluster(|it| {
            it.writer.as_mut().unwrap().class = "db.serverless".into();
            it.scaling = Some(Scaling { min: 0.0, max: 4.0 });
        })),
    ];
    let words: Vec<_> = kinds.iter().map(SourceKind::describe).collect();
    let expected = [
        "RDS Single-AZ",
        "RDS Multi-AZ",
        "Aurora provisioned",
        "Aurora Serverless v2",
    ];
    assert_eq!(words, expected);
    let SourceKind::AuroraServerless { scaling, .. } = &kinds[3] else {
        panic!("{:?}", kinds[3]);
    };
    assert_eq!(*scaling, Scaling { min: 0.5, max: 4.0 });
}

#[test]
fn a_source_that_cannot_be_used_is_refused_with_its_reason() {
    let cases = [
        (SourceSight::Unknown, ErrorKind::SourceUnknown),
        (
            of_instance(|it| it.engine = "mysql".into()),
            ErrorKind::NotSupported,
        ),
        (
            of_instance(|it| it.database.status = "stopped".into()),
            ErrorKind::SourceState,
        ),
        (
            of_instance(|it| it.database.endpoint = None),
            ErrorKind::SourceState,
        ),
        (
            of_instance(|it| {
                it.database.status = "inaccessible-encryption-credentials-recoverable".into();
            }),
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
            of_instance(|it| it.secret = Err("no tag".into())),
            ErrorKind::SourceNotAllowed,
        ),
        // A Multi-AZ DB cluster.
        (
            of_cluster(|it| it.engine = "postgres".into()),
            ErrorKind::NotSupported,
        ),
        (
            of_cluster(|it| it.engine = "aurora-mysql".into()),
            ErrorKind::NotSupported,
        ),
        // Serverless v1.
        (
            of_cluster(|it| it.engine_mode = "serverless".into()),
            ErrorKind::NotSupported,
        ),
        (
            of_cluster(|it| it.status = "stopped".into()),
            ErrorKind::SourceState,
        ),
        (
            of_cluster(|it| it.status = "inaccessible-encryption-credentials".into()),
            ErrorKind::KeyUnusable,
        ),
        (of_cluster(|it| it.writer = None), ErrorKind::SourceState),
        (
            of_cluster(|it| it.writer.as_mut().unwrap().status = "rebooting".into()),
            ErrorKind::SourceState,
        ),
    ];
    for (source, kind) in cases {
        let decision = looking_at(source.clone()).decide();
        assert_eq!(kinds(&decision.restore), [kind], "{source:?}");
        assert_eq!(decision.restore.phase, Phase::Cleanup, "{kind}");
    }
}

/// The preflight of what was decided, with these findings.
fn after_preflight(decision: Decision, findings: Vec<Finding>) -> Restore {
    assert_eq!(decision.restore.phase, Phase::Intake);
    let mut scene = Scene::at(Phase::Intake);
    scene.restore = decision.restore;
    let preflight = PreflightReport {
        findings,
        ..PreflightReport::default()
    };
    let preflight = JobResult {
        preflight: Some(preflight),
        ..result()
    };
    scene.with_result("preflight", preflight).decide().restore
}

#[test]
fn a_restore_point_that_no_backup_has_is_refused_together_with_what_the_preflight_finds() {
    for source in [
        of_instance(|it| it.window.earliest = it.window.latest),
        of_instance(|it| it.window = Window::default()),
        of_cluster(|it| it.window.earliest = it.window.latest),
    ] {
        let taken = Cause::new(ErrorKind::TargetNameTaken, "taken").at("schemas[0]");
        let taken = Finding::critical(taken);
        let both = after_preflight(looking_at(source.clone()).decide(), vec![taken]);
        let all = [
            ErrorKind::RestorePointOutOfWindow,
            ErrorKind::TargetNameTaken,
        ];
        assert_eq!((kinds(&both), both.phase), (all.to_vec(), Phase::Cleanup));
        assert_eq!(both.failed_in, Some(Phase::Intake), "a rejection");

        let alone = after_preflight(looking_at(source).decide(), Vec::new());
        assert_eq!(kinds(&alone), [ErrorKind::RestorePointOutOfWindow]);
        assert_eq!(alone.phase, Phase::Cleanup);
    }
}

#[test]
fn a_cluster_is_copied_in_full_for_the_past_and_cloned_only_for_what_its_backups_lack_yet() {
    let copy = |time: &str| {
        let mut scene = looking_at(of_cluster(|_| {}));
        restore_to(time, &mut scene);
        let restore = scene.decide().restore;
        let warned = restore.warnings.len();
        let copy = source_of(restore).kind.cluster().unwrap().copy;
        (copy, warned)
    };
    assert_eq!(copy("2024-01-30T23:59:59Z"), (ClusterCopy::Full, 0));
    assert_eq!(copy("2024-01-31T00:00:00Z"), (ClusterCopy::Clone, 1));
    assert_eq!(copy("2024-01-31T23:59:00Z"), (ClusterCopy::Clone, 1));
}

#[test]
fn an_instance_has_no_clone_so_its_window_ends_with_its_backups() {
    let mut scene = looking_at(of_instance(|_| {}));
    restore_to("2024-01-31T00:00:01Z", &mut scene);
    assert_eq!(
        kinds(&scene.decide().restore),
        [ErrorKind::RestorePointOutOfWindow]
    );
}

#[test]
fn a_snapshot_of_the_source_is_taken_whatever_the_window_by_name_or_resource_id() {
    let without_backups = |it: &mut SourceInstance| it.window = Window::default();
    for found in [
        found(SnapshotKind::Instance, "production", "db-EARLIER"),
        found(SnapshotKind::Instance, "renamed-since", "db-SOURCE"),
    ] {
        let restore = with_snapshot(of_instance(without_backups), found)
            .decide()
            .restore;
        let SourceKind::SingleAz(source) = source_of(restore).kind else {
            panic!("another kind");
        };
        // The snapshot may be older than the last upgrade.
        assert_eq!(source.family.as_deref(), Some("postgres14"));
    }
    let found = found(SnapshotKind::Cluster, "aurora", "cluster-SOURCE");
    let restore = with_snapshot(of_cluster(|_| {}), found).decide().restore;
    let source = source_of(restore);
    let cluster = source.kind.cluster().unwrap();
    assert_eq!(cluster.engine_version, "14.9");
    assert_eq!(cluster.family, "aurora-postgresql14");
}

#[test]
fn a_snapshot_that_cannot_be_used_is_refused_with_its_reason() {
    let mine = || found(SnapshotKind::Instance, "production", "db-SOURCE");
    let creating = FoundSnapshot {
        status: "creating".into(),
        ..mine()
    };
    let shared = FoundSnapshot {
        shared: true,
        resource_id: Some("db-THEIRS".into()),
        ..mine()
    };
    let encrypted = FoundSnapshot {
        encrypted: true,
        ..shared.clone()
    };
    let cases = [
        (creating, ErrorKind::SnapshotNotReady),
        (encrypted, ErrorKind::SnapshotShared),
        (shared, ErrorKind::SnapshotOfAnother),
        (
            found(SnapshotKind::Instance, "other", "db-OTHER"),
            ErrorKind::SnapshotOfAnother,
        ),
        (
            found(SnapshotKind::Cluster, "production", "db-SOURCE"),
            ErrorKind::SnapshotOfAnother,
        ),
    ];
    for (found, kind) in cases {
        let decision = with_snapshot(of_instance(|_| {}), found).decide();
        assert_eq!(kinds(&decision.restore), [kind]);
        let field = decision.restore.causes[0].field.as_deref();
        assert_eq!(field, Some("snapshotId"));
    }
    let mut gone = with_snapshot(of_instance(|_| {}), mine());
    gone.seen.snapshot = Some(SnapshotSight::Unknown);
    assert_eq!(kinds(&gone.decide().restore), [ErrorKind::SnapshotUnknown]);
}

#[test]
fn storage_is_asked_for_where_rds_would_choose_another() {
    let storage = |source: SourceSight| match kind_of(source) {
        SourceKind::SingleAz(source) => source.storage,
        other => panic!("{other:?}"),
    };
    assert_eq!(storage(of_instance(|_| {})), None);
    let io1 = storage(of_instance(|it| it.storage.storage_type = "io1".into()));
    let expected = Storage {
        storage_type: "io1".into(),
        iops: Some(3000),
    };
    assert_eq!(io1, Some(expected));
}
