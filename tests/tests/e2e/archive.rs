//! Somebody has EventBridge replay the archive of the bus, for whatever reason: old events come again, marked as replays.

use serde_json::{Value, json};
use tenant_restore_tests::queues::Queue;
use tenant_restore_tests::{Context, Result};

use crate::letters::kept;
use crate::rejections::envelope;
use crate::repeats::wait_until_taken;
use crate::stage::{ENDS_WITHIN, Stage, play};

async fn replay(stage: &Stage, id: &str, mut more: Value) -> Result<()> {
    more["replay-name"] = json!("last-week");
    let detail = more["detail"].clone();
    let intake = Queue::find(&stage.cloud, "intake").await?;
    intake.send(&envelope(id, &detail, more)).await
}

#[test]
fn an_archive_that_is_replayed_neither_ends_nor_repeats_nor_contradicts_a_restore() {
    play(async |stage| {
        let mut tenant = stage.tenant("archive", &["archive_1"]).await?;
        let name = stage.request_id("archive");
        let request = tenant.request(&name).with("mover", "copy");
        request.publish(&stage.cloud).await?;
        let accepted = stage
            .chronicle
            .wait_for(&name, "RestoreAccepted", ENDS_WITHIN)
            .await?;
        let restore_id = accepted.detail["restoreId"]
            .as_str()
            .context("read the restore's id")?;

        // Refused when it was given: the restore was being cleaned up, say. It isn't among the orders that were followed.
        let about = json!({ "requestId": name });
        for order in ["RestoreCancelRequested", "RestoreReplayRequested"] {
            let event = json!({ "detail-type": order, "detail": about });
            replay(stage, &format!("{name}-{order}"), event).await?;
        }
        let letters = kept(stage, &format!("{name}-Restore"), 2).await?;
        for (letter, cause) in &letters {
            assert!(
                cause.contains("replay from an archive"),
                "{cause}: {letter}"
            );
        }
        let outcome = stage.chronicle.wait_for_end(&name, ENDS_WITHIN).await?;
        stage
            .came_back(&mut tenant.connection, &tenant.truth, &outcome)
            .await?;

        replay(stage, &name, json!({ "detail": request.detail })).await?;
        wait_until_taken(stage, restore_id, 2).await?;
        let heard = stage.chronicle.events(&name);
        let of = |kind: &str| {
            heard
                .iter()
                .filter(|event| event.detail_type == kind)
                .count()
        };
        assert_eq!((of("RestoreCompleted"), of("RestoreRejected")), (1, 0));
        assert_eq!(outcome.attempt, 1);
        Ok(())
    });
}
