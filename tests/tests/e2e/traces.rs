//! X-Ray's view of a restore: one trace from the request to the outcome, through queues, ticks and events without a header.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};
use tenant_restore_tests::request::{Request, publish, publish_traced};
use tenant_restore_tests::traces::{self, Trace};
use tenant_restore_tests::{Context, Result, audit, command_line, wait};

use crate::stage::{ENDS_WITHIN, Stage, none_of, play, request_id_of};

/// The handler that told an outcome has yet to save that it did, and then tells the trace.
const TOLD_WITHIN: Duration = Duration::from_secs(20);

const PARENT: &str = "53995c3f42cd8ad8";

/// A trace id of now, as a publisher makes one.
fn trace_id(rest: &str) -> String {
    format!("1-{:08x}-{rest:0>24}", Timestamp::now().as_second())
}

/// The traces of a restore, once its last attempt is over in one.
async fn finished(stage: &Stage, restore_id: &str, attempts: usize) -> Result<Vec<Trace>> {
    let over = |trace: &Trace| {
        let attempt = trace.named("tenant-restore");
        attempt.is_some_and(|attempt| attempt["end_time"].is_number())
    };
    let traces = wait::until("the end of a trace", TOLD_WITHIN, async || {
        let traces = traces::of_restore(&stage.cloud, restore_id).await?;
        Ok((traces.len() == attempts && traces.iter().all(over)).then_some(traces))
    });
    let traces = traces.await?;
    none_of("X-Ray would refuse", &traces::refused(&stage.cloud).await?)?;
    Ok(traces)
}

fn is_whole(trace: &Trace, given: Option<&str>) -> Result<()> {
    none_of("without a parent", &trace.orphans(given))?;
    none_of("without an end", &trace.unfinished())?;
    let attempt = trace.named("tenant-restore").context("find the attempt")?;
    assert_eq!(attempt["parent_id"].as_str(), given);
    let began = |document: &Value| document["start_time"].as_f64();
    let ended = |document: &Value| document["end_time"].as_f64();
    for document in &trace.documents {
        assert!(began(document) >= began(attempt), "{document:#}");
        assert!(ended(document) <= ended(attempt), "{document:#}");
    }
    Ok(())
}

#[test]
fn a_restore_is_one_trace_that_goes_on_with_the_publishers() {
    play(async |stage| {
        let mut tenant = stage.tenant("traced", &["traced_1"]).await?;
        let request = tenant.request(&stage.request_id("traced"));
        let id = trace_id("a");
        let header = format!("Root={id};Parent={PARENT};Sampled=1");
        publish_traced(&stage.cloud, "RestoreRequested", &request.detail, &header).await?;
        let outcome = stage
            .chronicle
            .wait_for_end(request_id_of(&request), ENDS_WITHIN)
            .await?;
        stage
            .came_back(&mut tenant.connection, &tenant.truth, &outcome)
            .await?;
        let restore_id = outcome.restore_id.as_deref().context("find its id")?;

        let traces = finished(stage, restore_id, 1).await?;
        let [trace] = &traces[..] else {
            unreachable!("one trace was waited for");
        };
        assert_eq!(trace.id, id);
        is_whole(trace, Some(PARENT))?;
        let attempt = trace.named("tenant-restore").context("find the attempt")?;
        assert_eq!(attempt["annotations"]["outcome"], "COMPLETED");
        assert_eq!(attempt["annotations"]["attempt"], 1);
        let phases = [
            "cleanup",
            "complete",
            "ddl",
            "finalize",
            "intake",
            "migrate",
            "provision",
        ];
        assert_eq!(trace.phases(), phases.into());
        for part in [
            "worker preflight",
            "worker ddl",
            "worker copy",
            "worker finalize",
            "wait for TemporaryDatabase",
        ] {
            assert!(
                trace.named(part).is_some(),
                "{part}: {:#?}",
                trace.documents
            );
        }
        for call in [
            ("RDS", "RestoreDBInstance"),
            ("ECS", "RunTask"),
            ("DMS", "StartReplicationTask"),
            ("RDS", "DeleteDBInstance"),
        ] {
            assert!(trace.calls().contains(&call), "{:?}", trace.calls());
        }
        for phase in phases {
            let queue = format!("tenant-restore-{phase}");
            assert!(trace.carried.contains_key(&queue), "{:?}", trace.carried);
        }
        let text = serde_json::to_string(&trace.documents).context("write the trace")?;
        for name in ["traced_1", "\"traced\""] {
            assert!(!text.contains(name), "a name of the tenant's: {name}");
        }
        println!("{} documents, {} bytes", trace.documents.len(), trace.bytes);
        assert_eq!(trace.lost, 0, "X-Ray holds the whole trace");
        Ok(())
    });
}

