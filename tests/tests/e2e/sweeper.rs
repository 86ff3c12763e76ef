//! The sweeper: what no restore looks after goes, what isn't ours stays, and what nothing moves is set going.

mod foreign;
mod orphans;
mod replication;
mod stuck;

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_lambda::primitives::Blob;
use serde_json::{Value, json};
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

/// Waits until nothing is left of a restore but these.
async fn come_to(stage: &Stage, restore_id: &str, left: &[String]) -> Result<()> {
    wait::until(&format!("only {left:?}"), SEEN_WITHIN, async || {
        let seen = leftovers::in_aws(&stage.cloud, TAG, Some(restore_id)).await?;
        Ok((seen == left).then_some(()))
    })
    .await
}

/// A dry run tells what is to be done to a restore's orphans and leaves all as it is; a sweep tells the same and does it.
/// Answers what the sweep found.
async fn told_then_done<const N: usize>(
    stage: &Stage,
    restore_id: &str,
    expected: [(String, &str); N],
) -> Result<Value> {
    let expected = expected.map(|(orphan, action)| (orphan, action.to_owned()));
    let expected = BTreeMap::from(expected);
    let before = leftovers::in_aws(&stage.cloud, TAG, Some(restore_id)).await?;
    let found = sweep(stage, true).await?;
    assert_eq!(orphans(&found, restore_id), expected, "{found}");
    let after = leftovers::in_aws(&stage.cloud, TAG, Some(restore_id)).await?;
    assert_eq!(after, before, "a dry run changes nothing");
    let found = sweep(stage, false).await?;
    assert_eq!(orphans(&found, restore_id), expected, "{found}");
    Ok(found)
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
