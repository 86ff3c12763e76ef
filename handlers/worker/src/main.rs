//! The worker's process: reads its job, runs it, writes the result.
//!
//! `POSTGRES_BIN` may name the directory of pg_dump; otherwise PATH finds it. `MOST_CONNECTIONS` and `COPY_PIECE_MIB` may
//! bound what it takes of production, `SAMPLE_ABOVE_MIB` what it compares whole.
//!
//! Exit codes: 0, every mode succeeded; 1, a mode failed and the result says why; 2, the job could not be read or the
//! result not written, so only the log says why.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use aws_config::BehaviorVersion;
use aws_config::retry::RetryConfig;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use tenant_restore_core::error::{Cause, ErrorKind};
use tenant_restore_core::job::Job;
use tenant_restore_worker::bounds::Bounds;
use tenant_restore_worker::connection::Connector;
use tenant_restore_worker::context::Context;
use tenant_restore_worker::secrets::SecretsManager;
use tenant_restore_worker::storage::{S3, Storage, read_json};
use tenant_restore_worker::turn;
use tokio::signal::unix::{SignalKind, signal};
use tracing::Instrument as _;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

const FAILED: u8 = 1;
const NO_RESULT: u8 = 2;

/// A task has time, and one that gives up costs the whole restore.
const ATTEMPTS_OF_A_CALL: u32 = 8;

#[tokio::main]
async fn main() -> ExitCode {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_env_filter(filter)
        .finish()
        // The SDK traces whole requests and answers, passwords among them, whatever `RUST_LOG` asks for.
        .with(LevelFilter::DEBUG)
        .init();
    match work().await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(FAILED),
        Err(cause) => {
            tracing::error!(%cause, remedy = cause.remedy, "no result");
            ExitCode::from(NO_RESULT)
        }
    }
}

/// Whether every mode succeeded; an error when there is no result.
async fn work() -> Result<bool, Cause> {
    let bucket = variable("BUCKET_NAME")?;
    let key = variable("JOB")?;
    let ca_bundle = PathBuf::from(variable("PGSSLROOTCERT")?);
    let bounds = Bounds::read(|name| std::env::var(name).ok())?;
    let stopped = stop_signal()?;
    let http = aws_smithy_http_client::Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .build_https();
    let aws = aws_config::defaults(BehaviorVersion::latest())
        .http_client(http)
        .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS_OF_A_CALL))
        .load()
        .await;
    let path_style = aws.endpoint_url().is_some();
    let storage: Arc<dyn Storage> = Arc::new(S3::new(&aws, bucket, path_style));
    let job: Job = read_json(&*storage, &key).await?;
    let span = tracing::info_span!("job", restore = job.restore_id, attempt = job.attempt);
    async move {
        let mut context = Context {
            connector: Connector::new(&ca_bundle, &job.restore_id)?,
            job,
            storage: Arc::clone(&storage),
            secrets: Arc::new(SecretsManager::new(&aws)),
            bounds,
            postgres_bin: std::env::var_os("POSTGRES_BIN").map(PathBuf::from),
            remarks: Vec::new(),
        };
        let result = turn::run(&mut context, stopped).await?;
        Ok(result.failure.is_none())
    }
    .instrument(span)
    .await
}

fn variable(name: &str) -> Result<String, Cause> {
    std::env::var(name).map_err(|error| {
        Cause::new(
            ErrorKind::Internal,
            format!("environment variable {name}: {error}"),
        )
    })
}

/// Completes when ECS asks the task to end; it kills the process 30 seconds later (ECS, `stopTimeout`).
fn stop_signal() -> Result<impl Future<Output = ()>, Cause> {
    let mut terminate = signal(SignalKind::terminate()).map_err(|error| {
        Cause::new(
            ErrorKind::Internal,
            format!("could not listen for SIGTERM: {error}"),
        )
    })?;
    Ok(async move {
        terminate.recv().await;
    })
}
