//! No password is told: neither in logs, records, events and files, nor to whoever looks at tasks and processes.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::json;
use tenant_restore_tests::command_line;
use tenant_restore_tests::haystack::{self, Haystack};
use tenant_restore_tests::production::Production;
use tenant_restore_tests::{Context, wait};

use crate::stage::{ENDS_WITHIN, Stage, TAG, play, tenant_of};

/// The passwords in the secrets of these restores now, with the secrets' names.
async fn temporary_passwords(stage: &Stage, restores: &[String]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for id in restores {
        for side in ["s", "t"] {
            let secret = format!("tr-{TAG}-{id}-{side}");
            let get = stage.cloud.secrets.get_secret_value().secret_id(&secret);
            // Before its creation and after its deletion there is none.
            let Ok(answer) = get.send().await else {
                continue;
            };
            let text = answer.secret_string().unwrap_or_default();
            let login: serde_json::Value = serde_json::from_str(text).unwrap_or_default();
            if let Some(password) = login["password"].as_str() {
                found.push((secret, password.to_owned()));
            }
        }
    }
    found
}

/// One restore completes, the other fails half-way; their source has changed its password since the restore point.
#[test]
fn no_password_is_found_in_logs_records_events_files_tasks_and_processes() {
    play(async |stage| {
        let mut source = Production::create(&stage.cloud, &stage.request_id("secretive")).await?;
        let tenant = tenant_of(&source, "secretive", &["secretive_1"]).await?;
        let mut passwords = BTreeSet::from([source.login.password.clone()]);
        let password = source.new_password().await?;
        source.set_password(&password).await?;
        source.put_version(&password).await?;
        passwords.insert(password.value().to_owned());

        let mut restores = Vec::new();
        let names = ["secretive-green", "secretive-failing"].map(|name| stage.request_id(name));
        for (name, suffix) in names.iter().zip(["green", "failing"]) {
            let request = tenant
                .request(name)
                .with("source", source.identifier.clone())
                .with("suffix", suffix);
            restores.push(command_line::request(&request.detail).await?);
        }
        let fault = json!({
            "service": "ecs", "fault": "kill-task", "match": format!("tr-{TAG}/finalize/{}/", restores[1]), "times": 1,
            "ms": 0
        });
        stage.faults.switch_on(&fault).await?;

        let mut hay = Haystack::of(&stage.cloud);
        let mut secrets = BTreeSet::new();
        wait::until("the end of both restores", ENDS_WITHIN, async || {
            for (secret, password) in temporary_passwords(stage, &restores).await {
                secrets.insert(secret);
                passwords.insert(password);
            }
            hay.add_processes();
            hay.add_tasks().await?;
            hay.add_objects().await?;
            let ended = names
                .iter()
                .all(|name| !stage.chronicle.notices(name).is_empty());
            Ok(ended.then_some(()))
        })
        .await?;
        let mut outcomes = Vec::new();
        for name in &names {
            let outcome = stage
                .chronicle
                .wait_for_end(name, Duration::from_secs(10))
                .await?;
            outcomes.push(outcome.outcome);
            for event in stage.chronicle.events(name) {
                hay.add(
                    format!("event {} of {name}", event.detail_type),
                    event.detail.to_string(),
                );
            }
            for notice in stage.chronicle.notices(name) {
                hay.add(format!("notice of {name}"), notice.detail.to_string());
            }
        }
        assert_eq!(outcomes, ["COMPLETED", "FAILED"]);
        hay.add_objects().await?;
        hay.add_table().await?;
        hay.add_log_files()?;
        hay.add_log_groups().await?;

        assert_eq!(secrets.len(), 4, "{secrets:?}");
        // Before and now, generated for each restore, and the login of each.
        assert!(passwords.len() >= 4, "{} passwords", passwords.len());
        for place in haystack::PLACES {
            let about = hay.places_with(place, &restores[0]);
            assert!(!about.is_empty(), "nothing of {place} tells of the restore");
        }
        for password in &passwords {
            let told = hay.places_with("", password);
            assert!(told.is_empty(), "a password is told by {told:?}");
        }
        source.delete().await.context("delete the source")
    });
}
