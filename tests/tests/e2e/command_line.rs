//! The command line `tenant-restore` against a deployment: what it prints for programs, and how it exits.

use jiff::Timestamp;
use serde_json::json;
use tenant_restore_tests::Context;
use tenant_restore_tests::command_line::run;
use tenant_restore_tests::request::Request;

use crate::stage::{ENDS_WITHIN, none_of, play};

#[test]
fn request_watch_and_status_tell_of_a_restore_to_its_end() {
    play(async |stage| {
        let mut tenant = stage.tenant("shell", &["shell_1"]).await?;
        let id = stage.request_id("shell");
        let at = tenant.truth.at.to_string();
        let request = [
            "request",
            "--database",
            "shell",
            "--schema",
            "shell_1",
            "--restore-time",
            &at,
            "--request-id",
            &id,
            "--mover",
            "copy",
            "--validate",
            "counts",
            "--watch",
            "--output",
            "json",
        ];
        let watched = run(&request, "").await?;
        assert_eq!(watched.code, Some(0), "{watched:?}");
        let lines = watched.json_lines()?;
        let first = lines.first().context("read the first line")?;
        assert_eq!(
            (&first["event"], &first["requestId"]),
            (&json!("published"), &json!(id))
        );
        let restore_id = first["restoreId"]
            .as_str()
            .context("read the restore's id")?;

        let outcome = stage.chronicle.wait_for_end(&id, ENDS_WITHIN).await?;
        assert_eq!(
            outcome.restore_id.as_deref(),
            Some(restore_id),
            "known before the pipeline saw it"
        );
        let restored_as = outcome.schemas[0]
            .restored_as
            .as_deref()
            .context("find the new name")?;
        let differences = tenant
            .truth
            .differences(&mut tenant.connection, "shell_1", restored_as)
            .await?;
        none_of("restored differently", &differences)?;

        for id in [restore_id, &id] {
            let status = run(&["status", id, "--log", "--output", "json"], "").await?;
            assert_eq!(status.code, Some(0), "{status:?}");
            let status = status.json()?;
            assert_eq!(status["restoreId"], restore_id);
            assert_eq!(status["state"], "completed");
            assert!(
                status["log"].as_array().is_some_and(|log| !log.is_empty()),
                "{status}"
            );
        }
        let again = run(&["watch", restore_id, "--output", "json"], "").await?;
        assert_eq!(again.code, Some(0), "{again:?}");
        let text = run(&["status", restore_id], "").await?;
        for word in [restore_id, "shell_1", restored_as, "provision", "migrate"] {
            assert!(
                text.said.contains(word),
                "{word:?} is not in: {}",
                text.said
            );
        }
        Ok(())
    });
}

#[test]
fn watching_a_rejected_request_exits_with_1_and_names_the_field() {
    play(async |stage| {
        let id = stage.request_id("shell-source");
        let request = [
            "request",
            "--database",
            "shell",
            "--schema",
            "a",
            "--restore-time",
            "2026-01-01T00:00:00Z",
            "--source",
            "no-such-instance",
            "--request-id",
            &id,
            "--watch",
            "--output",
            "json",
        ];
        let watched = run(&request, "").await?;
        assert_eq!(watched.code, Some(1), "{watched:?}");
        assert!(watched.said.contains("SourceUnknown"), "{watched:?}");

        let id = stage.request_id("shell-twice");
        let twice = Request::new(&id, "shell", &["a", "a"], Timestamp::UNIX_EPOCH);
        twice.publish(&stage.cloud).await?;
        let watched = run(&["watch", &id, "--output", "json"], "").await?;
        assert_eq!(watched.code, Some(1), "{watched:?}");
        assert!(watched.said.contains("schemas[1]"), "{watched:?}");
        let status = run(&["status", &id, "--output", "json"], "").await?;
        assert_eq!(status.code, Some(0), "{status:?}");
        assert_eq!(status.json()?["outcome"], "REJECTED");
        Ok(())
    });
}

#[test]
fn an_invalid_request_is_refused_before_it_is_published() {
    play(async |stage| {
        let id = stage.request_id("shell-invalid");
        let detail = Request::new(&id, "shell", &["a", "a"], Timestamp::UNIX_EPOCH).detail;
        let ran = run(&["request", "--file", "-"], &detail.to_string()).await?;
        assert_eq!(ran.code, Some(2), "{ran:?}");
        assert!(ran.complained.contains("schemas[1]"), "{ran:?}");
        let status = run(&["status", &id], "").await?;
        assert_eq!(
            status.code,
            Some(2),
            "the pipeline never heard of it: {status:?}"
        );
        Ok(())
    });
}

#[test]
fn a_command_that_can_not_be_done_exits_with_2_and_says_why() {
    play(async |_| {
        for (arguments, words) in [
            (vec!["status", "nobody-asked-this"], "nobody-asked-this"),
            (
                vec!["watch", "nobody-asked-this", "--grace", "0"],
                "nobody-asked-this",
            ),
            (vec!["request", "--database", "shell"], "--schema"),
            (
                vec!["status", "x", "--deployment", "not-deployed"],
                "not-deployed",
            ),
        ] {
            let ran = run(&arguments, "").await?;
            assert_eq!(ran.code, Some(2), "{arguments:?}: {ran:?}");
            assert!(ran.complained.contains(words), "{arguments:?}: {ran:?}");
            assert_eq!(ran.said, "", "{arguments:?}");
        }
        Ok(())
    });
}
