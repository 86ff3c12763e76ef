//! Deployments by `make deploy` and `make destroy`, with the CDK's own command line, beside the one of the other tests.

use jiff::Timestamp;
use serde_json::json;
use tenant_restore_tests::command_line::{self, Ran};
use tenant_restore_tests::deployment::{Deployment, prepare_account};
use tenant_restore_tests::queues::Queue;
use tenant_restore_tests::{Context, Result, wait};

use crate::stage::{ENDS_WITHIN, Stage, play};

const TAG: &str = "second";

/// A run was refused, and said these words.
fn refuses(ran: &Ran, words: &[&str]) {
    assert_ne!(ran.code, Some(0), "{ran:?}");
    for word in words {
        assert!(ran.complained.contains(word), "{word:?} in {ran:?}");
    }
}

async fn state(deployment: &Deployment, id: &str) -> Result<Option<String>> {
    let arguments = [
        "--deployment",
        &deployment.name,
        "status",
        id,
        "--output",
        "json",
    ];
    let ran = command_line::run(&arguments, "").await?;
    if ran.code != Some(0) {
        return Ok(None);
    }
    Ok(ran.json()?["state"].as_str().map(str::to_owned))
}

async fn reaches(deployment: &Deployment, id: &str, wanted: &str) -> Result<()> {
    wait::until(
        &format!("the restore {id} {wanted}"),
        ENDS_WITHIN,
        async || {
            let state = state(deployment, id).await?;
            Ok(state.filter(|state| state == wanted))
        },
    )
    .await
    .map(drop)
}

/// Asks the deployment for a restore which waits for RDS until it is cancelled.
async fn ask(deployment: &Deployment, database: &str, at: Timestamp) -> Result<String> {
    let at = at.to_string();
    let arguments = [
        &["--deployment", &deployment.name, "request"][..],
        &["--database", database, "--schema", "second_1"],
        &["--restore-time", &at, "--mover", "copy", "--output", "json"],
    ];
    let ran = command_line::run(&arguments.concat(), "").await?;
    let id = ran.json()?["restoreId"].as_str().map(str::to_owned);
    id.context("read the restore's id")
}

async fn empty_bucket(stage: &Stage, bucket: &str) -> Result<()> {
    let doing = "empty the bucket";
    let list = stage.cloud.s3.list_objects_v2().bucket(bucket);
    for object in list.send().await.context(doing)?.contents() {
        let key = object.key().context(doing)?;
        let delete = stage.cloud.s3.delete_object().bucket(bucket).key(key);
        delete.send().await.context(doing)?;
    }
    Ok(())
}

#[test]
fn a_second_deployment_is_made_beside_the_first_and_is_not_removed_while_a_restore_of_it_is_live() {
    play(async |stage| {
        let tenant = stage.tenant("second", &["second_1"]).await?;
        prepare_account(&stage.cloud).await?;
        let second = Deployment::prepare(&stage.cloud, "second-restore", TAG).await?;
        let deployed = second.make("deploy", &["approval=never"]).await?;
        assert_eq!(deployed.code, Some(0), "{deployed:?}");
        second.run_here(&stage.cloud).await?;

        let busy = json!({ "service": "rds", "fault": "error", "action": "RestoreDBInstanceToPointInTime",
            "code": "Throttling", "match": format!("tr-{TAG}-") });
        let fault = &stage.faults.switch_on(&busy).await?[0];
        let id = ask(&second, &tenant.database, tenant.truth.at).await?;
        reaches(&second, &id, "running").await?;
        let refused = second.make("destroy", &["confirm=second-restore"]).await?;
        refuses(
            &refused,
            &["nothing was changed", "1 restore or plan is live"],
        );
        let of_first = command_line::run(&["status", &id], "").await?;
        assert_eq!(
            of_first.code,
            Some(2),
            "the first doesn't know it: {of_first:?}"
        );

        let cancelled =
            command_line::run(&["--deployment", &second.name, "cancel", &id], "").await?;
        assert_eq!(cancelled.code, Some(0), "{cancelled:?}");
        reaches(&second, &id, "failed").await?;
        stage.faults.switch_off(fault).await?;
        // It is live until its outcome is told, a moment later.
        let listed = ["--deployment", &second.name, "list", "--live"];
        let over = wait::until("no restore listed as live", ENDS_WITHIN, async || {
            let live = command_line::run(&listed, "").await?;
            Ok((live.said == "No restore is live.\n").then_some(()))
        });
        over.await?;

        // Stale ticks look like what may be a request.
        let intake = Queue::named(&stage.cloud, "second-restore-intake").await?;
        let quiet = wait::until("intake's queue empty", ENDS_WITHIN, async || {
            Ok((intake.depth().await? == 0).then_some(()))
        });
        quiet.await?;
        let bucket = format!("second-restore-000000000000-{}", stage.cloud.region);
        let kept = second.make("destroy", &["confirm=second-restore"]).await?;
        refuses(&kept, &["aws s3 rm --recursive"]);
        empty_bucket(stage, &bucket).await?;
        let unconfirmed = second.make("destroy", &[]).await?;
        refuses(
            &unconfirmed,
            &[
                "nothing stands against removing SecondRestore",
                "confirm=second-restore",
            ],
        );
        let destroyed = second.make("destroy", &["confirm=second-restore"]).await?;
        assert_eq!(destroyed.code, Some(0), "{destroyed:?}");
        let gone = second.make("destroy", &[]).await?;
        refuses(
            &gone,
            &["there is no stack SecondRestore", "nothing to destroy"],
        );
        Ok(())
    });
}
