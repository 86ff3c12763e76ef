//! As much of AWS as an engine meets that asks RDS for a database: a record in DynamoDB, queues, a bus; and RDS, which has
//! no database and refuses to make one, but not before the test says so.

use std::sync::{Arc, Mutex};

use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use serde_json::{Value, json};
use tenant_restore_events::Command;
use tokio::sync::{mpsc, oneshot};

/// A call that waits for its refusal.
pub type Call = oneshot::Sender<()>;

/// What is kept and was sent.
#[derive(Debug, Default)]
pub struct Kept {
    /// The record's item.
    pub state: Value,
    /// Messages whose trouble the log tells, in the order of time.
    pub troubled: Vec<String>,
    /// In the order in which they were sent.
    pub sent: Vec<Command>,
}

#[derive(Debug, Clone)]
pub struct Cloud {
    refusal: &'static str,
    kept: Arc<Mutex<Kept>>,
    calls: mpsc::UnboundedSender<Call>,
}

impl Cloud {
    /// One that refuses with this code. Tells of every call that is to be refused.
    pub fn refusing(refusal: &'static str) -> (Self, mpsc::UnboundedReceiver<Call>) {
        let (calls, told) = mpsc::unbounded_channel();
        let kept = Arc::default();
        let cloud = Self {
            refusal,
            kept,
            calls,
        };
        (cloud, told)
    }

    /// For the SDK's clients, whose own repetitions would only make the refusal come later.
    pub fn sdk(&self) -> SdkConfig {
        let connector = SharedHttpConnector::new(self.clone());
        let credentials = Credentials::new("id", "key", None, None, "test");
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .retry_config(RetryConfig::disabled())
            .http_client(http_client_fn(move |_, _| connector.clone()))
            .build()
    }

    pub fn with_kept<T>(&self, read: impl FnOnce(&mut Kept) -> T) -> T {
        read(&mut self.kept.lock().unwrap())
    }

    fn dynamodb(&self, operation: &str, request: &Value) -> HttpResponse {
        self.with_kept(|kept| match operation {
            "GetItem" => answer(200, &json!({ "Item": kept.state })),
            "PutItem" => {
                kept.note(&request["Item"]);
                answer(200, &json!({}))
            }
            "TransactWriteItems" => save(kept, &request["TransactItems"]),
            other => panic!("DynamoDB isn't asked to {other}"),
        })
    }

    async fn rds(self, form: String) -> HttpResponse {
        if form.contains("Action=DescribeDBInstances&") {
            return refusal(404, "DBInstanceNotFound");
        }
        assert!(
            form.contains("Action=RestoreDBInstanceToPointInTime&"),
            "{form}"
        );
        let (call, refused) = oneshot::channel();
        self.calls.send(call).unwrap();
        refused.await.unwrap();
        refusal(400, self.refusal)
    }

    async fn respond(self, target: Option<String>, body: String) -> HttpResponse {
        let Some(target) = target else {
            return self.rds(body).await;
        };
        let request: Value = serde_json::from_str(&body).unwrap();
        match target.split_once('.').unwrap() {
            ("DynamoDB_20120810", operation) => self.dynamodb(operation, &request),
            ("AmazonSQS", "SendMessage") => {
                let message = request["MessageBody"].as_str().unwrap();
                let message = serde_json::from_str(message).unwrap();
                self.with_kept(|kept| kept.sent.push(message));
                answer(200, &json!({ "MessageId": "sent" }))
            }
            ("AWSEvents", "PutEvents") => answer(200, &json!({ "FailedEntryCount": 0 })),
            other => panic!("nobody is asked for {other:?}"),
        }
    }
}

impl HttpConnector for Cloud {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let target = request.headers().get("x-amz-target").map(str::to_owned);
        let body = request.body().bytes().unwrap();
        let body = String::from_utf8(body.to_vec()).unwrap();
        let cloud = self.clone();
        HttpConnectorFuture::new(async move { Ok(cloud.respond(target, body).await) })
    }
}

impl Kept {
    fn note(&mut self, item: &Value) {
        if item["trouble"].is_object() {
            let message_id = item["messageId"]["S"].as_str().unwrap();
            self.troubled.push(message_id.to_owned());
        }
    }
}

/// The record, if it has the version that the condition names, and what comes with it.
fn save(kept: &mut Kept, items: &Value) -> HttpResponse {
    let state = &items[0]["Put"];
    if state["ExpressionAttributeValues"][":version"] != kept.state["version"] {
        let code = |code: &str| json!({ "Code": code });
        let cancelled = json!({
            "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
            "CancellationReasons": [code("ConditionalCheckFailed"), code("None")],
        });
        return answer(400, &cancelled);
    }
    kept.state = state["Item"].clone();
    kept.note(&items[1]["Put"]["Item"]);
    answer(200, &json!({}))
}

fn answer(status: u16, body: &Value) -> HttpResponse {
    response(status, body.to_string())
}

fn refusal(status: u16, code: &str) -> HttpResponse {
    let error = format!("<Error><Type>Sender</Type><Code>{code}</Code></Error>");
    response(status, format!("<ErrorResponse>{error}</ErrorResponse>"))
}

fn response(status: u16, body: String) -> HttpResponse {
    HttpResponse::new(status.try_into().unwrap(), SdkBody::from(body))
}
