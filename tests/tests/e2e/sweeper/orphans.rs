//! Databases, secrets and endpoints that no restore looks after.

use aws_sdk_databasemigration::types::ReplicationEndpointTypeValue;
use tenant_restore_tests::orphans::databases::{
    create_cluster_parameter_group, create_parameter_group, family_of, use_parameter_groups,
};
use tenant_restore_tests::orphans::replication::create_endpoint;
use tenant_restore_tests::orphans::{Label, create_secret};
use tenant_restore_tests::stranger::{self, Stranger};
use tenant_restore_tests::{Context, leftovers};

use super::{SWEEPING, about, come_to, orphans, sweep, told_then_done, unknown_restore};
use crate::stage::{TAG, play};

#[test]
fn an_orphan_is_told_of_by_a_dry_run_and_removed_by_a_sweep_and_what_only_has_our_prefix_stays() {
    play(async |stage| {
        let _alone = SWEEPING.lock().await;
        let id = unknown_restore(stage, "orphan");
        let database = Label::of(&id, &format!("tr-{TAG}-{id}"));
        let secret = Label::of(&id, &format!("{}-s", database.name));
        let foreign = Label::copied(&id, &format!("{}-t", database.name), &secret.name);
        Stranger::create_tagged(&stage.cloud, &database.name, &database.tags).await?;
        create_secret(&stage.cloud, &secret, "of nothing").await?;
        let side = ReplicationEndpointTypeValue::Source;
        create_endpoint(&stage.cloud, &secret, side, &secret.name).await?;
        // Ours by one tag of the two: the other names the secret that it was copied from.
        create_secret(&stage.cloud, &foreign, "of nothing").await?;
        let before = leftovers::in_aws(&stage.cloud, TAG, Some(&id)).await?;
        assert_eq!(before.len(), 4, "{before:?}");

        let expected = [
            (format!("database {}", database.name), "delete"),
            (format!("secret {}", secret.name), "delete"),
            (format!("endpoint {}", secret.name), "delete"),
        ];
        let found = told_then_done(stage, &id, expected).await?;
        assert_eq!(about(&found, "foreign", &foreign.name).len(), 1, "{found}");
        let usd: f64 = about(&found, "orphans", &id)
            .iter()
            .filter_map(|orphan| orphan["usdPerHour"].as_f64())
            .sum();
        let prices = "an instance with 20 GB and a secret, by the prices of the local cloud";
        assert!((usd - 0.025).abs() < 1e-9, "{prices}: {found}");
        assert_eq!(found["unpriced"], 0, "{found}");
        come_to(stage, &id, &[format!("secret {}", foreign.name)]).await?;
        let again = sweep(stage, false).await?;
        assert!(orphans(&again, &id).is_empty(), "{again}");

        let delete = stage.cloud.secrets.delete_secret().secret_id(&foreign.name);
        let delete = delete.force_delete_without_recovery(true).send().await;
        delete.context("delete the secret that isn't an orphan")?;
        Ok(())
    });
}

/// RDS refuses to delete a cluster that has an instance, and parameter groups that either uses.
#[test]
fn an_orphaned_cluster_goes_once_its_instance_is_gone_and_then_their_parameter_groups() {
    play(async |stage| {
        let _alone = SWEEPING.lock().await;
        let cloud = &stage.cloud;
        let id = unknown_restore(stage, "aurora");
        let label = |tail: &str| Label::of(&id, &format!("tr-{TAG}-{id}{tail}"));
        let (member, cluster) = (label(""), label("-c"));
        let (group, its_group) = (label("-p"), label("-cp"));
        let with_tags = [&cluster, &member].map(|it| (it.name.as_str(), it.tags.clone()));
        stranger::create_cluster(cloud, &with_tags[0], &with_tags[1]).await?;
        let family = family_of(cloud, &member.name).await?;
        create_parameter_group(cloud, &group, &family).await?;
        create_cluster_parameter_group(cloud, &its_group, &family).await?;
        let used_by_cluster = (cluster.name.as_str(), its_group.name.as_str());
        use_parameter_groups(cloud, (&member.name, &group.name), Some(used_by_cluster)).await?;
        let left = [
            format!("RDS instance {}", member.name),
            format!("RDS cluster {}", cluster.name),
            format!("parameter group {}", group.name),
            format!("cluster parameter group {}", its_group.name),
        ];
        come_to(stage, &id, &left).await?;

        let [database, of_cluster, of_group, of_its_group] = [
            format!("database {}", member.name),
            format!("cluster {}", cluster.name),
            format!("parameterGroup {}", group.name),
            format!("clusterParameterGroup {}", its_group.name),
        ];
        let first = [
            (database, "delete"),
            (of_cluster.clone(), "later"),
            (of_group.clone(), "later"),
            (of_its_group.clone(), "later"),
        ];
        let found = told_then_done(stage, &id, first).await?;
        let reason =
            |name: &str| about(&found, "orphans", &format!("\"{name}\""))[0]["reason"].clone();
        assert_eq!(reason(&cluster.name), "its instances go first");
        let users = "the databases that use it go first";
        assert_eq!(
            [&group, &its_group].map(|it| reason(&it.name)),
            [users, users]
        );
        come_to(stage, &id, &left[1..]).await?;

        let then = [
            (of_cluster, "delete"),
            (of_group.clone(), "later"),
            (of_its_group.clone(), "later"),
        ];
        told_then_done(stage, &id, then).await?;
        come_to(stage, &id, &left[2..]).await?;

        let last = [(of_group, "delete"), (of_its_group, "delete")];
        told_then_done(stage, &id, last).await?;
        come_to(stage, &id, &[]).await
    });
}
