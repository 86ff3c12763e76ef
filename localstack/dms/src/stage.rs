//! The service on a stage for tests: two real databases, and a stand-in for the rest of the local cloud.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use local_cloud_wire::cloud::Cloud;
use local_cloud_wire::events::{Event, Publisher};
use local_cloud_wire::faults::{Faults, Service};
use local_cloud_wire::{AwsError, Call, JsonService, World, ids};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::UnboundedReceiver;

use crate::cluster::Cluster;
use crate::{Config, Dms, FAULTS};

pub(crate) const INSTANCE: &str = "arn:aws:dms:eu-west-3:000000000000:rep:i";
pub(crate) const SOURCE: &str = "arn:aws:dms:eu-west-3:000000000000:endpoint:s";
pub(crate) const TARGET: &str = "arn:aws:dms:eu-west-3:000000000000:endpoint:t";
pub(crate) const TASK: &str = "arn:aws:dms:eu-west-3:000000000000:task:k";

/// Answers AssumeRole and GetSecretValue on a port of its own.
async fn cloud(secret: Value) -> Cloud {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(answer_one(stream, secret.clone()));
        }
    });
    Cloud::new(url)
}

async fn answer_one(stream: TcpStream, secret: Value) {
    let mut stream = BufReader::new(stream);
    let (mut length, mut line) = (0, String::new());
    while stream.read_line(&mut line).await.unwrap() > 2 {
        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        line.clear();
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.unwrap();
    let answer = if body.starts_with(b"Action=AssumeRole") {
        "<Credentials><AccessKeyId>a</AccessKeyId><SecretAccessKey>b</SecretAccessKey><SessionToken>c</SessionToken></Credentials>".to_owned()
    } else {
        json!({"SecretString": secret.to_string()}).to_string()
    };
    let answer = format!(
        "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{answer}",
        answer.len()
    );
    stream.write_all(answer.as_bytes()).await.unwrap();
}

pub(crate) struct Stage {
    pub(crate) dms: Dms,
    pub(crate) events: UnboundedReceiver<Event>,
    pub(crate) cluster: Cluster,
    pub(crate) home: PathBuf,
}

impl Stage {
    pub(crate) async fn set() -> Self {
        let source = "create schema a; create table a.t (id int); insert into a.t values (1), (2); create table a.u (id int)";
        let target = "create schema a; create table a.t (id int); create table a.u (id int)";
        let cluster = Cluster::with(source, target).await;
        let home = std::env::temp_dir().join(format!("local-cloud-dms-home-{}", ids::hex(6)));
        let (dms, events) = service(&cluster, &home).await;
        Self {
            dms,
            events,
            cluster,
            home,
        }
    }

    pub(crate) async fn call(&self, action: &str, body: Value) -> Result<Value, AwsError> {
        let (region, account) = ("eu-west-3".into(), "000000000000".into());
        let call = Call {
            action: action.into(),
            region,
            account,
            request_id: "r".into(),
        };
        JsonService::call(&self.dms, &call, body).await
    }

    pub(crate) async fn code(&self, action: &str, body: Value) -> String {
        self.call(action, body).await.unwrap_err().code
    }

    pub(crate) fn fault(&self, fault: Value) {
        self.dms
            .world
            .faults
            .switch_on(serde_json::from_value(fault).unwrap())
            .unwrap();
    }

    /// Asks until the answer at the pointer is the wanted one; no answer at all counts as `gone`.
    pub(crate) async fn until(
        &self,
        action: &str,
        filter: (&str, &str),
        pointer: &str,
        wanted: &str,
    ) -> Value {
        let body = json!({"Filters": [{"Name": filter.0, "Values": [filter.1]}]});
        let asking = async {
            loop {
                let answer = self.call(action, body.clone()).await.unwrap_or_default();
                if answer
                    .pointer(pointer)
                    .and_then(Value::as_str)
                    .unwrap_or("gone")
                    == wanted
                {
                    return answer;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let late = format!("{action} does not come to {wanted}");
        tokio::time::timeout(Duration::from_secs(20), asking)
            .await
            .expect(&late)
    }

    /// The task, once it has that status; null once it is gone.
    pub(crate) async fn task_becomes(&self, status: &str) -> Value {
        let (filter, pointer) = (("replication-task-arn", TASK), "/ReplicationTasks/0/Status");
        let mut answer = self
            .until("DescribeReplicationTasks", filter, pointer, status)
            .await;
        answer
            .pointer_mut("/ReplicationTasks/0")
            .map(Value::take)
            .unwrap_or_default()
    }

    pub(crate) async fn instance_becomes(&self, status: &str) {
        let pointer = "/ReplicationInstances/0/ReplicationInstanceStatus";
        self.until(
            "DescribeReplicationInstances",
            ("replication-instance-arn", INSTANCE),
            pointer,
            status,
        )
        .await;
    }

    pub(crate) async fn create_instance(&self) {
        let body = json!({"ReplicationInstanceIdentifier": "i", "ResourceIdentifier": "i", "ReplicationInstanceClass": "dms.t3.medium"});
        self.call("CreateReplicationInstance", body).await.unwrap();
    }

    pub(crate) async fn create_endpoints(&self) {
        for (name, side, role) in [("s", "source", "source"), ("t", "target", "target")] {
            let body = json!({"EndpointIdentifier": name, "ResourceIdentifier": name, "EndpointType": side, "EngineName": "postgres",
                "DatabaseName": self.cluster.database(role), "SslMode": "none",
                "PostgreSQLSettings": {"SecretsManagerSecretId": "secret", "SecretsManagerAccessRoleArn": "role"}});
            self.call("CreateEndpoint", body).await.unwrap();
        }
    }

    pub(crate) async fn test_connections(&self) {
        for endpoint in [SOURCE, TARGET] {
            let body = json!({"ReplicationInstanceArn": INSTANCE, "EndpointArn": endpoint});
            self.call("TestConnection", body).await.unwrap();
            self.until(
                "DescribeConnections",
                ("endpoint-arn", endpoint),
                "/Connections/0/Status",
                "successful",
            )
            .await;
        }
    }

    pub(crate) async fn create_task(&self) {
        let rule = json!({"rule-type": "selection", "rule-id": "1", "rule-name": "1", "rule-action": "include",
            "object-locator": {"schema-name": "a", "table-name": "%"}});
        let body = json!({"ReplicationTaskIdentifier": "k", "ResourceIdentifier": "k", "ReplicationInstanceArn": INSTANCE,
            "SourceEndpointArn": SOURCE, "TargetEndpointArn": TARGET, "MigrationType": "full-load",
            "TableMappings": json!({"rules": [rule]}).to_string()});
        self.call("CreateReplicationTask", body).await.unwrap();
    }

    pub(crate) async fn start_task(&self) -> Result<Value, AwsError> {
        let body =
            json!({"ReplicationTaskArn": TASK, "StartReplicationTaskType": "start-replication"});
        self.call("StartReplicationTask", body).await
    }

    pub(crate) async fn ready_task(&self) {
        self.create_instance().await;
        self.create_endpoints().await;
        self.instance_becomes("available").await;
        self.test_connections().await;
        self.create_task().await;
        self.task_becomes("ready").await;
    }

    pub(crate) fn happened(&mut self) -> Vec<Value> {
        std::iter::from_fn(|| self.events.try_recv().ok())
            .map(|event| event.detail)
            .collect()
    }
}

pub(crate) async fn service(cluster: &Cluster, home: &Path) -> (Dms, UnboundedReceiver<Event>) {
    let secret = json!({"username": "postgres", "password": "-", "host": "127.0.0.1", "port": cluster.port().to_string()});
    let (events, recorded) = Publisher::recorded();
    let world = World {
        cloud: cloud(secret).await,
        events,
        faults: Arc::new(Faults::new(1, &[(Service::Dms, &FAULTS)])),
        home: home.to_owned(),
        region: "eu-west-3".into(),
    };
    let config = Config {
        instance_creating_ms: 20,
        instance_deleting_ms: 1,
        endpoint_deleting_ms: 1,
        task_creating_ms: 20,
        task_starting_ms: 1,
        task_deleting_ms: 1,
        ..Config::default()
    };
    (Dms::start(world, config).unwrap(), recorded)
}

impl Drop for Stage {
    fn drop(&mut self) {
        // A test that failed early may not have made it.
        let _ = std::fs::remove_dir_all(&self.home);
    }
}
