//! What is named like ours, and isn't by its tags.

use std::collections::BTreeSet;

use aws_sdk_databasemigration::types::ReplicationEndpointTypeValue::{Source, Target};
use serde_json::Value;
use tenant_restore_tests::orphans::databases::{
    self, create_cluster, create_cluster_parameter_group, create_parameter_group, family_of,
};
use tenant_restore_tests::orphans::replication::{
    self, create_endpoint, create_instance, create_task,
};
use tenant_restore_tests::orphans::worker::Waiting;
use tenant_restore_tests::orphans::{Label, create_secret, tag_secret};
use tenant_restore_tests::stranger::Stranger;
use tenant_restore_tests::{leftovers, wait};

use super::{SEEN_WITHIN, SWEEPING, orphans, sweep, unknown_restore};
use crate::stage::{TAG, play};

/// Kind and name of everything that a sweep left alone.
fn left_alone(found: &Value) -> BTreeSet<(&str, &str)> {
    let entries = found["foreign"].as_array().into_iter().flatten();
    entries
        .filter_map(|entry| Some((entry["kind"].as_str()?, entry["name"].as_str()?)))
        .collect()
}

/// All have the tags of something else, as a copy of that has.
#[test]
fn what_only_has_our_prefix_stays_whatever_its_kind_until_its_tags_say_that_it_is_ours() {
    play(async |stage| {
        let _alone = SWEEPING.lock().await;
        let cloud = &stage.cloud;
        let id = unknown_restore(stage, "copied");
        let name = |tail: &str| format!("tr-{TAG}-{id}{tail}");
        let copied = |tail: &str| Label::copied(&id, &name(tail), &name("-x"));
        let (database, cluster) = (copied(""), copied("-c"));
        let (group, its_group) = (copied("-p"), copied("-cp"));
        let (source, target, mover, load) =
            (copied("-s"), copied("-t"), copied("-i"), copied("-k01"));
        Stranger::create_tagged(cloud, &database.name, &database.tags).await?;
        create_cluster(cloud, &cluster).await?;
        let family = family_of(cloud, &database.name).await?;
        create_parameter_group(cloud, &group, &family).await?;
        create_cluster_parameter_group(cloud, &its_group, &family).await?;
        create_secret(cloud, &source, "of nothing").await?;
        let instance = create_instance(cloud, &mover).await?;
        let from = create_endpoint(cloud, &source, Source, &source.name).await?;
        let to = create_endpoint(cloud, &target, Target, &source.name).await?;
        let task = create_task(cloud, &load, &instance, [&from, &to]).await?;
        let job = Label::copied(&id, "extract", "open");
        let worker = Waiting::start(cloud, &id, TAG, &job).await?;

        let before = leftovers::in_aws(cloud, TAG, Some(&id)).await?;
        assert_eq!(before.len(), 10, "{before:?}");
        for dry_run in [true, false] {
            let found = sweep(stage, dry_run).await?;
            assert!(orphans(&found, &id).is_empty(), "{found}");
            let expected = BTreeSet::from([
                ("database", database.name.as_str()),
                ("cluster", &cluster.name),
                ("parameterGroup", &group.name),
                ("clusterParameterGroup", &its_group.name),
                ("secret", &source.name),
                ("replicationTask", &load.name),
                ("endpoint", &source.name),
                ("endpoint", &target.name),
                ("replicationInstance", &mover.name),
                ("workerTask", &worker.arn),
            ]);
            let alone = left_alone(&found);
            assert!(alone.is_superset(&expected), "{expected:?}: {found}");
            let after = leftovers::in_aws(cloud, TAG, Some(&id)).await?;
            assert_eq!(after, before, "dry run: {dry_run}");
            assert_eq!(worker.statuses().await?, ["RUNNING", "RUNNING"]);
        }

        let ours = |label: &Label| Label::of(&id, &label.name);
        databases::tag(cloud, "db", &ours(&database)).await?;
        databases::tag(cloud, "cluster", &ours(&cluster)).await?;
        databases::tag(cloud, "pg", &ours(&group)).await?;
        databases::tag(cloud, "cluster-pg", &ours(&its_group)).await?;
        tag_secret(cloud, &ours(&source)).await?;
        for (arn, label) in [
            (&instance, &mover),
            (&from, &source),
            (&to, &target),
            (&task, &load),
        ] {
            replication::tag(cloud, arn, &ours(label)).await?;
        }
        worker.tag(&ours(&job)).await?;
        sweep(stage, false).await?;
        assert_eq!(worker.statuses().await?[0], "STOPPED");
        worker.let_go().await?;
        wait::until("nothing of it left", SEEN_WITHIN, async || {
            sweep(stage, false).await?;
            let left = leftovers::in_aws(cloud, TAG, Some(&id)).await?;
            Ok(left.is_empty().then_some(()))
        })
        .await
    });
}
