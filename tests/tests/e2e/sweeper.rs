//! The sweeper: what no restore looks after goes, what isn't ours stays, and what nothing moves is set going.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_secretsmanager::types::Tag;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tenant_restore_tests::audit::Audit;
use tenant_restore_tests::cloud::DEPLOYMENT;
use tenant_restore_tests::stranger::{self, Stranger};
use tenant_restore_tests::{Context, Error, Result, command_line, leftovers, wait};
use tokio::sync::Mutex;

use crate::stage::{ENDS_WITHIN, Stage, TAG, none_of, play};

const SEEN_WITHIN: Duration = Duration::from_secs(60);

/// Held by each test: a sweep of one would remove what another has made to be found. The schedule of the cloud for tests
/// only reports.
static SWEEPING: Mutex<()> = Mutex::const_new(());

/// Invokes the sweeper, and gives what it found.
async fn sweep(stage: &Stage, dry_run: bool) -> Result<Value> {
    let order = json!({ "dryRun": dry_run }).to_string();
    let invoke = stage
        .cloud
        .lambda
        .invoke()
        .function_name("tenant-restore-sweeper")
        .payload(Blob::new(order));
    let answer = invoke.send().await.context("invoke the sweeper")?;
    let payload = answer.payload.unwrap_or_else(|| Blob::new(""));
    let payload = String::from_utf8_lossy(payload.as_ref()).into_owned();
    match answer.function_error {
        Some(error) => Err(Error::new(format!("the sweep failed: {error}: {payload}"))),
        None => serde_json::from_str(&payload).context("read what the sweeper found"),
    }
}

/// The entries of a list of a sweep's answer whose text holds `mark`.
fn about<'a>(found: &'a Value, list: &str, mark: &str) -> Vec<&'a Value> {
    let entries = found[list].as_array().into_iter().flatten();
    entries
        .filter(|entry| entry.to_string().contains(mark))
        .collect()
}

/// Name and action of each orphan of a restore.
fn orphans(found: &Value, restore_id: &str) -> BTreeMap<String, String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    about(found, "orphans", restore_id)
        .into_iter()
        .map(|orphan| {
            let name = format!("{} {}", text(&orphan["kind"]), text(&orphan["name"]));
            (name, text(&orphan["action"]))
        })
        .collect()
}

/// The id of a restore that never was, another one in each run: it begins with these six letters.
fn unknown_restore(stage: &Stage, letters_of_test: &str) -> String {
    let run = stage.request_id("");
    let letters = run
        .bytes()
        .filter(u8::is_ascii_digit)
        .map(|digit| char::from(digit - b'0' + b'a'));
    format!("{letters_of_test}{}", letters.collect::<String>())
}

/// The tags of a temporary resource.
fn tags(restore_id: &str, name: &str) -> [(String, String); 2] {
    [
        (
            "tenant-restore:deployment".to_owned(),
            "tenant-restore".to_owned(),
        ),
        (
            "tenant-restore:restore".to_owned(),
            format!("{restore_id}/{name}"),
        ),
    ]
}

async fn create_secret(stage: &Stage, name: &str, tags: &[(String, String)]) -> Result<()> {
    let tags = tags
        .iter()
        .map(|(key, value)| Tag::builder().key(key).value(value).build())
        .collect();
    let create = stage.cloud.secrets.create_secret().name(name);
    let create = create.secret_string("of nothing").set_tags(Some(tags));
    create
        .send()
        .await
        .context(format!("create the secret {name}"))?;
    Ok(())
}

async fn create_endpoint(stage: &Stage, name: &str, tags: &[(String, String)]) -> Result<()> {
    use aws_sdk_databasemigration::types::{PostgreSqlSettings, ReplicationEndpointTypeValue, Tag};
    let settings = PostgreSqlSettings::builder()
        .secrets_manager_secret_id(name)
        .secrets_manager_access_role_arn(
            "arn:aws:iam::000000000000:role/tenant-restore-dms-secrets",
        )
        .build();
    let tags = tags
        .iter()
        .map(|(key, value)| Tag::builder().key(key).value(value).build())
        .collect();
    let create = stage
        .cloud
        .dms
        .create_endpoint()
        .endpoint_identifier(name)
        .resource_identifier(name)
        .endpoint_type(ReplicationEndpointTypeValue::Source)
        .engine_name("postgres")
        .database_name("nothing")
        .postgre_sql_settings(settings)
        .set_tags(Some(tags));
    Box::pin(create.send())
        .await
        .context(format!("create the endpoint {name}"))?;
    Ok(())
}

