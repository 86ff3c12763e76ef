//! The server as clients meet it, and the events as the bus does.
#![expect(clippy::unwrap_used, reason = "in a test, a panic is the report")]

use std::sync::Arc;
use std::time::Duration;

use local_cloud_wire::cloud::Cloud;
use local_cloud_wire::events::Event;
use local_cloud_wire::faults::{Faults, Service};
use local_cloud_wire::query::{Form, Xml};
use local_cloud_wire::server::{Services, serve};
use local_cloud_wire::{AwsError, Call, CallFuture, JsonService, QueryService, World};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

/// Answers what it was asked; the action `Fail` fails.
struct Echo;

impl JsonService for Echo {
    fn call<'a>(&'a self, call: &'a Call, body: Value) -> CallFuture<'a, Value> {
        Box::pin(async move {
            match call.action.as_str() {
                "Fail" => Err(AwsError::new("ResourceNotFoundFault", "nothing there")),
                action => Ok(json!({"action": action, "region": call.region, "body": body})),
            }
        })
    }
}

impl QueryService for Echo {
    fn call<'a>(&'a self, call: &'a Call, form: Form) -> CallFuture<'a, Option<Xml>> {
        Box::pin(async move {
            match call.action.as_str() {
                "Fail" => Err(AwsError::new("DBInstanceNotFound", "no <such>").with_status(404)),
                _ => Ok(Some(
                    Xml::parent("EchoResult").optional("Name", form.get("Name")),
                )),
            }
        })
    }
}

/// A bus that hangs up at first, then takes every entry and passes the calls' bodies on.
async fn bus(listener: TcpListener, received: UnboundedSender<Value>) {
    drop(listener.accept().await.unwrap());
    loop {
        let mut stream = BufReader::new(listener.accept().await.unwrap().0);
        let (mut length, mut line) = (0, String::new());
        while stream.read_line(&mut line).await.unwrap() > 2 {
            if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
            line.clear();
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await.unwrap();
        received
            .send(serde_json::from_slice(&body).unwrap())
            .unwrap();
        let answer = r#"{"FailedEntryCount":0}"#;
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
            answer.len()
        );
        stream.write_all((head + answer).as_bytes()).await.unwrap();
    }
}

fn world(cloud: &str) -> World {
    let faults = Arc::new(Faults::new(1, &[]));
    World::new(
        Cloud::new(cloud),
        faults,
        std::env::temp_dir(),
        "eu-west-3".into(),
    )
}

async fn echo() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let services = Services {
        rds: Arc::new(Echo),
        dms: Arc::new(Echo),
        ecs: Arc::new(Echo),
    };
    tokio::spawn(serve(
        listener,
        services,
        world("http://127.0.0.1:1"),
        std::future::pending(),
    ));
    url
}

async fn post(
    url: &str,
    target: Option<&str>,
    body: String,
) -> (u16, reqwest::header::HeaderMap, String) {
    let signature = "AWS4-HMAC-SHA256 Credential=test/20260101/eu-central-1/dms/aws4_request, SignedHeaders=host, Signature=0";
    let mut request = reqwest::Client::new()
        .post(url)
        .header("authorization", signature)
        .body(body);
    if let Some(target) = target {
        request = request.header("x-amz-target", target);
    }
    let response = request.send().await.unwrap();
    (
        response.status().as_u16(),
        response.headers().clone(),
        response.text().await.unwrap(),
    )
}

#[tokio::test]
async fn a_json_call_reaches_its_service_with_the_region_it_is_signed_for() {
    let (status, headers, body) = post(
        &echo().await,
        Some("AmazonDMSv20160101.Do"),
        json!({"a": 1}).to_string(),
    )
    .await;
    assert_eq!(status, 200);
    assert_eq!(headers["content-type"], "application/x-amz-json-1.1");
    assert_eq!(headers["x-amzn-requestid"].len(), 36);
    let expected = json!({"action": "Do", "region": "eu-central-1", "body": {"a": 1}});
    assert_eq!(serde_json::from_str::<Value>(&body).unwrap(), expected);
}

