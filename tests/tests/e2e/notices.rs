//! An outcome reaches programs as JSON, by whatever protocol, and people by e-mail as text.

use std::time::Duration;

use serde_json::{Value, json};
use tenant_restore_tests::Context;
use tenant_restore_tests::request::Request;
use tenant_restore_tests::subscription::{Address, Queue, only};

use crate::stage::{ENDS_WITHIN, play, request_id_of};

const SOON: Duration = Duration::from_secs(60);

#[test]
fn a_completed_restore_is_told_to_programs_as_json_and_to_people_as_text() {
    play(async |stage| {
        let id = stage.request_id("notices");
        let mine = only("COMPLETED", "notices");
        let cloud = &stage.cloud;
        let mut raw = Queue::subscribe(cloud, &format!("{id}-raw"), &mine, true).await?;
        let mut wrapped = Queue::subscribe(cloud, &format!("{id}-wrapped"), &mine, false).await?;
        let person = Address::subscribe(cloud, &format!("{id}@example.com"), &mine).await?;
        let tenant = stage.tenant("notices", &["notices_a1"]).await?;
        let request = tenant.request(&id);
        let outcome = stage.ask(&request).await?;
        assert_eq!(outcome.outcome, "COMPLETED", "{}", outcome.why());

        let event = stage.chronicle.wait_for(&id, "RestoreCompleted", SOON);
        let detail = event.await?.detail;
        assert_eq!(raw.next(SOON).await?, detail);
        let envelope = wrapped.next(SOON).await?;
        let message = envelope["Message"].as_str().context("find the message")?;
        let message: Value = serde_json::from_str(message).context("read the message")?;
        assert_eq!(message, detail);
        assert_eq!(
            envelope["MessageAttributes"]["database"]["Value"],
            "notices"
        );

        let mail = person.outcome(SOON).await?;
        let restore = outcome.restore_id.as_deref().context("find the id")?;
        let copy = outcome.schemas[0]
            .restored_as
            .as_deref()
            .context("find the copy")?;
        assert_eq!(
            mail.subject,
            "Tenant restore COMPLETED: notices_a1 of notices on production"
        );
        for told in [
            format!("  notices_a1 -> {copy}: open to its users"),
            format!("  tenant-restore status {restore} --log"),
            format!("drop schema \"{copy}\" cascade;"),
            outcome.report_page.clone().context("find the page")?,
            format!(
                "Outcome {}",
                detail["outcomeId"].as_str().context("find its id")?
            ),
        ] {
            assert!(mail.text.contains(&told), "{told}: {}", mail.text);
        }
        Ok(())
    });
}

#[test]
fn a_rejection_is_told_to_those_whose_filter_policy_lets_it_through() {
    play(async |stage| {
        let id = stage.request_id("notices-rejected");
        let cloud = &stage.cloud;
        let (mine, others) = (only("REJECTED", &id), only("FAILED", &id));
        let mut queue = Queue::subscribe(cloud, &format!("{id}-queue"), &mine, true).await?;
        let person = Address::subscribe(cloud, &format!("{id}@example.com"), &mine).await?;
        let other = Address::subscribe(cloud, &format!("{id}-other@example.com"), &others).await?;
        let detail =
            json!({ "requestId": id, "database": id, "schemas": ["a\nb"], "mover": "truck" });
        let request = Request { detail };
        request.publish(cloud).await?;
        stage
            .chronicle
            .wait_for_end(request_id_of(&request), ENDS_WITHIN)
            .await?;

        assert_eq!(queue.next(SOON).await?["outcome"], "REJECTED");
        let mail = person.outcome(SOON).await?;
        assert!(
            mail.subject
                .starts_with("Tenant restore REJECTED (InvalidRequest"),
            "{}",
            mail.subject
        );
        for told in [
            "InvalidRequest (mover): ",
            "     Remedy: ",
            "  a⟨U+000A⟩b: not made",
        ] {
            assert!(mail.text.contains(told), "{told}: {}", mail.text);
        }
        let heard = other.mails().await?;
        assert_eq!(
            heard.len(),
            1,
            "the mail that asks for confirmation: {heard:?}"
        );
        Ok(())
    });
}