#[test]
fn an_orphan_is_told_of_by_a_dry_run_and_removed_by_a_sweep_and_what_only_has_our_prefix_stays() {
    play(async |stage| {
        let _alone = SWEEPING.lock().await;
        let id = unknown_restore(stage, "orphan");
        let database = format!("tr-{TAG}-{id}");
        let (secret, foreign) = (format!("{database}-s"), format!("{database}-t"));
        Stranger::create_tagged(&stage.cloud, &database, &tags(&id, &database)).await?;
        create_secret(stage, &secret, &tags(&id, &secret)).await?;
        create_endpoint(stage, &secret, &tags(&id, &secret)).await?;
        // Ours by one tag of the two: the other names the secret that it was copied from.
        create_secret(stage, &foreign, &tags(&id, &secret)).await?;
        let before = leftovers::in_aws(&stage.cloud, TAG, Some(&id)).await?;
        assert_eq!(before.len(), 4, "{before:?}");

        let expected = BTreeMap::from([
            (format!("database {database}"), "delete".to_owned()),
            (format!("secret {secret}"), "delete".to_owned()),
            (format!("endpoint {secret}"), "delete".to_owned()),
        ]);
        let found = sweep(stage, true).await?;
        assert_eq!(orphans(&found, &id), expected, "{found}");
        assert_eq!(about(&found, "foreign", &foreign).len(), 1, "{found}");
        let usd: f64 = about(&found, "orphans", &id)
            .iter()
            .filter_map(|orphan| orphan["usdPerHour"].as_f64())
            .sum();
        let prices = "an instance with 20 GB and a secret, by the prices of the local cloud";
        assert!((usd - 0.025).abs() < 1e-9, "{prices}: {found}");
        assert_eq!(found["unpriced"], 0, "{found}");
        let after = leftovers::in_aws(&stage.cloud, TAG, Some(&id)).await?;
        assert_eq!(after, before, "a dry run changes nothing");

        let found = sweep(stage, false).await?;
        assert_eq!(orphans(&found, &id), expected, "{found}");
        assert_eq!(about(&found, "foreign", &foreign).len(), 1, "{found}");
        let untouched = vec![format!("secret {foreign}")];
        wait::until("the orphans to be gone", SEEN_WITHIN, async || {
            let left = leftovers::in_aws(&stage.cloud, TAG, Some(&id)).await?;
            Ok((left == untouched).then_some(()))
        })
        .await?;
        let again = sweep(stage, false).await?;
        assert_eq!(orphans(&again, &id), BTreeMap::new(), "{again}");

        let delete = stage.cloud.secrets.delete_secret().secret_id(&foreign);
        let delete = delete.force_delete_without_recovery(true).send().await;
        delete.context("delete the secret that isn't an orphan")?;
        Ok(())
    });
}

/// RDS refuses to delete a cluster that has an instance.
#[test]
fn an_orphaned_cluster_goes_once_its_instance_is_gone_and_neither_by_a_dry_run() {
    play(async |stage| {
        let _alone = SWEEPING.lock().await;
        let id = unknown_restore(stage, "aurora");
        let member = format!("tr-{TAG}-{id}");
        let cluster = format!("{member}-c");
        let with_tags = [&cluster, &member].map(|name| (name.as_str(), tags(&id, name)));
        stranger::create_cluster(&stage.cloud, &with_tags[0], &with_tags[1]).await?;
        let before = leftovers::in_aws(&stage.cloud, TAG, Some(&id)).await?;
        let (instance, its_cluster) = (
            format!("RDS instance {member}"),
            format!("RDS cluster {cluster}"),
        );
        assert_eq!(before, [instance, its_cluster.clone()]);

        let first = BTreeMap::from([
            (format!("database {member}"), "delete".to_owned()),
            (format!("cluster {cluster}"), "later".to_owned()),
        ]);
        let found = sweep(stage, true).await?;
        assert_eq!(orphans(&found, &id), first, "{found}");
        let after = leftovers::in_aws(&stage.cloud, TAG, Some(&id)).await?;
        assert_eq!(after, before, "a dry run changes nothing");

        let found = sweep(stage, false).await?;
        assert_eq!(orphans(&found, &id), first, "{found}");
        let why = &about(&found, "orphans", &cluster)[0]["reason"];
        assert_eq!(*why, "its instances go first");
        wait::until("the instance to be gone", SEEN_WITHIN, async || {
            let left = leftovers::in_aws(&stage.cloud, TAG, Some(&id)).await?;
            Ok((left == [its_cluster.as_str()]).then_some(()))
        })
        .await?;

        let then = BTreeMap::from([(format!("cluster {cluster}"), "delete".to_owned())]);
        let found = sweep(stage, false).await?;
        assert_eq!(orphans(&found, &id), then, "{found}");
        wait::until("the cluster to be gone", SEEN_WITHIN, async || {
            let left = leftovers::in_aws(&stage.cloud, TAG, Some(&id)).await?;
            Ok(left.is_empty().then_some(()))
        })
        .await
    });
}