/// The answer to the wish for a plan, which goes a restore's way as far as the preflight.
async fn plan(stage: &Stage, request: &Request, header: &str) -> Result<String> {
    publish_traced(
        &stage.cloud,
        "RestorePlanRequested",
        &request.detail,
        header,
    )
    .await?;
    let id = request_id_of(request);
    let told = stage
        .chronicle
        .wait_for(id, "RestorePlanned", ENDS_WITHIN)
        .await?;
    assert_eq!(told.detail["possible"], true, "{:#}", told.detail);
    record_of(stage, id).await
}

/// The id under which the table has a request's plan; nobody is told it.
async fn record_of(stage: &Stage, request_id: &str) -> Result<String> {
    let mut restores = audit::restores(&stage.cloud).await?.into_iter();
    let found = restores.find(|(_, other)| other == request_id);
    Ok(found.context("find the plan's record")?.0)
}

#[test]
fn nothing_is_told_of_what_its_publisher_does_not_sample() {
    play(async |stage| {
        let tenant = stage.tenant("unsampled", &["unsampled_1"]).await?;
        let quiet = tenant.request(&stage.request_id("unsampled"));
        let root = trace_id("b");
        let header = format!("Root={root};Parent={PARENT};Sampled=0");
        let id = plan(stage, &quiet, &header).await?;
        // One that is told shows that the other would have been by now.
        let loud = tenant.request(&stage.request_id("sampled"));
        let header = format!("Root={};Parent={PARENT};Sampled=1", trace_id("c"));
        let other = plan(stage, &loud, &header).await?;
        finished(stage, &other, 1).await?;
        assert!(traces::of_restore(&stage.cloud, &id).await?.is_empty());
        Ok(())
    });
}

#[test]
fn a_malformed_header_does_not_matter() {
    play(async |stage| {
        let tenant = stage.tenant("untraced", &["untraced_1"]).await?;
        for (number, header) in [
            "Root=1-00000001-a006649127e371903a2de979;Sampled=1",
            "Root=nonsense;Sampled=yes",
        ]
        .into_iter()
        .enumerate()
        {
            let request = tenant.request(&stage.request_id(&format!("untraced-{number}")));
            let id = plan(stage, &request, header).await?;
            let traces = finished(stage, &id, 1).await?;
            is_whole(&traces[0], None)?;
            assert!(!header.contains(&traces[0].id));
        }
        Ok(())
    });
}

#[test]
fn a_rejected_request_is_a_segment_of_the_publishers_trace() {
    play(async |stage| {
        let request_id = stage.request_id("traced-nonsense");
        let detail = json!({ "requestId": request_id, "database": "shop", "schemas": [] });
        let id = trace_id("d");
        let header = format!("Root={id};Parent={PARENT};Sampled=1");
        publish_traced(&stage.cloud, "RestoreRequested", &detail, &header).await?;
        let outcome = stage
            .chronicle
            .wait_for_end(&request_id, ENDS_WITHIN)
            .await?;
        assert_eq!(outcome.outcome, "REJECTED");
        let trace = wait::until("the trace of a rejection", TOLD_WITHIN, async || {
            traces::by_id(&stage.cloud, &id).await
        });
        let trace = trace.await?;
        is_whole(&trace, Some(PARENT))?;
        let [segment] = &trace.documents[..] else {
            panic!("{:#?}", trace.documents);
        };
        assert_eq!(segment["error"], true);
        assert_eq!(segment["annotations"]["outcome"], "REJECTED");
        assert_eq!(segment["metadata"]["step"]["kind"], "InvalidRequest");
        Ok(())
    });
}

#[test]
fn another_attempt_has_a_trace_of_its_own_under_the_same_restore() {
    play(async |stage| {
        let tenant = stage.tenant("retraced", &["retraced_1"]).await?;
        let request = tenant
            .request(&stage.request_id("retraced"))
            .with("database", "nowhere");
        publish(
            &stage.cloud,
            "RestoreRequested",
            &request.detail.to_string(),
        )
        .await?;
        let request_id = request_id_of(&request);
        let first = stage
            .chronicle
            .wait_for_end(request_id, ENDS_WITHIN)
            .await?;
        let id = first.restore_id.as_deref().context("find its id")?;
        finished(stage, id, 1).await?;
        let ran = command_line::run(&["replay", id], "").await?;
        assert_eq!(ran.code, Some(0), "{ran:?}");
        let traces = finished(stage, id, 2).await?;
        let mut attempts = Vec::new();
        for trace in &traces {
            is_whole(trace, None)?;
            let attempt = trace.named("tenant-restore").context("find the attempt")?;
            assert_eq!(attempt["error"], true, "{attempt:#}");
            attempts.push(attempt["annotations"]["attempt"].clone());
            let others = trace.documents.iter().filter(|document| {
                let told = &document["annotations"]["attempt"];
                told.is_number() && *told != attempt["annotations"]["attempt"]
            });
            assert_eq!(others.count(), 0, "an attempt in another's trace");
        }
        attempts.sort_by_key(Value::as_u64);
        assert_eq!(attempts, [json!(1), json!(2)]);
        Ok(())
    });
}
