//! Tasks that no restore looks after, and what they use.

use aws_sdk_databasemigration::types::ReplicationEndpointTypeValue::{Source, Target};
use serde_json::json;
use tenant_restore_tests::orphans::replication::{
    await_task, create_endpoint, create_instance, create_task, start_task,
};
use tenant_restore_tests::orphans::worker::Waiting;
use tenant_restore_tests::orphans::{Label, create_secret};

use super::{SWEEPING, about, come_to, orphans, sweep, told_then_done, unknown_restore};
use crate::stage::{TAG, play};

/// DMS refuses to delete a task that runs, and what a task uses.
#[test]
fn orphaned_tasks_are_stopped_before_what_they_use_is_deleted() {
    play(async |stage| {
        let _alone = SWEEPING.lock().await;
        let (cloud, login) = (&stage.cloud, &stage.production.login);
        let id = unknown_restore(stage, "moving");
        let label = |tail: &str| Label::of(&id, &format!("tr-{TAG}-{id}{tail}"));
        let (source, target, mover, load) = (label("-s"), label("-t"), label("-i"), label("-k01"));
        let credentials = json!({
            "username": login.user, "password": login.password, "host": login.host, "port": login.port
        });
        create_secret(cloud, &source, &credentials.to_string()).await?;
        let instance = create_instance(cloud, &mover).await?;
        let from = create_endpoint(cloud, &source, Source, &source.name).await?;
        let to = create_endpoint(cloud, &target, Target, &source.name).await?;
        let endpoints = [from.as_str(), to.as_str()];
        let task = create_task(cloud, &load, &instance, endpoints).await?;
        let slowly =
            json!({ "service": "dms", "fault": "slow-task", "match": load.name, "ms": 600_000 });
        stage.faults.switch_on(&slowly).await?;
        start_task(cloud, (&load, &task), &instance, endpoints).await?;
        let worker = Waiting::start(cloud, &id, TAG, &Label::of(&id, "extract")).await?;

        let (works, loads) = (
            format!("workerTask {}", worker.arn),
            format!("replicationTask {}", load.name),
        );
        let used = |action| {
            [
                (format!("secret {}", source.name), action),
                (format!("endpoint {}", source.name), action),
                (format!("endpoint {}", target.name), action),
                (format!("replicationInstance {}", mover.name), action),
            ]
        };
        let with_used = |works: (String, &'static str), loads| {
            let [secret, from, to, instance] = used("later");
            [works, loads, secret, from, to, instance]
        };
        let both = with_used((works.clone(), "stop"), (loads.clone(), "stop"));
        let found = told_then_done(stage, &id, both).await?;
        let reason = &about(&found, "orphans", &format!("{}\"", mover.name))[0]["reason"];
        assert_eq!(*reason, "tasks that use it go first");
        await_task(cloud, &load.name, "stopped").await?;

        // ECS has asked the worker to end, and it hasn't.
        assert_eq!(worker.statuses().await?, ["STOPPED", "RUNNING"]);
        let ends = (works.clone(), "later");
        let found = told_then_done(stage, &id, with_used(ends, (loads, "delete"))).await?;
        let reason = &about(&found, "orphans", &worker.arn)[0]["reason"];
        assert_eq!(*reason, "it stops");
        let left = [
            format!("secret {}", source.name),
            format!("DMS endpoint {}", source.name),
            format!("DMS endpoint {}", target.name),
            format!("DMS instance {}", mover.name),
        ];
        come_to(stage, &id, &left).await?;
        let [secret, from, to, instance] = used("later");
        let still = [(works, "later"), secret, from, to, instance];
        told_then_done(stage, &id, still).await?;

        worker.let_go().await?;
        told_then_done(stage, &id, used("delete")).await?;
        come_to(stage, &id, &[]).await?;
        let again = sweep(stage, false).await?;
        assert!(orphans(&again, &id).is_empty(), "{again}");
        Ok(())
    });
}
