//! Provision and cleanup of Aurora clusters.

use tenant_restore_events::Phase;

use crate::decision::Then;
use crate::error::ErrorKind;
use crate::restore::ResourceKind;
use crate::restore_point::{RestorePoint, Snapshot, SnapshotKind};
use crate::scene::{Scene, done, kinds};
use crate::source_kind::{ClusterCopy, ClusterSource, Presence, Scaling, SourceKind};
use crate::wait::WaitFor;

fn cluster() -> ClusterSource {
    ClusterSource {
        name: "aurora".into(),
        presence: Presence::Live,
        engine_version: "16.2".into(),
        family: "aurora-postgresql16".into(),
        parameter_group: Some("of-cluster".into()),
        storage_type: None,
        copy: ClusterCopy::Full,
    }
}

fn provisioning() -> Scene {
    Scene::at(Phase::Provision).of_cluster(cluster())
}

fn waits_for(scene: &Scene) -> WaitFor {
    match scene.decide().then {
        Then::Wait(what, _) => what,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_cluster_and_its_parameter_group_are_written_down_before_they_are_asked_for() {
    let scene = provisioning();
    let (decision, names) = (scene.decide(), scene.names());
    let expected = [
        format!(
            "make the parameter group {} of family aurora-postgresql16",
            names.cluster_parameter_group()
        ),
        format!(
            "restore aurora to 2024-01-28T14:30:00Z as cluster {}",
            names.temporary_cluster()
        ),
    ];
    assert_eq!(done(&decision), expected);
    let noted: Vec<_> = decision
        .restore
        .resources
        .iter()
        .map(|it| it.kind)
        .collect();
    assert!(noted.contains(&ResourceKind::ClusterParameterGroup));
    assert!(noted.contains(&ResourceKind::Cluster));
    assert_eq!(waits_for(&scene), WaitFor::TemporaryCluster);
}

#[test]
fn a_clone_and_a_snapshot_are_asked_for_as_such() {
    let clone = ClusterSource {
        copy: ClusterCopy::Clone,
        ..cluster()
    };
    let cloned = Scene::at(Phase::Provision).of_cluster(clone).decide();
    assert!(done(&cloned)[1].starts_with("restore aurora as it is now, a clone, as cluster"));
    let mut scene = provisioning();
    scene.restore.request.restore_point = RestorePoint::Snapshot(Snapshot {
        id: "nightly".into(),
        kind: SnapshotKind::Cluster,
        taken_at: scene.now,
    });
    assert!(done(&scene.decide())[1].starts_with("restore snapshot nightly as cluster"));
}

#[test]
fn a_cluster_that_is_made_is_awaited_slowly_and_after_its_event_quickly() {
    let mut scene = provisioning().with_cluster("creating");
    assert_eq!(waits_for(&scene), WaitFor::TemporaryCluster);
    scene.restore.cluster_announced = true;
    assert_eq!(waits_for(&scene), WaitFor::TemporaryClusterAvailable);
}

#[test]
fn an_available_cluster_is_given_a_writer_of_the_sources_class() {
    let scene = provisioning().with_cluster("available");
    let (decision, names) = (scene.decide(), scene.names());
    let expected = [
        format!(
            "make the parameter group {} of family aurora-postgresql16",
            names.parameter_group()
        ),
        format!(
            "create {} as the writer of {}",
            names.temporary_database(),
            names.temporary_cluster()
        ),
    ];
    assert_eq!(done(&decision), expected);
    assert_eq!(waits_for(&scene), WaitFor::TemporaryDatabase);
    assert_eq!(class_of(&decision.effects), "db.r6g.large");
}

#[test]
fn a_serverless_source_gets_a_serverless_writer() {
    let mut scene = provisioning().with_cluster("available");
    scene.restore.source.as_mut().unwrap().kind = SourceKind::AuroraServerless {
        cluster: cluster(),
        scaling: Scaling { min: 0.5, max: 4.0 },
    };
    assert_eq!(class_of(&scene.decide().effects), "db.serverless");
}

fn class_of(effects: &[crate::effect::Effect]) -> &str {
    let mut classes = effects.iter().filter_map(|effect| match effect {
        crate::effect::Effect::CreateWriter { class, .. } => Some(class.as_str()),
        _ => None,
    });
    classes.next().expect("no writer is created")
}

#[test]
fn a_cluster_is_ready_only_with_a_writer_that_is_available() {
    let creating = provisioning()
        .with_cluster("available")
        .with_database("creating");
    assert_eq!(waits_for(&creating), WaitFor::TemporaryDatabase);
    let mut not_writer = provisioning()
        .with_cluster("available")
        .with_database("available");
    for sight in not_writer.seen.clusters.values_mut().flatten() {
        sight.writer = None;
    }
    assert_eq!(waits_for(&not_writer), WaitFor::TemporaryDatabaseAvailable);
    let ready = provisioning()
        .with_cluster("available")
        .with_database("available");
    let restore = ready.decide().restore;
    assert_eq!(restore.phase, Phase::Ddl);
    assert_eq!(restore.temporary, Some(("temporary".into(), 5433)));
}

#[test]
fn a_cluster_that_can_never_be_used_ends_the_restore() {
    for status in ["migration-failed", "cloning-failed"] {
        let decision = provisioning().with_cluster(status).decide();
        assert_eq!(kinds(&decision.restore), [ErrorKind::ProvisioningFailed]);
    }
}

/// A cleanup with everything of a cluster there.
fn cleaning() -> Scene {
    let mut scene = Scene::at(Phase::Cleanup).of_cluster(cluster());
    let names = scene.names();
    let now = scene.now;
    for (kind, name) in [
        (
            ResourceKind::ClusterParameterGroup,
            names.cluster_parameter_group(),
        ),
        (ResourceKind::Cluster, names.temporary_cluster()),
    ] {
        scene.restore.note(kind, &name, now);
        scene.restore.confirm(&name);
    }
    scene.with_everything_there()
}

#[test]
fn the_writer_goes_before_its_cluster_and_both_before_their_parameter_groups() {
    let mut scene = cleaning();
    let names = scene.names();
    let deleted = |scene: &Scene| -> Vec<String> {
        let told = done(&scene.decide());
        told.into_iter()
            .filter(|it| it.contains("temporary") || it.contains("parameter group"))
            .collect()
    };
    let database = format!("delete temporary database {}", names.temporary_database());
    assert_eq!(deleted(&scene), [database]);
    scene
        .seen
        .databases
        .insert(names.temporary_database(), None);
    scene.restore = scene.decide().restore;
    let mut expected = vec![
        format!("delete parameter group {}", names.parameter_group()),
        format!("delete temporary cluster {}", names.temporary_cluster()),
    ];
    let mut told = deleted(&scene);
    expected.sort();
    told.sort();
    assert_eq!(told, expected);
    scene.seen.clusters.insert(names.temporary_cluster(), None);
    scene
        .seen
        .parameter_groups
        .insert(names.parameter_group(), false);
    scene.restore = scene.decide().restore;
    let last = format!("delete parameter group {}", names.cluster_parameter_group());
    assert_eq!(deleted(&scene), [last]);
}

#[test]
fn a_cleanup_is_not_over_while_something_could_not_even_be_asked_to_go() {
    let mut scene = cleaning().with_nothing_there();
    let names = scene.names();
    let group = names.cluster_parameter_group();
    scene.seen.parameter_groups.insert(group, true);
    let decision = scene.decide();
    assert_eq!(decision.restore.phase, Phase::Cleanup);
    assert_eq!(decision.then, Then::LookAgain);
}

#[test]
fn a_writer_without_capacity_is_deleted_and_made_elsewhere() {
    let mut scene = provisioning().with_cluster("available");
    scene = scene.with_database("insufficient-capacity");
    let first = scene.names().temporary_database();
    let decision = scene.decide();
    assert_eq!(
        done(&decision),
        [format!("delete temporary database {first}")]
    );
    scene.restore = decision.restore;
    scene.seen.databases.insert(first, None);
    let next = scene.names().temporary_database();
    let cluster = scene.names().temporary_cluster();
    let made = done(&scene.decide());
    assert_eq!(made[1], format!("create {next} as the writer of {cluster}"));
}