#[tokio::test]
async fn errors_have_the_shape_of_their_protocol() {
    let url = echo().await;
    let (status, headers, body) = post(&url, Some("AmazonDMSv20160101.Fail"), String::new()).await;
    assert_eq!(
        (status, headers["x-amzn-errortype"].to_str().unwrap()),
        (400, "ResourceNotFoundFault")
    );
    let expected = json!({"__type": "ResourceNotFoundFault", "message": "nothing there"});
    assert_eq!(serde_json::from_str::<Value>(&body).unwrap(), expected);

    let (status, _, body) = post(&url, None, "Action=Fail&Version=2014-10-31".into()).await;
    assert_eq!(status, 404);
    assert!(
        body.contains("<Code>DBInstanceNotFound</Code><Message>no &lt;such&gt;</Message>"),
        "{body}"
    );

    let (status, _, body) = post(&url, Some("AmazonSQS.SendMessage"), "{}".into()).await;
    assert!(
        status == 400 && body.contains("UnknownOperationException"),
        "{status} {body}"
    );
    let (status, _, body) = post(&url, Some("AmazonDMSv20160101.Do"), "{".into()).await;
    assert!(
        status == 400 && body.contains("SerializationException"),
        "{status} {body}"
    );
}

#[tokio::test]
async fn a_query_call_is_answered_in_its_envelope() {
    let (status, _, body) = post(
        &echo().await,
        None,
        "Action=Echo&Version=2014-10-31&Name=a%26b".into(),
    )
    .await;
    assert_eq!(status, 200);
    assert!(
        body.contains("<EchoResult><Name>a&amp;b</Name></EchoResult><ResponseMetadata><RequestId>"),
        "{body}"
    );
}

#[tokio::test]
async fn a_fault_switched_on_over_http_strikes_as_often_as_asked() {
    let url = echo().await;
    let fault = json!({"service": "dms", "fault": "error", "action": "Do", "code": "ThrottlingException", "times": 1});
    let (status, _, body) = post(&format!("{url}/_faults"), None, fault.to_string()).await;
    assert_eq!((status, body.as_str()), (200, r#"{"ids":[1]}"#));
    let (status, _, body) = post(&url, Some("AmazonDMSv20160101.Do"), "{}".into()).await;
    assert!(
        status == 400 && body.contains("ThrottlingException"),
        "{status} {body}"
    );
    assert_eq!(
        post(&url, Some("AmazonDMSv20160101.Do"), "{}".into())
            .await
            .0,
        200
    );
}

#[tokio::test]
async fn events_reach_a_bus_that_fails_at_first_in_the_order_they_were_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let world = world(&format!("http://{}", listener.local_addr().unwrap()));
    for number in 0..20 {
        world.events.publish(event(number));
    }
    let (sender, mut received) = unbounded_channel();
    tokio::spawn(bus(listener, sender));
    let mut numbers = Vec::new();
    while numbers.len() < 20 {
        let body = tokio::time::timeout(Duration::from_secs(15), received.recv())
            .await
            .unwrap()
            .unwrap();
        let entry = &body["Entries"][0];
        assert_eq!(
            (&entry["Source"], &entry["DetailType"]),
            (&json!("aws.ecs"), &json!("Test"))
        );
        let detail: Value = serde_json::from_str(entry["Detail"].as_str().unwrap()).unwrap();
        numbers.push(detail["number"].as_u64().unwrap());
    }
    assert_eq!(numbers, (0..20).collect::<Vec<u64>>());
    assert_eq!(world.events.undelivered(), 0);
}

fn event(number: u64) -> Event {
    Event {
        id: None,
        service: Service::Ecs,
        detail_type: "Test".into(),
        resources: vec!["arn".into()],
        time: "2026-03-04T10:11:12Z".parse().unwrap(),
        detail: json!({"number": number}),
    }
}
