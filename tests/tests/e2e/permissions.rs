//! Who may request what: `localstack/with-cloud` lets the event source `tests.guest` ask for one schema alone.

use serde_json::{Value, json};
use tenant_restore_tests::audit;
use tenant_restore_tests::request::{Request, publish, publish_as};
use tenant_restore_tests::{Context, Result};

use crate::letters::kept;
use crate::stage::{ENDS_WITHIN, Stage, play, request_id_of};

const GUEST: &str = "tests.guest";

/// Publishes a request as the guest; the detail of the answer of that type.
async fn guest_is_told(stage: &Stage, request: &Request, answer: &str) -> Result<Value> {
    let asks_for = match answer {
        "RestorePlanned" => "RestorePlanRequested",
        _ => "RestoreRequested",
    };
    publish_as(&stage.cloud, GUEST, asks_for, &request.detail.to_string()).await?;
    let id = request_id_of(request);
    let told = stage.chronicle.wait_for(id, answer, ENDS_WITHIN).await?;
    stage.told_by_contract(id)?;
    Ok(told.detail)
}

/// The fields of the causes, each of which must be a refusal with its remedy.
fn refused_fields(answer: &Value) -> Vec<&str> {
    let causes = answer["causes"].as_array();
    let causes = causes.map(Vec::as_slice).unwrap_or_default();
    for cause in causes {
        assert_eq!(cause["kind"], "NotPermitted", "{cause}");
        let message = cause["message"].as_str().unwrap_or_default();
        assert!(message.contains(GUEST), "{cause}");
        assert!(
            cause["remedy"]
                .as_str()
                .is_some_and(|text| text.contains("requesters")),
            "{cause}"
        );
    }
    causes
        .iter()
        .filter_map(|cause| cause["field"].as_str())
        .collect()
}

#[test]
fn an_event_source_gets_what_its_grant_covers_and_is_told_every_field_that_it_does_not() {
    play(async |stage| {
        let tenant = stage.tenant("guest", &["guest_1"]).await?;
        let id = stage.request_id("guest-refused");
        let refused = tenant
            .request(&id)
            .with("schemas", json!(["guest_1", "guest_2"]));
        let rejected = guest_is_told(stage, &refused, "RestoreRejected").await?;
        assert_eq!(refused_fields(&rejected), ["schemas[1]"], "{rejected:#}");
        assert_eq!(rejected.get("restoreId"), None, "{rejected:#}");
        let restores = audit::restores(&stage.cloud).await?;
        assert!(
            !restores.values().any(|request| *request == id),
            "it has a record"
        );

        let id = stage.request_id("guest-plan-refused");
        let refused = tenant
            .request(&id)
            .with("database", "postgres")
            .with("source", "billing");
        let planned = guest_is_told(stage, &refused, "RestorePlanned").await?;
        assert_eq!(planned["possible"], false);
        assert_eq!(
            refused_fields(&planned),
            ["source", "database"],
            "{planned:#}"
        );

        let granted = tenant.request(&stage.request_id("guest-plan"));
        let planned = guest_is_told(stage, &granted, "RestorePlanned").await?;
        assert_eq!(planned["possible"], true, "{planned:#}");
        Ok(())
    });
}

#[test]
fn an_event_source_can_not_cancel_a_restore_that_it_may_not_request() {
    play(async |stage| {
        let tenant = stage.tenant("hosts", &["hosts_1"]).await?;
        let id = stage.request_id("hosts");
        let request = tenant.request(&id).with("mover", "copy");
        publish(
            &stage.cloud,
            "RestoreRequested",
            &request.detail.to_string(),
        )
        .await?;
        stage
            .chronicle
            .wait_for(&id, "RestoreAccepted", ENDS_WITHIN)
            .await?;
        let order = json!({ "requestId": id, "requestedBy": "guest of hosts" });
        publish_as(
            &stage.cloud,
            GUEST,
            "RestoreCancelRequested",
            &order.to_string(),
        )
        .await?;
        let letters = kept(stage, "guest of hosts", 1).await?;
        let (_, cause) = letters.first().context("read the letter")?;
        for word in [
            "NotPermitted",
            "`database` \"hosts\"",
            "`schemas[0]` \"hosts_1\"",
        ] {
            assert!(cause.contains(word), "{word} is not in: {cause}");
        }
        let outcome = stage.chronicle.wait_for_end(&id, ENDS_WITHIN).await?;
        assert_eq!(outcome.outcome, "COMPLETED", "{}", outcome.why());
        Ok(())
    });
}
