//! More restores than the account's quotas bear: some wait, in order, and all are done.

use futures::future::try_join_all;
use jiff::Timestamp;
use tenant_restore_tests::audit::{Audit, LogEntry};
use tenant_restore_tests::kind::Kind;
use tenant_restore_tests::production::Production;
use tenant_restore_tests::{Context, Result, command_line, leftovers, wait};

use crate::stage::{ENDS_WITHIN, Stage, TAG, none_of, play, request_id_of, tenant_of};

/// Restores of one source at a time, unless the deployment says otherwise (`infra/README.md`).
const PER_SOURCE: usize = 3;

/// When a restore began to use what is scarce, and when it used nothing of it any more.
fn span(log: &[LogEntry]) -> Result<(Timestamp, Timestamp)> {
    let entered = |phase: &str| {
        let mut entries = log.iter();
        let entry = entries.find(|entry| entry.phase != phase && entry.next_phase == phase);
        entry
            .map(|entry| entry.at)
            .context(format!("find the begin of {phase}"))
    };
    Ok((entered("provision")?, entered("complete")?))
}

/// The most spans that have a moment in common: there is one at which one of them begins.
fn most_at_once(spans: &[(Timestamp, Timestamp)]) -> usize {
    let at = |moment: Timestamp| {
        let covers = |span: &&(Timestamp, Timestamp)| span.0 <= moment && moment < span.1;
        spans.iter().filter(covers).count()
    };
    spans.iter().map(|span| at(span.0)).max().unwrap_or(0)
}

/// Waits until `status` tells a person that one of the restores is the first in the list.
async fn wait_until_one_is_told_its_position(restores: &[String]) -> Result<()> {
    wait::until("a position in `status`", ENDS_WITHIN, async || {
        for id in restores {
            let status = command_line::run(&["status", id], "").await?;
            let limits = "at most 10 restores run at a time, 3 of one source or target";
            let told = format!("waiting for admission, position 1; {limits}");
            if status.said.contains(&told) {
                return Ok(Some(()));
            }
        }
        Ok(None)
    })
    .await
}

async fn log_of(stage: &Stage, restore: &str) -> Result<Vec<LogEntry>> {
    Audit::read(&stage.cloud, restore).await?.log()
}

/// The source is a cluster, which has two names.
#[test]
fn restores_over_the_limit_of_their_source_wait_and_are_let_in_by_the_ends_of_others() {
    play(async |stage| {
        let name = stage.request_id("crowd");
        let source = Production::create_of(&stage.cloud, &name, Kind::AuroraProvisioned).await?;
        let names = [name.clone(), format!("{name}-writer")];
        let tenant = tenant_of(&source, "crowd", &["crowd_1"]).await?;
        let requests: Vec<_> = (0..PER_SOURCE + 2)
            .map(|number| {
                let request = tenant.request(&stage.request_id(&format!("crowd-{number}")));
                request
                    .with("source", names[number % names.len()].as_str())
                    .with("suffix", format!("_{number}"))
                    .with("mover", "copy")
                    .with("validate", "counts")
            })
            .collect();
        let restores = requests
            .iter()
            .map(|request| command_line::request(&request.detail));
        let restores = try_join_all(restores).await?;
        wait_until_one_is_told_its_position(&restores).await?;

        let ends = requests.iter().map(request_id_of);
        let ends = ends.map(|id| stage.chronicle.wait_for_end(id, 2 * ENDS_WITHIN));
        for outcome in try_join_all(ends).await? {
            assert_eq!(outcome.outcome, "COMPLETED", "{}", outcome.why());
            let left = leftovers::of(&stage.cloud, &tenant.connection, TAG, &outcome).await?;
            none_of("left behind", &left)?;
        }

        let logs = try_join_all(restores.iter().map(|id| log_of(stage, id))).await?;
        let spans = logs.iter().map(|log| span(log));
        let spans = spans.collect::<Result<Vec<_>>>()?;
        assert!(most_at_once(&spans) <= PER_SOURCE, "{spans:?}");
        let waited: Vec<_> = logs
            .iter()
            .flatten()
            .filter(|entry| entry.moved && entry.waited_for.as_deref() == Some("Admission"))
            .collect();
        assert!(!waited.is_empty(), "nobody waited");
        for entry in waited {
            assert_eq!(
                (entry.cause.as_str(), entry.name.as_str()),
                ("command", "Admit")
            );
        }
        source.delete().await
    });
}
