//! How long the Lambda artifact takes from the start of its process to its first question for work.

use std::path::Path;
use std::time::{Duration, Instant};

use tenant_restore_tests::cloud::Cloud;
use tenant_restore_tests::invocation::as_deployed;
use tenant_restore_tests::{Context, Error, Result};
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpListener;
use tokio::time::timeout;

const STARTS: usize = 40;
/// Reads the most settings, and is what a request meets first.
const PHASE: &str = "intake";
/// Lambda ends a function that hasn't asked by then (Lambda developer guide, "Init phase").
const ASKS_WITHIN: Duration = Duration::from_secs(10);

/// Prints the median, the least and the most of some starts of the program.
///
/// # Errors
/// When it ends, or doesn't ask.
pub async fn print(cloud: &Cloud, program: &Path) -> Result<()> {
    // The first one reads the program from the disk; Lambda has it in its cache, or counts that apart.
    start(cloud, program).await?;
    let mut times = Vec::new();
    for _ in 0..STARTS {
        times.push(start(cloud, program).await?);
    }
    times.sort();
    let milliseconds = |time: Duration| time.as_secs_f64() * 1e3;
    println!(
        "process start to first poll of the runtime interface, {STARTS} starts on this machine ({}): median {:.1} ms (goal: at most 30), {:.1} to {:.1} ms",
        std::env::consts::ARCH,
        milliseconds(times[STARTS / 2]),
        milliseconds(times[0]),
        milliseconds(times[STARTS - 1])
    );
    Ok(())
}

async fn start(cloud: &Cloud, program: &Path) -> Result<Duration> {
    let (runtime, mut command) = as_deployed(cloud, PHASE, program).await?;
    let began = Instant::now();
    let mut process = command.spawn().context("start the function")?;
    let asked = timeout(ASKS_WITHIN, question(&runtime)).await;
    let took = began.elapsed();
    process.kill().await.context("end the function")?;
    let asked = asked.context("wait for the function to ask for work")??;
    if !asked.starts_with("GET /2018-06-01/runtime/invocation/next ") {
        return Err(Error::new(format!("the function asked {asked:?} first")));
    }
    Ok(took)
}

/// The beginning of the first request.
async fn question(runtime: &TcpListener) -> Result<String> {
    let (mut connection, _) = runtime.accept().await.context("accept the function")?;
    let mut begin = [0; 128];
    let length = connection.read(&mut begin).await.context("hear it")?;
    Ok(String::from_utf8_lossy(&begin[..length]).into_owned())
}