#[test]
fn a_sweep_leaves_what_a_restore_under_way_uses() {
    play(async |stage| {
        let _alone = SWEEPING.lock().await;
        let tenant = stage.tenant("swept", &["swept_1"]).await?;
        let request = tenant.request(&stage.request_id("swept"));
        let restore_id = command_line::request(&request.detail).await?;
        wait::until("the temporary database", SEEN_WITHIN, async || {
            let made = leftovers::in_aws(&stage.cloud, TAG, Some(&restore_id)).await?;
            let database = format!("RDS instance tr-{TAG}-{restore_id}");
            Ok(made.contains(&database).then_some(()))
        })
        .await?;
        let found = sweep(stage, false).await?;
        assert_eq!(orphans(&found, &restore_id), BTreeMap::new(), "{found}");
        assert!(found["inUse"].as_u64() >= Some(1), "{found}");
        let stuck = about(&found, "stuck", &restore_id);
        assert!(stuck.is_empty(), "{found}");

        let request_id = stage.request_id("swept");
        let outcome = stage.chronicle.wait_for_end(&request_id, ENDS_WITHIN);
        let outcome = outcome.await?;
        assert_eq!(outcome.outcome, "COMPLETED", "{}", outcome.why());
        let left = leftovers::of(&stage.cloud, &tenant.connection, TAG, &outcome).await?;
        none_of("left behind", &left)
    });
}

/// Makes the record say that the wait of `provision` began long ago, as after an outage that swallowed its ticks. A handler
/// that has read the record before must read it again.
async fn age_the_wait(stage: &Stage, restore_id: &str) -> Result<()> {
    let long_ago = Timestamp::now() - SignedDuration::from_hours(2);
    let update = stage
        .cloud
        .dynamodb
        .update_item()
        .table_name(DEPLOYMENT)
        .key("pk", AttributeValue::S(format!("RESTORE#{restore_id}")))
        .key("sk", AttributeValue::S("STATE".to_owned()))
        .update_expression(
            "set #restore.#waits.#provision.#since = :long_ago, #version = #version + :one",
        )
        .expression_attribute_names("#restore", "restore")
        .expression_attribute_names("#waits", "waits")
        .expression_attribute_names("#provision", "provision")
        .expression_attribute_names("#since", "since")
        .expression_attribute_names("#version", "version")
        .expression_attribute_values(":long_ago", AttributeValue::S(long_ago.to_string()))
        .expression_attribute_values(":one", AttributeValue::N("1".to_owned()));
    update.send().await.context("age a wait")?;
    Ok(())
}

#[test]
fn a_restore_that_nothing_moves_is_told_of_by_a_dry_run_and_set_going_by_a_sweep() {
    play(async |stage| {
        let _alone = SWEEPING.lock().await;
        let tenant = stage.tenant("stalled", &["stalled_1"]).await?;
        let request_id = stage.request_id("stalled");
        let request = tenant.request(&request_id).with("mover", "copy");
        let restore_id = command_line::request(&request.detail).await?;
        let slowly = json!({
            "service": "rds", "fault": "provision-slowly", "match": format!("tr-{TAG}-{restore_id}"), "ms": 30_000
        });
        stage.faults.switch_on(&slowly).await?;
        wait::until("the wait for the database", SEEN_WITHIN, async || {
            let audit = Audit::read(&stage.cloud, &restore_id).await?;
            let waits = audit
                .restore()
                .is_some_and(|it| it["waits"]["provision"].is_object());
            Ok(waits.then_some(()))
        })
        .await?;
        age_the_wait(stage, &restore_id).await?;

        let nudges = |found: &Value| {
            let stuck = about(found, "stuck", &restore_id);
            stuck.first().map(|stuck| stuck["nudges"].clone())
        };
        let found = sweep(stage, true).await?;
        let expected = Some(json!(["send Reconcile to provision"]));
        assert_eq!(nudges(&found), expected, "{found}");
        let began = Timestamp::now();
        let found = sweep(stage, false).await?;
        assert_eq!(nudges(&found), expected, "{found}");

        // The ticks of the restore's own come after a minute and later.
        wait::until("the tick of the sweeper", SEEN_WITHIN, async || {
            let log = Audit::read(&stage.cloud, &restore_id).await?.log()?;
            let ticked = log.iter().any(|entry| {
                entry.handler == "provision"
                    && entry.cause == "tick"
                    && entry.sent_at >= Some(began)
            });
            Ok(ticked.then_some(()))
        })
        .await?;
        let log = Audit::read(&stage.cloud, &restore_id).await?.log()?;
        let told: Vec<_> = log.iter().filter(|it| it.handler == "sweeper").collect();
        assert_eq!(told.len(), 1, "only the sweep that mends is in the log");
        let outcome = stage.chronicle.wait_for_end(&request_id, ENDS_WITHIN);
        let outcome = outcome.await?;
        assert_eq!(outcome.outcome, "COMPLETED", "{}", outcome.why());
        Ok(())
    });
}
