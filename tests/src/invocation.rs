//! One invocation of the Lambda artifact, with a deadline of the test's choice: Lambda's own is a minute away, and no test
//! should have to use it up.
//!
//! The runtime interface is the one that AWS documents (Lambda developer guide, "Using the Lambda runtime API for custom
//! runtimes"); functions' configuration is asked for by `GetFunctionConfiguration`.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::Command;
use tokio::time::timeout;

use crate::cloud::{Cloud, DEPLOYMENT};
use crate::error::{Context, Error, Result};

const ID: &str = "8476a536-e9f4-11e8-9739-2dfe598c3fcd";
const ANSWERS_WITHIN: Duration = Duration::from_secs(60);

/// Has the handler of a phase, configured as it is deployed, handle an event for which it has so much time left. Returns
/// its response.
///
/// # Errors
/// When the function isn't deployed, its program isn't where it is built, or it doesn't answer.
pub async fn invoke(cloud: &Cloud, phase: &str, event: &Value, left: Duration) -> Result<Value> {
    let (runtime, mut handler) = as_deployed(cloud, phase, &artifact()?).await?;
    let mut handler = handler.spawn().context("start the handler")?;
    let answer = timeout(ANSWERS_WITHIN, converse(&runtime, event, left)).await;
    handler.kill().await.context("end the handler")?;
    answer.map_err(|_| Error::new(format!("the handler {phase} didn't answer")))?
}

/// What the cloud's functions run, too.
fn artifact() -> Result<PathBuf> {
    if let Some(built) = env::var_os("LOCAL_CLOUD_LAMBDA") {
        return Ok(built.into());
    }
    let test = env::current_exe().context("find the test's own program")?;
    let folder = test
        .ancestors()
        .nth(2)
        .context("find the folder of the builds")?;
    Ok(folder.join("bootstrap"))
}

/// A program in the place of a phase's function, configured as that is deployed, and the runtime interface that it will ask.
///
/// # Errors
/// When the function isn't deployed.
pub async fn as_deployed(
    cloud: &Cloud,
    phase: &str,
    program: &Path,
) -> Result<(TcpListener, Command)> {
    let doing = "offer the runtime interface";
    let runtime = TcpListener::bind("127.0.0.1:0").await.context(doing)?;
    let address = runtime.local_addr().context(doing)?;
    let name = format!("{DEPLOYMENT}-{phase}");
    let function = cloud
        .lambda
        .get_function_configuration()
        .function_name(&name);
    let function = function
        .send()
        .await
        .context("read the function's configuration")?;
    let variables = function
        .environment
        .and_then(|environment| environment.variables)
        .context("read the function's environment")?;
    let mut command = Command::new(program);
    command
        .envs(variables)
        .env("AWS_LAMBDA_RUNTIME_API", address.to_string())
        .env("AWS_LAMBDA_FUNCTION_NAME", &name)
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
        .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
        .stdout(Stdio::null())
        .kill_on_drop(true);
    Ok((runtime, command))
}

/// Hands out the event to the first who asks for one, and waits for what is posted.
async fn converse(runtime: &TcpListener, event: &Value, left: Duration) -> Result<Value> {
    loop {
        let (connection, _) = runtime.accept().await.context("accept the handler")?;
        let mut connection = BufReader::new(connection);
        while let Some((line, body)) = read(&mut connection).await? {
            if line.starts_with("GET ") {
                hand_out(&mut connection, event, left).await?;
                continue;
            }
            return serde_json::from_slice(&body).context(format!("read what came by {line}"));
        }
    }
}

/// A request's first line and its body; nothing if the connection ends instead.
async fn read(connection: &mut BufReader<TcpStream>) -> Result<Option<(String, Vec<u8>)>> {
    let doing = "read what the handler asks for";
    let (mut first, mut length) = (None, 0);
    loop {
        let mut line = String::new();
        if connection.read_line(&mut line).await.context(doing)? == 0 {
            return Ok(None);
        }
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        match line.split_once(':') {
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                length = value.trim().parse().context(doing)?;
            }
            _ => _ = first.get_or_insert_with(|| line.to_owned()),
        }
    }
    let mut body = vec![0; length];
    connection.read_exact(&mut body).await.context(doing)?;
    Ok(first.map(|line| (line, body)))
}

async fn hand_out(
    connection: &mut BufReader<TcpStream>,
    event: &Value,
    left: Duration,
) -> Result<()> {
    let deadline = (SystemTime::now() + left)
        .duration_since(UNIX_EPOCH)
        .context("tell the time")?
        .as_millis();
    let body = event.to_string();
    let answer = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
         lambda-runtime-aws-request-id: {ID}\r\nlambda-runtime-deadline-ms: {deadline}\r\n\
         lambda-runtime-invoked-function-arn: arn:aws:lambda:eu-west-3:000000000000:function:test\r\n\r\n{body}",
        body.len()
    );
    connection
        .write_all(answer.as_bytes())
        .await
        .context("hand out the event")
}
