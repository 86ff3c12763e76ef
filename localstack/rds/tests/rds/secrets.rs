//! As much of Secrets Manager as RDS calls: it keeps what it is given, and shows it to the test.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

type Values = Arc<Mutex<BTreeMap<String, String>>>;

pub struct Secrets {
    pub endpoint: String,
    values: Values,
}

impl Secrets {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let values = Values::default();
        let kept = Arc::clone(&values);
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                answer(stream, &kept).await;
            }
        });
        Self { endpoint, values }
    }

    /// The ARNs of the secrets that are there.
    pub fn names(&self) -> Vec<String> {
        self.values.lock().unwrap().keys().cloned().collect()
    }

    /// A secret's current string.
    pub fn value(&self, arn: &str) -> String {
        self.values.lock().unwrap()[arn].clone()
    }
}

async fn answer(stream: TcpStream, values: &Values) {
    let mut stream = BufReader::new(stream);
    let (mut length, mut target, mut line) = (0, String::new(), String::new());
    while stream.read_line(&mut line).await.unwrap() > 2 {
        let lower = line.to_lowercase();
        if let Some(value) = lower.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if lower.starts_with("x-amz-target:") {
            target = line.trim().rsplit('.').next().unwrap().to_owned();
        }
        line.clear();
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.unwrap();
    let reply = act(&target, &serde_json::from_slice(&body).unwrap(), values).to_string();
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        reply.len()
    );
    stream.write_all((head + &reply).as_bytes()).await.unwrap();
}

fn act(target: &str, call: &Value, values: &Values) -> Value {
    let mut values = values.lock().unwrap();
    let text = |name: &str| call[name].as_str().unwrap_or_default().to_owned();
    let arn = match target {
        "CreateSecret" => format!(
            "arn:aws:secretsmanager:eu-west-3:000000000000:secret:{}-abcdef",
            text("Name")
        ),
        _ => text("SecretId"),
    };
    match target {
        "CreateSecret" | "PutSecretValue" => {
            values.insert(arn.clone(), text("SecretString"));
        }
        "DeleteSecret" => {
            assert_eq!(call["ForceDeleteWithoutRecovery"], true);
            values.remove(&arn).unwrap();
        }
        other => panic!("RDS has no reason to call {other}"),
    }
    json!({"ARN": arn})
}
